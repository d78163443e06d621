"""Reminders, escalation and weekly completeness, as those hear of them who are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from relay.assembly_community import primitives
from relay.clock import from_local
from relay.community.rulebook import RuleBook
from relay.core.form_report import FormReport
from relay.core.people import Consent
from relay.core.priority import Priority
from relay.core.timekeeping import Correction
from relay.flows.answering.primitive import Primitive
from relay.flows.answering.turn import Turn
from relay.status import observe
from relay.store import people, places, weekly
from relay.store.redating import redate
from tests.village import Heard, Village, texts

CHW, OTHER, SUPERVISOR, DOCTOR = "+254700001001", "+254700001002", "+254700002001", "+254700002002"
DAY = 86_400_000
# A Tuesday, and ten o'clock on the wall wherever these tests run.
TUESDAY = from_local("2026-11-24 10:00")

ANTENATAL = """
[reminder.anc]
after = "ORPT"
counted_from = { field = "weeks", unit = "weeks" }
at = ["16w", "24w", "32w", "36w"]
text.en = "{name} ({patient_id}) is due for an ANC visit this week."
text.sw = "{name} ({patient_id}) aende kliniki."
cancelled_by = [ { form = "OANC", due_within = "21d" } ]
muted_by = "OMUT"
unmuted_by = "OUNM"
"""
DANGER = """
[escalation.danger]
after = "ODGR"
to = "supervisor"
text.en = "{sender} reports {sign}, patient {patient_id}. Please follow up."
"""
WEEKLY = """
[completeness.idsr]
form = "IDSR"
tag = "reporter"
prompt = "monday 08:00"
nag = "wednesday 09:00"
text.en = "Please send the report of {place} for week {week}."
nag_text.en = "The report of {place} for week {week} is missing."
"""


class Clerk(Primitive):
    """Stands in for the forms: `ORPT 84217 name=Amina weeks=12` is a report, accepted."""

    name = "forms"

    def __init__(self, others: tuple[Primitive, ...]) -> None:
        self.others = others
        self.receipts: list[Mapping[str, object]] = []
        self._id = 0

    def plain(self, turn: Turn) -> bool:
        assert turn.sms is not None
        words = turn.sms.text.split()
        if not words[0].isupper() or len(words[0]) != 4:
            return False
        self._id += 1
        fields: dict[str, object] = {}
        for word in words[2:]:
            key, _, value = word.partition("=")
            fields[key] = int(value) if value.isdigit() else value
        patient = None if words[1] == "-" else words[1]
        person = turn.person
        report = FormReport(
            turn.sms.inbound_id, words[0], turn.number, person.id if person else None,
            person.places[0] if person and person.places else None, fields, patient,
            f"2-{self._id:02}", turn.sms.kept_at,
        )  # fmt: skip
        receipt: dict[str, object] = {}
        for one in self.others:
            receipt |= one.reported(turn, report)
        self.receipts.append(receipt)
        turn.silent()
        return True


Open = Callable[..., Village]


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Open]:
    opened: list[Village] = []

    def open_(rules: str, **more: object) -> Village:
        def with_clerk(book: RuleBook) -> list[Primitive]:
            own = primitives(book)
            clerks.append(Clerk(own))
            return [clerks[-1], *own]

        clerks: list[Clerk] = []
        made = Village(tmp_path, rules=rules, primitives=with_clerk, now=TUESDAY, **more)  # type: ignore[arg-type]
        assert made.rules.faults == ()
        made.clerks = clerks  # type: ignore[attr-defined]
        opened.append(made)
        return made

    yield open_
    for one in opened:
        one.db.close()


def unheard(village: Village) -> int:
    """The danger signs that nobody could get, as `relay status` counts them."""
    return observe(village.config, village.clock.now()).community.unheard


def receipt(village: Village) -> Mapping[str, object]:
    return village.clerks[-1].receipts[-1]  # type: ignore[attr-defined]


def states(village: Village) -> list[str]:
    return [row[0] for row in village.db.query("SELECT state FROM reminder ORDER BY id")]


def at(village: Village, when: str) -> list[Heard]:
    """The clock goes on, evenly, to a time on the wall."""
    village.clock.advance((from_local(when) - village.clock.now()) / 1000)
    return village.settles()


def settle_people(village: Village) -> dict[str, int]:
    """A ward with two villages; a health worker in Bura, supervisors in the ward."""
    with village.db.transaction() as tx:
        now = village.clock.now()
        ward = places.add(tx, now, "Ward", "ward", "ward", None, "test").id
        bura = places.add(tx, now, "Bura", "bura", "village", ward, "test").id
        mara = places.add(tx, now, "Mara", "mara", "village", ward, "test").id
        for number, place, tag in [
            (CHW, bura, "reporter"), (OTHER, mara, "reporter"), (SUPERVISOR, ward, "supervisor"),
        ]:  # fmt: skip
            one = people.ensure(tx, now, number, "test")
            people.put_in(tx, now, one.id, place, "test")
            people.tag(tx, now, one.id, tag, "test")
    return {"ward": ward, "bura": bura, "mara": mara}


# --- reminders ----------------------------------------------------------------------------------


def test_the_dialogue_of_antenatal_care(village: Open) -> None:
    """Registered in week 12: reminded once in week 16, by day; a visit leaves week 24."""
    station = village(ANTENATAL)
    station.says(CHW, "ORPT 84217 name=Amina weeks=12")
    assert receipt(station) == {"next_weeks": 4, "next_date": "2026-12-22"}
    assert station.passes(days=27.9) == []
    (heard,) = station.passes(days=0.1)
    assert (heard.number, heard.priority) == (CHW, Priority.REMINDER)
    assert heard.text == "Amina (84217) is due for an ANC visit this week."
    assert station.passes(minutes=1) == station.passes(days=1) == []
    station.goes_out()
    station.says(CHW, "OANC 84217")
    assert states(station) == ["SENT", "WAITING", "WAITING", "WAITING"]
    assert texts(at(station, "2027-02-16 08:00")) == [heard.text]


@pytest.mark.parametrize(("hour", "goes"), [("07:59", False), ("08:00", True), ("18:00", False)])
def test_reminders_keep_to_their_part_of_the_day(village: Open, hour: str, goes: bool) -> None:
    station = village(ANTENATAL)
    station.says(CHW, "ORPT 84217 name=Amina weeks=12")
    station.clock.advance((from_local(f"2026-12-22 {hour}") - station.clock.now()) / 1000)
    assert bool(station.settles()) is goes
    assert bool(at(station, "2026-12-23 08:00")) is not goes


def test_a_visit_clears_what_is_due_within_three_weeks(village: Open) -> None:
    """Three weeks before week 16, and not a day more; of this patient only."""
    station = village(ANTENATAL)
    station.says(CHW, "ORPT 84217 name=Amina weeks=12")
    station.says(CHW, "ORPT 77777 name=Halima weeks=12")
    at(station, "2026-11-30 23:00")
    station.says(CHW, "OANC 84217")
    assert states(station)[:4] == ["WAITING"] * 4
    at(station, "2026-12-01 01:00")
    station.says(CHW, "OANC 84217")
    assert states(station)[:4] == ["CANCELLED", "WAITING", "WAITING", "WAITING"]
    assert ["77777" in one for one in texts(at(station, "2026-12-22 08:00"))] == [True]


def test_a_visit_takes_back_what_has_not_left(village: Open) -> None:
    """It was in the outbox, waiting for credit, when the visit was reported."""
    station = village(ANTENATAL)
    station.says(CHW, "ORPT 84217 name=Amina weeks=12")
    (heard,) = at(station, "2026-12-22 08:00")
    station.says(CHW, "OANC 84217")
    status, reason = station.state(heard.id)
    assert status == "FAILED"
    assert "report" in (reason or "")
    assert states(station)[0] == "CANCELLED"


def test_after_half_a_year_in_the_dark_one_is_sent(village: Open) -> None:
    """Weeks 16, 24 and 32 fell due; the newest goes, the others are counted."""
    station = village(ANTENATAL)
    station.says(CHW, "ORPT 84217 name=Amina weeks=12")
    station.restarts()
    assert len(at(station, "2027-04-14 12:00")) == 1
    assert states(station) == ["SKIPPED_LATE", "SKIPPED_LATE", "SENT", "WAITING"]
    assert station.db.value("SELECT n FROM tally WHERE what = 'reminders_late'") == 2


def test_what_is_late_is_not_sent_at_night(village: Open) -> None:
    """Power comes back at three in the morning, and only one of them waits for the day."""
    station = village(ANTENATAL)
    station.says(CHW, "ORPT 84217 name=Amina weeks=12")
    assert at(station, "2027-04-14 03:00") == []
    assert len(at(station, "2027-04-14 08:00")) == 1
    assert states(station) == ["SKIPPED_LATE", "SKIPPED_LATE", "SENT", "WAITING"]


def test_what_is_of_no_use_any_more_is_skipped(village: Open) -> None:
    station = village(ANTENATAL)
    station.says(CHW, "ORPT 84217 name=Amina weeks=12")
    assert at(station, "2027-01-05 12:00") == []
    assert states(station)[0] == "SKIPPED_LATE"


def test_it_is_told_in_the_language_of_who_gets_it(village: Open) -> None:
    station = village(ANTENATAL)
    with station.db.transaction() as tx:
        one = people.ensure(tx, TUESDAY, CHW, "test")
        people.set_language(tx, TUESDAY, one.id, "sw", "test")
    station.says(CHW, "ORPT 84217 name=Amina weeks=12")
    assert texts(at(station, "2026-12-22 08:00")) == ["Amina (84217) aende kliniki."]


def test_it_can_go_to_a_field_or_a_tag(village: Open) -> None:
    """To the mother's own phone where she has one, and to the workers of the village."""
    rule = '[reminder.{0}]\nafter = "OBIR"\nat = ["1d"]\nto = "{1}"\ntext.en = "{0}"\n'
    station = village(rule.format("own", "field:phone") + rule.format("worker", "tag:reporter"))
    settle_people(station)
    station.says(CHW, "OBIR 84217 phone=+254700009999")
    station.says(OTHER, "OBIR 77777")
    heard = at(station, "2026-11-25 08:00")
    assert {(one.number, one.text) for one in heard} == {
        ("+254700009999", "own"), (CHW, "worker"), (OTHER, "worker"),
    }  # fmt: skip
    assert len(heard) == 3
    (reason,) = station.db.query("SELECT reason FROM reminder WHERE state = 'SKIPPED_UNREACHABLE'")
    assert reason[0] == "the report names no number for field:phone"


