"""The durable memory of where a modem was found: there it is looked for first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from relay.store.database import Database
from relay.store.facts import Facts


class UsedPort:
    """Kept as the fact modem.NAME.port."""

    def __init__(self, db: Database, now: Callable[[], int], modem: str) -> None:
        self._facts = Facts(db)
        self._now = now
        self._key = f"modem.{modem}.port"

    def recall(self) -> dict[str, Any]:
        """What was remembered last; empty if nothing was."""
        fact = self._facts.get(self._key)
        return fact.value if fact is not None and isinstance(fact.value, dict) else {}

    def remember(self, found: dict[str, Any]) -> None:
        self._facts.put(self._now(), self._key, found, source="AT+CGSN")
