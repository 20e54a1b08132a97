"""Names: OpenAI's projects and their API keys.

https://platform.openai.com/docs/api-reference/projects - costs do not depend on it. A key that may not read it still
yields every dollar, with ids in place of names. Projects are archived, never deleted; deleted keys are not listed.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from connectors.answers import NOT_FOUND
from connectors.base import masked
from connectors.errors import CredentialLacksBilling, CredentialRejected
from connectors.fields import Fields
from connectors.http import Params, ProviderHttp, RequestRefused
from connectors.openai_reports import pages
from store.records import ApiKeyRecord, WorkspaceRecord

PROJECTS = "/organization/projects"
FEW_PROJECTS = 50
"""Up to so many projects all are asked for their keys, above only those that spent something: each costs a request."""
NAMES_UNAVAILABLE = (
    "Names are unavailable: this key may not list projects and keys, so their ids are shown. "
    "Grant it read on administration (api.management.read) and re-link."
)

_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
_MASK = re.compile(r"\.\.|…|\*\*")


class OpenAISession(ProviderHttp):
    """A connection that remembers the names it has read, so that a backfill of many windows reads them once."""

    projects: tuple[WorkspaceRecord, ...] | None = None

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.keys: dict[str, tuple[ApiKeyRecord, ...]] = {}


@dataclass(frozen=True, slots=True)
class Directory:
    """What could be read of the names. `listed` are the projects whose keys were read to the end; None: no keys."""

    projects: tuple[WorkspaceRecord, ...] = ()
    keys: tuple[ApiKeyRecord, ...] = ()
    listed: frozenset[str] | None = None
    notes: tuple[str, ...] = ()


def read_directory(session: OpenAISession, spending: Collection[str]) -> Directory:
    """All projects, and the keys of those in `spending`; of all projects if they are few."""
    try:
        if session.projects is None:
            session.projects = _projects(session)
        ids = {project.workspace_id for project in session.projects}
        wanted = set(spending) | (ids if len(ids) <= FEW_PROJECTS else set())
        listed = {project: found for project in sorted(wanted) if (found := _keys_once(session, project)) is not None}
    except (CredentialRejected, CredentialLacksBilling):
        return Directory(projects=session.projects or (), notes=(NAMES_UNAVAILABLE,))
    keys = {key.api_key_id: key for project in listed.values() for key in project}
    return Directory(session.projects, tuple(keys.values()), frozenset(listed))


def _projects(http: ProviderHttp) -> tuple[WorkspaceRecord, ...]:
    found = {}
    for item in _listed(http, PROJECTS, [("include_archived", "true")]):
        record = WorkspaceRecord(
            workspace_id=_id(item),
            name=item.name("name"),
            status=_project_status(item),
            created_at=item.moment("created_at"),
        )
        found[record.workspace_id] = record
    return tuple(found.values())


def _project_status(item: Fields) -> Literal["active", "archived", "unknown"]:
    status = item.name("status")
    if status == "archived" or item.moment("archived_at"):
        return "archived"
    return "active" if status == "active" else "unknown"


def _keys_once(session: OpenAISession, project: str) -> tuple[ApiKeyRecord, ...] | None:
    """The keys of a project, None where it cannot be asked: its id does not fit into a path or is unknown there."""
    if not _SAFE_ID.fullmatch(project):
        return None
    if project not in session.keys:
        try:
            session.keys[project] = _keys(session, project)
        except RequestRefused as refused:
            if refused.status != NOT_FOUND:
                raise
            return None
    return session.keys[project]


def _keys(http: ProviderHttp, project: str) -> tuple[ApiKeyRecord, ...]:
    found = {}
    # Without `any`, keys are left out whose owner lost access to the project, although they are still billed.
    for item in _listed(http, f"{PROJECTS}/{project}/api_keys", [("owner_project_access", "any")]):
        record = ApiKeyRecord(
            api_key_id=_id(item),
            workspace_id=project,
            name=item.name("name"),
            hint=_hint(item.name("redacted_value")),
            owner=_owner(item),
            status="inactive" if item.name("owner_project_access") == "inactive" else "active",
            created_at=item.moment("created_at"),
            last_used_at=item.moment("last_used_at"),
            expires_at=item.moment("expires_at"),
        )
        found[record.api_key_id] = record
    return tuple(found.values())


def _listed(http: ProviderHttp, path: str, params: Params) -> Iterator[Fields]:
    for page in pages(http, path, [*params, ("limit", 100)], cursor_param="after", cursor_member="last_id"):
        yield from page.objects("data")


def _id(item: Fields) -> str:
    if not (found := item.text("id")):
        raise item.refuse("id", "is missing")
    return found


def _hint(redacted: str | None) -> str | None:
    """OpenAI's own masked form; masked here should it ever come in the clear."""
    return redacted if redacted is None or _MASK.search(redacted) else masked(redacted)


def _owner(item: Fields) -> str | None:
    """The name, or else the address, of the person or service account that owns a key."""
    owner = item.object("owner")
    holder = (owner.object("user") or owner.object("service_account")) if owner else None
    return (holder.name("name") or holder.name("email")) if holder else None
