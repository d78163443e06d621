"""How CHT's API looks at a request before it believes it: paths, headers, login, body.

Pure: a `Request` in, a `Response` out. Sources: api/src/routing.js, auth.js, server-utils.js,
middleware/rate-limiter.js of cht-core 5.2.0.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from relay.simulator.server_faults import error_body
from relay.simulator.server_state import CentralState, ServerTrouble

BODY_MAX = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """Header names in lower case. `client` is the address that the rate limiter goes by."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    client: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(
        default_factory=lambda: {"Content-Type": "application/json; charset=utf-8"}
    )


class Front(Protocol):
    """One kind of server: what it answers to a request."""

    path: str

    def answer(self, request: Request) -> Response: ...


@dataclass(slots=True)
class Rules:
    """What may differ from one installation to the next; all may be changed while it runs."""

    user: str
    password: str
    may_use_gateway: bool = True
    takes_gzip: bool = True
    behind_nginx: bool = False
    limits_logins: bool = False


class ChtFront:
    """The gateway endpoint of cht-core."""

    path = "/api/sms"

    def __init__(self, state: CentralState, rules: Rules, monotonic: Callable[[], float]) -> None:
        self._state = state
        self._rules = rules
        self._logins = FailedLogins(monotonic)

    def answer(self, request: Request) -> Response:
        if not self._rules.behind_nginx and _unreplayable(request):
            return failure(500)
        if re.sub("/+", "/", request.path).rstrip("/") != self.path:
            return Response(404, b'{"code":404,"error":"Not found"}')
        return self._refused_login(request) or self._let_in(request)

    def _refused_login(self, request: Request) -> Response | None:
        if self._rules.limits_logins and self._logins.too_many(request.client):
            return failure(429)
        if not right_login(request, self._rules):
            self._logins.failed(request.client)
            return _not_logged_in(request)
        return None if self._rules.may_use_gateway else failure(403)

    def _let_in(self, request: Request) -> Response:
        if request.method in {"GET", "HEAD"}:
            return Response(200, b'{"medic-gateway":true}')
        if request.method != "POST":
            return Response(404, b'{"code":404,"error":"Not found"}')
        if request.headers.get("content-type") != "application/json":
            return failure(400)
        return self._post(request)

    def _post(self, request: Request) -> Response:
        if len(request.body) > BODY_MAX:
            return failure(413)
        try:
            body = self._read(request)
            if body is None:
                return failure(413)
            found = json.loads(body) if body.strip() else {}
            return Response(200, json.dumps(self._state.exchange(found)).encode())
        except (ValueError, RecursionError, zlib.error, ServerTrouble):
            return failure(500)

    def _read(self, request: Request) -> bytes | None:
        """The unpacked body, None if it is too large. Raises ValueError, zlib.error."""
        packing = request.headers.get("content-encoding", "identity").lower()
        if packing == "identity":
            return request.body
        if packing not in {"gzip", "deflate"} or not self._rules.takes_gzip:
            raise ValueError(packing)
        unpacker = zlib.decompressobj(wbits=31 if packing == "gzip" else 15)
        body = unpacker.decompress(request.body, BODY_MAX + 1)
        return body if len(body) <= BODY_MAX else None


class FailedLogins:
    """More than ten failed logins in ten seconds shut everybody of that address out."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._times: dict[str, deque[float]] = {}

    def failed(self, client: str) -> None:
        self._times.setdefault(client, deque(maxlen=64)).append(self._monotonic())

    def too_many(self, client: str) -> bool:
        since = self._monotonic() - 10
        return sum(at > since for at in tuple(self._times.get(client, ()))) > 10


def failure(status: int) -> Response:
    return Response(status, error_body(status))


def right_login(request: Request, rules: Rules) -> bool:
    """CouchDB decodes the login as UTF-8: other bytes are another password."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        return base64.b64decode(token) == f"{rules.user}:{rules.password}".encode()
    except (binascii.Error, ValueError):
        return False


def _unreplayable(request: Request) -> bool:
    """Headers are replayed on the lookup of /_session, and undici refuses these (auth.js:13)."""
    chunked = "chunked" in request.headers.get("transfer-encoding", "").lower()
    return chunked or any(name in request.headers for name in ("expect", "keep-alive", "upgrade"))


def _not_logged_in(request: Request) -> Response:
    """notLoggedIn of server-utils.js: JSON to those who ask for it, a page to the others."""
    if "json" in request.headers.get("accept", ""):
        return failure(401)
    agent = request.headers.get("user-agent", "")
    if not agent or re.match(r"Dalvik/.*medic\.gateway", agent):
        return Response(401, b"not logged in", {"Content-Type": "text/plain"})
    return Response(302, b"Found", {"Location": "/medic/login?redirect=%2Fapi%2Fsms"})
