"""A power cut with a disk that loses what was not synced: a sample of it, and its own rules."""

from __future__ import annotations

import struct
from random import Random

import pytest

from tests.powercut.disk import Fate, Kind, after
from tests.powercut.powered import COMPILER, WHY_NOT, cases


def entry(kind: Kind, inode: int = 0, offset: int = 0, path: str = "", data: bytes = b"") -> bytes:
    return struct.pack("=6Q", kind, inode, offset, len(path), len(data), 0) + path.encode() + data


def left(fate: Fate, *entries: bytes, seed: int = 1) -> dict[str, bytes]:
    return after(b"".join(entries), fate, Random(seed))


CREATED = entry(Kind.CREATE, 7, path="/s/db")
WRITTEN = entry(Kind.WRITE, 7, data=b"abc")
SYNCED = entry(Kind.SYNC, 7)
NAMED = entry(Kind.SYNC_FOLDER, path="/s")


# --- what is durable ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        pytest.param((CREATED, WRITTEN), {}, id="neither name nor data"),
        pytest.param((CREATED, WRITTEN, SYNCED), {}, id="data without a name"),
        pytest.param((CREATED, WRITTEN, NAMED), {"/s/db": b""}, id="a name without data"),
        pytest.param((CREATED, WRITTEN, NAMED, SYNCED), {"/s/db": b"abc"}, id="both"),
        pytest.param(
            (CREATED, NAMED, WRITTEN, SYNCED, entry(Kind.UNLINK, path="/s/db")),
            {"/s/db": b"abc"},
            id="what was deleted comes back",
        ),
        pytest.param(
            (CREATED, NAMED, WRITTEN, SYNCED, entry(Kind.TRUNCATE, 7, 1)),
            {"/s/db": b"abc"},
            id="a size that was not synced",
        ),
        pytest.param(
            (entry(Kind.CREATE, 8, path="/s/db-shm"), NAMED), {}, id="never what is only mapped"
        ),
    ],
)
def test_only_what_was_synced_is_durable(entries: tuple[bytes, ...], found: dict[str, bytes]):
    """A file by its own sync, its name by that of its folder."""
    assert left(Fate.DROPPED, *entries) == found


def test_of_the_rest_any_part_may_be_there():
    """Writes in any order, torn at sectors, with and without the new size."""
    long = entry(Kind.WRITE, 7, offset=100, data=b"x" * 1500)
    seen = {
        left(Fate.MIXED, CREATED, NAMED, WRITTEN, SYNCED, long, seed=seed)["/s/db"]
        for seed in range(200)
    }
    assert b"abc" in seen
    assert b"abc" + bytes(97) + b"x" * 1500 in seen
    assert any(b"x" in one and one.count(b"x") < 1500 for one in seen)
    assert all(one.startswith(b"abc") for one in seen)


def test_half_an_entry_is_none():
    """The journal itself is cut anywhere."""
    whole = CREATED + NAMED + WRITTEN
    assert left(Fate.KEPT, whole[:-1]) == {"/s/db": b""}


# --- relay on such disks ------------------------------------------------------------------------


@pytest.fixture
def compiler() -> None:
    if COMPILER is None:
        pytest.skip(WHY_NOT)


@pytest.mark.slow
@pytest.mark.timeout(400)  # a minute alone, and all of a machine's other tests may run beside it
@pytest.mark.usefixtures("compiler")
def test_nothing_is_lost_with_a_disk_that_loses_what_was_not_synced():
    """Nor doubled; and the database is never damaged."""
    found = cases(0.002, seed=1, jobs=2)
    assert sum(case.blow != "" for case in found) > 20
    assert [str(case) for case in found if case.verdict.broken] == []


@pytest.mark.slow
@pytest.mark.usefixtures("compiler")
def test_a_store_that_does_not_sync_is_found_out():
    """With `synchronous = OFF` the same cuts lose, double or damage."""
    found = cases(0.0008, 1, 2, "PRAGMA synchronous = OFF")
    assert any(case.verdict.broken for case in found)
