"""The inbox: kept first, read later, joined whatever the network does to the parts."""

from __future__ import annotations

import sqlite3

import pytest

from relay.core.pdu import Concat
from relay.core.reassembly import DAY_MS
from relay.store.clamping import clamp
from relay.store.database import Database
from relay.store.inbox import Inbox
from relay.store.raw import Arrival
from tests.air import NOON, deliver, delivers

NOW = NOON + 60_000


def came(pdu: str, sim: str = "8925401", via: str = "SM:1") -> Arrival:
    return Arrival(pdu, "modem0", sim, via)


def messages(db: Database) -> list[sqlite3.Row]:
    return db.query("SELECT * FROM inbound ORDER BY id")


def texts(db: Database) -> list[tuple[str, str | None]]:
    return [(row["state"], row["text"]) for row in messages(db)]


def test_a_report_is_kept_then_read(db: Database, inbox: Inbox) -> None:
    """Nothing is decoded before the PDU is committed."""
    assert inbox.keep(NOW, [came(deliver("P 23456 21"))]) == 1
    assert messages(db) == []
    assert inbox.digest(NOW).messages == 1
    assert texts(db) == [("WAITING", "P 23456 21")]


def test_a_slot_listed_again_is_the_same_message(db: Database, inbox: Inbox) -> None:
    """A crash between the commit and the deletion brings the PDU a second time."""
    inbox.keep(NOW, [came(deliver("N Jane"))])
    inbox.digest(NOW)
    assert inbox.keep(NOW + 1, [came(deliver("N Jane"))]) == 0
    inbox.digest(NOW)
    assert len(messages(db)) == 1
    assert db.value("SELECT sightings FROM raw_pdu") == 2


def test_a_sim_that_could_not_be_read_makes_no_second_message(db: Database, inbox: Inbox) -> None:
    """The ICCID is sometimes not readable right after a power cut."""
    inbox.keep(NOW, [came(deliver("N Jane"))])
    assert inbox.keep(NOW, [came(deliver("N Jane"), sim="")]) == 0


def test_the_same_text_sent_twice_is_two_messages(db: Database, inbox: Inbox) -> None:
    """Identity is the PDU with its timestamp, never the text."""
    inbox.keep(NOW, [came(deliver("N Jane")), came(deliver("N Jane", at=NOON + 1000))])
    inbox.digest(NOW)
    assert [text for _, text in texts(db)] == ["N Jane", "N Jane"]


def test_one_sms_to_two_sims_goes_to_the_server_once(db: Database, inbox: Inbox) -> None:
    """The second copy is kept and parked: its id would be the same."""
    inbox.keep(NOW, [came(deliver("N Jane"), sim="A"), came(deliver("N Jane"), sim="B")])
    inbox.digest(NOW)
    assert [row["state"] for row in messages(db)] == ["WAITING", "PARKED"]
    assert db.value("SELECT count(*) FROM forwarding") == 1


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 1, 2, 2)])
def test_parts_in_any_order_and_twice_are_one_message(
    db: Database, inbox: Inbox, order: tuple[int, ...]
) -> None:
    parts = delivers(["My first ", "my second ", "my third."])
    for index in order:
        inbox.keep(NOW, [came(parts[index])])
        inbox.digest(NOW)
    assert texts(db) == [("WAITING", "My first my second my third.")]


def test_a_part_that_the_network_repeats_is_not_a_new_message(db: Database, inbox: Inbox) -> None:
    """The repetition has another timestamp, hence other bytes, and the same content."""
    first, second = delivers(["one ", "two"])
    again = deliver("one ", at=NOON + 90_000, concat=Concat(7, 2, 1, 8))
    for pdu in (first, again, second):
        inbox.keep(NOW, [came(pdu)])
        inbox.digest(NOW)
    assert texts(db) == [("WAITING", "one two")]


