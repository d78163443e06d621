"""From input to commands to replies: one command line at a time, as a modem does it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from relay.simulator import atline
from relay.simulator.atline import Call, SyntaxFault
from relay.simulator.command import Answer, Later, Lines, Prompt, Table
from relay.simulator.entry import Entry, Kind, Taken
from relay.simulator.hangs import Hang
from relay.simulator.own_commands import own_command
from relay.simulator.results import ERROR, Fault, final_line

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem

# V.250 §5.7.1: result codes under ATV0
_NUMERIC = {"OK": "0", "RING": "2", "NO CARRIER": "3", "ERROR": "4"}

Step = Callable[[], Answer | Fault]


def _information(groups: Sequence[Lines]) -> str:
    """The lines of each command of a line, each group between its own line ends (V.250 §5.7.1)."""
    return "".join("\r\n" + "\r\n".join(lines) + "\r\n" for lines in groups if lines)


def _parted(groups: Sequence[Lines], at: int) -> tuple[list[Lines], list[Lines]]:
    """What is before, and what is after, so many lines."""
    head: list[Lines] = []
    tail: list[Lines] = []
    for lines in groups:
        head.append(lines[:at])
        tail.append(lines[at:])
        at = max(0, at - len(lines))
    return head, tail


_SENDS = {"+CMGS", "+CMSS"}


class Interpreter:
    """Runs command lines. While one runs, input waits (V.250 §5.6 leaves that to the modem)."""

    def __init__(self, modem: SimulatedModem, table: Table) -> None:
        self.entry = Entry()
        self.busy = False
        self._working = False
        self._computing = False
        self._modem = modem
        self._table = table
        self._calls: deque[Call] = deque()
        self._ran: list[str] = []
        self._told: list[Lines] = []
        self._awaited: Later | Prompt | None = None
        self._held: list[str] = []
        self._afterwards: list[Callable[[], None]] = []
        self._serial = 0

    # --- input ------------------------------------------------------------------------------

    def accept(self, data: bytes) -> None:
        """Bytes from the host."""
        if isinstance(self._awaited, Later) and self._awaited.abortable:
            self._awaited = None
            self._conclude("OK")
            return
        self.entry.push(data)
        self._work()

    def reset(self) -> None:
        """The modem restarts: no command survives, and no late answer to one."""
        self.entry.clear()
        self.busy, self._awaited = False, None
        self._serial += 1
        for things in (self._calls, self._ran, self._told, self._held, self._afterwards):
            things.clear()

    def _work(self) -> None:
        if self._working:
            return  # the loop below goes on by itself: no backlog can exhaust the stack
        self._working = True
        try:
            while self._hears and (taken := self.entry.take()) is not None:
                if self._modem.settings.echo and taken.echo:
                    self._modem.outlet.write_raw(taken.echo)
                self._obey(taken)
        finally:
            self._working = False

    @property
    def _hears(self) -> bool:
        return not self.busy or self.entry.in_body

    def _obey(self, taken: Taken) -> None:
        if taken.kind is Kind.LINE:
            self._begin(taken.data.decode("latin-1"))
        elif taken.kind is Kind.BODY and isinstance(self._awaited, Prompt):
            prompt, self._awaited = self._awaited, None
            body = "".join(taken.data.decode("latin-1").split()).upper()
            self._advance(lambda: prompt.on_body(body))
        elif taken.kind is Kind.ABORT:
            self._awaited = None
            self._conclude(self._modem.profile.abort_says)

    def _begin(self, line: str) -> None:
        text = atline.command_text(line)
        if text is None:
            return
        self.busy = True
        try:
            self._calls.extend(atline.split(text, self._modem.profile.max_line))
        except SyntaxFault:
            self._ran.append("")
            self._conclude_fault(ERROR())
            return
        self._advance(None)

    # --- one command after the other --------------------------------------------------------

    def _advance(self, first: Step | None) -> None:
        """Run `first`, then what is left of the line, as far as possible without waiting."""
        step = first
        while step or self._calls:
            answer = self._attempt(step or self._perform(self._calls.popleft()))
            step = None
            if isinstance(answer, Prompt):
                self._ask(answer)
                return
            if isinstance(answer, Later):
                if answer.result is None:
                    self._awaited, answer.landed = answer, self._landed
                    self._release_unless_held()
                    return
                answer = answer.result
            if isinstance(answer, Fault):
                self._conclude_fault(answer)
                return
            self._told.append(answer)
        self._conclude("OK")

    def _attempt(self, step: Step) -> Answer | Fault:
        self._computing = True
        try:
            return step()
        except Fault as fault:
            return fault
        except ValueError:  # a parameter that is no number
            return ERROR()
        finally:
            self._computing = False

    def _perform(self, call: Call) -> Step:
        return lambda: self._call(call)

    def _call(self, call: Call) -> Answer:
        modem = self._modem
        self._ran.append(call.name)
        if modem.faults.hangs.kind is Hang.REFUSING:
            raise ERROR()
        modem.faults.commands.refuse_if_told(call.name)
        command = self._table.get(call.name)
        if command is None:
            return own_command(modem, call)
        handler = command.handler(call.op)
        if handler is None:
            raise ERROR()
        if command.sim:
            modem.need_sim(command.sim)
        return handler(modem, call)

    def _landed(self, later: Later) -> None:
        if self._awaited is later and later.result is not None:
            self._awaited = None
            result = later.result
            self._advance(lambda: result)

    def _ask(self, prompt: Prompt) -> None:
        faults = self._modem.faults.commands
        self._awaited = prompt
        if delay := faults.prompt_delay():
            self._soon(delay, lambda: self._show_prompt(prompt))
        else:
            self._show_prompt(prompt)

    def _show_prompt(self, prompt: Prompt) -> None:
        if self._awaited is not prompt:
            return
        if shown := self._modem.faults.commands.prompt_text():
            self._modem.outlet.write(shown)
        self.entry.in_body = True
        self._work()

    # --- output -----------------------------------------------------------------------------

    def urc(self, line: str) -> None:
        """An unsolicited result: at once, or after the running command if the family waits.

        What a command itself sets off (a report on what it sent) comes after its reply.
        """
        if self._computing or (self.busy and self._modem.profile.holds_urcs):
            self._held.append(line)
        else:
            self._modem.outlet.announce(_information([(line,)]))

    def afterwards(self, action: Callable[[], None]) -> None:
        """Do `action` when the running command line has its final result; now if none runs."""
        if self.busy:
            self._afterwards.append(action)
        else:
            action()

    def _conclude_fault(self, fault: Fault) -> None:
        self._calls.clear()
        settings, profile = self._modem.settings, self._modem.profile
        self._conclude(final_line(fault, settings.cmee, cms_always=profile.cms_always))

    def _conclude(self, final: str) -> None:
        told, ran = tuple(self._told), tuple(self._ran)
        self._told.clear()
        self._ran.clear()
        faults = self._modem.faults.commands
        mute = self._modem.faults.hangs.kind is Hang.UNANSWERED and _SENDS & set(ran)
        if mute or faults.swallows(ran):
            self._idle()
        elif delay := faults.delay(ran):
            self._release_unless_held()
            self._soon(delay, lambda: self._say(told, final, ran))
        else:
            self._say(told, final, ran)

    def _say(self, told: Sequence[Lines], final: str, ran: Sequence[str]) -> None:
        outlet, settings = self._modem.outlet, self._modem.settings
        text = self._with_intruder(told, ran)
        if settings.quiet:
            final = ""
        if final:
            text += f"\r\n{final}\r\n" if settings.verbose else f"{_NUMERIC.get(final, final)}\r"
        if text:
            outlet.write(text)
        self._idle()

    def _with_intruder(self, told: Sequence[Lines], ran: Sequence[str]) -> str:
        intruder = self._modem.faults.commands.intruder(ran)
        if intruder is None:
            return _information(told)
        with self._modem.outlet.capture() as said:
            self._modem.intrude(intruder.what)
        head, tail = _parted(told, intruder.after_lines)
        return _information(head) + "".join(said) + _information(tail)

    def _idle(self) -> None:
        self.busy = False
        self._release()
        actions, self._afterwards = self._afterwards, []
        for action in actions:
            action()
        self._work()

    def _release_unless_held(self) -> None:
        if not self._modem.profile.holds_urcs:
            self._release()

    def _release(self) -> None:
        held, self._held = self._held, []
        for line in held:
            self.urc(line)

    def _soon(self, seconds: float, action: Callable[[], None]) -> None:
        """Do it later, unless the modem restarted meanwhile."""
        serial = self._serial
        self._modem.network.scheduler.after(
            seconds, lambda: action() if serial == self._serial else None
        )
