"""Runway's organization interface as its published specification has it: the credit balance, and credits used by day.

Refusals bear the words seen in reports. https://github.com/runwayml/openapi
"""

import json
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from demo.runway_spend import CREDIT, RunwayStory
from demo.wire import Answer, Provider, Request

API_KEY = "key_" + "9f3c" * 32
OTHER_KEY = "key_" + "61d8" * 32
"""Another key of the same organization."""
KEY_ID = "5a1e9c3e-0d51-4c7e-9b86-2f1d7c400001"
DISABLED_KEY = "key_" + "0b17" * 32
VERSION = "2024-11-06"
LONGEST_RANGE = 90
USUAL_RANGE = 30
HELP = "https://docs.dev.runwayml.com/api"
JSON = dict[str, Any]


class _Refused(Exception):
    def __init__(self, status: int, error: str, issues: list[JSON] | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.content: JSON = {"error": error, "docUrl": HELP} | ({"issues": issues} if issues else {})


def answer(request: Request) -> Answer:
    try:
        return Answer.of_json(200, _read(request))
    except _Refused as refused:
        return Answer.of_json(refused.status, refused.content)


def _read(request: Request) -> JSON:
    _authorize(request)
    if request.path == "/v1/organization":
        _only(request, "GET")
        return _organization(request)
    if request.path == "/v1/organization/usage":
        _only(request, "POST")
        return _usage(request)
    raise _Refused(404, "Could not find resource")


def _only(request: Request, method: str) -> None:
    if request.method != method:
        raise _Refused(405, f"Method {request.method} is not allowed")
    if request.query:
        name = request.query[0][0]
        raise _Refused(400, "Validation of query failed", [_issue(name, "Unrecognized key")])


def _issue(name: str, message: str) -> JSON:
    return {"code": "custom", "message": message, "path": [name]}


def _authorize(request: Request) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if not key:
        raise _Refused(401, "No API key was provided. Provide it in the Authorization header.")
    if scheme != "Bearer" or key not in {API_KEY, OTHER_KEY}:
        raise _Refused(401, "Invalid API key")
    if request.headers.get("x-runway-version") != VERSION:
        raise _Refused(400, "The version in the X-Runway-Version header is not valid")


def _organization(request: Request) -> JSON:
    models = {cell.model for cell in _cells(request, request.now.date(), request.now.date() + timedelta(days=1))}
    limits = {"maxConcurrentGenerations": 2, "maxDailyGenerations": 200}
    return {
        "tier": {"maxMonthlyCreditSpend": 1_000_000, "models": dict.fromkeys(sorted(models), limits)},
        "creditBalance": 48_211,
        "usage": {"models": {model: {"dailyGenerations": 7} for model in sorted(models)}},
    }


def _usage(request: Request) -> JSON:
    story = request.world.story("runway")
    assert isinstance(story, RunwayStory)
    start, before = _range(request)
    if story.longest_memory and start <= request.now.date() - timedelta(days=story.longest_memory):
        raise _Refused(400, "Validation of body failed", [_issue("startDate", "Too far in the past")])
    credits_used: defaultdict[date, list[JSON]] = defaultdict(list)
    for cell in _cells(request, start, before):
        if cell.nanos:
            credits_used[cell.day].append({"model": cell.model, "amount": cell.nanos // CREDIT})
    days = [start + timedelta(days=offset) for offset in range((before - start).days)]
    listed = [day for day in days if credits_used[day] or day.day % 2]  # of the days without use, some are left out
    return {
        "results": [entry for day in listed for entry in _entries(day, credits_used[day], story)],
        "models": sorted({used["model"] for used_on in credits_used.values() for used in used_on}),
        "apiKeys": [KEY_ID] if story.tells_keys else [],
        "resultsByApiKey": [_by_key(day, credits_used[day]) for day in listed] if story.tells_keys else [],
    }


def _entries(day: date, used: list[JSON], story: RunwayStory) -> list[JSON]:
    parts = [used[::2], used[1::2]] if story.splits_days else [used]
    return [{"date": day.isoformat(), "usedCredits": part} for part in parts]


def _by_key(day: date, used: list[JSON]) -> JSON:
    total = sum(entry["amount"] for entry in used)
    return {"date": day.isoformat(), "usedCredits": [{"apiKeyId": KEY_ID, "amount": total}]}


def _cells(request: Request, start: date, before: date) -> Any:
    return request.world.cells("runway", start, before, request.now)


def _range(request: Request) -> tuple[date, date]:
    try:
        asked = json.loads(request.body or b"{}")
        unknown = sorted(asked.keys() - {"startDate", "beforeDate"})
        if unknown:
            raise _Refused(400, "Validation of body failed", [_issue(unknown[0], "Unrecognized key")])
        usual = request.now.date() - timedelta(days=USUAL_RANGE)
        start = date.fromisoformat(asked["startDate"]) if "startDate" in asked else usual
        before = start + timedelta(days=USUAL_RANGE)
        if "beforeDate" in asked:
            before = date.fromisoformat(asked["beforeDate"])
    except (ValueError, TypeError, AttributeError):
        raise _Refused(400, "Validation of body failed", [_issue("startDate", "Invalid date")]) from None
    if not start < before <= start + timedelta(days=LONGEST_RANGE):
        issue = _issue("beforeDate", "Must be after startDate and at most 90 days after it")
        raise _Refused(400, "Validation of body failed", [issue])
    return start, before


RUNWAY_API = Provider("runway", "/runway", answer)
