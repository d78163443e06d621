"""Everything that can go wrong with a modem, by script and at run time.

`modem.faults.silence(30)`, `modem.faults.refuse("+CMGS", 38, times=2)`, …: each method is one
fault; `clear` ends them all. A fault that changes the world for good (a SIM that was swapped, a
memory that was filled) stays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from relay.core.device import REC_READ
from relay.simulator import wire
from relay.simulator.command_faults import CommandFaults
from relay.simulator.hangs import NOISE, Cure, Hang, Hangs
from relay.simulator.outlet import Cut, Direction, Dribble

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem
    from relay.simulator.simcard import SimCard

_MMS_NOTICE = "06060504 0B8423F0 B406 03BEAF848C82983433363735008D908918802B".replace(" ", "")


class Faults:
    """The faults of one modem. Every method may be called from any thread."""

    def __init__(self, modem: SimulatedModem) -> None:
        self.commands = CommandFaults()
        self.hangs = Hangs(modem)
        self._modem = modem
        self.while_ringing: int | None = None
        self.gets_deaf = False

    def clear(self) -> None:
        """The modem is well again."""
        with self._modem.lock:
            self.commands.clear()
            self.hangs.end()
            self.while_ringing, self.gets_deaf = None, False
            outlet = self._modem.outlet
            outlet.dribble, outlet.line_end = None, "\r\n"
            outlet.cuts.clear()

    # --- the line ---------------------------------------------------------------------------

    def silence(self, seconds: float | None = None, *, cured_by: Cure = Cure.CFUN) -> None:
        """The modem says nothing and obeys nothing: for `seconds`, or until the cure.

        It still receives messages into its memory.
        """
        self.hang(Hang.SILENT, cured_by=cured_by, seconds=seconds)

    def hang(
        self,
        kind: Hang,
        *,
        cured_by: Cure = Cure.CFUN,
        seconds: float | None = None,
        every_s: float = 1.0,
    ) -> None:
        """The modem hangs in this way: for `seconds`, or until the cure."""
        with self._modem.lock:
            self.hangs.begin(kind, cured_by, seconds=seconds, every_s=every_s)

    def end_silence(self) -> None:
        with self._modem.lock:
            self.hangs.end()

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

    def refuse_while_ringing(self, error: int | None = 302) -> None:
        """While a call rings, every SMS is refused with this +CMS ERROR; None ends it."""
        with self._modem.lock:
            self.while_ringing = error

    def deaf_after_call(self, deaf: bool = True) -> None:
        """After a call that nobody ended or answered the modem receives nothing, until it has
        sent an SMS or starts anew."""
        with self._modem.lock:
            self.gets_deaf = deaf

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


__all__ = ["NOISE", "Cure", "Faults", "Hang"]
