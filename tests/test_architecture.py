"""Reads all imports and fails when an arrow turns.

    store.records  <-  connectors, store.*  <-  linking  <-  account_sync  <-  syncing  <-  scheduler
    scheduler  <-  pages, cli, routes  <-  app

    store.events  <-  metering (what clients send)  <-  intake (its server)  <-  app

Below linking and syncing the store and the connectors never meet; demo and product know each other only as processes.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOT_THE_PRODUCT = {"tests", "benchmarks", "docs"}

INTAKE = {f"metering.{name}" for name in ("counting", "deliveries", "intake", "keyring", "refusals", "routes")}
BELOW_LINKING = {"settings", "store.records", "store.events", "store", "connectors"}
BELOW_PAGES = {*BELOW_LINKING, "linking", "syncing", "scheduler"}
MAY_IMPORT = {
    "settings": set[str](),
    "store.records": set[str](),
    "store.events": {"store.records"},
    "store": {"store", "store.events", "store.records", "settings"},
    "metering": {"metering", "store.events", "store.records"},
    "intake": {"intake", "metering", "store", "store.events", "store.records", "settings"},
    "connectors": {"connectors", "store.records", "settings"},
    "linking": BELOW_LINKING,
    "account_sync": {*BELOW_LINKING, "linking"},
    "syncing": {*BELOW_LINKING, "account_sync"},
    "worker": {"settings", "store"},
    "scheduler": {*BELOW_LINKING, "linking", "syncing", "worker"},
    "pages": {"pages", "metering", *BELOW_PAGES},
    "verbs": {"verbs", *BELOW_PAGES},
    "cli": {"cli", "verbs", *BELOW_PAGES},
    "routes": {"routes", *BELOW_PAGES},
    "app": {"pages", "routes", "intake", *BELOW_PAGES},
    "demo": {"demo"},
    "bootstrap": {"bootstrap"},
    "run": {"bootstrap"},
}
ONLY_IN = {
    "streamlit": {"app", "pages"},
    "httpx": {"connectors"},
    "requests": {"connectors"},
    "boto3": {"connectors"},
    "botocore": {"connectors"},
    "google.api_core": {"connectors"},
    "google.auth": {"connectors"},
    "google.cloud": {"connectors"},
    "google.oauth2": {"connectors"},
    "google.protobuf": {"metering"},
    "google.rpc": {"intake"},
    "opentelemetry": {"metering"},
    "genai_prices": {"metering"},
    "sqlalchemy": {"store"},
    "sqlmodel": {"store"},
    "alembic": {"store"},
    "sqlite3": {"store", "demo"},  # the demo's BigQuery runs queries
    "psycopg": {"store"},
}
REGISTRY = {"connectors", "connectors.base", "connectors.errors"}
BY_REGISTRY_ONLY = {"pages", "cli", "verbs", "routes", "app"}
STANDARD_LIBRARY_ONLY = {"run", "bootstrap"}
CATCH_ALL = {"Exception", "BaseException"}


def product_sources() -> dict[str, str]:
    """The text of each of our modules by its dotted name."""
    folders = (path for path in ROOT.iterdir() if path.is_dir() and path.name not in NOT_THE_PRODUCT)
    visible = [path for folder in folders if not folder.name.startswith(".") for path in folder.rglob("*.py")]
    return {_dotted(path.relative_to(ROOT)): path.read_text() for path in [*ROOT.glob("*.py"), *visible]}


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def area(module: str) -> str:
    """The part of the house a module belongs to."""
    if module in INTAKE:
        return "intake"
    return module if module in {"store.records", "store.events"} else module.partition(".")[0]


def package_of(module: str) -> str:
    """What a module is installed with; `google` is shared by many packages."""
    return ".".join(module.split(".")[: 2 if module.startswith("google.") else 1])


def imports(text: str, ours: Mapping[str, str]) -> Iterator[str]:
    """The modules that a module imports anywhere in it, by full name; a relative import begins with a dot."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in ours else base


def violations(sources: Mapping[str, str]) -> list[str]:
    """One sentence for each import that turns an arrow, in the order of the modules."""
    names = {area(module) for module in sources}
    found = []
    for module, text in sorted(sources.items()):
        here = area(module)
        if here not in MAY_IMPORT:
            found.append(f"{module} has no place in the architecture: give it one in MAY_IMPORT")
            continue
        for target in sorted(set(imports(text, sources))):
            there, package = area(target), package_of(target)
            if target.startswith("."):
                found.append(f"{module} imports {target}: write the full name")
            elif there in names or there in MAY_IMPORT:
                if there not in MAY_IMPORT[here]:
                    found.append(f"{module} imports {target}")
                elif here in BY_REGISTRY_ONLY and there == "connectors" and target not in REGISTRY:
                    found.append(f"{module} imports {target}, not the registry")
            elif here not in ONLY_IN.get(package, {here}):
                found.append(f"{module} imports {target}, which only {' and '.join(sorted(ONLY_IN[package]))} may")
            elif here in STANDARD_LIBRARY_ONLY and target.partition(".")[0] not in sys.stdlib_module_names:
                found.append(f"{module} imports {target}, which is not in the standard library")
    return found


