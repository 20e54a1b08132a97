"""Where a base URL may lead: typed, resolved, or answered by a redirect."""

import socket
import traceback
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx
import pytest

from connectors.errors import ConnectorError, CredentialRejected, UnexpectedResponse
from connectors.http import ProviderHttp, patience
from connectors.litellm import PLAIN_HTTP, check, fetch
from connectors.litellm_address import GuardedNetwork, GuardedTransport, base_url, is_allowed
from connectors.litellm_key import LiteLLMCredential
from connectors.litellm_session import connect
from tests.connectors.litellm.wire import TWO_DAYS, recording, session
from tests.connectors.local_server import Reply, Request, provider

SECRET = "sk-PLANTED0123456789"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://litellm.example.com", "https://litellm.example.com"),
        ("  https://litellm.example.com/  ", "https://litellm.example.com"),
        ("https://LiteLLM.Example.com./v1/", "https://litellm.example.com"),
        ("https://litellm.example.com/ui/?page=usage#top", "https://litellm.example.com"),
        ("https://litellm.example.com:8443/proxy/v1", "https://litellm.example.com:8443/proxy"),
        ("https://example.com/team-a/litellm//", "https://example.com/team-a/litellm"),
        ("http://litellm:4000", "http://litellm:4000"),
        ("http://10.1.2.3:4000/ui", "http://10.1.2.3:4000"),
        ("http://127.0.0.1:4000", "http://127.0.0.1:4000"),
        ("http://[::1]:4000", "http://[::1]:4000"),
        ("https://[fd12:3456::0:1]", "https://[fd12:3456::1]"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://my_proxy.internal", "https://my_proxy.internal"),
    ],
)
def test_a_base_url_is_kept_as_the_proxys_root(typed: str, kept: str) -> None:
    assert base_url(typed) == kept
    assert base_url(kept) == kept


