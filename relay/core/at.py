"""The grammar of a modem's serial line: bytes become lines, and each line says what it is.

3GPP TS 27.005 and 27.007 over ITU-T V.250. Values inside information responses are read by
`relay.core.replies`; unsolicited results become the events of `relay.core.device`. Nothing here
raises on any input, and the way in which bytes were cut into reads never changes the result.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final as Constant

from relay.core.device import DirectPdu, IncomingCall, Unsolicited, Urc
from relay.core.pdu import is_cut
from relay.core.urc import BARE, CALL_ENDS, read_urc, result_name

PROMPT: Constant = "\0>"  # what `Feed` yields for the prompt: no line can contain a NUL

ESC: Constant = b"\x1b"
CTRL_Z: Constant = b"\x1a"
CR: Constant = b"\r"

# The longest legal line is a verbose +CUSD of 182 UCS2 characters; the rest is noise.
LINE_CAP = 4096

_EOL = re.compile(rb"[\r\n]")
_MARGIN = b" \t\x1a\x1b"


class Feed:
    """Bytes in, lines out, under any chunking.

    NULs vanish, empty lines (\\r\\r\\n) vanish, any other byte is one Latin-1 character. After
    `expect_prompt` is set, the first '>' at the start of a line is the prompt.
    """

    def __init__(self, cap: int = LINE_CAP) -> None:
        self._cap = cap
        self._tail = b""
        self._expect_prompt = False

    @property
    def expect_prompt(self) -> bool:
        return self._expect_prompt

    @expect_prompt.setter
    def expect_prompt(self, expect: bool) -> None:
        self._expect_prompt = expect
        if expect and self._tail.startswith(b">"):
            self._tail = b""  # a prompt that came too late for the command before

    def push(self, data: bytes) -> list[str]:
        """The lines that `data` completes, and PROMPT where it came."""
        *whole, tail = _EOL.split(self._tail + data.translate(None, b"\0"))
        tokens: list[str] = []
        for piece in whole:
            line = self._after_prompt(piece, tokens)[: self._cap].rstrip(_MARGIN)
            if line:
                tokens.append(line.decode("latin-1"))
        self._tail = self._after_prompt(tail, tokens)[: self._cap]
        return tokens

    def _after_prompt(self, piece: bytes, tokens: list[str]) -> bytes:
        piece = piece.lstrip(_MARGIN)
        if self._expect_prompt and piece.startswith(b">"):
            self._expect_prompt = False
            tokens.append(PROMPT)
            return piece[1:].lstrip(_MARGIN)
        return piece


# --- final result codes -----------------------------------------------------------------------

_PLAIN_ERRORS = frozenset({
    "ERROR", "COMMAND NOT SUPPORT", "COMMAND NOT SUPPORTED", "TOO MANY PARAMETERS",
    "NO CARRIER", "NO DIALTONE", "NO DIAL TONE", "NO ANSWER", "BUSY",
})  # fmt: skip
_CODED = re.compile(r"\+(CM[ES]) ?ERROR *:? *(.*)$")


@dataclass(frozen=True, slots=True)
class Final:
    """The line that ends an answer. `family` is CMS, CME or '' (OK, ERROR, NO CARRIER, …)."""

    ok: bool
    family: str = ""
    code: int | None = None
    text: str = ""


OK = Final(ok=True, text="OK")


def read_final(line: str) -> Final | None:
    """The final result code that `line` is, or None."""
    if line == "OK":
        return OK
    if line in _PLAIN_ERRORS:
        return Final(ok=False, text=line)
    if coded := _CODED.match(line):
        family, text = coded[1], coded[2].strip()
        code = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
        return Final(ok=False, family=family, code=code, text=text)
    return None


# --- what a line is, given the command that runs ----------------------------------------------


class Kind(Enum):
    ECHO = auto()
    REPLY = auto()
    FINAL = auto()
    URC = auto()


@dataclass(frozen=True, slots=True)
class Heard:
    kind: Kind
    line: str
    final: Final | None = None
    urc: Urc | None = None


_COMMAND = re.compile(r"AT([+^*%$#&!][A-Z0-9_]+)", re.IGNORECASE)
_ICCID_NAMES = frozenset({"+CCID", "+ICCID", "^ICCID", "+CICCID", "+QCCID", "%CCID", "$CCID"})


@dataclass(frozen=True, slots=True)
class Running:
    """The command that waits for its answer, and the names that its answer may begin with."""

    command: str
    names: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, command: str) -> Running:
        found = _COMMAND.match(command)
        if not found:
            return cls(command)
        name = found[1].upper()
        if name == "+CUSD":
            return cls(command)  # the network's answer comes when it likes: always a URC
        return cls(command, _ICCID_NAMES if name in _ICCID_NAMES else frozenset({name}))


class Sorter:
    """Says of each line whether it belongs to the running command or came by itself.

    A line with a result name (`+XXX:`) that is not the command's own is unsolicited, so that no
    family's URCs need to be known to survive inside an answer. Holds the first line of two-line
    results (+CMT, +CDS, +CBM), the open quote of a +CUSD, and whether a call is ringing.
    """

    def __init__(self) -> None:
        self.needs_ack = False  # +CSMS service 1: a routed PDU waits for +CNMA
        self._header: str | None = None
        self._quoted: list[str] = []
        self._ringing = False

    def hear(self, line: str, running: Running | None) -> list[Heard]:
        """What `line` means; more than one thing where it ends an unfinished one before it."""
        heard: list[Heard] = []
        if self._quoted:
            if not _interrupts(line, running):
                return heard if self._goes_on(line) else self._close_quote(heard)
            self._close_quote(heard)
        if self._header is not None:
            header, self._header = self._header, None
            if is_hex(line):
                return [_unsolicited(line, self._direct(header, line))]
            heard.append(_unsolicited(header, Unsolicited(header)))
        heard.extend(self._plain(line, running))
        return heard

    def _plain(self, line: str, running: Running | None) -> list[Heard]:
        if running is not None:
            if line == running.command:
                return [Heard(Kind.ECHO, line)]
            final = read_final(line)
            if final is not None and not self._ends_call(line):
                return [Heard(Kind.FINAL, line, final=final)]
        name = result_name(line)
        if running is not None and (name in running.names or not (name or line in BARE)):
            return [Heard(Kind.REPLY, line)]
        return self._by_itself(name, line)

    def _by_itself(self, name: str, line: str) -> list[Heard]:
        if name in _TWO_LINES:
            self._header = line
            return []
        if name == "+CUSD" and line.count('"') % 2:
            self._quoted = [line]
            return []
        urc = read_urc(line)
        if isinstance(urc, IncomingCall):
            self._ringing = True
        return [_unsolicited(line, urc)]

    def _direct(self, header: str, pdu: str) -> DirectPdu:
        via, announced = result_name(header), _LENGTH.search(header)
        cut = via != "+CBM" and announced is not None and is_cut(pdu, int(announced[1]))
        return DirectPdu(via, pdu.upper(), self.needs_ack and via != "+CBM" and not cut, cut)

    def _goes_on(self, line: str) -> bool:
        self._quoted.append(line)
        return '"' not in line and len(self._quoted) < _QUOTED_LINES

    def _close_quote(self, heard: list[Heard]) -> list[Heard]:
        text, self._quoted = "\n".join(self._quoted), []
        heard.append(_unsolicited(text, Unsolicited(text)))
        return heard

    def _ends_call(self, line: str) -> bool:
        # The end of a call that rang is no answer to the command that happens to run.
        if not (self._ringing and line in CALL_ENDS):
            return False
        self._ringing = False
        return True


_QUOTED_LINES = 20
_TWO_LINES = frozenset({"+CMT", "+CDS", "+CBM"})
_ARRIVALS = _TWO_LINES | {"+CMTI", "+CDSI"}


def _interrupts(line: str, running: Running | None) -> bool:
    """Whether the rest of a quoted text was lost: no message and no answer may vanish in it."""
    name = result_name(line)
    asked = running is not None and name in running.names
    return asked or name in _ARRIVALS or read_final(line) is not None


def is_hex(text: str) -> bool:
    """Whether `text` can be a PDU line: whole octets in hexadecimal."""
    return len(text) >= 2 and len(text) % 2 == 0 and _HEX.fullmatch(text) is not None


_HEX = re.compile(r"[0-9A-Fa-f]+")
_LENGTH = re.compile(r"(?:^|[:,])\s*(\d{1,3})\s*$")


def _unsolicited(line: str, urc: Urc) -> Heard:
    return Heard(Kind.URC, line, urc=urc)
