"""What the scheduler runs: forgetting, saving, checking, summing up. All of it can wait."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from relay.clock import local
from relay.config_sections import HousekeepingConfig, StoreConfig
from relay.core.link import LinkState
from relay.errors import CorruptDatabase, StoreError
from relay.flows.ports import Clock
from relay.log import event
from relay.sealing import SealingError
from relay.store import (
    blanking,
    copying,
    custody,
    heads,
    history,
    journal,
    reserve,
    retention,
)
from relay.store.answers import forget as forget_answering
from relay.store.auditing import audit
from relay.store.caps import forget
from relay.store.clamping import clamp
from relay.store.copying import CopyFailed
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.store.reading import Reader

_log = logging.getLogger("relay.housekeeping")

_DAY_MS = 24 * 3600 * 1000
_ROOM_EVERY_MS = _DAY_MS // 4
_ROOM_SAMPLES = 12
_GLANCE_EVERY_MS = _DAY_MS // 24
# Times may have been dated anew since: what was finished shortly before is looked at once more.
_OVERLAP_MS = 30 * _DAY_MS
# A report may come until the validity period is over, and then some.
_REPORT_GRACE_MS = _DAY_MS


class Housekeeping:
    """Each method is one job. Only used by the scheduler's threads."""

    def __init__(
        self,
        db: Database,
        inbox: Inbox,
        outbox: Outbox,
        clock: Clock,
        *,
        copies: StoreConfig,
        times: HousekeepingConfig,
        validity_ms: int,
        modems: Sequence[str] = (),
    ) -> None:
        self._db = db
        self._inbox = inbox
        self._outbox = outbox
        self._facts = Facts(db)
        self._clock = clock
        self._copies = copies
        self._glanced_at = clock.now()
        self._keep_ms = times.keep_finished_days * _DAY_MS
        self._keep_texts_ms = times.keep_texts_days * _DAY_MS
        self._validity_ms = validity_ms
        self._modems = modems

    def last_run(self, job: str) -> int | None:
        """When a job last succeeded (epoch ms)."""
        fact = self._facts.get(f"job.{job}")
        return None if fact is None else fact.at

    def record(self, job: str, now: int) -> None:
        self._facts.put(now, f"job.{job}", True)

    def minutely(self) -> None:
        """Rows whose time has come without anything happening to them."""
        self._look_at_the_file()
        clamp(self._db, self._clock.now())
        by_now = self._clock.earliest()
        if gave_up := self._inbox.give_up_waiting(by_now):
            _log.warning(event("inbox.incomplete", messages=gave_up))
        expired = 0
        while n := self._outbox.expire(self._clock.now(), by_now):
            expired += n
        if expired:
            _log.warning(event("outbox.expired", messages=expired))
        self._outbox.close_overdue(by_now, self._validity_ms + _REPORT_GRACE_MS)
        self._note_room()
        self._note_history()

    def _note_history(self) -> None:
        """A sample of what `relay history` shows, every ten minutes."""
        signals = {name: self._signal(name) for name in self._modems}
        history.sample(self._db, self._clock.now(), self._clock.earliest(), signals)

    def _signal(self, modem: str) -> int | None:
        """In dBm; None for a modem that is away."""
        link, survey = (self._facts.get(f"modem.{modem}.{name}") for name in ("link", "survey"))
        if link is None or survey is None or link.value.get("state") != LinkState.READY:
            return None
        dbm = survey.value.get("signal_dbm")
        return dbm if isinstance(dbm, int) else None

    def _look_at_the_file(self) -> None:
        """An idle relay reads nothing, and so would find out late that its file was damaged."""
        self._db.probe()
        now = self._clock.now()
        if not 0 <= now - self._glanced_at < _GLANCE_EVERY_MS:
            self._glanced_at = now
            self._db.glance()

    def _note_room(self) -> None:
        """How much of the disk was free, every few hours of the last days."""
        now, free = self._clock.now(), reserve.room(self._db.path.parent)
        before = self._facts.get("disk.room")
        if free is None or (before is not None and 0 <= now - before.at < _ROOM_EVERY_MS):
            return
        samples = before.value.get("samples", []) if before is not None else []
        kept = [*samples[1 - _ROOM_SAMPLES :], (now, free)]
        self._facts.put(now, "disk.room", {"samples": kept})

    def prune(self) -> None:
        """Forget finished messages after their time, and what no cap asks for; nothing else."""
        with self._db.transaction() as tx:
            forget(tx, self._clock.earliest())
            forget_answering(tx, self._clock.earliest())
        self._blank()
        journal.forget(self._db)
        if not self._keep_ms:
            return
        forgotten = 0
        while n := retention.prune(self._db, self._clock.earliest() - self._keep_ms):
            forgotten += n
        if forgotten:
            _log.info(event("store.pruned", messages=forgotten))
        if self._db.shrink():
            _log.info(event("store.shrunk", octets=self._db.path.stat().st_size))

    def _blank(self) -> None:
        """Remove the words of what was finished long enough ago, from where it came last time."""
        if not self._keep_texts_ms:
            return
        before, done = self._clock.earliest() - self._keep_texts_ms, 0
        fact = self._facts.get("store.blanked")
        since = max(0, fact.value - _OVERLAP_MS) if fact and isinstance(fact.value, int) else 0
        while n := blanking.blank(self._db, since, before):
            done += n
        self._facts.put(self._clock.now(), "store.blanked", before)
        if done:
            _log.info(event("store.blanked", messages=done))

    def backup(self) -> None:
        """A compact copy of the whole store, and no more copies than wanted."""
        now = self._clock.now()
        try:
            made = copying.copy_into(
                self._copies.backup_dir,
                self._db.path,
                now,
                local(now),
                self._copies.backup_recipients,
            )
        except (CopyFailed, SealingError) as error:
            self._facts.put(now, "store.backup_failed", {"why": str(error)})
            raise
        self._facts.put(now, "store.backup", {"path": str(made.path)})
        self.note_head("backup")
        self._forget_copies(made.path)
        self.prune()

    def _forget_copies(self, newest: Path) -> None:
        """The oldest go. One of a day that is yet to come was dated by a wrong clock: it goes
        first. While the time is not known none goes, as nobody can tell which is the oldest."""
        if self._clock.earliest() < self._clock.now():
            return
        copying.forget_oldest(self._copies.backup_dir, newest, self._copies.backups_kept)

    def check(self) -> None:
        """Weekly: is every page of the file as it should be?"""
        now = self._clock.now()
        try:
            self._db.check()
        except CorruptDatabase as error:
            self._facts.put(now, "store.check", {"ok": False, "detail": error.detail})
            raise
        self._facts.put(now, "store.check", {"ok": True, "detail": ""})
        self._check_custody(now)

    def _check_custody(self, now: int) -> None:
        """Does the chain of custody hold, and is all of it here that should be?"""
        with Reader.open(self._db.path) as reader:
            account = audit(reader, heads.read(self._db.path))
        first = str(account.faults[0]) if account.faults else ""
        self._facts.put(now, "custody.check", {"faults": account.n_faults, "first": first})
        if not account.sound:
            _log.error(event("custody.broken", faults=account.n_faults))

    def note_head(self, why: str) -> None:
        """Write down beside the store how far the chain of custody has come."""
        with self._db.transaction() as tx:
            head = custody.head(tx)
        try:
            heads.note(self._db.path, head, self._clock.now(), why)
        except OSError as error:
            _log.warning(event("custody.head_not_noted", error=error.strerror))

    def summary(self) -> None:
        """One line a day with the day's figures."""
        try:
            rows = self._db.query(
                "SELECT what, n FROM tally WHERE day = strftime('%Y-%m-%d', ? / 1000,"
                " 'unixepoch', 'localtime')",
                (self._clock.now(),),
            )
        except StoreError as error:
            _log.warning(event("summary.failed", error=str(error)))
            return
        _log.info(event("summary.today", **{row["what"]: row["n"] for row in rows}))
