"""Two machines that answer one another: found before they have used up the credit.

A message is stopped when what was said to its recipient of late, and what came from there, looks
as only machines talk. People are left room: a health worker may send thirty reports in an hour
and get thirty answers, a patient may get five different messages a day, and a backlog of
hundreds to one number is no loop, because nothing comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from relay.core.plain import HOUR

WINDOW_MS = HOUR
# Numbers that are too short to be a person's: operators, banks, hotlines.
_SHORT = 6
# By so many last digits +260977000001 and 0977000001 are the same.
TELLING_DIGITS = 8


@dataclass(frozen=True, slots=True)
class LoopLimits:
    """Each in an hour and to one number; 0 is none.

    `same` times the same words. `echoes` times the same words for the same words that came from
    there: thank-you and auto-reply are at it after a minute. `rounds` strictly in turn, one in
    and one out: also where each has a number or the time in it. Nothing goes to `own` numbers,
    or in reply to `never` (and a short code that has written to us is never replied to).
    """

    same: int = 30
    echoes: int = 10
    rounds: int = 100
    own: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the last hour between us and one number: `ours`, or theirs."""

    at: int
    key: str
    ours: bool


def key_of(text: str) -> str:
    """The same for the same words, whatever their case and blanks. It does not show the text."""
    return sha256(" ".join(text.casefold().split()).encode("utf-8", "replace")).hexdigest()[:16]


def same_number(one: str, other: str) -> bool:
    """Whether two ways to write a number mean the same, with and without the country."""
    digits = [number.removeprefix("+") for number in (one, other)]
    if any(len(number) < TELLING_DIGITS for number in digits):
        return digits[0] == digits[1]
    return digits[0][-TELLING_DIGITS:] == digits[1][-TELLING_DIGITS:]


def is_short(number: str) -> bool:
    return not number.startswith("+") and len(number) <= _SHORT


def stopped(
    recipient: str, key: str, talk: Sequence[Said], limits: LoopLimits, *, is_reply: bool
) -> str | None:
    """Why a message must not go without a person's word, or None.

    `talk` is what was said with this number in the last hour, in order, without this message;
    `is_reply` says that a machine wants to send it and not a person at this one.
    """
    if any(same_number(recipient, own) for own in limits.own):
        return "the recipient is this station itself"
    if is_reply and any(same_number(recipient, one) for one in limits.never):
        return "the configuration never replies to this number"
    heard = [said for said in talk if not said.ours]
    if is_reply and heard and is_short(recipient):
        return "it would reply to a short code, where a machine answers"
    return _by_limits(key, talk, heard, limits)


def _by_limits(
    key: str, talk: Sequence[Said], heard: Sequence[Said], limits: LoopLimits
) -> str | None:
    same = sum(said.ours and said.key == key for said in talk)
    if limits.same and same >= limits.same:
        return f"the same words went to this number {same} times within an hour"
    echoed = min(same, _most_frequent(heard))
    if limits.echoes and echoed >= limits.echoes:
        return f"the same words were answered with the same words {echoed} times within an hour"
    rounds = _rounds(talk)
    if limits.rounds and rounds >= limits.rounds:
        return f"{rounds} times in turn within an hour one message came and one went"
    return None


def _most_frequent(heard: Sequence[Said]) -> int:
    keys = [said.key for said in heard]
    return max((keys.count(key) for key in set(keys)), default=0)


def _rounds(talk: Sequence[Said]) -> int:
    """How often, up to now and without a break, one went out for one that came in."""
    turns = 0
    ours = False
    for said in reversed(talk):
        if said.ours is not ours:
            break
        turns, ours = turns + 1, not ours
    return turns // 2
