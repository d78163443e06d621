"""The durable record of PIN attempts: one try for each SIM and PIN, whatever restarts us.

It is kept twice: as facts, which a salvage carries over, and in a file beside the database. The
file stays when an older copy of the database is restored: what the SIM has used up, no backup
gives back. Where the two differ, the file is right.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from relay.errors import StoreFull
from relay.store.database import Database
from relay.store.facts import Facts

_ACCEPTED, _REFUSED, _TRIED, _TRIED_AGAIN = "accepted", "refused", "tried", "tried again"
_BAD = frozenset({_REFUSED, _TRIED, _TRIED_AGAIN})
# Refused once, and since then the SIM was opened with the right PIN: its counter is full again.
_REFUSED_EARLIER = "refused earlier"


class Pins:
    """The PIN itself is never written, only a digest. Used by the thread of one modem.

    `modem` is the name of that modem.
    """

    def __init__(self, db: Database, now: Callable[[], int], modem: str = "") -> None:
        self._facts = Facts(db)
        self._salt = str(db.value("SELECT value FROM meta WHERE key = 'gateway_id'"))
        self._now = now
        self._modem = modem
        self._file = db.path.with_name("sim-pins.json")

    # --- what may be tried ----------------------------------------------------------------------

    def refused(self, iccid: str, pin: str) -> bool:
        """Whether this PIN must not be sent: it was refused, or its result was never recorded.

        A SIM whose ICCID cannot be read may be the one that refused it the last time, here: so
        it counts as that one; and the other way round.
        """
        own = self._last(iccid, pin)
        if own is None and iccid:
            return self._last("", pin) not in {None, _ACCEPTED}
        if not iccid and self._last_here(pin) not in {None, _ACCEPTED}:
            return True
        return own not in {None, _ACCEPTED}

    def unsettled(self, iccid: str, pin: str) -> bool:
        """Whether the last attempt broke off before its result was known, the first time."""
        return self._last(iccid, pin) == _TRIED and self._last_here(pin) in {_TRIED, None}

    def used_up(self, iccid: str) -> int:
        """How many tries of this SIM are used up, as far as we know, since it was last opened."""
        mine = f"{self._card(iccid)}."
        return sum(what in _BAD for key, what in self._all().items() if key.startswith(mine))

    # --- what happened --------------------------------------------------------------------------

    def record_attempt(self, iccid: str, pin: str) -> None:
        """On the disk before the SIM sees the PIN: a power cut in between counts as refused."""
        again = self._last(iccid, pin) == _TRIED
        self._write(iccid, pin, _TRIED_AGAIN if again else _TRIED)

    def record_result(self, iccid: str, pin: str, accepted: bool) -> None:
        self._write(iccid, pin, _ACCEPTED if accepted else _REFUSED)

    def record_untried(self, iccid: str, pin: str) -> None:
        """The SIM was busy and did not look at it: as if it had not been."""
        entries = self._all()
        for key in (f"{self._card(iccid)}.{self._value(iccid, pin)}", self._here(pin)):
            entries.pop(key, None)
        self._save(entries)
        self._facts.forget(f"pin.{self._value(iccid, pin)}")

    def note_tries(self, left: int) -> None:
        """For status: how many tries the SIM in this modem says that it has left."""
        self._facts.put(self._now(), f"modem.{self._modem}.pin_tries", left, source="AT+CPINR")

    def forget(self) -> None:
        """A person says: what was refused may be tried again. The last try is still never used."""
        self._save({key: what for key, what in self._all().items() if what == _ACCEPTED})
        for key, fact in self._facts.prefix("pin.").items():
            if fact.value != _ACCEPTED:
                self._facts.forget(key)

    # --- on the disk ----------------------------------------------------------------------------

    def _last(self, iccid: str, pin: str) -> str | None:
        value = self._value(iccid, pin)
        found = self._all().get(f"{self._card(iccid)}.{value}")
        if found is not None:
            return found
        fact = self._facts.get(f"pin.{value}")
        return None if fact is None else str(fact.value)

    def _last_here(self, pin: str) -> str | None:
        return self._all().get(self._here(pin))

    def _write(self, iccid: str, pin: str, what: str) -> None:
        """In the file first: whoever is interrupted between the two finds the stricter one."""
        entries, card, value = self._all(), self._card(iccid), self._value(iccid, pin)
        if what == _ACCEPTED:
            for key, before in entries.items():
                if key.startswith(f"{card}.") and before in _BAD:
                    entries[key] = _REFUSED_EARLIER
        entries[f"{card}.{value}"] = entries[self._here(pin)] = what
        self._save(entries)
        self._facts.put(self._now(), f"pin.{value}", what, source="AT+CPIN")

    def _all(self) -> dict[str, str]:
        try:
            found = json.loads(self._file.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            words = f"the record of PIN attempts cannot be read: {error}"
            raise StoreFull(str(self._file), words) from error
        return {str(key): str(what) for key, what in found.items()}

    def _save(self, entries: dict[str, str]) -> None:
        draft = self._file.with_name(self._file.name + ".part")
        try:
            handle = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(entries, file, indent=0, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._file)
            _sync(self._file.parent)
        except OSError as error:
            raise StoreFull(str(self._file), error.strerror or str(error)) from error

    def _card(self, iccid: str) -> str:
        return self._digest(iccid)[:16]

    def _value(self, iccid: str, pin: str) -> str:
        return self._digest(f"{iccid}|{pin}")

    def _here(self, pin: str) -> str:
        return f"modem {self._modem}.{self._digest(f'modem {self._modem}|{pin}')}"

    def _digest(self, words: str) -> str:
        return hashlib.sha256(f"{self._salt}|{words}".encode()).hexdigest()[:32]


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
