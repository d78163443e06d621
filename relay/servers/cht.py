"""The client of a CHT server: one POST carries everything, both ways.

Written against cht-core 5.2.0 and the demo-server of cht-gateway, which check different things
of the same request: the headers below please both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime

import relay
from relay.core.cht import (
    Answer,
    Report,
    Update,
    read_answer,
    read_check,
    request_body,
    server_words,
)
from relay.errors import Rejected, ServerError, Unauthorised
from relay.servers.credentials import Credentials
from relay.servers.http import HttpClient, Reply, Timeouts
from relay.servers.packing import RequestGzip, packed
from relay.servers.tls import Trust

# The demo-server wants exactly these; core answers a 401 without the Accept as a redirect.
_HEADERS = {
    "Accept": "application/json",
    "Accept-Charset": "utf-8",
    "Accept-Encoding": "gzip",
    "Cache-Control": "no-cache",
    "User-Agent": f"relay/{relay.__version__}",
}
# core answers 400 to any parameter, even to a charset (api/src/routing.js:98).
_JSON = {"Content-Type": "application/json"}
# A window of core's login limiter (api/src/services/rate-limit.js).
_RATE_WINDOW_S = 10.0


class ChtServer:
    """Only used by one thread. `takes_gzip` is what an earlier run has learnt, or None."""

    def __init__(
        self,
        name: str,
        credentials: Credentials,
        *,
        timeouts: Timeouts | None = None,
        trust: Trust | None = None,
        request_gzip: str = "auto",
        takes_gzip: bool | None = None,
    ) -> None:
        self.name = name
        self._http = HttpClient(credentials.url, timeouts=timeouts, trust=trust)
        self._headers = dict(_HEADERS)
        if (authorization := credentials.authorization()) is not None:
            self._headers["Authorization"] = authorization
        self._gzip = RequestGzip(request_gzip, takes_gzip)

    def __repr__(self) -> str:
        return f"ChtServer({self.name!r}, host={self._http.host!r})"

    @property
    def takes_gzip(self) -> bool | None:
        return self._gzip.taken

    def connect(self) -> Mapping[str, object]:
        """Only connect; see `HttpClient.connect`."""
        return self._http.connect()

    def check(self) -> None:
        """GET the endpoint. Raises `ServerError` unless a gateway endpoint lets us in."""
        self.clock()

    def clock(self) -> int | None:
        """As `check`; the server's clock (epoch ms), where its answer has one."""
        reply = _accepted(self._http.request("GET", self._headers))
        read_check(reply.body)
        return date_ms(reply)

    def exchange(self, reports: Sequence[Report], updates: Sequence[Update]) -> Answer:
        """POST once. Only a compressed request that was refused is repeated, and uncompressed.

        Raises `Unreachable`, `Unauthorised`, `Rejected` or `BadReply`.
        """
        body = request_body(reports, updates)
        if not self._gzip.worthwhile(body):
            return self._post(body)
        try:
            answer = self._post(packed(body), {"Content-Encoding": "gzip"})
        except ServerError as error:
            return self._after_refused_gzip(body, error)
        self._gzip.accepted()
        return answer

    def close(self) -> None:
        self._http.close()

    def _after_refused_gzip(self, body: bytes, error: ServerError) -> Answer:
        """Whether gzip was the reason shows by sending the same without it."""
        if not self._gzip.retry_plain(error):
            raise error
        answer = self._post(body)
        self._gzip.refused()
        return answer

    def _post(self, body: bytes, extra: dict[str, str] | None = None) -> Answer:
        headers = {**self._headers, **_JSON, **(extra or {})}
        reply = _accepted(self._http.request("POST", headers, body))
        return read_answer(reply.body, date_ms(reply))


def _accepted(reply: Reply) -> Reply:
    """The reply if it has a success status, else the error that it stands for."""
    if 200 <= reply.status < 300:
        return reply
    words = server_words(reply.body)
    if reply.status in {401, 403}:
        raise Unauthorised(reply.status, f"{_AUTH[reply.status]} ({words or 'no reason given'})")
    if 300 <= reply.status < 400:
        raise Rejected(reply.status, _redirect_words(reply))
    raise Rejected(reply.status, words or "no reason given", _retry_after_s(reply))


_AUTH = {
    401: "the server does not know this user and password; nothing is lost, correct them",
    403: "the user may not use the gateway API; for CHT it needs the role `gateway`",
}


def _redirect_words(reply: Reply) -> str:
    """Never followed: a POST that is redirected becomes a GET, and what it carried is lost."""
    target = reply.headers.get("location", "").rpartition("@")[2][:200] or "another place"
    return (
        f"the server points to {target}. relay does not go there with messages: nothing was "
        "marked as sent. If that address is right, write it into the url"
    )


def _retry_after_s(reply: Reply) -> float | None:
    """Retry-After in seconds or as a date; a 429 of core clears after its ten seconds."""
    floor = _RATE_WINDOW_S if reply.status == 429 else None
    wish = reply.headers.get("retry-after", "").strip()
    if not wish:
        return floor
    if wish.isascii() and wish.isdigit():
        return max(float(wish[:9]), floor or 0.0)
    until, sent = _http_date_ms(wish), date_ms(reply)
    if until is None or sent is None:
        return floor
    return max((until - sent) / 1000, floor or 0.0)


def date_ms(reply: Reply) -> int | None:
    """The Date header in epoch milliseconds: the server's clock, independent of ours."""
    return _http_date_ms(reply.headers.get("date", ""))


def _http_date_ms(text: str) -> int | None:
    try:
        return round(parsedate_to_datetime(text).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return None
