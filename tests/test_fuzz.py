"""A seeded sample of every fuzz target; `make campaign ARGS=fuzz` tries a million inputs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import answers, community, guided, septets, shelf
from tests.fuzz.blind import mutations, search
from tests.fuzz.draw import Draw
from tests.fuzz.targets import TARGETS, Target

_SAMPLE = 20  # for each share of a thousandth


@pytest.fixture(autouse=True)
def stores_closed() -> Iterator[None]:
    yield
    shelf.close()
    answers.close()
    community.close()


@pytest.mark.parametrize("name", TARGETS)
def test_a_sample_finds_nothing(name: str):
    """The same inputs every time: what fails here was broken by the change."""
    target = TARGETS[name]
    assert search(target, 100 + _SAMPLE * target.share // 10, seed=1).defects == ()


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=15)
@given(data=st.binary(max_size=300))
def test_what_hypothesis_thinks_of(name: str, data: bytes):
    """Other inputs every time, and the smallest one of what fails."""
    TARGETS[name].run(data)


# --- the tools ----------------------------------------------------------------------------------


def fragile(data: bytes) -> None:
    """A target with a defect."""
    assert b"!" not in data, "it has a !"


def test_a_defect_is_found_and_its_input_told():
    """A search that can find nothing would be worth nothing."""
    found = search(Target("fragile", fragile, lambda: [b"hello", b"hm"], 1), 100_000, seed=1)
    (words,) = found.defects
    assert found.inputs < 100_000
    assert b"!" in bytes.fromhex(words.rpartition("input ")[2])


@pytest.mark.slow
@pytest.mark.skipif(not guided.available(), reason=guided.WITHOUT)
def test_the_guided_search_runs():
    """atheris tries as many as it was told."""
    found = guided.search(TARGETS["lines"], 200, seed=1)
    assert (found.inputs, found.defects) == (200, ())


def test_the_same_seed_is_the_same_search():
    """A failure on one machine can be had on another."""
    target = TARGETS["lines"]
    assert list(mutations(target, 500, 7)) == list(mutations(target, 500, 7))
    assert list(mutations(target, 500, 7)) != list(mutations(target, 500, 8))


def test_choices_end_with_the_bytes():
    """An input that is used up still is an input."""
    draw = Draw(b"\x05")
    assert [draw.below(3), draw.pick("ab"), draw.take(4), draw.left] == [2, "a", b"", 0]
    assert draw.pieces(b"abc") == [b"abc"]


def test_the_other_reader_reads():
    """`septets` knows nothing of relay; a PDU of the standard's own example checks it."""
    hello = septets.read("0001000B915121551532F400000AE8329BFD4697D9EC37")
    assert (hello.text, hello.concat) == ("hellohello", None)
