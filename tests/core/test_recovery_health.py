"""What a technician reads of a modem that hangs, was cured, or hears nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.core import recovery_health, silence_health
from relay.core.health import judge
from relay.core.ladder import Ladder, LadderState, Step, Trouble
from relay.core.link import LinkState
from relay.core.rhythm import Quiet, Silent
from relay.core.station import CureFacts, DaemonFacts, ModemFacts, Running, Station
from relay.core.verdict import Problem, Verdict
from tests.air import NOON

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def modem(state: LinkState = LinkState.READY, **more: object) -> ModemFacts:
    return ModemFacts("usb1", state, seen_at=NOON, registration=1, signal_dbm=-71, **more)  # type: ignore[arg-type]


def problems(one: ModemFacts, since: int = NOON - DAY) -> list[Problem]:
    daemon = DaemonFacts(Running.YES, started_at=since, beat_at=NOON)
    found = judge(Station(NOON, daemon=daemon, modems=(one,))).problems
    return [problem for problem in found if problem.code.startswith(("MODEM_", "SILENCE_"))]


def hung(trouble: Trouble, state: LadderState = LadderState.ASKING, **more: object) -> Ladder:
    return Ladder(
        state, trouble, taken=(Step.ESC, Step.REOPEN, Step.CFUN), fell_at=NOON - 2 * HOUR,
        asked_at=NOON - HOUR, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_when_nothing_helped_a_person_is_told_what_was_done_and_what_is_left() -> None:
    lacking = {Step.USB: "/sys/… cannot be written (Permission denied)"}
    ladder = hung(Trouble.SILENT, lacking=lacking)
    (problem,) = problems(modem(LinkState.LOST, ladder=ladder))
    assert (problem.code, problem.verdict) == ("MODEM_HUNG", Verdict.CRIT)
    assert "does not answer (for 2 h)" in problem.what
    assert "a prompt left, its port opened anew, the modem restarted" in problem.what
    assert "switched off and on: /sys/… cannot be written (Permission denied)" in problem.what
    assert "count to ten" in problem.action


@pytest.mark.parametrize("state", [LinkState.LOST, LinkState.CLOSED, LinkState.SIM_ABSENT])
def test_what_relay_does_to_a_modem_is_no_fault_of_its_own(state: LinkState) -> None:
    """A port that goes while relay restarts the modem is not called unplugged."""
    ladder = Ladder(LadderState.CURING, Trouble.SILENT, fell_at=NOON - MINUTE)
    one = modem(state, code="PORT_MISSING", ladder=ladder)
    for started_at in (NOON - DAY, NOON - 2 * MINUTE):
        (problem,) = problems(one, started_at)
        assert (problem.code, problem.verdict) == ("MODEM_RECOVERING", Verdict.WARN)
    stuck = replace(one, ladder=replace(ladder, fell_at=NOON - HOUR))
    assert "MODEM_RECOVERING" not in [problem.code for problem in problems(stuck)]


def test_a_modem_that_restarts_wants_current() -> None:
    (problem,) = problems(modem(ladder=hung(Trouble.RESTARTING, LadderState.PROVING)))
    assert problem.code == "MODEM_HUNG"
    assert "current" in problem.action


@pytest.mark.parametrize("state", [LadderState.WELL, LadderState.ABSENT])
def test_a_modem_that_was_unplugged_or_is_well_hangs_no_more(state: LadderState) -> None:
    assert problems(modem(ladder=hung(Trouble.SILENT, state))) == []


def clock(at: int) -> str:
    return f"{at // HOUR % 24:02}:{at // MINUTE % 60:02}"


@pytest.mark.parametrize(
    ("state", "steps", "said"),
    [
        (LadderState.WELL, [], ""),
        (LadderState.WELL, [(DAY + HOUR, Step.CFUN)], ""),
        (
            LadderState.WELL,
            [(HOUR, Step.ESC)],
            "usb1 was recovered once in 24 h (11:00 a prompt left), works now",
        ),
        (
            LadderState.WELL,
            [(9 * HOUR, Step.REOPEN), (9 * HOUR, Step.CFUN), (HOUR, Step.USB)],
            "usb1 was reset 2 times in 24 h (03:00 the modem restarted, 11:00 its USB socket "
            "switched off and on), works now",
        ),
        (
            LadderState.ASKING,
            [(n * HOUR, Step.CFUN) for n in (5, 4, 3, 2)],
            "usb1 was reset 4 times in 24 h (… 08:00 the modem restarted, 09:00 the modem "
            "restarted, 10:00 the modem restarted), does not work",
        ),
        (
            LadderState.CURING,
            [(0, Step.USB)],
            "usb1 was reset once in 24 h (12:00 its USB socket switched off and on), is being "
            "tried: its USB socket switched off and on",
        ),
    ],
)  # fmt: skip
def test_one_line_tells_what_was_done(
    state: LadderState, steps: list[tuple[int, Step]], said: str
) -> None:
    noon = NOON - NOON % DAY + 12 * HOUR
    cures = tuple(CureFacts(noon - ago, step) for ago, step in steps)
    one = modem(ladder=Ladder(state), cures=cures)
    assert recovery_health.line(one, noon, clock) == said


@pytest.mark.parametrize(
    ("who", "code", "verdict", "line"),
    [
        (Silent.NOBODY, None, None, ""),
        (Silent.UNUSUAL, "SILENCE_UNUSUAL", Verdict.WARN, ""),
        (Silent.MODEM, "MODEM_DEAF", Verdict.CRIT, ""),
        (Silent.PEOPLE, None, None, "the people are silent"),
        (Silent.TESTING, None, None, "is on its way"),
        (Silent.NETWORK, None, None, "It is the network"),
    ],
)
def test_who_is_silent(who: Silent, code: str | None, verdict: Verdict | None, line: str) -> None:
    one = modem(quiet=Quiet(who, missing=13.4, since=NOON - 9 * HOUR, changed_at=NOON - HOUR))
    found = [(problem.code, problem.verdict) for problem in problems(one)]
    assert found == ([(code, verdict)] if code else [])
    assert line in silence_health.line(one, NOON)
    for problem in problems(one):
        assert "for 9 h; usually about 13 would have" in problem.what
