"""Looks after relay's time: goes on from the last sign of life, and sets right what was dated
by a clock that turns out to have been wrong."""

from __future__ import annotations

import logging

from relay.clock import local
from relay.core.timekeeping import Confidence, Correction
from relay.log import event
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.redating import redate
from relay.timekeeper import Kept, Timekeeper

_log = logging.getLogger("relay.clock")


class ClockGuard:
    """Only used by the main thread."""

    def __init__(self, db: Database, keeper: Timekeeper) -> None:
        self._db = db
        self._facts = Facts(db)
        self._keeper = keeper
        self._once_more: Correction | None = None

    def begin(self) -> None:
        """Before anything else is dated. Raises `StoreError`."""
        amends = self._keeper.resume(self._kept())
        with self._db.transaction():
            if amends is not None:
                self._redate(amends)
            self._put()
        self._say()

    def look(self) -> bool:
        """Hear all witnesses; whether relay's time was set right. Raises `StoreError`."""
        if self._once_more is not None:
            # What another thread dated while the first pass was under way.
            redate(self._db, self._once_more)
            self._once_more = None
        found, amends = self._keeper.reckon()
        with self._keeper.adopting(found, amends) as news:
            if news:
                with self._db.transaction():
                    if amends is not None:
                        self._redate(amends)
                    self._put()
        if news:
            self._say()
        if amends is not None and amends.apart:
            self._once_more = amends
        return amends is not None

    def _kept(self) -> Kept | None:
        """The last sign of life; one of a relay that kept no time is better than none."""
        if fact := self._facts.get("clock"):
            return Kept.of(fact.at, fact.value)
        beat = self._facts.get("daemon.beat")
        return None if beat is None else Kept.of(beat.at, None)

    def _redate(self, found: Correction) -> None:
        moved = redate(self._db, found)
        _log.warning(
            event(
                "clock.corrected",
                was=local(found.until),
                now=local(found.until + found.by_ms),
                dated_anew=moved,
            )
        )

    def _put(self) -> None:
        self._facts.put(self._keeper.now(), "clock", self._keeper.fact())

    def _say(self) -> None:
        known = self._keeper.fact()
        fields = {name: known[name] for name in ("confidence", "ahead_s")}
        for name in ("by", "against"):
            fields[name] = str(known[name]).strip("[]")
        fine = known["confidence"] != Confidence.UNKNOWN and not self._keeper.computer_is_wrong()
        _log.log(logging.INFO if fine else logging.WARNING, event("clock.reckoned", **fields))
