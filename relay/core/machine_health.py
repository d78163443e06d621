"""What can be wrong with relay itself and the computer under it: rules from facts to problems."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core import plain
from relay.core.plain import DAY, HOUR
from relay.core.station import ClockFacts, Running, Station, StoreFacts
from relay.core.timekeeping import EARLIEST
from relay.core.verdict import Problem, Verdict

FULL_BELOW = 2_000_000
_NEARLY_FULL_BELOW = 50_000_000
_FEW_DAYS = 7
_LOW_BELOW = 500_000_000
_BACKUP_LATE = 3 * DAY
_SETTLED = 26 * HOUR  # long enough for a nightly job to have had its turn
_CRASHES = 3
_NAMED = 10

START = "Start it: sudo systemctl start relay"
_SET_CLOCK = (
    "With internet: sudo timedatectl set-ntp true\nWithout: sudo date -s '2026-03-01 14:30'"
)


def database(station: Station) -> Iterator[Problem]:
    """The database cannot be read: nothing else can be said then."""
    store = station.store
    if store.trouble is None:
        return
    verdict, action = _STORE_ACTIONS[store.trouble]
    yield Problem(store.trouble, verdict, plain.sentence(store.detail), action)


_STORE_ACTIONS = {
    "STORE_CORRUPT": (
        Verdict.CRIT,
        "Restart relay: it sets the damaged file aside and saves what can be read of it:"
        " sudo systemctl restart relay",
    ),
    "STORE_TOO_NEW": (
        Verdict.CRIT,
        "Install the newer relay again, or restore a copy that this version has made.",
    ),
    "STORE_OUTDATED": (
        Verdict.UNKNOWN,
        "Start this relay once, it brings the database up to date: sudo systemctl restart relay",
    ),
    "STORE_UNREADABLE": (Verdict.UNKNOWN, "Ask as another user: sudo relay status"),
    "STORE_BUSY": (Verdict.UNKNOWN, "Wait a minute and ask again: relay status"),
}


def disk(station: Station) -> Iterator[Problem]:
    store, free = station.store, station.store.free
    few_days = store.days_left is not None and store.days_left <= _FEW_DAYS
    if free is None or (free >= _LOW_BELOW and not few_days):
        return
    if free < FULL_BELOW and not store.reserve:
        yield Problem(
            "DISK_FULL",
            Verdict.CRIT,
            f"The disk is full ({plain.size(free)} free). Nothing can be stored, so nothing is "
            "taken off the SIM and nothing is sent.",
            _ROOM,
        )
        return
    verdict = Verdict.CRIT if free < _NEARLY_FULL_BELOW else Verdict.WARN
    yield Problem("DISK_LOW", verdict, _little_room(store, free), _ROOM)


_ROOM = "Make room on the disk. What is large: sudo du -xh / | sort -h | tail -20"


def _little_room(store: StoreFacts, free: int) -> str:
    words = f"Only {plain.size(free)} of disk are free"
    if store.days_left is not None and store.days_left <= 60:
        words += f", enough for {plain.many(store.days_left, 'day')} at the rate of the last days"
    if free >= _NEARLY_FULL_BELOW:
        return f"{words}."
    if store.reserve:
        return f"{words}. relay has some megabytes in reserve, to go on receiving for a while."
    return f"{words}. When it is full, SMS wait on the SIM and nothing is sent."


def daemon(station: Station) -> Iterator[Problem]:
    """relay is not running, or does not move. Without a readable database nobody can tell."""
    facts = station.daemon
    if station.store.trouble is not None or facts.running is Running.YES:
        return
    if facts.running is Running.NEVER:
        yield Problem(
            "DAEMON_NEVER",
            Verdict.UNKNOWN,
            "relay has not run on this computer yet.",
            "Start it: sudo systemctl enable --now relay",
        )
    elif facts.running is Running.SILENT:
        yield Problem(
            "DAEMON_SILENT",
            Verdict.UNKNOWN,
            f"relay is there, but last gave a sign of life {_ago(facts.beat_at, station)}.",
            "Restart it: sudo systemctl restart relay\nWhy: journalctl -u relay -n 50",
            facts.beat_at,
        )
    else:
        yield Problem(
            "DAEMON_STOPPED",
            Verdict.UNKNOWN,
            "relay is not running, so no SMS come in or go out.",
            f"{START}\nWhy it stopped: journalctl -u relay -n 50",
            facts.beat_at,
        )


def damage(station: Station) -> Iterator[Problem]:
    store = station.store
    if store.damaged is not None:
        yield Problem(
            "STORE_DAMAGED",
            Verdict.CRIT,
            f"The check of the database found damage: {store.damaged}.",
            "Restart relay: it sets the damaged file aside and saves what can be read of it:"
            " sudo systemctl restart relay\nThen look for a failing disk.",
        )
    if station.now - (store.moved_at or 0) < 7 * DAY:
        yield _moved(station)
    if salvaged_lately(station):
        aside = f" The damaged file is kept: {store.salvaged_aside}." * bool(store.salvaged_aside)
        yield Problem(
            "STORE_SALVAGED",
            Verdict.WARN,
            f"The database was damaged; what could be read was saved "
            f"{_ago(store.salvaged_at, station)}{_saved(store)}.{aside}",
            f"{_missing(store)}\n"
            "Look for a failing disk (sudo dmesg | grep -i error), and make a copy soon.",
            store.salvaged_at,
        )


def _missing(store: StoreFacts) -> str:
    lost = [f"inbox {one}" for one in store.lost_in] + [f"outbox {one}" for one in store.lost_out]
    if not lost:
        return "If messages are missing, restore the last copy (docs/operations.md)."
    more = " …" if len(lost) > _NAMED else ""
    return (
        f"Lost, by their numbers: {', '.join(lost[:_NAMED])}{more}. The last copy may have them "
        "(docs/operations.md); ask the senders of those that came in."
    )


def _moved(station: Station) -> Problem:
    store = station.store
    if store.moved_how.startswith("replaced"):
        return Problem(
            "STORE_REPLACED",
            Verdict.WARN,
            f"The database was replaced by another file while relay was running, "
            f"{_ago(store.moved_at, station)}. What relay had until then is kept: "
            f"{store.moved_copy}.",
            "If you restored a copy: look through what waits to go out, it may have gone before.\n"
            "If nobody did: stop relay, and put the kept file in the place of the database.",
            store.moved_at,
        )
    return Problem(
        "STORE_RESCUED",
        Verdict.WARN,
        f"The database was deleted or moved away while relay was running, "
        f"{_ago(store.moved_at, station)}. relay has put back everything that it held.",
        f"Find out who did it: nobody should touch {store.path} while relay runs.",
        store.moved_at,
    )


def held(station: Station) -> Iterator[Problem]:
    """Another program writes, or waits at its prompt, in the database: relay cannot."""
    if station.store.holder and station.daemon.running is Running.SILENT:
        yield Problem(
            "STORE_HELD",
            Verdict.CRIT,
            f"{station.store.holder} holds the database, so relay can store nothing. SMS wait on "
            "the SIM and at the network; nothing is lost.",
            "End that program, or what it is doing with the database. relay goes on by itself.",
        )


def salvaged_lately(station: Station) -> bool:
    """Whether rows may be missing that nobody has looked for yet."""
    at = station.store.salvaged_at
    return at is not None and station.now - at < 7 * DAY


def _saved(store: StoreFacts) -> str:
    if store.salvaged_in is None or store.salvaged_out is None:
        return ""
    return (
        f": {plain.many(store.salvaged_in, 'message')} that came in, "
        f"{plain.count(store.salvaged_out)} that go out"
    )


def clock(station: Station) -> Iterator[Problem]:
    """The computer's clock: relay itself goes on evenly, and needs a person to set it."""
    facts = station.clock or ClockFacts()
    computer = station.now + facts.ahead_s * 1000
    if computer < EARLIEST:
        what = "The clock of this computer is not set."
        yield Problem("CLOCK_WRONG", Verdict.WARN, f"{what} {_goes_by(facts)}", _SET_CLOCK)
    elif not facts.known:
        yield Problem("CLOCK_UNSURE", Verdict.WARN, _unsure(facts), _COMPARE + _SET_CLOCK)
    elif abs(facts.ahead_s) > _CLOCK_OFF_S:
        what = f"The clock of this computer is {_apart(-facts.ahead_s)} the right time."
        yield Problem("CLOCK_WRONG", Verdict.WARN, f"{what} {_goes_by(facts)}", _SET_CLOCK)
    else:
        yield from _other_clocks(station, facts)