HOSTILE_URLS = [
    "http://169.254.169.254",
    "http://169.254.169.254/latest/meta-data",
    "https://169.254.169.254:8443",
    "http://169.254.169.254.",
    "http://169.254.170.2",
    "http://2852039166",
    "http://0xA9FEA9FE",
    "http://0xa9.0xfe.0xa9.0xfe",
    "http://0251.0376.0251.0376",
    "http://169.254.43518",
    "http://169.16689662",
    "http://[::ffff:169.254.169.254]",
    "http://[::ffff:a9fe:a9fe]",
    "http://[0:0:0:0:0:ffff:a9fe:a9fe]",
    "http://[::169.254.169.254]",
    "http://[64:ff9b::a9fe:a9fe]",
    "http://[2002:a9fe:a9fe::1]",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "http://[fe80::1]",
    "http://[fe80::1%25eth0]",
    "http://[fe80::1%eth0]",
    "http://[fec0::1]",
    "http://[fd00:ec2::254]",
    "http://[fd20:ce::254]",
    "http://100.100.100.200",
    "http://192.0.0.192",
    "http://168.63.129.16",
    "http://0.0.0.0",
    "http://0",
    "http://0.1.2.3",
    "http://[::]",
    "http://224.0.0.1",
    "http://239.255.255.250:1900",
    "http://[ff02::1]",
    "http://240.0.0.1",
    "http://255.255.255.255",
    "http://198.18.0.1",
    "http://192.0.2.1",
    "http://user:pw@10.0.0.1",
    "http://litellm.example.com@169.254.169.254",
    "http://169.254.169.254#@litellm.example.com",
    "http://litellm.example.com\\@169.254.169.254",
    "http://litellm.example.com%2f@169.254.169.254",
    "http://169。254。169。254",
    "http://１６９.254.169.254",
    "http://①⑥⑨.254.169.254",
    "http://litellm.example.com\r\nHost: 169.254.169.254",
    "http://litellm.example.com/\tx",
    "http://litellm .example.com",
    "http://127.0.0.1:0",
    "http://127.0.0.1:65536",
    "http://127.0.0.1:99x",
    "http://[::1",
    "http://-bad-.example.com",
    "http://a..b",
    "http://",
    "//169.254.169.254",
    "169.254.169.254",
    "file:///etc/passwd",
    "ftp://10.0.0.1",
    "gopher://10.0.0.1",
    "unix:///var/run/docker.sock",
    "javascript:alert(1)",
    "http://10.0.0.1/../admin",
    "http://10.0.0.1/%2e%2e/admin",
    "http://10.0.0.1/a//b",
    "https://" + "a" * 64 + ".example.com",
    "https://example.com/" + "a" * 2_100,
    "",
]


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_a_hostile_base_url_is_refused_when_it_is_typed(url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        base_url(url)


class Spy(httpcore.NetworkBackend):
    """Notes where a connection would go, and makes none."""

    def __init__(self) -> None:
        self.reached: list[str] = []

    def connect_tcp(self, host: str, *_: Any, **__: Any) -> httpcore.NetworkStream:
        self.reached.append(host)
        raise httpcore.ConnectError("nobody there")


def session_to(url: str, *addresses: str, spy: Spy) -> ProviderHttp:
    """A connection to a proxy whose name resolves to these addresses."""
    network = GuardedNetwork(is_plain=url.startswith("http:"), resolve=lambda host, port: addresses, network=spy)
    return ProviderHttp(
        provider="LiteLLM",
        base_url=url,
        headers={"Authorization": f"Bearer {SECRET}"},
        transport=GuardedTransport(network),
    )


def failure(http: ProviderHttp) -> ConnectorError:
    with patience(attempts=1, total_seconds=5), pytest.raises(ConnectorError) as caught:
        http.get_json("/user/list")
    http.close()
    return caught.value


NEVER = (
    "169.254.169.254", "169.254.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "0.0.0.0", "0.0.0.1",
    "224.0.0.251", "239.1.1.1", "240.0.0.1", "255.255.255.255", "198.18.0.7", "192.0.2.9", "198.51.100.9",
    "203.0.113.9", "192.88.99.1", "fe80::1", "fe80::1%2", "fec0::1", "ff02::1", "::", "::a9fe:a9fe",
    "::ffff:169.254.169.254", "::ffff:0.0.0.0", "64:ff9b::a9fe:a9fe", "64:ff9b::6464:64c8", "2002:a9fe:a9fe::",
    "2001::1", "2001:db8::1", "fd00:ec2::254", "fd20:ce::254", "100::1",
)  # fmt: skip


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_leads_to_a_hostile_address_is_never_reached(scheme: str, address: str) -> None:
    spy = Spy()
    error = failure(session_to(f"{scheme}://litellm.example.com", address, spy=spy))
    assert isinstance(error, CredentialRejected)
    assert spy.reached == []
    assert address not in error.message + error.likely_cause + error.resolution
    assert SECRET not in error.message + error.likely_cause


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_plain_http_never_leaves_the_near_network(address: str) -> None:
    spy = Spy()
    error = failure(session_to("http://litellm.example.com", address, spy=spy))
    assert isinstance(error, CredentialRejected)
    assert "https" in error.likely_cause
    assert spy.reached == []
    failure(session_to("https://litellm.example.com", address, spy=spy))
    assert spy.reached == [address]


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.9.9.9", "::1", "10.0.0.1", "172.31.0.1", "192.168.1.1", "100.64.0.1", "fd12::1"]
)
def test_near_addresses_are_reached_over_plain_http(address: str) -> None:
    spy = Spy()
    failure(session_to("http://litellm:4000", address, spy=spy))
    assert spy.reached == [address]


def test_one_hostile_address_among_good_ones_refuses_the_whole_name() -> None:
    spy = Spy()
    assert isinstance(
        failure(session_to("https://litellm.example.com", "8.8.8.8", "169.254.169.254", spy=spy)), CredentialRejected
    )
    assert spy.reached == []


def test_all_addresses_of_a_name_are_tried_in_turn() -> None:
    spy = Spy()
    failure(session_to("https://litellm.example.com", "8.8.8.8", "8.8.4.4", spy=spy))
    assert spy.reached == ["8.8.8.8", "8.8.4.4"]


def test_the_connection_goes_to_the_checked_address_though_the_name_changes_its_mind() -> None:
    answers: Iterable[list[str]] = iter([["10.0.0.1"], ["169.254.169.254"]])
    spy = Spy()
    network = GuardedNetwork(is_plain=True, resolve=lambda host, port: next(iter(answers)), network=spy)
    with pytest.raises(httpcore.ConnectError):
        network.connect_tcp("rebinding.example.com", 80)
    assert spy.reached == ["10.0.0.1"]
    with pytest.raises(CredentialRejected):
        network.connect_tcp("rebinding.example.com", 80)
    assert spy.reached == ["10.0.0.1"]


def test_a_refused_address_is_not_tried_again() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["169.254.169.254"]

    network = GuardedNetwork(is_plain=False, resolve=resolve, network=Spy())
    http = ProviderHttp(
        provider="LiteLLM", base_url="https://litellm.example.com", headers={}, transport=GuardedTransport(network)
    )
    with pytest.raises(CredentialRejected):
        http.get_json("/user/list")
    http.close()
    assert asked == ["litellm.example.com"]


