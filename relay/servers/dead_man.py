"""A dead-man's switch: a page that expects a sign of life, and tells somebody when none comes.

The request has no data but its address. Whether it arrives does not matter to relay.
"""

from __future__ import annotations

from relay.core.outcome import outcome_of
from relay.errors import ServerError
from relay.servers.http import HttpClient, Timeouts

_LIMITS = Timeouts(connect_s=15.0, read_s=15.0, total_s=30.0)
_MAX_BODY = 64 * 1024


class DeadMan:
    """Only used by the heartbeat thread."""

    def __init__(self, url: str, method: str, fail_suffix: str = "") -> None:
        self._url = url
        self._method = method.upper()
        self._fail_suffix = fail_suffix

    @property
    def tells_failure(self) -> bool:
        return bool(self._fail_suffix)

    def ping(self, *, well: bool) -> str:
        """How it went: `OK`, or a code such as NET_DNS or HTTP_404; never the address."""
        url = self._url if well else self._url.rstrip("/") + self._fail_suffix
        client = HttpClient(url, timeouts=_LIMITS, max_body=_MAX_BODY)
        body = b"" if self._method == "POST" else None
        try:
            reply = client.request(self._method, {"User-Agent": "relay"}, body)
        except ServerError as error:
            return outcome_of(error).code
        finally:
            client.close()
        return "OK" if 200 <= reply.status < 300 else f"HTTP_{reply.status}"
