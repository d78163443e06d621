"""The grammar of command lines (ITU-T V.250 §5.2): pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Op(Enum):
    """What a command asks for: AT+X, AT+X?, AT+X=? or AT+X=…"""

    RUN = ""
    READ = "?"
    TEST = "=?"
    SET = "="


@dataclass(frozen=True, slots=True)
class Call:
    """One command of a line. `args` are unquoted; None stands for one that was left out."""

    name: str
    op: Op
    args: tuple[str | None, ...] = ()

    def arg(self, place: int, default: str | None = None) -> str | None:
        value = self.args[place] if place < len(self.args) else None
        return default if value is None else value

    def number(self, place: int, default: int) -> int:
        """An argument as an integer. Raises ValueError if it is none."""
        value = self.arg(place)
        return default if value in (None, "") else int(str(value))


class SyntaxFault(ValueError):
    """A line that no modem understands."""


# V.250 §5.3.1: & and one letter, or one letter, then digits; D takes the rest.
_BASIC = re.compile(r"(&[A-Z]|[A-CE-RT-Z])(\d*)")
_DIAL = re.compile(r"D([^;]*);?")
_S_REGISTER = re.compile(r"S(\d+)(\?|=\d*)")
_EXTENDED = re.compile(r"([+*^$%#][A-Z][A-Z0-9_]*)(=\?|\?|=)?", re.IGNORECASE)


def command_text(line: str) -> str | None:
    """What follows the AT of a line, or None: modems wait for AT and are deaf to the rest."""
    start = line.upper().find("AT")
    return None if start < 0 else line[start + 2 :].strip()


def split(text: str, longest: int = 556) -> list[Call]:
    """The commands of a line (without AT). Raises `SyntaxFault`, also if it is too long."""
    if len(text) > longest:
        raise SyntaxFault(text)
    calls: list[Call] = []
    while text := text.lstrip(" ;"):
        call, text = _extended(text) if text[0] in "+*^$%#" else _basic(text)
        calls.append(call)
    return calls


def _extended(text: str) -> tuple[Call, str]:
    found = _EXTENDED.match(text)
    if not found:
        raise SyntaxFault(text)
    own, rest = _until_semicolon(text[found.end() :])
    op = Op(found[2] or "")
    if op is not Op.SET and own.strip():
        raise SyntaxFault(text)
    return Call(found[1].upper(), op, arguments(own) if op is Op.SET else ()), rest


def _basic(text: str) -> tuple[Call, str]:
    upper = text.upper()
    if dial := _DIAL.match(upper):
        return Call("D", Op.SET, (dial[1].strip(),)), text[dial.end() :]
    if register := _S_REGISTER.match(upper):
        return Call("S", Op.SET, (register[1], register[2])), text[register.end() :]
    if basic := _BASIC.match(upper):
        return Call(basic[1], Op.SET, (basic[2],)), text[basic.end() :]
    raise SyntaxFault(text)


def _until_semicolon(text: str) -> tuple[str, str]:
    quoted = False
    for place, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char == ";" and not quoted:
            return text[:place], text[place + 1 :]
    return text, ""


def arguments(text: str) -> tuple[str | None, ...]:
    """Comma-separated values; quotes protect commas and are taken off."""
    values: list[str | None] = []
    if not text.strip():
        return ()
    for raw in _commas(text):
        bare = raw.strip()
        if len(bare) >= 2 and bare[0] == bare[-1] == '"':
            values.append(bare[1:-1])
        else:
            values.append(bare.strip('"') if bare else None)
    return tuple(values)


def _commas(text: str) -> list[str]:
    pieces, quoted = [""], False
    for char in text:
        if char == '"':
            quoted = not quoted
        if char == "," and not quoted:
            pieces.append("")
        else:
            pieces[-1] += char
    return pieces
