"""The octets of one PDU, taken from the front to the back."""

from __future__ import annotations

from relay.errors import PduError


class Octets:
    """A place in a PDU. Whoever takes more than there is gets a `PduError` that keeps the PDU."""

    __slots__ = ("_at", "_octets", "_pdu")

    def __init__(self, pdu: str) -> None:
        self._pdu = pdu
        self._at = 0
        try:
            self._octets = bytes.fromhex(pdu)
        except ValueError:
            raise PduError(pdu, "not a row of hexadecimal octets") from None

    @property
    def left(self) -> int:
        return len(self._octets) - self._at

    def byte(self, what: str) -> int:
        """The next octet; `what` is named if it is missing."""
        if self._at >= len(self._octets):
            raise PduError(self._pdu, f"ends before {what}")
        self._at += 1
        return self._octets[self._at - 1]

    def take(self, count: int, what: str) -> bytes:
        """The next `count` octets; `what` is named if there are fewer."""
        if self.left < count:
            raise PduError(self._pdu, f"ends within {what}")
        return self.rest(count)

    def rest(self, count: int) -> bytes:
        """Up to `count` octets: as many as there are."""
        start = self._at
        self._at = min(start + count, len(self._octets))
        return self._octets[start : self._at]