def test_a_reference_that_comes_round_again_mixes_nothing(db: Database, inbox: Inbox) -> None:
    """Part 2 of the old message was lost; the new one uses the same reference."""
    old = delivers(["old 1 ", "old 2"], at=NOON)
    new = delivers(["new 1 ", "new 2"], at=NOON + 3_600_000)
    for pdu in (old[0], new[0], new[1]):
        inbox.keep(NOW, [came(pdu)])
        inbox.digest(NOW)
    assert texts(db) == [("WAITING_PARTS", None), ("WAITING", "new 1 new 2")]


def test_senders_and_reference_widths_are_kept_apart(db: Database, inbox: Inbox) -> None:
    one = delivers(["a1 ", "a2"], sender="+254700000001")
    two = delivers(["b1 ", "b2"], sender="+254700000002")
    wide = delivers(["c1 ", "c2"], bits=16)
    for pdu in (one[0], two[0], wide[0], two[1], wide[1], one[1]):
        inbox.keep(NOW, [came(pdu)])
    inbox.digest(NOW)
    assert sorted(text or "" for _, text in texts(db)) == ["a1 a2", "b1 b2", "c1 c2"]


def test_an_emoji_cut_between_two_parts_is_whole_again(db: Database, inbox: Inbox) -> None:
    """Some phones cut a surrogate pair; half a pair would poison the server for ever."""
    inbox.keep(NOW, [came(pdu) for pdu in delivers(["ok \ud83d", "\udc4d end"])])
    inbox.digest(NOW)
    assert texts(db) == [("WAITING", "ok 👍 end")]


def test_what_is_incomplete_after_a_day_goes_on_with_the_gap_marked(
    db: Database, inbox: Inbox
) -> None:
    parts = delivers(["one ", "two ", "three"])
    inbox.keep(NOW, [came(parts[0]), came(parts[2])])
    inbox.digest(NOW)
    assert inbox.give_up_waiting(NOW + DAY_MS - 1) == 0
    assert inbox.give_up_waiting(NOW + DAY_MS + 1) == 1
    assert texts(db) == [("INCOMPLETE", "one [... part 2 of 3 missing ...]three")]
    assert db.value("SELECT state FROM forwarding") == "WAITING"


