"""Tells LiteLLM's figures apart by (team, key, model, provider).

A module of its own, since an answer is cut by model and by provider, each by key, but not by both at once, and names
only the team that a key belongs to now:

    models by key ────┐
    providers by key ─┴─ by_provider ─┐
    /team/daily/activity ─────────────┴─ by_team ─→ records
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from connectors.litellm_activity import NOTHING, Activity, Figures
from store.records import CostRecord

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
    models, loose = _by_key(activity.models), _without_model(activity)
    for key, given in _by_key(activity.providers).items():
        wanted = models.get(key, {})
        guess = {Use(key, model, _provider(model, given)): figures for model, figures in wanted.items()}
        if _fits(guess, given, spare=1 if key in loose else 0):
            shares |= guess
        else:
            for model in wanted:
                doubtful[model].add(key)
    for model, keys in sorted(doubtful.items()):
        for (provider, key), figures in ask(model).providers.items():
            if key in keys and figures.matters:
                shares[Use(key, model, provider)] = figures
    return shares | _at_providers(activity, shares, loose)


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


def _fits(guess: Shares, given: Mapping[str, Figures], spare: int) -> bool:
    """Whether each provider is given what LiteLLM says that the key bought there, save `spare` of them.

    A key's calls without a model are what one provider has beyond all models; if two have, the guess may be wrong.
    """
    sums: defaultdict[str, Figures] = defaultdict(Figures)
    for use, figures in guess.items():
        sums[use.provider] += figures
    return sums.keys() <= given.keys() and sum(not given[name].equals(sums[name]) for name in given) <= spare


def _without_model(activity: Activity) -> dict[str, Figures]:
    """What each key bought beyond all its models; both are of one reading, so that nothing grew between them."""
    rest: defaultdict[str, Figures] = defaultdict(Figures)
    for (_, key), figures in activity.providers.items():
        rest[key] += figures
    for (_, key), figures in activity.models.items():
        rest[key] = rest[key].less(figures)
    return {key: figures for key, figures in rest.items() if figures.matters}


def _at_providers(activity: Activity, shares: Shares, loose: Mapping[str, Figures]) -> dict[Use, Figures]:
    """What was bought without a model, at the providers that have more than all models bought there.

    Most often that is one. Of several, the last has what the others leave: in sum it is always `loose`.
    """
    beyond: defaultdict[str, dict[str, Figures]] = defaultdict(dict)
    for (provider, key), figures in activity.providers.items():
        beyond[key][provider] = figures
    for use, figures in shares.items():
        beyond[use.key][use.provider] = beyond[use.key].get(use.provider, NOTHING).less(figures)
    found: dict[Use, Figures] = {}
    for key, whole in loose.items():
        rests = {name: rest for name, rest in sorted(beyond[key].items()) if rest.matters} or beyond[key]
        *others, last = rests
        left = whole
        for name in others:
            part = replace(rests[name].within(left), spend=rests[name].spend)
            found[Use(key, NO_MODEL, name)] = part
            left = left.less(part)
        found[Use(key, NO_MODEL, last)] = left
    return {use: figures for use, figures in found.items() if figures.matters}


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
            part = _part(asked[team].get(use, NOTHING), rest)
            told[team, use] += part
            rest = rest.less(part)
        told["", use] += rest
    return {place: figures for place, figures in told.items() if figures.matters}


def _part(asked: Figures, rest: Figures) -> Figures:
    """A team's part of what is left. Only where its calls are more than that has it grown meanwhile, and is cut.

    A smaller rest of money alone is a correction elsewhere: that of calls without a team may be negative.
    """
    return asked if rest.counts(asked) else asked.within(rest)


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
