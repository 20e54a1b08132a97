"""The demo: simulated providers, their accounts linked, and the dashboard over them in a data folder of its own."""

import json
import os
import shutil
import subprocess
from datetime import date
from pathlib import Path
from secrets import token_hex
from typing import Any

from bootstrap.faults import SetupError
from bootstrap.servers import LOOPBACK, Servers, serve, url_of

DATA_FOLDER = "demo-data"
ENDPOINT = "SPENDGLASS_ENDPOINT_"


def without_settings() -> dict[str, str]:
    """All variables but Spendglass' own, so that neither demo nor tests touch a real installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SPENDGLASS_")}


def run_demo(root: Path, python: Path, address: tuple[str, int], extra: list[str], *, today: date) -> int:
    """Start simulator and dashboard and wait for the dashboard's end; its exit code. `today` is a UTC day."""
    folder, is_new = data_folder(root, today)
    environment = without_settings() | {
        "SPENDGLASS_DEMO": "1", "SPENDGLASS_DATA_DIR": str(folder), "SPENDGLASS_METERING_KEYS": f"hak_{token_hex(20)}",
    }  # fmt: skip
    direct = ",".join(filter(None, (environment.get("NO_PROXY") or environment.get("no_proxy"), LOOPBACK)))
    environment |= {"NO_PROXY": direct, "no_proxy": direct}
    accounts = json.loads(_output(root, [str(python), "-m", "demo.accounts"], environment, "No demo accounts."))
    with Servers(root) as servers:
        simulator = servers.start([str(python), "-m", "demo.simulator", "--port", "0"], environment, is_read=True)
        environment |= _endpoints(simulator, {account["provider"] for account in accounts})
        _link(root, python, accounts, environment, is_new=is_new)
        servers.start([str(python), "-m", "demo.clients", url_of(address)], environment)
        return serve(servers, python, environment, address, extra)


def data_folder(root: Path, today: date) -> tuple[Path, bool]:
    """The demo's data, kept for one UTC day, and whether the folder is new.

    The simulated company's past is drawn backward from today: tomorrow it is another past, and old data would be wrong.
    """
    folder = root / DATA_FOLDER
    drawn_on = folder / "drawn-on"
    if drawn_on.exists() and drawn_on.read_text() != today.isoformat():
        shutil.rmtree(folder)
    is_new = not folder.exists()
    folder.mkdir(exist_ok=True)
    drawn_on.write_text(today.isoformat())
    return folder, is_new


def _endpoints(simulator: subprocess.Popen[str], providers: set[str]) -> dict[str, str]:
    """The providers' addresses, as the simulator prints them after its own."""
    wanted = {ENDPOINT + provider.upper() for provider in providers}
    found: dict[str, str] = {}
    for line in simulator.stdout or ():
        name, _, url = line.strip().partition("=")
        if name in wanted:
            found[name] = url
        if wanted == found.keys():
            return found
    raise _broken("The simulator of the providers ended before it was ready.")


def _link(
    root: Path, python: Path, accounts: list[dict[str, Any]], environment: dict[str, str], *, is_new: bool
) -> None:
    """Link the providers that the data folder does not know yet; a new one knows none and is not asked."""
    cli = [str(python), "cli.py"]
    failure = "Could not read the linked accounts."
    known = [] if is_new else json.loads(_output(root, [*cli, "accounts", "--json"], environment, failure))
    linked = {account["provider"] for account in known if account["state"] != "unlinked"}
    missing = [account for account in accounts if account["provider"] not in linked]
    if missing:
        _output(root, [*cli, "link-all"], environment, "Could not link the demo accounts.", json.dumps(missing))


def _output(root: Path, command: list[str], environment: dict[str, str], failure: str, given: str = "") -> str:
    done = subprocess.run(command, cwd=root, env=environment, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise _broken(failure, done.stdout + done.stderr)
    return done.stdout


def _broken(message: str, details: str = "") -> SetupError:
    return SetupError(
        message,
        likely_cause=f"The lines above say more; if not, the folder {DATA_FOLDER} may be damaged.",
        next_step=f"Delete the folder {DATA_FOLDER} and start the demo again; if it stays, report these lines.",
        details=details.strip(),
    )
