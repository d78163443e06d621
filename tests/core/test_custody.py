"""The chain of custody by itself: every way of tampering shows, by the number that it touched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.custody import START, Fault, Head, Link, Walk, commitment, content, joined


def chain(length: int) -> list[Link]:
    links: list[Link] = []
    head = Head(0, START)
    for number in range(length):
        link = joined(head, 1000 + number, commitment(b"salt", content([f"text {number}", None])))
        head = Head(link.no, link.chain)
        links.append(link)
    return links


def walked(links: list[Link], seen: dict[int, bytes] | None = None) -> list[Fault]:
    walk = Walk(seen or {})
    found = [fault for link in links for fault in walk.step(link)]
    return sorted([*found, *walk.end()], key=lambda fault: fault.no)


def codes(links: list[Link]) -> list[tuple[int, str]]:
    return [(fault.no, fault.code) for fault in walked(links)]


def renumbered(links: list[Link]) -> list[Link]:
    return [link._replace(no=number) for number, link in enumerate(links, 1)]


def changed(links: list[Link], at: int, **how: Any) -> list[Link]:
    return [link._replace(**how) if link.no == at else link for link in links]


def swapped(links: list[Link], one: int, other: int) -> list[Link]:
    places = {one: other, other: one}
    return sorted(link._replace(no=places.get(link.no, link.no)) for link in links)


FORGED = Link(5, 1, commitment(b"s", b"forged"), b"f" * 32)


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (lambda links: links, []),
        (lambda links: changed(links, 4, commitment=b"x" * 32), [(4, "RECORD_CHANGED")]),
        (lambda links: changed(links, 4, stamp=7), [(4, "RECORD_CHANGED")]),
        (lambda links: changed(links, 4, chain=b"x" * 32), [(4, "RECORD_CHANGED")]),
        (lambda links: changed(links, 9, chain=b"x" * 32), [(9, "RECORD_CHANGED")]),
        (lambda links: changed(links, 1, stamp=7), [(1, "RECORD_CHANGED")]),
        (lambda links: links[:3] + links[4:], [(4, "RECORD_MISSING")]),
        (lambda links: links[:3] + links[6:], [(4, "RECORD_MISSING")]),
        (lambda links: renumbered(links[:3] + links[4:]), [(4, "TAKEN_OUT")]),
        (lambda links: renumbered([*links[:4], FORGED, *links[4:]]), [(5, "INSERTED")]),
        (lambda links: swapped(links, 3, 4), [(3, "REORDERED"), (4, "REORDERED")]),
        (lambda links: swapped(links, 2, 7), [(2, "REORDERED"), (7, "REORDERED")]),
    ],
)  # fmt: skip
def test_what_was_done_is_said_of_the_number_that_it_touched(
    tamper: Callable[[list[Link]], list[Link]], expected: list[tuple[int, str]]
) -> None:
    assert codes(tamper(chain(9))) == expected


@given(st.integers(1, 12), st.data())
def test_no_change_of_a_link_goes_unseen(length: int, data: st.DataObject) -> None:
    links = chain(length)
    at = data.draw(st.integers(1, length))
    how = data.draw(
        st.one_of(
            st.fixed_dictionaries({"commitment": st.binary(min_size=32, max_size=32)}),
            st.fixed_dictionaries({"chain": st.binary(min_size=32, max_size=32)}),
            st.fixed_dictionaries({"stamp": st.integers(-(2**63), 2**63 - 1)}),
        )
    )
    forged = changed(links, at, **how)
    found = codes(forged)
    assert (found == []) == (forged == links)
    if found:
        assert at in [no for no, _ in found]


def test_a_head_that_is_not_part_of_it_is_a_fork_or_an_older_store() -> None:
    links = chain(9)
    seen = {link.no: link.chain for link in links}
    assert walked(links, seen) == []
    (older,) = walked(links[:6], seen)
    assert (older.no, older.last, older.code) == (7, 9, "OLDER")
    head = Head(6, links[5].chain)
    forked = [*links[:6], joined(head, 5, b"y" * 32)]
    assert [(fault.no, fault.code) for fault in walked(forked, seen)] == [
        (7, "FORKED"), (8, "OLDER"),
    ]  # fmt: skip


def test_no_value_passes_for_another() -> None:
    values: list[list[str | None]] = [
        ["a", "b"],
        ["ab", ""],
        ["a\n1:b"],
        [None, "b"],
        ["-", "b"],
        ["a", None],
    ]
    assert len({content(one) for one in values}) == len(values)


@pytest.mark.parametrize("text", ["", "5", "x:00", "5:00", "-1:" + "0" * 64])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # whatever is said, the command says it better
        Head.parse(text)
    head = Head(5, b"a" * 32)
    assert Head.parse(str(head)) == head
