"""`relay outbox`: what goes out, what failed, and what a person decides about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict
from textwrap import fill

import click

from relay.cli.choosing import or_restored, restored_option
from relay.cli.desk import (
    Desk,
    MessageId,
    config_option,
    examples,
    json_option,
    numbers_option,
    pass_desk,
    text_option,
)
from relay.cli.explain import explanations
from relay.cli.printing import data, emit, note, number, table
from relay.cli.waiting import Waits, waits_for, waits_of
from relay.clock import local
from relay.core.layout import WIDTH
from relay.core.outbound import FoundSent, Part, PartState, Resent
from relay.core.waiting import Wait, Why
from relay.store import browsing
from relay.store.outbox import Outbox
from relay.store.reading import Reader

_EPILOG = examples(
    "relay outbox                         the latest messages",
    "relay outbox list --failed           what failed, and why",
    "relay outbox retry 7 8               queue failed messages again",
    "relay outbox cancel 9                stop one that has not left yet",
)


@click.group(invoke_without_command=True, epilog=_EPILOG)
@config_option
@click.pass_context
def outbox(context: click.Context) -> None:
    """Messages that go out by SMS."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


@outbox.command(
    "list",
    epilog=examples(
        "relay outbox list",
        "relay outbox list --failed --limit 100",
        "relay outbox list --state waiting     and what each of them waits for",
        "relay outbox list --held             what looks like a loop",
    ),
)
@click.option(
    "--state",
    type=click.Choice(list(browsing.OUTBOUND_STATES), case_sensitive=False),
    help="Only these.",
)
@click.option("--failed", is_flag=True, help="The same as --state failed.")
@click.option("--held", is_flag=True, help="What looks like a loop: the same as --state held.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most.")
@text_option
@numbers_option
@json_option
@config_option
@pass_desk
def list_(
    desk: Desk,
    state: str | None = None,
    failed: bool = False,
    held: bool = False,
    limit: int = 20,
    show_text: bool = False,
    show_numbers: bool = False,
    as_json: bool = False,
) -> None:
    """List messages, the newest first, without their texts."""
    with desk.reader() as reader:
        wanted = "held" if held else "failed" if failed else state
        rows = browsing.outbound_list(reader, wanted, limit)
        waiting = waits_of(desk, reader, rows)
    if as_json:
        emit({"messages": [_document(row, waiting, show_text, show_numbers) for row in rows]})
    elif rows:
        _print(rows, waiting, show_text, show_numbers)
    else:
        note("There are none.")


def _print(
    rows: Sequence[sqlite3.Row], waiting: Waits, show_text: bool, show_numbers: bool
) -> None:
    columns = ["id", "stored", "to", "status", "SMS", "reason", *(["text"] if show_text else [])]
    table(
        columns,
        [
            [
                str(row["id"]),
                local(row["created_at"]),
                number(row["recipient"], show_numbers),
                row["status"],
                str(row["parts"]),
                waits_for(waiting[row["id"]]) if row["id"] in waiting else row["reason"] or "",
                *([row["text"]] if show_text else []),
            ]
            for row in rows
        ],
    )


def _document(
    row: sqlite3.Row, waiting: Waits, show_text: bool, show_numbers: bool
) -> dict[str, object]:
    found = {key: row[key] for key in row.keys() if show_text or key != "text"}  # noqa: SIM118  # a Row
    found["recipient"] = number(found["recipient"], show_numbers)
    found["waits"] = asdict(waiting[row["id"]]) if row["id"] in waiting else None
    return found


# --- one message --------------------------------------------------------------------------------


@outbox.command(epilog=examples("relay outbox show 7", "relay outbox show 7 --show-numbers"))
@click.argument("outbound_id", metavar="ID", type=MessageId())
@numbers_option
@json_option
@config_option
@pass_desk
def show(desk: Desk, outbound_id: int, show_numbers: bool, as_json: bool) -> None:
    """Show one message: its text, and where each of its parts stands."""
    with desk.reader() as reader:
        row = _require(reader, outbound_id)
        parts = browsing.outbound_parts(reader, outbound_id)
        waiting = waits_of(desk, reader, [row])
    if as_json:
        found = _document(row, waiting, True, show_numbers)
        emit({**found, "parts": [dict(part) for part in parts]})
        return
    origin = f"server {row['server']}, id {row['server_id']}" if row["server"] else "this machine"
    data(f"out {row['id']} to {number(row['recipient'], show_numbers)}: {row['status']}")
    data(f"  from    {origin}")
    data(f"  stored  {local(row['created_at'])}")
    data(f"  reason  {row['reason'] or '-'}")
    for wait in waiting.values():
        data(_waits(wait))
    if row["useful_until"] and row["finished_at"] is None:
        data(f"  of use  until {local(row['useful_until'])}")
    for part in parts:
        data(f"  part    {_part(part)}")
    data()
    data(row["text"])


def _waits(wait: Wait) -> str:
    words = waits_for(wait) or "for its turn, or for a modem that works"
    if wait.why is Why.STANDSTILL:
        what = explanations().get(wait.of, {}).get("what", "").strip()
        words = f"{what} More: relay explain {wait.of}".strip()
    return fill(words, WIDTH, initial_indent="  waits   ", subsequent_indent=" " * 10)


def _part(part: sqlite3.Row) -> str:
    words = [f"{part['seq']} of {part['total']}: {part['state']}"]
    if part["attempts"]:
        words.append("tried once" if part["attempts"] == 1 else f"tried {part['attempts']} times")
    if part["modem"]:
        words.append(f"modem {part['modem']}")
    if part["mr"] is not None:
        words.append(f"mr {part['mr']}")
    if part["state"] == PartState.QUEUED and part["due_at"]:
        words.append(f"due {local(part['due_at'])}")
    if part["reason"]:
        words.append(part["reason"])
    return ", ".join(words)


