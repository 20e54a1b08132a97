"""pip for a Python with an old one or none: one wheel, fetched from the user's package index and checked.

The index is the one pip itself would ask: https://pip.pypa.io/en/stable/topics/configuration/
Its pages have the form of https://packaging.python.org/en/latest/specifications/simple-repository-api/
"""

import base64
import configparser
import hashlib
import html
import os
import re
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from bootstrap.faults import SetupError, explain

DEFAULT_INDEX = "https://pypi.org/simple"
LARGEST_ANSWER = 32 * 2**20
SECONDS = 60


class Wheel(NamedTuple):
    """A wheel by its file name and the SHA-256 it must have."""

    filename: str
    sha256: str


PIP = Wheel("pip-26.3-py3-none-any.whl", "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13")


def pip_setting(name: str) -> str | None:
    """What pip takes for the option `name`: the environment first, then the user's file, then the machine's."""
    if value := os.environ.get("PIP_" + name.upper().replace("-", "_")):
        return value
    for path in _pip_files():
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        for section in ("install", "global"):
            if value := parser.get(section, name, fallback=""):
                return value
    return None


def _pip_files() -> Iterator[Path]:
    chosen = os.environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return
    home = Path.home()
    if chosen and Path(chosen).exists():
        yield Path(chosen)
    else:
        if sys.platform == "darwin":
            yield home / "Library/Application Support/pip/pip.conf"
        yield Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf"
        yield home / ".pip/pip.conf"
    yield Path("/etc/pip.conf")
    yield Path("/etc/xdg/pip/pip.conf")


def indexes() -> list[str]:
    """Base addresses of the package indexes to ask, in order."""
    extra = pip_setting("extra-index-url") or ""
    return [url.rstrip("/") for url in [pip_setting("index-url") or DEFAULT_INDEX, *extra.split()]]


def fetch(wheel: Wheel, folder: Path) -> Path:
    """The wheel's file in `folder`, taken from the first index that has it.

    Raises SetupError when no index answers or has it, or when its SHA-256 is another.
    """
    path = folder / wheel.filename
    if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == wheel.sha256:
        return path
    refusals = []
    for index in indexes():
        try:
            content = _download(wheel, index)
        except (OSError, ValueError) as error:
            refusals.append(f"{shown(index)}: {error}")
            continue
        if content is None:
            refusals.append(f"{shown(index)}: no matching wheel {wheel.filename}")
            continue
        if (found := hashlib.sha256(content).hexdigest()) != wheel.sha256:
            details = f"{shown(index)}: hash mismatch of {wheel.filename}: expected {wheel.sha256}, got {found}"
            raise explain("The fetched pip is not the one pinned here.", details)
        path.write_bytes(content)
        return path
    raise explain("Could not fetch pip.", "\n".join(refusals))


def _download(wheel: Wheel, index: str) -> bytes | None:
    """The wheel's bytes, None where the index does not list it."""
    page, address = _get(f"{index}/pip/")
    for link in re.findall(r"""href\s*=\s*["']([^"']+)["']""", page.decode(errors="replace")):
        target = urljoin(address, html.unescape(link))
        if unquote(urlsplit(target).path).rpartition("/")[2] == wheel.filename:
            return _get(_with_login(target, index))[0]
    return None


def _get(url: str) -> tuple[bytes, str]:
    """The answer's body, and the address it came from in the end."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https", "file"}:
        raise ValueError(f"cannot fetch from {parts.scheme or 'no'} scheme")
    if parts.scheme == "file" and parts.path.endswith("/"):
        url += "index.html"
    request = urllib.request.Request(_without_login(url), headers={"Accept": "text/html, */*;q=0.1"})  # noqa: S310, the scheme was checked
    if parts.username:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        # unredirected: a login must not travel on to another host
        request.add_unredirected_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
    with _opener().open(request, timeout=SECONDS) as response:
        body = response.read(LARGEST_ANSWER + 1)
        if len(body) > LARGEST_ANSWER:
            raise ValueError("the answer is too large")
        return body, response.geturl()


def _opener() -> urllib.request.OpenerDirector:
    certificates = pip_setting("cert") or os.environ.get("SSL_CERT_FILE")
    try:
        context = ssl.create_default_context(cafile=certificates)
    except OSError as error:
        raise SetupError(
            f"The certificate file {certificates} cannot be read: {error.strerror or error}.",
            likely_cause="PIP_CERT, SSL_CERT_FILE or `cert` in pip.conf names a wrong file.",
            next_step="Correct the name, or unset it to trust the system's certificates.",
        ) from error
    handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPSHandler(context=context)]
    if proxy := pip_setting("proxy"):
        handlers.append(urllib.request.ProxyHandler({"http": proxy, "https": proxy}))
    return urllib.request.build_opener(*handlers)


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _with_login(target: str, index: str) -> str:
    """The target with the index's login where both are the same server."""
    parts, home = urlsplit(target), urlsplit(index)
    same = (parts.scheme, parts.hostname, parts.port) == (home.scheme, home.hostname, home.port)
    return urlunsplit(parts._replace(netloc=home.netloc)) if same else target


def shown(url: str) -> str:
    """The address as it may be printed: without login and query."""
    return urlunsplit(urlsplit(_without_login(url))._replace(query="", fragment=""))
