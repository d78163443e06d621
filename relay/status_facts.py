"""From the fact table to frozen facts. A fact of an unexpected shape is an unknown one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from relay.config_sections import ModemConfig
from relay.core.community_facts import CommunityFacts, SetFault
from relay.core.ladder import STEPS, Step
from relay.core.link import LinkState
from relay.core.number import masked
from relay.core.station import (
    ClockFacts,
    CureFacts,
    DaemonFacts,
    MemoryFacts,
    ModemFacts,
    Running,
    ServerFacts,
)
from relay.core.timekeeping import Confidence
from relay.core.working import PauseFacts, WorkerFacts
from relay.store.facts import Fact
from relay.store.recoveries import ladder_of
from relay.store.rhythms import quiet_of
from relay.store.sims import InModem

Facts = Mapping[str, Fact]

# The daemon refreshes its sign of life every thirty seconds.
BEAT_LIMIT_MS = 90_000


def table(facts: Facts, key: str) -> Mapping[str, Any]:
    """The value of a fact that is a JSON object, or nothing."""
    found = facts.get(key)
    return found.value if found is not None and isinstance(found.value, dict) else {}


def when(facts: Facts, key: str) -> int | None:
    found = facts.get(key)
    return None if found is None else found.at


def whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def text(value: object) -> str:
    return value if isinstance(value, str) else ""


# --- the daemon ---------------------------------------------------------------------------------


def daemon(facts: Facts, now: int, *, held: bool | None, lives: bool | None) -> DaemonFacts:
    """`held` is whether somebody holds the daemon's lock, `lives` whether its process is there;
    None where this user may not know."""
    said = table(facts, "daemon")
    beat_at = when(facts, "daemon.beat")
    return DaemonFacts(
        running=_running(said, beat_at, now, held, lives),
        pid=whole(said.get("pid")),
        version=text(said.get("version")) or None,
        started_at=whole(said.get("started_at")) or when(facts, "daemon.started"),
        beat_at=beat_at,
        stopped_cleanly=said.get("state") == "stopped" if said else None,
    )


def _running(
    said: Mapping[str, Any], beat_at: int | None, now: int, held: bool | None, lives: bool | None
) -> Running:
    # A beat from the future was made before the clock was set back: the lock knows better.
    fresh = beat_at is not None and now - beat_at <= BEAT_LIMIT_MS
    if held is True:
        return Running.YES if fresh or not said else Running.SILENT
    if not said:
        return Running.NEVER
    if held is False or lives is False or said.get("state") == "stopped" or not fresh:
        return Running.NO
    return Running.YES


_DAY_MS = 24 * 3600 * 1000


def days_left(facts: Facts, free: int | None, now: int) -> int | None:
    """For how many days the disk has room at the rate of the last days; None if it is no less."""
    samples = table(facts, "disk.room").get("samples")
    if free is None or not isinstance(samples, list) or not samples:
        return None
    try:
        then, had = (int(value) for value in samples[0])
    except (TypeError, ValueError):
        return None
    if now - then < _DAY_MS or had <= free:
        return None
    return int(free / ((had - free) / (now - then)) / _DAY_MS)


def clock(facts: Facts, ahead_ms: int) -> ClockFacts | None:
    """None where no daemon has kept the time yet. `ahead_ms`: the computer's clock, just now."""
    said = table(facts, "clock")
    if not said:
        return None
    return ClockFacts(
        ahead_s=round(ahead_ms / 1000),
        known=said.get("confidence") != Confidence.UNKNOWN,
        by=_names(said.get("by")),
        against=_names(said.get("against")),
    )