def _require(reader: Reader, outbound_id: int) -> sqlite3.Row:
    row = browsing.outbound_one(reader, outbound_id)
    if row is None:
        raise click.ClickException(
            f"there is no message out {outbound_id}; see them with: relay outbox list"
        )
    return row


# --- by a person --------------------------------------------------------------------------------


@outbox.command(
    epilog=examples(
        "relay outbox retry 7 8",
        "relay outbox retry --all-failed",
        "relay outbox retry --uncertain 9     it may arrive twice",
    )
)
@click.argument("outbound_ids", metavar="ID…", type=MessageId(), nargs=-1)
@click.option(
    "--all-failed",
    is_flag=True,
    help="Every one that failed, but for what is too old or taken back.",
)
@click.option("--uncertain", is_flag=True, help="Also parts that may have gone out already.")
@json_option
@config_option
@pass_desk
def retry(
    desk: Desk, outbound_ids: tuple[int, ...], all_failed: bool, uncertain: bool, as_json: bool
) -> int:
    """Queue failed messages again, once the cause is gone."""
    if all_failed == bool(outbound_ids):
        raise click.UsageError("Give the ids of messages, or --all-failed.")
    if all_failed:
        with desk.reader() as reader:
            outbound_ids = tuple(browsing.failed_ids(reader))

    def again(outbox: Outbox, outbound_id: int) -> bool:
        resent = uncertain and _settle(desk, outbox, outbound_id, Resent())
        return outbox.retry(desk.clock.now(), outbound_id) or resent

    return _each(desk, outbound_ids, again, as_json, "queued again", "nothing of it failed")


def _settle(desk: Desk, outbox: Outbox, outbound_id: int, event: Resent | FoundSent) -> bool:
    """A person's word on the parts of which nobody knows whether they went out."""
    with desk.reader() as reader:
        rows = browsing.outbound_parts(reader, outbound_id)
    found = [outbox.part(row["id"]) for row in rows if row["state"] == PartState.UNCERTAIN]
    parts: list[Part] = [part for part in found if part is not None]
    for part in parts:
        outbox.record(desk.clock.now(), part, event)
    return bool(parts)


@outbox.command(
    epilog=examples(
        "relay outbox release 9 10",
        "relay outbox release --restored      it may arrive twice",
    )
)
@click.argument("outbound_ids", metavar="ID…", type=MessageId(), nargs=-1)
@restored_option
@json_option
@config_option
@pass_desk
def release(desk: Desk, outbound_ids: tuple[int, ...], restored: bool, as_json: bool) -> int:
    """Send messages that were held: they looked like a loop, or an older copy was restored."""
    outbound_ids = or_restored(desk, outbound_ids, restored)

    def let_go(outbox: Outbox, outbound_id: int) -> bool:
        return outbox.release(desk.clock.now(), outbound_id)

    return _each(desk, outbound_ids, let_go, as_json, "released", "it is not held")


@outbox.command(epilog=examples("relay outbox sent 9 10", "relay outbox sent --restored"))
@click.argument("outbound_ids", metavar="ID…", type=MessageId(), nargs=-1)
@restored_option
@json_option
@config_option
@pass_desk
def sent(desk: Desk, outbound_ids: tuple[int, ...], restored: bool, as_json: bool) -> int:
    """Record that messages had gone out of which relay does not know; the server is told so."""
    outbound_ids = or_restored(desk, outbound_ids, restored)

    def settle(outbox: Outbox, outbound_id: int) -> bool:
        return _settle(desk, outbox, outbound_id, FoundSent())

    return _each(desk, outbound_ids, settle, as_json, "counted as sent", "nothing is in doubt")


@outbox.command(epilog=examples("relay outbox cancel 9", "relay outbox cancel 9 10"))
@click.argument("outbound_ids", metavar="ID…", type=MessageId(), nargs=-1)
@restored_option
@json_option
@config_option
@pass_desk
def cancel(desk: Desk, outbound_ids: tuple[int, ...], restored: bool, as_json: bool) -> int:
    """Stop messages that have not left yet; what is at the radio goes on."""
    outbound_ids = or_restored(desk, outbound_ids, restored)

    def stop(outbox: Outbox, outbound_id: int) -> bool:
        return outbox.cancel(desk.clock.now(), outbound_id)

    return _each(desk, outbound_ids, stop, as_json, "cancelled", "nothing of it waits to be sent")


def _each(
    desk: Desk,
    outbound_ids: Sequence[int],
    act: Callable[[Outbox, int], bool],
    as_json: bool,
    done: str,
    not_done: str,
) -> int:
    """Act on each message; 1 if one of them stayed as it was."""
    config = desk.config()
    db = desk.store(config)
    try:
        outbox = desk.outbox(config, db)
        changed = [one for one in outbound_ids if act(outbox, one)]
    finally:
        db.close()
    same = [one for one in dict.fromkeys(outbound_ids) if one not in changed]
    if as_json:
        emit({"changed": changed, "unchanged": same})
    for one in [] if as_json else changed:
        data(f"out {one}: {done}")
    for one in same:
        note(f"out {one}: {_why_not(desk, one, not_done)}; nothing was changed")
    return 1 if same else 0


def _why_not(desk: Desk, outbound_id: int, not_done: str) -> str:
    with desk.reader() as reader:
        row = browsing.outbound_one(reader, outbound_id)
    if row is None:
        return "there is no such message"
    return f"it is {row['status']}, {not_done}"
