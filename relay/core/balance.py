"""What an operator's answer says about the airtime: its patterns, and what they find.

A pattern is the answer as it was seen, with {amount}, {sms} and {until} in the places of what
changes and * for anything: `Your balance is {amount}. Valid until {until}*`. It is no regular
expression, so that a technician can write one, and no answer can make it slow. What no pattern
knows is read only where the words leave no doubt. Nothing here raises on any answer, and a
number that is not there is never made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from relay.core.money import CURRENCY, NUMBER, currency_of, micros, read_amount

# The longest answer that is looked at; a USSD answer has 182 characters (TS 23.038 §5).
_LONGEST = 1_200


@dataclass(frozen=True, slots=True)
class Balance:
    """`amount` in micros; `sms` are messages that are paid for already; `until` is ISO 8601.

    None means that the answer does not say it.
    """

    amount: int | None = None
    currency: str = ""
    sms: int | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How one operator writes: its currency, its decimal mark and its patterns, the best first."""

    currency: str = ""
    decimal: str = ""
    patterns: tuple[str, ...] = ()
    top_ups: tuple[str, ...] = field(default=())


class BadPattern(ValueError):
    """A pattern that can find nothing; the words finish the sentence 'this key …'."""


def read_balance(answer: str, manner: Manner) -> Balance | None:
    """What the answer says of the balance; None if nobody can tell."""
    text = tidy(answer)
    for pattern in manner.patterns:
        if (found := match(pattern, text, manner)) is not None:
            return found
    return _plainly_said(text, manner)


def is_top_up(answer: str, manner: Manner) -> bool:
    """Whether an operator's message says that airtime was added."""
    text = tidy(answer)
    return any(_found(pattern, text) is not None for pattern in manner.top_ups)


def tidy(answer: str) -> str:
    """The answer as it is looked at: invisible marks and needless blanks are gone."""
    kept = "".join(one for one in answer[:_LONGEST] if one.isprintable() or one.isspace())
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"[ \t\r]+", " ", kept)).strip()


# --- patterns -----------------------------------------------------------------------------------

# What a number counts when it is no money.
_OTHER_UNITS = (
    r"(?!\s*(?:%|[KMG][BO]\b|mega|giga|min(?:s|ute|utes)?\b|sec(?:s|ond|onds)?\b|sms\b|texts?\b"
    r"|messages?\b|msgs?\b|days?\b|hours?\b|hrs?\b|jours?\b|heures?\b|dias?\b|siku\b|points?\b"
    r"|[/:-]\d))"
)
_MINUS = "[-−–]"
_AMOUNT = (
    rf"(?:(?<![^\W\d_])(?P<before>{CURRENCY})\s*[:.]?\s*)?"
    rf"(?P<sign>{_MINUS}\s*)?(?:(?<![^\W\d_])(?P<behind>{CURRENCY})\s*[:.]?\s*)?"
    rf"(?P<amount>(?<!\d)(?<!\d[.,]){NUMBER})(?![.,]?\d){_OTHER_UNITS}"
    rf"(?:\s*(?P<after>{CURRENCY})(?![^\W_]))?"
)
_DATE = (
    r"(?P<until>\d{1,4}[-/. ](?:\d{1,2}|[^\W\d_]{3,9}\.?)[-/., ]+\d{2,4}(?!\d)"
    r"|[^\W\d_]{3,9}\.? \d{1,2},? \d{4}(?!\d))"
)
_PLACES = {
    "{amount}": _AMOUNT,
    "{sms}": r"(?P<sms>(?<!\d)\d{1,6}(?!\d))",
    "{until}": _DATE,
}
_PIECES = re.compile(r"(\{[a-z]*\}|\s+)")


@cache
def _expr(pattern: str) -> re.Pattern[str]:
    """Compiled when it is needed: `relay status` reads the configuration, and no balance."""
    return re.compile(pattern, re.IGNORECASE)


def check(pattern: str) -> None:
    """Raises `BadPattern` with what is wrong and what to write instead."""
    unknown = [one for one in re.findall(r"\{[^}]*\}?", pattern) if one not in _PLACES]
    if unknown:
        raise BadPattern(f"has {unknown[0]}; only {', '.join(_PLACES)} and * stand for something")
    if not any(place in pattern for place in _PLACES):
        raise BadPattern(
            "has nothing to look for; write the operator's answer with {amount} in the place of "
            'the number, such as "balance is {amount}"'
        )
    if any(pattern.count(place) > 1 for place in _PLACES):
        raise BadPattern("names the same thing twice; keep one of them and write * for the other")


@cache
def _segments(pattern: str) -> tuple[re.Pattern[str], ...]:
    """The stretches between the stars; each is looked for behind the one before it."""
    stretches = [one.strip() for one in pattern.split("*") if one.strip()]
    return tuple(_expr(_expression(one)) for one in stretches)


def _expression(stretch: str) -> str:
    parts = [r"(?<![^\W_])"] if stretch[0].isalnum() else []
    for piece in _PIECES.split(stretch):
        if piece in _PLACES:
            parts.append(rf"\s*{_PLACES[piece]}\s*")
        else:
            parts.append(r"\s*" if piece.isspace() else re.escape(piece))
    return "".join(parts)


def _found(pattern: str, text: str) -> dict[str, str] | None:
    """What stands in the places of a pattern, or None if it does not fit."""
    at = 0
    found: dict[str, str] = {}
    for segment in _segments(pattern):
        hit = segment.search(text, at)
        if hit is None or (not at and _of_something_else(text[: hit.start()])):
            return None
        at = hit.end()
        found |= {name: value for name, value in hit.groupdict().items() if value}
    return found