def test_a_message_that_cannot_be_joined_stops_no_other_and_keeps_its_parts(
    db: Database, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Its bytes were damaged on the disk; the log names it once, not each minute."""
    for number, text in enumerate(("first", "second", "third")):
        part = deliver(text, at=NOON + number * 1000, concat=Concat(7 + number, 2, 1, 8))
        inbox.keep(NOW, [came(part)])
    inbox.digest(NOW)
    with db.transaction() as tx:
        tx.execute("UPDATE raw_pdu SET pdu = '00' WHERE id = 1")
    assert inbox.give_up_waiting(NOW + DAY_MS + 1) == 2
    assert inbox.give_up_waiting(NOW + DAY_MS + 2) == 0
    assert [row["state"] for row in messages(db)] == ["WAITING_PARTS", "INCOMPLETE", "INCOMPLETE"]
    assert caplog.text.count("inbox.not_joined message=1") == 1


def test_a_late_repetition_of_a_whole_message_is_not_forwarded_as_a_fragment(
    db: Database, inbox: Inbox
) -> None:
    for pdu in delivers(["one ", "two"]):
        inbox.keep(NOW, [came(pdu)])
    inbox.digest(NOW)
    inbox.keep(NOW, [came(deliver("two", at=NOON + 9_000, concat=Concat(7, 2, 2, 8)))])
    inbox.digest(NOW)
    inbox.give_up_waiting(NOW + DAY_MS + 1)
    assert [row["state"] for row in messages(db)] == ["WAITING", "PARKED"]
    assert messages(db)[1]["reason"] == "part.repeated"


def test_random_bytes_are_stored_and_marked(db: Database, inbox: Inbox) -> None:
    inbox.keep(NOW, [came("FFFF00"), came("nonsense"), came("")])
    assert inbox.digest(NOW).undecodable == 3
    rows = db.query("SELECT pdu, state, reason FROM raw_pdu ORDER BY id")
    assert [row["pdu"] for row in rows] == ["FFFF00", "nonsense", ""]
    assert all(row["state"] == "UNDECODABLE" and row["reason"] for row in rows)


def test_an_empty_sms_is_kept_here_and_shown(db: Database, inbox: Inbox) -> None:
    """CHT drops an empty message with a 200 and without a word."""
    inbox.keep(NOW, [came(deliver(""))])
    inbox.digest(NOW)
    (row,) = messages(db)
    assert (row["state"], row["reason"]) == ("PARKED", "empty.content")


def test_the_id_sent_upstream_depends_on_station_and_pdu_alone(db: Database, inbox: Inbox) -> None:
    """After a restore from an older backup the same slot gives the same id."""
    inbox.keep(NOW, [came(deliver("N Jane"))])
    inbox.digest(NOW)
    name = messages(db)[0]["uuid"]
    with db.transaction() as tx:
        for table in ("forwarding", "raw_pdu", "inbound"):
            tx.execute(f"DELETE FROM {table}")
    inbox.keep(NOW + 5, [came(deliver("N Jane"), via="ME:9")])
    inbox.digest(NOW + 5)
    assert messages(db)[0]["uuid"] == name


def test_a_part_that_came_under_a_wrong_clock_does_not_wait_for_years(
    db: Database, inbox: Inbox
) -> None:
    """The clock was set back: without its other half the message still goes on after a day."""
    future = NOW + 3000 * DAY_MS
    first, _ = delivers(["first half, ", "second half"])
    inbox.keep(future, [came(first)])
    inbox.digest(future)
    clamp(db, NOW)
    assert inbox.give_up_waiting(NOW + DAY_MS - 1) == 0
    assert inbox.give_up_waiting(NOW + DAY_MS + 1) == 1


UNDATED = "07917238010010F5040B917228000000F100000000000000000009E936FC2DA787DD74"


def test_without_a_time_stamp_the_same_words_another_day_are_another_message(
    db: Database, inbox: Inbox
) -> None:
    """Some networks send a time stamp of zeros: today's YES must not swallow tomorrow's."""
    for day in range(3):
        inbox.keep(NOW + day * DAY_MS, [came(UNDATED)])
        inbox.digest(NOW + day * DAY_MS)
    assert texts(db) == [("WAITING", "important")] * 3
    assert len({row["uuid"] for row in messages(db)}) == 3


def test_without_a_time_stamp_a_slot_that_cannot_be_freed_is_still_one_message(
    db: Database, inbox: Inbox
) -> None:
    for sweep in range(200):
        inbox.keep(NOW + sweep * 45_000, [came(UNDATED)])
        inbox.digest(NOW)
    assert texts(db) == [("WAITING", "important")]


def test_what_is_listed_together_goes_on_in_the_order_in_which_it_was_sent(
    db: Database, inbox: Inbox
) -> None:
    """A freed slot is filled again: the newest message may lie in the first one."""
    pdus = [deliver(f"report {n}", at=NOON + n * 1000) for n in (3, 0, 2, 1)]
    inbox.keep(NOW, [came(pdu) for pdu in pdus])
    inbox.digest(NOW)
    assert [text for _, text in texts(db)] == [f"report {n}" for n in range(4)]


class Stumbling(Inbox):
    """relay with a mistake of its own, which one message brings out."""

    def _read(self, tx: sqlite3.Connection, now: int, row: sqlite3.Row) -> str:
        kind = super()._read(tx, now, row)
        if row["pdu"] == deliver("second"):
            raise ZeroDivisionError
        return kind


def test_a_message_that_relay_itself_fails_on_stops_none_behind_it(db: Database) -> None:
    """It stays with its bytes, for a later relay; nothing half done of it stays."""
    inbox = Stumbling(db, ["main"])
    inbox.keep(NOW, [came(deliver(text)) for text in ("first", "second", "third")])
    done = inbox.digest(NOW)
    assert (done.raws, done.messages, done.undecodable) == (3, 2, 1)
    assert [text for _, text in texts(db)] == ["first", "third"]
    (raw,) = db.query("SELECT pdu, reason FROM raw_pdu WHERE state = 'UNDECODABLE'")
    assert raw["pdu"] == deliver("second")
    assert raw["reason"] == "relay failed on it: ZeroDivisionError"
    assert inbox.digest(NOW).raws == 0
