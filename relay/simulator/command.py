"""What a command of the table is, and the ways in which it can answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relay.simulator.atline import Call, Op
from relay.simulator.results import Family, Fault

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem

Lines = Sequence[str]
NOTHING: Lines = ()


class Later:
    """An answer that comes when the network or the SIM has done its part.

    Call it with the lines, or with the `Fault`, of the result; only the first call counts.
    """

    def __init__(self, *, abortable: bool = False) -> None:
        self.abortable = abortable
        self.result: Lines | Fault | None = None
        self.landed: Callable[[Later], None] | None = None

    def __call__(self, result: Lines | Fault) -> None:
        if self.result is None:
            self.result = result
            if self.landed:
                self.landed(self)


@dataclass(frozen=True, slots=True)
class Prompt:
    """The modem wants a PDU: `on_body` gets it when Ctrl-Z came."""

    on_body: Callable[[str], Answer]


Answer = Lines | Later | Prompt
Handler = Callable[["SimulatedModem", Call], Answer]


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table. `test` is the line of AT+X=?; `sim` the family of its SIM errors."""

    run: Handler | None = None
    read: Handler | None = None
    set: Handler | None = None
    test: Handler | str | None = None
    sim: Family | None = None

    def handler(self, op: Op) -> Handler | None:
        if op is Op.TEST:
            return self._tested
        return {Op.RUN: self.run, Op.READ: self.read, Op.SET: self.set}[op]

    def _tested(self, modem: SimulatedModem, call: Call) -> Answer:
        if self.test is None:
            return NOTHING
        return (self.test,) if isinstance(self.test, str) else self.test(modem, call)


Table = Mapping[str, Command]


def accepted(modem: SimulatedModem, call: Call) -> Answer:
    """A setting that changes nothing here."""
    del modem, call
    return NOTHING
