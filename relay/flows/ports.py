"""What the flows need from the devices, and no more: the two edges of relay as Protocols."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from relay.core.cht import Answer, Report, Update
from relay.core.device import Identity, ListedPdu, MemoryUse, Slot, Survey, Urc
from relay.core.ladder import Step
from relay.core.link import LinkState


class Clock(Protocol):
    """`now` is UTC in epoch milliseconds, for rows; `monotonic` is seconds, for waits."""

    def now(self) -> int: ...

    def earliest(self) -> int:
        """It is certainly this late by now: epoch milliseconds, `now` or before it.

        Whatever expires, is given up, forgotten or replaced is measured by this one, so that
        a clock of which nobody knows whether it is right takes nothing away.
        """
        ...

    def monotonic(self) -> float: ...

    def heard(self, witness: str, at: int, *, sure: bool = True) -> None:
        """Somebody outside of this computer says that it is `at` now; whether they can know."""
        ...

    def stamped(self, at: int) -> None:
        """A message that has just come in was at the service centre at `at`."""
        ...


class Modem(Protocol):
    """One modem. Every method may raise `PortLost` or `NoReply`; only one thread may call them."""

    name: str

    @property
    def link(self) -> LinkState: ...

    @property
    def identity(self) -> Identity: ...

    @property
    def can_store(self) -> bool:
        """Whether the modem has a memory for AT+CMGW."""
        ...

    def open(self) -> None:
        """Open the port and bring the modem up.

        Raises `PortShut`, `PortLost`, `NoReply`, `SimProblem` or `Ailing`.
        """
        ...

    def close(self) -> None: ...

    @property
    def present(self) -> bool:
        """Whether the port is there, open or not. Never touches it."""
        ...

    def cure(self, step: Step) -> None:
        """Take one step of recovery. After any but `ESC` the modem is closed.

        Raises `CannotCure` where it cannot be taken, `PortShut` where the port is gone, and
        `NoReply` when the modem stays silent after an `ESC`.
        """
        ...

    def take_urcs(self) -> list[Urc]:
        """All unsolicited results since the last call, in order. Never touches the port."""
        ...

    def wait(self, seconds: float) -> bool:
        """Sleep until an unsolicited result comes or `ring` is called; True if one did."""
        ...

    def ring(self) -> None:
        """End a `wait` from another thread."""
        ...

    @property
    def has_news(self) -> bool:
        """Whether an unsolicited result waits to be taken."""
        ...

    def list_pdus(self, memory: str = "") -> list[ListedPdu]:
        """Everything in all receive memories, or in this one (stat 0 to 3), undecoded."""
        ...

    def read_pdu(self, slot: Slot) -> ListedPdu | None:
        """One slot, or None if it is empty."""
        ...

    def delete(self, listed: ListedPdu) -> bool:
        """Free the slot if it still holds this very PDU; False if it holds another."""
        ...

    def acknowledge(self) -> None:
        """AT+CNMA for a `DirectPdu` that needs it, after it was kept."""
        ...

    def submit(
        self,
        pdu: str,
        on_air: Callable[[], None],
        at_prompt: Callable[[], None] = lambda: None,
    ) -> int:
        """AT+CMGS. Returns TP-MR; `on_air` runs once, after Ctrl-Z, while the modem works.

        `at_prompt` runs once before that, while the modem prepares its prompt; what it raises
        is raised, and nothing is submitted. Else raises exactly `NotSubmitted`, `Refused` or
        `OutcomeUnknown`.
        """
        ...

    def store(self, pdu: str, meanwhile: Callable[[], None] = lambda: None) -> Slot:
        """AT+CMGW. Sends nothing. Raises `Refused`, `NoReply` or `PortLost`.

        `meanwhile` runs at most once, while the PDU crosses the line.
        """
        ...

    def submit_stored(self, slot: Slot, on_air: Callable[[], None]) -> int:
        """AT+CMSS. Raises like `submit`."""
        ...

    def list_stored(self) -> list[ListedPdu]:
        """What lies in the memory that `store` writes to, with its stat (2 unsent, 3 sent)."""
        ...

    def erase(self, slot: Slot) -> None:
        """Free a slot that `store` filled."""
        ...

    def survey(self) -> Survey:
        """Ask the modem about network and memory; also moves `link`."""
        ...

    def memories(self) -> tuple[MemoryUse, ...]:
        """How full each memory was when it was last looked at; never touches the port."""
        ...

    def hang_up(self) -> None:
        """End the call that rings. Raises `Refused` where the modem knows no way."""
        ...

    def imsi(self) -> str:
        """The IMSI of the SIM that is in it now; empty where it would not say."""
        ...

    def set_centre(self, number: str) -> bool:
        """Tell the SIM its service centre; whether it reads the same afterwards."""
        ...

    def check(self) -> bool:
        """Whether the modem still has our settings (AT+CMGF?, AT+CNMI?)."""
        ...

    def ussd(self, code: str, replies: Sequence[str] = (), timeout_s: float | None = None) -> str:
        """Send a USSD code, answer its menus with `replies`, and return what the network says
        last, decoded. Raises `Refused`, `NoReply` or `PortLost`.
        """
        ...

    def converse(self, command: str, timeout_s: float) -> list[str]:
        """One command as a person typed it, also while the modem is not open; the lines of its
        answer. Raises `Refused`, `NoReply` or `PortLost`.
        """
        ...


class SimState(Protocol):
    """What sending must know of the SIM."""

    def holds(self) -> bool:
        """Whether nothing may be sent with it. Raises `PortLost` if it is another than at the
        last bring-up."""
        ...

    @property
    def lacks_centre(self) -> bool:
        """Whether it has no service centre."""
        ...


class Server(Protocol):
    """One central server. Every method may raise `ServerError`; only one thread may call them."""

    @property
    def name(self) -> str: ...

    def check(self) -> None:
        """Ask whether a gateway endpoint is there and lets us in. Changes nothing."""
        ...

    def exchange(self, reports: Sequence[Report], updates: Sequence[Update]) -> Answer:
        """One request with all of it, and what the server wants sent. Never repeats by itself
        what the server may have processed.

        Raises `Unreachable`, `Unauthorised`, `Rejected` or `BadReply`.
        """
        ...


class Doorbell(Protocol):
    """Wakes a worker. A lost ring costs one poll interval, never a message."""

    def ring(self) -> None: ...


Chance = Callable[[], float]
