"""The made-up company's applications, counting their calls at the dashboard as the Revenium SDK would.

    python -m demo.clients ADDRESS        with the metering key in SPENDGLASS_METERING_KEYS

Some keys are metered, some are not, one client counts too dear: so that the demo's coverage has something to tell. A
day's calls of one key and model are told in one event. Told twice they count once, as the ids are the same.
"""

import argparse
import http.client
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from demo.cells import Grain, Totals
from demo.world import World

PROVIDERS = ("openai", "anthropic", "bedrock", "vertex")
DAYS = 40
"""Back from yesterday; metering takes no older ones than 45."""
UNMETERED_TENTHS = 3
"""Of the keys, or workspaces where a bill names no keys, so many tenths meter nothing."""
TOO_DEAR = Decimal("1.15")
ROUTE = "/meter/v2/ai/completions"
PATIENCE_SECONDS = 90


def events(world: World, now: datetime) -> Iterator[dict[str, Any]]:
    """The bodies that the company's clients send about finished days, oldest first."""
    end = now.date()
    for provider in PROVIDERS:
        names = {space.workspace_id: space.name for space in world.story(provider).workspaces}
        keys = {key.api_key_id: key.name for key in world.story(provider).keys}
        for grain, total in world.totals(provider, end - timedelta(days=DAYS), end, now).items():
            if total.nanos > 0 and total.input_tokens and _draw(provider, grain[2] or grain[1]) >= UNMETERED_TENTHS:
                yield _event(provider, grain, total) | {
                    "credentialAlias": keys.get(grain[2]) or None,
                    "organizationName": names.get(grain[1]) or None,
                }


def _event(provider: str, grain: Grain, total: Totals) -> dict[str, Any]:
    day, workspace_id, key_id, model = grain
    is_dear = _draw(provider, f"price of {model}") == 0
    cost = Decimal(total.nanos).scaleb(-9) * (TOO_DEAR if is_dear else 1)
    at = _noon(day)
    return {
        "transactionId": sha256(f"{provider} {day} {workspace_id} {key_id} {model}".encode()).hexdigest()[:32],
        "model": model, "provider": provider.upper(), "operationType": "CHAT", "stopReason": "END", "costType": "AI",
        "requestTime": at, "responseTime": at, "completionStartTime": at, "requestDuration": 1, "isStreamed": False,
        "inputTokenCount": total.input_tokens - (total.cached_input_tokens if "claude" in model else 0)
        - total.cache_write_tokens,
        "outputTokenCount": total.output_tokens, "cacheReadTokenCount": total.cached_input_tokens,
        "cacheCreationTokenCount": total.cache_write_tokens, "reasoningTokenCount": 0,
        "totalTokenCount": total.input_tokens + total.output_tokens, "totalCost": float(cost),
    }  # fmt: skip


def _noon(day: date) -> str:
    return f"{day.isoformat()}T12:00:00Z"


def _draw(provider: str, name: str) -> int:
    """A digit that stays the same for the name."""
    return sha256(f"{provider} {name}".encode()).digest()[0] % 10


def send(address: str, key: str, bodies: Iterator[dict[str, Any]]) -> int:
    """Post the bodies one after another, again where the server asks for time; how many it took.

    Raises `OSError` when the server stays away.
    """
    host = urlsplit(address).netloc
    headers = {"x-api-key": key, "content-type": "application/json"}
    deadline = time.monotonic() + PATIENCE_SECONDS
    connection = http.client.HTTPConnection(host, timeout=30)
    taken = 0
    for body in bodies:
        while True:
            try:
                connection.request("POST", ROUTE, json.dumps(body), headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as fault:
                connection.close()
                if time.monotonic() > deadline:
                    raise OSError(f"The dashboard does not answer: {fault}") from fault
                time.sleep(0.5)
                continue
            if answer.status not in {http.client.TOO_MANY_REQUESTS, http.client.SERVICE_UNAVAILABLE}:
                taken += answer.status == http.client.CREATED
                break
            time.sleep(0.5)
    return taken


def main(arguments: list[str] | None = None) -> None:
    """Sends everything once, then ends."""
    parser = argparse.ArgumentParser(prog="python -m demo.clients", description="The demo's metering clients.")
    parser.add_argument("address", help="of the dashboard, as http://127.0.0.1:8501")
    options = parser.parse_args(arguments)
    now = datetime.now(UTC)
    world = World(1, now.date(), history_days=DAYS + 1)
    send(options.address, os.environ["SPENDGLASS_METERING_KEYS"], events(world, now))


if __name__ == "__main__":
    main()
