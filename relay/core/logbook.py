"""The log as a technician reads it: what happened in plain words, and nobody's number or text.

relay masks what it writes (`relay/log.py`). Here it is done once more, as a line may come from a
library, a traceback, or the trace of a modem.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from relay.core.log_words import SENTENCES
from relay.core.number import masked
from relay.core.plain import printable

LEVELS = ("debug", "info", "warning", "error", "critical")
_LONGEST = 4_000  # characters of one line that anybody reads


@dataclass(frozen=True, slots=True)
class Line:
    """`at` is local time, to the second; `level` is one of LEVELS. Both are empty in the second
    and later lines of an entry, such as a traceback."""

    at: str
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """A line without anything that must not be seen. `event` is empty where it is not relay's."""

    words: str
    event: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


_WRITTEN = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:[,.]\d+)? (DEBUG|INFO|WARNING|ERROR|CRITICAL) +(.*)",
    re.DOTALL,
)


def of_file(raw: bytes) -> Line:
    """A line as `relay.log` writes it into a file; any other octets are a text of their own."""
    text = raw.replace(b"\0", b"")[: 4 * _LONGEST].decode("utf-8", "replace").rstrip("\r\n")
    if found := _WRITTEN.fullmatch(text):
        return Line(found[1], found[2].lower(), found[3])
    return Line("", "", text)


# syslog(3): 0 to 2 are critical and worse.
_PRIORITIES = ("critical",) * 3 + ("error", "warning", "info", "info", "debug")


def of_journal(raw: bytes) -> tuple[int | None, str, str]:
    """Time (epoch ms), level and text of an entry as `journalctl -o json` prints it
    (systemd's JOURNAL_EXPORT_FORMATS: a text that is not UTF-8 is a list of its octets)."""
    try:
        entry = json.loads(raw)
        said, priority = entry.get("MESSAGE"), entry.get("PRIORITY")
        at = entry.get("__REALTIME_TIMESTAMP")
        text = bytes(said).decode("utf-8", "replace") if isinstance(said, list) else said
        level = _PRIORITIES[int(priority)] if priority is not None else "info"
        return int(at) // 1000 if at is not None else None, level, str(text or "")
    except (ValueError, AttributeError, TypeError, IndexError, RecursionError):
        return None, "", raw[:_LONGEST].decode("utf-8", "replace").rstrip("\r\n")


# --- what happened ------------------------------------------------------------------------------

_NAME = re.compile(r"[a-z_]+(?:\.[a-z_]+)*(?= |$)")
_FIELD = re.compile(r' ([a-z_][a-z0-9_]*)=("(?:[^"\\]|\\.)*"|[^\s"=\\]+)')


def told(text: str) -> Told:
    """A line of the log in plain words."""
    text = text[:_LONGEST]
    read = _read(text)
    if read is None:
        return Told(printable(_stranger(text)))
    name, given = read
    fields = {key: _shown(name, key, value) for key, value in given.items()}
    return Told(printable(_sentence(name, fields)), name, fields)


def _read(text: str) -> tuple[str, dict[str, str]] | None:
    """The name of the event and its fields, as `relay.log.Event` writes them."""
    name = _NAME.match(text)
    if name is None or ("." not in name[0] and name[0] != "at"):
        return None
    fields, at = {}, name.end()
    while found := _FIELD.match(text, at):
        fields[found[1]], at = _unquoted(found[2]), found.end()
    return (name[0], fields) if at == len(text) else None


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    try:
        return str(json.loads(value))
    except ValueError:
        return value[1:-1]


def _sentence(name: str, fields: Mapping[str, str]) -> str:
    """In words where they are known, else as it is named. No field is left out, but for what
    says nothing."""
    pattern = SENTENCES.get(name)
    try:
        words = pattern.format_map(_spoken(fields)) if pattern else _named(name)
    except (KeyError, ValueError, IndexError):
        pattern, words = None, _named(name)
    rest = [
        _told_field(key, value)
        for key, value in fields.items()
        if value not in ("", "-") and not (pattern and f"{{{key}}}" in pattern)
    ]
    return f"{words} ({', '.join(rest)})" if rest else words


def _spoken(fields: Mapping[str, str]) -> Mapping[str, str]:
    """A part of a message is written 12/2, which reads as the twelfth of two."""
    message, _, seq = fields.get("part", "").partition("/")
    return {**fields, "part": f"{seq} of message {message}"} if seq else fields


def _told_field(key: str, value: str) -> str:
    if key.endswith("_s"):
        key, value = key[:-2], f"{value} s"
    return f"{key.replace('_', ' ')} {value}"


def _named(name: str) -> str:
    return name.replace(".", ": ").replace("_", " ")


# --- what must not be seen ----------------------------------------------------------------------

# What would hold the words of a person.
_TEXTS = frozenset({"text", "body", "content", "pdu", "raw", "line", "message_text", "pin"})
_DATE = r"(?<!\d)(?:19|20)\d\d-[01]\d-[0-3]\d(?!\d)"
_UUID = r"(?i:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_NUMBER = re.compile(rf"({_DATE}|{_UUID})|\+?\d(?:[ ()\u00a0-]{{0,2}}\d){{6,}}")
_HEX = re.compile(r"(?<![0-9A-Fa-f-])[0-9A-Fa-f]{24,}(?![0-9A-Fa-f-])")
_QUOTED = re.compile(r"""(["'])(?![/<])(.{4,}?)\1""")


def redacted(text: str) -> str:
    """Without phone numbers, and without PDUs."""
    text = _HEX.sub(lambda found: f"({len(found[0]) // 2} octets)", text)
    return _NUMBER.sub(lambda found: found[1] or masked(found[0]), text)


def _shown(event: str, key: str, value: str) -> str:
    if event == "at" and key == "line":
        return _exchanged(value)
    if key in _TEXTS:
        return f"({len(value)} characters)"
    return redacted(value)


def _stranger(text: str) -> str:
    """A line that is not relay's own may quote anything."""
    return redacted(_QUOTED.sub(lambda found: f"({len(found[2])} characters)", text))


# PINs, passwords and what is dialled stand behind these.
_SECRET = re.compile(r"(?i)(AT\+(?:CPIN|CPWD|CLCK|CUSD)=|ATD)(.+)", re.DOTALL)
_SPOKEN = re.compile(r"(?i)(AT|[+^*$#%][A-Z0-9]{2,12}:?|OK$|ERROR$|RING$|NO |BUSY$|>)")


def _exchanged(line: str) -> str:
    """One line of the trace of a modem: the command or the answer, not what it carries."""
    line = line.strip("\r\n\x1a ")
    if not _SPOKEN.match(line):
        return redacted(line) if _HEX.fullmatch(line) else f"({len(line)} characters)"
    if secret := _SECRET.fullmatch(line):
        return f"{secret[1]}…"
    return redacted(re.sub(r'"[^"]*"?', '"…"', line))
