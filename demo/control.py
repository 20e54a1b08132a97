"""The simulator's back door for tests in other processes: order faults, restate the past, ask for the truth.

POST   /_control/faults    a fault (see `demo.faults`) or a list of them; DELETE clears them
POST   /_control/restate   {"fraction": 0.1, "seed": 3}
GET    /_control/world     ?provider=openai&start=2026-11-01&end=2026-11-08, end excluded; both may be left out
GET    /_control/requests  what was asked so far
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import TypeAdapter

from demo.faults import Fault
from demo.stage import Stage
from demo.wire import Answer

CONTROL_PREFIX = "/_control/"
FAULTS = TypeAdapter(list[Fault])


def controlled(stage: Stage, method: str, target: str, body: bytes) -> Answer:
    """Does what the control request asks; 400 with a sentence where it can not."""
    parts = urlsplit(target)
    act = ACTS.get((method, parts.path.removeprefix(CONTROL_PREFIX)))
    if act is None:
        return Answer.of_json(404, {"error": "No such control."})
    try:
        return Answer.of_json(200, act(stage, dict(parse_qsl(parts.query)), body))
    except (ValueError, KeyError, TypeError) as error:
        return Answer.of_json(400, {"error": f"{type(error).__name__}: {error}"})


def _order(stage: Stage, _query: dict[str, str], body: bytes) -> Any:
    wish = json.loads(body)
    faults = FAULTS.validate_python(wish if isinstance(wish, list) else [wish])
    for fault in faults:
        stage.faults.add(fault)
    return {"ordered": len(faults)}


def _cancel(stage: Stage, _query: dict[str, str], _body: bytes) -> Any:
    stage.faults.clear()
    return {}


def _restate(stage: Stage, _query: dict[str, str], body: bytes) -> Any:
    wish = json.loads(body)
    stage.restate(float(wish["fraction"]), int(wish["seed"]))
    return {}


def _requests(stage: Stage, _query: dict[str, str], _body: bytes) -> Any:
    return list(stage.requests)


def _truth(stage: Stage, query: dict[str, str], _body: bytes) -> Any:
    world, now = stage.world, stage.clock()
    provider = query.get("provider", "openai")
    start = date.fromisoformat(query["start"]) if "start" in query else world.first_day
    end = date.fromisoformat(query["end"]) if "end" in query else now.date() + timedelta(days=1)
    totals = world.totals(provider, start, end, now)
    rows = [
        {
            "day": day.isoformat(),
            "workspace_id": workspace_id,
            "api_key_id": api_key_id,
            "model": model,
            "nanos": total.nanos,
            "credits": total.credits,
            "input_tokens": total.input_tokens,
            "cached_input_tokens": total.cached_input_tokens,
            "cache_write_tokens": total.cache_write_tokens,
            "output_tokens": total.output_tokens,
            "requests": total.requests,
            "quantities": dict(total.quantities),
        }
        for (day, workspace_id, api_key_id, model), total in sorted(totals.items())
    ]
    days = {day.isoformat(): nanos for day, nanos in world.day_totals(provider, start, end, now).items()}
    return {"provider": provider, "now": now.isoformat(), "rows": rows, "days": days}


ACTS: Mapping[tuple[str, str], Callable[[Stage, dict[str, str], bytes], Any]] = {
    ("POST", "faults"): _order,
    ("DELETE", "faults"): _cancel,
    ("POST", "restate"): _restate,
    ("GET", "world"): _truth,
    ("GET", "requests"): _requests,
}
