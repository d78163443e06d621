"""Reports by SMS, answered at once: the dialogues of a health worker, and what stays behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay import assembly_community
from relay.clock import local
from relay.community.forms.patient_id import is_id
from relay.core.form_report import SAME_FOR_MS, FormReport, Outcome
from relay.errors import StoreFull
from relay.flows.answering.forms import Forms
from relay.flows.answering.primitive import Primitive
from relay.store import form_reports, people, places, registry
from tests.air import NOON
from tests.village import Village, texts

AMINA, BARAKA, NURSE = "+254700000001", "+254700000002", "+254700000009"
RULES = """
[form.ORPT]
title.en = "Pregnancy registration"
fields = [
  { name = "name", type = "string", required = true, length = [1, 30] },
  { name = "weeks", type = "integer", required = true, range = [0, 42] },
]
registers = "patient"
received.en = '''Thank you for registering {name}. Patient ID is {patient_id}. \
Next visit is in {next_weeks} weeks. Ref {ref}'''
received.sw = "Asante kwa kumsajili {name}. Namba yake ni {patient_id}. Ref {ref}"
[form.OANC]
fields = [ { name = "patient_id", type = "patient", required = true } ]
received.en = "Recorded: ANC visit of {patient_id}. Ref {ref}"
[form.ODGR]
fields = [
  { name = "patient_id", type = "patient", required = true },
  { name = "sign", type = "string", required = true },
]
received.en = "Danger sign recorded. Ref {ref}"
[form.SOH.stock]
low = { LA = 5 }
low_text.en = "{item} is low: {count} left."
[form.STAFF]
fields = [ { name = "note" } ]
senders = ["nurse"]
[form.QUIET]
fields = [ { name = "name", required = true } ]
reply_owner = "server"
"""


class Ear(Primitive):
    """Hears every accepted report, as reminders do."""

    name = "reminders"

    def __init__(self) -> None:
        self.heard: list[FormReport] = []

    def reported(self, turn: Any, report: FormReport) -> dict[str, object]:
        self.heard.append(report)
        return {"next_weeks": 4}


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def village(tmp_path: Path, ear: Ear) -> Iterator[Village]:
    numbers = cycle(range(8421, 8471))  # so many are asked for at once

    def digits(length: int) -> str:
        return str(next(numbers)).zfill(length)

    with Village(
        tmp_path,
        rules=RULES,
        primitives=lambda book: [Forms(book.rules("form"), [ear], digits), ear],
    ) as village:
        assert not village.rules.faults
        yield village


def kept(village: Village) -> list[tuple[str, str]]:
    return [tuple(row) for row in village.db.query("SELECT form, outcome FROM form_report")]


# --- a health worker's day ----------------------------------------------------------------------


def test_a_pregnancy_from_registration_to_visit(village: Village) -> None:
    """To the letter of what is shown to people who decide about relay."""
    said = [
        ("ORPT Amina 12",
         "Thank you for registering Amina. Patient ID is 84219. Next visit is in 4 weeks."
         " Ref 4-01"),
        ("OANC 84219", "Recorded: ANC visit of 84219. Ref 4-02"),
        ("ODGR 84219 bleeding", "Danger sign recorded. Ref 4-03"),
        ("OANC 84218", "No patient with id 84218. Please check and send again."),
        ("oanc  84219", "Already have it: 4-02. No need to send again."),
        ("ORPT Amina 72",
         "ORPT not complete: weeks must be 0 to 42, you sent 72. Send: ORPT name weeks"),
        ("OANC ८४२१९ ", "Already have it: 4-02. No need to send again."),
        ("ORPT Amina", "ORPT not complete: weeks is missing. Send: ORPT name weeks"),
    ]  # fmt: skip
    assert [texts(village.says(AMINA, text)) for text, _ in said] == [[one] for _, one in said]
    assert kept(village) == [
        ("ORPT", "RECEIVED"), ("OANC", "RECEIVED"), ("ODGR", "RECEIVED"),
        ("OANC", "UNKNOWN_PATIENT"), ("OANC", "DUPLICATE"), ("ORPT", "INCOMPLETE"),
        ("OANC", "DUPLICATE"), ("ORPT", "INCOMPLETE"),
    ]  # fmt: skip


def test_others_hear_of_accepted_reports_only(village: Village, ear: Ear) -> None:
    """Not again of a duplicate, and with no more of a name than may stand in an SMS."""
    for text in ('ORPT "Amina Wanjiku" 12', 'ORPT "amina wanjiku" 12', "ORPT Amina 99"):
        village.says(AMINA, text)
    village.says(AMINA, "ODGR 84219 severe bleeding")
    assert [(one.form, one.fields, one.patient_id, one.ref) for one in ear.heard] == [
        ("ORPT", {"name": "Amina", "weeks": 12}, "84219", "4-01"),
        ("ODGR", {"patient_id": "84219", "sign": "severe bleeding", "name": "Amina"}, "84219",
         "4-03"),
    ]  # fmt: skip


def test_the_same_report_counts_again_after_twelve_hours(village: Village) -> None:
    village.says(AMINA, "ORPT Amina 12")
    village.says(AMINA, "OANC 84219")
    assert "Already" in texts(village.says(AMINA, "OANC 84219"))[0]
    village.clock.advance(12 * 3600 + 60)
    assert texts(village.says(AMINA, "OANC 84219")) == ["Recorded: ANC visit of 84219. Ref 5-01"]


def test_the_same_words_of_somebody_else_are_another_report(village: Village) -> None:
    village.says(AMINA, "ORPT Amina 12")
    assert "Patient ID is 84220" in texts(village.says(BARAKA, "ORPT Amina 12"))[0]


def test_a_report_that_was_wrong_is_no_duplicate_of_itself(village: Village) -> None:
    """The id was not known a minute ago; now it is."""
    assert "No patient" in texts(village.says(AMINA, "OANC 84219"))[0]
    village.says(BARAKA, "ORPT Amina 12")
    assert "Recorded" in texts(village.says(AMINA, "OANC 84219"))[0]


def test_the_receipt_is_in_the_senders_language(village: Village) -> None:
    with village.db.transaction() as tx:
        person = people.ensure(tx, NOON, AMINA, "test")
        people.set_language(tx, NOON, person.id, "sw", "test")
    assert "Asante kwa kumsajili Amina" in texts(village.says(AMINA, "ORPT Amina 12"))[0]
    assert texts(village.says(AMINA, "ORPT Amina 72")) == [
        "ORPT haijakamilika: weeks iwe 0 hadi 42, umetuma 72. Tuma: ORPT name weeks"
    ]


# --- receipts -----------------------------------------------------------------------------------


def test_a_number_is_given_once_a_day_also_over_a_crash(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not committed gave no number away; what was, is not given again."""
    village.says(AMINA, "ORPT Amina 12")
    village.arrives(BARAKA, "ORPT Asha 20")
    with monkeypatch.context() as patch:
        patch.setattr(village.outbox, "enqueue", _disk_full)
        with pytest.raises(StoreFull):
            village.engine.step()
    village.restarts()
    assert texts(village.settles())[0].endswith("Ref 4-02")
    refs = village.db.query("SELECT day, nth FROM form_report WHERE nth IS NOT NULL")
    assert len(refs) == len(set(map(tuple, refs))) == 2


