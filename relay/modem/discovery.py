"""Finding the port of one modem, whatever number the kernel gave it today.

A modem is bound by its port, its IMEI, its USB numbers or the socket it sits in. Unless the port
itself is named, every serial port that may be the one is asked (AT, AT+CGSN): first the one that
worked last, then by what is known of the family. A port that somebody holds is never opened.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from typing import Any, Protocol

from relay.core.device import Identity
from relay.core.usb import Binding, Plugged, Role, SerialPort, in_order, role
from relay.core.usb_ids import MODEM_VENDORS
from relay.errors import Ailing, PortLost
from relay.modem.claims import Claims
from relay.modem.obstacles import blocked, missing, modem_manager_runs, worst
from relay.modem.port import calls_only, held, holder_of
from relay.modem.probe import Answered, Care, probe
from relay.modem.sysfs import Tree, names, plugged

Probe = Callable[[str, int, Care], Answered | None]


class Bus:
    """Where all modems of this relay are plugged in, and which of them has what.

    `plugs` counts how often something came or went; written by the main thread, read by all.
    """

    def __init__(self, tree: Tree | None = None, claims: Claims | None = None) -> None:
        self.tree = tree or Tree()
        self.claims = claims or Claims()
        self.plugs = 0
        self._seen = names(self.tree)

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Bus:
        """The machine's, or that of a simulation: $RELAY_DEVICES is a folder with dev and sys."""
        return cls(Tree.under(environ.get("RELAY_DEVICES", "")))

    def look(self) -> bool:
        """Whether something was plugged in or pulled out since the last look."""
        seen, self._seen = self._seen, names(self.tree)
        changed = seen != self._seen
        self.plugs += changed
        return changed


class PortMemory(Protocol):
    """The port that worked last, over restarts."""

    def recall(self) -> dict[str, Any]: ...
    def remember(self, found: dict[str, Any]) -> None: ...


class Finder(Protocol):
    """How the driver comes to a port. Only used by that modem's thread."""

    def find(self) -> str:
        """What to open now. Raises `PortLost`."""
        ...

    def accept(self, identity: Identity) -> None:
        """Raises `PortLost` if the modem that answers is not the one that is meant."""
        ...

    def explain(self, error: PortLost) -> PortLost:
        """The same error with what the machine knows about it."""
        ...

    def leave(self) -> None:
        """The port is not used any more."""
        ...


class FixedPort:
    """A port that needs no looking for, and any modem behind it."""

    def __init__(self, port: str) -> None:
        self._port = port

    def find(self) -> str:
        return self._port

    def accept(self, identity: Identity) -> None:
        pass

    def explain(self, error: PortLost) -> PortLost:
        return error

    def leave(self) -> None:
        pass


@dataclass(slots=True)
class _Search:
    """What one search has come across."""

    found: list[tuple[SerialPort, str]] = field(default_factory=list)
    silent: list[SerialPort] = field(default_factory=list)
    reasons: list[PortLost] = field(default_factory=list)


