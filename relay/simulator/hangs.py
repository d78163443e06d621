"""Ways in which a modem hangs or goes mad, each until a certain step of recovery is taken."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from relay.simulator.entry import CTRL_Z, ESC
from relay.simulator.schedule import Task

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem

NOISE = bytes((0xFF, 0x00, 0xFE, 0x80, 0xC3, 0x28, 0x1B, 0xA0))


class Cure(IntEnum):
    """The steps of recovery; a hang that one step cures is cured by all the harder ones too."""

    ESCAPE = 1  # ESC or Ctrl-Z
    REOPEN = 2
    ATZ = 3
    CFUN = 4  # AT+CFUN=1,1
    USB = 5  # taken from the bus and given back, its power on all the time
    POWER = 6
    UNPLUG = 6  # which takes its power too


class Hang(StrEnum):
    SILENT = "silent"  # says nothing and obeys nothing; still receives into its memory
    STORM = "storm"  # obeys nothing, and noise comes all the time
    DEAF = "deaf"  # obeys and sends; nothing comes in any more
    UNANSWERED = "unanswered"  # submits what it is given and never says so
    REFUSING = "refusing"  # answers everything with ERROR
    LOOP = "loop"  # restarts by itself again and again


# It does not listen: only what cures it gets through.
_HEARS_NOTHING = frozenset({Hang.SILENT, Hang.STORM})
_COMMANDS = ((Cure.ATZ, b"ATZ"), (Cure.CFUN, b"AT+CFUN=1,1"))


class Hangs:
    """The one hang of one modem, if it has one. Used under the lock of the simulation."""

    def __init__(self, modem: SimulatedModem) -> None:
        self.kind: Hang | None = None
        self.cured_by = Cure.ESCAPE
        self._modem = modem
        self._tasks: list[Task] = []
        self._heard = bytearray()

    def begin(
        self, kind: Hang, cured_by: Cure, *, seconds: float | None = None, every_s: float = 1.0
    ) -> None:
        """It lasts `seconds`, or until its cure; `every_s` is the pace of loop and storm."""
        self.end()
        self.kind, self.cured_by = kind, cured_by
        self._modem.outlet.silent = kind is Hang.SILENT
        if kind is Hang.LOOP:
            self._again(every_s, lambda: self._modem.restart(port_loss=False))
        elif kind is Hang.STORM:
            self._again(every_s, lambda: self._modem.outlet.write_raw(NOISE * 8))
        if seconds is not None:
            self._tasks.append(self._modem.network.scheduler.after(seconds, self.end))

    def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        was, self.kind = self.kind, None
        self._modem.outlet.silent = False
        self._heard.clear()
        if was is Hang.DEAF:
            self._modem.network.available(self._modem.number)

    def _again(self, every_s: float, action: Callable[[], None]) -> None:
        def run() -> None:
            self._again(every_s, action)
            action()

        self._tasks[:] = [task for task in self._tasks if task.open]
        self._tasks.append(self._modem.network.scheduler.after(every_s, run))

    # --- asked by the modem -----------------------------------------------------------------

    @property
    def deaf_to_commands(self) -> bool:
        return self.kind in _HEARS_NOTHING

    def step_taken(self, step: Cure) -> bool:
        """Whether the modem may listen: it did before, or this step cured it."""
        if self.kind is not None and step >= self.cured_by:
            self.end()
        return not self.deaf_to_commands

    def hear(self, data: bytes) -> bytes:
        """What gets through of `data`: to a modem that does not listen, only what cures it."""
        for place, byte in enumerate(data):
            if byte in (CTRL_Z, ESC):
                was = self.deaf_to_commands
                if self.step_taken(Cure.ESCAPE) and was:
                    self._modem.interpreter.reset()
                    return data[place + 1 :]
            elif byte != ord("\r"):
                self._heard = self._heard[-40:] + bytes((byte,))
            elif (cured := self._command()) and self.kind is None:
                return cured + data[place:]
            if self.kind is None:
                return data
        return b"" if self.deaf_to_commands else data

    def _command(self) -> bytes:
        """The command that ends here, if it is a step of recovery."""
        line = bytes(self._heard).upper()
        self._heard.clear()
        for cure, command in _COMMANDS:
            if line.endswith(command):
                was = self.deaf_to_commands
                self.step_taken(cure)
                if was and self.kind is None:
                    self._modem.interpreter.reset()
                    return command
        return b""
