"""Reminders as rows: written once, moved by their table, dated by a right clock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.core.plain import DAY, HOUR
from relay.core.reminders import Overdue, Postponed, Reminder, ReminderState, Sent
from relay.core.timekeeping import Correction
from relay.errors import IllegalTransition
from relay.store import reminders
from relay.store.database import Database
from relay.store.redating import redate
from tests.air import NOON as NOW

CHW, OTHER, PATIENT = "+254700000042", "+254700000043", "84217"


def reminder(nth: int = 0, at: int = NOW, **values: object) -> Reminder:
    made = Reminder(
        rule="reminder.anc", occasion="report 1", nth=nth, recipient=CHW, written_at=NOW - DAY,
        not_before=at, useful_until=at + 7 * DAY, patient=PATIENT, fields={"name": "Amina"},
    )  # fmt: skip
    return replace(made, **values)  # type: ignore[arg-type]


def test_a_reminder_is_written_once(db: Database) -> None:
    """The same report, read again after a cut, adds nothing."""
    with db.transaction() as tx:
        first = reminders.write(tx, reminder())
        assert reminders.write(tx, reminder()) is None
        assert reminders.write(tx, reminder(recipient=OTHER)) is not None
        assert reminders.due(tx, NOW, 1) == [reminder(id=first, planned=NOW)]


def test_it_is_due_from_its_time_on_the_oldest_first(db: Database) -> None:
    with db.transaction() as tx:
        for nth, days in enumerate((3, 1, -1)):
            reminders.write(tx, reminder(nth, NOW - days * DAY))
        assert [row.nth for row in reminders.due(tx, NOW, 10)] == [0, 1]
        assert [row.nth for row in reminders.due(tx, NOW, 1)] == [0]
        assert reminders.next_due_at(tx) == NOW - 3 * DAY


def test_a_newer_date_of_the_same_occasion_is_seen(db: Database) -> None:
    """Not that of another recipient, and as it was planned, also where it was put off."""
    with db.transaction() as tx:
        reminders.write(tx, reminder(0, NOW - 2 * DAY))
        reminders.write(tx, reminder(1, NOW - DAY, recipient=OTHER))
        reminders.write(tx, reminder(2, NOW - HOUR))
        old, _, new = reminders.due(tx, NOW, 10)
        reminders.move(tx, NOW, new, Postponed(NOW + DAY))
        assert reminders.newer_at(tx, old) == NOW - HOUR
        assert reminders.newer_at(tx, new) is None


def test_what_a_wrong_clock_put_off_for_years_is_due_as_planned(db: Database) -> None:
    """While it is doubted it is looked at each hour; then its day is what it was."""
    wrong = NOW + 50 * 365 * DAY
    with db.transaction() as tx:
        reminders.write(tx, reminder())
        (row,) = reminders.due(tx, wrong, 1)
        reminders.move(tx, wrong, row, Postponed(wrong + HOUR))
        assert reminders.realign(tx, wrong) == 0
        assert reminders.realign(tx, NOW) == 1
        assert [one.not_before for one in reminders.due(tx, NOW, 9)] == [NOW]


def test_it_moves_by_its_table_and_leaves_a_trail(db: Database) -> None:
    with db.transaction() as tx:
        reminders.write(tx, reminder())
        (row,) = reminders.due(tx, NOW, 1)
        row = reminders.move(tx, NOW, row, Postponed(NOW + DAY))
        assert reminders.due(tx, NOW, 1) == []
        done = reminders.move(tx, NOW + DAY, row, Overdue("dark"))
        assert (done.state, done.finished_at) == (ReminderState.SKIPPED_LATE, NOW + DAY)
        with pytest.raises(IllegalTransition):
            reminders.move(tx, NOW, done, Sent())
    trail = db.query("SELECT event, before, after FROM audit WHERE subject = 'reminder'")
    assert [tuple(line) for line in trail] == [
        ("Written", None, "WAITING"),
        ("Overdue", "WAITING", "SKIPPED_LATE"),
    ]
    assert db.value("SELECT n FROM tally WHERE what = 'reminders_late'") == 1


def test_a_row_that_moved_meanwhile_stays(db: Database) -> None:
    """Two looks at the same row: the second one changes nothing."""
    with db.transaction() as tx:
        reminders.write(tx, reminder())
        (row,) = reminders.due(tx, NOW, 1)
        assert reminders.move(tx, NOW, row, Sent()).state is ReminderState.SENT
        assert reminders.move(tx, NOW, row, Overdue("late")) is row
        assert reminders.by_id(tx, row.id).state is ReminderState.SENT  # type: ignore[union-attr]


def test_a_report_cancels_what_is_open_about_a_patient(db: Database) -> None:
    with db.transaction() as tx:
        for nth in range(3):
            reminders.write(tx, reminder(nth, NOW + nth * DAY))
        reminders.write(tx, reminder(patient="77777", occasion="report 2"))
        soon = [row for row in reminders.of_patient(tx, PATIENT) if row.nth < 2]
        assert reminders.cancel(tx, NOW, soon, "OANC") == 2
        assert reminders.cancel(tx, NOW, reminders.of_occasion(tx, "reminder.anc", "report 1"),
                                "OANC") == 1  # fmt: skip
        assert [row.patient for row in reminders.due(tx, NOW + 9 * DAY, 9)] == ["77777"]


@pytest.mark.parametrize(
    ("patient", "number", "silent"),
    [
        (PATIENT, "", {(PATIENT, CHW), (PATIENT, OTHER)}),
        (PATIENT, CHW, {(PATIENT, CHW)}),
        ("", CHW, {(PATIENT, CHW), ("77777", CHW), ("", CHW)}),
    ],
)
def test_muting_silences_a_patient_a_number_or_both(
    db: Database, patient: str, number: str, silent: set[tuple[str, str]]
) -> None:
    """What waits and what comes; unmuted, all of it waits again."""
    rows = [(PATIENT, CHW), (PATIENT, OTHER), ("77777", CHW), ("", CHW), ("", OTHER)]

    def waiting() -> set[tuple[str, str]]:
        found = reminders.due(tx, NOW, 99)
        return {(row.patient, row.recipient) for row in found}

    with db.transaction() as tx:
        for before, (whose, to) in enumerate(rows):
            reminders.write(tx, reminder(patient=whose, recipient=to, occasion=f"a{before}"))
        assert reminders.mute(tx, NOW, patient, number, "test") == len(silent)
        for after, (whose, to) in enumerate(rows):
            reminders.write(tx, reminder(patient=whose, recipient=to, occasion=f"b{after}"))
        assert waiting() == set(rows) - silent
        assert reminders.unmute(tx, NOW, patient, number) == 2 * len(silent)
        assert waiting() == set(rows)
        assert len(reminders.due(tx, NOW, 99)) == 10


def test_what_ran_out_in_silence_stays_silent(db: Database) -> None:
    with db.transaction() as tx:
        reminders.write(tx, reminder())
        reminders.write(tx, reminder(1, NOW + 30 * DAY))
        reminders.mute(tx, NOW, PATIENT, "", "test")
        assert reminders.unmute(tx, NOW + 20 * DAY, PATIENT, "") == 1
        assert [row.nth for row in reminders.of_patient(tx, PATIENT)
                if row.state is ReminderState.WAITING] == [1]  # fmt: skip


def test_two_silences_must_both_end(db: Database) -> None:
    with db.transaction() as tx:
        reminders.write(tx, reminder())
        reminders.mute(tx, NOW, PATIENT, "", "form")
        reminders.mute(tx, NOW, PATIENT, CHW, "sms")
        assert reminders.unmute(tx, NOW, PATIENT, "") == 0
        assert reminders.unmute(tx, NOW, PATIENT, CHW) == 1


def test_a_mute_without_anybody_is_a_bug(db: Database) -> None:
    with db.transaction() as tx, pytest.raises(ValueError, match="whose"):
        reminders.mute(tx, NOW, "", "", "test")


@pytest.mark.parametrize("years", [-50, 50])
def test_what_was_counted_from_a_wrong_clock_is_due_as_much_later(
    db: Database, years: int
) -> None:
    """Written in 1970 by a dead battery; a date that a person wrote stays where it is."""
    wrong = NOW + years * 365 * DAY
    written = reminder(0, wrong + 28 * DAY, written_at=wrong, useful_until=wrong + 35 * DAY)
    with db.transaction() as tx:
        reminders.write(tx, written)
        dated = replace(written, nth=1, floats=False, not_before=NOW + DAY)
        reminders.write(tx, replace(dated, useful_until=NOW + 8 * DAY))
    redate(db, Correction(wrong - DAY, wrong + DAY, NOW - wrong))
    with db.transaction() as tx:
        assert reminders.realign(tx, NOW) == 2
        assert reminders.realign(tx, NOW) == 0
        assert [row.nth for row in reminders.due(tx, NOW + DAY, 9)] == [1]
        (_, row) = reminders.due(tx, NOW + 28 * DAY, 9)
        assert (row.not_before, row.useful_until) == (NOW + 28 * DAY, NOW + 35 * DAY)


def test_a_look_reads_no_finished_row(db: Database) -> None:
    """However many reminders there were in all those years."""
    statements: list[str] = []
    with db.transaction() as tx:
        reminders.write(tx, reminder())
        (row,) = reminders.due(tx, NOW, 1)
        tx.set_trace_callback(statements.append)
        reminders.due(tx, NOW, 50)
        reminders.next_due_at(tx)
        reminders.newer_at(tx, row)
        reminders.realign(tx, NOW)
        reminders.of_patient(tx, PATIENT)
        reminders.of_occasion(tx, row.rule, row.occasion)
        reminders.mute(tx, NOW, PATIENT, "", "x")
        reminders.unmute(tx, NOW, PATIENT, "")
        reminders.forget(tx, NOW)
        tx.set_trace_callback(None)
        plans = [
            line["detail"]
            for sql in statements
            if sql.startswith(("SELECT", "UPDATE", "DELETE"))
            for line in tx.execute(f"EXPLAIN QUERY PLAN {sql}")
        ]
    partial = ("reminder_due", "reminder_open", "reminder_redated", "reminder_adrift")
    assert len(plans) > 9
    assert [one for one in plans if "SCAN" in one and not any(p in one for p in partial)] == []


def test_only_what_ended_is_forgotten(db: Database) -> None:
    with db.transaction() as tx:
        for nth in range(3):
            reminders.write(tx, reminder(nth))
        reminders.mute(tx, NOW, "77777", "", "test")
        reminders.write(tx, reminder(patient="77777", occasion="report 2"))
        reminders.move(tx, NOW, reminders.due(tx, NOW, 1)[0], Sent())
        assert reminders.forget(tx, NOW) == 0
        assert reminders.forget(tx, NOW + 1) == 1
        assert reminders.forget(tx, NOW + 8 * DAY) == 1
        assert len(reminders.due(tx, NOW, 9)) == 2
