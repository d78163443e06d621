"""Unsolicited result codes: a line that came by itself becomes an event of `relay.core.device`."""

from __future__ import annotations

import re

from relay.core.device import (
    CallEnded,
    IncomingCall,
    LateReference,
    MemoryFull,
    NewMessage,
    Restarted,
    Slot,
    Unsolicited,
    Urc,
)

_NAME = re.compile(r"([+^*%$#&!][A-Z][A-Z0-9_]*)(?=:|\s*$)", re.IGNORECASE)


def result_name(line: str) -> str:
    """`+CMTI` of `+CMTI: "SM",3`; empty where the line does not begin with a name."""
    found = _NAME.match(line)
    return found[1].upper() if found else ""


CALL_ENDS = frozenset({"NO CARRIER", "BUSY", "NO ANSWER"})
_REBOOT = frozenset({"RDY", "START", "^SYSSTART", "MODEM:STARTUP", "APP RDY"})
_BOOT = _REBOOT | {
    "Call Ready", "SMS Ready", "SMS DONE", "PB DONE", "+PBREADY", "*ATREADY", "SIM REMOVED",
    "NORMAL POWER DOWN", "POWERED DOWN", "POWER DOWN",
}  # fmt: skip
_CALLS = frozenset({"RING", "+CRING", "+CLIP"})
# Lines without a result name that are never part of an answer.
BARE = frozenset(_BOOT | _CALLS | CALL_ENDS | {"SMS FULL", "UNDER-VOLTAGE WARNNING"})

_MEMORY_AND_INDEX = re.compile(r"\+C(?:MT|DS)I:\s*\"?([A-Z]{2})\"?\s*,\s*(\d{1,6})", re.I)
_REFERENCE = re.compile(r"\+CM[GS]S:\s*(\d{1,3})\b")
# Who calls, in international form where the type of the number says so.
_CALLER = re.compile(r"\+CLIP:\s*\"?(\+?[0-9]{1,20})\"?", re.IGNORECASE)
_CALL_OVER = frozenset({"^CEND", "+CEND"})
_FULL = re.compile(r"SMS?[ _]?(?:MEM)?[ _]?FULL", re.IGNORECASE)
_QUOTED_MEMORY = re.compile(r"\"?\b(SM|ME|MT|SR)\b\"?")


def read_urc(line: str) -> Urc:
    """The event that an unsolicited line stands for; `Unsolicited` if it has no meaning here."""
    name = result_name(line)
    if stored := _MEMORY_AND_INDEX.match(line):
        return NewMessage(Slot(stored[1].upper(), int(stored[2])))
    if late := _REFERENCE.match(line):
        return LateReference(int(late[1]))
    if line in _CALLS or name in _CALLS:
        number = _CALLER.match(line)
        return IncomingCall(number[1] if number else "")
    if line in CALL_ENDS or name in _CALL_OVER or line.startswith("MISSED_CALL"):
        return CallEnded()
    if line in _BOOT or name in _BOOT or name == "+CPIN":
        return Restarted(line)
    if _FULL.search(line):
        memory = _QUOTED_MEMORY.search(line)
        return MemoryFull(memory[1] if memory else "")
    return Unsolicited(line)


def is_reboot(urc: Urc) -> bool:
    """Whether the modem started anew just now: no answer will come to what was asked before."""
    return isinstance(urc, Restarted) and urc.line in _REBOOT


# What modems say every few seconds, and nobody has to wake for.
_CHATTER = frozenset({
    "^RSSI", "^HCSQ", "^MODE", "^BOOT", "^SRVST", "^SIMST", "^DSFLOWRPT", "^ANLEVEL", "^CSNR",
    "+CSQ", "+QIND", "*PSUTTZ", "*PSNWID", "+CTZV", "+CTZE", "+CIEV", "^NWTIME", "+CREG",
    "+CGREG", "+CEREG", "+ZDONR", "+ZPASR", "%CSQ",
})  # fmt: skip


def is_chatter(urc: Urc) -> bool:
    """Whether this is small talk that may wait for the next turn."""
    return isinstance(urc, Unsolicited) and result_name(urc.line) in _CHATTER
