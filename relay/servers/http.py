"""One HTTP connection to one server, kept open between exchanges. Follows no redirect, ever.

urllib3's connection is driven by hand and not through its pool, because the line between
"nothing was sent" and "the server may have processed it" runs between `connect` and `request`.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import DecodeError, LocationParseError, ReadTimeoutError
from urllib3.util import Url, parse_url

from relay.errors import BadReply, ConfigError
from relay.servers.failures import NETWORK_ERRORS, AnswerCut, no_answer, not_connected
from relay.servers.tls import ResumingContext, Trust, pin, resuming_context

_CHUNK = 64 * 1024
# Nobody between us and the server keeps an idle connection much longer; a dead one costs a
# read timeout and an unknown outcome.
_IDLE_MAX_S = 60.0
_KEPT_FOR = re.compile(r"timeout=(\d{1,6})")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: until connected, between two bytes of an answer, and for all of one request.

    CHT works for minutes on one POST, and its nginx waits an hour: patience is cheaper than a
    repetition.
    """

    connect_s: float = 30.0
    read_s: float = 300.0
    total_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """Only used by one thread."""

    def __init__(
        self,
        url: str,
        *,
        timeouts: Timeouts | None = None,
        trust: Trust | None = None,
        max_body: int = 8 * 1024 * 1024,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = _parsed(url)
        self.host = self._url.host or ""
        self._timeouts = timeouts or Timeouts()
        self._max_body = max_body
        self._monotonic = monotonic
        self._conn = _connection(self._url, self._timeouts.connect_s, trust or Trust())
        self._reusable_until = 0.0

    def request(self, method: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        """Send and read the answer, whatever its status.

        Raises `Unreachable`, and `BadReply` for an answer that is too long or wrongly packed.
        """
        sock = self._connected()
        with self._deadline(sock) as expired:
            try:
                reply = self._exchanged(sock, method, headers, body)
                if expired.is_set():
                    raise TimeoutError  # what was cut off here may look whole
            except BadReply:
                self.close()
                raise
            except NETWORK_ERRORS as error:
                self.close()
                raise no_answer(
                    error, self.host, expired=expired.is_set(), sent=body is not None
                ) from error
            return reply

    def connect(self) -> Mapping[str, object]:
        """Open the connection and send nothing. The server's certificate as `ssl.SSLSocket`
        reads it; empty where there is none, or nobody has vouched for it. Raises `Unreachable`."""
        sock = self._connected()
        return (sock.getpeercert() or {}) if isinstance(sock, ssl.SSLSocket) else {}

    def close(self) -> None:
        self._remember_session()
        self._conn.close()

    # --- the connection -------------------------------------------------------------------------

    def _connected(self) -> socket.socket:
        if not self._conn.is_connected or self._monotonic() >= self._reusable_until:
            self.close()
            self._conn.timeout = self._timeouts.connect_s
            try:
                self._conn.connect()
            except NETWORK_ERRORS as error:
                self._conn.close()
                raise not_connected(error, self.host) from error
        sock: socket.socket = self._conn.sock
        # urllib3 puts this on the socket again before it sends.
        self._conn.timeout = self._timeouts.read_s
        return sock

    def _remember_session(self) -> None:
        context = getattr(self._conn, "ssl_context", None)
        if isinstance(context, ResumingContext):
            context.remember(self._conn.sock)

    @contextmanager
    def _deadline(self, sock: socket.socket) -> Iterator[threading.Event]:
        """Cut the connection when time is up: dribbled bytes never trip a read timeout."""
        expired = threading.Event()

        def cut() -> None:
            expired.set()
            try:
                # Below TLS on purpose: the reading thread holds the TLS layer.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                expired.set()  # it is closed already

        timer = threading.Timer(self._timeouts.total_s, cut)
        timer.daemon = True
        timer.start()
        try:
            yield expired
        finally:
            timer.cancel()
            timer.join()

    # --- one exchange ---------------------------------------------------------------------------

    def _exchanged(
        self, sock: socket.socket, method: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        self._send(method, headers, body)
        response = self._conn.getresponse()
        try:
            reply = self._read(response)
        finally:
            response.close()
        self._keep(reply)
        return reply

    def _send(self, method: str, headers: Mapping[str, str], body: bytes | None) -> None:
        try:
            self._conn.request(method, self._url.request_uri, body, headers, preload_content=False)
        except (BrokenPipeError, ConnectionResetError):
            # A server that has seen enough (413, 401) answers and hangs up: read that answer.
            if self._conn.sock is None:
                raise

    def _read(self, response: BaseHTTPResponse) -> Reply:
        headers = {name.lower(): value for name, value in response.headers.items()}
        chunks: list[bytes] = []
        size = 0
        try:
            while chunk := response.read(_CHUNK):
                chunks.append(chunk)
                size += len(chunk)
                if size > self._max_body:
                    raise BadReply(f"the answer is longer than {self._max_body} bytes")
        except DecodeError:
            raise BadReply("the answer cannot be unpacked") from None
        except (TimeoutError, ReadTimeoutError):
            raise
        except NETWORK_ERRORS as error:
            # The status of a refusal says enough; a cut success is no success.
            if response.status < 300:
                raise AnswerCut from error
            self._conn.close()
        return Reply(response.status, headers, b"".join(chunks))

    def _keep(self, reply: Reply) -> None:
        """Decide how long the idle connection may be used again."""
        kept_for = _KEPT_FOR.search(reply.headers.get("keep-alive", ""))
        seconds = min(_IDLE_MAX_S, float(kept_for[1]) - 1) if kept_for else _IDLE_MAX_S
        self._reusable_until = self._monotonic() + seconds


# --- the address -------------------------------------------------------------------------------


def _parsed(url: str) -> Url:
    try:
        parsed = parse_url(url)
    except LocationParseError:
        raise ConfigError(("the url of the server cannot be read",)) from None
    if parsed.scheme not in {"https", "http"} or not parsed.host:
        raise ConfigError(("the url of the server must begin with https:// and name a host",))
    return parsed


def _connection(url: Url, timeout_s: float, trust: Trust) -> HTTPConnection:
    host = (url.host or "").strip("[]")
    if url.scheme == "http":
        return HTTPConnection(host, url.port, timeout=timeout_s)
    return HTTPSConnection(
        host,
        url.port,
        timeout=timeout_s,
        ssl_context=resuming_context(trust),
        assert_fingerprint=pin(trust),
    )
