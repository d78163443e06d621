"""Who follows a channel, and who would get a post: each once, however many rows of his match."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from relay.core.people import Consent
from relay.core.posts import PostState, RumorState
from relay.store import (
    channels,
    occasions,
    people,
    places,
    posts,
    questions,
    restored,
    rumors,
    salvage,
)
from relay.store.channels import EVERYWHERE, Audience
from relay.store.database import Database
from relay.store.salvage import open_or_salvage
from tests.air import NOON as NOW

TEST = "test"


@pytest.fixture
def tx(db: Database) -> Iterator[sqlite3.Connection]:
    with db.transaction() as tx:
        yield tx


@pytest.fixture
def tree(tx: sqlite3.Connection) -> dict[str, int]:
    """A district with two villages."""
    ids: dict[str, int] = {}
    for name, level, parent in (
        ("Bura", "district", None), ("Huruma", "village", "Bura"), ("Mara", "village", "Bura"),
    ):  # fmt: skip
        ids[name] = places.add(tx, NOW, name, name.lower(), level, ids.get(parent or ""), TEST).id
    return ids


def person(tx: sqlite3.Connection, n: int, language: str = "") -> int:
    id = people.ensure(tx, NOW, f"+25470000{n:04}", TEST).id
    people.set_language(tx, NOW, id, language, TEST)
    return id


def meant(tx: sqlite3.Connection, place: int | None = None, **more: object) -> int:
    within = None if place is None else places.within(tx, place)
    audience = Audience("PEACE", within, **more)  # type: ignore[arg-type]
    return sum(channels.readers(tx, audience).values())


def test_who_follows_again_is_told_so(tx: sqlite3.Connection, tree: dict[str, int]) -> None:
    asha = person(tx, 1)
    assert channels.follow(tx, NOW, "PEACE", asha, tree["Huruma"], TEST)
    assert not channels.follow(tx, NOW, "PEACE", asha, tree["Huruma"], TEST)
    assert channels.follow(tx, NOW, "PEACE", asha, tree["Mara"], TEST)
    found = channels.following(tx, "PEACE", asha)
    assert found is not None
    assert found.places == (tree["Huruma"], tree["Mara"])


def test_a_place_replaces_everywhere(tx: sqlite3.Connection, tree: dict[str, int]) -> None:
    asha = person(tx, 1)
    channels.follow(tx, NOW, "PEACE", asha, EVERYWHERE, TEST)
    channels.follow(tx, NOW, "PEACE", asha, tree["Mara"], TEST)
    assert meant(tx, tree["Huruma"]) == 0
    assert meant(tx, tree["Mara"]) == 1


def test_a_post_to_a_place_reaches_those_below_it_once(
    tx: sqlite3.Connection, tree: dict[str, int]
) -> None:
    both, one, all_of_it = (person(tx, n) for n in (1, 2, 3))
    for place in ("Huruma", "Mara"):
        channels.follow(tx, NOW, "PEACE", both, tree[place], TEST)
    channels.follow(tx, NOW, "PEACE", one, tree["Mara"], TEST)
    channels.follow(tx, NOW, "PEACE", all_of_it, EVERYWHERE, TEST)
    assert [meant(tx, tree[name]) for name in ("Bura", "Huruma", "Mara")] == [3, 2, 3]
    assert meant(tx) == 3


def test_a_group_gets_it_without_following(tx: sqlite3.Connection, tree: dict[str, int]) -> None:
    chief = person(tx, 1)
    people.tag(tx, NOW, chief, "chief", TEST)
    people.put_in(tx, NOW, chief, tree["Mara"], TEST)
    channels.follow(tx, NOW, "PEACE", chief, EVERYWHERE, TEST)
    assert meant(tx, groups=["chief"]) == 1
    channels.leave(tx, NOW, "PEACE", chief, TEST)
    assert meant(tx) == 0
    assert [meant(tx, tree[name], groups=["chief"]) for name in ("Bura", "Huruma")] == [1, 0]


def test_stopped_and_paused_people_are_left_out(tx: sqlite3.Connection) -> None:
    stopped, off, off_here, on = (person(tx, n) for n in (1, 2, 3, 4))
    for one in (stopped, off, off_here, on):
        channels.follow(tx, NOW, "PEACE", one, EVERYWHERE, TEST)
    people.set_consent(tx, NOW, stopped, Consent.STOPPED, TEST)
    people.set_paused(tx, NOW, off, True, TEST)
    assert channels.pause(tx, NOW, "PEACE", off_here, True, TEST)
    assert not channels.pause(tx, NOW, "BOARD", off_here, True, TEST)
    assert meant(tx) == 1
    channels.pause(tx, NOW, "PEACE", off_here, False, TEST)
    assert meant(tx) == 2


def test_who_follows_later_is_not_in_an_older_post(tx: sqlite3.Connection) -> None:
    channels.follow(tx, NOW, "PEACE", person(tx, 1), EVERYWHERE, TEST)
    until = channels.latest_follower(tx)
    channels.follow(tx, NOW, "PEACE", person(tx, 2), EVERYWHERE, TEST)
    assert meant(tx, followers_to=until) == 1


def test_readers_are_counted_by_language(tx: sqlite3.Connection) -> None:
    for n, language in enumerate(("en", "sw", "sw", "")):
        channels.follow(tx, NOW, "PEACE", person(tx, n, language), EVERYWHERE, TEST)
    assert channels.readers(tx, Audience("PEACE", None)) == {"en": 1, "sw": 2, "": 1}


def test_who_is_elsewhere_follows_for_there(tx: sqlite3.Connection, tree: dict[str, int]) -> None:
    asha = person(tx, 1)
    channels.follow(tx, NOW, "PEACE", asha, tree["Huruma"], TEST)
    channels.follow(tx, NOW, "BOARD", asha, EVERYWHERE, TEST)
    channels.pause(tx, NOW, "PEACE", asha, True, TEST)
    channels.move(tx, NOW, asha, tree["Mara"], TEST)
    found = {one.channel: (one.places, one.paused) for one in channels.of_person(tx, asha)}
    assert found == {"PEACE": ((tree["Mara"],), True), "BOARD": ((EVERYWHERE,), False)}


def test_who_is_removed_follows_nothing(tx: sqlite3.Connection) -> None:
    asha = person(tx, 1)
    channels.follow(tx, NOW, "PEACE", asha, EVERYWHERE, TEST)
    people.remove(tx, NOW, asha, TEST)
    assert tx.execute("SELECT count(*) FROM follower").fetchone()[0] == 0


def test_a_rumor_has_a_number_and_a_state(tx: sqlite3.Connection) -> None:
    number = rumors.add(
        tx, NOW, inbound_id=4, sender="+254700000001", place_id=None, text="shops burning",
        source="sms in 4",
    )  # fmt: skip
    assert rumors.settle(tx, NOW + 1, number, RumorState.FALSE, "was there", "root")
    assert rumors.settle(tx, NOW + 2, number, RumorState.CLOSED, "", "root")
    found = rumors.get(tx, number)
    assert found is not None
    assert (found.state, found.note) == (RumorState.CLOSED, "was there")
    assert not rumors.settle(tx, NOW, 99, RumorState.TRUE, "", "root")


def test_a_salvage_forgets_neither_a_post_nor_who_has_had_it(tmp_path: Path) -> None:
    """Nobody gets it again, and no number is given out twice."""
    path = tmp_path / "relay.db"
    with closing(Database.open(path)) as db, db.transaction() as tx:
        code = questions.new_code(tx, NOW, "channels")
        posts.add(
            tx, NOW, code, channel="PEACE", place_id=None, author="+9001", author_id=1,
            texts={"": "Stay calm."}, expires_at=NOW + 9, useful_until=None, followers_to=0,
            people=1, sms=1, source=TEST,
        )  # fmt: skip
        occasions.note(tx, NOW, "channel.PEACE", str(code), "+3001", None)
    db, done = open_or_salvage(path, NOW, suspect="a page")
    assert done is not None
    with closing(db), db.transaction() as tx:
        assert posts.get(tx, code) is not None
        assert occasions.known(tx, "channel.PEACE", str(code), "+3001")
        assert questions.new_code(tx, NOW, "channels") == code + 1


def test_every_table_is_salvaged(tmp_path: Path) -> None:
    """But for what SQLite and the migrations write themselves."""
    with closing(Database.open(tmp_path / "relay.db")) as db:
        rows = db.query("SELECT name FROM sqlite_master WHERE type = 'table'")
    apart = {"_sqlite_migrations", "sqlite_sequence"}
    assert {row["name"] for row in rows} - apart == set(salvage._TABLES)


def test_a_post_of_an_older_copy_waits_for_a_person(tx: sqlite3.Connection) -> None:
    """Who has had it since the copy was made, nobody here knows."""
    for code in (1, 2):
        post = posts.add(
            tx, NOW, code, channel="PEACE", place_id=None, author="+9001", author_id=1,
            texts={"": "Stay calm."}, expires_at=NOW + 9, useful_until=None, followers_to=0,
            people=1, sms=1, source=TEST,
        )  # fmt: skip
    posts.approve(tx, NOW, 2, "+9002", 2)
    posts.start(tx, NOW, post, 1, TEST)
    tx.execute("INSERT INTO meta VALUES ('copied_at', ?)", (str(NOW),))
    restored.settle(tx, NOW)
    found = {code: posts.get(tx, code) for code in (1, 2)}
    assert {code: post.state for code, post in found.items() if post} == {
        1: PostState.EXPIRED,
        2: PostState.PAUSED,
    }
