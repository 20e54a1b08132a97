"""The demo's accounts, printed as JSON by `python -m demo.accounts`: what `cli.py link` needs for each provider."""

import json
import sys

from demo.anthropic_api import ADMIN_KEY as ANTHROPIC_KEY
from demo.bedrock_api import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from demo.fal_api import ADMIN_KEY as FAL_KEY
from demo.litellm_api import BASE_URL, VIEWER_KEY
from demo.openai_api import ADMIN_KEY
from demo.openrouter_api import MANAGEMENT_KEY, STANDARD_KEY
from demo.runway_api import API_KEY as RUNWAY_KEY
from demo.vertex_key import key_file

ACCOUNTS = (
    {"provider": "openai", "name": "OpenAI demo", "credential": {"apiKey": ADMIN_KEY}},
    {"provider": "anthropic", "name": "Anthropic demo", "credential": {"apiKey": ANTHROPIC_KEY}},
    {
        "provider": "bedrock",
        "name": "AWS Bedrock demo",
        "credential": {"accessKeyId": ACCESS_KEY_ID, "secretAccessKey": SECRET_ACCESS_KEY},
    },
    {"provider": "vertex", "name": "Google demo", "credential": key_file()},
    {"provider": "fal", "name": "fal demo", "credential": {"apiKey": FAL_KEY}},
    {"provider": "runway", "name": "Runway demo", "credential": {"apiKey": RUNWAY_KEY}},
    {
        "provider": "openrouter",
        "name": "OpenRouter demo",
        "credential": {"apiKey": STANDARD_KEY, "provisioningKey": MANAGEMENT_KEY},
    },
    {"provider": "litellm", "name": "LiteLLM demo", "credential": {"apiKey": VIEWER_KEY, "baseUrl": BASE_URL}},
)

if __name__ == "__main__":
    sys.stdout.write(json.dumps(ACCOUNTS) + "\n")
