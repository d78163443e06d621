"""How far the airtime reaches: the price of an SMS, what is left, and for how long.

Amounts are in micros. What is not known stays None, through every sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from relay.core.balance import Operator, operator_of
from relay.core.money import money
from relay.core.said import Said, joined, say, some

# --- how to ask ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the configuration says of one modem's airtime; empty: as its operator has it.

    `price` is in micros, None where it is to be learnt.
    """

    ussd: str = ""
    pattern: str = ""
    sms_to: str = ""
    sms_text: str = ""
    sms_from: tuple[str, ...] = ()
    price: int | None = None
    currency: str = ""


def terms(imsi: str, wishes: Wishes, operators: Iterable[Operator]) -> Operator:
    """The operator of a SIM, with the wishes in the place of what is known of it."""
    known = operator_of(imsi, operators)
    own = (wishes.pattern,) if wishes.pattern else ()
    by_sms = bool(wishes.sms_to)
    return replace(
        known,
        manner=replace(
            known.manner,
            patterns=own + known.manner.patterns,
            currency=wishes.currency or known.manner.currency,
        ),
        ussd=wishes.ussd or ("" if by_sms else known.ussd),
        sms_to=wishes.sms_to or known.sms_to,
        sms_text=wishes.sms_text or known.sms_text,
        senders=(*wishes.sms_from, *known.senders, *filter(None, (wishes.sms_to, known.sms_to))),
    )


def dialled(ussd: str) -> tuple[str, ...]:
    """`*144#,1` as what is dialled and what is answered to the menus."""
    return tuple(step.strip() for step in ussd.split(",") if step.strip())


# --- what it costs ------------------------------------------------------------------------------

# Fewer SMS between two balances say too little: something else may have been charged as well.
_TELLING = 5


@dataclass(frozen=True, slots=True)
class Stretch:
    """What lies between two balances of one SIM: micros that went, SMS that were sent."""

    spent: int | None
    segments: int
    doubtful: int


def learnt_price(stretches: Sequence[Stretch]) -> int | None:
    """What one SMS costs, from what the balance lost while SMS were sent; None: not known.

    The median: a call, a bundle or a fee in one stretch does not count.
    """
    prices = sorted(
        one.spent // one.segments
        for one in stretches
        if one.spent and one.spent > 0 and one.segments >= _TELLING and not one.doubtful
    )
    return prices[(len(prices) - 1) // 2] if prices else None


# --- how far it reaches -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Forecast:
    """`sms_left` SMS, for `days_left` days as of late; `lacking` SMS for what waits now."""

    sms_left: int | None = None
    days_left: int | None = None
    lacking: int | None = None


def sms_left(amount: int | None, bundled: int | None, price: int | None) -> int | None:
    """How many SMS the airtime still pays for."""
    if amount is not None and price is not None and price > 0:
        return max(0, amount // price) + (bundled or 0)
    # Messages that are paid for are known to go, whatever the rest is worth.
    return bundled if amount is None or amount <= 0 else None


def forecast(left: int | None, daily: float | None, queued: int | None) -> Forecast:
    """`daily` is the average of SMS in recent days, `queued` how many wait."""
    if left is None:
        return Forecast()
    days = int(left / daily) if daily else None
    lacking = None if queued is None else max(0, queued - left)
    return Forecast(left, days, lacking)


def in_words(
    amount: int | None, currency: str, bundled: int | None, reach: Forecast, queued: int | None
) -> Said:
    """`ZMW 38.20, about 190 SMS, 11 days; queue needs 46`."""
    words: list[str] = [money(amount, currency)] if amount is not None else []
    if bundled:
        words.append(some(bundled, "{n} SMS in the bundle", "{n} SMS in the bundle"))
    if reach.sms_left is not None:
        words.append(some(reach.sms_left, "about {n} SMS", "about {n} SMS"))
    elif amount is not None:
        words.append(say("how many SMS is not known"))
    if reach.days_left is not None:
        words.append(some(reach.days_left, "{n} day", "{n} days"))
    left = joined(words or [say("not known")], ", ")
    return joined([left, say("queue needs {number}", number=queued) if queued else ""])