_CLOCK_OFF_S = 600
_COMPARE = "Compare with a phone what it shows: date\nIf it is wrong, set it. "


def _apart(behind_s: int) -> str:
    side = "behind" if behind_s > 0 else "ahead of"
    return f"{plain.duration(abs(behind_s) * 1000)} {side}"


def _goes_by(facts: ClockFacts) -> str:
    if facts.by:
        return f"relay goes by {' and '.join(facts.by)}: messages are dated right."
    if facts.ahead_s:
        return "relay counts on from when it was last alive, and lets nothing expire meanwhile."
    return "Messages are dated wrongly until it is; nothing expires meanwhile."


def _unsure(facts: ClockFacts) -> str:
    if abs(facts.ahead_s) > _CLOCK_OFF_S:
        what = (
            f"The clock of this computer was set, or has jumped: it is {_apart(-facts.ahead_s)} "
            "what relay has counted"
        )
    elif facts.against:
        what = f"The clock of this computer is not what {' and '.join(facts.against)} says it is"
    else:
        what = "Whether the clock of this computer is right is not known"
    return f"{what}, and nobody else says who is right. Nothing expires until that is known."


def _other_clocks(station: Station, facts: ClockFacts) -> Iterator[Problem]:
    for server in station.servers:
        offset = server.clock_offset_s
        if offset is None or abs(offset) <= _CLOCK_OFF_S:
            continue
        theirs = f"server {server.name}" in facts.against
        yield Problem(
            "CLOCK_OFF",
            Verdict.WARN,
            f"The clock of this computer is {_apart(offset)} that of server {server.name}.",
            f"That server is wrong: tell its administrator. It says so against "
            f"{' and '.join(facts.by)}."
            if theirs
            else _SET_CLOCK,
            subject=server.name,
        )


