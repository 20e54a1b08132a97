"""The demo's accounts, printed as JSON by `python -m demo.accounts`: what `cli.py link` needs for each provider."""

import json
import sys

from demo.openai_api import ADMIN_KEY

ACCOUNTS = ({"provider": "openai", "name": "OpenAI demo", "credential": {"apiKey": ADMIN_KEY}},)

if __name__ == "__main__":
    sys.stdout.write(json.dumps(ACCOUNTS) + "\n")