def test_a_tag_of_many_is_told_in_slices_nobody_twice(village: Open) -> None:
    """A restart in the middle goes on behind the last one."""
    rule = '[reminder.all]\nafter = "OBIR"\nat = ["1d"]\nto = "tag:reporter"\ntext.en = "hi"\n'
    station = village(rule)
    ids = settle_people(station)
    numbers = [f"+2547000{i:05}" for i in range(120)]
    with station.db.transaction() as tx:
        for number in numbers:
            one = people.ensure(tx, TUESDAY, number, "test")
            people.put_in(tx, TUESDAY, one.id, ids["bura"], "test")
            people.tag(tx, TUESDAY, one.id, "reporter", "test")
    station.says(CHW, "OBIR 84217")
    station.clock.advance(22 * 3600)
    station.engine.step()
    first = station.heard()
    assert 0 < len(first) <= 50
    station.restarts()
    rest = station.settles()
    told = [one.number for one in (*first, *rest)]
    assert sorted(told) == sorted({*numbers, CHW})


def test_nobody_who_said_stop_is_reminded(village: Open) -> None:
    station = village(ANTENATAL)
    station.says(CHW, "ORPT 84217 name=Amina weeks=12")
    station.says(CHW, "STOP")
    assert at(station, "2026-12-22 08:00") == []
    assert states(station)[0] == "SKIPPED_OPTED_OUT"
    station.says(CHW, "START")
    assert len(at(station, "2027-02-16 08:00")) == 1


# --- muting -------------------------------------------------------------------------------------


def test_a_form_mutes_a_patient_for_everybody(village: Open) -> None:
    station = village(ANTENATAL)
    station.says(CHW, "ORPT 84217 name=Amina weeks=12")
    station.says(OTHER, "OMUT 84217")
    assert at(station, "2026-12-22 08:00") == []
    assert len(station.says(OTHER, "OUNM 84217")) == 1
    assert states(station)[0] == "SENT"


def test_a_phone_mutes_what_comes_to_itself(village: Open) -> None:
    """A stranger silences nobody, and a typing error is told."""
    station = village(ANTENATAL)
    station.says(CHW, "ORPT 84217 name=Amina weeks=12")
    none = "No reminders about 84217 come to this phone. Please check the ID."
    assert texts(station.says(OTHER, "MUTE 84217")) == [none]
    assert texts(station.says(CHW, "mute 84218")) == [none.replace("84217", "84218")]
    assert texts(station.says(CHW, "Mute")) == [
        "About whom? Send MUTE and the patient's ID, for example MUTE 84217."
    ]
    assert texts(station.says(CHW, " mute ８４２１７.")) == [
        "You will get no more reminders about 84217. To get them again: UNMUTE 84217"
    ]
    assert at(station, "2026-12-22 08:00") == []
    assert texts(station.says(CHW, "UNMUTE 84217"))[0] == (
        "You will get reminders about 84217 again."
    )


