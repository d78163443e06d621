"""The shipped sets in a village: each is switched on with one line, alone and all together."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.community_rules import shipped_sets
from relay.flows.answering.rehearsal import rehearse
from relay.store import people, places
from tests.village import Village, shipped, texts

NURSE, CHW, TEAM = "+254700000001", "+254700000002", "+254700000003"


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


@pytest.mark.parametrize(
    ("language", "text", "answer"),
    [
        ("en", "OANC", "OANC not complete: id is missing. Send: OANC id"),
        ("sw", "ORPT Amina", "ORPT haijakamilika: wiki haipo. Tuma: ORPT jina wiki"),
        ("hi", "IVAC", "IVAC अधूरा है: ID नहीं है। भेजें: IVAC ID टीका"),
    ],
)
def test_what_is_missing_is_named_in_the_readers_language(
    tmp_path: Path, language: str, text: str, answer: str
) -> None:
    with Village(tmp_path, sets=shipped_sets()) as village:
        village.says(NURSE, f"LANG {language}")
        assert texts(village.says(NURSE, text)) == [answer]


@pytest.mark.parametrize(
    "text",
    [
        "MUTE " + "8" * 900,
        "OANC " + "8" * 900,
        "ODGR {id} " + "z" * 1400,
        "SOH " + "x" * 900 + " 3",
        "RUMOR " + "burning " * 120,
        "BLOOD O- 2 " + "x" * 900,
        "JOIN " + "x" * 900,
    ],
)
def test_a_text_of_ten_parts_costs_no_answer_of_ten(tmp_path: Path, text: str) -> None:
    """Of what somebody wrote the answers, and what others are told, repeat a line at most."""
    with Village(tmp_path, sets=shipped()) as village:
        with village.db.transaction() as tx:
            bura = places.add(tx, 0, "Bura", "bura", "village", None, "test").id
            for number, tags in ((CHW, ()), (TEAM, ("supervisor", "team"))):
                one = people.ensure(tx, 0, number, "test")
                people.put_in(tx, 0, one.id, bura, "test")
                for tag in tags:
                    people.tag(tx, 0, one.id, tag, "test")
        village.says(CHW, "ORPT Amina 12")
        said = text.replace("{id}", village.db.value("SELECT id FROM patient"))
        taken = rehearse(village.db, village.engine, village.clock.now(), CHW, said)
        assert taken.messages
        assert max(one.segments for one in taken.messages) <= 3
