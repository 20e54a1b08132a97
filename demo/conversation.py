"""The simulator's end of the wire: finds the provider a request is for, and does what the ordered fault says."""

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from demo.control import CONTROL_PREFIX, controlled
from demo.faults import Fault
from demo.stage import Stage
from demo.wire import Answer, Request

LOOPBACK = "127.0.0.1"
CHUNK = 65_536
TICKS_A_SECOND = 10
HTML = b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"


class Listener(ThreadingHTTPServer):
    """Listens on loopback, one thread for each connection; closing it ends them all."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, stage: Stage, port: int) -> None:
        self.stage = stage
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((LOOPBACK, port), Conversation)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        with self._lock:
            for connection in self._connections:
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle of an answer is no fault of the server."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Conversation(BaseHTTPRequestHandler):
    """Answers one request after the other on a kept-alive connection."""

    server: Listener
    protocol_version = "HTTP/1.1"
    server_version = "Simulator"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        stage = self.server.stage
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if stage.has_control and self.path.startswith(CONTROL_PREFIX):
            self._send(controlled(stage, self.command, self.path, body))
            return
        stage.requests.append((self.command, self.path))
        fault = stage.faults.take(self.path)
        answer = self._answer(body, frozenset({fault.kind}) if fault and fault.is_twist else frozenset())
        if fault is None or fault.is_twist:
            self._send(answer)
        else:
            self._misbehave(fault, answer)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The `Date` of an answer is the instant it is given for."""
        return super().date_time_string(self.server.stage.clock().timestamp() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of http.server
        """Says nothing: `Stage.requests` remembers."""

    def _answer(self, body: bytes, twists: frozenset[str]) -> Answer:
        stage, target = self.server.stage, urlsplit(self.path)
        slug, _, path = target.path.removeprefix("/").partition("/")
        provider = stage.providers.get(slug)
        if provider is None:
            return Answer.of_json(404, {"error": "No such provider here.", "providers": list(stage.providers)})
        request = Request(
            method=self.command,
            path="/" + path,
            query=tuple(parse_qsl(target.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            world=stage.world,
            now=stage.clock(),
            twists=twists,
            manners=stage.manners,
        )
        return stage.manners.applied(provider.answer(request))

    def _misbehave(self, fault: Fault, answer: Answer) -> None:
        match fault.kind:
            case "status":
                headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
                self._send(Answer(fault.sent_status, fault.body, {"Content-Type": "application/json", **headers}))
            case "html":
                self._send(Answer(fault.sent_status, HTML, {"Content-Type": "text/html"}))
            case "redirect":
                self._send(Answer(fault.sent_status, b"", {"Location": fault.location}))
            case "header":
                name, _, value = fault.header.partition(": ")
                self._send(Answer(answer.status, answer.body, {**answer.headers, name: value}))
            case "truncate":
                self._send(Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers))
            case "cut":
                self._cut(answer, fault.size)
            case "drip":
                self._drip(answer, fault.rate)
            case "huge":
                self._pad(answer, fault.size)
            case "delay":
                self.server.stage.closing.wait(fault.seconds)
                self._send(answer)

    def _head(self, answer: Answer, length: int) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _send(self, answer: Answer) -> None:
        self._head(answer, len(answer.body))
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    def _cut(self, answer: Answer, size: int) -> None:
        self.close_connection = True
        if size:
            self._head(answer, len(answer.body))
            self.wfile.write(answer.body[: min(size, len(answer.body) - 1)])
            self.wfile.flush()

    def _drip(self, answer: Answer, rate: int) -> None:
        self._head(answer, len(answer.body))
        drop = max(1, rate // TICKS_A_SECOND)
        for start in range(0, len(answer.body), drop):
            self.wfile.write(answer.body[start : start + drop])
            self.wfile.flush()
            if self.server.stage.closing.wait(drop / rate):
                self.close_connection = True
                break

    def _pad(self, answer: Answer, size: int) -> None:
        self._head(answer, len(answer.body) + size)
        for start in range(0, size, CHUNK):
            self.wfile.write(b" " * min(CHUNK, size - start))
        self.wfile.write(answer.body)
        self.wfile.flush()
