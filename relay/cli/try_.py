"""`relay try`: what relay would do if this SMS came in, without doing it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from relay.cli.desk import (
    Desk,
    LocalTime,
    config_option,
    examples,
    json_option,
    numbers_option,
    pass_desk,
)
from relay.cli.printing import data, emit, note
from relay.clock import SystemClock, local, wall
from relay.core.layout import WIDTH
from relay.core.number import dialable, masked
from relay.core.plain import many
from relay.core.priority import Priority, is_urgent

if TYPE_CHECKING:
    from relay.community_rules import Rules
    from relay.config import Config
    from relay.core.question import Question
    from relay.core.quiet import Quiet
    from relay.flows.answering.rehearsal import Planned, Taken

# So many messages are shown; the others are counted.
_SHOWN = 10
_CHOICES = 4
_NUMBER = re.compile(r"\+[0-9]{3,15}|[0-9]{9,15}")


class _At(SystemClock):
    """It is always that moment."""

    def __init__(self, at: int) -> None:
        self._at = at

    def now(self) -> int:
        return self._at


class _NoBell:
    def ring(self) -> None:
        """Nobody is to wake up."""


@click.command(
    "try",
    epilog=examples(
        'relay try "+254700000001 JOIN PEACE HURUMA"',
        "relay try +254700000001 ORPT Amina 12",
        "relay try +254700000001 STOP --at '2026-11-25 03:00'",
    ),
)
@click.argument("words", metavar="NUMBER TEXT…", nargs=-1, required=True)
@click.option("--at", type=LocalTime(), help="As if it were that time.")
@numbers_option
@json_option
@config_option
@pass_desk
def try_(
    desk: Desk, words: tuple[str, ...], at: int | None, show_numbers: bool, as_json: bool
) -> int:
    """Say what would happen if this SMS came in: which rule takes it, and who is told what.

    The rules of the configuration and the people of the database answer, in a transaction that is
    taken back: nothing is sent and nothing is stored. relay may run or not.
    """
    from relay import assembly_community

    number, _, text = " ".join(words).strip().partition(" ")
    if not text.strip():
        raise click.UsageError("Give a number and a text: relay try '+254700000001 HELP'")
    sender = dialable(number)
    config = desk.config()
    rules = assembly_community.rules(config)
    _require(rules)
    taken, now = _rehearsed(desk, config, rules, sender, text.strip(), at)
    if as_json:
        emit(_document(taken, now, show_numbers))
    else:
        _print(taken, now, config.sending.rules.quiet, show_numbers)
    return 1 if taken.by.startswith("failed: ") else 0


def _require(rules: Rules) -> None:
    for fault in rules.faults:
        note(f"The rule set {fault.name} does not hold: {fault}")
    if not rules.book.sets:
        raise click.ClickException(
            "no rule set is switched on, so relay would answer nobody. Write into the "
            'configuration: [community] sets = ["antenatal"]'
        )


def _rehearsed(
    desk: Desk, config: Config, rules: Rules, number: str, text: str, at: int | None
) -> tuple[Taken, int]:
    from relay.assembly_community import answering
    from relay.flows.answering.rehearsal import rehearse

    desk.reader().close()  # never a database that is made for the purpose
    with closing(desk.store(config)) as db:
        now = desk.clock.now() if at is None else at
        engine = answering(rules, db, desk.outbox(config, db), _At(now), _NoBell())
        return rehearse(db, engine, now, number, text), now


# --- in words -----------------------------------------------------------------------------------


def _print(taken: Taken, now: int, quiet: Quiet | None, show_numbers: bool) -> None:
    data(_by(taken.by))
    for one in taken.messages[:_SHOWN]:
        data()
        told = f"{_shown(one.number, show_numbers)}: {_text(one.text, show_numbers)}"
        data(fill(told, WIDTH, initial_indent="to ", subsequent_indent="   "))
        data(f"   {_how(one, now, quiet)}")
    _print_rest(taken)
    for question in taken.questions[:_SHOWN]:
        said = f"Open question: {_question(question, show_numbers)}"
        data(fill(said, WIDTH, subsequent_indent="   "))
    if taken.stopped:
        which = ", ".join(f"out {one}" for one in taken.stopped[:_SHOWN])
        data(f"Would go out no more: {which}" + (" …" if taken.stopped[_SHOWN:] else ""))
    if taken.changes:
        rows = ", ".join(f"{one.table} {one.rows} {one.what}" for one in taken.changes)
        data(fill(f"Rows: {rows}", WIDTH, subsequent_indent="      "))
    note("Nothing was sent, and nothing was stored.")


def _by(by: str) -> str:
    if by.startswith("failed: "):
        return (
            f"relay itself fails on this ({by.removeprefix('failed: ')}): nobody is answered, and "
            "the message goes to the server as always. Please report it: relay support-bundle"
        )
    if by == "allowance":
        return "This number has had all the answers that an hour allows: nothing is said."
    return f"Taken by {by}." if by else "No rule takes it: nothing is said."


def _print_rest(taken: Taken) -> None:
    rest = len(taken.messages) - _SHOWN
    if taken.messages:
        data()
    if rest > 0:
        data(f"… and {many(rest, 'more message')}, "
             f"{sum(one.segments for one in taken.messages):,} SMS in all")  # fmt: skip
    if taken.more:
        data("… and more: this is what relay does in the first moments.")


def _shown(number: str, show_numbers: bool) -> str:
    return number if show_numbers else masked(number)


def _text(text: str, show_numbers: bool) -> str:
    return text if show_numbers else _NUMBER.sub(lambda found: masked(found[0]), text)


def _how(one: Planned, now: int, quiet: Quiet | None) -> str:
    words = [many(one.segments, "SMS", "SMS"), _priority(one.priority), _when(one, now, quiet)]
    if one.useful_until is not None:
        words.append(f"of use until {local(one.useful_until)[:16]}")
    return ", ".join(words)


def _priority(priority: int) -> str:
    try:
        return Priority(priority).name.lower()
    except ValueError:
        return f"priority {priority}"


def _when(one: Planned, now: int, quiet: Quiet | None) -> str:
    if one.reason is not None:
        return f"not as it is: {one.reason}"
    begins = max(now, one.not_before or 0)
    if quiet is not None and not is_urgent(one.priority):
        begins = quiet.until(begins, wall) or begins
    return "at once" if begins <= now else f"from {local(begins)[:16]}"


def _question(question: Question, show_numbers: bool) -> str:
    words = [_shown(question.number, show_numbers), f"{question.owner} {question.kind}"]
    if question.code is not None:
        words.append(f"code {question.code}")
    if question.choices:
        more = " …" if question.choices[_CHOICES:] else ""
        words.append(f"answered by {' or '.join(question.choices[:_CHOICES])}{more}")
    return ", ".join((*words, f"until {local(question.expires_at)[:16]}"))


def _document(taken: Taken, now: int, show_numbers: bool) -> dict[str, Any]:
    return {
        "at": now,
        "by": taken.by,
        "messages": _masked(map(asdict, taken.messages), show_numbers),
        "stopped": list(taken.stopped),
        "changes": [asdict(one) for one in taken.changes],
        "questions": _masked(({**asdict(one), "about": None} for one in taken.questions),
                             show_numbers),
        "more": taken.more,
    }  # fmt: skip


def _masked(rows: Any, show_numbers: bool) -> Sequence[dict[str, Any]]:
    """Without the numbers, also those within texts."""
    found = list(rows)
    for row in found:
        row["number"] = _shown(row["number"], show_numbers)
        if "text" in row:
            row["text"] = _text(row["text"], show_numbers)
    return found