# --- cuts and clocks ----------------------------------------------------------------------------


def test_a_cut_after_the_commit_reminds_nobody_twice(village: Open) -> None:
    """Killed once it is in the outbox, and once before anything was written."""
    station = village(ANTENATAL)
    station.says(CHW, "ORPT 84217 name=Amina weeks=12")
    station.restarts()
    assert len(at(station, "2026-12-22 08:00")) == 1
    station.restarts()
    assert station.passes(days=1) == []
    with station.db.transaction() as tx:  # the row, as an older copy of the database has it
        tx.execute("UPDATE reminder SET state = 'WAITING', finished_at = NULL WHERE id = 1")
    assert at(station, "2026-12-24 09:00") == []
    assert states(station)[0] == "SENT"


@pytest.mark.parametrize("years", [-50, 50])
def test_a_clock_that_jumps_reminds_nobody_twice(village: Open, years: int) -> None:
    """relay's own time may be wrong for a while; then it is set right."""
    station = village(ANTENATAL + WEEKLY)
    settle_people(station)
    jump = years * 365 * DAY
    station.says(CHW, "ORPT 84217 name=Amina weeks=12")
    heard: list[Heard] = []
    station.clock.step(jump / 1000)
    station.clock.doubt_ms = max(0, jump)
    heard += station.passes(hours=3)
    station.clock.step(-jump / 1000)
    station.clock.doubt_ms = 0
    for _ in range(60):
        heard += station.passes(days=1)
    about = [one.text for one in heard if "84217" in one.text]
    assert about == ["Amina (84217) is due for an ANC visit this week."]
    assert len({(one.number, one.text) for one in heard}) == len(heard)


