"""Names: the proxy's teams and virtual keys. No dollar depends on them.

https://docs.litellm.ai/docs/proxy/virtual_keys - a key's id is the SHA-256 of the key. Deleted teams and keys are
listed no more, but rows of activity still tell their alias.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connectors.base import masked
from connectors.errors import CredentialLacksBilling, CredentialRejected
from connectors.fields import Fields
from connectors.http import Params, ProviderHttp, RequestRefused, paginate
from connectors.litellm_activity import KeyFacts
from store.records import ApiKeyRecord, WorkspaceRecord

TEAM_LIST = "/team/list"
KEY_LIST = "/key/list"
NAMES_UNAVAILABLE = (
    "Names are incomplete: this key may not list teams and keys, so ids are shown where the activity tells no alias. "
    f"Add {TEAM_LIST} and {KEY_LIST} to the key's allowed_routes."
)
SPECIAL_KEYS = {
    "litellm_proxy_master_key": "Master key",
    "litellm-internal-health-check": "Health checks of the proxy",
    "__ptu_flat_cost__": "Reserved capacity",
}
"""What the proxy itself books where a key's hash stands otherwise."""
_MASK = re.compile(r"\.\.\.|…|\*\*")


@dataclass(frozen=True, slots=True)
class Directory:
    """What could be read of the names. `listed` are the teams whose keys were read to the end; None: none were."""

    teams: tuple[WorkspaceRecord, ...] = ()
    keys: tuple[ApiKeyRecord, ...] = ()
    listed: frozenset[str] | None = None
    notes: tuple[str, ...] = ()

    def joined(
        self, spending: Mapping[str, str], facts: Mapping[str, KeyFacts], aliases: Mapping[str, str]
    ) -> "Directory":
        """With the teams and keys that are listed no more but stand on the bill: `spending` is team by key."""
        listed = {key.api_key_id for key in self.keys}
        teams = {team.workspace_id for team in self.teams}
        gone = "unknown" if self.listed is None else "deleted"
        return replace(
            self,
            teams=(
                *self.teams,
                *(
                    WorkspaceRecord(workspace_id=team, name=name, status=gone)
                    for team, name in aliases.items()
                    if team and team not in teams
                ),
            ),
            keys=(
                *self.keys,
                *(_billed(key, team, facts.get(key)) for key, team in spending.items() if key not in listed),
            ),
        )


def _billed(key: str, team: str, facts: KeyFacts | None) -> ApiKeyRecord:
    if key in SPECIAL_KEYS:
        return ApiKeyRecord(api_key_id=key, name=SPECIAL_KEYS[key])
    facts = facts or KeyFacts(team=team)
    status = "deleted" if facts.exists is False else "unknown"
    return ApiKeyRecord(api_key_id=key, workspace_id=facts.team, name=facts.alias, status=status)


def read_directory(http: ProviderHttp) -> Directory:
    try:
        teams, keys = _teams(http), _keys(http)
    except (CredentialRejected, CredentialLacksBilling, RequestRefused):
        return Directory(notes=(NAMES_UNAVAILABLE,))
    return Directory(teams, keys, frozenset({team.workspace_id for team in teams}))


def _teams(http: ProviderHttp) -> tuple[WorkspaceRecord, ...]:
    items = Fields(f"LiteLLM {TEAM_LIST}", {"teams": http.get_json(TEAM_LIST, expect=list)}).objects("teams")
    found = {}
    for item in items:
        team = _id(item, "team_id")
        found[team] = WorkspaceRecord(
            workspace_id=team, name=item.name("team_alias"), created_at=_moment(item, "created_at")
        )
    return tuple(found.values())


def _keys(http: ProviderHttp) -> tuple[ApiKeyRecord, ...]:
    where = f"LiteLLM {KEY_LIST}"

    def read(cursor: str | None) -> Fields:
        wish: Params = [
            ("return_full_object", "true"),
            ("include_team_keys", "true"),
            ("size", 100),
            ("page", cursor or 1),
        ]
        return Fields(where, http.get_json(KEY_LIST, wish))

    def following(page: Fields) -> str | None:
        number, last = page.count("current_page"), page.count("total_pages")
        if last is None:
            raise page.refuse("total_pages", "is missing")
        return None if number is not None and number >= last else str((number or 0) + 1)

    found = {}
    for page in paginate(read, following, what=where):
        for item in page.objects("keys"):
            key = _id(item, "token")
            found[key] = ApiKeyRecord(
                api_key_id=key,
                workspace_id=item.text("team_id") or "",
                name=item.name("key_alias"),
                hint=_hint(item.name("key_name")),
                owner=item.name("user_id"),
                status="inactive" if item.members.get("blocked") is True else "active",
                created_at=_moment(item, "created_at"),
                last_used_at=_moment(item, "last_active"),
                expires_at=_moment(item, "expires"),
            )
    return tuple(found.values())


def _id(item: Fields, member: str) -> str:
    if not (found := item.text(member)):
        raise item.refuse(member, "is missing")
    return found


def _hint(shown: str | None) -> str | None:
    """The proxy's own masked form; masked here should it ever come in the clear."""
    return shown if shown is None or _MASK.search(shown) else masked(shown)


def _moment(item: Fields, member: str) -> datetime | None:
    """A time written in ISO 8601, UTC where it does not say; None if it is anything else."""
    try:
        moment = datetime.fromisoformat(item.name(member) or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
