"""What can be wrong with the database: unreadable, damaged, moved, held."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core import plain
from relay.core.plain import DAY, SECOND
from relay.core.said import joined, say, some, template
from relay.core.station import Running, Station, StoreFacts
from relay.core.verdict import Problem, Verdict

_NAMED = 10
# A beat comes every thirty seconds: one that is late by so much could not be written.
_BEAT_MISSED = 45 * SECOND


def database(station: Station) -> Iterator[Problem]:
    """The database cannot be read: nothing else can be said then."""
    store = station.store
    if store.trouble is None:
        return
    verdict, action = _STORE_ACTIONS[store.trouble]
    yield Problem(store.trouble, verdict, plain.sentence(store.detail), say(action))


_SALVAGE = template(
    "Restart relay: it sets the damaged file aside and saves what can be read of it:"
    " sudo systemctl restart relay"
)
_STORE_ACTIONS = {
    "STORE_CORRUPT": (Verdict.CRIT, _SALVAGE),
    "STORE_TOO_NEW": (
        Verdict.CRIT,
        template("Install the newer relay again, or restore a copy that this version has made."),
    ),
    "STORE_OUTDATED": (
        Verdict.UNKNOWN,
        template(
            "Start this relay once, it brings the database up to date:"
            " sudo systemctl restart relay"
        ),
    ),
    "STORE_UNREADABLE": (Verdict.UNKNOWN, template("Ask as another user: sudo relay status")),
    "STORE_BUSY": (Verdict.UNKNOWN, template("Wait a minute and ask again: relay status")),
}


def damage(station: Station) -> Iterator[Problem]:
    store = station.store
    if store.damaged is not None:
        found = say("The check of the database found damage: {words}.", words=store.damaged)
        action = joined([say(_SALVAGE), say("Then look for a failing disk.")], "\n")
        yield Problem("STORE_DAMAGED", Verdict.CRIT, found, action)
    if station.now - (store.moved_at or 0) < 7 * DAY:
        yield _moved(station)
    if salvaged_lately(station):
        yield _salvaged(station)


def _salvaged(station: Station) -> Problem:
    store, ago = station.store, _ago(station.store.salvaged_at, station)
    what = say("The database was damaged; what could be read was saved {ago}.", ago=ago)
    if store.salvaged_in is not None and store.salvaged_out is not None:
        what = say(
            "The database was damaged; what could be read was saved {ago}: {in_} that came in, "
            "{out} that go out.",
            ago=ago,
            in_=some(store.salvaged_in, "{n} message", "{n} messages"),
            out=store.salvaged_out,
        )
    if store.salvaged_aside:
        kept = say("The damaged file is kept: {path}.", path=store.salvaged_aside)
        what = joined([what, kept], " ")
    look = say("Look for a failing disk (sudo dmesg | grep -i error), and make a copy soon.")
    action = joined([_missing(store), look], "\n")
    return Problem("STORE_SALVAGED", Verdict.WARN, what, action, store.salvaged_at)


def custody(station: Station) -> Iterator[Problem]:
    """Something that was received is gone or was changed, and relay did not do it."""
    store = station.store
    if store.custody:
        yield Problem(
            "CUSTODY_BROKEN",
            Verdict.WARN,
            say("The chain of custody does not hold. Number {words}.", words=store.custody),
            say(
                "See all of it: relay audit\nKeep the database as it is: sudo relay backup FILE\n"
                "Then ask who had access to this computer (docs/custody.md)."
            ),
            store.custody_at,
        )


def _missing(store: StoreFacts) -> str:
    lost = [f"inbox {one}" for one in store.lost_in] + [f"outbox {one}" for one in store.lost_out]
    if not lost:
        return say("If messages are missing, restore the last copy (docs/operations.md).")
    more = " …" if len(lost) > _NAMED else ""
    return say(
        "Lost, by their numbers: {numbers}. The last copy may have them (docs/operations.md); "
        "ask the senders of those that came in.",
        numbers=", ".join(lost[:_NAMED]) + more,
    )


def _moved(station: Station) -> Problem:
    store, ago = station.store, _ago(station.store.moved_at, station)
    if store.moved_how.startswith("replaced"):
        return Problem(
            "STORE_REPLACED",
            Verdict.WARN,
            say(
                "The database was replaced by another file while relay was running, {ago}. What "
                "relay had until then is kept: {path}.",
                ago=ago,
                path=store.moved_copy,
            ),
            say(
                "If you restored a copy: look through what waits to go out, it may have gone "
                "before.\n"
                "If nobody did: stop relay, and put the kept file in the place of the database."
            ),
            store.moved_at,
        )
    return Problem(
        "STORE_RESCUED",
        Verdict.WARN,
        say(
            "The database was deleted or moved away while relay was running, {ago}. relay has put "
            "back everything that it held.",
            ago=ago,
        ),
        say("Find out who did it: nobody should touch {path} while relay runs.", path=store.path),
        store.moved_at,
    )


def held(station: Station) -> Iterator[Problem]:
    """Another program writes, or waits at its prompt, in the database: relay cannot."""
    if station.store.holder and _cannot_write(station):
        yield Problem(
            "STORE_HELD",
            Verdict.CRIT,
            say(
                "{program} holds the database, so relay can store nothing. SMS wait on the SIM "
                "and at the network; nothing is lost.",
                program=station.store.holder,
            ),
            say(
                "End that program, or what it is doing with the database. relay goes on by itself."
            ),
        )


def _cannot_write(station: Station) -> bool:
    """Whether the daemon has not managed to write for longer than a busy moment lasts."""
    facts = station.daemon
    if facts.running is Running.SILENT:
        return True
    return (
        facts.running is Running.YES
        and facts.beat_at is not None
        and station.now - facts.beat_at > _BEAT_MISSED
    )


def salvaged_lately(station: Station) -> bool:
    """Whether rows may be missing that nobody has looked for yet."""
    at = station.store.salvaged_at
    return at is not None and station.now - at < 7 * DAY


def _ago(at: int | None, station: Station) -> str:
    return plain.age(at, station.now) if at is not None else say("at an unknown time")
