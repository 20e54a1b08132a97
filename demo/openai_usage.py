"""OpenAI's usage families: which cells of the world each shows, by which dimensions, in which measures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from demo.cells import TOKEN_KINDS, Cell, Totals, added_up
from demo.openai_labels import usage_model

JSON = dict[str, Any]
FULL_DETAIL_FROM = date(2026, 1, 1)
GIBIBYTE = 2**30
HOURS_A_DAY = 24
TOKENS_WITHOUT_USAGE = ("gpt-image-",)
SERVICE_TIERS = frozenset({"flex", "priority", "fast", "scale"})
BASE_FILTERS = {"project_ids": "project_id"}
KEY_FILTERS = {**BASE_FILTERS, "user_ids": "user_id", "api_key_ids": "api_key_id"}
MODEL_FILTERS = {**KEY_FILTERS, "models": "model"}
MODEL_DIMENSIONS = ("project_id", "user_id", "api_key_id", "model")


@dataclass(frozen=True, slots=True)
class Family:
    """One usage endpoint. `filters` maps the query's names to dimensions."""

    result: str
    dimensions: tuple[str, ...]
    filters: Mapping[str, str]
    measures: Callable[[Totals, date], JSON]
    has_batch: bool = False


def family_name(cell: Cell) -> str | None:
    """The family that shows a cell, None where only the bill does."""
    if cell.kind not in TOKEN_KINDS:
        return FAMILY_OF_KIND.get(cell.kind)
    if cell.model.startswith(TOKENS_WITHOUT_USAGE):
        return None
    if cell.model.startswith("text-embedding-"):
        return "embeddings"
    if "moderation" in cell.model:
        return "moderations"
    return "decisions" if cell.variant == "decisions" else "completions"


def usage_results(
    cells: list[Cell],
    _start: int,
    *,
    family: Family,
    groups: Sequence[str],
    filters: Mapping[str, Sequence[object]],
    owners: Mapping[str, str],
) -> list[JSON]:
    """The rows of one bucket. `owners` are the people behind keys."""
    grouped: dict[tuple[object, ...], list[Cell]] = {}
    for cell in cells:
        if FAMILIES.get(family_name(cell) or "") is not family:
            continue
        place = _place(cell, owners)
        if all(place[dimension] in chosen for dimension, chosen in filters.items() if chosen):
            grouped.setdefault(tuple(place[dimension] for dimension in groups), []).append(cell)
    return [
        {
            "object": f"organization.usage.{family.result}.result",
            **family.measures(added_up(grouped[key]), grouped[key][0].day),
            **dict.fromkeys(family.dimensions),
            **dict(zip(groups, key, strict=True)),
        }
        for key in sorted(grouped, key=repr)
    ]


def _place(cell: Cell, owners: Mapping[str, str]) -> dict[str, object]:
    return {
        "project_id": cell.workspace_id or None,
        "user_id": owners.get(cell.api_key_id),
        "api_key_id": cell.api_key_id or None,
        "model": usage_model(cell),
        "batch": cell.variant == "batch",
        "service_tier": cell.variant if cell.variant in SERVICE_TIERS else "default",
        "api_source": "unlabeled",
        "size": cell.variant.rpartition(" ")[2] or None,
        "source": "image.generation",
        "vector_store_id": f"vs_{cell.workspace_id[5:17]}" if cell.workspace_id else None,
        "context_level": "medium",
    }


def _conversation(totals: Totals, day: date) -> JSON:
    """Token members of completions; days before 2026 have the required ones and the cached total only."""
    count = totals.quantities.get
    measured = {
        "input_tokens": totals.input_tokens,
        "input_cached_tokens": totals.cached_input_tokens,
        "output_tokens": totals.output_tokens,
        "num_model_requests": totals.requests,
    }
    if day < FULL_DETAIL_FROM:
        return measured
    return measured | {
        "input_uncached_tokens": count("input", 0) + count("audio_input", 0),
        "input_cache_write_tokens": totals.cache_write_tokens,
        "input_text_tokens": count("input", 0),
        "input_audio_tokens": count("audio_input", 0),
        "input_image_tokens": 0,
        "input_cached_text_tokens": totals.cached_input_tokens,
        "input_cached_audio_tokens": 0,
        "input_cached_image_tokens": 0,
        "output_text_tokens": count("output", 0),
        "output_audio_tokens": count("audio_output", 0),
        "output_image_tokens": count("image_output", 0),
    }


def _requests_and(member: str, kind: str) -> Callable[[Totals, date], JSON]:
    def measures(totals: Totals, _day: date) -> JSON:
        return {member: totals.quantities.get(kind, 0), "num_model_requests": totals.requests}

    return measures


def _web_searches(totals: Totals, _day: date) -> JSON:
    """One model request may search several times."""
    return {"num_requests": totals.requests, "num_model_requests": -(-totals.requests * 4 // 5)}


def _file_searches(totals: Totals, _day: date) -> JSON:
    return {"num_requests": totals.requests}


def _sessions(totals: Totals, _day: date) -> JSON:
    return {"num_sessions": totals.quantities.get("code_interpreter", 0)}


def _stored(totals: Totals, _day: date) -> JSON:
    """The level that the day's GiB hours amount to."""
    return {"usage_bytes": totals.quantities.get("storage", 0) * GIBIBYTE // HOURS_A_DAY}


CONVERSATION_DIMENSIONS = (*MODEL_DIMENSIONS, "batch", "service_tier", "api_source")
FAMILIES: Mapping[str, Family] = {
    "completions": Family("completions", CONVERSATION_DIMENSIONS, MODEL_FILTERS, _conversation, has_batch=True),
    "decisions": Family("decisions", CONVERSATION_DIMENSIONS, MODEL_FILTERS, _conversation, has_batch=True),
    "embeddings": Family("embeddings", MODEL_DIMENSIONS, MODEL_FILTERS, _requests_and("input_tokens", "input")),
    "moderations": Family("moderations", MODEL_DIMENSIONS, MODEL_FILTERS, _requests_and("input_tokens", "input")),
    "images": Family(
        "images",
        (*MODEL_DIMENSIONS, "size", "source"),
        {**MODEL_FILTERS, "sizes": "size", "sources": "source"},
        _requests_and("images", "image"),
    ),
    "audio_speeches": Family(
        "audio_speeches", MODEL_DIMENSIONS, MODEL_FILTERS, _requests_and("characters", "characters")
    ),
    "audio_transcriptions": Family(
        "audio_transcriptions", MODEL_DIMENSIONS, MODEL_FILTERS, _requests_and("seconds", "seconds")
    ),
    "vector_stores": Family("vector_stores", ("project_id",), BASE_FILTERS, _stored),
    "code_interpreter_sessions": Family("code_interpreter_sessions", ("project_id",), BASE_FILTERS, _sessions),
    "file_search_calls": Family(
        "file_searches",
        ("project_id", "user_id", "api_key_id", "vector_store_id"),
        {**KEY_FILTERS, "vector_store_ids": "vector_store_id"},
        _file_searches,
    ),
    "web_search_calls": Family(
        "web_searches",
        (*MODEL_DIMENSIONS, "context_level", "api_source"),
        {**MODEL_FILTERS, "context_levels": "context_level"},
        _web_searches,
    ),
}
FAMILY_OF_KIND = {
    "image": "images",
    "characters": "audio_speeches",
    "seconds": "audio_transcriptions",
    "storage": "vector_stores",
    "code_interpreter": "code_interpreter_sessions",
    "file_search": "file_search_calls",
    "web_search": "web_search_calls",
}