def catch_alls(sources: Mapping[str, str]) -> list[str]:
    """The module of each handler that catches everything, once per handler."""
    return [
        module
        for module, text in sorted(sources.items())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ExceptHandler) and (node.type is None or CATCH_ALL & _names(node.type))
    ]


def _names(expression: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}


def test_no_import_turns_an_arrow() -> None:
    assert violations(product_sources()) == []


def test_everything_is_caught_only_once_and_in_the_sync() -> None:
    assert catch_alls(product_sources()) == ["syncing"]


def test_the_reader_of_imports_sees_the_whole_product() -> None:
    sources = product_sources()
    assert {
        "run",
        "settings",
        "store.records",
        "connectors.base",
        "bootstrap.environment",
        "demo.world",
    } <= sources.keys()
    assert not [module for module in sources if module.startswith((".venv", "tests"))]


@pytest.mark.parametrize(
    ("module", "text", "sentence"),
    [
        ("store.write", "import connectors", "store.write imports connectors"),
        ("store.records", "from store import db", "store.records imports store.db"),
        ("store.write", "from . import db", "store.write imports .: write the full name"),
        ("store.frames", "from store.records import Window", None),
        ("connectors.openai", "from store.write import save", "connectors.openai imports store.write"),
        ("connectors.openai", "def f():\n    from store import db", "connectors.openai imports store.db"),
        ("connectors.openai", "from store.records import Window", None),
        ("connectors", "import scheduler", "connectors imports scheduler"),
        ("linking", "import syncing", "linking imports syncing"),
        ("syncing", "import scheduler", "syncing imports scheduler"),
        ("scheduler", "import pages.main", "scheduler imports pages.main"),
        ("scheduler", "import streamlit", "scheduler imports streamlit, which only app and pages may"),
        ("pages.models", "from sqlmodel import select", "pages.models imports sqlmodel, which only store may"),
        ("pages.models", "import app", "pages.models imports app"),
        ("pages.models", "from connectors import openai", "pages.models imports connectors.openai, not the registry"),
        ("pages.models", "from connectors import CONNECTORS", None),
        ("pages.parts.bar", "from pages.models import title", None),
        ("cli", "import httpx", "cli imports httpx, which only connectors may"),
        ("store.db", "from google.cloud import bigquery", "store.db imports google.cloud, which only connectors may"),
        ("metering.otlp", "from store.db import Store", "metering.otlp imports store.db"),
        ("metering.otlp", "import metering.routes", "metering.otlp imports metering.routes"),
        ("metering.routes", "from metering.otlp import answer", None),
        ("pages.models", "import genai_prices", "pages.models imports genai_prices, which only metering may"),
        ("cli", "import demo.world", "cli imports demo.world"),
        ("demo.world", "from store.records import to_nanos", "demo.world imports store.records"),
        ("run", "import settings", "run imports settings"),
        ("bootstrap.demo", "import polars", "bootstrap.demo imports polars, which is not in the standard library"),
        ("helpers", "", "helpers has no place in the architecture: give it one in MAY_IMPORT"),
    ],
)
def test_a_planted_import_is_judged(module: str, text: str, sentence: str | None) -> None:
    others = ("store", "store.db", "connectors", "connectors.openai", "pages", "pages.models", "pages.parts", "app")
    sources = dict.fromkeys(others, "") | {module: text}
    assert violations(sources) == ([sentence] if sentence else [])


@pytest.mark.parametrize("clause", ["except:", "except Exception:", "except (OSError, BaseException) as error:"])
def test_a_planted_catch_all_is_found(clause: str) -> None:
    planted = {"cli": f"try:\n    pass\n{clause}\n    pass\n", "app": "try:\n    pass\nexcept OSError:\n    pass\n"}
    assert catch_alls(planted) == ["cli"]


CALLS_BACK = {"map_batches", "map_elements", "map_groups", "map_rows", "pipe_with_schema", "rolling_map"}


def test_no_polars_expression_calls_back_into_python() -> None:
    """Its worker would wait for the interpreter, which another session may hold while it waits for a worker."""
    used = [
        (path.name, node.attr)
        for folder in ("store", "pages")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in CALLS_BACK
    ]
    assert used == []
