"""What the network was told to do to messages: reports, refusals, accounts. Data only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

# TP-ST of TS 23.040 §9.2.3.15
RECEIVED = 0x00
SC_STILL_TRYING = 0x30
VALIDITY_EXPIRED = 0x46


@dataclass(frozen=True, slots=True)
class ReportRule:
    """How the service centre reports on messages to a recipient who asked for nothing.

    `early` is a temporary TP-ST told on acceptance; `final` the last word, `delay_s` after the
    delivery, or None for silence. A final failure (0x40 and above) also means that the message
    never arrives.
    """

    delay_s: float = 0.0
    early: int | None = None
    final: int | None = RECEIVED

    @classmethod
    def immediate(cls) -> ReportRule:
        return cls()

    @classmethod
    def delayed(cls, seconds: float) -> ReportRule:
        return cls(delay_s=seconds)

    @classmethod
    def temporary(cls, seconds: float, early: int = SC_STILL_TRYING) -> ReportRule:
        """First "still trying", then "received"."""
        return cls(delay_s=seconds, early=early)

    @classmethod
    def failed(cls, tp_st: int = VALIDITY_EXPIRED, seconds: float = 0.0) -> ReportRule:
        return cls(delay_s=seconds, final=tp_st)

    @classmethod
    def absent(cls) -> ReportRule:
        return cls(final=None)

    @property
    def delivers(self) -> bool:
        return self.final is None or self.final < 0x40


@dataclass(slots=True)
class Refusal:
    """A submission that the network refuses with a +CMS ERROR code; None `left` is for ever."""

    code: int
    left: int | None = None
    recipient: str | None = None

    def applies(self, recipient: str) -> bool:
        return self.left != 0 and self.recipient in (None, recipient)

    def use(self) -> int:
        if self.left is not None:
            self.left -= 1
        return self.code


@dataclass(slots=True)
class Account:
    """The airtime of one SIM; None is a contract that never runs out."""

    credit: float | None = None
    price: float = 1.0

    @property
    def broke(self) -> bool:
        return self.credit is not None and self.credit < self.price

    def charge(self) -> None:
        if self.credit is not None:
            self.credit = round(self.credit - self.price, 4)


class Verdict(Enum):
    """What a mobile says to a message that the network hands it."""

    TAKEN = "taken"
    REFUSED = "refused"  # no room, or nobody there: the network keeps it
    PENDING = "pending"  # `ServiceCentre.acknowledged` will tell


@dataclass(frozen=True, slots=True)
class Submission:
    """One SMS-SUBMIT that the network accepted. `at` is epoch ms; `pdu` as it was on the air."""

    sender: str
    recipient: str
    pdu: str
    mr: int
    at: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The network's answer to a submission: accepted, or refused with a +CMS ERROR code."""

    refused: int | None = None


Done = Callable[[Outcome], None]
