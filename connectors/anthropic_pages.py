"""What Anthropic's reports and lists have in common: their pages, and how they write a time."""

from collections.abc import Iterator
from datetime import UTC, datetime

from connectors.fields import Fields
from connectors.http import Params, ProviderHttp, paginate


def pages(http: ProviderHttp, path: str, params: Params, *, cursor_param: str, cursor_member: str) -> Iterator[Fields]:
    """All pages of a report (cursor `page`, from `next_page`) or a list (cursor `after_id`, from `last_id`)."""

    def read(cursor: str | None) -> Fields:
        after = [] if cursor is None else [(cursor_param, cursor)]
        return Fields(f"Anthropic {path}", http.get_json(path, [*params, *after]))

    def following(page: Fields) -> str | None:
        return (page.text(cursor_member) or "") if page.flag("has_more") else None

    return paginate(read, following, what=f"Anthropic {path}")


def instant(text: str | None) -> datetime | None:
    """A time from RFC 3339 text; None if it is anything else."""
    try:
        found = datetime.fromisoformat(text or "")
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
