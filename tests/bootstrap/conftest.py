"""Nothing of this machine's pip and uv settings reaches the tests."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, with no setting of pip, uv, proxies or certificates around it."""
    for name in os.environ:
        if name.upper().startswith(("PIP_", "UV_", "XDG_", "SPENDGLASS_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder
