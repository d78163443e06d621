"""Incoming calls: what is done about one, and who gets an SMS in answer."""

from __future__ import annotations

from dataclasses import dataclass

_SHORT = 7  # fewer digits are no subscriber: an SMS there may cost much, or go to a machine
# RING comes every five seconds or so; after three missing ones the call is over.
CALL_OVER_S = 15.0


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """`hang_up` ends the call; `reply` is the text of an SMS to the caller, '' for none."""

    hang_up: bool = True
    reply: str = ""
    most_replies: int = 20  # a day, to all callers together


def deserves_reply(caller: str, policy: CallPolicy, *, replied: bool, replies: int) -> bool:
    """Whether a caller gets the SMS: once a day, never a hidden, short or alphanumeric one.

    `replied` is whether this one got it within a day, `replies` how many did.
    """
    digits = caller.removeprefix("+")
    dialable = digits.isascii() and digits.isdigit() and len(digits) >= _SHORT
    return bool(policy.reply) and dialable and not replied and replies < policy.most_replies
