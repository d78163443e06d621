"""What somebody wrote behind the word of a call-out, a register or a pledge, read token by token.

Nothing is guessed: what could mean two things is asked back, and what means nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from relay.community.callouts.rules import Attribute, Rule, Target
from relay.community.spelling import fold

# No spelling of a value has more words than this.
_MOST_WORDS = 4
_AMOUNT = re.compile(r"[0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2}")


@dataclass(frozen=True, slots=True)
class Attributes:
    """The values that were read, and the rest of the text. `unclear` names the attribute that
    could be any of `choices`; `missing` the first required one that was not found."""

    values: Mapping[str, str] = field(default_factory=dict)
    rest: str = ""
    unclear: str = ""
    choices: tuple[str, ...] = ()
    missing: str = ""


def attributes(wanted: Sequence[Attribute], text: str) -> Attributes:
    """The attributes in their order; the longest spelling of each counts."""
    tokens = text.split()
    values: dict[str, str] = {}
    for attribute in wanted:
        taken, meant = _longest(attribute, tokens)
        if not taken and attribute.required:
            return Attributes(values, " ".join(tokens), missing=attribute.name)
        if len(meant) > 1:
            rest = " ".join(tokens[taken:])
            return Attributes(values, rest, unclear=attribute.name, choices=meant)
        if taken:
            values[attribute.name] = meant[0]
            tokens = tokens[taken:]
    return Attributes(values, " ".join(tokens))


def _longest(attribute: Attribute, tokens: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    """How many tokens spell a value, and which values they may mean."""
    for many in range(min(_MOST_WORDS, len(tokens)), 0, -1):
        spelled = fold(" ".join(tokens[:many]))
        meant = tuple(v for v, spellings in attribute.values.items() if spelled in spellings)
        if meant:
            return many, meant
    return 0, ()


def amount(text: str) -> int | None:
    """A whole number above zero, also as 1,500; None for anything else."""
    word = fold(text)
    if not _AMOUNT.fullmatch(word):
        return None
    return int(word.replace(",", "")) or None


@dataclass(frozen=True, slots=True)
class Request:
    """What staff ask for. `place` is the word behind @, '' for the asker's own place; `spot` is
    where to come within it."""

    wants: Mapping[str, str]
    target: int
    topic: str = ""
    place: str = ""
    spot: str = ""


def request(rule: Rule, text: str) -> Request | Attributes | None:
    """`O- 2 maternity`, or `pump 300 @Bura school` where a sum is collected.

    `Attributes` where one is unclear or missing, None where the number is.
    """
    before, place, after = _apart(text)
    read = attributes(rule.matched, before)
    if read.unclear or read.missing:
        behind = (read.rest, f"@{place}" if place else "", after)
        return replace(read, rest=" ".join(filter(None, behind)))
    tokens = read.rest.split()
    if rule.target is Target.SUM:
        if len(tokens) < 2 or (target := amount(tokens[1])) is None:
            return None
        return Request(read.values, target, tokens[0], place, _spot(tokens[2:], after))
    if tokens and (target := amount(tokens[0])) is not None:
        return Request(read.values, target, "", place, _spot(tokens[1:], after))
    if tokens and fold(tokens[0])[:1].isdigit():
        return None  # it was meant to be a number
    return Request(read.values, 1, "", place, _spot(tokens, after))


def _apart(text: str) -> tuple[str, str, str]:
    """What stands before the place, the one word behind @, and what stands behind it."""
    tokens = text.split()
    for n, token in enumerate(tokens):
        if token.startswith(("@", "\uff20")) and len(token) > 1:
            return " ".join(tokens[:n]), token[1:], " ".join(tokens[n + 1 :])
    return text, "", ""


def _spot(tokens: Sequence[str], after: str) -> str:
    """As it will stand in an SMS: short, on one line."""
    words = " ".join((*tokens, *after.split()))
    return "".join(c for c in words if c.isprintable())[:40].strip(" .,;")


@dataclass(frozen=True, slots=True)
class Offer:
    """A pledge as it was written: `topic` is folded, '' where none was named; 0 takes it back."""

    topic: str
    amount: int


def offer(text: str) -> Offer | None:
    """`pump 25`, `25 pump` or `25`; None where there is no amount."""
    tokens = fold(text).split()
    for at in (-1, 0):
        if not tokens:
            return None
        found = amount(tokens[at])
        if found is None and tokens[at] == "0":
            found = 0
        if found is not None:
            rest = tokens[:-1] if at == -1 else tokens[1:]
            return Offer(" ".join(rest), found)
    return None


_REF = re.compile(r"([0-9]{1,9}) ?[-/. ] ?([0-9]{1,6})")


def ref(text: str) -> tuple[int, int] | None:
    """`31-1`: the request, and the place of it."""
    found = _REF.fullmatch(fold(text))
    return (int(found[1]), int(found[2])) if found else None


def spellings(attribute: Attribute, values: Sequence[str]) -> tuple[str, ...]:
    """By which one of `values` is chosen: each of them, and what spells no other."""
    all_of = [spelt for value in values for spelt in attribute.values[value]]
    sure = [spelt for spelt in dict.fromkeys(all_of) if all_of.count(spelt) == 1]
    return (*values, *(spelt for spelt in sure if spelt not in map(fold, values)))


def value_of(attribute: Attribute, spelt: str) -> str | None:
    """The one value that this spells."""
    folded = fold(spelt)
    meant = [value for value, known in attribute.values.items() if folded in known]
    return meant[0] if len(meant) == 1 else None
