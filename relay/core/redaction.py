"""What of relay's own records may leave the clinic: only what is known to be nobody's.

It is an allow-list. Numbers, truth values and codes of relay's own stay; a string stays where its
key says that relay or a maker of modems wrote it; of all else only the length is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from relay.core.logbook import told

# Under these keys stand words of relay, of a standard, or of a maker.
_WORDS = frozenset({
    "access", "by", "calls", "check", "check_day", "code", "confidence", "event", "fix", "fixes",
    "job", "kind", "level", "manufacturer", "mark", "memory", "migrations", "model", "needs",
    "on_uncertain", "request_gzip", "revision", "running", "state", "step", "steps", "submission",
    "usb", "usb_path", "verdict", "version", "way", "worker", "workers",
})  # fmt: skip
# Under these stands a code of relay, or what somebody else said.
_CODED = frozenset({"detail", "error", "reason", "trouble", "why"})
# Under these stand times (epoch ms) and sizes; elsewhere a number this large may be a phone's.
_LARGE = re.compile(r"(.*_)?(at|since|ok|now|until|free|octets|total|pages|samples|rows|ms)")
_LARGEST = 1_000_000_000
_CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
_KEY = re.compile(r"[A-Za-z0-9_.:| /()-]{1,60}")
_CLOCK = re.compile(r"\d\d:\d\d")
_DEVICE = re.compile(r"/dev/[A-Za-z0-9/._:+-]{1,80}")
_DIGITS = re.compile(r"\d{6,}")
_HEX = re.compile(r"[0-9A-Fa-f]{12,}")


def kept(value: Any, key: str = "") -> Any:
    """A document as JSON knows it, with nobody's number, name or text in it."""
    if isinstance(value, Mapping):
        return {_key(str(name)): kept(one, str(name)) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [kept(one, key) for one in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return value if abs(value) < _LARGEST or _LARGE.fullmatch(key) else "(a large number)"
    return _string(str(value), key)


def _string(value: str, key: str) -> str:
    known = key in _WORDS or (key in _CODED and _CODE.fullmatch(value))
    if known or _CLOCK.fullmatch(value) or _DEVICE.fullmatch(value):
        return veiled(value[:80])
    return f"({len(value)} characters)" if value else ""


def _key(name: str) -> str:
    return veiled(name) if _KEY.fullmatch(name) else f"({len(name)} characters)"


def veiled(text: str) -> str:
    """Nothing in it that is long enough for a number or a PDU."""
    text = _HEX.sub(lambda found: f"({len(found[0])} digits)", text)
    return _DIGITS.sub(lambda found: f"({len(found[0])} digits)", text)


# --- the log ------------------------------------------------------------------------------------

_FIELDS = frozenset({
    "attempt", "attempts", "code", "confidence", "crashes", "free", "held", "job", "kind",
    "memory", "messages", "modem", "mr", "n", "octets", "part", "parts", "pid", "runs_in_s",
    "seconds", "server", "signal", "slot", "standing", "state", "step", "took_s", "tries",
    "version", "was", "way", "worker", "workers",
})  # fmt: skip
_PLAIN = re.compile(r"[A-Za-z0-9_.:/,-]{1,40}")
_SMALL = re.compile(r"-?\d{1,5}(\.\d{1,6})?|yes|no|-")
_SECRET = re.compile("pin|puk|pass|secret|token|key|to|sender|recipient|number")
_FRAME = re.compile(r'\s*File ".*?((?:relay|site-packages)/[\w/.-]+\.py)", line (\d+), in (\w+)')
_RAISED = re.compile(r"((?:[A-Za-z_]\w*\.)*[A-Z]\w*)(?::.*)?")
_SAID = re.compile(
    r"(AT[+^*&$]?[A-Z0-9]{0,8}|[+^*][A-Z]{2,9}(?: ERROR: \d{1,4})?|OK|ERROR|RING|>)"
)


def log_line(text: str) -> str:
    """An event with its harmless fields; of a traceback the places; of anything else nothing."""
    found = told(text)
    if found.event == "at":
        return f"at {found.fields.get('way', '?')} {_said(found.fields.get('line', ''))}"
    if found.event:
        fields = (f"{key}={_field(key, value)}" for key, value in found.fields.items())
        return " ".join((veiled(found.event), *fields))
    if frame := _FRAME.match(text):
        return f"  {frame[1]}:{frame[2]} {frame[3]}"
    if raised := _RAISED.fullmatch(text.strip()):
        return f"  {veiled(raised[1])}"
    return f"({len(text)} characters)"


def _field(key: str, value: str) -> str:
    if _SMALL.fullmatch(value) and not _SECRET.search(key):
        return value
    harmless = _PLAIN if key in _FIELDS else _CODE if key in _CODED else None
    return veiled(value) if harmless is not None and harmless.fullmatch(value) else "…"


def _said(line: str) -> str:
    """Of the dialogue with a modem the command or the kind of the answer."""
    found = _SAID.match(line)
    return f"{found[1]} …" if found and len(found[1]) < len(line) else (found[1] if found else "…")


# --- mistakes in the configuration --------------------------------------------------------------

_PLACE = re.compile(r":(\d+): (\[[a-z0-9.-]{1,40}\] )?([a-z_]{1,30}:)?")


def mistakes(problems: Sequence[str]) -> list[str]:
    """Where they are; what stands there may be a password."""
    found = (_PLACE.search(one) for one in problems)
    return [f"line {one[0].strip(':')}" if one else "somewhere" for one in found]
