"""People: one for all spellings of a number, and a STOP that outlives them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from relay.core.people import Consent
from relay.store import erasing, losses, optouts, people, places
from relay.store.copying import copy
from relay.store.database import Database
from relay.store.outbox import Outbox
from relay.store.restoration import restore
from relay.store.salvage import open_or_salvage
from tests.air import NOON as NOW

DAY = 86_400_000
ASHA = "+254700000001"


def trail(tx: sqlite3.Connection, subject: str = "person") -> list[tuple[str, str, str, str]]:
    rows = tx.execute(
        "SELECT event, before, after, detail FROM audit WHERE subject = ? ORDER BY id", (subject,)
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("known", "writes", "same"),
    [
        (ASHA, "0700000001", True),
        (ASHA, "254700000001", True),
        ("0700000001", ASHA, True),
        (ASHA, "+255700000001", False),  # over the border, the same last digits
        (ASHA, "+254700000002", False),
        ("+1001", "+1001", True),
        ("+1001", "+21001", False),
        ("+1001", "+254700001001", False),
        ("MPESA", "MPESA", True),
        ("MPESA", "MPESB", False),
    ],
)
def test_a_number_is_one_person_however_it_is_spelled(
    db: Database, known: str, writes: str, same: bool
) -> None:
    with db.transaction() as tx:
        person = people.ensure(tx, NOW, known, "people add by root")
        assert (people.ensure(tx, NOW, writes, "sms in 1").id == person.id) is same


def test_each_change_is_in_the_trail_once_with_its_source_and_without_words(db: Database) -> None:
    with db.transaction() as tx:
        bura = places.add(tx, NOW, "Bura", "bura", "village", None, "places add by root")
        one = people.ensure(tx, NOW, ASHA, "sms in 1").id
        for _ in range(2):
            people.set_name(tx, NOW, one, "Asha", "sms in 1")
            people.set_language(tx, NOW, one, "sw", "sms in 2")
            people.set_paused(tx, NOW, one, True, "sms in 3")
            people.set_consent(tx, NOW, one, Consent.GIVEN, "sms in 4")
            people.set_attribute(tx, NOW, one, "blood", "O-", "sms in 5")
            people.tag(tx, NOW, one, "donor", "sms in 6")
            people.put_in(tx, NOW, one, bura.id, "sms in 7")
        person = people.by_number(tx, ASHA)
        assert person is not None
        assert (person.name, person.language, person.paused) == ("Asha", "sw", True)
        assert (person.consent, person.consent_at, person.consent_source) == (
            Consent.GIVEN, NOW, "sms in 4",
        )  # fmt: skip
        assert (person.tags, person.attributes, person.places) == (
            {"donor"}, {"blood": "O-"}, (bura.id,),
        )  # fmt: skip
        people.set_attribute(tx, NOW, one, "blood", "", "root")
        assert people.untag(tx, NOW, one, "donor", "root")
        assert not people.untag(tx, NOW, one, "donor", "root")
        assert people.take_out(tx, NOW, one, bura.id, "root")
        assert trail(tx) == [
            ("Added", None, None, "sms in 1"),
            ("Named", None, None, "sms in 1"),
            ("Language", "", "sw", "sms in 2"),
            ("Paused", None, None, "sms in 3"),
            ("Consent", "NONE", "GIVEN", "sms in 4"),
            ("AttributeSet", None, "blood", "sms in 5"),
            ("Tagged", None, "donor", "sms in 6"),
            ("PutIn", None, "place 1", "sms in 7"),
            ("AttributeRemoved", "blood", None, "root"),
            ("Untagged", "donor", None, "root"),
            ("TakenOut", "place 1", None, "root"),
        ]


def test_those_with_a_tag_in_some_places_come_page_by_page_while_others_are_written(
    db: Database,
) -> None:
    with db.transaction() as tx:
        bura = places.add(tx, NOW, "Bura", "bura", "village", None, "root").id
        kibo = places.add(tx, NOW, "Kibo", "kibo", "village", None, "root").id
        for n in range(1200):
            one = people.ensure(tx, NOW, f"+2547{n:08}", "import").id
            people.put_in(tx, NOW, one, kibo if n % 2 else bura, "import")
            if n % 3 == 0:
                people.tag(tx, NOW, one, "donor", "import")
        assert len(list(people.with_tag(tx, "donor"))) == 400
        assert len(list(people.with_tag(tx, "donor", [bura]))) == 200
        assert len(list(people.with_tag(tx, "donor", [bura, kibo]))) == 400
        assert list(people.with_tag(tx, "donor", [])) == []
        assert len(list(people.in_places(tx, [bura, kibo]))) == 1200
        for person in people.with_tag(tx, "donor"):
            people.untag(tx, NOW, person.id, "donor", "import")
        assert list(people.with_tag(tx, "donor")) == []


# --- a STOP stays -------------------------------------------------------------------------------


def stop(db: Database, number: str = ASHA, at: int = NOW) -> None:
    with db.transaction() as tx:
        person = people.ensure(tx, at, number, "sms in 1")
        people.set_consent(tx, at, person.id, Consent.STOPPED, "sms in 1")


def test_a_stop_outlives_the_person_and_does_not_show_the_number(
    db: Database, outbox: Outbox
) -> None:
    stop(db)
    person = erasing.find(db, "0700000001")
    assert person.known
    erasing.erase(db, outbox, NOW + 1, person, ASHA, "asha")
    with db.transaction() as tx:
        assert people.by_number(tx, ASHA) is None
        assert people.opted_out(tx, "0700000001")
        assert not people.opted_out(tx, "+254700000002")
        assert "700000001" not in str([tuple(row) for row in tx.execute("SELECT * FROM opt_out")])
        again = people.ensure(tx, NOW + 2, "254700000001", "people import by root")
        assert (again.consent, again.consent_at) == (Consent.STOPPED, NOW)
        assert not optouts.holds(tx, ASHA)  # it has a row of its own now
        people.remove(tx, NOW + 3, again.id, "people remove by root")
        assert people.opted_out(tx, ASHA)


def test_who_never_said_stop_leaves_nothing(db: Database) -> None:
    with db.transaction() as tx:
        people.remove(tx, NOW, people.ensure(tx, NOW, ASHA, "root").id, "root")
        assert not people.opted_out(tx, ASHA)
        assert people.ensure(tx, NOW, ASHA, "root").consent is Consent.NONE


def test_marks_differ_from_station_to_station() -> None:
    keys = ("00" * 32, "01" * 32)
    assert optouts.mark(keys[0], ASHA) == optouts.mark(keys[0], "0700000001")
    assert optouts.mark(keys[0], ASHA) != optouts.mark(keys[1], ASHA)


def test_a_stop_after_the_copy_was_made_holds_when_it_is_put_back(
    db: Database, outbox: Outbox, tmp_path: Path
) -> None:
    """One who was known, one who was not, one who was erased since, and one who took it back."""
    known, unknown, gone, back = (f"+25470000000{n}" for n in range(1, 5))
    with db.transaction() as tx:
        for number in (known, gone):
            one = people.ensure(tx, NOW, number, "root").id
            people.set_consent(tx, NOW, one, Consent.GIVEN, "root")
    stop(db, back)
    copy(db.path, tmp_path / "copy.db", NOW + 1)
    for number in (known, unknown, gone):
        stop(db, number, NOW + 2)
    erasing.erase(db, outbox, NOW + 3, erasing.find(db, gone), gone, "asha")
    with db.transaction() as tx:
        one = people.ensure(tx, NOW + 2, back, "sms in 9").id
        people.set_consent(tx, NOW + 2, one, Consent.GIVEN, "sms in 9")
    db.close()
    done = restore(tmp_path / "copy.db", db.path, NOW + DAY)
    assert done.consents == 4
    with closing(Database.open(db.path)) as again, again.transaction() as tx:
        stopped = {one for one in (known, unknown, gone, back) if people.opted_out(tx, one)}
        assert stopped == {known, unknown, gone}


def test_a_damaged_database_before_a_restore_is_said_to_be_unread(
    db: Database, tmp_path: Path
) -> None:
    copy(db.path, tmp_path / "copy.db", NOW)
    db.close()
    db.path.write_bytes(b"no database" * 1000)
    assert restore(tmp_path / "copy.db", db.path, NOW + DAY).consents is None


# --- damage -------------------------------------------------------------------------------------


def test_people_survive_a_salvage(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    with closing(Database.open(path)) as db:
        with db.transaction() as tx:
            ward = places.add(tx, NOW, "Tana", "tana", "ward", None, "root").id
            bura = places.add(tx, NOW, "Bura", "bura", "village", ward, "root").id
            places.add_alias(tx, NOW, bura, "boora", "root")
            one = people.ensure(tx, NOW, ASHA, "root").id
            people.put_in(tx, NOW, one, bura, "root")
            people.tag(tx, NOW, one, "chw", "root")
            people.set_attribute(tx, NOW, one, "blood", "O-", "root")
            two = people.ensure(tx, NOW, "+254700000002", "root").id
            people.set_consent(tx, NOW, two, Consent.STOPPED, "sms in 1")
            people.remove(tx, NOW, two, "root")
        db.checkpoint()
    db, salvage = open_or_salvage(path, NOW, suspect="a page of it")
    with closing(db), db.transaction() as tx:
        assert salvage is not None
        assert salvage.rows["person"] == 1
        [found] = places.supervisors(tx, [bura], "chw")
        assert found.attributes == {"blood": "O-"}
        assert places.within(tx, ward) == [ward, bura]
        assert people.opted_out(tx, "+254700000002")


def test_what_hangs_on_a_lost_row_goes_and_a_lost_place_takes_nobody_with_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "relay.db"
    with closing(Database.open(path)) as db:
        with db.transaction() as tx:
            ward = places.add(tx, NOW, "Tana", "tana", "ward", None, "root").id
            bura = places.add(tx, NOW, "Bura", "bura", "village", ward, "root").id
            for number in (ASHA, "+254700000002"):
                one = people.ensure(tx, NOW, number, "root").id
                people.tag(tx, NOW, one, "chw", "root")
                people.put_in(tx, NOW, one, bura, "root")
        db.checkpoint()
    with closing(sqlite3.connect(path)) as conn:  # foreign keys are off: as if a page was lost
        conn.execute("DELETE FROM person WHERE id = 1")
        conn.execute("DELETE FROM place WHERE id = ?", (ward,))
        conn.commit()
    db, _ = open_or_salvage(path, NOW, suspect="a page of it")
    with closing(db), db.transaction() as tx:
        assert [one.id for one in people.with_tag(tx, "chw", [bura])] == [2]
        assert places.get(tx, bura).parent_id is None


def test_a_consent_that_is_none_may_have_been_a_stop(db: Database) -> None:
    with db.transaction() as tx:
        people.ensure(tx, NOW, ASHA, "root")
        tx.execute("UPDATE person SET consent = ?", ("STOPPE\0",))
        assert losses.mend_words(tx)
        assert people.opted_out(tx, ASHA)