def backup(station: Station) -> Iterator[Problem]:
    store, started = station.store, station.daemon.started_at
    if station.daemon.running is not Running.YES or started is None:
        return
    if station.now - started < _SETTLED:
        return
    if store.backup_at is None:
        what = "No copy of the database has been made yet."
    elif station.now - store.backup_at > _BACKUP_LATE:
        what = f"The last copy of the database was made {_ago(store.backup_at, station)}."
    elif store.backup_there is False:
        what = f"The last copy of the database is not there any more: {store.backup_path}."
    else:
        return
    yield Problem(
        "BACKUP_LATE",
        Verdict.WARN,
        what,
        "Is the place of backup_dir there, and is there room? "
        "Make one now: sudo relay backup FILE",
    )


def workers(station: Station) -> Iterator[Problem]:
    for worker in station.workers:
        if worker.crashes >= _CRASHES and worker.trouble:
            yield Problem(
                "WORKER_CRASHES",
                Verdict.WARN,
                f"The part {worker.name} of relay failed {worker.crashes} times "
                f"({worker.trouble}) and still does.",
                "Report it, with the words of: journalctl -u relay -p err -n 100",
                subject=worker.name,
            )


def _ago(at: int | None, station: Station) -> str:
    return plain.age(at, station.now) if at is not None else "at an unknown time"
