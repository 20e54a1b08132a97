"""How Google prints what it sells: service, SKU and unit of each thing the company uses.

Descriptions are those of real bills, of all families that Google has used; ids beside them are partly invented.
"""

Label = tuple[tuple[str, str], str, str | None, str | None]
"""Service id and name, SKU id, SKU text, unit."""

VERTEX_AI = ("C7E2-9256-1C43", "Vertex AI")
GEMINI_API = ("AEFD-7695-64FA", "Gemini API")
SONNET = ("5D1F-88A0-2C6E", "Claude Sonnet 4.6")
SEARCH = ("8A10-77F2-0B3D", "Vertex AI Search")
COMPUTE = ("6F81-5844-456A", "Compute Engine")


def _label(service: tuple[str, str], sku_id: str, text: str, unit: str = "count") -> Label:
    return (service, sku_id, text, unit)


LABELS: dict[tuple[str, str, str], Label] = {
    ("gemini-2.5-flash", "", "input"): _label(
        VERTEX_AI, "FDAB-647C-5A22", "Gemini 2.5 Flash GA Text Input - Predictions"
    ),
    ("gemini-2.5-flash", "", "cached_input"): _label(
        VERTEX_AI, "A1C1-77CC-6FAE", "Gemini 2.5 Flash GA Input Text Caching"
    ),
    ("gemini-2.5-flash", "", "output"): _label(
        VERTEX_AI, "A253-E8A3-DE5C", "Gemini 2.5 Flash GA Text Output (Thinking On) - Predictions"
    ),
    ("gemini-2.5-flash", "batch", "input"): _label(
        VERTEX_AI, "7AB2-0F11-90CD", "Gemini 2.5 Flash Text Input - Batch Predictions"
    ),
    ("gemini-2.5-flash", "batch", "output"): _label(
        VERTEX_AI, "7AB2-0F11-90CE", "Gemini 2.5 Flash Text Output - Batch Predictions"
    ),
    ("gemini-3-pro-image", "", "image_output"): _label(
        GEMINI_API, "096D-0370-0236", "Generate_content image output token count for Gemini 3 Pro Image"
    ),
    ("gemini-3.0-pro", "", "input"): _label(VERTEX_AI, "EAC4-305F-1249", "Gemini 3.0 Pro Text Input - Predictions"),
    ("gemini-3.0-pro", "", "cached_input"): _label(VERTEX_AI, "E941-1B12-88B0", "Gemini 3.0 Pro Input Text Caching"),
    ("gemini-3.0-pro", "", "output"): _label(VERTEX_AI, "2737-2D33-D986", "Gemini 3.0 Pro Text Output - Predictions"),
    ("gemini-3.0-pro", "long", "input"): _label(
        VERTEX_AI, "EAC4-305F-124A", "Gemini 3.0 Pro Text Input (Long) - Predictions"
    ),
    ("gemini-3.0-pro", "long", "output"): _label(
        VERTEX_AI, "2737-2D33-D987", "Gemini 3.0 Pro Text Output (Long) - Predictions"
    ),
    ("gemini-1.5-flash", "", "input"): _label(VERTEX_AI, "11F0-A2B7-6D0E", "Gemini 1.5 Flash Input tokens"),
    ("gemini-1.5-flash", "", "output"): _label(VERTEX_AI, "11F0-A2B7-6D0F", "Gemini 1.5 Flash Output tokens"),
    ("claude-sonnet-4.6", "", "input"): _label(
        SONNET,
        "C0A1-1100-0001",
        "Claude Sonnet 4.6 — Input Tokens — global — Context Window Size from 0 to 200000 Tokens",
    ),
    ("claude-sonnet-4.6", "", "cached_input"): _label(
        SONNET,
        "C0A1-1100-0002",
        "Claude Sonnet 4 6 — Input Cache Read Tokens — global — Context Window Size from 0 to 200000 Tokens",
    ),
    ("claude-sonnet-4.6", "", "cache_write"): _label(
        SONNET,
        "C0A1-1100-0003",
        "Claude Sonnet 4.6 — Input Cache Write Tokens (TTL 3600 seconds) — us-east5"
        " — Context Window Size from 0 to 200000 Tokens",
    ),
    ("claude-sonnet-4.6", "", "output"): _label(
        SONNET,
        "C0A1-1100-0004",
        "Claude Sonnet 4.6 — Output Tokens — global — Context Window Size from 0 to 200000 Tokens",
    ),
    ("llama-4-scout", "", "input"): _label(
        VERTEX_AI, "4C4C-0001-AAAA", "Cloud Vertex AI Model Garden Model as a Service Llama 4 Scout Input Tokens"
    ),
    ("llama-4-scout", "", "output"): _label(
        VERTEX_AI, "4C4C-0001-AAAB", "Cloud Vertex AI Model Garden Model as a Service Llama 4 Scout Output Tokens"
    ),
    ("large-text-embedding-model", "", "embedding"): _label(
        VERTEX_AI, "E3B0-C442-98FC", "Large Text Embedding Model - Predictions"
    ),
    ("provisioned-throughput", "", "reserved"): _label(
        VERTEX_AI, "9D5E-3F00-77A1", "Vertex AI: Provisioned Throughput Gemini 3.0 Pro 1 month commitment", "seconds"
    ),
    ("imagen-4", "", "image"): _label(VERTEX_AI, "180A-C24F-9D7F", "Imagen 4 Generation (output)"),
    ("veo-fast", "720p audio", "video"): _label(
        VERTEX_AI, "6E0A-91B2-55C3", "Veo Fast Generation 720p with Audio", "seconds"
    ),
    ("grounding", "", "search"): _label(VERTEX_AI, "70D4-12E9-3B8A", "Grounding with Google Search on Gemini 3"),
    ("agent-platform", "", "runtime"): _label(VERTEX_AI, "AA01-BB02-CC03", "Agent Platform Compute", "seconds"),
    ("vertex-general", "", "unknown"): _label(VERTEX_AI, "00FF-11EE-22DD", "Quantum Widget Node Hour", "h"),
    ("vertex-general", "", "goodwill"): _label(VERTEX_AI, "00FF-11EE-22DE", "Goodwill for an outage"),
}
GEMINI_API_LABELS: dict[tuple[str, str], Label] = {
    ("gemini-2.5-flash", "input"): _label(
        GEMINI_API, "911A-8880-A242", "Generate content input token count gemini 2.5 flash short input text"
    ),
    ("gemini-2.5-flash", "output"): _label(
        GEMINI_API, "911A-8880-A243", "Generate content output token count gemini 2.5 flash short input text"
    ),
}
"""What the same model is called where it is used through the Gemini API."""
