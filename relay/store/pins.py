"""The durable record of PIN attempts: one try for each SIM and PIN, whatever restarts us."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from relay.store.database import Database
from relay.store.facts import Facts


class Pins:
    """Kept as facts. The PIN itself is never written, only a digest salted with the station."""

    def __init__(self, db: Database, now: Callable[[], int]) -> None:
        self._facts = Facts(db)
        self._salt = str(db.value("SELECT value FROM meta WHERE key = 'gateway_id'"))
        self._now = now

    def refused(self, iccid: str, pin: str) -> bool:
        """Whether this PIN must not be sent: it was refused, or its result was never recorded."""
        fact = self._facts.get(self._key(iccid, pin))
        return fact is not None and fact.value != "accepted"

    def record_attempt(self, iccid: str, pin: str) -> None:
        """On the disk before the SIM sees the PIN: a power cut in between counts as refused."""
        self._facts.put(self._now(), self._key(iccid, pin), "tried", source="AT+CPIN")

    def record_result(self, iccid: str, pin: str, accepted: bool) -> None:
        result = "accepted" if accepted else "refused"
        self._facts.put(self._now(), self._key(iccid, pin), result, source="AT+CPIN")

    def _key(self, iccid: str, pin: str) -> str:
        digest = hashlib.sha256(f"{self._salt}|{iccid}|{pin}".encode()).hexdigest()
        return f"pin.{digest[:32]}"
