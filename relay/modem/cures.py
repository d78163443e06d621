"""The steps of recovery that reach past the port: the modem's prompt, its USB, its power."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from relay.core.at import CR, CTRL_Z, ESC
from relay.core.ladder import Step
from relay.errors import CannotCure, NoReply, PortLost
from relay.modem.patience import Patience
from relay.modem.session import Session
from relay.modem.sysfs import Tree, plugged
from relay.modem.unlocking import PinLedger
from relay.modem.wire import Wire

_TRIES = 3
_OFF_S = 2.0  # USB: long enough for every driver to let go
_POWER_OFF_S = "5"  # as long as the capacitors of a modem last
_COMMAND_S = 60.0


# The steps that are a command, given to a modem that may not answer.
BLIND = {Step.ATZ: "ATZ", Step.CFUN: "AT+CFUN=1,1"}


def mind_the_pin(step: Step, pin: str | None, pins: PinLedger, iccid: str) -> None:
    """After a reset the SIM asks for its PIN: none where that may not be given again.

    Raises `CannotCure`.
    """
    if pin is not None and pins.refused(iccid, pin):
        raise CannotCure(
            step, "the SIM would ask for its PIN, and the configured one was refused before"
        )


def leave_prompt(session: Session) -> None:
    """ESC, and where that does not help Ctrl-Z. Raises `NoReply` or `PortLost`.

    ESC comes first, as it throws away what Ctrl-Z would send; what had been handed over before
    stays in doubt either way.
    """
    wire, wait_s = session.wire, session.patience.wake_s
    for keys in (ESC + CR, ESC + CR, CTRL_Z):
        wire.send_raw(keys)
        if wire.probe("AT", wait_s) and wire.resync():
            return
    raise NoReply("AT", _TRIES * wait_s)


def tell_blindly(wire: Wire, command: str, patience: Patience) -> None:
    """Give a command to a modem that may not answer it, on a line of its own.

    Raises `PortShut` where the line cannot be opened. Silence is no error: the next opening
    shows what the command did.
    """
    wire.open()
    try:
        for _ in range(_TRIES):
            wire.send_raw(ESC + CR)
            if wire.probe(command, patience.wake_s):
                return
    except PortLost:
        pass  # a modem that restarts may take its port with it
    finally:
        wire.close()


@dataclass(frozen=True, slots=True)
class Socket:
    """Where a modem is plugged in, as the kernel names it: `1-1.4` is port 4 of the hub `1-1`,
    `1-2` port 2 of bus 1."""

    place: str

    @property
    def hub(self) -> str:
        """As uhubctl writes it."""
        return self._parted[0]

    @property
    def number(self) -> str:
        """Of the port on that hub."""
        return self._parted[1]

    @property
    def _parted(self) -> tuple[str, str]:
        hub, _, number = self.place.rpartition("." if "." in self.place else "-")
        return hub, number


class Cures:
    """What can be done to one modem from outside. Only used by the modem thread.

    `uhubctl` is the program of that name, where there is one; `power_cycle` the command of a
    station that has another way to switch the modem off and on.
    """

    def __init__(
        self,
        tree: Tree | None = None,
        *,
        power_cycle: Sequence[str] = (),
        uhubctl: str = "uhubctl",
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self._tree = tree or Tree()
        self._power_cycle = tuple(power_cycle)
        self._uhubctl = uhubctl
        self._pause = pause or threading.Event().wait
        self._socket: Socket | None = None  # known also when the modem has vanished from it

    def seen(self, port: str) -> None:
        """The port is open: where it is plugged in is known from now on."""
        real = os.path.realpath(port)
        for one in plugged(self._tree).ports:
            if os.path.realpath(one.path) == real and one.usb_path:
                self._socket = Socket(one.usb_path)
                return

    def take(self, step: Step) -> None:
        """Raises `CannotCure`."""
        if step is Step.USB:
            self.reauthorise()
        elif step is Step.POWER:
            self.cycle_power()

    def reauthorise(self) -> None:
        """Take the modem from the computer and give it back, as if it had been unplugged.

        Source: Documentation/usb/authorization.rst of Linux. Raises `CannotCure`.
        """
        file = self._authorized(self._found(Step.USB))
        try:
            _switch(file, on=False)
        except OSError as error:
            raise CannotCure(Step.USB, f"{file} cannot be written ({error.strerror})") from error
        self._pause(_OFF_S)
        self._give_back(file)

    def _give_back(self, file: Path) -> None:
        """A modem that stays switched off is worse than a silent one."""
        for _ in range(_TRIES):
            try:
                _switch(file, on=True)
            except OSError:
                self._pause(_OFF_S)
            else:
                return

    def cycle_power(self) -> None:
        """Switch the power off and on. Raises `CannotCure`."""
        if self._power_cycle:
            _run(self._power_cycle)
            return
        program = shutil.which(self._uhubctl)
        if program is None:
            raise CannotCure(
                Step.POWER, "uhubctl is not installed, and power_cycle is not configured"
            )
        socket = self._found(Step.POWER)
        _run((program, "-l", socket.hub, "-p", socket.number, "-a", "cycle", "-d", _POWER_OFF_S))

    def _found(self, step: Step) -> Socket:
        if self._socket is None:
            raise CannotCure(step, "the modem is no USB device of this computer")
        return self._socket

    def _authorized(self, socket: Socket) -> Path:
        return self._tree.sys / "bus" / "usb" / "devices" / socket.place / "authorized"


def _switch(authorized: Path, *, on: bool) -> None:
    """Raises OSError: no permission, a read-only /sys, or no such device any more."""
    descriptor = os.open(authorized, os.O_WRONLY)
    try:
        os.write(descriptor, b"1" if on else b"0")
    finally:
        os.close(descriptor)


def _run(command: Sequence[str]) -> None:
    """Raises `CannotCure` with what the program said."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_COMMAND_S, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        words = f"{command[0]} did not end within {_COMMAND_S:g} s"
        raise CannotCure(Step.POWER, words) from error
    except OSError as error:
        raise CannotCure(Step.POWER, f"{command[0]} did not work: {error.strerror}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise CannotCure(
            Step.POWER, f"{command[0]} ended with {done.returncode}: {said[-1] if said else ''}"
        )
