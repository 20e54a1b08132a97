"""The wire format of the Revenium SDK, read in the types and middlewares of `revenium-python-sdk` 0.12.0.

One JSON object per call, `POST /meter/v2/ai/{completions,images,video,audio}`. What we keep of it is below by name;
prompts and answers (`systemPrompt`, `inputMessages`, `outputResponse`), the value of a credential and all other members
are not read.

`inputTokenCount` is not one thing. Its middlewares send Claude's input without cached tokens, whoever serves it. Of
all other models it contains tokens read from a cache, but not those written to it, which OpenAI bills apart; of Amazon
Nova, which it knows through LiteLLM alone, it contains both (`_core/cache_tokens.py` of the package).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from metering.bodies import json_object
from metering.fields import all_input, amount, count, event, identity, key_name, moment, quantity, required, text
from metering.prices import priced
from metering.providers import slug_of
from store.events import MeteredEvent, Operation

_WIRE_NAMES = {
    "input_tokens": "inputTokenCount",
    "cached_input_tokens": "cacheReadTokenCount",
    "cache_write_tokens": "cacheCreationTokenCount",
    "output_tokens": "outputTokenCount",
    "usage_quantity": "durationSeconds",
    "cost": "totalCost",
}
_COST_PARTS = ("inputTokenCost", "outputTokenCost", "cacheReadTokenCost", "cacheCreationTokenCost")
_FAL_PREFIX = "fal_ai/"

Body = Mapping[str, Any]


def event_of(operation: Operation, body: bytes) -> MeteredEvent:
    """The event that a body tells of, at public prices where it brings no cost; raises `MalformedEvent`."""
    said = json_object(body)
    use = _USE[operation](said)
    made = event(
        _WIRE_NAMES,
        source="revenium",
        event_id=required(identity, said.get("transactionId"), "transactionId"),
        occurred_at=moment(said.get("requestTime"), "requestTime"),
        operation=operation,
        **_names(said),
        **use,
        cost=_own_cost(said),
    )
    failed = _says_error(said) and not any(use[name] for name in use if name != "usage_unit")
    if failed:
        return made.model_copy(update={"is_failed": True, "cost": None})
    return priced(made, _parts(said), _terms(said))


def _names(said: Body) -> dict[str, str]:
    """Who bills (`modelHost` where a gateway between is named as provider), for what, and to whose account."""
    provider = required(text, said.get("provider"), "provider")
    subscriber = said.get("subscriber")
    credential = subscriber.get("credential") if isinstance(subscriber, dict) else None
    alias = credential.get("name") if isinstance(credential, dict) else None
    return {
        "provider": slug_of(text(said.get("modelHost"), "modelHost") or provider),
        "model": required(text, said.get("model"), "model").removeprefix(_FAL_PREFIX),
        "api_key": key_name(alias, "subscriber.credential.name") or _either(said, "credentialAlias", key_name),
        "workspace": _either(said, "organizationName") or _either(said, "organizationId"),
        "application": _either(said, "productName") or _either(said, "productId"),
    }


def _either(said: Body, name: str, read: Any = text) -> str:
    found: str = read(said.get(name), name)
    return found


def _says_error(said: Body) -> bool:
    """Whether the call failed. A filtered answer says ERROR too, but its tokens are used and billed."""
    return said.get("stopReason") == "ERROR" or bool(said.get("errorReason") or said.get("errorCode"))


def _completion(said: Body) -> dict[str, Any]:
    required(count, said.get("inputTokenCount"), "inputTokenCount")
    required(count, said.get("outputTokenCount"), "outputTokenCount")
    return _tokens(said)


def _image(said: Body) -> dict[str, Any]:
    return {"usage_quantity": required(count, said.get("actualImageCount"), "actualImageCount"), "usage_unit": "images"}


def _video(said: Body) -> dict[str, Any]:
    """In credits where the provider counts those, else in seconds."""
    seconds = required(quantity, said.get("durationSeconds"), "durationSeconds")
    credits_used = quantity(said.get("creditsConsumed"), "creditsConsumed")
    if credits_used is None:
        return {"usage_quantity": seconds, "usage_unit": "seconds"}
    return {"usage_quantity": credits_used, "usage_unit": "credits"}


def _audio(said: Body) -> dict[str, Any]:
    seconds = quantity(said.get("durationSeconds"), "durationSeconds")
    characters = count(said.get("characterCount"), "characterCount")
    tokens = _tokens(said)
    if characters is not None and (seconds is None or said.get("billingUnit") == "PER_CHARACTER"):
        return tokens | {"usage_quantity": characters, "usage_unit": "characters"}
    return tokens | ({} if seconds is None else {"usage_quantity": seconds, "usage_unit": "seconds"})


def _tokens(said: Body) -> dict[str, Any]:
    found = {ours: count(said.get(wire), wire) for ours, wire in _WIRE_NAMES.items() if ours.endswith("_tokens")}
    read, written = found["cached_input_tokens"] or 0, found["cache_write_tokens"] or 0
    left_out = _left_out(str(said.get("model")).lower(), str(said.get("modelSource")).lower(), read, written)
    found["input_tokens"] = all_input(found["input_tokens"], read, written, without=left_out)
    return found


def _left_out(model: str, maker: str, read: int, written: int) -> int:
    if "claude" in model or maker == "anthropic":
        return read + written
    return 0 if "nova" in model else written


_USE = {"completion": _completion, "image": _image, "video": _video, "audio": _audio}


def _own_cost(said: Body) -> Decimal | None:
    """US dollars that the client names: the total, else the sum of the parts if those of input and output are there."""
    total = amount(said.get("totalCost"), "totalCost")
    parts = [amount(said.get(name), name) for name in _COST_PARTS]
    if total is None and said.get("billingSkipped") is True:
        return Decimal(0)
    if total is None and None not in parts[:2]:
        return sum((part for part in parts if part), Decimal(0))
    return total


def _parts(said: Body) -> dict[str, int]:
    """Tokens that cost otherwise than others of their kind."""
    wire = {
        "cache_write_5m_tokens": "cacheCreation5mTokenCount",
        "cache_write_1h_tokens": "cacheCreation1hTokenCount",
        "input_audio_tokens": "inputAudioTokenCount",
        "output_audio_tokens": "outputAudioTokenCount",
    }
    return {kind: count(said.get(name), name) or 0 for kind, name in wire.items()}


def _terms(said: Body) -> dict[str, str]:
    if said.get("pricingTier") == "BATCH":
        return {"processing": "batch"}
    tier = text(said.get("actualServiceTier"), "actualServiceTier").lower()
    return {"service_tier": tier} if tier else {}
