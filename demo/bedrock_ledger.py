"""The lines that AWS keeps of the company's spend: by service, usage type and record type, in AWS's own units.

Around the world's cells stand the lines that are no Bedrock cost: other services, tax and refunds. Names and units are
those of real Cost Explorer answers: Marketplace tokens in millions, AWS's own in thousands.

A variant is made of words: tiers of the model, and the record types that its charges and credits are printed under.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from demo.bedrock_spend import DATA, GENERAL, PRODUCTION, SANDBOX
from demo.cells import Cell
from demo.wire import Manners, Request

EDITION = "(Amazon Bedrock Edition)"
OWN = "Amazon Bedrock"
NO_USAGE_TYPE = "NoUsageType"
DISCOUNT = "Enterprise Discount Program Discount"
CHARGES = {
    "other": "Other",
    "discounted": "DiscountedUsage",
    "covered": "SavingsPlanCoveredUsage",
    "negated": "SavingsPlanNegation",
    "surcharged": "Quantum Surcharge",
}
"""Record types of costs by word; the last is of no document."""
RELIEFS = {
    "enterprise": DISCOUNT,
    "private": "Private Rate Card Discount",
    "reseller": "Solution Provider Program Discount",
    "bundled": "Bundled Discount",
}
ASIDES = {
    "Tax": 1, "Refund": -1, "Support": 1, "Fee": 1, "Recurring": 1, "RIFee": 1, "Upfront": 1,
    "SavingsPlanRecurringFee": 1, "SavingsPlanUpfrontFee": 1, "Other out-of-cycle charges": -1,
}  # fmt: skip
"""Record types that are no cost of a model, and their sign. A cell of such a kind has its nano-dollars as quantity."""
REGION = {PRODUCTION: "USE1", DATA: "EUC1", SANDBOX: "EU"}
OTHER_REGIONS = ("USE1", "EUC1", "EU", "APS3", "UGW1")
TAX_NANOS = 41_870_000_000
REFUND_NANOS = -3_300_000_000
SERVER_NANOS = 9_990_000_000

FIRST_GENERATION = {
    "input": "InputTokenCount",
    "cached_input": "CacheReadInputTokenCount",
    "cache_write": "CacheWriteInputTokenCount",
    "output": "OutputTokenCount",
}
SECOND_GENERATION = {
    "input": "input_tokens",
    "cached_input": "cache_read_tokens",
    "cache_write": "cache_write_tokens_1h",
    "output": "output_tokens",
}
OWN_TOKENS = {
    "input": "input-tokens",
    "cached_input": "cache-read-input-token-count",
    "cache_write": "cache-write-input-token-count",
    "output": "output-tokens",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger; `amount` in nano-dollars, `quantity` in `unit`."""

    day: date
    account: str
    service: str
    usage_type: str
    record_type: str
    amount: int | Decimal
    quantity: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Article:
    """How AWS prints what it sells: service, usage type, things per unit, unit."""

    service: str
    usage_type: str
    per_unit: int
    unit: str


def _first_generation(name: str) -> Callable[[Cell, str], Article]:
    def article(cell: Cell, region: str) -> Article:
        batch = "_Batch" if "batch" in _tiers(cell) else ""
        kind = f"{FIRST_GENERATION[cell.kind]}{batch}-Units"
        return Article(f"{name} {EDITION}", f"{region}-MP:{region}_{kind}", 1_000_000, "Units")

    return article


def _second_generation(name: str) -> Callable[[Cell, str], Article]:
    def article(cell: Cell, region: str) -> Article:
        scope = "_global" if "global" in _tiers(cell) else ""
        kind = f"{SECOND_GENERATION[cell.kind]}{scope}_standard-Units"
        return Article(f"{name} {EDITION}", f"{region}-MP:{region}_{kind}", 1_000_000, "Units")

    return article


def _tiers(cell: Cell) -> list[str]:
    return [word for word in cell.variant.split() if word not in {*CHARGES, *RELIEFS}]


def _sonnet(cell: Cell, region: str) -> Article:
    """The second generation; its name is turned round on the bill of one account."""
    sell = _second_generation("Claude 4.6 Sonnet" if cell.workspace_id == DATA else "Claude Sonnet 4.6")
    return sell(cell, region)


def _own(slug: str) -> Callable[[Cell, str], Article]:
    def article(cell: Cell, region: str) -> Article:
        tail = "".join(f"-{tier}" for tier in _tiers(cell))
        return Article(OWN, f"{region}-{slug}-{OWN_TOKENS[cell.kind]}{tail}", 1_000, "1K tokens")

    return article


def _small_claude(cell: Cell, region: str) -> Article:
    """Sold by AWS itself in one account and through the Marketplace in the other."""
    sell = _first_generation("Claude 3.5 Haiku") if cell.workspace_id == PRODUCTION else _own("Claude3-5Haiku")
    return sell(cell, region)


def _piece(usage_type: str, unit: str, service: str = OWN) -> Callable[[Cell, str], Article]:
    return lambda _cell, region: Article(service, usage_type.replace("REGION", region), 1, unit)


def _general(cell: Cell, region: str) -> Article:
    if cell.kind == "credit":
        return Article(OWN, NO_USAGE_TYPE, 1, "")
    return Article(OWN, f"{region}-Quantum-Widget-Hours", 1, "Hours")


