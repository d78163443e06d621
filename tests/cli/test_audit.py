"""`relay audit`: what a person reads of the chain of custody, and what status says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from click.testing import Result

from relay.core.cht import Answer
from relay.core.custody import Head
from relay.core.health import judge
from relay.store import heads
from tests.air import NOON, deliver
from tests.clinic import Clinic

Relay = Callable[..., Result]
Said = Callable[..., dict[str, Any]]


def five(clinic: Clinic) -> None:
    clinic.receives(*(deliver(f"P {n}", at=NOON + n * 1000) for n in range(4)), deliver(""))
    clinic.exchanges.begin(NOON, [1, 2], [])
    clinic.exchanges.settle(NOON, Answer((), None))


def test_where_everything_is(clinic: Clinic, relay: Relay) -> None:
    assert relay("audit").stdout.startswith("Nothing has been received yet, 0 missing\n")
    five(clinic)
    result = relay("audit")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == (
        "1 to 5 received, 2 at the server, 3 here (1 parked or set aside), 0 missing"
    )
    assert "number 3" in relay("trace", "in", "3").stdout
    assert "  number  5\n" in relay("inbox", "show", "5").stdout


def test_what_is_wrong_is_named_and_told_by_status(
    clinic: Clinic, relay: Relay, said: Said
) -> None:
    five(clinic)
    with clinic.db.transaction() as tx:
        tx.execute("UPDATE inbound SET text = 'P 99' WHERE id = 4")
    result = relay("audit")
    assert result.exit_code == 2
    assert "4: its text, sender or time was changed" in result.stdout
    found = said("audit")
    assert (found["sound"], found["received"], found["n_faults"]) == (False, 5, 1)
    assert found["faults"][0] == {
        "no": 4, "last": 4, "code": "MESSAGE_CHANGED",
        "what": "its text, sender or time was changed",
    }  # fmt: skip
    clinic.put(custody__check={"faults": 1, "first": "4: its text was changed"})
    problems = judge(clinic.station()).problems
    assert "CUSTODY_BROKEN" in [problem.code for problem in problems]


def test_a_head_that_was_written_down(clinic: Clinic, relay: Relay) -> None:
    five(clinic)
    head = relay("audit", "--head").stdout.strip()
    assert head.startswith("5:")
    assert relay("audit", "--since-head", head).exit_code == 0
    forked = relay("audit", "--since-head", f"3:{'0' * 64}")
    assert forked.exit_code == 2
    assert "3: was another message" in forked.stdout
    assert relay("audit", "--since-head", "nonsense").exit_code == 64


def test_a_restoration_that_was_meant_is_accepted_and_stays_on_record(
    clinic: Clinic, relay: Relay, said: Said
) -> None:
    five(clinic)
    store = clinic.config.store.path
    for no in (3, 7):  # as the file of heads stands beside a copy that was put in place
        heads.note(store, Head(no, bytes(32)), NOON, "daily")
    assert "sudo relay audit --accept" in relay("audit").stderr
    assert relay("audit", "--accept", stdin="n\n").exit_code == 130
    assert relay("audit").exit_code == 2
    result = relay("audit", "--accept", stdin="y\n")
    assert result.exit_code == 0
    assert "6 to 7: was given out before" in result.stdout
    assert "CUSTODY_BROKEN" not in [one.code for one in judge(clinic.station()).problems]
    (entry,) = clinic.db.query("SELECT * FROM journal")
    assert entry["what"] == "audit --accept"
    assert "3: was another message" in entry["detail"]
    clinic.receives(deliver("P 6", at=NOON + 99_000))
    found = said("audit")
    assert found["sound"]
    assert [one["no"] for one in found["accepted"]] == [5]
    assert "nothing to accept" in relay("audit", "--accept", "--yes").stderr


def test_no_word_makes_a_changed_message_right(clinic: Clinic, relay: Relay) -> None:
    five(clinic)
    with clinic.db.transaction() as tx:
        tx.execute("UPDATE inbound SET text = 'P 99' WHERE id = 4")
    advice = relay("audit").stderr
    assert "ask who had access" in advice
    assert "--accept" not in advice
    heads.note(clinic.config.store.path, Head(7, bytes(32)), NOON, "daily")
    result = relay("audit", "--accept", "--yes")
    assert result.exit_code == 2
    assert "4: its text, sender or time was changed" in result.stdout
    clinic.beats()
    assert "CUSTODY_BROKEN" in [one.code for one in judge(clinic.station()).problems]
