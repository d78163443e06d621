"""Airtime for status: from facts, to a line and to JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from relay.config_sections import AirtimeConfig
from relay.core.credit import Reserve
from relay.core.money import MICROS, micros
from relay.core.said import joined, say, some
from relay.core.station import AirtimeFacts
from relay.status_facts import table, text, when, whole
from relay.store.facts import Fact

Facts = Mapping[str, Fact]


def airtime(facts: Facts, counted: AirtimeFacts, config: AirtimeConfig, cost: int) -> AirtimeFacts:
    """The figures of one modem with what its operator has said, and what follows from it.

    `cost` is what all SMS of today have cost, in micros.
    """
    known = _told(facts, counted)
    capped = config.cap is not None and config.cap.reached(cost)
    reserve = Reserve(config.reserve_sms, micros(config.reserve_amount))
    held = known.out_since is None and reserve.touched(known.purse)
    return replace(known, reserve=held, capped=capped, held=known.held if held or capped else 0)


def _told(facts: Facts, counted: AirtimeFacts) -> AirtimeFacts:
    key = f"modem.{counted.modem}"
    credit = table(facts, f"{key}.credit")
    balance, check = table(facts, f"{key}.balance"), table(facts, f"{key}.balance_check")
    price = table(facts, f"{key}.price")
    amount = balance.get("amount")
    return replace(
        counted,
        amount=micros(amount) if isinstance(amount, (int, float)) else None,
        currency=text(balance.get("currency")) or text(price.get("currency")),
        sms=whole(balance.get("sms")),
        until=text(balance.get("until")) or None,
        at=when(facts, f"{key}.balance"),
        via=_source(facts, f"{key}.balance"),
        price=whole(price.get("micros")),
        price_source=_source(facts, f"{key}.price"),
        check=text(check.get("state")),
        check_error=text(check.get("error")),
        check_at=when(facts, f"{key}.balance_check"),
        ussd=text(check.get("ussd")),
        out_since=whole(credit.get("out_since")),
        why=text(credit.get("why")),
        probe_at=whole(credit.get("probe_at")) or None,
    )


def _source(facts: Facts, key: str) -> str:
    found = facts.get(key)
    return found.source if found is not None else ""


def airtime_line(one: AirtimeFacts, *, alone: bool) -> str:
    """One line of status, or nothing for a SIM of which nobody wants to know."""
    if not one.known and one.out_since is None:
        return ""
    held = ""
    if one.reserve:
        held = some(
            one.held, "{n} SMS waits behind the reserve", "{n} SMS wait behind the reserve"
        )
    none = say("no credit") if one.out_since is not None else ""
    words = joined([none, one.words(), held])
    return words if alone else joined([f"{one.modem}:", words], " ")


def document(one: AirtimeFacts) -> dict[str, Any]:
    """Amounts in the currency itself, not in micros."""
    reach = one.reach
    return {
        **asdict(one),
        "amount": None if one.amount is None else one.amount / MICROS,
        "price": None if one.price is None else one.price / MICROS,
        "sms_left": reach.sms_left,
        "days_left": reach.days_left,
        "lacking": reach.lacking,
    }
