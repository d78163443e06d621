"""Whether requests go out gzipped: core and its nginx take it, the demo-server does not."""

from __future__ import annotations

import gzip

from relay.errors import Rejected, ServerError, Unreachable

# Below this, the ten bytes of gzip's header and a request that may have to be repeated cost
# more than is saved.
_SMALLEST = 200
# A request with which to find out must be cheap to repeat.
_PROBE_MAX = 8192
_PROBES = 2
# What a server says that cannot unpack: 400 and 415 by the book, 500 the demo-server.
_REFUSALS = frozenset({400, 406, 411, 415, 422, 500, 501})


class RequestGzip:
    """`mode` is auto, yes or no. `taken` is None until it is known."""

    def __init__(self, mode: str, taken: bool | None = None) -> None:
        self._mode = mode
        self._failed_probes = 0
        self.taken = {"yes": True, "no": False}.get(mode, taken)

    def worthwhile(self, body: bytes) -> bool:
        """Whether this body is to be sent gzipped."""
        if self.taken is False or len(body) < _SMALLEST:
            return False
        return self.taken is True or len(body) <= _PROBE_MAX

    def accepted(self) -> None:
        self.taken = True

    def refused(self) -> None:
        """The same went through without gzip."""
        if self._mode == "auto":
            self.taken = False

    def retry_plain(self, error: ServerError) -> bool:
        """Whether to repeat at once without gzip: only when the server has surely finished.

        A server that is known to take gzip has refused something else; the next request finds
        out whether it still takes it.
        """
        if self._mode != "auto":
            return False
        if isinstance(error, Unreachable) and error.maybe_processed:
            self._count_failed_probe()
            return False
        if not isinstance(error, Rejected) or error.status not in _REFUSALS:
            return False
        known, self.taken = self.taken, None
        return known is None

    def _count_failed_probe(self) -> None:
        """Some boxes on the way swallow what they cannot read: do not try that for ever."""
        if self.taken is None:
            self._failed_probes += 1
            if self._failed_probes >= _PROBES:
                self.taken = False


def packed(body: bytes) -> bytes:
    """The same bytes for the same body: no time in the header."""
    return gzip.compress(body, mtime=0)
