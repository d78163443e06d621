"""`relay sim`: which SIMs were seen, and a person's word for another one."""

from __future__ import annotations

import sqlite3

import click

from relay.cli.completing import modem_names
from relay.cli.desk import Desk, config_option, examples, json_option, numbers_option, pass_desk
from relay.cli.printing import data, emit, note, number, table
from relay.clock import local
from relay.core.card import Card
from relay.store import sims
from relay.store.sims import InModem

modem_option = click.option(
    "--modem",
    metavar="NAME",
    shell_complete=modem_names,
    help="Needed where there is more than one.",
)

_EPILOG = examples(
    "relay sim                            the SIMs that were seen",
    "relay sim show --modem usb1          the one in a modem",
    "relay sim accept --modem usb1        send with the SIM that is in it now",
)


@click.group(invoke_without_command=True, epilog=_EPILOG)
@config_option
@click.pass_context
def sim(context: click.Context) -> None:
    """The SIMs of this gateway. Another SIM in a modem may receive, and waits to send."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


@sim.command("list", epilog=examples("relay sim list", "relay sim list --show-numbers"))
@numbers_option
@json_option
@config_option
@pass_desk
def list_(desk: Desk, show_numbers: bool = False, as_json: bool = False) -> None:
    """List every SIM that was ever seen, the latest first."""
    with desk.reader() as reader:
        rows = [_document(row, show_numbers) for row in sims.listed(reader)]
    if as_json:
        emit({"sims": rows})
    elif rows:
        columns = ["id", "modem", "state", "ICCID", "IMSI", "number", "first seen", "SMS in"]
        table(columns, [_line(row) for row in rows])
    else:
        note("No SIM was seen yet.")


def _line(row: dict[str, object]) -> list[str]:
    return [
        str(row["id"]),
        str(row["modem"]),
        str(row["state"]),
        str(row["iccid"] or "-"),
        str(row["imsi"] or "-"),
        str(row["number"] or "-"),
        local(int(str(row["first_at"]))),
        str(row["received"]),
    ]


def _document(row: sqlite3.Row, show_numbers: bool) -> dict[str, object]:
    found: dict[str, object] = {key: row[key] for key in row.keys()}  # noqa: SIM118  # a Row
    for key in ("iccid", "imsi", "number", "smsc", "smsc_before"):
        found[key] = number(row[key], show_numbers) if row[key] else row[key]
    found["state"] = state(row)
    return found


def state(row: sqlite3.Row) -> str:
    """What a SIM is to this gateway: accepted, waiting for a person, or gone."""
    if row["held_since"] is not None:
        return "not accepted"
    return "accepted" if row["accepted_at"] is not None else "gone"


@sim.command(epilog=examples("relay sim show", "relay sim show --modem usb2 --show-numbers"))
@modem_option
@numbers_option
@json_option
@config_option
@pass_desk
def show(desk: Desk, modem: str | None, show_numbers: bool, as_json: bool) -> None:
    """Show the SIM that was seen last in a modem."""
    name = _modem(desk, modem)
    with desk.reader() as reader:
        found = sims.looked_up(reader, name)
        rows = [row for row in sims.listed(reader) if row["id"] == found.id]
    if not rows:
        raise click.ClickException(f"no SIM was seen in modem {name} yet; see: relay status")
    document = _document(rows[0], show_numbers)
    if as_json:
        emit(document)
        return
    data(f"SIM {document['iccid'] or document['imsi']} in modem {name}: {document['state']}")
    for label, key in (("IMSI", "imsi"), ("number", "number"), ("SMSC", "smsc")):
        data(f"  {label:<11}{document[key] or '-'}")
    data(f"  {'first seen':<11}{local(rows[0]['first_at'])}")
    if rows[0]["accepted_at"] is not None:
        data(f"  {'accepted':<11}{local(rows[0]['accepted_at'])}")
    data(f"  {'SMS in':<11}{rows[0]['received']}")


@sim.command(epilog=examples("relay sim accept", "relay sim accept --modem usb1"))
@modem_option
@json_option
@config_option
@pass_desk
def accept(desk: Desk, modem: str | None, as_json: bool) -> int:
    """Send with the SIM that is in a modem now. A running relay goes on within seconds."""
    name = _modem(desk, modem)
    config = desk.config()
    db = desk.store(config)
    try:
        found = sims.looked_up(db, name)
        if found.held_since is not None and found.id is not None:
            sims.Sims(db).accept(desk.clock.now(), found.id)
    finally:
        db.close()
    done = found.held_since is not None
    if as_json:
        emit({"modem": name, "accepted": done, "sim": _shown(found.card)})
    elif done:
        data(f"modem {name}: the SIM {_shown(found.card)} is accepted; it sends from now on")
    else:
        note(f"modem {name}: {_why_not(found)}; nothing was changed")
    return 0 if done else 1


@sim.command(
    "pin-again", epilog=examples("relay sim pin-again", "relay sim pin-again --modem usb1")
)
@modem_option
@json_option
@config_option
@pass_desk
def pin_again(desk: Desk, modem: str | None, as_json: bool) -> None:
    """Let relay try PINs again that a SIM refused, after the right one was entered in a phone.

    It tries the PIN of the configuration once more, and still never uses the last try.
    """
    from relay.store.pins import Pins

    name, db = _modem(desk, modem), desk.store(desk.config())
    try:
        Pins(db, desk.clock.now, name).forget()
    finally:
        db.close()
    if as_json:
        emit({"modem": name, "forgotten": True})
        return
    data(
        "The PINs that were refused are forgotten; relay tries the one of the configuration once."
    )


def _why_not(found: InModem) -> str:
    if not found.card.known:
        return "no SIM was seen there yet"
    return f"its SIM {_shown(found.card)} is accepted already"


def _shown(card: Card) -> str:
    return number(card.iccid or card.imsi, False)


def _modem(desk: Desk, name: str | None) -> str:
    """The modem that is meant; the only one where none is named."""
    names = [modem.name for modem in desk.config().modems]
    if name in names:
        return str(name)
    if name is None and len(names) == 1:
        return names[0]
    known = ", ".join(names) or "none is configured"
    raise click.UsageError(f"Which modem? Give --modem NAME, one of: {known}.")