def _disk_full(*_: object, **__: object) -> int:
    raise StoreFull("/var/lib/relay/relay.db")


def test_the_hundredth_report_of_a_day_has_three_digits(village: Village) -> None:
    with village.db.transaction() as tx:
        for n in range(99):
            form_reports.keep(
                tx, form_reports.Kept(1000 + n, "X", BARAKA, Outcome.RECEIVED,
                                      local(NOON)[:10], str(n), NOON)
            )  # fmt: skip
    assert texts(village.says(AMINA, "ORPT Amina 12"))[0].endswith("Ref 4-100")


def test_ids_become_longer_when_they_run_out(village: Village) -> None:
    """Every id of five digits that this clinic would make is taken."""
    with village.db.transaction() as tx:
        for n in range(8421, 8500):
            one = registry.Patient(_checked(n), "Asha", registered_at=NOON)
            registry.register(tx, one)
        found = registry.free_id(
            tx, lambda length, many: [_checked(n, length) for n in range(8421, 8421 + many)], 5, 13
        )
    assert found == _checked(8421, 6)
    assert is_id(found)


def _checked(n: int, length: int = 5) -> str:
    from relay.community.forms.patient_id import with_check_digit

    return with_check_digit(str(n).zfill(length - 1))


# --- who may send, and who answers --------------------------------------------------------------


