"""The shipped sets in a village: each is switched on with one line, alone and all together."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.community_rules import shipped_sets
from tests.village import Village, texts

NURSE = "+254700000001"


@pytest.mark.parametrize("name", shipped_sets())
def test_a_set_holds_alone(tmp_path: Path, name: str) -> None:
    with Village(tmp_path, sets=[name]) as village:
        assert village.rules.faults == ()
        assert village.rules.book.sets == (name,)


def test_all_sets_hold_together(tmp_path: Path) -> None:
    """No rule, form or word of one stands in the way of another."""
    with Village(tmp_path, sets=shipped_sets()) as village:
        assert village.rules.faults == ()
        assert village.rules.book.sets == shipped_sets()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("ORPT Amina 12", "Next visit is in 4 weeks. Ref"),
        ("ORPT Amina 38", "Patient ID is {id}. Ref"),
        ("IREG Juma 2026-05-01", "Thank you for registering Juma. The ID is"),
        ("SOH LA 20 R LA 30", "LA 20 recorded"),
        ("IDSR 12 4 0 1", "Recorded: malaria 12, diarrhoea 4, cholera 0, measles 1. Ref"),
        ("IALR cholera 2", "Alert recorded: cholera 2. Ref"),
        ("JOIN NOTICES", "You will get all NOTICES messages."),
        ("DONOR O", "O+ or O-?"),
        ("PLEDGE pump 25", "Nothing is collected for pump"),
        ("SТOP", "You will get no more messages from us."),
        ("रोक", "You will get no more messages from us."),
    ],
)
def test_what_is_texted_is_answered(tmp_path: Path, text: str, answer: str) -> None:
    with Village(tmp_path, sets=shipped_sets()) as village:
        (said,) = texts(village.says(NURSE, text))
    before, _, after = answer.partition("{id}")
    assert before in said
    assert said.partition(before)[2].lstrip("0123456789").startswith(after)
