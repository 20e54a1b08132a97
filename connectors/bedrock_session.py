"""Talks to Cost Explorer and STS through boto3: signed by it, retried by it, counted and limited here.

    ask ── boto3 client (sign, retry, tell refusals) ── _send (meter, size, time) ── AWS
                                                          └→ the answer, fractions as `Decimal`

boto3 is imported in this module only, and this module only when an account is linked or synced: it takes its time.
"""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date
from decimal import Decimal
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any

import boto3
import botocore.exceptions as aws
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.httpsession import URLLib3Session
from botocore.parsers import ResponseParserError
from botocore.utils import get_environ_proxies
from urllib3.exceptions import HTTPError
from urllib3.exceptions import ReadTimeoutError as URLLib3ReadTimeoutError

from connectors.answers import parse_json
from connectors.base import Meter
from connectors.bedrock_ledger import Ledger
from connectors.bedrock_refusals import refused
from connectors.errors import ConnectorError, ProviderUnavailable, UnexpectedResponse
from connectors.fields import Fields
from connectors.http import CONNECT_SECONDS, MAX_BYTES, VERSION
from connectors.patience import Patience, current_patience
from settings import endpoint, settings

REQUEST_PRICE = Decimal("0.01")
"""US dollars that AWS takes for each Cost Explorer request, every page of it.
https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/ - failed ones are counted too: nobody says."""
CHUNK = 65_536
OPERATIONS = {"GetCostAndUsage": "get_cost_and_usage", "GetDimensionValues": "get_dimension_values"}

logging.getLogger("botocore").setLevel(logging.WARNING)