def test_only_those_with_the_tag_may_send(village: Village) -> None:
    assert texts(village.says(AMINA, "STAFF hello")) == [
        "You cannot send STAFF from this number. Please ask your clinic."
    ]
    with village.db.transaction() as tx:
        people.tag(tx, NOON, people.ensure(tx, NOON, NURSE, "test").id, "nurse", "test")
    assert texts(village.says(NURSE, "STAFF hello")) == ["STAFF received. Ref 4-01"]


def test_what_the_server_answers_relay_does_not(village: Village, ear: Ear) -> None:
    """Whatever is wrong with it; it is written down, and others hear of it, all the same."""
    for text in ("QUIET Amina", "QUIET Amina", "QUIET"):
        assert village.says(AMINA, text) == []
    assert [outcome for _, outcome in kept(village)] == ["RECEIVED", "DUPLICATE", "INCOMPLETE"]
    assert len(ear.heard) == 1


def test_an_id_of_another_system_is_only_looked_at(tmp_path: Path) -> None:
    """Where relay registers nobody, the server knows the ids: only the check digit counts."""
    rules = '[form.V]\nfields = [ { name = "patient_id", type = "patient" } ]\n'
    with Village(tmp_path, rules=rules) as village:
        assert texts(village.says(AMINA, "V 00371")) == ["V received. Ref 4-01"]
        assert "No patient with id 00317" in texts(village.says(AMINA, "V 00317"))[0]


# --- stock --------------------------------------------------------------------------------------


def test_stock_is_counted_for_the_place(village: Village) -> None:
    """Two people of one place report the same shelf; a stranger has one of his own."""
    with village.db.transaction() as tx:
        place = places.add(tx, NOON, "Bura", "bura", "village", None, "test")
        for number in (AMINA, BARAKA):
            people.put_in(tx, NOON, people.ensure(tx, NOON, number, "t").id, place.id, "t")
    said = [
        (AMINA, "SOH LA 10", "LA 10 recorded. Ref 4-01"),
        (BARAKA, "SOH LA 20 R LA 30", "LA 20 recorded, used 20. Ref 4-02"),
        (BARAKA, "soh la 20 r la 30", "Already have it: 4-02. No need to send again."),
        (NURSE, "SOH LA 7 ORS 3", "Recorded: LA 7, ORS 3. Ref 4-03"),
        (AMINA, "SOH R LA 5", "LA 25 recorded. Ref 4-04"),
        (AMINA, "SOH LA 4", "LA 4 recorded, used 21. Ref 4-05 LA is low: 4 left."),
        (AMINA, "SOH LA", "SOH not complete: LA needs a number. Send: SOH LA 20 R LA 30"),
        (NURSE, "SOH LA 6 ORS 3 R LA 2",
         "Recorded: LA 6 (used 3), ORS 3 (used 0). Ref 4-07"),
    ]  # fmt: skip
    assert [texts(village.says(who, text)) for who, text, _ in said] == [[o] for _, _, o in said]
    (fields,) = village.db.query("SELECT fields FROM form_report WHERE id = 2")[0]
    assert json.loads(fields) == {"LA": {"before": 10, "received": 30, "count": 20, "used": 20}}


# --- what is no report --------------------------------------------------------------------------


def test_strangers_are_not_drawn_into_a_talk(village: Village) -> None:
    for text in ("hello", "OANX 12", "   ", "1!NONE!12"):
        assert village.says(BARAKA, text) == []
    assert kept(village) == []


def test_somebody_who_reports_is_told_what_was_wrong(village: Village) -> None:
    village.says(AMINA, "ORPT Amina 12")
    said = [
        ("OANCX 84219", ["There is no form OANCX. Did you mean OANC? Send: OANC patient_id"]),
        ("1!NONE!12", ["There is no form NONE. Forms: OANC, ODGR, ORPT, QUIET, SOH, STAFF"]),
        ("thank you all", []),
        (" \n ", ["Your message was empty. Please send it again."]),
    ]
    assert [texts(village.says(AMINA, text)) for text, _ in said] == [one for _, one in said]
    assert [outcome for _, outcome in kept(village)[1:]] == [
        "NOT_FOUND", "NOT_FOUND", "PLAIN", "EMPTY",
    ]  # fmt: skip


