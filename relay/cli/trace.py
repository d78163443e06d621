"""`relay trace`: the way of one message, hop by hop, and whose the time was."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

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
from relay.cli.naming import find
from relay.cli.printing import data, emit, number
from relay.clock import local, wall
from relay.core import plain
from relay.core.outbound import PartState
from relay.core.timekeeping import Confidence
from relay.core.trace import (
    Hop,
    Share,
    Step,
    Sure,
    bar,
    doubted,
    legs,
    reasons,
    steps,
    total,
)
from relay.store import browsing, hops

if TYPE_CHECKING:
    from relay.core.quiet import Quiet
    from relay.store.reading import Reader

_WIDTH = 80
_BAR, _WIDE_BAR = 6, 12
_MARKS = {Sure.NETWORK: "*", Sure.OWN: " ", Sure.UNCERTAIN: "?"}
_LEGEND = {
    Sure.NETWORK: "* by the clock of the network",
    Sure.UNCERTAIN: "? by this computer's clock, at a time when nobody could confirm it",
}
_SPAN_DAYS = 400


@click.command(
    epilog=examples(
        "relay trace in 12            a message that came in",
        "relay trace out 7            a message that goes out",
        "relay trace 3f2a91c0         by the id at the server, or its beginning",
        "relay trace no 4821          by the number that the station gave it",
        "relay trace 001 14:32        by the last digits of the number, and when",
        "relay trace 001 2026-11-24 14:32",
    )
)
@click.argument("words", metavar="ID", nargs=-1, required=True, shell_complete=trace_words)
@numbers_option
@json_option
@config_option
@pass_desk
def trace(desk: Desk, words: tuple[str, ...], show_numbers: bool, as_json: bool) -> None:
    """Say where a message has been, when, and with whom it waited.

    carrier: between phone and modem. modem: in the SIM or the modem. here: in relay, by its rules.
    network: ready for a server that was not reached. HTTP: the exchange with it. The delays add up
    to the whole; one below zero means that two clocks differ.
    """
    quiet = desk.config().sending.rules.quiet
    with desk.reader() as reader:
        now = desk.clock.now()
        side, row_id = find(reader, " ".join(words), now)
        title = _title(reader, side, row_id, show_numbers)
        no = _no(reader, row_id) if side == "in" else None
        way = steps(doubted(_hops(reader, side, row_id, quiet), _doubt(reader)))
        ahead = _ahead(reader, row_id, now) if side == "out" else []
    if as_json:
        emit({"id": f"{side} {row_id}", "no": no, **_document(way)})
        return
    for line in (title, *_lines(way), *_sums(way), *ahead, *_legend(way)):
        data(line)


def _hops(reader: Reader, side: str, row_id: int, quiet: Quiet | None) -> list[Hop]:
    if side == "in":
        return hops.inbound(reader, row_id)
    return hops.outbound(reader, row_id, lambda since, until: _quiet(quiet, since, until))


def _quiet(quiet: Quiet | None, since: int, until: int) -> Iterator[tuple[int, int]]:
    """The quiet hours of the days between, as the clock on the wall showed them."""
    if quiet is None:
        return
    over_night = 1 if quiet.end <= quiet.start else 0
    days = min(_SPAN_DAYS, (until - since) // plain.DAY + 2)
    for day in range(-1, days):
        begin = wall(since, quiet.start, day)
        end = wall(since, quiet.end, day + over_night)
        if begin < until and end > since:
            yield begin, end


def _doubt(reader: Reader) -> int | None:
    """From when on nobody could confirm relay's time; None where it is known by now."""
    fact = reader.facts().get("clock")
    said = fact.value if fact is not None and isinstance(fact.value, dict) else {}
    since = said.get("since")
    unknown = said.get("confidence") == Confidence.UNKNOWN
    return since if unknown and isinstance(since, int) else None


def _title(reader: Reader, side: str, row_id: int, show_numbers: bool) -> str:
    if side == "in":
        row = browsing.inbound_one(reader, row_id)
        if row is not None:
            who = number(row["sender"], show_numbers)
            no = "" if row["no"] is None else f", number {row['no']:,}"
            return f"in {row_id}{no} from {who}, {row['total']} SMS: {row['state']}"
    else:
        row = browsing.outbound_one(reader, row_id)
        if row is not None:
            who = number(row["recipient"], show_numbers)
            return f"out {row_id} to {who}, {row['parts']} SMS: {row['status']}"
    raise click.ClickException(
        f"there is no message {side} {row_id}; see them with: relay {side}box list"
    )


