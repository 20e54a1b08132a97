"""What fal counts, in words that keep unlike things apart.

fal's unit is free text, and the same word counts seconds of film, of speech and of a machine. Its public catalogue says
what a model makes: https://docs.fal.ai/platform-apis/v1/models - costs do not depend on it.
"""

import re
from collections.abc import Collection, Iterator

from connectors.answers import NOT_FOUND
from connectors.errors import CredentialLacksBilling, CredentialRejected
from connectors.fields import Fields
from connectors.http import Params, ProviderHttp, RequestRefused, paginate

MOST_IDS = 50
PAGE = 100

_MEDIA = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "speech": "audio",
    "music": "audio",
    "llm": "LLM",
    "text": "LLM",
    "3d": "3D",
}
_TALKING = frozenset({"text", "json"})
_PLURALS = {
    word: f"{word}s"
    for word in (
        "character",
        "generation",
        "image",
        "megapixel",
        "minute",
        "request",
        "second",
        "token",
        "unit",
        "video",
    )
}
_MEANINGLESS = frozenset({"", "units"})
_TELLING = ("image", "video", "audio", "megapixel", "character", "token")
_PLAIN_ID = re.compile(r"[\w./-]{1,200}", re.ASCII)


def unit_words(unit: str, medium: str | None, model: str) -> str:
    """The unit with the medium before it where it does not tell that itself: `images`, `video seconds`.

    fal's own `units` mean another thing for each model and bear its name.
    """
    words = [word if word.isupper() else word.lower() for word in unit.replace("_", " ").split()]
    plain = " ".join([*words[:-1], *(_PLURALS.get(word, word) for word in words[-1:])])
    if plain in _MEANINGLESS:
        return f"units of {model}"
    is_film = medium == "video" and "megapixel" in plain
    if medium is None or (any(word in plain for word in _TELLING) and not is_film):
        return plain
    return f"{medium} {plain}"


def medium_of(category: str) -> str | None:
    """What a model of a category such as `image-to-video` makes; if that is text, what it listens to or looks at."""
    source, _, result = category.lower().rpartition("-to-")
    return _MEDIA.get(source if result in _TALKING and source else result)


def read_media(http: ProviderHttp, models: Collection[str]) -> dict[str, str | None]:
    """The medium of each model; None for those the catalogue does not know, such as a company's own."""
    asked = sorted(model for model in models if _PLAIN_ID.fullmatch(model))
    found: dict[str, str | None] = dict.fromkeys(models)
    for first in range(0, len(asked), MOST_IDS):
        found |= _media(http, asked[first : first + MOST_IDS])
    return found


def _media(http: ProviderHttp, models: list[str]) -> dict[str, str | None]:
    try:
        params: Params = [*(("endpoint_id", model) for model in models), ("limit", PAGE)]
        items = [item for page in pages(http, "/models", params) for item in page.objects("models")]
    except RequestRefused as refused:
        # In fal's price list one unknown model spoils the whole batch; should it here, the others are asked again.
        if refused.status != NOT_FOUND or len(models) == 1:
            return {}
        middle = len(models) // 2
        return _media(http, models[:middle]) | _media(http, models[middle:])
    except (CredentialRejected, CredentialLacksBilling):
        return {}
    found = {}
    for item in items:
        metadata = item.members.get("metadata")
        category = metadata.get("category") if isinstance(metadata, dict) else None
        if (model := item.name("endpoint_id")) in models and isinstance(category, str):
            found[model] = medium_of(category)
    return {model: medium for model, medium in found.items() if model is not None}


def pages(http: ProviderHttp, path: str, params: Params) -> Iterator[Fields]:
    """All pages of a report or list of fal's."""

    def read(cursor: str | None) -> Fields:
        after = [] if cursor is None else [("cursor", cursor)]
        return Fields(f"fal {path}", http.get_json(path, [*params, *after]))

    def following(page: Fields) -> str | None:
        return (page.text("next_cursor") or "") if page.flag("has_more") else None

    return paginate(read, following, what=f"fal {path}")