def _names(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def workers(facts: Facts) -> tuple[WorkerFacts, ...]:
    found = []
    for key, fact in sorted(facts.items()):
        kind, _, name = key.partition(".")
        if kind == "worker" and isinstance(fact.value, dict):
            value = fact.value
            error = text(value.get("trouble"))
            found.append(WorkerFacts(name, whole(value.get("crashes")) or 0, error))
    return tuple(found)


def pauses(facts: Facts) -> tuple[PauseFacts, ...]:
    """What a person has paused, in no matter what order it was."""
    found = []
    for key, fact in sorted(facts.items()):
        kind, _, what = key.partition(".")
        if kind == "pause" and isinstance(fact.value, dict):
            since = whole(fact.value.get("since")) or fact.at
            found.append(PauseFacts(what, since, text(fact.value.get("who"))))
    return tuple(found)


def community(facts: Facts, counted: CommunityFacts) -> CommunityFacts:
    """What was counted, and which rule sets the daemon has found to hold."""
    said = table(facts, "community")
    faults = [one for one in _list(said.get("faults")) if isinstance(one, dict)]
    return replace(
        counted,
        sets=tuple(map(str, _list(said.get("sets")))),
        faults=tuple(
            SetFault(
                text(one.get("set")),
                f"{text(one.get('file'))}:{line}"
                if (line := whole(one.get("line")))
                else text(one.get("file")),
                text(one.get("what")),
                text(one.get("do")),
            )
            for one in faults
        ),
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


# --- modems -------------------------------------------------------------------------------------


def modem(facts: Facts, config: ModemConfig, sim: InModem) -> ModemFacts:
    key = f"modem.{config.name}"
    link, survey = table(facts, f"{key}.link"), table(facts, f"{key}.survey")
    identity = table(facts, f"{key}.identity")
    known = ModemFacts(
        name=config.name,
        state=_state(link.get("state")),
        detail=text(link.get("detail")),
        code=text(link.get("code")),
        since=whole(link.get("since")),
        seen_at=when(facts, f"{key}.link"),
        opened_at=when(facts, f"{key}.opened"),
        answered_at=when(facts, f"{key}.survey"),
        model=" ".join(filter(None, (text(identity.get(n)) for n in ("manufacturer", "model")))),
        imei=text(identity.get("imei")),
        sim=text(identity.get("iccid")) or text(identity.get("imsi")),
        survey_s=config.survey_s,
        ladder=ladder_of(table(facts, f"{key}.ladder")),
        cures=tuple(_cures(facts, f"{key}.recovery")),
        quiet=quiet_of(table(facts, f"{key}.silence")),
        smsc_set=bool(config.smsc),
        stuck=tuple(_stuck(table(facts, f"{key}.stuck"))),
        pin_tries=_number(facts, f"{key}.pin_tries"),
    )
    return _with_sim(_surveyed(known, survey), sim)


def _with_sim(modem: ModemFacts, sim: InModem) -> ModemFacts:
    """The standing of the SIM that sits in it."""
    return replace(
        modem,
        held_since=sim.held_since,
        held_sim=masked(sim.card.iccid or sim.card.imsi),
        accepted_sim=masked(sim.accepted.iccid or sim.accepted.imsi) if sim.accepted.known else "",
        smsc_shown=masked(sim.smsc),
        smsc_before_shown=masked(sim.smsc_before),
        smsc_before=bool(sim.smsc_before),
        smsc_at=sim.smsc_at,
    )


def _surveyed(modem: ModemFacts, survey: Mapping[str, Any]) -> ModemFacts:
    return replace(
        modem,
        signal_dbm=whole(survey.get("signal_dbm")),
        registration=whole(survey.get("registration")),
        operator=text(survey.get("operator")) or None,
        access=text(survey.get("access")) or None,
        smsc=_said(survey.get("smsc")),
        memories=tuple(_memories(survey.get("memories"))),
    )


def _cures(facts: Facts, key: str) -> list[CureFacts]:
    found = facts.get(key)
    rows = found.value if found is not None and isinstance(found.value, list) else []
    return [
        CureFacts(row["at"], Step(row["step"]), row.get("worked"))
        for row in rows
        if isinstance(row, dict) and whole(row.get("at")) is not None and row.get("step") in STEPS
    ]


def _number(facts: Facts, key: str) -> int | None:
    found = facts.get(key)
    return None if found is None else whole(found.value)


def _stuck(value: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    for memory, found in sorted(value.items()):
        if isinstance(found, dict) and (slots := whole(found.get("slots"))):
            yield memory, slots, text(found.get("error"))


def _said(value: object) -> str | None:
    """None is not known; empty is known to be empty."""
    return value if isinstance(value, str) else None


def _state(value: object) -> LinkState | None:
    return next((state for state in LinkState if state.value == value), None)


def _memories(value: object) -> list[MemoryFacts]:
    rows = value if isinstance(value, list) else []
    return [
        MemoryFacts(row["memory"], row["used"], row["total"])
        for row in rows
        if isinstance(row, dict)
        and isinstance(row.get("memory"), str)
        and isinstance(row.get("used"), int)
        and isinstance(row.get("total"), int)
    ]


# --- servers ------------------------------------------------------------------------------------


def server(facts: Facts, counted: ServerFacts, poll_max_s: float) -> ServerFacts:
    """The figures of one server with what its last exchanges said."""
    key = f"server.{counted.name}"
    outcome = table(facts, f"{key}.outcome")
    offset = facts.get(f"{key}.clock_offset_s")
    return replace(
        counted,
        code=text(outcome.get("code")) or None,
        detail=text(outcome.get("detail")),
        since=whole(outcome.get("since")),
        last_ok=when(facts, f"{key}.last_ok"),
        clock_offset_s=whole(offset.value) if offset is not None else None,
        poll_max_s=poll_max_s,
    )
