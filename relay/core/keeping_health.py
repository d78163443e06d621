"""What can be wrong with the copies of the store, and after one of them was restored."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core import plain
from relay.core.plain import DAY, HOUR
from relay.core.said import say, some
from relay.core.station import Running, Station
from relay.core.verdict import Problem, Verdict

_LATE = 3 * DAY
_SETTLED = 26 * HOUR  # long enough for a nightly job to have had its turn


def backup(station: Station) -> Iterator[Problem]:
    """A copy that failed is told at once; one that nobody made, when it is late."""
    if station.daemon.running is not Running.YES or station.daemon.started_at is None:
        return
    store = station.store
    remedy = say(
        "Is the place of backup_dir there, and is there room? Make one now: sudo relay backup FILE"
    )
    if store.backup_failed_at is not None and store.backup_failed_at > (store.last_copy_at or 0):
        what = say(
            "The last copy of the database failed {ago}: {why}",
            ago=plain.age(store.backup_failed_at, station.now),
            why=plain.sentence(store.backup_trouble.partition(". ")[0]),
        )
        yield Problem("BACKUP_FAILED", Verdict.WARN, what, remedy, store.backup_failed_at)
    elif station.now - station.daemon.started_at >= _SETTLED and (lacks := _lacks(station)):
        yield Problem("BACKUP_LATE", Verdict.WARN, lacks, remedy)


def _lacks(station: Station) -> str:
    store, last = station.store, station.store.last_copy_at
    if last is None:
        return say("No copy of the database has been made yet.")
    if station.now - last > _LATE:
        ago = plain.age(last, station.now)
        return say("The last copy of the database was made {ago}.", ago=ago)
    if store.backup_there is False and last == store.backup_at:
        return say(
            "The last copy of the database is not there any more: {path}.", path=store.backup_path
        )
    return ""


def restored(station: Station) -> Iterator[Problem]:
    """What may have gone out since the copy was made waits for a person."""
    outward, store = station.outward, station.store
    if outward is None or not outward.restored:
        return
    example = outward.restored_ids[0] if outward.restored_ids else "ID"
    yield Problem(
        "RESTORED",
        Verdict.CRIT,
        say(
            "The database is a restored copy, made {ago}. {messages}; relay does not send them by "
            "itself.",
            ago=plain.age(store.restored_from_at, station.now)
            if store.restored_from_at is not None
            else say("at an unknown time"),
            messages=some(
                outward.restored,
                "{n} message had not left then and may have gone out since",
                "{n} messages had not left then and may have gone out since",
            ),
        ),
        say(
            "See them: relay outbox list --state restored\n"
            "Did it arrive? relay outbox sent {id}\nMust it go? relay outbox release {id}\n"
            "All of them: --restored instead of a number",
            id=str(example),
        ),
        store.restored_at,
    )
