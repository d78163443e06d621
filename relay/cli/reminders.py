"""`relay reminders`: what is told by the clock, to whom and when, and what staff does about it."""

from __future__ import annotations

import click

from relay.cli.desk import Desk, config_option, examples, json_option, numbers_option, pass_desk
from relay.cli.lists import opened, source, viewed
from relay.cli.printing import data, emit, note, number, table
from relay.cli.reminders_added import add, export, import_
from relay.clock import from_local, local, wall
from relay.core.reminders import Cancelled, Reminder, ReminderState

_EPILOG = examples(
    "relay reminders                                   what waits, the next first",
    "relay reminders list --day 2026-12-22",
    "relay reminders list --patient 84217 --all",
    "relay reminders add +254700000001 '2026-12-22 09:00' 'Come on Friday.'",
    "relay reminders mute 84217",
)


@click.group(invoke_without_command=True, epilog=_EPILOG)
@config_option
@click.pass_context
def reminders(context: click.Context) -> None:
    """Dated messages: reminders of patients, repeated calls, weekly prompts, and your own."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


@reminders.command(
    "list",
    epilog=examples(
        "relay reminders list",
        "relay reminders list --day 2026-12-22 --all",
        "relay reminders list --unheard     escalations that nobody got",
    ),
)
@click.option("--day", metavar="DATE", help="Only those of a day, such as 2026-12-22.")
@click.option("--patient", metavar="ID", default="", help="Only those about a patient.")
@click.option("--all", "everything", is_flag=True, help="Also what waits no more.")
@click.option("--unheard", is_flag=True, help="Only what nobody could get.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most.")
@numbers_option
@json_option
@config_option
@pass_desk
def list_(
    desk: Desk,
    day: str | None = None,
    patient: str = "",
    everything: bool = False,
    unheard: bool = False,
    limit: int = 50,
    show_numbers: bool = False,
    as_json: bool = False,
) -> None:
    """List reminders by day, the next first: those that wait or are muted."""
    from relay.store import reminders as store

    since = None if day is None else _beginning(day)
    states = [ReminderState.WAITING, ReminderState.MUTED]
    if unheard:
        states = [ReminderState.SKIPPED_UNREACHABLE]
    with viewed(desk) as view:
        found = store.listed(
            view,
            since=since,
            until=None if since is None else wall(since, "00:00", 1),
            patient=patient,
            states=[] if everything and not unheard else states,
            limit=limit,
        )
    if as_json:
        emit({"reminders": [_document(one, show_numbers) for one in found]})
    elif found:
        table(
            ("id", "due", "to", "patient", "rule", "state"),
            [[str(one.id), local(one.not_before)[:16], _to(one, show_numbers), one.patient or "-",
              one.rule, one.state] for one in found],
        )  # fmt: skip
    else:
        note("There are none.")


def _beginning(day: str) -> int:
    try:
        return from_local(f"{day} 00:00")
    except ValueError as error:
        raise click.UsageError(f"{day!r} is no day; write it as 2026-12-22") from error


def _to(row: Reminder, show_numbers: bool) -> str:
    return row.recipient if row.tag else number(row.recipient, show_numbers) or "nobody"


def _document(row: Reminder, show_numbers: bool) -> dict[str, object]:
    return {
        "id": row.id,
        "due": row.not_before,
        "useful_until": row.useful_until,
        "to": _to(row, show_numbers),
        "patient": row.patient,
        "rule": row.rule,
        "occasion": row.occasion,
        "state": row.state,
        "reason": row.reason,
    }


@reminders.command(epilog=examples("relay reminders show 12"))
@click.argument("reminder_id", metavar="ID", type=click.IntRange(1))
@numbers_option
@json_option
@config_option
@pass_desk
def show(desk: Desk, reminder_id: int, show_numbers: bool, as_json: bool) -> None:
    """Show one reminder, and what became of it."""
    from relay.store import reminders as store
    from relay.store import trail

    with viewed(desk) as view:
        row = store.by_id(view, reminder_id)
        changes = [dict(one) for one in trail.of(view, "reminder", reminder_id)]
    if row is None:
        raise click.ClickException(_absent(reminder_id))
    if as_json:
        emit({**_document(row, show_numbers), "text": row.text, "changes": changes})
        return
    data(f"reminder {row.id} to {_to(row, show_numbers)}: {row.state}")
    data(f"  rule    {row.rule}, from {row.occasion}")
    data(f"  due     {local(row.not_before)}, of use until {local(row.useful_until)}")
    data(f"  about   {row.patient or '-'}")
    data(f"  reason  {row.reason or '-'}")
    for one in changes:
        moved = " → ".join(filter(None, (one["before"], one["after"])))
        data(f"  {local(one['at'])}  {one['event']} {moved}")
    if row.text:
        data()
        data(row.text)


def _absent(reminder_id: int) -> str:
    return f"there is no reminder {reminder_id}; see them with: relay reminders list --all"


# --- by a person --------------------------------------------------------------------------------


@reminders.command(epilog=examples("relay reminders remove 12", "relay reminders remove 12 13"))
@click.argument("ids", metavar="ID…", type=click.IntRange(1), nargs=-1, required=True)
@json_option
@config_option
@pass_desk
def remove(desk: Desk, ids: tuple[int, ...], as_json: bool) -> int:
    """Cancel reminders that wait, or settle what nobody could get."""
    from relay.core.reminders import REMINDER_TRANSITIONS
    from relay.store import reminders as store

    done: list[int] = []
    with opened(desk) as db, db.transaction() as tx:
        for one in dict.fromkeys(ids):
            row = store.by_id(tx, one)
            gone = row is None or row.state is ReminderState.SENT
            if row is None or gone or Cancelled not in REMINDER_TRANSITIONS[row.state]:
                continue
            store.move(tx, desk.clock.now(), row, Cancelled(source("reminders remove")))
            done.append(one)
    same = [one for one in dict.fromkeys(ids) if one not in done]
    if as_json:
        emit({"removed": done, "unchanged": same})
    for one in [] if as_json else done:
        data(f"reminder {one}: cancelled")
    for one in same:
        note(f"reminder {one}: it is not there, or waits no more; nothing was changed")
    return 1 if same else 0


@reminders.command(epilog=examples("relay reminders mute 84217", "relay reminders mute +2547…"))
@click.argument("whom", metavar="PATIENT|NUMBER")
@json_option
@config_option
@pass_desk
def mute(desk: Desk, whom: str, as_json: bool) -> None:
    """Silence all reminders about a patient, or to a number, until they are unmuted."""
    from relay.store import reminders as store

    with opened(desk) as db, db.transaction() as tx:
        who = source("reminders mute")
        count = store.mute(tx, desk.clock.now(), *_patient_or_number(whom), who)
    _say(count, "muted", as_json)


@reminders.command(epilog=examples("relay reminders unmute 84217"))
@click.argument("whom", metavar="PATIENT|NUMBER")
@json_option
@config_option
@pass_desk
def unmute(desk: Desk, whom: str, as_json: bool) -> None:
    """Let reminders about a patient, or to a number, come again."""
    from relay.store import reminders as store

    with opened(desk) as db, db.transaction() as tx:
        count = store.unmute(tx, desk.clock.now(), *_patient_or_number(whom))
    _say(count, "unmuted", as_json)


def _patient_or_number(whom: str) -> tuple[str, str]:
    """A number has its country in front; anything else is the id of a patient."""
    from relay.core.number import dialable

    return ("", dialable(whom)) if whom.startswith("+") else (whom.strip(), "")


def _say(count: int, what: str, as_json: bool) -> None:
    if as_json:
        emit({what: count})
    else:
        data(f"{count} {what}; what is written later as well.")


for command in (add, import_, export):
    reminders.add_command(command)
