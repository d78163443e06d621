"""`relay modems`: what is plugged in, whose it is, and the lines for the configuration."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit, note, table
from relay.core import plain
from relay.core.usb import check_digit, same_imei
from relay.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from relay.config import Config
    from relay.config_sections import ModemConfig
    from relay.modem.inventory import Found
    from relay.store.facts import Fact


@dataclass(frozen=True, slots=True)
class Line:
    """One modem that is plugged in; `modem` is the name of its section, '' if it has none."""

    found: Found
    modem: str = ""


@click.command(
    epilog=examples(
        "relay modems                 what is plugged in, and lines to paste",
        "relay modems --no-ask        look only: no port is opened",
        "relay modems --json",
    )
)
@click.option("--no-ask", "quiet", is_flag=True, help="Open no port: show what is known.")
@json_option
@config_option
@pass_desk
def modems(desk: Desk, quiet: bool, as_json: bool) -> int:
    """List the modems that are plugged in, with IMEI, port and what is in the way.

    Asks each free port who is there (AT, AT+CGSN, AT+CGMM). A modem that relay uses at the moment
    is not asked: what relay knows of it is shown. A port that another program holds is not opened.
    """
    from relay.modem.discovery import Bus
    from relay.modem.inventory import inventory

    config, facts = _known(desk)
    used = _used(config, facts)
    found = inventory(Bus.of(desk.environ).tree, leave=set(used), touch=not quiet)
    lines = [_line(one, config, facts, used) for one in found]
    if as_json:
        emit({"modems": [_document(line) for line in lines]})
    else:
        _print(lines, config)
    return 0 if lines else 1


# --- what relay knows ---------------------------------------------------------------------------


def _known(desk: Desk) -> tuple[Config | None, Mapping[str, Fact]]:
    """Before the configuration is written this command is needed most."""
    try:
        config = desk.config()
    except ConfigError as error:
        note(f"{error.problems[0]} (the list is made without the configuration)")
        return None, {}
    try:
        with desk.reader() as reader:
            return config, reader.facts()
    except StoreError:
        return config, {}


def _used(config: Config | None, facts: Mapping[str, Fact]) -> dict[str, str]:
    """The devices that a running relay has open, each with the section that has it."""
    from relay.core.link import READABLE
    from relay.status import is_held

    if config is None or not is_held(config.store.path):
        return {}
    used = {}
    for modem in config.modems:
        port, link = (_value(facts, f"modem.{modem.name}.{what}") for what in ("port", "link"))
        if link.get("state") in READABLE and port.get("path"):
            used[str(port.get("usb_path") or port["path"])] = modem.name
    return used


def _line(
    found: Found, config: Config | None, facts: Mapping[str, Fact], used: Mapping[str, str]
) -> Line:
    owner = used.get(found.socket) or used.get(found.port, "")
    if owner:
        port, who = (_value(facts, f"modem.{owner}.{what}") for what in ("port", "identity"))
        known = replace(
            found,
            port=str(port.get("path", found.port)),
            imei=str(who.get("imei", "")),
            model=str(who.get("model", "")),
            state="in use",
            detail="by relay",
        )
        return Line(known, owner)
    sections = config.modems if config is not None else ()
    return Line(found, next((one.name for one in sections if _means(one, found)), ""))


def _means(modem: ModemConfig, found: Found) -> bool:
    binding = modem.binding
    vendor, _, product = found.usb.partition(":")
    if binding.imei:
        return same_imei(binding.imei, found.imei)
    if binding.fixed:
        real = {os.path.realpath(port) for port in found.ports}
        return os.path.realpath(binding.fixed) in real
    return bool(found.ports) and binding.means(vendor, product, found.socket)


def _value(facts: Mapping[str, Fact], key: str) -> Mapping[str, Any]:
    found = facts.get(key)
    return found.value if found is not None and isinstance(found.value, dict) else {}


# --- what is shown ------------------------------------------------------------------------------


def _document(line: Line) -> dict[str, Any]:
    found = line.found
    return {
        "socket": found.socket,
        "usb": found.usb,
        "name": found.name,
        "port": found.port or None,
        "ports": list(found.ports),
        "imei": found.imei or None,
        "model": found.model or None,
        "modem": line.modem or None,
        "state": found.state,
        "detail": found.detail or None,
    }


def _print(lines: Sequence[Line], config: Config | None) -> None:
    if not lines:
        note("No USB modem is plugged in. Try another socket, a shorter lead, a hub with power.")
        return
    table(
        ("SOCKET", "USB", "IMEI", "MODEL", "SECTION", "STATE", "PORT"),
        [_row(line) for line in lines],
    )
    for line in lines:
        if line.found.detail and line.found.state != "in use":
            note(
                f"\n{line.found.state} at {line.found.socket}: {plain.sentence(line.found.detail)}"
            )
    new = list(_sections(lines, config))
    if new:
        data("\n# For the configuration:")
        data("\n".join(new))


def _row(line: Line) -> tuple[str, ...]:
    found = line.found
    named = found.model or found.name
    cells = (found.socket, found.usb, found.imei, named, line.modem, found.state, found.port)
    return tuple(cell or "-" for cell in cells)


def _sections(lines: Sequence[Line], config: Config | None) -> Iterator[str]:
    """A section for each modem that has none; by its socket where it does not tell its IMEI."""
    taken = {modem.name for modem in config.modems} if config is not None else set()
    names = (f"usb{n}" for n in range(1, 1000) if f"usb{n}" not in taken)
    for line in lines:
        found = line.found
        if line.modem or not found.ports or found.state == "silent":
            continue
        yield f"[modem.{next(names)}]"
        if found.imei:
            yield f'imei = "{found.imei[:14]}{check_digit(found.imei)}"  # {found.name}'
        else:
            yield f'usb_path = "{found.socket}"  # {found.name}; its IMEI is not known yet'