class Discovery:
    """The `Finder` of one modem section."""

    def __init__(
        self,
        name: str,
        binding: Binding,
        *,
        bus: Bus,
        memory: PortMemory,
        baud: int = 115_200,
        care: Care | None = None,
        ask: Probe = probe,
    ) -> None:
        self._name = name
        self._binding = binding
        self._claims = bus.claims
        self._tree = bus.tree
        self._memory = memory
        self._baud = baud
        self._care = care or Care()
        self._ask = ask
        self._port: SerialPort | None = None

    def find(self) -> str:
        """The path or URL to open, claimed for this modem. Raises `PortLost` with a code."""
        with self._claims.search():
            now = plugged(self._tree)
            self._port = self._fixed(now) if self._binding.fixed else self._search(now)
            self._claims.take(self._name, self._port)
        return self._port.path

    def accept(self, identity: Identity) -> None:
        """Before a PIN or a message reaches the modem. Raises `PortLost`, or `Ailing`."""
        assert self._port is not None
        if not self._binding.takes(identity.imei):
            if not identity.imei and self._was_at(self._port):
                raise Ailing("MAD", "the modem does not say any more who it is")
            raise self._other(self._port.path, identity.imei)
        self._memory.remember({**asdict(self._port), "imei": identity.imei})

    def explain(self, error: PortLost) -> PortLost:
        return blocked(error, self._port, manager_runs=modem_manager_runs(self._tree.sys))

    def leave(self) -> None:
        self._claims.leave(self._name)

    # --- a port that is named -------------------------------------------------------------------

    def _fixed(self, now: Plugged) -> SerialPort:
        path = self._binding.fixed
        if "://" in path:
            return SerialPort(path)
        if not os.path.lexists(path):
            raise missing(now, self._binding)
        real = os.path.realpath(path)
        same = next((port for port in now.ports if os.path.realpath(port.path) == real), None)
        port = replace(same, path=path) if same else SerialPort(path)
        if not self._binding.means(port.vendor, port.product, port.usb_path):
            raise PortLost(
                path, f"it is {port.usb or 'no USB port'} at {port.usb_path}, not {self._binding}",
                "MODEM_OTHER_IMEI",
            )  # fmt: skip
        return port

    # --- a port that is looked for --------------------------------------------------------------

    def _search(self, now: Plugged) -> SerialPort:
        fitting = [p for p in now.ports if self._binding.means(p.vendor, p.product, p.usb_path)]
        if not fitting:
            raise missing(now, self._binding)
        last = self._last()
        search = _Search()
        for port, imei in self._answering(in_order(fitting, last), search):
            search.found.append((port, imei))
            if self._binding.imei:
                break  # no second modem has this number
        if search.found:
            return self._chosen(search.found, last)
        return self._asleep(now, search, last)

    def _answering(
        self, ports: list[SerialPort], search: _Search
    ) -> Iterator[tuple[SerialPort, str]]:
        """The first port of each device at which a modem that may be meant answers."""
        for _, of_device in groupby(ports, key=lambda port: port.device):
            modem = list(of_device)
            if self._claims.holder(modem[0], self._name):
                continue  # it is another one of this relay, and at work
            if (taken := self._taken(modem)) is not None:
                search.reasons.append(taken)
                continue
            found = self._first(modem, search)
            if found is None:
                continue
            port, imei = found
            if self._binding.takes(imei):
                yield port, imei
            elif not imei and self._was_at(port):
                search.silent.append(port)
            elif self._binding.imei:
                search.reasons.append(self._other(port.path, imei))

    def _taken(self, modem: list[SerialPort]) -> PortLost | None:
        """Why this modem must be left alone: another program uses one of its ports."""
        for port in modem:
            if role(port) is Role.OTHER:
                continue  # what reads positions or diagnostics is in nobody's way
            holder = holder_of(port.path, self._tree.proc)
            if holder and not calls_only(holder):
                return self._blocked(held(port.path, holder), port)
        return None

    def _first(self, modem: list[SerialPort], search: _Search) -> tuple[SerialPort, str] | None:
        """The first of its ports that answers, with its IMEI; what is in the way is noted."""
        for port in modem:
            try:
                answered = self._ask(port.path, self._baud, self._care)
            except PortLost as error:
                search.reasons.append(self._blocked(error, port))
                held_by_other = error.code in {"PORT_BUSY", "PORT_MODEMMANAGER"}
                if held_by_other and role(port) is not Role.OTHER:
                    return None  # whoever has this port may use the others as well
                continue
            if answered is not None:
                return port, answered.imei
            search.silent.append(port)
        return None

    def _blocked(self, error: PortLost, port: SerialPort) -> PortLost:
        return blocked(error, port, manager_runs=modem_manager_runs(self._tree.sys))

    def _chosen(self, found: list[tuple[SerialPort, str]], last: SerialPort | None) -> SerialPort:
        """The only one, or among several the one that this section has used before."""
        if len(found) == 1:
            return found[0][0]
        known = str(self._memory.recall().get("imei", ""))
        again = [port for port, imei in found if self._known(imei, known)]
        if len(again) == 1:
            return again[0]
        if last is not None and found[0][0].device == last.device:
            return found[0][0]
        listed = ", ".join(f"{port.path} (IMEI {imei or 'not told'})" for port, imei in found)
        raise PortLost(
            str(self._binding),
            f'{len(found)} modems fit: {listed}. Say which one with imei = "…"; '
            "`relay modems` prints the lines",
            "MODEM_AMBIGUOUS",
        )

    @staticmethod
    def _known(imei: str, known: str) -> bool:
        return bool(known) and imei[:14] == known[:14]

    def _asleep(self, now: Plugged, search: _Search, last: SerialPort | None) -> SerialPort:
        """No modem answered a short question. One that hangs needs the long one of its bring-up.

        Only where it is clear which one that is: the IMEI is compared after that all the same.
        """
        devices = {port.device for port in search.silent}
        known = [p for p in search.silent if last and (p.device, p.usb) == (last.device, last.usb)]
        # With other sections it may well be the modem of one of those, that only hangs.
        alone = len(devices) == 1 and not search.reasons and not self._binding.foreign
        if known or alone:
            return (known or search.silent)[0]
        modems = [port.path for port in search.silent if port.vendor in MODEM_VENDORS]
        if modems:
            words = f"no modem answers at {', '.join(modems)}"
            search.reasons.append(PortLost(str(self._binding), words, "MODEM_SILENT"))
        search.reasons.append(missing(now, self._binding))
        raise worst(search.reasons)

    def _was_at(self, port: SerialPort) -> bool:
        """Whether it was our modem that last worked there: then it has gone mad, not away."""
        last = self._last()
        ours = self._binding.takes(str(self._memory.recall().get("imei", "")))
        return ours and last is not None and (last.device, last.usb) == (port.device, port.usb)

    def _last(self) -> SerialPort | None:
        """Where the modem was when it worked last."""
        known = self._memory.recall()
        fields = {key: known[key] for key in SerialPort.__dataclass_fields__ if key in known}
        return SerialPort(**fields) if fields.get("path") else None

    def _other(self, where: str, imei: str) -> PortLost:
        wanted = f", not {self._binding.imei}" if self._binding.imei else " of another section"
        return PortLost(
            where,
            f"the modem there has the IMEI {imei or 'that it does not tell'}{wanted}. Plug in the "
            "right one, or correct the configuration (`relay modems` prints the lines)",
            "MODEM_OTHER_IMEI",
        )
