"""What one provider sells to the made-up company: its directory of workspaces and keys, and its streams of use."""

from dataclasses import dataclass

from demo.traffic import Stream


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """Who holds a key: a person or, without an address, a service account."""

    owner_id: str
    name: str
    email: str | None = None
    role: str = "member"

    @property
    def is_person(self) -> bool:
        return self.email is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """A workspace as the provider lists it; `created` and `archived` in days before the world's today."""

    workspace_id: str
    name: str | None
    created: int = 500
    archived: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """An API key; `created` and `deleted` in days before the world's today. A deleted key is listed no more."""

    api_key_id: str
    workspace_id: str
    name: str
    hint: str
    owner: Owner
    created: int = 400
    deleted: int | None = None
    is_owner_present: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """All that one provider sells to the company: its directory, and the streams of use that make its bill."""

    provider: str
    workspaces: tuple[Workspace, ...]
    keys: tuple[Key, ...]
    streams: tuple[Stream, ...]
