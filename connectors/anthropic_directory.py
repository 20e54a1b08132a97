"""Names: Anthropic's workspaces and API keys, and which workspace is the default one.

https://platform.claude.com/docs/en/api/admin - one list of keys covers all workspaces. Workspaces are archived, not
deleted, and so are keys. The default workspace stands in the list only when asked for; older answers name it by null.
Amounts do not depend on the directory: without it, ids are shown in place of names.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import get_args

from connectors.anthropic_pages import instant, pages
from connectors.base import Meter, masked
from connectors.errors import CredentialLacksBilling
from connectors.fields import Fields
from connectors.http import Params, ProviderHttp, RequestRefused
from store.records import UNATTRIBUTED, ApiKeyRecord, KeyStatus, WorkspaceRecord

WORKSPACES = "/v1/organizations/workspaces"
API_KEYS = "/v1/organizations/api_keys"
UNNAMED_DEFAULT = "default"
"""Our id of the default workspace where Anthropic does not tell its own."""
DEFAULT_NAME = "Default"
NAMES_UNAVAILABLE = "Names are unavailable: this key may not list workspaces and API keys, so their ids are shown."
ENTERPRISE_NOTE = "A Claude Enterprise key shows costs by model, not by workspace or API key."
_MOST_ITEMS = 1_000
_KNOWN_STATUSES = frozenset(get_args(KeyStatus))
_DORMANT_STATUSES = ("inactive", "archived", "expired")


@dataclass(frozen=True, slots=True)
class Directory:
    """What could be read of the names. `listed` None: keys were not listed."""

    default_workspace: str = UNNAMED_DEFAULT
    workspaces: tuple[WorkspaceRecord, ...] = ()
    keys: tuple[ApiKeyRecord, ...] = ()
    listed: frozenset[str] | None = None
    notes: tuple[str, ...] = ()


@dataclass(kw_only=True)
class AnthropicSession:
    """Two connections with one key: `analytics` announces the beta, which the other endpoints may not know.

    It remembers the names, so that a backfill of many windows reads them once, and what the analytics refused:
    `analytics_from` is the first day they may still serve, None where the organization has no analytics at all.
    """

    plain: ProviderHttp
    analytics: ProviderHttp
    is_enterprise: bool
    analytics_from: date | None
    meter: Meter = field(init=False)
    _directory: Directory | None = None

    def __post_init__(self) -> None:
        self.meter = self.analytics.meter = self.plain.meter

    def close(self) -> None:
        self.plain.close()
        self.analytics.close()

    @property
    def directory(self) -> Directory:
        """All workspaces and keys, read at the first use."""
        if self._directory is None:
            self._directory = Directory(notes=(ENTERPRISE_NOTE,)) if self.is_enterprise else read_directory(self.plain)
        return self._directory


def read_directory(http: ProviderHttp) -> Directory:
    """All workspaces, archived ones too, and all keys of any status."""
    try:
        own = _workspaces(http, [])
        everything = own | _with_default(http)
        items = _all_keys(http)
    except (CredentialLacksBilling, RequestRefused):
        return Directory(notes=(NAMES_UNAVAILABLE,))
    scoped = {workspace for item in items.values() if (workspace := _scope(item, UNATTRIBUTED))}
    default = _default(
        everything.keys() - own.keys(),
        scoped - everything.keys(),
        {known.workspace_id for known in everything.values() if known.name == DEFAULT_NAME},
    )
    everything.setdefault(default, WorkspaceRecord(workspace_id=default, name=DEFAULT_NAME))
    return Directory(
        default_workspace=default,
        workspaces=tuple(everything.values()),
        keys=tuple(_key(item, default) for item in items.values()),
        listed=frozenset({*everything, UNATTRIBUTED}),
    )


def named(directory: Directory, workspaces: set[str]) -> Directory:
    """The directory for a bill of these workspaces: a default workspace without an id of its own gets its name."""
    known = {record.workspace_id for record in directory.workspaces}
    if UNNAMED_DEFAULT not in workspaces - known:
        return directory
    default = WorkspaceRecord(workspace_id=UNNAMED_DEFAULT, name=DEFAULT_NAME)
    return replace(directory, workspaces=(*directory.workspaces, default))


def _default(*candidates: set[str]) -> str:
    """The first unambiguous candidate."""
    return next((next(iter(ids)) for ids in candidates if len(ids) == 1), UNNAMED_DEFAULT)


def _workspaces(http: ProviderHttp, params: Params) -> dict[str, WorkspaceRecord]:
    found = {}
    for item in _listed(http, WORKSPACES, [("include_archived", "true"), *params]):
        workspace_id = _id(item)
        found[workspace_id] = WorkspaceRecord(
            workspace_id=workspace_id,
            name=item.name("name"),
            status="archived" if item.name("archived_at") else "active",
            created_at=instant(item.name("created_at")),
        )
    return found


def _with_default(http: ProviderHttp) -> dict[str, WorkspaceRecord]:
    """The list with the default workspace; nothing where Anthropic does not know that question."""
    try:
        return _workspaces(http, [("include_default", "true")])
    except RequestRefused:
        return {}


def _all_keys(http: ProviderHttp) -> dict[str, Fields]:
    """The keys by id. Whether the bare list holds dormant keys is not documented, so one without any is doubted."""
    found = {_id(item): item for item in _listed(http, API_KEYS, [])}
    if all(item.name("status") == "active" for item in found.values()):
        for status in _DORMANT_STATUSES:
            found |= {_id(item): item for item in _listed(http, API_KEYS, [("status", status)])}
    return found


def _key(item: Fields, default_workspace: str) -> ApiKeyRecord:
    status = item.name("status")
    creator = item.object("created_by")
    return ApiKeyRecord(
        api_key_id=_id(item),
        workspace_id=_scope(item, default_workspace),
        name=item.name("name"),
        hint=_hint(item.name("partial_key_hint")),
        owner=creator.name("id") if creator else None,
        status=status if status in _KNOWN_STATUSES else "unknown",
        created_at=instant(item.name("created_at")),
        expires_at=instant(item.name("expires_at")),
    )


def _scope(item: Fields, default_workspace: str) -> str:
    """A key's workspace in either shape: `scope` names it or none, the older `workspace_id` is null for default."""
    scope = item.object("scope")
    if scope is not None:
        return scope.text("workspace_id") or UNATTRIBUTED
    return item.text("workspace_id") or default_workspace


def _listed(http: ProviderHttp, path: str, params: Sequence[tuple[str, str | int]]) -> Iterator[Fields]:
    query = [*params, ("limit", _MOST_ITEMS)]
    for page in pages(http, path, query, cursor_param="after_id", cursor_member="last_id"):
        yield from page.objects("data")


def _id(item: Fields) -> str:
    if not (found := item.text("id")):
        raise item.refuse("id", "is missing")
    return found


def _hint(partial: str | None) -> str | None:
    """Anthropic's own masked form; masked here should it ever come in the clear."""
    return partial if partial is None or "..." in partial or "…" in partial else masked(partial)
