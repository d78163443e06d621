"""What can go wrong between a gateway and its server, to be switched on while it runs."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum

PORTAL = (
    b"<!DOCTYPE html><html><head><title>Free WiFi - please log in</title></head>"
    b"<body><form>...</form></body></html>"
)


class Kind(StrEnum):
    CLOSE = "close"  # accepted and closed: nothing is processed
    HANG = "hang"  # read, and never answered
    LOSE_ANSWER = "lose answer"  # processed, and closed without an answer
    REPLY = "reply"  # a fixed answer: nothing is processed
    CUT = "cut"  # processed; the connection breaks in the middle of the answer
    TRUNCATE = "truncate"  # processed; half of the JSON as a whole answer
    DRIBBLE = "dribble"  # processed; one byte at a time
    HUGE = "huge"  # an answer that does not end


@dataclass(frozen=True, slots=True)
class Fault:
    kind: Kind
    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    interval_s: float = 0.0


class Faults:
    """Thread-safe. A fault holds for its `times` POSTs, or (None) until `clear`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fault: Fault | None = None
        self._times: int | None = None
        # Set whenever nobody has to hang any more; waited for instead of sleeping.
        self.released = threading.Event()
        self.delay_s = 0.0  # before a request is looked at
        self.work_s = 0.0  # for each message, between looking up ids and storing
        self.every_method = False  # faults meet GETs as well as POSTs
        self.poison = ""  # a content with this in it fails every POST that it is in

    # --- switches ---------------------------------------------------------------------------

    def close(self, times: int | None = None) -> None:
        self._put(Fault(Kind.CLOSE), times)

    def hang(self, times: int | None = None) -> None:
        self._put(Fault(Kind.HANG), times)

    def lose_answer(self, times: int | None = 1) -> None:
        self._put(Fault(Kind.LOSE_ANSWER), times)

    def cut(self, times: int | None = 1) -> None:
        self._put(Fault(Kind.CUT), times)

    def truncate(self, times: int | None = 1) -> None:
        self._put(Fault(Kind.TRUNCATE), times)

    def dribble(self, interval_s: float, times: int | None = 1) -> None:
        self._put(Fault(Kind.DRIBBLE, interval_s=interval_s), times)

    def huge(self, times: int | None = 1) -> None:
        self._put(Fault(Kind.HUGE), times)

    def status(
        self, status: int, times: int | None = None, *, retry_after: str = "", body: bytes = b""
    ) -> None:
        """The error body of core, or for 502 and 504 that of CHT's nginx."""
        headers = (("Retry-After", retry_after),) if retry_after else ()
        self._put(Fault(Kind.REPLY, status, body or error_body(status), headers), times)

    def portal(self, times: int | None = None, *, status: int = 200) -> None:
        """The login page of a network that is not the internet yet."""
        self._put(Fault(Kind.REPLY, status, PORTAL, (("Content-Type", "text/html"),)), times)

    def redirect(self, location: str, times: int | None = None, *, status: int = 301) -> None:
        self._put(Fault(Kind.REPLY, status, b"", (("Location", location),)), times)

    def reply(
        self,
        body: bytes,
        times: int | None = None,
        *,
        status: int = 200,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self._put(Fault(Kind.REPLY, status, body, headers), times)

    def check_answer(self, times: int | None = None) -> None:
        """What a client sees whose POST was redirected and became a GET."""
        self.reply(b'{"medic-gateway":true}', times)

    def clear(self) -> None:
        with self._lock:
            self._fault, self._times = None, None
        self.delay_s = self.work_s = 0.0
        self.every_method = False
        self.poison = ""
        self.released.set()

    # --- for the server ---------------------------------------------------------------------

    def chokes(self, content: object) -> bool:
        return bool(self.poison) and self.poison in str(content)

    def take(self, method: str) -> Fault | None:
        """The fault that this request meets."""
        with self._lock:
            fault = self._fault if method == "POST" or self.every_method else None
            if fault is not None and self._times is not None:
                self._times -= 1
                if self._times <= 0:
                    self._fault, self._times = None, None
            return fault

    def _put(self, fault: Fault, times: int | None) -> None:
        with self._lock:
            self._fault, self._times = fault, times
        self.released.clear()


_WORDS = {
    400: "Content-Type must be application/json",
    401: "unauthorized",
    403: "Insufficient privileges",
    413: "Payload Too Large",
    429: "Too Many Requests",
    500: "Server error",
}


def error_body(status: int) -> bytes:
    """`{code, error}` as core has it, `{type, error, server}` as its nginx, or 503's own form."""
    if status == 503:
        return b'{"error":"Service unavailable"}'
    if status in {502, 504}:
        words = "Bad Gateway" if status == 502 else "Gateway Timeout"
        return f'{{"type":"ERROR","error":"{status} {words}","server":"nginx"}}'.encode()
    return f'{{"code":{status},"error":"{_WORDS.get(status, "Error")}"}}'.encode()