def test_what_was_registered_in_1970_is_due_in_four_weeks(village: Open) -> None:
    """A dead battery: relay finds out later which year it is."""
    station = village(ANTENATAL)
    wrong = 50 * 365 * DAY
    station.clock.step(-wrong / 1000)
    station.says(CHW, "ORPT 84217 name=Amina weeks=12")
    then = station.clock.now()
    redate(station.db, Correction(then - DAY, then + DAY, wrong))
    station.clock.step(wrong / 1000)
    assert station.settles() == []
    assert [len(station.passes(days=1)) for _ in range(28)].count(1) == 1


def test_a_row_that_makes_relay_fail_stops_no_other(village: Open) -> None:
    station = village(ANTENATAL)
    station.says(CHW, "ORPT 84217 name=Amina weeks=12")
    station.says(CHW, "ORPT 77777 name=Halima weeks=12")
    with station.db.transaction() as tx:
        tx.execute("UPDATE reminder SET recipient = 'tag:x', place_id = 999, fields = '[]'"
                   " WHERE patient = '84217'")  # fmt: skip
    assert ["77777" in one for one in texts(at(station, "2026-12-22 08:00"))] == [True]


# --- escalation ---------------------------------------------------------------------------------


def test_a_danger_sign_goes_to_the_nearest_supervisor(village: Open) -> None:
    """At once, at any hour, above all else."""
    station = village(DANGER)
    settle_people(station)
    at(station, "2026-11-24 23:30")
    (heard,) = station.says(CHW, "ODGR 84217 sign=bleeding")
    assert (heard.number, heard.priority, heard.not_before) == (SUPERVISOR, Priority.ALERT, None)
    assert heard.text == f"{CHW} reports bleeding, patient 84217. Please follow up."


def test_who_reports_is_not_his_own_supervisor(village: Open) -> None:
    """One who cannot be reached is no supervisor either: the next above is told."""
    station = village(DANGER)
    ids = settle_people(station)
    with station.db.transaction() as tx:
        for number, place in [(CHW, ids["bura"]), (OTHER, ids["bura"]), (DOCTOR, ids["ward"])]:
            one = people.ensure(tx, TUESDAY, number, "test")
            people.put_in(tx, TUESDAY, one.id, place, "test")
            people.tag(tx, TUESDAY, one.id, "supervisor", "test")
        stopped = people.ensure(tx, TUESDAY, OTHER, "test")
        people.set_consent(tx, TUESDAY, stopped.id, Consent.STOPPED, "test")
    heard = station.says(CHW, "ODGR 84217 sign=bleeding")
    assert sorted(one.number for one in heard) == [SUPERVISOR, DOCTOR]


@pytest.mark.parametrize("fallback", ["", 'fallback = "+254700002009"\n'])
def test_a_danger_sign_that_nobody_gets_is_not_lost(village: Open, fallback: str) -> None:
    """It goes to the number of the rule, or stands in status until somebody has seen to it."""
    station = village(DANGER + fallback)
    heard = station.says(CHW, "ODGR 84217 sign=bleeding")
    assert [one.number for one in heard] == (["+254700002009"] if fallback else [])
    assert unheard(station) == (0 if fallback else 1)


def test_one_phone_cannot_call_supervisors_without_end(village: Open) -> None:
    """No cap holds alerts back. What is beyond the sender's allowance stands in status."""
    station = village(DANGER, settings="replies_per_hour = 3")
    settle_people(station)
    heard = [station.says(CHW, f"ODGR 84217 sign=bleeding{n}") for n in range(10)]
    assert sum(map(len, heard)) == 3
    assert unheard(station) == 7
    station.passes(hours=1)
    assert len(station.says(CHW, "ODGR 84217 sign=fits")) == 1


def test_a_condition_chooses_what_is_urgent(village: Open) -> None:
    station = village(DANGER.replace("to =", 'when = { field = "sign", is = ["fits"] }\nto ='))
    settle_people(station)
    assert station.says(CHW, "ODGR 84217 sign=headache") == []
    assert len(station.says(CHW, "ODGR 84217 sign=FITS")) == 1


