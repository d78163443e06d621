"""Places: a tree in which somebody is found at the nearest place going up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from relay.store import people, places
from relay.store.database import Database
from tests.air import NOON as NOW


@pytest.fixture
def tx(db: Database) -> Iterator[sqlite3.Connection]:
    """Garissa district > Tana ward > Bura and Kibo; Mwea ward, and nothing in it."""
    with db.transaction() as tx:
        district = places.add(tx, NOW, "Garissa", "garissa", "district", None, "root").id
        tana = places.add(tx, NOW, "Tana", "tana", "ward", district, "root").id
        places.add(tx, NOW, "Mwea", "mwea", "ward", district, "root")
        for name in ("Bura", "Kibo"):
            places.add(tx, NOW, name, name.casefold(), "village", tana, "root")
        yield tx


def ids(tx: sqlite3.Connection, *words: str) -> list[int]:
    found = [places.find(tx, word) for word in words]
    return [one.id for one in found if one is not None]


def test_it_is_found_by_its_name_and_by_an_alias(tx: sqlite3.Connection) -> None:
    [bura] = ids(tx, "bura")
    assert places.add_alias(tx, NOW, bura, "boora", "root")
    assert not places.add_alias(tx, NOW, bura, "boora", "root")
    assert ids(tx, "boora", "nowhere") == [bura]
    assert sorted(places.names(tx)) == ["boora", "bura", "garissa", "kibo", "mwea", "tana"]
    assert places.remove_alias(tx, NOW, bura, "boora", "root")
    assert ids(tx, "boora") == []


def test_up_and_down_the_tree(tx: sqlite3.Connection) -> None:
    bura, tana, garissa = ids(tx, "bura", "tana", "garissa")
    assert places.ancestors(tx, bura) == [bura, tana, garissa]
    assert places.within(tx, tana) == [tana, *ids(tx, "bura", "kibo")]
    assert places.within(tx, 99) == places.ancestors(tx, 99) == []
    shown = [(place.name, depth) for place, depth in places.paths(places.everywhere(tx))]
    assert shown == [("Garissa", 0), ("Mwea", 1), ("Tana", 1), ("Bura", 2), ("Kibo", 2)]


def test_a_place_does_not_come_to_lie_in_itself(tx: sqlite3.Connection) -> None:
    tana, bura, mwea = ids(tx, "tana", "bura", "mwea")
    for below in (tana, bura):
        with pytest.raises(ValueError, match="lies in Tana"):
            places.move(tx, NOW, tana, "ward", below, "root")
    assert places.move(tx, NOW, bura, "village", mwea, "root")
    assert not places.move(tx, NOW, bura, "village", mwea, "root")
    assert places.ancestors(tx, bura)[:2] == [bura, mwea]


def test_a_supervisor_is_the_nearest_going_up(tx: sqlite3.Connection) -> None:
    bura, kibo, tana, garissa = ids(tx, "bura", "kibo", "tana", "garissa")
    for number, place in (("+1", kibo), ("+2", tana), ("+3", tana), ("+4", garissa)):
        person = people.ensure(tx, NOW, number, "root").id
        people.tag(tx, NOW, person, "supervisor", "root")
        people.put_in(tx, NOW, person, place, "root")

    def nearest(*from_: int) -> list[str]:
        return [one.number for one in places.supervisors(tx, from_, "supervisor")]

    assert nearest(kibo) == ["+1"]
    assert nearest(bura) == ["+2", "+3"]
    assert nearest(bura, kibo) == ["+1"]
    assert nearest(*ids(tx, "mwea")) == ["+4"]
    assert nearest() == places.supervisors(tx, [bura], "nurse") == []


def test_a_place_that_is_in_use_is_not_removed(tx: sqlite3.Connection) -> None:
    bura, tana = ids(tx, "bura", "tana")
    person = people.ensure(tx, NOW, "+1", "root").id
    people.put_in(tx, NOW, person, bura, "root")
    for place, why in (
        (tana, "these places lie in Tana: Bura, Kibo"),
        (bura, "1 person is in Bura"),
    ):
        with pytest.raises(places.PlaceInUse, match=why):
            places.remove(tx, NOW, place, "root")
    people.take_out(tx, NOW, person, bura, "root")
    places.add_alias(tx, NOW, bura, "boora", "root")
    tx.execute("INSERT INTO stock_level VALUES (?, '', 'LA', 1, 1, 1)", (bura,))
    with pytest.raises(places.PlaceInUse, match="something else refers to Bura"):
        places.remove(tx, NOW, bura, "root")
    tx.execute("DELETE FROM stock_level")
    places.remove(tx, NOW, bura, "root")
    assert ids(tx, "bura", "boora") == []
