"""What looks like two machines at it, and what only looks busy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.loops import LoopLimits, Said, is_short, key_of, same_number, stopped

NURSE = "+260977000001"
LIMITS = LoopLimits(own=("+260977999999",), never=("+260966111111",))


def converse(words: list[tuple[str, str]], limits: LoopLimits = LIMITS) -> int:
    """How many of the answers go, where each pair is what came and what is answered."""
    talk: list[Said] = []
    for number, (heard, answer) in enumerate(words):
        talk.append(Said(2 * number, key_of(heard), ours=False))
        if stopped(NURSE, key_of(answer), talk, limits, is_reply=True):
            return number
        talk.append(Said(2 * number + 1, key_of(answer), ours=True))
    return len(words)


def send(texts: list[str]) -> int:
    """How many of the messages go, when nothing comes back."""
    talk: list[Said] = []
    for number, text in enumerate(texts):
        if stopped(NURSE, key_of(text), talk, LIMITS, is_reply=True):
            return number
        talk.append(Said(number, key_of(text), ours=True))
    return len(texts)


def test_a_nurse_with_thirty_reports_gets_thirty_answers() -> None:
    """Whether they have the name of the patient in them or not."""
    reports = [f"P 1 Anna {n}" for n in range(30)]
    assert converse([(report, f"Thank you, {report}") for report in reports]) == 30
    assert converse([(report, "Thank you.") for report in reports]) == 30


def test_a_backlog_to_one_number_is_no_loop() -> None:
    """After two weeks without network hundreds may be due at once."""
    assert send([f"Reminder {n}" for n in range(1000)]) == 1000


def test_machines_that_repeat_themselves_are_stopped_after_ten() -> None:
    assert converse([("I am on leave.", "Thank you for your report.")] * 1000) == 10


def test_machines_that_count_are_stopped_as_well() -> None:
    """Each message has a number or the time in it, and still they take turns."""
    assert converse([(f"No. {n} received", f"Thanks for {n}") for n in range(1000)]) == 100


def test_the_same_words_over_and_over_are_stopped() -> None:
    """Whatever hands them out: a server that repeats itself costs as much as a loop."""
    assert send(["Come to the clinic"] * 1000) == 30


def test_the_limits_can_be_switched_off() -> None:
    assert converse([("a", "b")] * 200, LoopLimits(same=0, echoes=0, rounds=0)) == 200


@pytest.mark.parametrize(
    ("recipient", "is_reply", "heard", "goes"),
    [
        ("+260977999999", True, False, False), ("0977999999", False, False, False),
        ("+260966111111", True, False, False), ("0966111111", False, False, True),
        ("131", True, True, False), ("131", True, False, True), ("131", False, True, True),
        (NURSE, True, True, True),
    ],
)  # fmt: skip
def test_who_is_never_replied_to(recipient: str, is_reply: bool, heard: bool, goes: bool) -> None:
    talk = [Said(1, "x", ours=False)] if heard else []
    assert (stopped(recipient, "y", talk, LIMITS, is_reply=is_reply) is None) is goes


def test_numbers_and_words() -> None:
    assert same_number("+260977000001", "0977000001")
    assert not same_number("+260977000001", "0977000002")
    assert not same_number("131", "+260977000131")
    assert (is_short("131"), is_short("+131"), is_short("0977000001")) == (True, False, False)
    assert key_of(" Thank  you") == key_of("thank you\n")
    assert "thank" not in key_of("thank you")


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc")), max_size=300))
def test_the_cost_of_any_exchange_within_an_hour_is_bounded(
    events: list[tuple[bool, str]],
) -> None:
    """With three texts in the world no more than three times the limit can go."""
    talk: list[Said] = []
    for at, (ours, key) in enumerate(events):
        if not ours or stopped(NURSE, key, talk, LIMITS, is_reply=True) is None:
            talk.append(Said(at, key, ours))
    assert sum(said.ours for said in talk) <= 3 * LIMITS.same