def test_of_many_forms_as_many_are_named_as_one_sms_holds(tmp_path: Path) -> None:
    rules = "".join(f"[form.FORM{n:02}]\n" for n in range(40))
    with Village(tmp_path, rules=rules) as village:
        village.says(AMINA, "FORM01")
        (said,) = texts(village.says(AMINA, "1!NONE!12"))
        assert said.startswith("There is no form NONE. Forms: FORM00, FORM01, ")
        assert said.endswith(", ...")
        assert 150 < len(said) <= 160
    assert "FORM39" not in said


def test_plain_talk_is_thanked_for_where_that_is_switched_on(tmp_path: Path) -> None:
    with Village(tmp_path, rules=RULES, settings="default_reply = true") as village:
        village.says(AMINA, "STAFF")
        village.says(AMINA, "SOH LA 3")
        assert texts(village.says(AMINA, "thank you all")) == [
            "Thank you, your message was received."
        ]


# --- and all of it ------------------------------------------------------------------------------


def test_ids_are_random_and_good(tmp_path: Path) -> None:
    with Village(tmp_path, rules=RULES) as village:
        for name in ("Asha", "Amina", "Neema"):
            village.says(AMINA, f"ORPT {name} 12")
        ids = [row[0] for row in village.db.query("SELECT id FROM patient")]
    assert len(set(ids)) == 3
    assert all(is_id(one) and len(one) == 5 for one in ids)
    assert {len(assembly_community._digits(n)) for n in (4, 12)} == {4, 12}


def test_forms_of_a_cht_app_are_taken_as_they_are(tmp_path: Path) -> None:
    """A rule set names the file; the server's own answers stay the server's."""
    corpus = Path(__file__).parents[1] / "data" / "report_spellings.json"
    settings = json.loads(corpus.read_text("utf-8")) | {
        "registrations": [{"form": "ANCR", "messages": [{"recipient": "reporting_unit"}]}]
    }
    (tmp_path / "app_settings.json").write_text(json.dumps(settings), "utf-8")
    rules = 'forms_from = "app_settings.json"\n'
    with Village(tmp_path, rules=rules) as village:
        assert not village.rules.faults
        assert village.says(AMINA, "ANCR sarah 24") == []
        assert texts(village.says(AMINA, "P 23456 21")) == ["Pregnancy received. Ref 4-02"]
        assert texts(village.says(AMINA, "P 23456 99")) == [
            "P not complete: Weeks since LMP must be 0 to 42, you sent 99."
            " Send: P patient_id (weeks)"
        ]


SAID = st.sampled_from(
    ["ORPT Amina 12", "orpt  amina 12", "ORPT Amina", "OANC 84219", "SOH LA 5", "SOH LA 5.",
     "thanks", "1!ORPT!Neema#7", "QUIET x"]
)  # fmt: skip
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([AMINA, BARAKA]), SAID),
        st.just("kill"),
        st.integers(1, 14),  # hours
    ),
    max_size=12,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS)
def test_whatever_comes_each_message_is_one_row_and_each_number_is_given_once(
    village: Village, events: list[Any]
) -> None:
    """Over restarts, nights and repetitions; the same report counts once in twelve hours."""
    for event in events:
        if event == "kill":
            village.restarts()
        elif isinstance(event, int):
            village.clock.advance(event * 3600)
        else:
            village.says(*event)
    rows = village.db.query("SELECT * FROM form_report ORDER BY id")
    assert len({row["inbound_id"] for row in rows}) == len(rows)
    given_out = [(row["day"], row["nth"]) for row in rows if row["nth"] is not None]
    assert len(set(given_out)) == len(given_out)
    last: dict[tuple[str, str], int] = {}
    for row in rows:
        if row["outcome"] == "RECEIVED":
            same = (row["number"], row["digest"])
            assert row["reported_at"] - last.get(same, 0) >= SAME_FOR_MS
            last[same] = row["reported_at"]
    assert village.db.value("SELECT count(*) FROM answer WHERE state = 'WAITING'") == 0
