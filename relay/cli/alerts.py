"""`relay alerts`: what the technician is told of, what is wrong at the moment, and a try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from relay.cli.desk import (
    Desk,
    config_option,
    examples,
    json_option,
    numbers_option,
    pass_desk,
    yes_option,
)
from relay.cli.printing import data, emit, note, number, table
from relay.core import plain
from relay.core.alert_kinds import BY_NAME, KINDS
from relay.core.alerts import Told, Watch
from relay.store.alerts import watches

if TYPE_CHECKING:
    from relay.config import Config

_USEFUL_MS = plain.HOUR
_EPILOG = examples(
    "relay alerts                what is told, to whom, and what is wrong now",
    "relay alerts test           send an SMS to the technician, after asking",
)


@click.group(invoke_without_command=True, epilog=_EPILOG)
@config_option
@click.pass_context
def alerts(context: click.Context) -> None:
    """SMS to a technician when something is wrong for too long: [alerts] in the configuration."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


@alerts.command("list", epilog=examples("relay alerts list", "relay alerts list --json"))
@numbers_option
@json_option
@config_option
@pass_desk
def list_(desk: Desk, show_numbers: bool = False, as_json: bool = False) -> None:
    """List the rules with their times, and the problems that are followed at the moment."""
    config, now = desk.config(), desk.clock.now()
    with desk.reader() as reader:
        followed = watches(reader)
    if as_json:
        emit(_document(config, followed, show_numbers))
        return
    to = ", ".join(number(one, show_numbers) for one in config.alerts.to)
    data(f"SMS go to {to}." if to else "SMS go to nobody: [alerts] to is empty.")
    data()
    patience = config.alerts.rules.patience
    table(
        ["what", "told after", "now"],
        [
            [
                kind.words.format(subject="…"),
                _after(kind.name, patience),
                "; ".join(_state(one, now) for one in followed if one.kind == kind.name),
            ]
            for kind in KINDS
        ],
    )


def _after(kind: str, patience: Any) -> str:
    if kind not in patience:
        return "never"
    return plain.duration(patience[kind]) if patience[kind] else "at once"


def _state(watch: Watch, now: int) -> str:
    """`usb1 MODEM_LOST since 2 h, told 1 h 50 min ago`."""
    name = f"{watch.subject} {watch.code}".strip()
    if watch.away_at is not None:
        return f"{name} gone for {plain.duration(now - watch.away_at)}"
    words = f"{name} since {plain.duration(max(0, now - watch.began_at))}"
    if watch.told is not Told.NOTHING:
        return f"{words}, told {plain.age(watch.told_at, now)}"
    return f"{words}, not told yet"


def _document(config: Config, followed: tuple[Watch, ...], show_numbers: bool) -> dict[str, Any]:
    patience = config.alerts.rules.patience
    return {
        "to": [number(one, show_numbers) for one in config.alerts.to],
        "rules": [
            {"kind": kind.name, "urgent": kind.urgent, "lasts_ms": patience.get(kind.name)}
            for kind in KINDS
        ],
        "problems": [
            {
                "kind": one.kind,
                "subject": one.subject,
                "code": one.code,
                "urgent": BY_NAME[one.kind].urgent,
                "began_at": one.began_at,
                "away_at": one.away_at,
                "raised_at": one.raised_at,
                "told": one.told or None,
                "told_at": one.told_at,
            }
            for one in followed
            if one.kind in BY_NAME
        ],
    }


@alerts.command(epilog=examples("relay alerts test", "relay alerts test --yes"))
@yes_option
@json_option
@config_option
@pass_desk
def test(desk: Desk, yes: bool, as_json: bool) -> int:
    """Send an SMS to each technician, to see that it arrives. It costs what an SMS costs."""
    from relay.status import is_held

    config = desk.config()
    if not config.alerts.to:
        note("There is nobody to write to: write a number as to of [alerts]. Nothing was sent.")
        return 1
    to = ", ".join(number(one, show=False) for one in config.alerts.to)
    if not yes and not click.confirm(f"Send one SMS to {to}?", err=True):
        note("Nothing was sent.")
        return 1
    ids = _write(desk, config)
    if as_json:
        emit({"ids": ids})
    else:
        for outbound_id, one in zip(ids, config.alerts.to, strict=True):
            data(f"out {outbound_id}: to {number(one, show=False)}")
    if is_held(config.store.path) is False:
        note("relay is not running: it goes out once relay is started, within the hour.")
    return 0


def _write(desk: Desk, config: Config) -> list[int]:
    from relay.core.alert_words import trial_text
    from relay.core.priority import Priority

    db = desk.store(config)
    try:
        outbox, now = desk.outbox(config, db), desk.clock.now()
        return [
            outbox.enqueue(
                now,
                recipient=one,
                text=trial_text(config.gateway.name),
                priority=Priority.ALERT,
                useful_until=now + _USEFUL_MS,
                key="alert-test",
                may_loop=True,
            )
            for one in config.alerts.to
        ]
    finally:
        db.close()
