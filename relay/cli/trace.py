"""`relay trace`: the way of one message, hop by hop, with the time that each took."""

from __future__ import annotations

import re

import click

from relay.cli.completing import trace_words
from relay.cli.desk import (
    Desk,
    config_option,
    examples,
    json_option,
    numbers_option,
    pass_desk,
)
from relay.cli.printing import data, emit, number
from relay.clock import local
from relay.core import plain
from relay.core.outbound import PartState
from relay.core.trace import Hop, Step, legs, steps, total
from relay.store import browsing, hops
from relay.store.reading import Reader

_ROW = re.compile(r"(in|out)[ /:-]*(\d{1,18})", re.IGNORECASE)
_LEAST = 4
_LONG = 8  # digits that are no number of a row, but may well begin a uuid


@click.command(
    epilog=examples(
        "relay trace in 12            a message that came in",
        "relay trace out 7            a message that goes out",
        "relay trace 3f2a91c0         by the id at the server, or its beginning",
    )
)
@click.argument("words", metavar="ID", nargs=-1, required=True, shell_complete=trace_words)
@numbers_option
@json_option
@config_option
@pass_desk
def trace(desk: Desk, words: tuple[str, ...], show_numbers: bool, as_json: bool) -> None:
    """Say where a message has been, when, and how long it waited there.

    Times marked with * were told by the clock of the network; a delay below zero means that the
    two clocks differ.
    """
    with desk.reader() as reader:
        side, row_id = _find(reader, " ".join(words))
        title = _title(reader, side, row_id, show_numbers)
        way = steps((hops.inbound if side == "in" else hops.outbound)(reader, row_id))
        ahead = _ahead(reader, row_id, desk.clock.now()) if side == "out" else []
    if as_json:
        emit({"id": f"{side} {row_id}", **_document(way)})
        return
    data(title)
    for step in way:
        data(_line(step))
    data(_sums(way))
    for line in ahead:
        data(line)


def _find(reader: Reader, name: str) -> tuple[str, int]:
    """The side and the row that a name stands for."""
    if row := _ROW.fullmatch(name):
        return row[1].lower(), int(row[2])
    if name.isdigit() and len(name) < _LONG:
        return _the_only(reader, int(name)), int(name)
    found = browsing.named(reader, name) if len(name) >= _LEAST else []
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(f"{side} {row_id}" for side, row_id in found)
        raise click.ClickException(f"{name} is the beginning of several: {shown}")
    raise click.ClickException(
        f"there is no message {name}; see them with: relay inbox list, relay outbox list"
    )


def _the_only(reader: Reader, row_id: int) -> str:
    """Both sides count from 1."""
    sides = {
        "in": browsing.inbound_one(reader, row_id),
        "out": browsing.outbound_one(reader, row_id),
    }
    there = [side for side, row in sides.items() if row is not None]
    if not there:
        raise click.ClickException(
            f"there is no message {row_id}; see them with: relay inbox list, relay outbox list"
        )
    if len(there) > 1:
        raise click.UsageError(f"Which one: relay trace in {row_id}, or relay trace out {row_id}?")
    return there[0]


def _title(reader: Reader, side: str, row_id: int, show_numbers: bool) -> str:
    if side == "in":
        row = browsing.inbound_one(reader, row_id)
        if row is not None:
            who = number(row["sender"], show_numbers)
            return f"in {row_id} from {who}, {row['total']} SMS: {row['state']}"
    else:
        row = browsing.outbound_one(reader, row_id)
        if row is not None:
            who = number(row["recipient"], show_numbers)
            return f"out {row_id} to {who}, {row['parts']} SMS: {row['status']}"
    raise click.ClickException(
        f"there is no message {side} {row_id}; see them with: relay {side}box list"
    )


def _ahead(reader: Reader, row_id: int, now: int) -> list[str]:
    """What was refused for the moment, and when it is its turn again."""
    return [
        f"  part {part['seq']} of {part['total']} is tried again at {local(part['due_at'])}"
        for part in browsing.outbound_parts(reader, row_id)
        if part["state"] == PartState.QUEUED and (part["due_at"] or 0) > now
    ]


def _line(step: Step) -> str:
    delay = "" if step.delay is None else f"{_signed(step.delay)}"
    mark = "*" if step.hop.foreign else " "
    return f"  {local(step.hop.at)}{mark} {delay:>12}  {step.hop.what}"


def _signed(ms: int) -> str:
    if -1000 < ms < 1000:
        return f"{ms:+d} ms"
    return f"{'+' if ms > 0 else ''}{plain.duration(ms)}"


def _sums(way: tuple[Step, ...]) -> str:
    parts = [f"{name} {plain.duration(ms)}" for name, ms in legs(way).items() if name]
    return f"  {plain.duration(total(way))} in all: {', '.join(parts) or 'nothing happened yet'}"


def _document(way: tuple[Step, ...]) -> dict[str, object]:
    def shown(hop: Hop, delay: int | None) -> dict[str, object]:
        return {
            "at": hop.at,
            "delay_ms": delay,
            "what": hop.what,
            "leg": hop.leg,
            "clock": "network" if hop.foreign else "relay",
        }

    return {
        "hops": [shown(step.hop, step.delay) for step in way],
        "legs_ms": legs(way),
        "total_ms": total(way),
    }
