"""An application that uses OpenAI, metered by the Revenium SDK; what it says never belongs to an event."""

import contextlib
import sys

import openai
import revenium_middleware.openai  # noqa: F401, importing it meters the client
from revenium_middleware import flush_metering

METADATA = {"organization_name": "Quillmark", "product_name": "Desk", "task_type": "summary"}
SAID = "a secret question"


def main() -> int:
    client = openai.OpenAI()
    question = [{"role": "user", "content": SAID}]
    client.chat.completions.create(model="gpt-4o-mini", messages=question, usage_metadata=METADATA)
    for _ in client.chat.completions.create(
        model="gpt-4o-mini", messages=question, stream=True, stream_options={"include_usage": True}
    ):
        pass
    client.responses.create(model="gpt-5.6-sol", input=SAID)
    client.embeddings.create(model="text-embedding-3-small", input=SAID)
    client.images.generate(model="gpt-image-1", prompt=SAID, n=3, size="1024x1536", quality="high")
    client.audio.speech.create(model="tts-1", voice="alloy", input=SAID)
    for model in ("whisper-1", "gpt-4o-transcribe"):
        client.audio.transcriptions.create(model=model, file=("x.mp3", b"not really sound"))
    with contextlib.suppress(openai.BadRequestError):
        client.chat.completions.create(model="gpt-4o-refused", messages=question)
    return flush_metering(timeout_seconds=20)


if __name__ == "__main__":
    sys.exit(main())
