"""The message that a person means: by its number here, at the station, at the server, or by
whose it is and when."""

from __future__ import annotations

import re
from datetime import date, timedelta

import click

from relay.clock import from_local, local
from relay.store import browsing
from relay.store.reading import Reader

_ROW = re.compile(r"(in|out)[ /:-]*(\d{1,18})", re.IGNORECASE)
_STATION = re.compile(r"(?:#|number ?|no\.? ?|nr\.? ?)(\d{1,18})", re.IGNORECASE)
_WHOSE = re.compile(r"[+…*.]*(\d{3,15})[ @,]+(?:(\d{4}-\d\d-\d\d)[ T])?(\d{1,2}:\d\d)")
_LEAST = 4
_LONG = 8  # digits that are no number of a row, but may well begin a uuid
_NEAR_MS = 10 * 60_000


def find(reader: Reader, name: str, now: int) -> tuple[str, int]:
    """The side ('in' or 'out') and the row that a name stands for.

    Raises `ClickException` where there is none, or more than one.
    """
    if row := _ROW.fullmatch(name):
        return row[1].lower(), int(row[2])
    if number := _STATION.fullmatch(name):
        return "in", _at_the_station(reader, int(number[1]))
    if whose := _WHOSE.fullmatch(name):
        return _by_whom(reader, whose[1], _moment(whose[2], whose[3], now))
    if name.isdigit() and len(name) < _LONG:
        return _the_only(reader, int(name)), int(name)
    found = browsing.named(reader, name) if len(name) >= _LEAST else []
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(f"{side} {row_id}" for side, row_id in found)
        raise click.ClickException(f"{name} is the beginning of several: {shown}")
    raise _nothing(name)


def _nothing(name: object) -> click.ClickException:
    return click.ClickException(
        f"there is no message {name}; see them with: relay inbox list, relay outbox list"
    )


def _at_the_station(reader: Reader, number: int) -> int:
    found = browsing.by_station_number(reader, number)
    if found is None:
        raise _nothing(f"with the station's number {number}")
    return found


def _moment(day: str | None, time: str, now: int) -> int:
    """Without a day the last time that the clock showed it."""
    try:
        if day:
            return from_local(f"{day} {time}")
        today = date.fromisoformat(local(now)[:10])
        at = from_local(f"{today} {time}")
        return at if at <= now + _NEAR_MS else from_local(f"{today - timedelta(days=1)} {time}")
    except ValueError:
        raise click.UsageError(f"{day or ''} {time} is no time; write 14:32") from None


def _by_whom(reader: Reader, digits: str, at: int) -> tuple[str, int]:
    found = browsing.by_digits(reader, digits, at - _NEAR_MS, at + _NEAR_MS)
    if len(found) == 1:
        return found[0][:2]
    if found:
        found.sort(key=lambda one: abs(one[2] - at))
        shown = ", ".join(f"{side} {row} ({local(when)[11:16]})" for side, row, when in found)
        raise click.ClickException(f"there are several; choose one: {shown}")
    raise click.ClickException(
        f"nothing from or to a number that ends with {digits[-3:]} within ten minutes of"
        f" {local(at)[:16]}"
    )


def _the_only(reader: Reader, row_id: int) -> str:
    """Both sides count from 1."""
    sides = {
        "in": browsing.inbound_one(reader, row_id),
        "out": browsing.outbound_one(reader, row_id),
    }
    there = [side for side, row in sides.items() if row is not None]
    if not there:
        raise _nothing(row_id)
    if len(there) > 1:
        raise click.UsageError(f"Which one: relay trace in {row_id}, or relay trace out {row_id}?")
    return there[0]