def match(pattern: str, text: str, manner: Manner) -> Balance | None:
    """What one pattern finds in a tidied answer; None if it does not fit."""
    found = _found(pattern, text)
    if found is None:
        return None
    amount = _amount(found, manner.decimal)
    if "amount" in found and amount is None:
        return None
    return Balance(
        amount=amount,
        currency=_currency(found, manner) if amount is not None else "",
        sms=int(found["sms"]) if "sms" in found else None,
        until=read_date(found.get("until", "")),
    )


def _amount(found: dict[str, str], decimal: str) -> int | None:
    number = read_amount(found.get("amount", ""), decimal)
    if number is None:
        return None
    return micros(-number if "sign" in found else number)


def _currency(found: dict[str, str], manner: Manner) -> str:
    spelled = found.get("before") or found.get("behind") or found.get("after") or ""
    return currency_of(spelled, manner.currency)


# --- dates --------------------------------------------------------------------------------------

# English, French, Portuguese and Spanish by what begins them and no other month.
_MONTHS = {
    1: "jan ene", 2: "feb fev fév", 3: "mar", 4: "apr avr abr", 5: "may mai", 6: "jun juin",
    7: "jul juil", 8: "aug aou aoû ago", 9: "sep set", 10: "oct out", 11: "nov",
    12: "dec dez dic déc",
}  # fmt: skip
_MONTH_OF = {name: number for number, names in _MONTHS.items() for name in names.split()}


def read_date(shown: str) -> str | None:
    """A day as ISO 8601, or None. Where both could be the month, the day comes first."""
    words = [one for one in re.split(r"[-/.,\s]+", shown.strip().lower()) if one]
    if len(words) != 3:
        return None
    named = [_month(word) for word in words]
    if named[0] is not None:
        words, named = [words[1], words[0], words[2]], [None, named[0], None]
    day, month, year = words[0], named[1] or words[1], words[2]
    if len(day) == 4:
        day, year = year, day
    return _day(day, str(month), year)


def _month(word: str) -> int | None:
    return _MONTH_OF.get(word[:4], _MONTH_OF.get(word[:3]))


def _day(day: str, month: str, year: str) -> str | None:
    try:
        number = int(year)
        return date(number + 2000 if number < 100 else number, int(month), int(day)).isoformat()
    except ValueError:
        return None


# --- without a pattern --------------------------------------------------------------------------

_BALANCE_WORDS = (
    r"(?<![^\W_])(?:balance|bal|solde|saldo|salio|airtime|crédit|credit|ব্যালেন্স|बैलेंस|बाँकी"
    r"|ब्यालेन्स|मौज्दात|رصيدك|رصيد|بیلنس|tk goc|tai khoan)(?![^\W_])"
)
_JOINTS = (
    r"\s*(?P<joint>[:=]?\s*(?:(?:is|est|est de|of|de|now|lako ni|ni|la|é|e|actuel|main|principal)"
    r"(?![^\W_])[\s:=]*){0,3})"
)
_SAID = f"{_BALANCE_WORDS}{_JOINTS}{_AMOUNT}"
# In the same clause these words make it the balance of something else, or no balance at all.
_NOT_THIS = (
    r"(?<![^\W_])(?:bonus|data|internet|promo|loan|debt|advance|owe|borrow|emprunt|dette|bundle|forfait|pack"
    r"|reward|point|voice|sms|minimum|below|less than|low|insufficient|insuffisant|transfer|mobile"
    r" money|momo|m-?pesa|wallet|mkopo|previous|last|old|voucher|tariff|limit)(?![^\W_])"
)
_CLAUSE_ENDS = re.compile(r"[.;,!\n](?!\d)")
_CLAUSE = 30


def _of_something_else(before: str) -> bool:
    """Whether the words in front of `balance` make it the balance of a bonus, a loan, …"""
    *_, clause = _CLAUSE_ENDS.split(before[-_CLAUSE:])
    return _expr(_NOT_THIS).search(clause) is not None


def _plainly_said(text: str, manner: Manner) -> Balance | None:
    """`balance is K38.20` in any answer, if it is said of one amount only."""
    seen = set(_said(text, manner))
    return seen.pop() if len(seen) == 1 else None


def _said(text: str, manner: Manner) -> Iterator[Balance | None]:
    for hit in _expr(_SAID).finditer(text):
        if _of_something_else(text[: hit.start()]) or _expr(_NOT_THIS).search(hit[0]):
            continue
        found = {name: value for name, value in hit.groupdict().items() if value}
        amount = _amount(found, manner.decimal)
        if not found.keys() & {"before", "behind", "after", "joint"} and found["amount"].isdigit():
            continue  # "1 Airtime 2 Data" is a menu
        yield None if amount is None else Balance(amount, _currency(found, manner))


# --- operators ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator as relay/data/operators.toml describes it.

    `networks` are its MCC and MNC as the IMSI begins; `ussd` a code and what is answered to its
    menus, `*144#,1`; `senders` the names and numbers that its own messages come from.
    """

    name: str = ""
    networks: tuple[str, ...] = ()
    manner: Manner = Manner()
    ussd: str = ""
    sms_to: str = ""
    sms_text: str = ""
    senders: tuple[str, ...] = ()


def operator_of(imsi: str, operators: Iterable[Operator]) -> Operator:
    """The operator of a SIM by its IMSI (MNCs have two or three digits), or a nameless one."""
    known = {network: one for one in operators for network in one.networks}
    return known.get(imsi[:6]) or known.get(imsi[:5]) or Operator()


def is_sender(sender: str, senders: Iterable[str]) -> bool:
    """Whether an SMS comes from the operator itself: by whole name or number, without a sign."""
    return _bare(sender) in {_bare(one) for one in senders}


def _bare(sender: str) -> str:
    return re.sub(r"[\W_]", "", sender).casefold()
