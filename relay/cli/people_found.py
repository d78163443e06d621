"""Which people a command means."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import click

from relay.core.number import dialable, masked
from relay.core.people import Person, tag_of


def wanted(view: sqlite3.Connection, tag: str | None, place: str | None) -> Iterator[Person]:
    from relay.store import people as store
    from relay.store import places

    here = None if place is None else set(places.within(view, _place(view, place)))
    if tag is None:
        return store.everybody(view) if here is None else store.in_places(view, here)
    return store.with_tag(view, tag_of(tag) or "", here)


def _place(view: sqlite3.Connection, written: str) -> int:
    from relay.community.lists import unknown_place
    from relay.community.spelling import fold
    from relay.store import places

    found = places.find(view, fold(written))
    if found is None:
        error = unknown_place(0, written, places.names(view))
        raise click.ClickException(f"{error.cause}; {error.remedy}")
    return found.id


def place_names(view: sqlite3.Connection) -> dict[int, str]:
    from relay.store import places

    return {place.id: place.name for place in places.everywhere(view)}


def require(view: sqlite3.Connection, who: str) -> Person:
    """By a number, or by #12."""
    from relay.store import people as store

    if who.startswith("#") and who[1:].isdecimal():
        try:
            return store.get(view, min(int(who[1:]), 2**63 - 1))
        except KeyError:
            raise _nobody(who) from None
    found = store.by_number(view, dialable(who))
    if found is None:
        raise _nobody(masked(who))
    return found


def _nobody(who: str) -> click.ClickException:
    return click.ClickException(
        f"nobody is known as {who}. Nothing was changed. See who is: relay people list"
    )
