"""An application that uses fal.ai, metered by the Revenium SDK."""

import os
import sys

import fal_client
import fal_client.client
import revenium_middleware.fal  # noqa: F401, importing it meters the client
from revenium_middleware import flush_metering

# fal's client knows no other scheme than https, which the model API of the tests does not speak.
fal_client.client.RUN_URL_FORMAT = os.environ["FAL_BASE_URL"] + "/"


def main() -> int:
    fal_client.run("fal-ai/flux/dev", arguments={"prompt": "a secret question", "num_images": 2})
    fal_client.run("fal-ai/minimax/video-01", arguments={"prompt": "a secret question", "duration": "6"})
    fal_client.run("fal-ai/f5-tts", arguments={"text": "a secret question"})
    return flush_metering(timeout_seconds=20)


if __name__ == "__main__":
    sys.exit(main())
