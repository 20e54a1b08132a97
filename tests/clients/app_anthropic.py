"""An application that uses Anthropic, metered by the Revenium SDK."""

import sys

import anthropic
import revenium_middleware.anthropic  # noqa: F401, importing it meters the client
from revenium_middleware import flush_metering

QUESTION = [{"role": "user", "content": "a secret question"}]


def main() -> int:
    client = anthropic.Anthropic()
    client.messages.create(model="claude-sonnet-4-5-20250929", max_tokens=500, messages=QUESTION)
    with client.messages.stream(model="claude-sonnet-4-5-20250929", max_tokens=500, messages=QUESTION) as stream:
        stream.until_done()
    return flush_metering(timeout_seconds=20)


if __name__ == "__main__":
    sys.exit(main())
