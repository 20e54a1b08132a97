"""Checks the signature of a request to AWS, version 4.

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import quote

from demo.wire import Request

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a request's `Authorization` says about it."""

    access_key_id: str
    day: str
    region: str
    service: str
    headers: tuple[str, ...]
    signature: str

    @classmethod
    def of(cls, request: Request) -> "Signature | None":
        """None where there is no signature, or not one of version 4."""
        found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if found is None:
            return None
        headers = tuple(found["headers"].split(";"))
        return cls(found["key"], found["day"], found["region"], found["service"], headers, found["signature"])

    def fits(self, request: Request, secret: str, prefix: str) -> bool:
        """Whether `secret` signed this request; `prefix` is the part of the path that the request has lost."""
        scope = f"{self.day}/{self.region}/{self.service}/aws4_request"
        moment = request.headers.get("x-amz-date", "")
        canonical = "\n".join(
            (
                request.method,
                quote((prefix + request.path).rstrip("/") or "/", safe="/~"),
                "",
                *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in self.headers),
                "",
                ";".join(self.headers),
                hashlib.sha256(request.body).hexdigest(),
            )
        )
        text = "\n".join(("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
        key = f"AWS4{secret}".encode()
        for part in (self.day, self.region, self.service, "aws4_request", text):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.compare_digest(key.hex(), self.signature)