ARTICLES: dict[str, Callable[[Cell, str], Article]] = {
    "claude-sonnet-4.6": _sonnet,
    "claude-haiku-4.5": _first_generation("Claude Haiku 4.5"),
    "claude-3.5-haiku": _small_claude,
    "nova-lite": _own("NovaLite"),
    "llama-4-maverick-17b": _own("Llama4-Maverick-17B"),
    "glm-4.7": _own("zai.glm-4.7"),
    "titan-embedding-v2": _own("TitanEmbeddingV2-Text"),
    "nova-pro": _piece("REGION-NovaPro-ProvisionedThroughput-NoCommit-ModelUnits", "Hours"),
    "nova-canvas": _piece("REGION-NovaCanvas-T2I-1024-Standard", "Images"),
    "nova-reel": _piece("REGION-NovaReel-T2V-Medfps-HDRes", "Seconds"),
    "bedrock-guardrails": _piece("REGION-Guardrail-ContentPolicyUnitsConsumed", "TextUnits"),
    "bedrock-knowledge-bases": _piece("REGION-Knowledge-Base:Consumption-based:Retrieval", "Count"),
    "cohere-rerank-v3.5": _piece("REGION-MP:REGION_search_units-Units", "Units", f"Cohere Rerank v3.5 {EDITION}"),
    "claude-opus-9": _first_generation("Claude Opus 9"),
    "cohere-embed-3-model-english": _first_generation("Cohere Embed 3 Model - English"),
    "palmyra-x5": _second_generation("Palmyra X5"),
    "zephyr-9-ultra": _own("zephyr.zephyr-9-ultra"),
    "<script>alert1</script>": _second_generation("<script>alert(1)</script>"),
    "データ": _first_generation("データ"),
    "モデル": _second_generation("モデル"),
    "stable-diffusion-3-large-v1.0": _piece(
        "REGION-MP:REGION_created_image-Units", "Units", f"Stable Diffusion 3 Large v1.0 {EDITION}"
    ),
    "bedrock-agentcore": _piece("REGION-Runtime:Consumption-based:vCPU", "vCPU-Hours", "Amazon Bedrock AgentCore"),
    "bedrock-data-automation": _piece("REGION-DataAutomation-Pages", "", "AMAZON BEDROCK Service"),
    GENERAL: _general,
}


def lines(request: Request, start: date, end: date) -> Iterator[Line]:
    """All lines of the days from `start` to before `end`, as far as they have come."""
    world = request.world
    for cell in world.cells("bedrock", start, end, request.now):
        yield from _printed(cell, request.manners)
    first, last = max(start, world.first_day), min(end, request.now.date() + timedelta(days=1))
    for offset in range((last - first).days):
        yield from _surroundings(first + timedelta(days=offset))


def _printed(cell: Cell, manners: Manners) -> Iterator[Line]:
    if cell.kind in ASIDES:
        amount = ASIDES[cell.kind] * cell.quantity
        yield Line(cell.day, cell.workspace_id, OWN, NO_USAGE_TYPE, cell.kind, amount, Decimal(0), "")
        return
    region = REGION.get(cell.workspace_id) or OTHER_REGIONS[int(cell.workspace_id) % len(OTHER_REGIONS)]
    article = ARTICLES[cell.model](cell, region)
    is_marketplace, words = article.service.endswith(EDITION), cell.variant.split()
    charge = "Other" if is_marketplace and cell.workspace_id == DATA else "Usage"
    charge = next((CHARGES[word] for word in words if word in CHARGES), charge)
    relief = DISCOUNT if is_marketplace and cell.workspace_id == SANDBOX else "Credit"
    relief = next((RELIEFS[word] for word in words if word in RELIEFS), relief)
    place, identity = (cell.day, cell.workspace_id, article.service, article.usage_type), (cell.day, cell.identity)
    if cell.nanos or (cell.quantity and cell.kind != "credit"):
        quantity = Decimal(cell.quantity) / article.per_unit
        yield Line(*place, charge, manners.dusted(cell.nanos, identity), quantity, article.unit)
    if cell.credits:
        yield Line(*place, relief, -manners.dusted(cell.credits, (relief, identity)), Decimal(0), article.unit)


def _surroundings(day: date) -> Iterator[Line]:
    """What the same account pays for besides: none of it is a cost of Bedrock."""
    yield Line(
        day, PRODUCTION, "Amazon Elastic Compute Cloud - Compute", "BoxUsage:t3.micro", "Usage", SERVER_NANOS,
        Decimal(24), "Hrs",
    )  # fmt: skip
    yield Line(
        day, DATA, "Claude Platform on AWS", "USE1-MP:USE1_ConsumptionUnits-Units", "Usage", SERVER_NANOS,
        Decimal(999), "Units",
    )  # fmt: skip
    sonnet = f"Claude Sonnet 4.6 {EDITION}"
    if day.day == 1:
        yield Line(day, PRODUCTION, sonnet, NO_USAGE_TYPE, "Tax", TAX_NANOS, Decimal(0), "")
    if day.day == 15:  # noqa: PLR2004 - the middle of the month
        usage_type = "USE1-MP:USE1_input_tokens_standard-Units"
        yield Line(day, PRODUCTION, sonnet, usage_type, "Refund", REFUND_NANOS, Decimal(0), "Units")
