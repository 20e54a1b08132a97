"""A key of the wrong kind is refused when it is linked, in a sentence that helps, and leaves no account behind."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from connectors import CONNECTORS
from connectors.errors import ConnectorError
from demo import anthropic_api, bedrock_api, fal_api, litellm_api, openrouter_api, runway_api
from demo.simulator import Simulator
from demo.vertex_key import IDLER, STRANGER, key_file
from demo.world import World
from linking import link_account
from store import accounts
from store.db import Store
from tests.sync.conftest import TODAY, Clock

KINDS = {
    "an Anthropic key": (anthropic_api.INFERENCE_KEY, "sk-ant-"),
    "an OpenAI key": ("sk-proj-" + "a1B2" * 12, "OpenAI"),
    "an OpenRouter key": (openrouter_api.STANDARD_KEY, "OpenRouter"),
    "an AWS key": (bedrock_api.ACCESS_KEY_ID, "AKIA"),
    "a Bedrock key": ("ABSK" + "QmVkcm9j" * 6, "Bedrock API key"),
    "a Google key": ("AIza" + "SyA1b2C3" * 4, "AIza"),
    "a Runway key": (runway_api.API_KEY, "Runway"),
    "a JSON document": ('{"type": "service_account", "private_key": "x"}', "JSON"),
}
"""Kinds of keys, and the word in the sentence that names each; a provider is given all that are not its own."""


def aws(key_id: str, secret: str) -> dict[str, str]:
    return {"accessKeyId": key_id, "secretAccessKey": secret}


def proxy(key: str) -> dict[str, str]:
    return {"apiKey": key, "baseUrl": litellm_api.BASE_URL}


def given(provider: str, key: str) -> dict[str, str]:
    match provider:
        case "bedrock":
            return aws(key, bedrock_api.SECRET_ACCESS_KEY)
        case "vertex":
            return {"serviceAccount": key}
        case "litellm":
            return proxy(key)
    return {"apiKey": key}


OWN = {
    "anthropic": "",
    "bedrock": "an AWS key",
    "vertex": "a JSON document",
    "fal": "",
    "runway": "a Runway key",
    "openrouter": "an OpenRouter key",
    "litellm": "",
}
BY_SHAPE = [(provider, kind) for provider, own in OWN.items() for kind in KINDS if kind != own]
BY_PROVIDER: list[tuple[str, Mapping[str, Any], str, str]] = [
    (
        "anthropic",
        {"apiKey": anthropic_api.UNSCOPED_KEY},
        "credential_lacks_billing",
        "This Anthropic key may not read costs: it lacks the scope read:analytics.",
    ),
    (
        "anthropic",
        {"apiKey": "sk-ant-admin01-nobody-has-this-key-AA"},
        "credential_rejected",
        "Anthropic does not accept this key: it is invalid, revoked or expired, or no Admin API key.",
    ),
    (
        "bedrock",
        aws(bedrock_api.UNPRIVILEGED_KEY_ID, bedrock_api.SECRET_ACCESS_KEY),
        "credential_lacks_billing",
        "AWS does not let this key read costs (ce:GetDimensionValues is denied).",
    ),
    (
        "bedrock",
        aws(bedrock_api.ACCESS_KEY_ID, bedrock_api.SECRET_ACCESS_KEY[::-1]),
        "credential_rejected",
        "The secret access key does not belong to this access key ID.",
    ),
    (
        "bedrock",
        aws("AKIADEMONOBODYHASTHS", bedrock_api.SECRET_ACCESS_KEY),
        "credential_rejected",
        "AWS does not know this access key ID: it is mistyped, deleted or inactive.",
    ),
    (
        "vertex",
        key_file(STRANGER),
        "credential_lacks_billing",
        "No billing export is visible to this service account in project",
    ),
    (
        "vertex",
        {"serviceAccount": key_file(IDLER), "exportTable": "billing"},
        "credential_lacks_billing",
        "Wrong key type: this service account may not read the billing export",
    ),
    (
        "vertex",
        key_file("gone@acme-finops.iam.gserviceaccount.com"),
        "credential_rejected",
        "Google does not know this service account.",
    ),
    *(
        (
            "fal",
            {"apiKey": key},
            "credential_lacks_billing",
            "Wrong key type: fal shows costs only to a key of scope ADMIN.",
        )
        for key in (fal_api.API_KEY, fal_api.FORBIDDEN_KEY, fal_api.MISTAKEN_KEY)
    ),
    ("fal", {"apiKey": "nobody-has:this-key-of-fal"}, "credential_rejected", "fal does not accept the key"),
    (
        "runway",
        {"apiKey": runway_api.DISABLED_KEY},
        "credential_rejected",
        "Runway does not know this key: it is mistyped or disabled.",
    ),
    (
        "openrouter",
        {"apiKey": openrouter_api.STANDARD_KEY, "provisioningKey": openrouter_api.STANDARD_KEY},
        "credential_lacks_billing",
        "Wrong key type: OpenRouter shows models, keys and workspaces only to a management key.",
    ),
    (
        "openrouter",
        {"apiKey": openrouter_api.REVOKED_KEY},
        "credential_rejected",
        "OpenRouter does not know this key: it is invalid, disabled, expired or deleted.",
    ),
    *(
        (
            "litellm",
            proxy(key),
            "credential_lacks_billing",
            "Wrong key type: LiteLLM shows everybody's spend only to an admin's or a view-only admin's key.",
        )
        for key in (litellm_api.MEMBER_KEY, litellm_api.SERVICE_KEY)
    ),
    *(
        (
            "litellm",
            proxy(key),
            "credential_rejected",
            "The LiteLLM proxy does not know this key: it is mistyped, deleted, expired or blocked.",
        )
        for key in (litellm_api.EXPIRED_KEY, litellm_api.BLOCKED_KEY, "sk-NobodyHasThisKey7Rf2Xk")
    ),
]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with pytest.MonkeyPatch.context() as patch, Simulator(World(7, TODAY, history_days=8), clock=Clock()) as running:
        for slug in OWN:
            patch.setenv(f"SPENDGLASS_ENDPOINT_{slug.upper()}", running.endpoint(slug))
        yield running


def refused(store: Store, provider: str, raw: Mapping[str, Any]) -> ConnectorError:
    """What the user is told, and that it tells no secret."""
    with pytest.raises(ConnectorError) as caught:
        link_account(store, provider, raw, name=None, now=Clock()())
    error = caught.value
    assert accounts.accounts(store) == []
    told = f"{error.message} {error.likely_cause} {error.resolution}"
    assert not [value for value in raw.values() if len(str(value)) > 12 and str(value) in told.replace(" ", "")]
    assert error.likely_cause
    assert error.resolution
    return error


@pytest.mark.parametrize(("provider", "kind"), BY_SHAPE)
def test_a_key_of_another_kind_is_named_by_its_shape_and_sent_nowhere(
    provider: str, kind: str, sqlite_store: Store, simulator: Simulator
) -> None:
    asked = len(simulator.requests)
    key, word = KINDS[kind]
    error = refused(sqlite_store, provider, given(provider, key))
    assert error.kind == "credential_rejected"
    assert word in error.message.removeprefix(f"{CONNECTORS[provider].name}: ")
    assert len(simulator.requests) == asked


@pytest.mark.parametrize(("provider", "raw", "kind", "sentence"), BY_PROVIDER)
def test_a_key_that_the_provider_refuses_is_told_by_its_next_step(
    provider: str, raw: Mapping[str, Any], kind: str, sentence: str, sqlite_store: Store, simulator: Simulator
) -> None:
    error = refused(sqlite_store, provider, raw)
    assert error.kind == kind
    assert error.message.startswith(sentence)
