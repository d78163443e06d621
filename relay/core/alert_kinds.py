"""What an alert can be about: the kinds, and which problems of status belong to each.

An alert is a problem that lasted long enough. The rules that find problems stand in `*_health.py`
and nowhere else; here they are only sorted.
"""

from __future__ import annotations

from dataclasses import dataclass

from relay.core.verdict import Problem


@dataclass(frozen=True, slots=True)
class Kind:
    """One reason to write to a technician. `codes` ending in `*` stand for all that begin so.

    An `urgent` one passes quiet hours. The time of an `unbroken` one begins anew whenever the
    problem was gone; that of others adds up, so that a modem which comes and goes is told of.
    While a problem of one of `hidden_by` is there, nobody can see whether this one is over.
    `apart` keeps modems, or servers, from one another.
    """

    name: str
    words: str
    codes: tuple[str, ...]
    urgent: bool = False
    unbroken: bool = False
    apart: bool = False
    hidden_by: tuple[str, ...] = ()

    def covers(self, code: str) -> bool:
        return any(
            code.startswith(one[:-1]) if one.endswith("*") else code == one for one in self.codes
        )


# The first that covers a code has it: a server's NET_DNS is no modem's NET_SEARCHING.
KINDS: tuple[Kind, ...] = (
    Kind("battery", "battery nearly empty", ("BATTERY_LOW",), urgent=True),
    Kind("power", "no mains, on battery", ("ON_BATTERY",), hidden_by=("battery",)),
    Kind(
        "store",
        "trouble with the database",
        ("STORE_DAMAGED", "STORE_SALVAGED", "STORE_REPLACED", "STORE_RESCUED", "STORE_HELD",
         "STORE_CORRUPT", "BACKUP_LATE", "BACKUP_FAILED"),
        urgent=True,
    ),
    Kind("disk", "disk nearly full", ("DISK_*",), urgent=True),
    Kind(
        "sim",
        "SIM in {subject} held",
        ("SIM_CHANGED", "SMSC_UNKNOWN", "SIM_FULL", "SIM_STUCK"),
        apart=True,
        hidden_by=("modem",),
    ),
    Kind(
        "credit",
        "credit of {subject} low",
        ("SIM_NO_CREDIT", "CREDIT_*", "COST_CAP"),
        apart=True,
        hidden_by=("modem",),
    ),
    Kind("signal", "signal of {subject} weak", ("SIGNAL_WEAK",), apart=True, hidden_by=("modem",)),
    Kind(
        "silence",
        "nothing comes in by {subject}",
        ("SILENCE_UNUSUAL",),
        apart=True,
        hidden_by=("modem",),
    ),
    Kind(
        "modem",
        "modem {subject} does not work",
        ("MODEM_*", "PORT_*", "SIM_ABSENT", "PIN_*", "PUK_BLOCKED", "NET_SEARCHING", "NET_DENIED",
         "USB_*"),
        apart=True,
    ),
    Kind(
        "server",
        "server {subject} not reached",
        ("NET_*", "BAD_REPLY*", "HTTP_5*", "HTTP_408", "HTTP_425", "HTTP_429"),
        unbroken=True,
        apart=True,
        hidden_by=("refusal",),
    ),
    Kind(
        "refusal",
        "server {subject} cannot be used",
        ("AUTH_*", "TLS_*", "HTTP_*"),
        unbroken=True,
        apart=True,
        hidden_by=("server",),
    ),
    Kind(
        "queue",
        "messages do not go out",
        ("OUT_SLOW", "OUT_REFUSED", "SMS_REJECTED", "SMS_FAILING", "UNCERTAIN_HELD",
         "LOOP_SUSPECTED", "CAP_REACHED"),
        hidden_by=("modem", "sim", "credit"),
    ),
    Kind("forwarding", "messages are stuck here", ("FORWARDING_SLOW", "PARKED"),
         hidden_by=("server", "refusal")),
    Kind("relay", "relay itself has trouble", ("WORKER_CRASHES", "CLOCK_*", "HOOK_FAILING")),
)  # fmt: skip

BY_NAME = {kind.name: kind for kind in KINDS}

# What says more than the words of its kind.
_SHORT = {
    "MODEM_LOST": "modem {subject} missing or silent",
    "PORT_MISSING": "modem {subject} not plugged in",
    "MODEM_DEAF": "modem {subject} receives nothing",
    "SIM_ABSENT": "no SIM in {subject}",
    "PIN_REQUIRED": "SIM in {subject} asks for a PIN",
    "PIN_REFUSED": "SIM in {subject} refused its PIN",
    "PUK_BLOCKED": "SIM in {subject} blocked (PUK)",
    "NET_SEARCHING": "{subject} finds no network",
    "NET_DENIED": "network refuses the SIM in {subject}",
    "SIM_CHANGED": "another SIM in {subject}, nothing goes out",
    "SMSC_UNKNOWN": "{subject} has no service centre",
    "SIM_NO_CREDIT": "no credit on {subject}",
    "DISK_FULL": "disk full",
    "DISK_READONLY": "disk takes no writing",
    "STORE_DAMAGED": "database damaged",
    "BACKUP_LATE": "no copy of the database for days",
    "AUTH_401": "server {subject} refuses the password",
    "LOOP_SUSPECTED": "messages held, loop suspected",
    "UNCERTAIN_HELD": "messages wait for a decision",
    "PARKED": "messages refused by server {subject}",
    "HOOK_FAILING": "a hook fails",
}


def kind_of(problem: Problem) -> Kind | None:
    """None for what nobody is written to about: what is not known, what is not set up."""
    if problem.code.endswith(("_UNKNOWN", "_NONE")) and problem.code != "SMSC_UNKNOWN":
        return None
    return next((kind for kind in KINDS if kind.covers(problem.code)), None)


def subject_of(kind: Kind, problem: Problem) -> str:
    return problem.subject if kind.apart else ""


def short(kind: str, code: str, subject: str) -> str:
    """A few words for an SMS."""
    words = _SHORT.get(code) or BY_NAME[kind].words
    return words.format(subject=subject or "it")
