"""An opened connection to OpenRouter: what its key may read, the names, and the provider's own day.

https://openrouter.ai/docs/api-reference/api-keys/get-current-key - workspaces, keys and abilities are read once for all
windows of a sync. Deleted keys are listed no more, so the session is told which ones were known.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from connectors.base import Reading, masked
from connectors.errors import ConnectorError, CredentialLacksBilling, UnexpectedResponse
from connectors.fields import Fields
from connectors.http import Params, ProviderHttp, RequestRefused, paginate
from connectors.openrouter_key import refuse, wrong_kind
from store.records import ApiKeyRecord, WorkspaceRecord

PAGE = 100
REFUSES = (400, 404, 405, 501)
"""Statuses that mean: OpenRouter does not offer this here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What a key says of its own spend: in its life, and on this day, in this week since Monday and in this month.

    US dollars; `day` is the provider's own UTC day.
    """

    day: date
    is_management: bool
    label: str | None
    lifetime: Decimal
    today: Decimal
    week: Decimal
    month: Decimal
    byok_month: Decimal


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as listed; `spent` and `byok_spent` are US dollars of the running UTC day, `weight` of the month."""

    record: ApiKeyRecord
    spent: Decimal = Decimal(0)
    byok_spent: Decimal = Decimal(0)
    weight: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Abilities:
    """The metrics and dimensions of OpenRouter's analytics; none where it is not offered to this key."""

    metrics: frozenset[str] = frozenset()
    dimensions: frozenset[str] = frozenset()


class OpenRouterSession(ProviderHttp):
    """`key_id` is the id of the standard key, `standard` the connection that only checks it beside a management key.

    `known_keys` are the keys seen in earlier syncs with their workspaces, `readings` the counters last printed.
    """

    key_id: str = ""
    has_management_slot: bool = False
    standard: ProviderHttp | None = None
    known_keys: Mapping[str, str] = MappingProxyType({})
    readings: tuple[Reading, ...] = ()
    _counters: Counters | None = None
    _abilities: Abilities | None = None
    _spaces: tuple[WorkspaceRecord, ...] | None = None
    _keys: tuple[ListedKey, ...] | None = None

    def close(self) -> None:
        super().close()
        if self.standard is not None:
            self.standard.close()

    def ask(self, path: str, params: Params = (), content: Mapping[str, Any] | None = None) -> Fields:
        """One answer. An error that comes with status 200 is raised like any other."""
        value = self.get_json(path, params) if content is None else self.post_json(path, content)
        if isinstance(error := value.get("error"), dict) and value.get("data") is None:
            code = error.get("code")
            status = code if isinstance(code, int) else 0
            raise refuse(status, value, "") or UnexpectedResponse(f"OpenRouter {path} answered 200 with an error.")
        return Fields(f"OpenRouter {path}", value)

    def counters(self) -> Counters:
        """The key's own counters, read once, with the provider's day they belong to."""
        if self._counters is None:
            self._counters = self._read_counters()
        return self._counters

    def _read_counters(self) -> Counters:
        answer = self.ask("/key")
        moment = self.answered_at
        if moment is None:
            raise UnexpectedResponse("OpenRouter /key: the answer has no Date, so its counters belong to no day.")
        data = answer.object("data")
        if data is None:
            raise answer.refuse("data", "is missing")
        is_management = data.members.get("is_management_key") is True or data.members.get("is_provisioning_key") is True
        lifetime, today, week, month, byok_month = (
            amount(data, name)
            for name in ("usage", "usage_daily", "usage_weekly", "usage_monthly", "byok_usage_monthly")
        )
        return Counters(
            day=moment.date(),
            is_management=is_management,
            label=_hint(data.name("label")),
            lifetime=lifetime,
            today=today,
            week=week,
            month=month,
            byok_month=byok_month,
        )

    @property
    def reads_account(self) -> bool:
        """Whether the key is a management key; `CredentialLacksBilling` where it was given as one and is not."""
        if self.has_management_slot and not self.counters().is_management:
            raise wrong_kind()
        return self.counters().is_management

    def abilities(self) -> Abilities:
        if self._abilities is None:
            self._abilities = self._read_abilities()
        return self._abilities

    def _read_abilities(self) -> Abilities:
        try:
            data = self.ask("/analytics/meta").object("data")
        except (CredentialLacksBilling, RequestRefused) as refused:
            if not is_unavailable(refused):
                raise
            return Abilities()
        if data is None:
            return Abilities()
        if "day" not in {granularity.text("name") for granularity in data.objects("granularities")}:
            return Abilities()
        metrics, dimensions = (
            frozenset(item.text("name") or "" for item in data.objects(member)) for member in ("metrics", "dimensions")
        )
        usable = {"credits_usage", "byok_usage"} <= metrics and "model" in dimensions
        return Abilities(metrics, dimensions) if usable else Abilities()

    def workspaces(self) -> tuple[WorkspaceRecord, ...]:
        """All workspaces."""
        if self._spaces is None:
            self._spaces = tuple(self._workspaces())
        return self._spaces

    def listed_keys(self) -> tuple[ListedKey, ...]:
        """All keys that still exist, disabled ones included."""
        if self._keys is None:
            found = [key for space in self.workspaces() for key in self._keys_of(space.workspace_id)]
            self._keys = tuple({key.record.api_key_id: key for key in found}.values())
        return self._keys

    def _workspaces(self) -> Iterator[WorkspaceRecord]:
        for item in _listed(self, "/workspaces", [("limit", PAGE)], "id"):
            name = _id(item, "id")
            yield WorkspaceRecord(
                workspace_id=name, name=item.name("name"), created_at=_moment(item.name("created_at"))
            )

    def _keys_of(self, workspace_id: str) -> Iterator[ListedKey]:
        today = self.counters().day
        # Without a workspace OpenRouter lists the keys of the default one, and disabled keys only when asked for.
        for item in _listed(self, "/keys", [("workspace_id", workspace_id), ("include_disabled", "true")], "hash"):
            expires = _moment(item.name("expires_at"))
            is_over = expires is not None and expires.date() < today
            record = ApiKeyRecord(
                api_key_id=_id(item, "hash"),
                workspace_id=workspace_id,
                name=item.name("name"),
                hint=_hint(item.name("label")),
                status="inactive" if item.members.get("disabled") is True else "expired" if is_over else "active",
                created_at=_moment(item.name("created_at")),
                expires_at=expires,
            )
            spent, byok, month, byok_month = (
                amount(item, name)
                for name in ("usage_daily", "byok_usage_daily", "usage_monthly", "byok_usage_monthly")
            )
            yield ListedKey(record, spent, byok, month + byok_month)


