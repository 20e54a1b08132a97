"""Connections to a server whose certificate is real TLS, but of nobody's authority."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from connectors.errors import ProviderUnavailable
from connectors.http import ProviderHttp
from connectors.tls import tls
from tests.connectors.local_server import Reply, provider


@pytest.fixture(autouse=True)
def nothing_cached() -> Iterator[None]:
    tls.cache_clear()
    yield
    tls.cache_clear()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate of 127.0.0.1, with its key in the same file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Acme")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    path = tmp_path / "acme.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + made.sign(key, SHA256()).public_bytes(Encoding.PEM)
    )
    return path


@pytest.fixture
def url(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with provider(lambda _: Reply(body=b'{"ok": true}'), context) as base_url:
        yield base_url


@pytest.fixture
def opened() -> Iterator[list[ProviderHttp]]:
    made: list[ProviderHttp] = []
    yield made
    for http in made:
        http.close()


def connected(url: str, opened: list[ProviderHttp]) -> ProviderHttp:
    opened.append(ProviderHttp(provider="Acme", base_url=url, headers={}, sleep=lambda _: None))
    return opened[-1]


def test_a_certificate_of_no_known_authority_is_refused_at_once(url: str, opened: list[ProviderHttp]) -> None:
    http = connected(url, opened)
    with pytest.raises(ProviderUnavailable) as caught:
        http.get_json("/costs")
    assert caught.value.likely_cause == "The TLS certificate of 127.0.0.1 is not trusted by this machine."
    assert http.meter.requests == 1


def test_an_authority_of_ones_own_is_trusted_for_the_names_it_vouches_for(
    url: str, certificate: Path, opened: list[ProviderHttp], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert connected(url, opened).get_json("/costs") == {"ok": True}
    with pytest.raises(ProviderUnavailable) as caught:
        connected(url.replace("127.0.0.1", "localhost"), opened).get_json("/costs")
    assert "TLS certificate of localhost is not trusted" in caught.value.likely_cause


def test_all_connections_share_settings_that_are_read_once(url: str, opened: list[ProviderHttp]) -> None:
    for _ in range(3):
        connected(url, opened)
    assert tls.cache_info().misses == 1
    assert (tls().verify_mode, tls().check_hostname) == (ssl.CERT_REQUIRED, True)
