"""Faults that wait for a certain command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from relay.simulator.results import Fault, fault_of

What = str | Callable[[], object]


@dataclass(slots=True)
class Armed:
    """A fault for one command; None `left` is for ever."""

    command: str
    left: int | None

    def use(self) -> None:
        if self.left is not None:
            self.left -= 1


Kind = TypeVar("Kind", bound=Armed)


@dataclass(slots=True)
class Refused(Armed):
    fault: Fault


@dataclass(slots=True)
class Swallowed(Armed):
    pass


@dataclass(slots=True)
class Delayed(Armed):
    seconds: float


@dataclass(slots=True)
class Intruder(Armed):
    """Something that gets into a reply, after so many of its lines."""

    what: What
    after_lines: int


def _name(command: str) -> str:
    """+CMGS for +CMGS, AT+CMGS and at+cmgs."""
    return command.upper().removeprefix("AT")


class CommandFaults:
    """The armed faults of one modem. Used under the lock of the simulation."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.prompt = "\r\n> "
        self.hidden_prompts = 0
        self.sim_busy: int | None = 0
        self._armed: list[Armed] = []
        self._prompt_delays: list[float] = []

    def refuse(self, command: str, error: str | int, times: int | None) -> None:
        self._armed.append(Refused(_name(command), times, fault_of(error)))

    def swallow(self, command: str, times: int) -> None:
        self._armed.append(Swallowed(_name(command), times))

    def delay_answer(self, command: str, seconds: float, times: int) -> None:
        self._armed.append(Delayed(_name(command), times, seconds))

    def intrude(self, command: str, what: What, after_lines: int) -> None:
        self._armed.append(Intruder(_name(command), 1, what, after_lines))

    def slow_prompt(self, seconds: float, times: int) -> None:
        self._prompt_delays.extend([seconds] * times)

    # --- asked by the interpreter -----------------------------------------------------------

    def refuse_if_told(self, command: str) -> None:
        """Raises the `Fault` that was armed for this command."""
        if refused := self._next(Refused, (command,)):
            raise refused.fault

    def swallows(self, ran: Sequence[str]) -> bool:
        return self._next(Swallowed, ran) is not None

    def delay(self, ran: Sequence[str]) -> float:
        delayed = self._next(Delayed, ran)
        return delayed.seconds if delayed else 0.0

    def intruder(self, ran: Sequence[str]) -> Intruder | None:
        return self._next(Intruder, ran)

    def prompt_delay(self) -> float:
        return self._prompt_delays.pop(0) if self._prompt_delays else 0.0

    def prompt_text(self) -> str:
        """The prompt, or nothing if this one is to stay hidden."""
        if self.hidden_prompts:
            self.hidden_prompts -= 1
            return ""
        return self.prompt

    def sim_is_busy(self) -> bool:
        if self.sim_busy:
            self.sim_busy -= 1
            return True
        return self.sim_busy is None

    def _next(self, kind: type[Kind], ran: Sequence[str]) -> Kind | None:
        for armed in self._armed:
            if isinstance(armed, kind) and armed.left != 0 and armed.command in ran:
                armed.use()
                return armed
        return None
