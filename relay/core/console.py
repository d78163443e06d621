"""The AT console: what may be typed to a modem by hand, and what of it may be written down.

A line is taken apart as ITU-T V.250 §5.2 says: `AT+CSQ;+CMGD=1` is two commands. What only asks is
free. What relay does not know may change anything for good, so a person must mean it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

LONGEST = 556  # the longest line that modems take is 560 with AT, CR and a NUL


class Danger(IntEnum):
    """What a command may do. ASKS nothing; SETS what the next bring-up sets again; FORCE what a
    person must mean; NEVER what would break the line to the modem."""

    ASKS = 0
    SETS = 1
    FORCE = 2
    NEVER = 3


@dataclass(frozen=True, slots=True)
class Judgement:
    """`why` is half a sentence about `command`; empty where nothing speaks against it."""

    danger: Danger
    command: str = ""
    why: str = ""


_SENDS = "sends an SMS, which costs money and which relay would know nothing of"
_PROMPT = "waits for a message, which this console cannot give; use relay send"
_DATA = "takes the line for data, and the modem answers no command any more"
_PIN = "uses up a try of the SIM, and blocks it after the last one"
_SETTING = "changes a setting that receiving and sending rest on"
_SPEAKS = "changes how the modem answers, so that relay does not understand it"
_LINE = "changes the serial line, and relay may not reach the modem any more"
_RESETS = "restarts the modem or loses its settings"
_NETWORK = "changes the choice of the network, which may last"
_STORES = "changes for good what the SIM or the modem has stored"
_DELETES = "deletes or moves messages that may not have been read yet"
_DIALS = "makes or answers a call, which costs money"
_UNKNOWN = "is not known to relay: it may change the modem for good"

# What a command does when it does not only ask (`?`, `=?`).
_DOES: dict[str, tuple[Danger, str]] = {
    **dict.fromkeys(
        ("+CSQ", "+CESQ", "+CGMI", "+CGMM", "+CGMR", "+CGSN", "+GMI", "+GMM", "+GMR", "+GSN",
         "+GCAP", "+CIMI", "+CCID", "+ICCID", "+QCCID", "^ICCID", "#CCID", "+CNUM", "+CPAS",
         "+CBC", "+CLAC", "+CEER", "+CLCC", "+CPINR", "+CMGL", "+CMGR", "+SPIC", "^CPIN",
         "^SYSINFO", "^SYSINFOEX", "^HCSQ", "^VERSION", "+QNWINFO", "+QSIMSTAT", "+CPBR",
         "I", "&V", "*CNTI", "+XCELLINFO"),
        (Danger.ASKS, ""),
    ),
    **dict.fromkeys(
        ("+CREG", "+CGREG", "+CEREG", "+CMEE", "+CLIP", "+CRC", "+CSCS", "+CSDH", "+CHUP",
         "E", "H", "L", "M", "X"),
        (Danger.SETS, ""),
    ),
    **dict.fromkeys(("+CMGS", "+CMGW", "+CMGC"), (Danger.NEVER, _PROMPT)),
    **dict.fromkeys(("+CGDATA", "+CMUX", "O"), (Danger.NEVER, _DATA)),
    "+CMSS": (Danger.FORCE, _SENDS),
    **dict.fromkeys(("+CMGD", "+CMGDA", "+CMGMV", "+QMGDA", "+CNMA"), (Danger.FORCE, _DELETES)),
    **dict.fromkeys(("+CPIN", "+CPIN2", "+CPWD", "+CLCK", "+EPIN"), (Danger.FORCE, _PIN)),
    **dict.fromkeys(("+CMGF", "+CNMI", "+CPMS", "+CSMS", "+CSMP"), (Danger.FORCE, _SETTING)),
    **dict.fromkeys(("+CSCA", "+CSAS", "+CPBW", "+CRSM", "+CSIM", "&W"), (Danger.FORCE, _STORES)),
    **dict.fromkeys(("+CFUN", "+CPOF", "+CPWROFF", "Z", "&F"), (Danger.FORCE, _RESETS)),
    **dict.fromkeys(("+IPR", "+ICF", "+IFC", "&K", "&C", "&D", "S"), (Danger.FORCE, _LINE)),
    **dict.fromkeys(("V", "Q"), (Danger.FORCE, _SPEAKS)),
    **dict.fromkeys(("+COPS", "+CGATT", "+CGACT", "+CGDCONT"), (Danger.FORCE, _NETWORK)),
    **dict.fromkeys(("A", "D", "+CHLD", "+VTS"), (Danger.FORCE, _DIALS)),
    "+CUSD": (Danger.FORCE, "may cost money; use relay ussd, which reads the answer"),
}  # fmt: skip

_EXTENDED = re.compile(r"([+^#$*%!_\\-][A-Z0-9_]+)\s*((?:\"[^\"]*\"?|[^;\"])*)", re.IGNORECASE)
# A value in which no second command hides.
_TAME = re.compile(r"(=\s*[\w\",. ]*|[0-9]*)")
_BASIC = re.compile(r"(&?[A-Z])\s*([0-9]*(?:\s*=?\s*[0-9?]+)?)", re.IGNORECASE)


def judge(line: str) -> Judgement:
    """How dangerous a line is: as dangerous as the worst command in it."""
    typed = line.strip()
    if typed[:2].upper() != "AT" or not (typed.isascii() and typed.isprintable()):
        return Judgement(Danger.NEVER, typed[:16], "is no AT command")
    if len(typed) > LONGEST:
        return Judgement(Danger.NEVER, typed[:16], "is longer than modems can take")
    return max(
        (_one(name, value) for name, value in _commands(typed[2:])),
        key=lambda one: one.danger,
        default=Judgement(Danger.ASKS),
    )


def _commands(body: str) -> Iterator[tuple[str, str]]:
    """Name and value of each command of a line. What cannot be read is named by itself."""
    at = 0
    while at < len(body):
        if body[at] in " ;":
            at += 1
            continue
        found = _EXTENDED.match(body, at) or _BASIC.match(body, at)
        if found is None:
            yield body[at:], ""
            return
        name, value = found[1].upper(), found[2].strip()
        at = found.end()
        if name == "D":  # everything up to the semicolon is dialled, V.250 §6.3.1
            dialled, end, _ = body[found.start() + 1 :].partition(";")
            value = dialled + end
            at = found.start() + 1 + len(value)
        yield name, value


def _one(name: str, value: str) -> Judgement:
    danger, why = _DOES.get(name, (Danger.FORCE, _UNKNOWN))
    if name == "D" and not value.endswith(";"):
        danger, why = Danger.NEVER, _DATA
    elif (value in {"?", "=?"} and name[0] in "+^#$*%!_") or (name == "S" and value.endswith("?")):
        danger, why = Danger.ASKS, ""
    elif (name, value[:3]) == ("+COPS", "=3,"):  # only how the operator is written
        danger, why = Danger.SETS, ""
    elif name == "+CLCK" and re.fullmatch(r'="?\w+"?\s*,\s*2', value):  # is it locked?
        danger, why = Danger.ASKS, ""
    elif danger < Danger.FORCE and not _TAME.fullmatch(value):
        danger, why = Danger.FORCE, _UNKNOWN
    return Judgement(danger, f"AT{name}", why)


# --- what may be written down -------------------------------------------------------------------

# A voucher, a number, or a message in hexadecimal digits.
_NUMBER = re.compile(r"\+?[0-9A-F]{5,}", re.IGNORECASE)
_SECRETS = re.compile(r"(\+(?:CPIN2?|CPWD|CLCK|EPIN)\s*=\s*)[^;]*", re.IGNORECASE)


def masked_digits(text: str) -> str:
    """A text without the numbers in it: of each run of digits the last three remain."""
    return _NUMBER.sub(lambda found: "…" + found[0][-3:], text)


def masked_line(line: str) -> str:
    """A line of the console as the journal may keep it: no PIN, no number, no message."""
    return masked_digits(_SECRETS.sub(r"\1…", line))
