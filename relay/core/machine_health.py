"""What can be wrong with relay itself and the computer under it: rules from facts to problems."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core import plain
from relay.core.said import joined, say, some
from relay.core.station import Running, Station, StoreFacts
from relay.core.verdict import Problem, Verdict

FULL_BELOW = 2_000_000
_NEARLY_FULL_BELOW = 50_000_000
_FEW_DAYS = 7
_LOW_BELOW = 500_000_000
_CRASHES = 3


def disk(station: Station) -> Iterator[Problem]:
    store, free = station.store, station.store.free
    if store.read_only:
        yield _locked()
        return
    few_days = store.days_left is not None and store.days_left <= _FEW_DAYS
    if free is None or (free >= _LOW_BELOW and not few_days):
        return
    room = say(
        "Make room on the disk. What is large: sudo du -xh {mount} | sort -h | tail -20",
        mount=store.mount,
    )
    if free < FULL_BELOW and not store.reserve:
        full = say(
            "The disk is full ({free} free). Nothing can be stored, so nothing is taken off the "
            "SIM and nothing is sent.",
            free=plain.size(free),
        )
        yield Problem("DISK_FULL", Verdict.CRIT, full, room)
        return
    verdict = Verdict.CRIT if free < _NEARLY_FULL_BELOW else Verdict.WARN
    yield Problem("DISK_LOW", verdict, _little_room(store, free), room)


def _locked() -> Problem:
    return Problem(
        "DISK_READONLY",
        Verdict.CRIT,
        say(
            "The disk takes no writing. Nothing can be stored, so nothing is taken off the SIM "
            "and nothing is sent."
        ),
        say(
            "Why: sudo dmesg | grep -iE 'error|remount' | tail\n"
            "A disk that the kernel has locked is failing: make a copy, then replace it"
        ),
    )


def _little_room(store: StoreFacts, free: int) -> str:
    size = plain.size(free)
    if store.days_left is not None and store.days_left <= 60:
        words = some(
            store.days_left,
            "Only {free} of disk are free, enough for {n} day at the rate of the last days.",
            "Only {free} of disk are free, enough for {n} days at the rate of the last days.",
            free=size,
        )
    else:
        words = say("Only {free} of disk are free.", free=size)
    if free >= _NEARLY_FULL_BELOW:
        return words
    if store.reserve:
        then = say("relay has some megabytes in reserve, to go on receiving for a while.")
    else:
        then = say("When it is full, SMS wait on the SIM and nothing is sent.")
    return joined([words, then], " ")


def daemon(station: Station) -> Iterator[Problem]:
    """relay is not running, or does not move. Without a readable database nobody can tell."""
    facts = station.daemon
    if station.store.trouble is not None or facts.running is Running.YES:
        return
    if facts.running is Running.NEVER:
        yield Problem(
            "DAEMON_NEVER",
            Verdict.UNKNOWN,
            say("relay has not run on this computer yet."),
            say("Start it: sudo systemctl enable --now relay"),
        )
    elif facts.running is Running.SILENT:
        ago = _ago(facts.beat_at, station)
        yield Problem(
            "DAEMON_SILENT",
            Verdict.UNKNOWN,
            say("relay is there, but last gave a sign of life {ago}.", ago=ago),
            say("Restart it: sudo systemctl restart relay\nWhy: journalctl -u relay -n 50"),
            facts.beat_at,
        )
    else:
        yield Problem(
            "DAEMON_STOPPED",
            Verdict.UNKNOWN,
            say("relay is not running, so no SMS come in or go out."),
            say("Start it: sudo systemctl start relay\nWhy it stopped: journalctl -u relay -n 50"),
            facts.beat_at,
        )


def workers(station: Station) -> Iterator[Problem]:
    for worker in station.workers:
        if worker.crashes >= _CRASHES and worker.trouble:
            yield Problem(
                "WORKER_CRASHES",
                Verdict.WARN,
                some(
                    worker.crashes,
                    "The part {part} of relay failed {n} time ({words}) and still does.",
                    "The part {part} of relay failed {n} times ({words}) and still does.",
                    part=worker.name,
                    words=worker.trouble,
                ),
                say("Report it, with the words of: journalctl -u relay -p err -n 100"),
                subject=worker.name,
            )


def _ago(at: int | None, station: Station) -> str:
    return plain.age(at, station.now) if at is not None else say("at an unknown time")
