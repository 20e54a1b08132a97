"""How OpenAI prints one cell of the world: label, quantity and model id, in the style of its day.

The labels are those collected in reports and test data; there is no published list. Labels with blanks belong to 2025,
labels like member names to 2026. Quantities have units since 21 August 2026.
"""

from datetime import date

from demo.cells import TOKEN_KINDS, Cell

NEW_LABELS_FROM = date(2026, 3, 1)
UNITS_FROM = date(2026, 8, 21)
OLD_KINDS = {
    "input": "input",
    "cached_input": "cached input",
    "cache_write": "cache write",
    "output": "output",
    "audio_input": "audio input",
    "audio_output": "audio output",
    "image_output": "output image",
    "characters": "characters",
    "seconds": "transcription",
}
NEW_KINDS = {
    "input": "input_tokens",
    "cached_input": "cached_input_tokens",
    "cache_write": "cache_write_tokens",
    "output": "output_tokens",
    "audio_input": "input_audio_tokens",
    "audio_output": "output_audio_tokens",
    "image_output": "output_image_tokens",
    "characters": "characters",
    "seconds": "transcription",
}
SERVICES = {
    "openai-web-search": "web search tool calls",
    "openai-file-search": "assistants api | file search",
    "openai-code-interpreter": "code interpreter sessions",
    "openai-storage": "vector store storage",
    "openai-adjustments": "Promotional credit",
}
ALWAYS_OLD_STYLE = ("text-embedding-", "gpt-realtime-")
USAGE_MODELS = {
    "text-embedding-ada-002": "text-embedding-ada-002-v2",
    "gpt-5.6-luna": "gpt-5.6-luna-2026-10-27",
    "ft-gpt-4o-mini-2024-07-18": "ft:gpt-4o-mini-2024-07-18:demo-company::Ab12Cd3E",
}
UNITS = {
    "image": "images",
    "characters": "characters",
    "seconds": "duration_minutes",
    "storage": "gibibyte_hours",
}


def line_item(cell: Cell) -> str:
    """The label of the cell's cost line; several cells may share one."""
    if service := SERVICES.get(cell.model):
        return service
    if cell.kind == "other":
        return cell.variant
    if cell.kind == "image":
        quality, _, size = cell.variant.partition(" ")
        sizes = size if size == "1024x1024" else "1024x1792, 1792x1024"
        return f"{cell.model.replace('dall-e-', 'dall-e ')}, {quality}, {sizes}"
    is_old = cell.day < NEW_LABELS_FROM or cell.model.startswith(ALWAYS_OLD_STYLE)
    label = f"{cell.model}, {(OLD_KINDS if is_old else NEW_KINDS)[cell.kind]}"
    return f"evals | {label}" if cell.variant == "evals" else label


def quantity_unit(cell: Cell) -> str | None:
    if cell.day < UNITS_FROM:
        return None
    if cell.kind in TOKEN_KINDS:
        return "1000_tokens" if cell.model.startswith("text-embedding-") else "tokens"
    return UNITS.get(cell.kind)


def printed_quantity(cell: Cell, quantity: int) -> float | None:
    """A quantity of the cell's kind in the unit that goes with it; None where the line has none."""
    if cell.kind in {"adjustment", "other"}:
        return None
    match quantity_unit(cell):
        case "1000_tokens":
            return quantity / 1000
        case "duration_minutes":
            return quantity / 60
        case _:
            return quantity


def usage_model(cell: Cell) -> str:
    """The model id in usage answers, which is not always that of the cost line."""
    if cell.kind == "web_search":
        return "gpt-6-astra"
    return USAGE_MODELS.get(cell.model, cell.model)
