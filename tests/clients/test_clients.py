"""Applications metered by packages of others report to the real server, which counts what the model APIs answered."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from store.records import to_micros, to_nanos
from tests.clients.model_api import CHAT_USAGE, CLAUDE_USAGE, answer
from tests.clients.server import KEY, Server, run, serving, way_to
from tests.connectors.local_server import provider

pytestmark = pytest.mark.clients

CLAUDE_INPUT = sum(
    int(str(CLAUDE_USAGE[name])) for name in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
)
SONNET, MINI = "claude-sonnet-4-5-20250929", "gpt-4o-mini-2024-07-18"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "data") as running:
        yield running


@pytest.fixture(scope="module")
def models() -> Iterator[str]:
    with provider(answer) as url:
        yield url


def counted(server: Server) -> list[dict[str, Any]]:
    """The rows, without what is None, 0 or "" in them and without day and grain, which tell nothing more."""
    return [
        {name: value for name, value in row.items() if value and name not in {"day", "grain"}} for row in server.costs()
    ]


def row(model: str, cost: str | None, events: int = 1, **more: Any) -> dict[str, Any]:
    """A row as `counted` gives it; `cost` is in US dollars at public prices, None where there is none."""
    if cost is None:
        priced = {} if more.get("failed_events") else {"unpriced_events": events}
    else:
        priced = dict.fromkeys(("cost", "priced_cost"), to_nanos(Decimal(cost)))
    return {"model": model, "events": events, **priced, **more}


def by_sdk(provider_slug: str, operation: str = "completion", **more: Any) -> dict[str, Any]:
    return {
        "source": "revenium",
        "provider": provider_slug,
        "operation": operation,
        "api_key": "desk-production",
    } | more


def by_traces(provider_slug: str, **more: Any) -> dict[str, Any]:
    return {
        "source": "opentelemetry",
        "provider": provider_slug,
        "operation": "completion",
        "application": "desk",
    } | more


CHAT = {
    "input_tokens": CHAT_USAGE["prompt_tokens"],
    "cached_input_tokens": 1024,
    "output_tokens": CHAT_USAGE["completion_tokens"],
}
TWO_MESSAGES = {
    "input_tokens": 2 * CLAUDE_INPUT,
    "cached_input_tokens": 2 * int(str(CLAUDE_USAGE["cache_read_input_tokens"])),
    "cache_write_tokens": 2 * int(str(CLAUDE_USAGE["cache_creation_input_tokens"])),
    "output_tokens": 2 * int(str(CLAUDE_USAGE["output_tokens"])),
}


def test_openai_metered_by_the_revenium_sdk(server: Server, models: str) -> None:
    run("app_openai", models, server.url)
    seconds, characters = {"usage_unit": "seconds"}, {"usage_unit": "characters"}
    cached = {"input_tokens": 900, "cached_input_tokens": 512, "cache_write_tokens": 128, "output_tokens": 80}
    said = to_micros(Decimal(len("a secret question")))
    assert counted(server) == [
        row(MINI, "0.0002832", **by_sdk("openai"), **CHAT),
        row(MINI, "0.0002832", **by_sdk("openai", workspace="Quillmark", application="Desk"), **CHAT),
        row("gpt-4o-refused", None, failed_events=1, **by_sdk("openai")),
        row("gpt-4o-transcribe", "0.00172", **by_sdk("openai", "audio"), input_tokens=214, output_tokens=45),
        row("gpt-5.6-sol", "0.0034848", **by_sdk("openai"), **cached),
        row("text-embedding-3-small", "0.00000036", **by_sdk("openai"), input_tokens=18),
        row("tts-1", "0.000255", **by_sdk("openai", "audio"), **characters, usage_quantity=said),
        row("whisper-1", "0.0042", **by_sdk("openai", "audio"), **seconds, usage_quantity=to_micros(Decimal(42))),
    ]
    assert not server.holds("a secret")


def test_anthropic_metered_by_the_revenium_sdk(server: Server, models: str) -> None:
    run("app_anthropic", models, server.url)
    assert counted(server) == [row(SONNET, "0.01365", 2, **by_sdk("anthropic"), **TWO_MESSAGES)]
    assert not server.holds("a secret")


def test_fal_metered_by_the_revenium_sdk_in_images_and_seconds(server: Server, models: str) -> None:
    run("app_fal", models, server.url)
    assert counted(server) == [
        row("fal-ai/f5-tts", None, **by_sdk("fal", "audio"), usage_unit="seconds", usage_quantity=3_250_000),
        row("fal-ai/flux/dev", None, **by_sdk("fal", "image"), usage_unit="images", usage_quantity=2_000_000),
        row("fal-ai/minimax/video-01", None, **by_sdk("fal", "video"), usage_unit="seconds", usage_quantity=5_500_000),
    ]


def test_openai_and_anthropic_traced_by_opentelemetry(server: Server, models: str) -> None:
    run("app_telemetry", models, server.url)
    two_chats = {name: 2 * number for name, number in CHAT.items()}
    cached = {"input_tokens": 900, "cached_input_tokens": 512, "output_tokens": 80}
    assert counted(server) == [
        row(SONNET, "0.01365", 2, **by_traces("anthropic"), **TWO_MESSAGES),
        row(MINI, "0.0005664", 2, **by_traces("openai"), **two_chats),
        row("gpt-4o-refused", None, failed_events=1, **by_traces("openai")),
        row("gpt-5.6-sol", "0.0033568", **by_traces("openai"), **cached),
        row("text-embedding-3-small", "0.00000036", **by_traces("openai"), input_tokens=18),
    ]
    assert not server.holds("a secret")


@pytest.mark.parametrize("application", ["app_anthropic", "app_telemetry"])
def test_what_is_sent_again_because_an_answer_was_lost_is_counted_once(
    server: Server, models: str, application: str
) -> None:
    with way_to(server, lost=1) as (url, way):
        run(application, models, url)
    [sonnet] = [found for found in counted(server) if found["model"] == SONNET]
    assert {name: sonnet[name] for name in TWO_MESSAGES} == TWO_MESSAGES
    assert sonnet["events"] == 2
    bodies = [request.body for request in way.passed]
    assert bodies.count(bodies[0]) == 2
    assert set(way.statuses) == {200 if application == "app_telemetry" else 201}


def test_a_bearer_token_is_as_good_as_the_header_of_the_sdk(server: Server, models: str) -> None:
    run("app_telemetry", models, server.url, {"OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{KEY}"})
    assert sum(found["events"] for found in counted(server)) == 7
