"""Who used what: OpenRouter's totals by workspace, shared out by asking for one key after the other.

No feed of OpenRouter tells the key beside the workspace, and none lists deleted keys: what is left when every known key
was asked belongs to none of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from connectors.http import RequestRefused
from connectors.openrouter_feeds import Feed, Place, Use, Uses
from connectors.openrouter_session import REFUSES, ListedKey, OpenRouterSession
from store.records import UNATTRIBUTED, ApiKeyRecord, CostRecord, to_nanos

Spot = tuple[str, str]
"""Workspace id, key id; empty where OpenRouter names none."""


def shares_of(session: OpenRouterSession, feed: Feed) -> list[tuple[Spot, Place, Use]]:
    """The use of each workspace by key; what no key accounts for stands under none."""
    shares: list[tuple[Spot, Place, Use]] = []
    for workspace_id, left in feed.by_workspace().items():
        for key, is_listed in _keys_of(session, workspace_id):
            if all(use.is_nothing() for use in left.values()):
                break
            uses = feed.of_key(key) if is_listed else _of_deleted_key(feed, key)
            for place, use in uses.items():
                shares.append(((workspace_id, key.record.api_key_id), place, use))
                left[place] = left.get(place, Use()).plus(use, -1)
        shares += [((workspace_id, UNATTRIBUTED), place, use) for place, use in left.items()]
    return [share for share in shares if not share[2].is_nothing()]


def _keys_of(session: OpenRouterSession, workspace_id: str) -> Iterator[tuple[ListedKey, bool]]:
    """A workspace's keys and whether they are still listed: those that spent most first, deleted ones last."""
    listed = [key for key in session.listed_keys() if key.record.workspace_id == workspace_id]
    for key in sorted(listed, key=lambda key: (-key.weight, key.record.api_key_id)):
        yield key, True
    ids = {key.record.api_key_id for key in session.listed_keys()}
    for api_key_id, home in sorted(session.known_keys.items()):
        if home == workspace_id and api_key_id not in ids:
            yield ListedKey(ApiKeyRecord(api_key_id=api_key_id, workspace_id=home)), False


def _of_deleted_key(feed: Feed, key: ListedKey) -> Uses:
    """Use of a key that is listed no more; nothing where OpenRouter does not know it any longer."""
    try:
        return feed.of_key(key)
    except RequestRefused as refused:
        if refused.status not in REFUSES:
            raise
        return {}


def costs_of(shares: Iterable[tuple[Spot, Place, Use]]) -> Iterator[CostRecord]:
    """One record per grain, in their order; use of one's own keys apart from what OpenRouter charges.

    A line counts requests and tokens once, though it may mix both: they stand where more of its money is.
    """
    grains: defaultdict[tuple[date, str, str, str, str, str], Use] = defaultdict(Use)
    for spot, place, use in shares:
        grain = (place.day, *spot, place.model, place.variant)
        own, elsewhere = Use(usage=use.usage), Use(byok=use.byok)
        if use.byok and abs(use.byok) >= abs(use.usage):
            elsewhere = use._replace(usage=Decimal(0))
        else:
            own = use._replace(byok=Decimal(0))
        if use.byok:
            grains[*grain, place.upstream] = grains[*grain, place.upstream].plus(elsewhere)
        if use.usage or not use.byok:
            grains[*grain, ""] = grains[*grain, ""].plus(own)
    for (day, workspace_id, api_key_id, model, variant, upstream), use in sorted(grains.items()):
        if not (to_nanos(use.usage) or to_nanos(use.byok) or any((count or 0) > 0 for count in use[2:])):
            continue
        input_tokens, output_tokens, requests = (None if count is None or count < 0 else count for count in use[2:])
        yield CostRecord(
            day=day,
            workspace_id=workspace_id,
            api_key_id=api_key_id,
            model=model,
            variant=variant,
            upstream=upstream,
            billed_cost=use.usage + use.byok,
            cost_basis="priced" if upstream else "reported",
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            requests=requests,
        )