def _listed(session: OpenRouterSession, path: str, params: Params, id_member: str) -> Iterator[Fields]:
    """All entries of a list that is paged by offset, read until a page is empty."""
    seen: set[str] = set()
    offset = 0

    def read(cursor: str | None) -> list[Fields]:
        after = [] if cursor is None else [("offset", cursor)]
        return list(session.ask(path, [*params, *after]).objects("data"))

    def following(page: list[Fields]) -> str | None:
        nonlocal offset
        ids = {_id(item, id_member) for item in page}
        if ids & seen or len(ids) < len(page):
            raise UnexpectedResponse(f"OpenRouter {path} gave the same entries again on the next page.")
        seen.update(ids)
        offset += len(page)
        return str(offset) if page else None

    for page in paginate(read, following, what=f"OpenRouter {path}"):
        yield from page


def amount(item: Fields, member: str) -> Decimal:
    """US dollars that must be there."""
    value = item.number(member, below=Decimal(10) ** 9)
    if value is None:
        raise item.refuse(member, "is missing")
    return value


def _id(item: Fields, member: str) -> str:
    if not (found := item.text(member)):
        raise item.refuse(member, "is missing")
    return found


def _hint(label: str | None) -> str | None:
    """OpenRouter's own masked form; masked here should it ever come in the clear."""
    is_clear = label is not None and label.startswith("sk-") and not any(mark in label for mark in ("...", "…", "**"))
    return masked(label) if is_clear and label else label


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def is_unavailable(error: ConnectorError) -> bool:
    """Whether an error only says that OpenRouter does not offer something to this key."""
    return isinstance(error, CredentialLacksBilling) or (isinstance(error, RequestRefused) and error.status in REFUSES)
