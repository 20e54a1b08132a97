"""The one door for every chore: makes the environment first, then does what was asked in it.

    python3 run.py [run]     the dashboard on http://127.0.0.1:8501, data in data/
    python3 run.py demo      the same with simulated providers, data in demo-data/
    python3 run.py test      all tests that need nothing else installed, in two processes (in one with -n 0)
    python3 run.py check     format, lint, types
    python3 run.py e2e       the tests in a real browser (needs Chromium)
    python3 run.py bigquery  the tests against a BigQuery emulator, which gets an environment of its own
    python3 run.py clients   the tests with real metering clients, which get an environment of their own
    python3 run.py litellm   the tests against a real LiteLLM proxy (LITELLM_TEST_URL and an admin's LITELLM_TEST_KEY)
    python3 run.py bench     the measurements in benchmarks/, or the named one: `run.py bench pages --rows 100000`
    python3 run.py soak      the tests that take minutes

run and demo take --port N and --host ADDRESS. All other arguments go on to streamlit, pytest, checkers or benchmark.
Needs Python 3.11 or newer and nothing else; packages go to .venv.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036, this file still parses on Python 3.6 to say so
    sys.exit(
        "Spendglass needs Python 3.11 or newer; this is Python {}.{}.\n"
        "  Likely cause: `python3` is an older one than the newest installed here.\n"
        "  Next step:    try `python3.11 run.py` (or 3.12, 3.13), or install one of them.".format(*sys.version_info)
    )

import argparse
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from bootstrap.demo import run_demo, without_settings
from bootstrap.environment import prepare, prepare_clients, prepare_emulator, prepare_rivals
from bootstrap.faults import SetupError
from bootstrap.servers import LOOPBACK, Servers, Stopped, serve

ROOT = Path(__file__).resolve().parent
PORT = 8501
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SERVERS = ("run", "demo")
CHORES = ("test", "check", "e2e", "bigquery", "clients", "litellm", "bench", "soak")
PARALLEL = (
    *("-n", "2", "--dist", "worksteal"),
    *("-o", "faulthandler_timeout=300", "-o", "faulthandler_exit_on_timeout=true"),
)
"""Two processes, each with a PostgreSQL of its own; one that hangs for five minutes is ended, and its test failed."""
PROXY = ("LITELLM_TEST_URL", "LITELLM_TEST_KEY")


def main(arguments: list[str]) -> int:
    """Do one chore; its exit code, 2 for a wrong request and 130 after Ctrl-C."""
    verb, *rest = arguments if arguments and not arguments[0].startswith("-") else ["run", *arguments]
    if verb == "help" or "--help" in arguments[:2] or "-h" in arguments[:2]:
        print(__doc__)
        return 0
    wrong = _wrong(verb, rest)
    if wrong:
        print(wrong, file=sys.stderr)
        return 2
    # The environment is ours: bytecode kept in it halves the time of every start after the first.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        return _serve(verb, rest) if verb in SERVERS else _chore(verb, rest)
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except Stopped:
        print("Stopped.")
        return 0
    except KeyboardInterrupt:
        return 130


def _wrong(verb: str, arguments: list[str]) -> str | None:
    if verb not in SERVERS + CHORES:
        return f"run.py has no verb {verb!r}. It has: {', '.join(SERVERS + CHORES)}."
    if verb == "bench" and arguments and arguments[0] not in benchmarks():
        return f"There is no benchmark {arguments[0]!r}. There are: {', '.join(benchmarks())}."
    return None


def _serve(verb: str, arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog=f"run.py {verb}", allow_abbrev=False, add_help=False)
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--host", default=LOOPBACK)
    options, extra = parser.parse_known_args(arguments)
    python = prepare(ROOT)
    if verb == "demo":
        return run_demo(ROOT, python, (options.host, options.port), extra, today=datetime.now(UTC).date())
    with Servers(ROOT) as servers:
        return serve(servers, python, os.environ, (options.host, options.port), extra)


def _chore(verb: str, arguments: list[str]) -> int:
    browser = find_browser()
    if verb == "e2e" and not browser:
        raise SetupError(
            "The browser tests need Chromium, and none was found.",
            likely_cause=f"None of {', '.join(BROWSERS)} is on the PATH.",
            next_step="On Debian: `apt install chromium`. Or set SPENDGLASS_CHROMIUM to a browser's path.",
        )
    if verb == "litellm" and not all(os.environ.get(name) for name in PROXY):
        raise SetupError(
            "These tests need a LiteLLM proxy that they may use.",
            likely_cause=f"{' or '.join(PROXY)} is not set.",
            next_step="Start a proxy with its database and set both: its address, and the key of an admin.",
        )
    python = prepare(ROOT, development=True)
    if verb == "bigquery":
        prepare_emulator(ROOT)
    if verb == "clients":
        prepare_clients(ROOT)
    if verb == "bench":
        prepare_rivals(ROOT)
    environment = without_settings() | ({"SPENDGLASS_CHROMIUM": browser} if browser else {})
    codes = [
        subprocess.run([str(python), *command], cwd=ROOT, env=environment, check=False).returncode
        for command in commands(verb, arguments)
    ]
    if verb == "test":
        browser_tests = f"the browser tests ({'run.py e2e' if browser else 'no Chromium found'})"
        print(f"Not run here: {browser_tests}, run.py bigquery, clients, litellm and soak.")
    return next((code for code in codes if code), 0)


def commands(verb: str, arguments: list[str]) -> list[list[str]]:
    """What Python runs for a chore, in order."""
    apart = ("e2e", "bigquery", "clients", "litellm", "soak")
    if verb in {"test", *apart}:
        marked = verb if verb in apart else " and ".join(f"not {name}" for name in apart)
        return [["-m", "pytest", "-m", marked, *(PARALLEL if verb == "test" else ()), *arguments]]
    if verb == "check":
        files = arguments or ["."]
        lint = [["-m", "ruff", "format", "--check", *files], ["-m", "ruff", "check", *files]]
        return [*lint, ["-m", "mypy", *arguments]]
    chosen = arguments[:1] or benchmarks()
    return [[str(benchmarks()[name]), *arguments[1:]] for name in chosen]


def benchmarks() -> dict[str, Path]:
    """The measurements by name."""
    return {path.stem: path for path in sorted((ROOT / "benchmarks").glob("[a-z]*.py"))}


def find_browser() -> str | None:
    """The path of a Chromium, None where there is none."""
    names = [name for name in (os.environ.get("SPENDGLASS_CHROMIUM"), *BROWSERS) if name]
    return next(filter(None, map(shutil.which, names)), None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
