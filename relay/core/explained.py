"""From what a person types to the code that is meant, and what follows from it for a message."""

from __future__ import annotations

import re
from dataclasses import dataclass

from relay.core.causes import Retry, cause, status_of


@dataclass(frozen=True, slots=True)
class Meaning:
    """`code` is the one to look up; `said` is what a modem or network called it, if it did.

    `retry` is None for what is no refusal.
    """

    code: str
    said: str = ""
    retry: Retry | None = None


# What becomes of a message that was refused: it follows from the class of its cause.
FATES = {
    Retry.NEVER: "The same try would end the same way, so the message failed and is not sent "
    "again by itself. The server has been told.",
    Retry.SOON: "relay tries again within seconds, then minutes; nobody else waits for it.",
    Retry.LATER: "relay tries again, after longer and longer pauses, for half a day; nobody else "
    "waits for it. Then it fails, and the server is told.",
    Retry.DAYS: "relay tries again for a week: first every few minutes, then every two hours.",
    Retry.HELD: "SMS wait here, however long it takes; it counts as no try, and none fails for "
    "it. If another modem works, it takes them.",
}

_REFUSAL = re.compile(r"\+?(CMS|CME)[ _]*(?:ERROR)?[ :_]*(\d{1,5})")
_REPORT = re.compile(r"(?:TP-?)?ST[ :=]*(?:0X)?([0-9A-F]{1,2})")


def meanings(words: str) -> tuple[Meaning, ...]:
    """What was meant by `SIM_ABSENT`, `+CMS ERROR: 38`, `cms 38`, `38`, `TP-ST 46` (hex), …

    A bare number is one of +CMS and of +CME; anything else is taken for a code as it stands.
    """
    wanted = " ".join(words.split())
    upper = wanted.upper()
    if found := _REFUSAL.fullmatch(upper):
        return (_refused(found[1], int(found[2])),)
    if found := _REPORT.fullmatch(upper):
        return (_reported(int(found[1], 16)),)
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 6:
        return (_refused("CMS", int(wanted)), _refused("CME", int(wanted)))
    if "." in wanted:  # a reason of the door, such as destination.invalid
        return (Meaning(wanted.lower()),)
    return (Meaning(upper.replace(" ", "_").replace("-", "_")),)


def _refused(family: str, number: int) -> Meaning:
    found = cause(family, number)
    return Meaning(found.code, f"+{family} ERROR: {number} ({found.words})", found.retry)


def _reported(tp_st: int) -> Meaning:
    status = status_of(tp_st)
    return Meaning(status.code, f"TP-ST {tp_st:02X} ({status.words})")
