"""The whole simulation as a program: modems and their ports, a server, a prompt."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from relay.simulator.cable import Cable
from relay.simulator.conversation import Conversation
from relay.simulator.modem import SimulatedModem
from relay.simulator.network import Network
from relay.simulator.port import PtyPort, TcpPort
from relay.simulator.profiles import profile_named
from relay.simulator.prompt import Console
from relay.simulator.server import CentralServer
from relay.simulator.stick import Stick
from relay.simulator.usb_tree import MODELS, UsbTree

USER, PASSWORD = "gateway", "simulated"

_CONFIG = """\
# Written by `relay simulate`. config/relay.toml explains every key.
[gateway]
name = "Simulated clinic"

[store]
path = "{store}"
"""
_CONFIG_MODEM = """
[modem.{name}]
{binding}
survey_s = 5  # usually a minute; nobody who learns wants to wait for it
"""
_CONFIG_SERVER = """
[server.cht]
url = "{url}"
user = "{user}"
password = "{password}"
poll_min_s = 1  # usually 15 s, and up to five minutes
poll_max_s = 5
"""


@dataclass(frozen=True, slots=True)
class Options:
    """What to simulate. `folder` gets the links, the configuration and relay's database; `relay`
    is how a person starts relay in another terminal. With `usb` the modems are on a USB bus."""

    folder: Path
    modems: int = 1
    profile: str = "huawei-e17x"
    number: str = "+254711000000"
    baud: int | None = None
    tcp: int | None = None
    control: Path | None = None
    server: bool = True
    boot_s: float | None = None
    relay: str = "relay"
    usb: bool = False


class Simulation:
    """Everything that is put up and taken down together. Raises ValueError for a wrong profile."""

    def __init__(self, options: Options, now: Callable[[], int]) -> None:
        self.options = options
        self.network = Network(now)
        self.bus = UsbTree(options.folder / "usb") if options.usb else None
        profile = profile_named(options.profile)
        boot_s = profile.boot_s if options.boot_s is None else options.boot_s
        self.modems = [
            SimulatedModem(
                self.network,
                number_after(options.number, step),
                profile=profile,
                boot_s=boot_s,
                imei=imei_after(profile.imei, step),
            )
            for step in range(options.modems)
        ]
        self.ports = [self._port(step, modem) for step, modem in enumerate(self.modems)]
        self.server = CentralServer(user=USER, password=PASSWORD) if options.server else None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.callback(os.close, _reserved(self.options.folder))
            for port in self.ports:
                stack.enter_context(port)
            if self.server is not None:
                stack.enter_context(self.server)
            self.config.touch(mode=0o600)
            self.config.write_text(self._configuration(), encoding="utf-8")
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def config(self) -> Path:
        """The configuration for `relay run`."""
        return self.options.folder / "relay.toml"

    @property
    def places(self) -> list[str]:
        """Where each modem is plugged in."""
        return [port.path for port in self.ports]

    def console(self) -> Console:
        return Console(self.network, self.modems, places=self.places, server=self.server)

    def poster(self) -> str:
        """What a person has to know to begin."""
        modems = zip(self.modems, self.places, strict=True)
        lines = [f"Modem    {modem.number} ({modem.profile.name}) at {at}" for modem, at in modems]
        if self.server is not None:
            lines.append(f"Server   {self.server.url} (user {USER}, password {PASSWORD})")
        lines.append(f"Config   {self.config}")
        devices = f"RELAY_DEVICES={self.bus.folder} " if self.bus is not None else ""
        lines.append(
            f"In another terminal: {devices}{self.options.relay} run --config {self.config}"
        )
        return "\n".join(lines)

    def _port(self, step: int, modem: SimulatedModem) -> Cable:
        if self.options.tcp is not None:
            port = self.options.tcp + step if self.options.tcp else 0
            return TcpPort(modem, port=port, baud=self.options.baud)
        if self.bus is not None:
            usb = MODELS[modem.profile.name]
            return Stick(modem, self.bus, f"1-{step + 1}", usb, baud=self.options.baud)
        link = self.options.folder / f"modem{step + 1}"
        return PtyPort(modem, link, baud=self.options.baud)

    def _configuration(self) -> str:
        text = _CONFIG.format(store=self.options.folder / "state" / "relay.db")
        for step, (modem, place) in enumerate(zip(self.modems, self.places, strict=True), 1):
            binding = f'imei = "{modem.imei}"' if self.bus is not None else f'port = "{place}"'
            text += _CONFIG_MODEM.format(name=f"modem{step}", binding=binding)
        if self.server is not None:
            text += _CONFIG_SERVER.format(url=self.server.url, user=USER, password=PASSWORD)
        return text


def _reserved(folder: Path) -> int:
    """A descriptor that keeps the folder ours. Raises OSError if it is somebody else's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else; choose another with --link")
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise BlockingIOError(
            f"another simulation runs in {folder}; end it, or choose another with --link"
        ) from None
    return descriptor


def number_after(number: str, step: int) -> str:
    """The phone number `step` further on, with the same number of digits."""
    digits = number.removeprefix("+")
    return number[: len(number) - len(digits)] + f"{int(digits) + step:0{len(digits)}d}"


def imei_after(imei: str, step: int) -> str:
    """The IMEI `step` serial numbers further on, with its check digit (TS 23.003 annex B)."""
    body = f"{int(imei[:14]) + step:014d}"
    doubled = "".join(str(int(digit) * (1 + place % 2)) for place, digit in enumerate(body))
    return body + str(-sum(map(int, doubled)) % 10)


def run(
    options: Options,
    now: Callable[[], int],
    *,
    person: int | None,
    say: Callable[[str], None],
    ask: Callable[[], None] = lambda: None,
) -> None:
    """Simulate until somebody says quit; `ask` is called when a person may speak.

    Raises OSError if a port or the folder is taken.
    """
    with Simulation(options, now) as simulation:
        say(simulation.poster())
        Conversation(
            simulation.console(), person=person, say=say, ask=ask, control=options.control
        ).run()
