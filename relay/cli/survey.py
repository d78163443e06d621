"""`relay survey`: how each modem is at this moment, asked and not remembered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from relay.cli.calling import call, modem_option
from relay.cli.desk import Desk, config_option, examples, json_option, numbers_option, pass_desk
from relay.cli.printing import data, emit, number

_PATIENCE_S = 60.0
_STANDING = {0: "not registered", 1: "registered", 2: "searching", 3: "denied", 5: "roaming"}


@click.command(epilog=examples("relay survey", "relay survey --modem usb1 --json"))
@modem_option
@numbers_option
@json_option
@config_option
@pass_desk
def survey(desk: Desk, modem: str | None, show_numbers: bool, as_json: bool) -> int:
    """Ask each modem how it is now: signal, network, memory.

    relay status shows what was last known; this asks the modem between two messages. Exits with 1
    where a modem cannot be asked.
    """
    answer = call(desk, "survey", timeout_s=_PATIENCE_S, modem=modem)
    found = [_masked(one, show_numbers) for one in answer["modems"]]
    if as_json:
        emit({"modems": found})
    else:
        for one in found:
            _print(one)
    return 0 if found and all(one["survey"] for one in found) else 1


def _masked(one: Mapping[str, Any], show: bool) -> dict[str, Any]:
    """Without what is somebody's: number and service centre, whose card and modem it is."""
    survey, who = one.get("survey"), dict(one.get("identity") or {})
    for key in ("number", "imsi", "iccid", "imei"):
        if who.get(key):
            who[key] = number(str(who[key]), show)
    if survey and survey.get("smsc"):
        survey = {**survey, "smsc": number(str(survey["smsc"]), show)}
    return {**one, "survey": survey, "identity": who}


def _print(one: Mapping[str, Any]) -> None:
    survey = one["survey"]
    if not survey:
        data(f"{one['modem']}: {one['error'] or one['state']}")
        return
    data(f"{one['modem']}: {one['state']}")
    dbm = survey["signal_dbm"]
    standing = _STANDING.get(survey["registration"], "unknown")
    where = " ".join(filter(None, (survey["operator"], survey["access"])))
    data(f"  network   {standing}{f', {where}' if where else ''}")
    data(f"  signal    {'unknown' if dbm is None else f'{dbm} dBm'}")
    data(f"  centre    {survey['smsc'] or 'unknown'}")
    for use in survey["memories"]:
        data(f"  memory    {use['memory']}: {use['used']} of {use['total']} used")
    data(f"  modem     {one['identity'].get('model', '')} {one['identity'].get('imei', '')}")
