"""The time that relay was off, and what came in after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.core.health import judge
from relay.core.power import PowerFacts, Why
from relay.status_json import document
from relay.store import darkness
from tests.air import NOON, deliver
from tests.clinic import DAY, HOUR, Clinic
from tests.test_status import shown


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic(tmp_path) as clinic:
        yield clinic


def off_for(clinic: Clinic, seconds: float, *, state: str = "running", boot: str = "b") -> None:
    """The last sign of life, then nothing, then a start."""
    clinic.put(daemon__beat={"state": state, "pid": 1, "boot": "a"})
    clinic.dies()
    clinic.clock.advance(seconds)
    darkness.note(clinic.db, clinic.facts, clinic.clock.now(), boot)
    clinic.starts()


def test_a_power_cut_and_what_waited_on_the_network(clinic: Clinic) -> None:
    """What was sent while it was dark counts; what came before or is sent after does not."""
    clinic.starts()
    clinic.receives(deliver("before"))
    clinic.clock.advance(HOUR)
    off_for(clinic, 4 * HOUR)
    at = NOON + int(2 * HOUR * 1000)
    clinic.receives(*(deliver(f"waited {n}", at=at + n * 1000) for n in range(3)))
    clinic.receives(deliver("after", at=clinic.clock.now() + 1000))
    (dark,) = clinic.station().dark
    assert (dark.why, dark.waited) == (Why.POWER, 3)
    assert dark.until - dark.since == 4 * HOUR * 1000
    text = " ".join(shown(clinic.station()).split())
    assert "(power loss); 3 SMS waited on the network, all read" in text
    told = document(clinic.station(), judge(clinic.station()))["off"]
    assert told == [{"since": dark.since, "until": dark.until, "why": "power", "waited": 3}]
    clinic.clock.advance(DAY)
    assert clinic.station().dark == ()


def test_the_last_sign_of_life_in_a_copy_tells_nothing_of_how_relay_ended(clinic: Clinic) -> None:
    """It was made while relay ran, hours before it was restored."""
    clinic.put(daemon__beat={"state": "running", "pid": 1, "boot": "a"})
    clinic.clock.advance(HOUR)
    clinic.put(store__restored={"copied_at": NOON})
    darkness.note(clinic.db, clinic.facts, clinic.clock.now(), "a")
    clinic.starts()
    assert clinic.station().dark == ()
    clinic.clock.advance(HOUR)
    off_for(clinic, HOUR)
    assert [one.why for one in clinic.station().dark] == [Why.POWER]


@pytest.mark.parametrize(
    ("state", "boot", "words"),
    [
        ("stopped", "a", "(relay was stopped); no SMS"),
        ("stopped", "b", "(the computer was switched off); no SMS"),
        ("running", "a", "(relay was ended by force); no SMS"),
    ],
)
def test_a_stop_in_good_order_is_told_from_a_kill(
    clinic: Clinic, state: str, boot: str, words: str
) -> None:
    clinic.starts()
    off_for(clinic, HOUR, state=state, boot=boot)
    assert words in " ".join(shown(clinic.station()).split())


def test_a_restart_is_not_worth_a_line(clinic: Clinic) -> None:
    """Nor is the very first start; and no more than five are kept."""
    darkness.note(clinic.db, clinic.facts, NOON, "a")
    clinic.starts()
    off_for(clinic, 60)
    assert clinic.station().dark == ()
    for _ in range(7):
        off_for(clinic, 600)
    assert len(clinic.station().dark) == 5


def test_a_fact_of_another_shape_is_none(clinic: Clinic) -> None:
    clinic.put(daemon__dark=[{"since": "x"}, 7, {"since": 1, "until": 2, "last": 0, "why": "?"}])
    assert clinic.station().dark == ()
    clinic.put(daemon__dark="x", daemon__beat=7)
    darkness.note(clinic.db, clinic.facts, clinic.clock.now(), "")
    assert clinic.station().dark == ()
    assert isinstance(clinic.station().power, PowerFacts)
