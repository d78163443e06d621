"""A SIM: identity, PIN and PUK with their counters, and the message memory that moves with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from relay.simulator.memory import Memory

PIN_TRIES, PUK_TRIES = 3, 10


class SimState(StrEnum):
    """<code> of +CPIN (TS 27.007 §8.3); ABSENT and BLOCKED are errors there."""

    READY = "READY"
    PIN = "SIM PIN"
    PUK = "SIM PUK"
    ABSENT = "ABSENT"
    BLOCKED = "BLOCKED"


@dataclass(slots=True)
class SimCard:
    """A SIM. `pin` None means that it asks for none. `smsc` is what AT+CSCA? shows."""

    number: str
    iccid: str = "8925499900000000001"
    imsi: str = "639990000000001"
    pin: str | None = None
    puk: str = "12345678"
    smsc: str = ""
    capacity: int = 25
    pin_tries: int = PIN_TRIES
    puk_tries: int = PUK_TRIES
    unlocked: bool = False
    absent: bool = False
    memory: Memory = field(init=False)

    def __post_init__(self) -> None:
        self.memory = Memory(self.capacity)

    @classmethod
    def none(cls) -> SimCard:
        """An empty slot."""
        return cls(number="", iccid="", imsi="", absent=True)

    @property
    def state(self) -> SimState:
        if self.absent:
            return SimState.ABSENT
        if self.puk_tries == 0:
            return SimState.BLOCKED
        if self.pin_tries == 0:
            return SimState.PUK
        return SimState.READY if self.pin is None or self.unlocked else SimState.PIN

    def power_up(self) -> None:
        """Every power-up asks for the PIN again; the counters stay."""
        self.unlocked = False

    def enter_pin(self, pin: str) -> bool:
        """Try a PIN; a wrong one costs a try."""
        if pin == self.pin:
            self.pin_tries, self.unlocked = PIN_TRIES, True
            return True
        self.pin_tries = max(0, self.pin_tries - 1)
        if self.pin_tries == 0:
            self.unlocked = False
        return False

    def enter_puk(self, puk: str, new_pin: str) -> bool:
        """Try a PUK; the right one sets a new PIN, ten wrong ones end the SIM."""
        if puk != self.puk:
            self.puk_tries = max(0, self.puk_tries - 1)
            return False
        self.puk_tries, self.pin_tries = PUK_TRIES, PIN_TRIES
        self.pin, self.unlocked = new_pin, True
        return True
