"""Where Anthropic's reports put a cell: the value of every dimension, the kind of cost, and the text of its line.

A variant is made of words: a service tier, `fast`, `long` (above 200k tokens of context), `us` (served there).
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from demo.cells import Cell

Place = dict[str, str | None]
SERVICES = {
    "web_search": "Web Search",
    "code_execution": "Code Execution",
    "session": "Session",
    "hologram": "Hologram",
}
COST_TYPES = {
    "web_search": "web_search",
    "code_execution": "code_execution",
    "session": "session_usage",
    "hologram": "holograms",
}
SPECIAL_TIERS = ("batch", "priority", "flex", "platinum")
"""The last one is of no document."""
TOKEN_TYPES = {
    "input": "uncached_input_tokens",
    "cached_input": "cache_read_input_tokens",
    "cache_write": "cache_creation.ephemeral_5m_input_tokens",
    "cache_write_1h": "cache_creation.ephemeral_1h_input_tokens",
    "output": "output_tokens",
}
TOKEN_TEXTS = {
    "input": "Input Tokens",
    "cached_input": "Input Tokens, Cache Read",
    "cache_write": "Input Tokens, Cache Write",
    "cache_write_1h": "Input Tokens, Cache Write (1h)",
    "output": "Output Tokens",
}
UNUSED = (
    "actor", "agent_id", "claude_tag_category", "claude_tag_user_id", "deployment_id", "environment_id",
    "organization_id", "rbac_group_id", "session_id", "slack_channel_id", "user_profile_id",
)  # fmt: skip


def place(cell: Cell) -> Place:
    """All dimensions of the analytics reports. Code execution and sessions belong to no model and no tier."""
    words = cell.variant.split()
    is_served = not cell.model.startswith("anthropic-")
    tier = next((word for word in words if word in SPECIAL_TIERS), "standard")
    return {
        **dict.fromkeys(UNUSED),
        "workspace_id": cell.workspace_id or None,
        "api_key_id": cell.api_key_id or None,
        "model": cell.model if is_served else None,
        "service_tier": tier if is_served else None,
        "context_window": ("200k-1M" if "long" in words else "0-200k") if is_served else None,
        "inference_geo": ("us" if "us" in words else "global") if is_served else None,
        "speed": ("fast" if "fast" in words else "standard") if is_served else None,
        "product": _product(cell, tier),
        "actor_type": None if not is_served else "api_actor" if cell.api_key_id else "user_actor",
        "cost_type": "tokens" if cell.kind in TOKEN_TYPES else COST_TYPES.get(cell.kind),
        "token_type": TOKEN_TYPES.get(cell.kind),
    }


def _product(cell: Cell, tier: str) -> str | None:
    if cell.kind == "session":
        return "managed_agents_api"
    if tier == "batch":
        return "message_batches_api"
    return "messages_api" if cell.api_key_id else "claude_console"


def legacy_place(cell: Cell, default_workspace: str) -> Place:
    """The members of the legacy reports: the default workspace is null, and only tokens have a model and the like."""
    found = place(cell)
    if cell.workspace_id == default_workspace:
        found["workspace_id"] = None
    return found


def description(cell: Cell) -> str:
    """The line of the legacy cost report that a cell is printed on."""
    if cell.kind not in TOKEN_TYPES:
        return f"{SERVICES[cell.kind]} Usage" if cell.kind in SERVICES else "Adjustment"
    name = " ".join(word.capitalize() for word in cell.model.split("-"))
    served = "".join(f" ({word.capitalize()})" for word in cell.variant.split())
    return f"{name} Usage{served} - {TOKEN_TEXTS[cell.kind]}"


def list_nanos(cell: Cell) -> int:
    """The price before the company's discount of a fifth; corrections and services have none."""
    return cell.nanos * 5 // 4 if cell.kind in TOKEN_TYPES and cell.nanos > 0 else cell.nanos


def cents(nanos: int | Decimal) -> str:
    """An amount as Anthropic writes it: a decimal string in cents, without a trailing zero."""
    digits = f"{Decimal(nanos).scaleb(-7):f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def counted(cells: Sequence[Cell]) -> dict[str, Any]:
    """Tokens, requests and searches as both usage reports count them."""

    def total(kind: str) -> int:
        return sum(cell.quantity for cell in cells if cell.kind == kind)

    return {
        "uncached_input_tokens": total("input"),
        "cache_creation": {
            "ephemeral_5m_input_tokens": total("cache_write"),
            "ephemeral_1h_input_tokens": total("cache_write_1h"),
        },
        "cache_read_input_tokens": total("cached_input"),
        "output_tokens": total("output"),
        "total_tokens": sum(cell.quantity for cell in cells if cell.kind in TOKEN_TYPES),
        "requests": sum(cell.requests for cell in cells),
        "server_tool_use": {"web_search_requests": total("web_search")},
    }