class BedrockSession:
    """An opened connection to one AWS account, remembering the sums that all windows of a sync share."""

    def __init__(self, *, access_key_id: str, secret_access_key: str, region: str) -> None:
        self.meter = Meter()
        self.remembered: Ledger | None = None
        self._boto3 = boto3.Session(
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_access_key,
            region_name=region,
            botocore_session=botocore.session.Session(session_vars=_NOTHING_FROM_THE_HOST),
        )
        self._endpoint = endpoint("bedrock", "") or None
        self._clients: dict[tuple[str, Patience], Any] = {}
        self._wires: list[URLLib3Session] = []
        self._deadline = 0.0
        self._answer: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"BedrockSession({self._endpoint or 'AWS'})"

    def close(self) -> None:
        for opened in (*self._clients.values(), *self._wires):
            opened.close()

    def ask(self, operation: str, **parameters: Any) -> Fields:
        """One page of a Cost Explorer answer. Raises only `ConnectorError`."""
        self._call("ce", OPERATIONS[operation], f"ce:{operation}", parameters)
        return Fields(f"AWS ce:{operation}", self._answer)

    def identity(self) -> tuple[str, str, date]:
        """The account id and the name (ARN) of the key's holder, and AWS's own date. Free of charge."""
        answer = self._call("sts", "get_caller_identity", "sts:GetCallerIdentity", {})
        fields = Fields("AWS sts:GetCallerIdentity", answer)
        account, arn = fields.text("Account"), fields.text("Arn")
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        if not account or not arn:
            raise fields.refuse("Account", "or Arn is missing")
        try:
            today = parsedate_to_datetime(str(headers.get("date", ""))).astimezone(UTC).date()
        except ValueError:
            today = None
        if today is None:
            raise fields.refuse("Date", "is no date")
        return account, arn, today

    def _call(self, service: str, method: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        policy = current_patience()
        client = self._client(service, policy)
        self._deadline = monotonic() + policy.total_seconds
        problem: ConnectorError
        try:
            answer: dict[str, Any] = getattr(client, method)(**parameters)
        except aws.ClientError as error:
            problem = refused(operation, error.response)
        except aws.BotoCoreError as error:
            problem = _unreachable(operation, error)
        except (ResponseParserError, LookupError):  # its parser of XML raises either, and quotes the body
            problem = UnexpectedResponse(f"AWS: {operation} was answered with something that is no XML of AWS.")
        else:
            return answer
        raise problem

    def _client(self, service: str, policy: Patience) -> Any:
        """The client for a patience: botocore fixes attempts and time-outs when it makes one."""
        if (service, policy) not in self._clients:
            seconds = min(settings().http_timeout, policy.total_seconds)
            config = Config(
                connect_timeout=min(CONNECT_SECONDS, seconds),
                read_timeout=seconds,
                retries={"mode": "standard", "total_max_attempts": policy.attempts},
                user_agent_extra=f"spendglass/{VERSION}",
                ignore_configured_endpoint_urls=True,
            )
            client = self._boto3.client(service, endpoint_url=self._endpoint, config=config)
            http = URLLib3Session(
                proxies=get_environ_proxies(client.meta.endpoint_url),
                timeout=(config.connect_timeout, config.read_timeout),
                socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
                max_pool_connections=1,
            )

            def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
                return self._send(http, request, is_charged=service == "ce")

            client.meta.events.register("before-send", send)
            self._wires.append(http)
            self._clients[service, policy] = client
        return self._clients[service, policy]

    def _send(self, http: URLLib3Session, request: AWSPreparedRequest, *, is_charged: bool) -> AWSResponse:
        """One attempt on the wire, in botocore's place: it limits neither the size nor the whole time of an answer."""
        if monotonic() > self._deadline:
            raise ProviderUnavailable("AWS gave no usable answer in all the time there was.")
        if is_charged:
            self.meter.charge(REQUEST_PRICE)
        self.meter.requests += 1
        request.stream_output = True
        answer = http.send(request)
        with closing(answer.raw):
            body = self._body(answer, request)
        if is_charged:  # botocore raises anything on JSON of another shape, so it gets none of that
            if 200 <= answer.status_code < 300:  # noqa: PLR2004
                self._answer, body = _parsed(body, answer), b"{}"
            elif not _is_told(body):
                body = b""
        return AWSResponse(answer.url, answer.status_code, answer.headers, _Body(body))

    def _body(self, answer: AWSResponse, request: AWSPreparedRequest) -> bytes:
        body = bytearray()
        while chunk := _next_chunk(answer, request):
            body += chunk
            if len(body) > MAX_BYTES:
                raise UnexpectedResponse(f"AWS answered with more than {MAX_BYTES // 1024:,} KiB; reading stopped.")
            if monotonic() > self._deadline:
                raise aws.ReadTimeoutError(endpoint_url=request.url)
        promised = answer.headers.get("content-length", "")
        if promised.isdigit() and len(body) < int(promised):
            raise aws.ConnectionClosedError(endpoint_url=request.url)
        return bytes(body)


def _next_chunk(answer: AWSResponse, request: AWSPreparedRequest) -> bytes:
    """What has arrived, waiting for a first byte only; empty at the end."""
    try:
        chunk: bytes = answer.raw.read1(CHUNK)
    except URLLib3ReadTimeoutError:
        raise aws.ReadTimeoutError(endpoint_url=request.url) from None
    except (HTTPError, OSError):
        raise aws.ConnectionClosedError(endpoint_url=request.url) from None
    return chunk


class _Body:
    """A body that was read already, for botocore to read once more."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


def _parsed(body: bytes, answer: AWSResponse) -> dict[str, Any]:
    kind = str(answer.headers.get("content-type", "no content type")).partition(";")[0]
    try:
        value = parse_json(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise UnexpectedResponse(f"AWS answered Cost Explorer's question with something that is no JSON ({kind}).")
    return value


def _is_told(body: bytes) -> bool:
    """Whether a refusal has the shape of Cost Explorer's; of others the status says enough."""
    try:
        value = parse_json(body)
    except ValueError:
        return False
    return isinstance(value, dict) and isinstance(value.get("__type", ""), str)


def _unreachable(operation: str, error: aws.BotoCoreError) -> ConnectorError:
    """The error of a request that got no answer, or none that botocore could read."""
    for kind, message, cause in (
        (aws.ConnectTimeoutError, f"AWS did not answer {operation} in time.", "AWS is slow or out of reach."),
        (aws.ReadTimeoutError, f"AWS did not answer {operation} in time.", "AWS is slow or out of reach."),
        (aws.SSLError, "AWS could not be reached.", "The TLS certificate of AWS is not trusted by this machine."),
        (aws.ProxyConnectionError, "AWS could not be reached.", "The proxy of this machine lets nothing through."),
        (
            aws.EndpointConnectionError,
            "AWS could not be reached.",
            "The name of AWS's endpoint could not be resolved (DNS), or nothing listens there.",
        ),
        (
            aws.ConnectionClosedError,
            f"AWS cut the connection during its answer to {operation}.",
            "AWS, or a proxy before it, closed the connection too early.",
        ),
        (aws.HTTPClientError, "AWS could not be reached.", None),
    ):
        if isinstance(error, kind):
            return ProviderUnavailable(message, likely_cause=cause)
    return UnexpectedResponse(f"AWS: {operation} was answered in a way that its SDK cannot read.")


_NOTHING_FROM_THE_HOST = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""Profiles and settings of the machine's own AWS user must neither help nor hinder."""
