"""`relay inbox`: what came in, and what waits for a person."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import click

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
from relay.cli.printing import data, emit, note, number, table
from relay.clock import local
from relay.store import browsing
from relay.store.reading import Reader

_STATES = [*browsing.INBOUND_STATES, "undecodable"]
_HIDDEN = ("text", "pdu")
_EPILOG = examples(
    "relay inbox                          the latest messages",
    "relay inbox list --state parked      what waits for a person",
    "relay inbox list --state aside       notices, data: no person's texts",
    "relay inbox show 12                  one message with its text",
    "relay inbox release 12 13            offer them to the server again",
)


@click.group(invoke_without_command=True, epilog=_EPILOG)
@config_option
@click.pass_context
def inbox(context: click.Context) -> None:
    """Messages that came in by SMS."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


@inbox.command(
    "list",
    epilog=examples(
        "relay inbox list",
        "relay inbox list --state waiting --limit 100",
        "relay inbox list --state aside",
        "relay inbox list --state undecodable --text",
    ),
)
@click.option("--state", type=click.Choice(_STATES, case_sensitive=False), help="Only these.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most.")
@text_option
@numbers_option
@json_option
@config_option
@pass_desk
def list_(
    desk: Desk,
    state: str | None = None,
    limit: int = 20,
    show_text: bool = False,
    show_numbers: bool = False,
    as_json: bool = False,
) -> None:
    """List messages, the newest first, without their texts."""
    with desk.reader() as reader:
        undecodable = state == "undecodable"
        rows = (
            browsing.undecodable_list(reader, limit)
            if undecodable
            else browsing.inbound_list(reader, state, limit)
        )
    if as_json:
        emit({"messages": [_document(row, show_text, show_numbers) for row in rows]})
    elif not rows:
        note("There are none.")
    elif undecodable:
        _print_undecodable(rows, show_text)
    else:
        _print(rows, show_text, show_numbers)


def _print(rows: Sequence[sqlite3.Row], show_text: bool, show_numbers: bool) -> None:
    columns = ["id", "no", "kept", "from", "state", "SMS", "reason"]
    columns += ["text"] if show_text else []
    table(
        columns,
        [
            [
                str(row["id"]),
                _no(row),
                local(row["kept_at"]),
                number(row["sender"], show_numbers),
                _state(row),
                str(row["total"]),
                row["reason"] or "",
                *([row["text"] or ""] if show_text else []),
            ]
            for row in rows
        ],
    )


def _state(row: sqlite3.Row) -> str:
    return f"{row['state']}, on a stick" if row["exported_at"] is not None else str(row["state"])


def _no(row: sqlite3.Row) -> str:
    """Its number in the chain of custody; none while parts are missing."""
    return "-" if row["no"] is None else str(row["no"])


def _print_undecodable(rows: Sequence[sqlite3.Row], show_text: bool) -> None:
    columns = ["raw", "kept", "modem", "reason", *(["bytes"] if show_text else [])]
    table(
        columns,
        [
            [
                str(row["id"]),
                local(row["kept_at"]),
                f"{row['modem']} {row['via']}",
                row["reason"] or "",
                *([row["pdu"]] if show_text else []),
            ]
            for row in rows
        ],
    )


def _document(row: sqlite3.Row, show_text: bool, show_numbers: bool) -> dict[str, object]:
    found = {key: row[key] for key in row.keys() if show_text or key not in _HIDDEN}  # noqa: SIM118  # a Row
    if "sender" in found:
        found["sender"] = number(found["sender"], show_numbers)
    return found


# --- one message --------------------------------------------------------------------------------


@inbox.command(epilog=examples("relay inbox show 12", "relay inbox show 12 --show-numbers"))
@click.argument("inbound_id", metavar="ID", type=MessageId())
@numbers_option
@json_option
@config_option
@pass_desk
def show(desk: Desk, inbound_id: int, show_numbers: bool, as_json: bool) -> None:
    """Show one message: its text, its parts, and what each server says of it."""
    with desk.reader() as reader:
        row = _require(reader, inbound_id)
        parts = browsing.inbound_parts(reader, inbound_id)
        servers = browsing.forwardings(reader, inbound_id)
    if as_json:
        emit(
            {
                **_document(row, True, show_numbers),
                "parts": [dict(part) for part in parts],
                "servers": [dict(server) for server in servers],
            }
        )
        return
    data(f"in {row['id']} from {number(row['sender'], show_numbers)}: {_state(row)}")
    _print_details(row, parts, servers)


def _require(reader: Reader, inbound_id: int) -> sqlite3.Row:
    row = browsing.inbound_one(reader, inbound_id)
    if row is None:
        raise click.ClickException(
            f"there is no message in {inbound_id}; see them with: relay inbox list"
        )
    return row


def _print_details(
    row: sqlite3.Row, parts: Sequence[sqlite3.Row], servers: Sequence[sqlite3.Row]
) -> None:
    sent = "not known" if row["sc_time"] is None else local(row["sc_time"])
    data(f"  sent    {sent}")
    data(f"  kept    {local(row['kept_at'])}")
    data(f"  number  {_no(row)}")
    data(f"  uuid    {row['uuid'] or '-'}")
    data(f"  reason  {row['reason'] or '-'}")
    for part in parts:
        seq = part["seq"] if part["seq"] is not None else "?"
        again = f", seen {part['sightings']} times" if part["sightings"] > 1 else ""
        data(f"  part    {seq} of {row['total']}, {part['modem']} {part['via']}{again}")
    for server in servers:
        when = f" {local(server['forwarded_at'])}" if server["forwarded_at"] else ""
        because = f": {server['reason']}" if server["reason"] else ""
        data(f"  server  {server['server']}: {server['state']}{when}{because}")
    data()
    data(row["text"] if row["text"] is not None else "(no text)")


# --- by a person --------------------------------------------------------------------------------


@inbox.command(epilog=examples("relay inbox release 12", "relay inbox release 12 13 14"))
@click.argument("inbound_ids", metavar="ID…", type=MessageId(), nargs=-1, required=True)
@json_option
@config_option
@pass_desk
def release(desk: Desk, inbound_ids: tuple[int, ...], as_json: bool) -> int:
    """Offer parked messages to the servers again, once the cause is gone."""
    from relay.store import forwarding

    config = desk.config()
    servers = [server.name for server in config.servers]
    db = desk.store(config)
    try:
        done = [
            one for one in inbound_ids if forwarding.release(db, desk.clock.now(), one, servers)
        ]
    finally:
        db.close()
    left = [one for one in inbound_ids if one not in done]
    if as_json:
        emit({"released": done, "not_parked": left})
    for one in [] if as_json else done:
        data(f"in {one}: released")
    for one in left:
        note(f"in {one}: {_why_not(desk, one)}; nothing was changed")
    return 1 if left else 0


def _why_not(desk: Desk, inbound_id: int) -> str:
    with desk.reader() as reader:
        row = browsing.inbound_one(reader, inbound_id)
    if row is None:
        return "there is no such message"
    return f"it is {row['state']}, and no server has refused it"
