"""The pages by their files, as the menu lists them."""

FILES = {
    "Costs": {
        "providers.py": "Providers",
        "models.py": "Models",
        "api_keys.py": "API Keys",
        "workspaces.py": "Workspaces",
        "coverage.py": "Coverage",
    },
    "Data": {
        "sync_logs.py": "Sync Logs",
        "accounts.py": "AI Accounts",
        "metering_keys.py": "Metering",
        "methodology.py": "Methodology",
    },
}
"""The menu: each page's title by its file."""
ADDRESSES = {"providers.py": "", "metering_keys.py": "metering"}
"""Of pages that are not found under the name of their file; the first page is found under none."""
