"""The sockets of the simulated server: it reads, answers, and breaks off as it is told."""

from __future__ import annotations

import gzip
import io
import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from relay.simulator.server_faults import Fault, Faults, Kind
from relay.simulator.server_journal import Journal, Logged
from relay.simulator.server_rules import BODY_MAX, Front, Request, Response, failure

# express compresses from 1 KB on, if it was asked to.
_GZIP_FROM = 1024


class Cut(Exception):
    """The connection ends here, without an answer or in the middle of one."""


class WebServer(ThreadingHTTPServer):
    """Listens, and can be stopped with every connection that is open."""

    daemon_threads = True
    block_on_close = True
    request_queue_size = 64

    def __init__(
        self,
        address: tuple[str, int],
        front: Front,
        faults: Faults,
        journal: Journal,
        date: Callable[[], str] | None,
    ) -> None:
        self.front = front
        self.faults = faults
        self.journal = journal
        self.date = date
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        super().__init__(address, Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off is everyday life here."""

    def hang_up(self) -> None:
        """Break every open connection, as a server does that goes down."""
        self.stopping.set()
        with self._lock:
            for request in self._open:
                try:
                    socket.socket.shutdown(request, socket.SHUT_RDWR)
                except OSError:
                    continue

    def encrypt(self, context: ssl.SSLContext) -> None:
        # The handshake belongs to the connection's own thread, not to the one that accepts.
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )


class CountedWriter(io.BufferedIOBase):
    """Counts what goes out, headers and all."""

    def __init__(self, target: io.BufferedIOBase) -> None:
        self._target = target
        self.count = 0

    def write(self, data: Any) -> int:
        self.count += len(data)
        return self._target.write(data)

    def flush(self) -> None:
        if not self._target.closed:
            self._target.flush()


class Connection(BaseHTTPRequestHandler):
    """One connection of one client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: WebServer

    def setup(self) -> None:
        super().setup()
        self.wfile = self._counted = CountedWriter(self.wfile)

    def do_GET(self) -> None:
        self._serve()

    # http.server looks the methods up by these names.
    do_POST = do_HEAD = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = do_GET  # noqa: N815  # given

    def handle_expect_100(self) -> bool:
        return True  # the rules decide what becomes of it

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: `requests` has it all."""

    def version_string(self) -> str:
        return "central-server"

    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.server.date() if self.server.date else super().date_time_string(timestamp)

    # --- one request ----------------------------------------------------------------------------

    def _serve(self) -> None:
        self._counted.count = 0
        number = self.server.journal.begin()
        status = None
        request = Request(self.command, self.path, {})
        try:
            request = self._request()
            self._pause(self.server.faults.delay_s)
            status = self._answer(request)
        except (Cut, OSError):
            self.close_connection = True
        finally:
            self._log(number, request, status)

    def _request(self) -> Request:
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, self.path, headers, self._body(), self.client_address[0])

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            return self._chunks()
        length = int(self.headers.get("Content-Length", "0"))
        if length > BODY_MAX:
            self.close_connection = True
            return b"\0" * (BODY_MAX + 1)  # too large by its own account: nobody reads it
        return self.rfile.read(length)

    def _chunks(self) -> bytes:
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _answer(self, request: Request) -> int | None:
        fault = self.server.faults.take(request.method)
        if fault is None:
            return self._send(self._answered(request))
        return self._broken(fault, request)

    def _answered(self, request: Request) -> Response:
        if len(request.body) > BODY_MAX:
            return failure(413)
        return self.server.front.answer(request)

    # --- faults ---------------------------------------------------------------------------------

    def _broken(self, fault: Fault, request: Request) -> int | None:
        match fault.kind:
            case Kind.CLOSE:
                raise Cut
            case Kind.HANG:
                self._hang()
            case Kind.REPLY:
                headers = {"Content-Type": "application/json", **dict(fault.headers)}
                return self._send(Response(fault.status, fault.body, headers))
            case Kind.HUGE:
                return self._send_without_end()
            case _:
                return self._break_answer(fault, self._answered(request))
        return None

    def _break_answer(self, fault: Fault, response: Response) -> int:
        """The request was processed; the answer does not arrive as it is."""
        half = response.body[: len(response.body) // 2]
        if fault.kind is Kind.LOSE_ANSWER:
            raise Cut
        if fault.kind is Kind.TRUNCATE:
            return self._send(Response(response.status, half, response.headers))
        self._head(response, len(response.body))
        if fault.kind is Kind.CUT:
            self.wfile.write(half)
            raise Cut
        for byte in response.body:
            self.wfile.write(bytes([byte]))
            self._pause(fault.interval_s)
        return response.status

    def _hang(self) -> None:
        while not self.server.stopping.is_set():
            if self.server.faults.released.wait(0.05):
                break
        raise Cut

    def _pause(self, seconds: float) -> None:
        if seconds > 0 and self.server.stopping.wait(seconds):
            raise Cut

    # --- the answer on the wire -----------------------------------------------------------------

    def _send(self, response: Response) -> int:
        response = self._packed(response)
        self._head(response, len(response.body))
        if self.command != "HEAD":
            self.wfile.write(response.body)
        return response.status

    def _packed(self, response: Response) -> Response:
        wanted = "gzip" in self.headers.get("Accept-Encoding", "")
        if "Content-Encoding" in response.headers:
            return response
        if not wanted or len(response.body) < _GZIP_FROM or not response.headers:
            return response
        headers = {**response.headers, "Content-Encoding": "gzip"}
        return Response(response.status, gzip.compress(response.body), headers)

    def _head(self, response: Response, length: int) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.flush()

    def _send_without_end(self) -> int:
        self._head(Response(200, b""), 1 << 40)
        while not self.server.stopping.is_set():
            self.wfile.write(b" " * 65536)
        raise Cut

    def _log(self, number: int, request: Request, status: int | None) -> None:
        head = len(self.requestline) + 2 + len(bytes(self.headers))
        self.server.journal.add(
            number,
            Logged(
                request.method,
                request.path,
                dict(request.headers),
                request.body,
                head + len(request.body),
                status,
                self._counted.count,
                self.client_address[1],
                bool(getattr(self.connection, "session_reused", False)),
            ),
        )
