"""More of what Google prints on bills: things that the demo's company does not buy, and lines that make little sense.

Descriptions of known things are those of real bills. The model, the variant and the kind before them are what a reader
should make of them; a kind that is no token's keeps tokens out of it.
"""

from demo.vertex_labels import GEMINI_API, VERTEX_AI, Label

OPUS = ("77AA-0101-BEEF", "Claude Opus 4.8")
HAIKU = ("1111-2222-3333", "claude 3 haiku")
PARTNER = ("0000-0000-0000", "Anthropic's models")
AGENTIC = ("E4EE-DF31-DCDA", "Agentic Applications")
GARDEN = "Cloud Vertex AI Model Garden Model as a Service"
GENERAL = "vertex-general"
ODD_NAMES = (
    None, "", "Quantum Widget", '=HYPERLINK("http://x.example")', "<script>alert(1)</script>", "a|b *bold* [x](y)",
    "データ", "line\nbreak", "'; DROP TABLE account; --", "Ω" * 200,
)  # fmt: skip
UNCOUNTED = frozenset({"odd 0", "odd 3"})
"""Kinds of which no amount is told."""


def _of(service: tuple[str, str], *texts: str, unit: str = "count") -> tuple[Label, ...]:
    return tuple((service, f"{number:04X}-{len(text):04X}-0000", text, unit) for number, text in enumerate(texts))


MORE_LABELS: dict[tuple[str, str, str], tuple[Label, ...]] = {
    ("gemini-2.5-pro", "", "input"): _of(
        VERTEX_AI, "Gemini 2.5 Pro Text Input - Predictions", "Gemini 2.5 Pro Image Input - Predictions"
    ),
    ("gemini-2.5-pro", "", "cached_input"): _of(
        VERTEX_AI, "Gemini 2.5 Pro Input Text Caching", "Gemini 2.5 Pro Input Image Caching"
    ),
    ("gemini-2.5-pro", "", "output"): _of(
        VERTEX_AI, "Gemini 2.5 Pro Text Output - Predictions", "Gemini 2.5 Pro Thinking Text Output - Predictions"
    ),
    ("gemini-3.1-flash-image", "", "output"): _of(VERTEX_AI, "Gemini 3.1 Flash Image Text Output - Predictions"),
    ("gemini-3.8-flash", "", "storage"): _of(VERTEX_AI, "Gemini 3.8 Flash Text Input Caching Storage", unit="h"),
    ("gemini-3-flash", "priority", "cached_input"): _of(VERTEX_AI, "Gemini 3 Flash Image Input Caching Priority"),
    ("gemini-3-flash", "flex", "output"): _of(
        GEMINI_API, "Generate content output token count gemini 3 flash text flex"
    ),
    ("gemini-3.5-flash", "", "input"): _of(GEMINI_API, "Generate content input token count gemini 3.5 flash text"),
    ("gemini-3.5-flash", "", "cached_input"): _of(
        GEMINI_API, "Generate content cached input token count gemini 3.5 flash text"
    ),
    ("gemini-3-pro", "", "cached_input"): _of(
        GEMINI_API, "Generate_content text cached input token count for gemini 3 pro short"
    ),
    ("claude-opus-4.8", "long", "cache_write"): _of(
        OPUS,
        "Claude Opus 4 8 — Input Cache Write Tokens (TTL 3600 seconds) — us-east5"
        " — Context Window Size from 200001 to 1000000 Tokens",
        "Claude Opus 4.8 — Input Cache Write Tokens (TTL 300 seconds) — global"
        " — Context Window Size from 200001 to 1000000 Tokens",
    ),
    ("claude-opus-4.8", "long", "output"): _of(
        OPUS, "Claude Opus 4 8 — Output Tokens — global — Context Window Size from 200001 to 1000000 Tokens"
    ),
    ("claude-3-haiku", "", "input"): _of(HAIKU, "Claude 3 Haiku Input Tokens"),
    ("claude-3-haiku", "", "output"): _of(PARTNER, "Claude 3 Haiku Output Tokens"),
    ("llama-4-maverick", "batch", "input"): _of(VERTEX_AI, f"{GARDEN} Llama 4 Maverick Batch Input Token"),
    ("deepseek-v3.1", "", "cached_input"): _of(VERTEX_AI, f"{GARDEN} DeepSeek-V3.1 Cached Text Input Token"),
    ("gemini-1.0-pro", "", "text"): _of(VERTEX_AI, "Gemini 1.0 Pro Text Input - Predictions", unit="characters"),
    ("translation-llm", "", "text"): _of(VERTEX_AI, "Translation LLM Input Characters", unit="characters"),
    ("imagen-4-fast", "", "image"): _of(VERTEX_AI, "Imagen 4 fast Generation (output)"),
    ("veo", "4k audio", "video"): _of(VERTEX_AI, "Veo Generation 4k with Audio", unit="seconds"),
    ("lyria-3", "", "song"): _of(VERTEX_AI, "Lyria 3 Audio Ouptut - Predictions"),
    ("grounding", "", "search"): _of(
        VERTEX_AI, "Grounding with Google Maps on Gemini 3", "Claude Haiku 4 5 — Web Search Requests — global"
    ),
    ("agent-platform", "", "runtime"): _of(AGENTIC, "Vertex AI: ReasoningEngine management fee on CPU", unit="s"),
    **{
        (GENERAL, "", f"odd {number}"): ((VERTEX_AI, f"0DD0-0000-{number:04}", name, unit),)
        for number, (name, unit) in enumerate(zip(ODD_NAMES, ("h", None, "", "count") * 3, strict=False))
    },
}
