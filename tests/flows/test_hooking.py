"""Hooks are owed a call by a row: at least once, whatever fails, and holding up nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from relay.core.health import judge
from relay.flows.hooking import TRIES, Hooking
from relay.store.hooks import ON_ALERT, ON_MESSAGE, Hooks
from tests.air import deliver
from tests.clinic import DAY, Clinic
from tests.village import Village

HOUR_S = 3600.0


class Program:
    """A hook that does what the test says, and keeps what it was told."""

    def __init__(self) -> None:
        self.reason = ""
        self.told: list[dict[str, object]] = []

    def __call__(self, command: Sequence[str], name: str, document: bytes) -> tuple[str, str]:
        self.told.append(json.loads(document))
        return self.reason, "said"


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic(tmp_path) as clinic:
        clinic.works()
        yield clinic


def hooking(clinic: Clinic, program: Program, *names: str) -> Hooking:
    Hooks(clinic.db).set(names)
    commands = dict.fromkeys(names, ("/bin/true",))
    return Hooking(commands, Hooks(clinic.db), clinic.clock, program, lambda: 0.5)


def owed(clinic: Clinic) -> int:
    return int(clinic.db.value("SELECT count(*) FROM hook_call WHERE given_up_at IS NULL"))


def test_a_message_is_told_once(clinic: Clinic) -> None:
    program = Program()
    flow = hooking(clinic, program, ON_MESSAGE)
    clinic.receives(deliver("$(reboot)"))
    assert flow.step() == 0.0
    assert flow.step() > 1
    (told,) = program.told
    assert (told["v"], told["event"], told["text"]) == (1, "message", "$(reboot)")
    assert told["whole"] is True
    assert owed(clinic) == 0


def test_the_answer_of_relay_stands_beside_the_message(tmp_path: Path) -> None:
    """A hook waits for it a little, and no longer: answering may be what is broken."""
    program = Program()
    with Village(tmp_path, sets=["stock"]) as village:
        Hooks(village.db).set([ON_MESSAGE])
        commands = {ON_MESSAGE: ("/bin/true",)}
        flow = Hooking(commands, Hooks(village.db), village.clock, program, lambda: 0.5)
        village.arrives("+254700000001", "SOH LA 20")
        assert flow.step() > 0
        assert program.told == []
        village.settles()
        flow.step()
        village.arrives("+254700000001", "SOH LA 10")
        village.clock.advance(31)
        flow.step()
    said = [told["answer"] for told in program.told]
    assert said == ["LA 20 recorded. Ref 4-01", None]


def test_without_a_hook_nothing_is_owed(clinic: Clinic) -> None:
    hooking(clinic, Program(), ON_ALERT)
    clinic.receives(deliver("hello"))
    assert owed(clinic) == 0


def test_what_a_hook_was_owed_that_is_gone_is_forgotten(clinic: Clinic) -> None:
    hooking(clinic, Program(), ON_MESSAGE)
    clinic.receives(deliver("hello"))
    Hooks(clinic.db).set([])
    assert owed(clinic) == 0


def test_a_kill_in_the_middle_calls_it_again(clinic: Clinic) -> None:
    """At least once: the row goes only when the program has ended well."""
    program = Program()
    hooking(clinic, program, ON_MESSAGE)
    clinic.receives(deliver("hello"))

    def killed(*_: object) -> tuple[str, str]:
        raise KeyboardInterrupt

    flow = Hooking({ON_MESSAGE: ("/x",)}, Hooks(clinic.db), clinic.clock, killed, lambda: 0.5)
    with pytest.raises(KeyboardInterrupt):
        flow.step()
    hooking(clinic, program, ON_MESSAGE).step()
    assert len(program.told) == 1


def test_one_that_fails_is_tried_again_ever_more_rarely_then_given_up(clinic: Clinic) -> None:
    program = Program()
    program.reason = "HOOK_FAILED: exit code 3"
    flow = hooking(clinic, program, ON_MESSAGE)
    clinic.receives(deliver("hello"))
    for _ in range(200):
        wait = flow.step()
        clinic.clock.advance(max(wait, 1.0) * 10)
    clinic.beats()
    assert len(program.told) == TRIES
    assert owed(clinic) == 0
    (problem,) = [one for one in judge(clinic.station()).problems if one.code == "HOOK_FAILING"]
    assert "exit code 3" in problem.what
    assert "1 call was given up" in problem.what


def test_a_failure_holds_up_no_other_call(clinic: Clinic) -> None:
    program = Program()
    program.reason = "HOOK_FAILED: exit code 3"
    flow = hooking(clinic, program, ON_MESSAGE)
    clinic.receives(deliver("first"))
    flow.step()
    program.reason = ""
    clinic.receives(deliver("second"))
    flow.step()
    assert [one["text"] for one in program.told] == ["first", "second"]
    clinic.clock.advance(DAY)
    flow.step()
    assert [one["text"] for one in program.told] == ["first", "second", "first"]


def test_a_stop_is_no_failure(clinic: Clinic) -> None:
    program = Program()
    program.reason = "HOOK_STOPPED: relay is stopping"
    flow = hooking(clinic, program, ON_MESSAGE)
    clinic.receives(deliver("hello"))
    flow.step()
    assert clinic.db.value("SELECT tries FROM hook_call") == 0


def test_the_log_has_nothing_of_what_a_program_says(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    """It may well repeat the message that it was given."""
    program = Program()
    program.reason = "HOOK_FAILED: exit code 3"
    flow = hooking(clinic, program, ON_MESSAGE)
    clinic.receives(deliver("hello"))
    with caplog.at_level("INFO", logger="relay"):
        flow.step()
    assert "hook.failed" in caplog.text
    assert "hello" not in caplog.text
    assert "line=" not in caplog.text


def test_a_step_back_of_the_clock_puts_no_call_off_for_years(clinic: Clinic) -> None:
    program = Program()
    program.reason = "HOOK_FAILED: exit code 3"
    flow = hooking(clinic, program, ON_MESSAGE)
    clinic.receives(deliver("hello"))
    flow.step()
    clinic.clock.step(-365 * DAY)
    flow.step()
    assert len(program.told) == 2
