"""The words of the control socket: a request is one JSON line, and so is its answer.

    {"v":1,"ask":"survey","with":{"modem":"usb1"}}
    {"v":1,"ok":true,"answer":{...}}
    {"v":1,"ok":false,"error":{"code":"BAD_ASK","what":"...","next":"..."}}

Pure: bytes in, bytes out. Whatever comes in, the only error is `ControlRefused`.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from relay.errors import RelayError

VERSION = 1
# A request line and, in the client, an answer line may be so long, in octets.
LINE_LIMIT = 64 * 1024
ANSWER_LIMIT = 8 * 1024 * 1024

_LONGEST_LIST = 16

LEVELS = ("debug", "info", "warning", "error", "trace")
PAUSABLE = ("sending", "sync")


@dataclass(eq=False)
class ControlRefused(RelayError):
    """relay will not do what was asked: `code` is stable, `what` and `next` are for people."""

    code: str
    what: str
    next: str = ""

    def __str__(self) -> str:
        return f"{self.what} {self.next}".rstrip()


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a request. `most` is the longest text or the highest number, `choices` the
    words that are allowed; a list has texts of at most `most` characters."""

    kind: type
    needed: bool = False
    choices: Sequence[str] = ()
    least: int = 0
    most: int = 256


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, with its values; each is of the kind that `ASKS` says."""

    ask: str
    given: Mapping[str, Any] = field(default_factory=dict)


_MODEM = Field(str, most=64)

# Every ask with its values. A value that is not listed here is a mistake.
ASKS: Mapping[str, Mapping[str, Field]] = {
    "ping": {},
    "survey": {"modem": _MODEM},
    "ussd": {
        "code": Field(str, needed=True, most=182),
        "replies": Field(list, most=182),
        "modem": _MODEM,
    },
    "at": {
        "command": Field(str, needed=True, most=556),
        "force": Field(bool),
        "seconds": Field(int, least=1, most=180),
        "modem": _MODEM,
    },
    "sync": {"server": Field(str, most=64)},
    "balance": {"modem": _MODEM},
    "retry": {"id": Field(int, needed=True, least=1, most=2**63 - 1)},
    "reload": {},
    "loglevel": {
        "level": Field(str, needed=True, choices=LEVELS),
        "minutes": Field(int, least=1, most=7 * 24 * 60),
    },
    "pause": {"what": Field(str, choices=PAUSABLE)},
    "resume": {"what": Field(str, choices=PAUSABLE)},
}


class Lines:
    """Bytes in, whole lines out, under any chunking; it never holds more than one line."""

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._tail = b""

    @property
    def open(self) -> bool:
        """Whether half a line is there."""
        return bool(self._tail)

    def push(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes. Raises `ControlRefused` for one that is too long."""
        *whole, tail = (self._tail + data).split(b"\n")
        self._tail = tail
        if any(len(line) > self._limit for line in (*whole, tail)):
            self._tail = b""
            raise ControlRefused(
                "LINE_TOO_LONG",
                f"A request may have {self._limit} octets, and this one has more.",
                "Send one JSON object on one line.",
            )
        return [line for line in whole if line.strip()]


def parse(line: bytes) -> Request:
    """The request in a line. Raises `ControlRefused`, which says what would have been right."""
    try:
        found = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ControlRefused(
            "BAD_LINE",
            "This is no request: it is not a JSON object.",
            'Send a line such as {"v":1,"ask":"ping"}',
        )
    if type(found.get("v")) is not int or found["v"] != VERSION:
        raise ControlRefused(
            "BAD_VERSION",
            f'The running relay speaks version {VERSION} of this protocol ("v":{VERSION}).',
            "Use the commands of the same relay: sudo systemctl restart relay after an upgrade.",
        )
    ask, given = found.get("ask"), found.get("with", {})
    if not isinstance(ask, str) or ask not in ASKS:
        raise _unknown(ask)
    if not isinstance(given, dict):
        raise ControlRefused("BAD_VALUE", '"with" is no JSON object.', _takes(ask))
    return Request(ask, _checked(ask, given))


def _unknown(ask: object) -> ControlRefused:
    near = difflib.get_close_matches(str(ask)[:64], ASKS, n=1)
    return ControlRefused(
        "BAD_ASK",
        f"The running relay does not know the ask {str(ask)[:64]!r}."
        + (f" Did you mean {near[0]}?" if near else ""),
        f"It knows: {', '.join(ASKS)}.",
    )


def _checked(ask: str, given: Mapping[str, Any]) -> dict[str, Any]:
    fields = ASKS[ask]
    for name in given:
        if name not in fields:
            raise ControlRefused("BAD_VALUE", f"{ask} has no {name[:64]!r}.", _takes(ask))
    for name, kind in fields.items():
        if given.get(name) is None:
            if kind.needed:
                raise ControlRefused("BAD_VALUE", f"{ask} needs {name!r}.", _takes(ask))
        elif wrong := _wrong(given[name], kind):
            raise ControlRefused("BAD_VALUE", f"{name!r} of {ask} {wrong}.", _takes(ask))
    return {name: value for name, value in given.items() if value is not None}


def _wrong(value: Any, field: Field) -> str:
    """What is the matter with a value; nothing if it is right."""
    if type(value) is not field.kind:
        return f"must be {_KINDS[field.kind]}"
    if field.choices and value not in field.choices:
        return f"must be one of {', '.join(field.choices)}"
    if isinstance(value, int) and not field.least <= value <= max(field.most, 1):
        return f"must be from {field.least} to {field.most}"
    if isinstance(value, str) and not _is_text(value, field.most):
        return f"must be printable and have 1 to {field.most} characters"
    if isinstance(value, list) and not (
        len(value) <= _LONGEST_LIST and all(_is_text(one, field.most) for one in value)
    ):
        return f"must be up to {_LONGEST_LIST} printable texts of 1 to {field.most} characters"
    return ""


_KINDS = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list of texts",
}


def _is_text(value: object, most: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= most and value.isprintable()


def _takes(ask: str) -> str:
    names = ", ".join(f"{name}{'' if one.needed else ' (may be left out)'}"
                      for name, one in ASKS[ask].items())  # fmt: skip
    return f"It takes: {names}." if names else "It takes no values."


def request(ask: str, given: Mapping[str, Any]) -> bytes:
    return _line({"v": VERSION, "ask": ask, "with": given})


def answered(answer: Mapping[str, Any]) -> bytes:
    return _line({"v": VERSION, "ok": True, "answer": answer})


def refused(error: ControlRefused) -> bytes:
    words = {"code": error.code, "what": error.what, "next": error.next}
    return _line({"v": VERSION, "ok": False, "error": words})


def _line(document: Mapping[str, Any]) -> bytes:
    # ASCII only: half a surrogate that a modem made up must not break the line.
    return json.dumps(document).encode("ascii") + b"\n"


def read_answer(line: bytes) -> dict[str, Any]:
    """The answer in a line. Raises `ControlRefused`: what relay said, or BAD_ANSWER."""
    try:
        found = json.loads(line.decode("utf-8"))
        if found["ok"] is True and isinstance(found["answer"], dict):
            return dict(found["answer"])
        error = found["error"]
        raise ControlRefused(str(error["code"]), str(error["what"]), str(error.get("next", "")))
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise ControlRefused(
            "BAD_ANSWER",
            "What answers at the control socket does not speak relay's protocol.",
            "Are command and daemon of the same version? sudo systemctl restart relay",
        ) from None