def _no(reader: Reader, inbound_id: int) -> int | None:
    """Its number in the chain of custody."""
    row = browsing.inbound_one(reader, inbound_id)
    return None if row is None else row["no"]


def _ahead(reader: Reader, row_id: int, now: int) -> list[str]:
    """What was refused for the moment, and when it is its turn again."""
    return [
        f"  part {part['seq']} of {part['total']} is tried again at {local(part['due_at'])}"
        for part in browsing.outbound_parts(reader, row_id)
        if part["state"] == PartState.QUEUED and (part["due_at"] or 0) > now
    ]


# --- hop by hop ---------------------------------------------------------------------------------


def _lines(way: tuple[Step, ...]) -> Iterator[str]:
    day, whole = "", total(way)
    for step in way:
        at = local(step.hop.at)
        if at[:10] != day:
            day = at[:10]
            yield f"  {day}"
        yield from _line(step, at[11:], whole)


def _line(step: Step, time: str, whole: int) -> list[str]:
    delay = step.delay
    shown = "" if delay is None else _signed(delay)
    leg = "" if not delay else str(_longest(step).leg)
    first = (
        f"  {time}{_MARKS[step.hop.sure]} {shown:>11} {leg:<7}"
        f" {bar(delay or 0, whole, _BAR):<{_BAR}} "
    )
    words = _why(step) if delay else ""
    return textwrap.wrap(
        f"{step.hop.what}{words}",
        _WIDTH,
        initial_indent=first,
        subsequent_indent=" " * (len(first) + 2),
        break_on_hyphens=False,
    )


def _longest(step: Step) -> Share:
    return max(step.shares, key=lambda share: abs(share.ms))


def _why(step: Step) -> str:
    """What the time was spent on, where there was more than one thing, or a rule of relay."""
    if len(step.shares) == 1:
        return ""
    said = (f"{share.why} {_short(share.ms)}" for share in step.shares)
    return f" [{', '.join(said)}]"


def _signed(ms: int) -> str:
    return f"{'+' if ms >= 0 else ''}{_short(ms)}"


def _short(ms: int) -> str:
    """To the millisecond where that is all there is."""
    return f"{ms} ms" if 0 < abs(ms) < 1000 else plain.duration(ms)


# --- the whole ----------------------------------------------------------------------------------


def _sums(way: tuple[Step, ...]) -> Iterator[str]:
    whole = total(way)
    found = legs(way)
    if not found:
        yield "  nothing happened yet"
        return
    yield f"  {_short(whole)} in all"
    for leg, ms in found.items():
        if not ms:
            continue
        why = ", ".join(
            f"{why} {_short(spent)}" for why, spent in reasons(way, leg).items() if spent
        )
        first = f"    {leg:<8} {_short(ms):>11}  {bar(ms, whole, _WIDE_BAR):<{_WIDE_BAR}} "
        yield from textwrap.wrap(
            why or " ", _WIDTH, initial_indent=first, subsequent_indent=" " * len(first)
        ) or [first.rstrip()]


def _legend(way: tuple[Step, ...]) -> list[str]:
    sure = {step.hop.sure for step in way}
    return [f"  {words}" for one, words in _LEGEND.items() if one in sure]


def _document(way: tuple[Step, ...]) -> dict[str, object]:
    return {
        "hops": [_hop(step) for step in way],
        "legs_ms": {str(leg): ms for leg, ms in legs(way).items()},
        "total_ms": total(way),
    }


def _hop(step: Step) -> dict[str, object]:
    hop = step.hop
    return {
        "at": hop.at,
        "delay_ms": step.delay,
        "what": hop.what,
        "part": hop.part or None,
        "aside": hop.aside,
        "shares": [{"leg": share.leg, "why": share.why, "ms": share.ms} for share in step.shares],
        "clock": "network" if hop.sure is Sure.NETWORK else "relay",
        "confidence": str(hop.sure),
    }