def test_a_supervisor_is_called_again_until_he_answers(village: Open) -> None:
    """One OK is enough for all of them; another one's is thanked for."""
    station = village(DANGER + 'again = "30min"\n')
    ids = settle_people(station)
    with station.db.transaction() as tx:
        one = people.ensure(tx, TUESDAY, DOCTOR, "test")
        people.put_in(tx, TUESDAY, one.id, ids["ward"], "test")
        people.tag(tx, TUESDAY, one.id, "supervisor", "test")
    heard = station.says(CHW, "ODGR 84217 sign=bleeding")
    assert {one.number for one in heard} == {SUPERVISOR, DOCTOR}
    assert all(one.text.endswith(" Please follow up. Reply OK 1.") for one in heard)
    assert len(station.passes(minutes=30)) == 2
    assert texts(station.says(DOCTOR, "ok 1")) == [
        "Thank you. You will not be asked about this again."
    ]
    assert station.passes(hours=5) == []
    assert texts(station.says(SUPERVISOR, "OK 1")) == ["Thank you. Somebody has answered before."]
    assert station.says(OTHER, "OK 1") == []


def test_nobody_is_called_for_ever(village: Open) -> None:
    station = village(DANGER + 'again = "30min"\ntimes = 2\n')
    settle_people(station)
    station.says(CHW, "ODGR 84217 sign=bleeding")
    assert [len(station.passes(minutes=30)) for _ in range(5)] == [1, 1, 0, 0, 0]


# --- weekly completeness ------------------------------------------------------------------------


def test_each_place_is_asked_once_and_nagged_once(village: Open) -> None:
    """Mara reports on Tuesday, so only Bura is missed on Wednesday."""
    station = village(WEEKLY)
    settle_people(station)
    station.settles()
    asked = at(station, "2026-11-30 08:00")
    assert {(one.number, one.text) for one in asked} == {
        (CHW, "Please send the report of Bura for week 48."),
        (OTHER, "Please send the report of Mara for week 48."),
    }
    station.says(OTHER, "IDSR - cases=4")
    assert at(station, "2026-12-01 12:00") == []
    nagged = at(station, "2026-12-02 09:00")
    assert [(one.number, one.text) for one in nagged] == [
        (CHW, "The report of Bura for week 48 is missing.")
    ]
    assert at(station, "2026-12-06 12:00") == []
    assert len(at(station, "2026-12-07 08:00")) == 2
    found = weekly.completeness(station.db, "completeness.idsr", "2026-W48")
    assert [(one.place, one.expected, bool(one.reported_at)) for one in found] == [
        ("Bura", True, False), ("Mara", True, True),
    ]  # fmt: skip
    assert weekly.weeks(station.db, "completeness.idsr", 2) == ["2026-W49", "2026-W48"]


def test_a_place_that_was_early_is_not_asked(village: Open) -> None:
    station = village(WEEKLY)
    settle_people(station)
    at(station, "2026-11-29 20:00")
    station.says(CHW, "IDSR - cases=4")
    assert [one.number for one in at(station, "2026-11-30 08:00")] == [OTHER]


def test_a_dark_week_is_not_asked_for_later(village: Open) -> None:
    """After three weeks without power: the nag of this week, nothing of the others."""
    station = village(WEEKLY)
    settle_people(station)
    station.settles()
    station.restarts()
    heard = at(station, "2026-12-16 12:00")
    assert {one.text for one in heard} == {
        "The report of Bura for week 50 is missing.", "The report of Mara for week 50 is missing.",
    }  # fmt: skip
    assert len(heard) == 2


def test_a_rule_that_is_new_asks_for_nothing_of_before(village: Open) -> None:
    """Switched on on a Friday: the first prompt is that of Monday."""
    station = village(WEEKLY)
    settle_people(station)
    assert at(station, "2026-11-27 10:00") == []
    assert len(at(station, "2026-11-30 08:00")) == 2
