"""Asking a port, carefully and for a few seconds only, whether a modem answers and which one."""

from __future__ import annotations

import re
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import serial

from relay.core.at import CR, ESC
from relay.core.sim import digits_of
from relay.errors import PortLost
from relay.modem.port import close_port, open_port, refused

_FINAL = re.compile(rb"(?:^|[\r\n])(OK|ERROR|\+CM[ES] ERROR:[^\r\n]*|0)\r", re.MULTILINE)
_SAID_MAX = 65_536  # a GPS port talks without end
_WRITE_S = 2.0


@dataclass(frozen=True, slots=True)
class Care:
    """`tries` AT, each with `answer_s` for its answer: a slow one is still found the next time."""

    tries: int = 3
    answer_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Answered:
    """A modem answers here. What it will not say, or was not asked, is ''."""

    imei: str
    model: str = ""


def probe(
    path: str,
    baud: int,
    care: Care = Care(),  # frozen
    monotonic: Callable[[], float] = time.monotonic,
    *,
    model: bool = False,
) -> Answered | None:
    """Who answers AT at this port; None if nobody does. Nothing in the modem is changed.

    Raises `PortLost` with a code if the port cannot be opened or fails meanwhile.
    """
    try:
        port = open_port(path, baud, _WRITE_S)
    except (serial.SerialException, OSError, ValueError) as error:
        raise refused(path, error) from error
    try:
        return _who(_Line(port, monotonic), care, model=model)
    except serial.SerialTimeoutException:
        return None  # it takes nothing: no modem
    except (serial.SerialException, OSError, termios.error) as error:
        raise PortLost(path, f"it was lost while it was asked ({error})") from error
    finally:
        close_port(port)


def probe_model(path: str, baud: int, care: Care) -> Answered | None:
    """As `probe`, and the model as well: for people who look."""
    return probe(path, baud, care, model=True)


def _who(line: _Line, care: Care, *, model: bool) -> Answered | None:
    for number in range(care.tries):
        # A prompt that somebody left open would take the command for a message.
        if line.ask((ESC + CR if number else b"") + b"AT", care.answer_s) is not None:
            break
    else:
        return None
    for command in (b"AT+CGSN", b"AT+GSN"):
        said = line.ask(command, care.answer_s * care.tries)
        imei = next((found for found in map(_imei, (said or "").splitlines()) if found), "")
        if imei:
            break
    named = line.ask(b"AT+CGMM", care.answer_s * care.tries) if model else None
    return Answered(imei, _model(named or ""))


def _model(answer: str) -> str:
    """The first line that is neither echo nor result nor an unsolicited one."""
    lines = [line.strip() for line in answer.replace("\r", "\n").split("\n")]
    said = [line for line in lines if line and line != "OK" and line[0] not in "A^*"]
    plain = [line.removeprefix("+CGMM:").strip(' "') for line in said]
    return next((line for line in plain if line and line[0] != "+"), "")


def _imei(line: str) -> str:
    """14 to 16 digits: with or without check digit or version."""
    digits = digits_of(line)
    return digits if 14 <= len(digits) <= 16 else ""


class _Line:
    def __init__(self, port: Any, monotonic: Callable[[], float]) -> None:
        self._port = port
        self._monotonic = monotonic

    def ask(self, command: bytes, seconds: float) -> str | None:
        """What is said until a final result; None if none comes in time."""
        self._port.reset_input_buffer()
        self._port.write(command + CR)
        said = b""
        until = self._monotonic() + seconds
        while self._monotonic() < until and len(said) < _SAID_MAX:
            said += bytes(self._port.read(max(1, self._port.in_waiting)))  # at most READ_POLL_S
            if _FINAL.search(said):
                return said.decode("latin-1")
        return None
