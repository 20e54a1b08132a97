"""Service-account keys of the demo, and the token endpoint that takes what is signed with them.

https://developers.google.com/identity/protocols/oauth2/service-account#httprest
"""

import base64
import binascii
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from demo.wire import Answer

PROJECT = "acme-finops"
SCOPE = "https://www.googleapis.com/auth/bigquery"
READER = f"ai-cost-reader@{PROJECT}.iam.gserviceaccount.com"
"""May run queries and read the export."""
STRANGER = f"ci-deployer@{PROJECT}.iam.gserviceaccount.com"
"""May run queries, but read no export."""
IDLER = f"web-frontend@{PROJECT}.iam.gserviceaccount.com"
"""May not even run queries."""
ACCOUNTS = (READER, STRANGER, IDLER)
TOKEN_SECONDS = 3_600
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_PRIMES = (
    (
        "caeca10b3ad436dffafea32ca4de83ca8aaf40204e5a691ea1eefed54587fad942e5bfe10dad51ae807652c5"
        "3ad44871953789fc41f6cfdce0d6b52b41a9c5f454c021f3cf0ff28d1cc7b68ceb6e822c6edf074a07f14c25"
        "4db290dc2f65414aa895d434aacc25bd552b64bbe718e93843e564d089bae40d126a44ecca65178b"
    ),
    (
        "be5ad80fac28dbab3d801c79b7332aa070c929d577bcfd4d2e7fa6d641c034477a1214584a6b26074ed1f6d1"
        "9e11dd455f51f6e4867065a073d59998974bbdde4f70bc8a6bdf9bee8741b04f1e33f6f10c6a1f1a60fc21e6"
        "4ce043e1fae8ea743cdbb78a909e0b2185deb73bb3308a72818e55a27216142be2ab32f05d3962ff"
    ),
)
"""The demo's key opens nothing but the simulator, and is public with it."""


@lru_cache(maxsize=1)
def _key() -> rsa.RSAPrivateKey:
    p, q = (int(prime, 16) for prime in _PRIMES)
    public, private = 65_537, pow(65_537, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p, q, private, private % (p - 1), private % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(public, p * q)
    )
    return numbers.private_key()


def key_file(account: str = READER, *, token_uri: str = "token") -> dict[str, str]:  # noqa: S107 - an address
    """The JSON key that a person would download. The token endpoint stands beside the simulator's BigQuery."""
    pem = _key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "0f1e2d3c4b5a69788796a5b4c3d2e1f00badcafe",
        "private_key": pem,
        "client_email": account,
        "client_id": "100200300400500600700",
        "token_uri": token_uri,
        "universe_domain": "googleapis.com",
    }


def granted(body: bytes) -> Answer:
    """The answer to a request for an access token."""
    form = {name: values[-1] for name, values in parse_qs(body.decode("ascii", "replace")).items()}
    if form.get("grant_type") != _GRANT:
        return _refused("unsupported_grant_type", "Invalid grant_type.")
    claims = _claims(form.get("assertion", ""))
    if claims is None:
        return _refused("invalid_grant", "Invalid JWT Signature.")
    if claims.get("iss") not in ACCOUNTS:
        return _refused("invalid_grant", "Invalid grant: account not found")
    if SCOPE not in str(claims.get("scope", "")).split():
        return _refused("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    return Answer.of_json(
        200, {"access_token": _token(claims["iss"]), "expires_in": TOKEN_SECONDS - 1, "token_type": "Bearer"}
    )


def _refused(error: str, description: str) -> Answer:
    return Answer.of_json(400, {"error": error, "error_description": description})


def _claims(assertion: str) -> Mapping[str, Any] | None:
    """What a token says about itself; None unless the demo's key signed it."""
    signed, _, signature = assertion.rpartition(".")
    try:
        _key().public_key().verify(_decoded(signature), signed.encode(), padding.PKCS1v15(), SHA256())
        claims = json.loads(_decoded(signed.partition(".")[2]))
    except (InvalidSignature, ValueError, binascii.Error):
        return None
    return claims if isinstance(claims, dict) else None


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _token(account: str) -> str:
    return f"ya29.demo-{account.partition('@')[0]}"


def holder(authorization: str | None) -> str | None:
    """The service account that an access token was given to; None for all other tokens."""
    return next((account for account in ACCOUNTS if authorization == f"Bearer {_token(account)}"), None)
