"""The model APIs that the client scripts call: fixed answers in the providers' own shapes, with known use in them."""

import json
from collections.abc import Mapping
from typing import Any

from tests.connectors.local_server import Reply, Request

CHAT_USAGE = {
    "prompt_tokens": 1200,
    "completion_tokens": 300,
    "total_tokens": 1500,
    "prompt_tokens_details": {"cached_tokens": 1024},
    "completion_tokens_details": {"reasoning_tokens": 64},
}
CLAUDE_USAGE = {
    "input_tokens": 50,
    "output_tokens": 200,
    "cache_read_input_tokens": 2000,
    "cache_creation_input_tokens": 700,
    "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 200},
}
REFUSED_MODEL = "gpt-4o-refused"
_MESSAGE = {"role": "assistant", "content": "a secret answer"}


def answer(request: Request) -> Reply:
    """What the provider at `request.path` says; 404 elsewhere."""
    asked = _asked(request)
    if asked.get("model") == REFUSED_MODEL:
        return Reply(400, json.dumps({"error": {"message": "refused", "type": "invalid_request_error"}}).encode())
    if asked.get("stream"):
        return _STREAMS[request.path](asked)
    if request.path == "/v1/audio/speech":
        return Reply(200, b"ID3 not really sound", {"Content-Type": "audio/mpeg"})
    found = _ANSWERS.get(request.path)
    return Reply(404, b"{}") if found is None else Reply(200, json.dumps(found(asked)).encode())


def _asked(request: Request) -> Mapping[str, Any]:
    if request.body.startswith(b"{"):
        asked: Mapping[str, Any] = json.loads(request.body)
        return asked
    return {"model": "whisper-1" if b"whisper-1" in request.body else "gpt-4o-transcribe"}


def _chat(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-C8mZr0Vq2YtLwX5sKdN1hPb7GeJ3a",
        "object": "chat.completion",
        "created": 1_795_478_400,
        "model": f"{asked['model']}-2024-07-18",
        "choices": [{"index": 0, "message": _MESSAGE, "finish_reason": "stop", "logprobs": None}],
        "usage": CHAT_USAGE,
        "service_tier": "default",
    }


def _responses(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": "resp_68f1c2a7d9b04e35a1c6f7e2094d8b3356a0e1f2",
        "object": "response",
        "created_at": 1_795_478_400,
        "status": "completed",
        "model": asked["model"],
        "output": [
            {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": "a secret answer", "annotations": []}],
            }
        ],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 900,
            "input_tokens_details": {"cached_tokens": 512, "cache_write_tokens": 128},
            "output_tokens": 80,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 980,
        },
    }


def _embeddings(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "object": "list",
        "model": asked["model"],
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -0.5]}],
        "usage": {"prompt_tokens": 18, "total_tokens": 18},
    }


def _images(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {"created": 1_795_478_400, "data": [{"b64_json": "AAAA"}] * asked.get("n", 1)}


def _transcription(asked: Mapping[str, Any]) -> dict[str, Any]:
    if asked["model"] == "whisper-1":
        return {"text": "a secret answer", "usage": {"type": "duration", "seconds": 42}}
    details = {"text_tokens": 4, "audio_tokens": 210}
    usage = {"input_tokens": 214, "output_tokens": 45, "total_tokens": 259, "input_token_details": details}
    return {"text": "a secret answer", "usage": {"type": "tokens", **usage}}


def _messages(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": "msg_01XkR7vTq2mLwZ9pNcYdHs4B",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": [{"type": "text", "text": "a secret answer"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": CLAUDE_USAGE,
    }


def _fal_images(asked: Mapping[str, Any]) -> dict[str, Any]:
    image = {"url": "https://v3.fal.media/x.png", "width": 1024, "height": 768, "content_type": "image/png"}
    return {"images": [image] * asked.get("num_images", 1), "seed": 7, "timings": {"inference": 0.9}}


def _fal_video(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {"video": {"url": "https://v3.fal.media/x.mp4", "duration": 5.5, "content_type": "video/mp4"}}


def _fal_speech(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {"audio": {"url": "https://v3.fal.media/x.mp3", "duration": 3.25, "content_type": "audio/mpeg"}}


def _chat_stream(asked: Mapping[str, Any]) -> Reply:
    whole = _chat(asked)
    shared = {name: whole[name] for name in ("created", "model")} | {
        "id": "chatcmpl-C8mZs4Hc9UaTfE6oRiW2xKn0QyB5d",
        "object": "chat.completion.chunk",
    }
    delta = {"index": 0, "delta": _MESSAGE, "finish_reason": None}
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    chunks = [shared | {"choices": [delta]}, shared | {"choices": [end]}, shared | {"choices": [], "usage": CHAT_USAGE}]
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return _events("".join([*lines, "data: [DONE]\n\n"]))


def _messages_stream(asked: Mapping[str, Any]) -> Reply:
    start = _messages(asked) | {"id": "msg_01FhJ3bWx8sKtV6gQrEnMz2C", "content": [], "stop_reason": None}
    start["usage"] = CLAUDE_USAGE | {"output_tokens": 1}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a secret answer"}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": CLAUDE_USAGE["output_tokens"]},
        },
        {"type": "message_stop"},
    ]
    return _events("".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events))


def _events(text: str) -> Reply:
    return Reply(200, text.encode(), {"Content-Type": "text/event-stream"})


_ANSWERS = {
    "/v1/chat/completions": _chat,
    "/v1/responses": _responses,
    "/v1/embeddings": _embeddings,
    "/v1/images/generations": _images,
    "/v1/audio/transcriptions": _transcription,
    "/v1/messages": _messages,
    "/fal-ai/flux/dev": _fal_images,
    "/fal-ai/minimax/video-01": _fal_video,
    "/fal-ai/f5-tts": _fal_speech,
}
_STREAMS = {"/v1/chat/completions": _chat_stream, "/v1/messages": _messages_stream}
