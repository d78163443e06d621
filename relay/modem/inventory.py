"""What is plugged in, for people: each modem with its port, its IMEI and what is in its way."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from relay.core.usb import Plugged, SerialPort, in_order
from relay.core.usb_ids import MODEM_VENDORS
from relay.errors import PortLost
from relay.modem.discovery import Probe
from relay.modem.obstacles import blocked, missing_of, modem_manager_runs
from relay.modem.port import calls_only, held, holder_of
from relay.modem.probe import Care, probe_model
from relay.modem.sysfs import Tree, plugged


@dataclass(frozen=True, slots=True)
class Found:
    """One USB device that is a modem, or may be one.

    `state` is "free", "silent", "not asked" or a code such as PORT_BUSY, `detail` its words;
    `ports` are all its serial ports, `port` the one that answered or is most likely to.
    """

    socket: str
    usb: str
    name: str
    port: str = ""
    ports: tuple[str, ...] = ()
    imei: str = ""
    model: str = ""
    state: str = "free"
    detail: str = ""


def inventory(
    tree: Tree, *, leave: Collection[str] = (), touch: bool = True, ask: Probe = probe_model
) -> tuple[Found, ...]:
    """All modems that are plugged in, in the order of their sockets.

    Those in the sockets of `leave` are not asked, nor any other without `touch`; a port that a
    program holds never is.
    """
    now = plugged(tree)
    looked = [_with_ports(tree, now, ports, leave, touch, ask) for ports in _modems(now)]
    return tuple(sorted([*looked, *_without_ports(now)], key=lambda found: found.socket))


def _modems(now: Plugged) -> Iterator[list[SerialPort]]:
    for _, ports in groupby(in_order(now.ports), key=lambda port: port.device):
        yield list(ports)


def _with_ports(
    tree: Tree,
    now: Plugged,
    ports: Sequence[SerialPort],
    leave: Collection[str],
    touch: bool,
    ask: Probe,
) -> Found:
    first = ports[0]
    found = Found(
        first.usb_path, first.usb, first.name, first.path, tuple(port.path for port in ports)
    )
    if first.device in leave or not touch:
        return replace(found, state="not asked")
    manager = modem_manager_runs(tree.sys)
    for port in ports:
        holder = holder_of(port.path, tree.proc)
        if holder and not calls_only(holder):
            return _in_the_way(found, blocked(held(port.path, holder), port, manager_runs=manager))
    problem: PortLost | None = None
    for port in ports:
        try:
            answered = ask(port.path, 115_200, Care())
        except PortLost as error:
            problem = problem or blocked(error, port, manager_runs=manager)
            continue
        if answered is not None:
            return replace(
                found, port=port.path, imei=answered.imei, model=answered.model, state="free"
            )
    return _in_the_way(found, problem) if problem else replace(found, state="silent")


def _in_the_way(found: Found, error: PortLost) -> Found:
    return replace(found, state=error.code or "PORT_BUSY", detail=error.cause)


def _without_ports(now: Plugged) -> Iterator[Found]:
    """Sticks that are still a disk, and modems that no driver wants."""
    for device in now.devices:
        reason = missing_of(device, now.ports)
        if reason is not None:
            yield Found(
                device.path, device.usb, device.name or MODEM_VENDORS.get(device.vendor, ""),
                state=reason.code, detail=reason.cause,
            )  # fmt: skip
