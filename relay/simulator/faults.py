"""Everything that can go wrong with a modem, by script and at run time.

`modem.faults.silence(30)`, `modem.faults.refuse("+CMGS", 38, times=2)`, …: each method is one
fault; `clear` ends them all. A fault that changes the world for good (a SIM that was swapped, a
memory that was filled) stays.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING

from relay.core.device import REC_READ
from relay.simulator import wire
from relay.simulator.command_faults import CommandFaults
from relay.simulator.entry import CTRL_Z, ESC
from relay.simulator.outlet import Cut, Direction, Dribble
from relay.simulator.schedule import Task

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem
    from relay.simulator.simcard import SimCard

NOISE = bytes((0xFF, 0x00, 0xFE, 0x80, 0xC3, 0x28, 0x1B, 0xA0))
_MMS_NOTICE = "06060504 0B8423F0 B406 03BEAF848C82983433363735008D908918802B".replace(" ", "")


class Cure(IntEnum):
    """The steps of recovery; a hang that one step cures is cured by all the harder ones too."""

    ESCAPE = 1  # ESC or Ctrl-Z
    REOPEN = 2
    ATZ = 3
    CFUN = 4  # AT+CFUN=1,1
    UNPLUG = 5


class Faults:
    """The faults of one modem. Every method may be called from any thread."""

    def __init__(self, modem: SimulatedModem) -> None:
        self.commands = CommandFaults()
        self.silent_until: Cure | None = None
        self._modem = modem
        self._end_of_silence: Task | None = None
        self._heard = bytearray()

    def clear(self) -> None:
        """The modem is well again."""
        with self._modem.lock:
            self.commands.clear()
            self.end_silence()
            outlet = self._modem.outlet
            outlet.dribble, outlet.line_end = None, "\r\n"
            outlet.cuts.clear()

    # --- the line ---------------------------------------------------------------------------

    def silence(self, seconds: float | None = None, *, cured_by: Cure = Cure.CFUN) -> None:
        """The modem says nothing and obeys nothing: for `seconds`, or until the cure.

        It still receives messages into its memory.
        """
        with self._modem.lock:
            self.end_silence()
            self.silent_until = cured_by
            self._modem.outlet.silent = True
            if seconds is not None:
                after = self._modem.network.scheduler.after
                self._end_of_silence = after(seconds, self.end_silence)

    def end_silence(self) -> None:
        with self._modem.lock:
            if self._end_of_silence:
                self._end_of_silence.cancel()
            self._end_of_silence = None
            self.silent_until = None
            self._modem.outlet.silent = False
            self._heard.clear()

    def garbage(self, data: bytes = NOISE) -> None:
        """Noise on the line, now: bytes that are no text, and no line end."""
        with self._modem.lock:
            self._modem.outlet.write_raw(data)

    def dribble(self, size: int = 1, every_s: float = 0.0) -> None:
        """Everything comes in pieces of `size` bytes, `every_s` apart."""
        with self._modem.lock:
            self._modem.outlet.dribble = Dribble(size, every_s)

    def line_ends(self, line_end: str = "\r\r\n") -> None:
        with self._modem.lock:
            self._modem.outlet.line_end = line_end

    def cut(
        self,
        after: int,
        direction: Direction = Direction.TO_HOST,
        action: Callable[[], None] | None = None,
    ) -> None:
        """Once exactly `after` more bytes went that way, do `action`: by default fall silent.

        The action runs while the simulation is locked: it may unplug, or tell a test.
        """
        with self._modem.lock:
            dead = action or (lambda: self.silence(cured_by=Cure.UNPLUG))
            self._modem.outlet.cuts.append(Cut(direction, after, dead))

    # --- commands ---------------------------------------------------------------------------

    def refuse(self, command: str, error: str | int = "ERROR", times: int | None = 1) -> None:
        """The next `times` of `command` fail: with +CMS ERROR (a number), "CME 14", or a text."""
        with self._modem.lock:
            self.commands.refuse(command, error, times)

    def swallow(self, command: str, times: int = 1) -> None:
        """`command` is obeyed but never answered: a +CMGS that the network took, and no word."""
        with self._modem.lock:
            self.commands.swallow(command, times)

    def answer_late(self, command: str, seconds: float, times: int = 1) -> None:
        with self._modem.lock:
            self.commands.delay_answer(command, seconds, times)

    def inside(
        self, command: str, what: str | Callable[[], object], *, after_lines: int = 1
    ) -> None:
        """Into the next reply to `command`, after so many lines of it, comes something else.

        `what` is an unsolicited line, or something to do that causes one (a text that arrives).
        """
        with self._modem.lock:
            self.commands.intrude(command, what, after_lines)

    def slow_prompt(self, seconds: float, times: int = 1) -> None:
        with self._modem.lock:
            self.commands.slow_prompt(seconds, times)

    def no_prompt(self, times: int = 1) -> None:
        """The modem waits for a PDU and does not say so."""
        with self._modem.lock:
            self.commands.hidden_prompts = times

    def bare_prompt(self, *, bare: bool = True) -> None:
        """The prompt is ">" with no blank behind it."""
        with self._modem.lock:
            self.commands.prompt = "\r\n>" if bare else "\r\n> "

    # --- modem and SIM ----------------------------------------------------------------------

    def unplug(self) -> None:
        self._modem.unplug()

    def replug(self) -> None:
        self._modem.replug()

    def reboot(self, *, port_loss: bool = False) -> None:
        """The modem restarts by itself (brown-out, watchdog)."""
        self._modem.restart(port_loss=port_loss)

    def fill(self, memory: str = "SM", leave: int = 0) -> None:
        """Fill a memory with notices of picture messages, up to `leave` free slots."""
        with self._modem.lock:
            place = self._modem.memory(memory)
            while place.capacity - place.used > leave:
                place.put(self._mms_notice(place.used), REC_READ)

    def sim_busy(self, times: int | None = None) -> None:
        """The next `times` SIM commands fail as with a loose SIM; 0 ends it, None never does."""
        with self._modem.lock:
            self.commands.sim_busy = times

    def lose_smsc(self) -> None:
        """The SIM forgets the number of its service centre."""
        with self._modem.lock:
            self._modem.sim.smsc = ""

    def swap_sim(self, sim: SimCard) -> None:
        self._modem.insert(sim)

    def _mms_notice(self, number: int) -> str:
        body = bytes.fromhex(_MMS_NOTICE) + str(number).encode()
        submit = wire.read_submit(wire.submit_pdu("+1", body, dcs=0x04, udhi=True))
        network = self._modem.network
        return wire.deliver_pdu(
            submit, smsc=network.smsc.number, sender="MMS", scts=network.stamp()
        )

    # --- cures ------------------------------------------------------------------------------

    def step_taken(self, step: Cure) -> bool:
        """Whether the modem may listen: it was not silent, or this step cured it."""
        if self.silent_until is not None and step >= self.silent_until:
            self.end_silence()
        return self.silent_until is None

    def hear(self, data: bytes) -> bytes:
        """What a silent modem lets through of `data`: nothing, or the command that cured it."""
        for place, byte in enumerate(data):
            if byte in (CTRL_Z, ESC) and self.step_taken(Cure.ESCAPE):
                self._modem.interpreter.reset()
                return data[place + 1 :]
            if byte != ord("\r"):
                self._heard = self._heard[-40:] + bytes((byte,))
                continue
            line = bytes(self._heard).upper()
            self._heard.clear()
            for cure, command in ((Cure.ATZ, b"ATZ"), (Cure.CFUN, b"AT+CFUN=1,1")):
                if line.endswith(command) and self.step_taken(cure):
                    self._modem.interpreter.reset()
                    return command + data[place:]
        return b""
