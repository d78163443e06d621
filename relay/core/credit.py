"""Whether a SIM has run out of credit: a state of the modem, never a fault of a message.

No standard has a code for it. Prepaid networks say "rejected" (+CMS ERROR 21) or whatever comes to
hand, and the balance may be unknown, stale or beside a bundle that pays. So refusals and balance
are weighed together; while the state holds, one message an interval probes it, which costs
nothing as long as it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from relay.core.airtime import sms_left
from relay.core.causes import Cause, Retry

MINUTE_MS = 60_000
_FIRST_PROBE_MS = 5 * MINUTE_MS
_LONGEST_PROBE_MS = 6 * 60 * MINUTE_MS
# So many rejections in a row, of messages to whomever, and none accepted in between.
_STRIKES = 3
# With this many SMS paid for, the network rejects for another reason.
_PLENTY = 10


class Suspicion(Enum):
    """How much a refusal looks like a lack of credit."""

    NONE = "none"
    WEAK = "weak"  # if the balance says so too
    STRONG = "strong"  # if it comes again and again


_STRONG = frozenset({"NET_REJECTED"})
_WEAK = ("NET_", "SMSC_", "CMS_", "SIM_BARRED", "SIM_CALLS_BARRED", "SIM_NO_SMS", "SIM_UNKNOWN",
         "MODEM_UNKNOWN", "MODEM_FAILURE", "MODEM_ERROR")  # fmt: skip


def suspicion(cause: Cause) -> Suspicion:
    """What the cause of a refusal suggests. What the message or the radio is to blame for is
    no sign."""
    if cause.code in _STRONG:
        return Suspicion.STRONG
    if cause.of_one or cause.retry in (Retry.HELD, Retry.SOON):
        return Suspicion.NONE
    return Suspicion.WEAK if cause.code.startswith(_WEAK) else Suspicion.NONE


@dataclass(frozen=True, slots=True)
class Purse:
    """What is known of the airtime: micros, messages in a bundle, the price of one."""

    amount: int | None = None
    sms: int | None = None
    price: int | None = None

    @property
    def empty(self) -> bool:
        """Known to pay for no SMS."""
        if self.amount is None or self.sms:
            return self.amount is None and self.sms == 0
        return self.amount <= 0 or (self.price is not None and self.amount < self.price)

    @property
    def full(self) -> bool:
        """Known to pay for many."""
        left = self.sms_left
        return left is not None and left >= _PLENTY

    @property
    def sms_left(self) -> int | None:
        return sms_left(self.amount, self.sms, self.price)


def spent(purse: Purse, sent: int) -> Purse:
    """The purse after so many SMS: the bundle first, then the money."""
    bundled = min(sent, purse.sms or 0)
    rest = sent - bundled
    amount = purse.amount
    if amount is not None and purse.price is not None:
        amount -= rest * purse.price
    return Purse(amount, None if purse.sms is None else purse.sms - bundled, purse.price)


@dataclass(frozen=True, slots=True)
class Reserve:
    """What only urgent messages may use: so many SMS, or so much money (micros)."""

    sms: int = 0
    amount: int = 0

    def touched(self, purse: Purse) -> bool:
        """Whether no more than the reserve is left. Of what is not known nothing is held back."""
        left = purse.sms_left
        few = bool(self.sms) and left is not None and left <= self.sms
        little = bool(self.amount) and purse.amount is not None and purse.amount <= self.amount
        return few or (little and not purse.sms)


@dataclass(frozen=True, slots=True)
class DayCap:
    """What SMS may cost in a day, and what one costs; both in micros."""

    amount: int
    price: int

    def reached(self, cost: int, on_air: int = 0) -> bool:
        """Whether one more would cost too much; those that are `on_air` count as paid."""
        return cost + self.price * (1 + on_air) > self.amount


@dataclass(frozen=True, slots=True)
class Credit:
    """What is believed of one SIM. Times are epoch ms.

    `out_since` is None while messages go. `strikes` counts rejections in a row, `suspect` says
    that the last refusal may have been for lack of credit. `level` is the balance at which it
    ran out. `paid_otherwise`: a message went although the balance does not pay for one.
    """

    out_since: int | None = None
    why: str = ""
    strikes: int = 0
    suspect: bool = False
    probes: int = 0
    probe_at: int = 0
    level: int | None = None
    paid_otherwise: bool = False

    @property
    def out(self) -> bool:
        return self.out_since is not None


def refused(credit: Credit, sign: Suspicion, why: str, purse: Purse, now: int) -> Credit:
    """A message was refused; `why` in the network's words."""
    if credit.out:
        return _probed(credit, sign, why, now)
    if sign is Suspicion.NONE:
        return credit
    strikes = credit.strikes + (sign is Suspicion.STRONG)
    suspected = replace(credit, strikes=strikes, suspect=True)
    trusted = sign is Suspicion.STRONG or not credit.paid_otherwise
    if (purse.empty and trusted) or (strikes >= _STRIKES and not purse.full):
        return _ran_out(suspected, why, purse, now)
    return suspected


def accepted(credit: Credit, purse: Purse) -> Credit:
    """A message went: there is credit, or something else that pays."""
    return Credit(paid_otherwise=purse.empty)


def balance_seen(credit: Credit, purse: Purse, now: int) -> Credit:
    """The operator told the balance."""
    if credit.out:
        return _topped_up(credit, purse)
    if credit.suspect and purse.empty and not credit.paid_otherwise:
        return _ran_out(credit, "the balance pays for no SMS", purse, now)
    return credit


def hoped_for(credit: Credit, now: int) -> Credit:
    """Somebody seems to have topped up: probe at once, and often again."""
    return replace(credit, probe_at=now, probes=0) if credit.out else credit


def probe_due_at(credit: Credit, now: int) -> int:
    """When the next probe may go. A time that a wrong clock set far ahead is not waited for."""
    return credit.probe_at if credit.probe_at <= now + _LONGEST_PROBE_MS else now


def probe_wait_ms(probes: int) -> int:
    """Minutes at first, then hours: a top-up is seen within six hours at the latest."""
    return min(_LONGEST_PROBE_MS, _FIRST_PROBE_MS << min(probes, 10))


def _ran_out(credit: Credit, why: str, purse: Purse, now: int) -> Credit:
    return replace(
        credit,
        out_since=now,
        why=why,
        probes=0,
        probe_at=now + probe_wait_ms(0),
        level=purse.amount,
        paid_otherwise=False,
    )


def _probed(credit: Credit, sign: Suspicion, why: str, now: int) -> Credit:
    """What has nothing to do with credit does not make the next pause longer."""
    probes = credit.probes + (sign is not Suspicion.NONE)
    return replace(
        credit, why=why or credit.why, probes=probes, probe_at=now + probe_wait_ms(probes)
    )


def _topped_up(credit: Credit, purse: Purse) -> Credit:
    """Over, if the balance has risen and pays. One that never moved was no help before."""
    if purse.sms:
        return Credit()
    if purse.amount is None:
        return credit
    risen = credit.level is None or purse.amount > credit.level
    if risen and not purse.empty:
        return Credit()
    return replace(credit, level=purse.amount)
