"""Where a LiteLLM proxy may live. Its base URL is typed by a person, and our server sends a secret there.

A proxy on a private network is the usual case, so private addresses are allowed; link-local, metadata and reserved ones
never are, and plain http only on loopback and private networks. Every connection is checked after the name is resolved
and then made to the very address that was checked, so that a name which changes its mind in between gains nothing.
"""

import re
import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from connectors.errors import CredentialRejected
from connectors.tls import tls

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Iterable[str]]

LONGEST_URL = 2_048
_URL_CHARACTERS = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~%-]+", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?", re.ASCII)
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]*|\d+)", re.ASCII)
_PASTED_ENDINGS = ("/v1", "/ui")
"""What people copy along: the path of the OpenAI-style interface and of the proxy's own pages."""


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


_LOOPBACK = _networks("127.0.0.0/8", "::1/128")
_PRIVATE = _networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
# Metadata services, beyond the link-local ones: Oracle, Alibaba, Azure; Amazon and Google over IPv6.
_METADATA = _networks("192.0.0.0/24", "100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::/32", "fd20:ce::/32")
_NEVER = _networks(
    "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "192.88.99.0/24", "fe80::/10", "fec0::/10", "ff00::/8", "100::/64", "2001::/32", "2001:db8::/32",
    "2002::/16", "::/96",
)  # fmt: skip
_TRANSLATED = _networks("64:ff9b::/96")


def base_url(text: str) -> str:
    """The proxy's root without a trailing slash, query or fragment; raises `ValueError` in words for people."""
    text = text.strip()
    if len(text) > LONGEST_URL or not _URL_CHARACTERS.fullmatch(text):
        raise ValueError("The base URL is too long or has characters that no URL has. Write it as https://host/path.")
    try:
        parts = urlsplit(text)
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        raise ValueError("The base URL's host or port is malformed. Write it as https://host:port/path.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == ":0":
        raise ValueError("The base URL must start with https:// (or http:// on a private network) and name a host.")
    if "@" in parts.netloc:
        raise ValueError("The base URL must not hold a user name or password. The key has a field of its own.")
    host = _host(parts.hostname)
    path = parts.path.rstrip("/")
    for ending in _PASTED_ENDINGS:
        path = path.removesuffix(ending).rstrip("/")
    if "//" in path or "%" in path or {".", ".."} & set(path.split("/")):
        raise ValueError("The path of the base URL is not plain. Write the proxy's root, such as https://host/path.")
    return f"{parts.scheme}://{host}{port}{path}"


def _host(host: str) -> str:
    """A host name or a plainly written address; addresses that are never asked are refused here already."""
    host = host.rstrip(".")
    try:
        address = ip_address(host)
    except ValueError:
        labels = host.split(".")
        if not all(map(_NAME.fullmatch, labels)) or _NUMBER.fullmatch(labels[-1]):
            message = "The base URL's host is neither a name nor a plainly written address, such as 10.0.0.5."
            raise ValueError(message) from None
        return host.lower()
    if not is_allowed(address):
        raise ValueError("The base URL's address is link-local, a metadata service or reserved; it is never asked.")
    return f"[{address.compressed}]" if address.version == 6 else str(address)  # noqa: PLR2004


def is_allowed(address: Address, *, is_plain: bool = False) -> bool:
    """Whether a proxy may be asked at this address; `is_plain`: over http, which only near networks get."""
    address = _unwrapped(address)
    if _is_in(address, _METADATA) or (_is_in(address, _NEVER) and not _is_in(address, _LOOPBACK)):
        return False
    return not is_plain or _is_in(address, _LOOPBACK) or _is_in(address, _PRIVATE)


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside one of IPv6, where there is one."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if _is_in(address, _TRANSLATED):
            return IPv4Address(address.packed[-4:])
    return address


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def resolved(host: str, port: int) -> list[str]:
    """All addresses of a name, in the system's order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedNetwork(httpcore.NetworkBackend):
    """Connects to allowed addresses only; a name with a single refused address is refused whole."""

    def __init__(
        self, *, is_plain: bool, resolve: Resolve = resolved, network: httpcore.NetworkBackend | None = None
    ) -> None:
        self._is_plain, self._resolve = is_plain, resolve
        self._network = network or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._addresses(host, port)
        for last, address in enumerate(addresses, start=1 - len(addresses)):
            try:
                return self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if last == 0:
                    raise
        raise httpcore.ConnectError("the name has no address")

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = list(self._resolve(host, port))
        except OSError as error:
            raise httpcore.ConnectError("the name could not be resolved") from error
        for text in found:
            address = ip_address(text.partition("%")[0])
            if not is_allowed(address):
                raise _refused("It leads to a link-local, metadata or reserved address, where no proxy lives.")
            if not is_allowed(address, is_plain=self._is_plain):
                raise _refused("It is plain http to a public address: the key could be read on the way. Use https.")
        return found


def _refused(cause: str) -> CredentialRejected:
    """Names no address: a form that tells where a name leads is a scanner of the network behind it."""
    return CredentialRejected(
        "The base URL of the LiteLLM proxy is not asked.",
        likely_cause=cause,
        resolution="Link the account with the proxy's own https:// address.",
    )


class GuardedTransport(httpx.HTTPTransport):
    """httpx over a guarded network. Proxies of the environment are not used: they would connect in our place."""

    def __init__(self, network: GuardedNetwork) -> None:
        super().__init__(verify=tls(), trust_env=False)
        self._pool = httpcore.ConnectionPool(ssl_context=tls(), max_connections=1, network_backend=network)
