"""The virtual environment `.venv`: pinned, hash-checked wheels, installed by whatever this machine has.

Three routes: uv where it is on the PATH; else one pip wheel fetched by `pip_wheel`, which needs no pip and no ensurepip
(a bare Debian has neither) and installs twice as fast as the pip that comes with Python 3.11; else that pip.
A file inside `.venv` says what is installed. It is written before the first step and completed after the last, so a
half-made environment is recognised and made again.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import venv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bootstrap import pip_wheel
from bootstrap.faults import SetupError, explain, explain_system

RUNTIME = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"
EMULATOR = "requirements-bigquery.txt"
CLIENTS = "requirements-clients.txt"
BENCHMARKS = "requirements-bench.txt"


@dataclass(kw_only=True)
class Marker:
    """What `.venv` holds: SHA-256 by requirements file, and the real path of the Python it was made with."""

    interpreter: str
    installed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "Marker | None":
        """The marker of an environment, None where there is none; a damaged one counts as half-made."""
        try:
            return cls(**json.loads((folder / "spendglass.json").read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            return cls(interpreter="")

    def write(self, folder: Path) -> None:
        draft = folder / "spendglass.json.new"
        draft.write_text(json.dumps({"interpreter": self.interpreter, "installed": self.installed}))
        draft.replace(folder / "spendglass.json")


def prepare(root: Path, *, development: bool = False, pip: pip_wheel.Wheel = pip_wheel.PIP) -> Path:
    """The Python of a complete environment, which is made or completed first where needed.

    With `development` it also holds what tests and checks need; that file contains all of the other. Raises SetupError.
    """
    return _prepared(root, root / ".venv", (RUNTIME, DEVELOPMENT) if development else (RUNTIME,), pip)


def prepare_emulator(root: Path, *, pip: pip_wheel.Wheel = pip_wheel.PIP) -> Path:
    """The Python beside which the BigQuery emulator is installed; its packages would not bear ours. Raises SetupError.

    About 600 MB in `.venv-bigquery`.
    """
    return _prepared(root, root / ".venv-bigquery", (EMULATOR,), pip)


def prepare_clients(root: Path, *, pip: pip_wheel.Wheel = pip_wheel.PIP) -> Path:
    """The Python of the metering clients, other people's packages that are tried against ours. Raises SetupError.

    About 60 MB in `.venv-clients`.
    """
    return _prepared(root, root / ".venv-clients", (CLIENTS,), pip)


def prepare_rivals(root: Path, *, pip: pip_wheel.Wheel = pip_wheel.PIP) -> Path:
    """The Python of the databases that benchmarks hold ours against. Raises SetupError.

    About 60 MB in `.venv-bench`.
    """
    return _prepared(root, root / ".venv-bench", (BENCHMARKS,), pip)


def _prepared(root: Path, folder: Path, names: tuple[str, ...], pip: pip_wheel.Wheel) -> Path:
    python = folder / "bin" / "python"
    try:
        wanted = {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in names}
        with _alone(root):
            _discard_broken(folder, python)
            marker = Marker.read(folder)
            if not (marker and wanted.items() <= marker.installed.items()):
                try:
                    _complete(folder, python, root / names[-1], marker, wanted, pip)
                finally:
                    _discard_broken(folder, python)
    except OSError as error:
        raise explain_system("The environment could not be made.", error) from error
    return python


def _discard_broken(folder: Path, python: Path) -> None:
    """Delete an environment that was left half-made, or whose Python is gone or another one by now."""
    marker = Marker.read(folder)
    if marker and not (marker.installed and marker.interpreter == os.path.realpath(python)):
        shutil.rmtree(folder)


def _complete(
    folder: Path, python: Path, requirements: Path, marker: Marker | None, wanted: dict[str, str], pip: pip_wheel.Wheel
) -> None:
    uv = _working_uv()
    started = time.monotonic()
    _say(f"Preparing the environment in {folder.name} with {'uv' if uv else 'pip'} …")
    if not folder.exists():
        _create(folder)
    interpreter = os.path.realpath(python)
    installed = marker.installed if marker else {}
    if marker and any(installed.get(name) != wanted[name] for name in wanted if name != DEVELOPMENT):
        Marker(interpreter=interpreter).write(folder)
    command, environment = _installer(folder, python, uv, pip)
    _watched([*command, "--require-hashes", "--only-binary", ":all:", "-r", str(requirements)], environment)
    Marker(interpreter=interpreter, installed=installed | wanted).write(folder)
    _say(f"The environment is ready ({time.monotonic() - started:.0f} s).")


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Only one process of this machine at a time prepares the environment of `root`."""
    lock = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another run.py is preparing the environment; waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _working_uv() -> str | None:
    """The path of uv, None where it is missing or, as a shim of a version manager can be, out of order."""
    uv = shutil.which("uv")
    if uv and subprocess.run([uv, "--version"], capture_output=True, check=False).returncode == 0:
        return uv
    return None


def _create(folder: Path) -> None:
    folder.mkdir()
    Marker(interpreter="").write(folder)
    venv.create(folder, symlinks=True)


def _installer(folder: Path, python: Path, uv: str | None, pip: pip_wheel.Wheel) -> tuple[list[str], dict[str, str]]:
    """The command that installs into the environment, and the variables it runs with."""
    environment = dict(os.environ)
    if uv:
        if (index := pip_wheel.pip_setting("index-url")) and not environment.get("UV_INDEX_URL"):
            environment.setdefault("UV_DEFAULT_INDEX", index)
        if certificates := pip_wheel.pip_setting("cert"):
            environment.setdefault("SSL_CERT_FILE", certificates)
        return [uv, "pip", "install", "--python", str(python)], environment
    # Compiling all of it takes twice as long as installing it; Python compiles what is used when it is first used.
    options = ["install", "--no-compile", "--disable-pip-version-check", "--progress-bar", "off"]
    try:
        return [str(python), str(pip_wheel.fetch(pip, folder) / "pip"), *options], environment
    except SetupError:
        if subprocess.run([str(python), "-m", "ensurepip"], capture_output=True, check=False).returncode:
            raise
    return [str(python), "-m", "pip", *options], environment


def _watched(command: list[str], environment: dict[str, str]) -> None:
    """Run an installer; a terminal shows its newest line only. Raises SetupError with the reason if it fails."""
    lines: deque[str] = deque(maxlen=60)
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if sys.stderr.isatty():
                width = shutil.get_terminal_size().columns - 3
                print(f"\r\x1b[K  {lines[-1][:width]}", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    if process.returncode:
        raise explain("The packages could not be installed.", "\n".join(lines))


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
