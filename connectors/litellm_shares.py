"""Tells LiteLLM's figures apart by (team, key, model, provider).

A module of its own, since an answer is cut by model and by provider, each by key, but not by both at once, and names
only the team that a key belongs to now:

    models by key ────┐
    providers by key ─┴─ by_provider ─┐
    /team/daily/activity ─────────────┴─ by_team ─→ records
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from connectors.litellm_activity import NOTHING, Activity, Figures
from store.records import CostRecord, to_nanos

UPSTREAMS = {
    "text-completion-openai": "openai", "anthropic_text": "anthropic", "bedrock_mantle": "bedrock",
    "vertex_ai": "vertex", "vertex_ai_beta": "vertex", "fal_ai": "fal", "runwayml": "runway",
}  # fmt: skip
"""Our slug of the provider that bills, where LiteLLM has another word for it."""
UNKNOWN = "unknown"
"""Stands for the provider where LiteLLM names none."""
NO_MODEL = "litellm-no-model"
"""Calls that LiteLLM books under no model, such as those of tools."""
_NO_TEAM = "Unassigned"


class Use(NamedTuple):
    """Whose calls, to what; `model` as LiteLLM stores it, with or without the provider's prefix."""

    key: str
    model: str
    provider: str


Shares = Mapping[Use, Figures]


def by_provider(activity: Activity, ask: Callable[[str], Activity]) -> dict[Use, Figures]:
    """The day by key, model and provider. `ask` reads the day again for one model: only where it is not plain."""
    shares: dict[Use, Figures] = {}
    doubtful: defaultdict[str, set[str]] = defaultdict(set)
    models = _by_key(activity.models)
    for key, given in _by_key(activity.providers).items():
        wanted = models.get(key, {})
        guess = {Use(key, model, _provider(model, given)): figures for model, figures in wanted.items()}
        if _fits(guess, given):
            shares |= guess
        else:
            for model in wanted:
                doubtful[model].add(key)
    for model, keys in sorted(doubtful.items()):
        for (provider, key), figures in ask(model).providers.items():
            if key in keys and figures.matters:
                shares[Use(key, model, provider)] = figures
    return shares | _without_model(activity, shares)


def _by_key(cut: Mapping[tuple[str, str], Figures]) -> dict[str, dict[str, Figures]]:
    """What matters of a cut, by key and then by what it is cut by."""
    found: defaultdict[str, dict[str, Figures]] = defaultdict(dict)
    for (name, key), figures in cut.items():
        if figures.matters:
            found[key][name] = figures
    return found


def _provider(model: str, given: Collection[str]) -> str:
    """The provider whose prefix the model bears, else the only one; "" where that does not tell."""
    named = [name for name in given if model.startswith(f"{name}/")]
    if named:
        return max(named, key=len)
    return next(iter(given)) if len(given) == 1 else ""


def _fits(guess: Shares, given: Mapping[str, Figures]) -> bool:
    """Whether no provider is given more than LiteLLM says that the key bought there."""
    sums: defaultdict[str, Figures] = defaultdict(Figures)
    for use, figures in guess.items():
        sums[use.provider] += figures
    return all(given.get(provider, NOTHING).holds(figures) for provider, figures in sums.items())


def _without_model(activity: Activity, shares: Shares) -> dict[Use, Figures]:
    """What a key bought at a provider beyond all its models."""
    rest = dict(activity.providers)
    for use, figures in shares.items():
        place = (use.provider, use.key)
        rest[place] = rest.get(place, NOTHING).less(figures)
    return {
        Use(key, NO_MODEL, provider): figures
        for (provider, key), figures in rest.items()
        if figures.matters and to_nanos(figures.spend) >= 0
    }


def by_team(
    shares: Shares, entities: Mapping[tuple[str, str], Figures], ask: Callable[[str], Shares]
) -> dict[tuple[str, Use], Figures]:
    """The day's shares by the team that was charged when the calls were made, "" for none.

    `ask` reads the shares of one team: only where a key worked for several on the day, or for one and for none.
    """
    homes = _by_key({("" if team == _NO_TEAM else team, key): figures for (team, key), figures in entities.items()})
    totals: defaultdict[str, Figures] = defaultdict(Figures)
    for use, figures in shares.items():
        totals[use.key] += figures
    asked: dict[str, Shares] = {}
    told: defaultdict[tuple[str, Use], Figures] = defaultdict(Figures)
    for use, figures in shares.items():
        teams = homes.get(use.key, {})
        only = next(iter(teams)) if len(teams) == 1 else ""
        if not teams or (len(teams) == 1 and teams[only].holds(totals[use.key])):
            told[only, use] += figures
            continue
        rest = figures
        for team in sorted(filter(None, teams)):
            if team not in asked:
                asked[team] = ask(team)
            part = asked[team].get(use, NOTHING).within(rest)
            told[team, use] += part
            rest = rest.less(part)
        told["", use] += rest
    return {place: figures for place, figures in told.items() if figures.matters}


def records(day: date, shares: Mapping[tuple[str, Use], Figures]) -> Iterator[CostRecord]:
    """One record per team, key, model and upstream. A model may be stored with and without its provider's prefix."""
    sums: defaultdict[tuple[str, str, str, str], Figures] = defaultdict(Figures)
    for (team, use), figures in shares.items():
        model = use.model.removeprefix(f"{use.provider}/") or use.model or NO_MODEL
        sums[team, use.key, model, UPSTREAMS.get(use.provider, use.provider) or UNKNOWN] += figures
    for (team, key, model, upstream), figures in sums.items():
        yield CostRecord(
            day=day,
            workspace_id=team,
            api_key_id=key,
            model=model,
            upstream=upstream,
            billed_cost=figures.spend,
            cost_basis="priced",
            input_tokens=figures.prompt,
            cached_input_tokens=figures.cache_read,
            cache_write_tokens=figures.cache_write,
            output_tokens=figures.completion,
            requests=figures.succeeded,
        )