def test_a_name_that_does_not_resolve_is_told_as_such() -> None:
    def fail(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    network = GuardedNetwork(is_plain=False, resolve=fail, network=Spy())
    http = ProviderHttp(
        provider="LiteLLM", base_url="https://nowhere.example.com", headers={}, transport=GuardedTransport(network)
    )
    assert "could not be resolved" in failure(http).likely_cause


def test_every_address_is_either_near_or_public_or_refused() -> None:
    assert [is_allowed(ip_address(address)) for address in ("10.0.0.1", "8.8.8.8", "169.254.1.1")] == [
        True,
        True,
        False,
    ]
    assert [is_allowed(ip_address(address), is_plain=True) for address in ("10.0.0.1", "8.8.8.8")] == [True, False]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target",
    [
        "{stranger}/user/list",
        "http://169.254.169.254/latest/meta-data/",
        "//169.254.169.254/",
        "http://[::ffff:169.254.169.254]/",
        "http://localhost:1/",
        "file:///etc/passwd",
        "/login",
        "",
    ],
)
def test_no_redirect_is_followed(status: int, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    strangers: list[Request] = []
    asked: list[Request] = []

    def stranger(request: Request) -> Reply:
        strangers.append(request)
        return Reply(body=b"{}")

    with provider(stranger) as elsewhere:

        def redirect(request: Request) -> Reply:
            asked.append(request)
            return Reply(status, b"", {"Location": target.format(stranger=elsewhere)})

        with provider(redirect) as url:
            monkeypatch.setenv("SPENDGLASS_ENDPOINT_LITELLM", url)
            opened = connect(
                LiteLLMCredential.model_validate({"apiKey": SECRET, "baseUrl": "https://litellm.example.com"})
            )
            with patience(attempts=1, total_seconds=5), pytest.raises(UnexpectedResponse):
                check(opened)
            opened.close()
    assert strangers == []
    assert len(asked) == 1


def test_a_proxy_of_the_environment_gets_neither_request_nor_key(monkeypatch: pytest.MonkeyPatch) -> None:
    strangers: list[Request] = []

    def stranger(request: Request) -> Reply:
        strangers.append(request)
        return Reply(body=b"{}")

    with provider(stranger) as elsewhere, provider(lambda _: Reply(body=b'{"ok": true}')) as url:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, elsewhere)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_LITELLM", url)
        opened = connect(LiteLLMCredential.model_validate({"apiKey": SECRET, "baseUrl": "https://litellm.example.com"}))
        assert opened.get_json("/user/list") == {"ok": True}
        opened.close()
    assert strangers == []


def test_the_transport_speaks_tls_for_the_name_and_not_for_the_address() -> None:
    names: list[str | None] = []

    class Stream(httpcore.NetworkStream):
        def start_tls(
            self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
        ) -> httpcore.NetworkStream:
            names.append(server_hostname)
            raise httpcore.ConnectError("far enough")

        def close(self) -> None:
            pass

    class Network(httpcore.NetworkBackend):
        def connect_tcp(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
            return Stream()

    network = GuardedNetwork(is_plain=False, resolve=lambda host, port: ["8.8.8.8"], network=Network())
    with httpx.Client(transport=GuardedTransport(network)) as client, pytest.raises(httpx.ConnectError):
        client.get("https://litellm.example.com/")
    assert names == ["litellm.example.com"]


@pytest.mark.parametrize(
    ("url", "is_overheard"),
    [
        ("https://litellm.example.com", False),
        ("http://127.0.0.1:4000", False),
        ("http://localhost:4000", False),
        ("http://litellm:4000", True),
        ("http://10.0.0.1:4000", True),
    ],
)
def test_plain_http_beyond_this_machine_is_warned_of(url: str, is_overheard: bool) -> None:
    opened = connect(LiteLLMCredential.model_validate({"apiKey": SECRET, "baseUrl": url}))
    opened.close()
    assert opened.is_overheard is is_overheard
    with_recorded = session(recording)
    with_recorded.root = url
    assert (PLAIN_HTTP in check(with_recorded).notes) is is_overheard
    assert (PLAIN_HTTP in fetch(with_recorded, TWO_DAYS).notes) is is_overheard


def test_a_malformed_replacement_of_the_base_url_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPENDGLASS_ENDPOINT_LITELLM", "http://169.254.169.254")
    with pytest.raises(CredentialRejected) as caught:
        connect(LiteLLMCredential.model_validate({"apiKey": SECRET, "baseUrl": "https://litellm.example.com"}))
    assert "SPENDGLASS_ENDPOINT_LITELLM" in caught.value.likely_cause


def test_no_secret_shows_on_the_way_to_a_refused_address() -> None:
    error = failure(session_to("https://litellm.example.com", "169.254.169.254", spy=Spy()))
    whole = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert SECRET not in whole
