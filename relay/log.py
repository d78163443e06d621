"""The log: one line for each thing that happened, the event first and then its fields.

No text of a message, no PIN, and of a number only the last three digits (`masked`). What goes
to the modem and back is another matter: that is `TRACE`, and off until someone asks for it.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from relay.core.number import masked

__all__ = ["TRACE", "Event", "Repeated", "configure", "event", "masked", "toggle_trace"]

# Every line to and from a modem. Shows numbers and messages.
TRACE = logging.getLogger("relay.trace")

HOUR_S = 3_600.0

# syslog(3) priorities, which journald reads from the start of a line (sd-daemon(3)).
_PRIORITY = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}

# Libraries that say at INFO what we say better, or that put numbers and texts into their lines.
_QUIET = {"apscheduler": logging.CRITICAL, "gsmmodem": logging.CRITICAL, "urllib3": logging.ERROR}


# --- events -------------------------------------------------------------------------------------


class Event:
    """`outbox.accepted part=7f3a/2 mr=41`. Put together only when it is written."""

    __slots__ = ("fields", "name")

    def __init__(self, name: str, fields: Mapping[str, object]) -> None:
        self.name = name
        self.fields = fields

    def __str__(self) -> str:
        return " ".join((self.name, *(f"{key}={_value(v)}" for key, v in self.fields.items())))


def event(name: str, /, **fields: object) -> Event:
    """What happened, as `noun.verb`, and its facts. Values are quoted where they need it."""
    return Event(name, fields)


def where(error: Exception) -> str:
    """The kind of an error and its last line of code: the same bug has the same words, and none
    of the error's own, which may repeat a text."""
    frames = traceback.extract_tb(error.__traceback__)
    last = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + last


def _value(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "-", True: "yes", False: "no"}[value]
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if re.fullmatch(r'[^\s"=\\]+', text) and text.isprintable() else _quoted(text)


def _quoted(text: str) -> str:
    """In double quotes, on one line, with nothing in it that a terminal would obey."""
    escaped = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped)


# --- what goes on and on ------------------------------------------------------------------------


class Repeated:
    """Whether a failure that goes on is worth another line: when it changes, then hourly."""

    def __init__(self, every_s: float = HOUR_S) -> None:
        self._every_s = every_s
        self._last: str | None = None
        self._said_at = 0.0
        self._times = 0

    @property
    def times(self) -> int:
        """How often the present failure was met since it was new."""
        return self._times

    def worth(self, failure: str, now: float) -> bool:
        """Count `failure` at `now` (monotonic seconds) and tell whether to write it."""
        changed = failure != self._last
        self._times = 1 if changed else self._times + 1
        if not changed and now - self._said_at < self._every_s:
            return False
        self._last, self._said_at = failure, now
        return True

    def over(self) -> int:
        """It is fine again: how often the failure was met, 0 when there was none."""
        times, self._last, self._times = self._times, None, 0
        return times


# --- where it goes ------------------------------------------------------------------------------


class _Lines(logging.Formatter):
    """A line for a terminal, with the time in front, as nobody else puts it there."""

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if not record.name.startswith("relay"):
            text = f"{record.name}: {text}"
        if record.exc_info:
            text = f"{text}\n{self._traceback(record.exc_info)}"
        return self.framed(record, text)

    def _traceback(self, exc_info: Any) -> str:
        """One in which no phone number can be read."""
        shown = self.formatException(exc_info)
        return re.sub(r"\+?\d{7,}", lambda number: masked(number[0]), shown)

    def framed(self, record: logging.LogRecord, text: str) -> str:
        return f"{self.formatTime(record, '%F %T')} {record.levelname:<7} {text}"


class _JournalLines(_Lines):
    """journald knows the time; it takes the priority from the start of each line."""

    def framed(self, record: logging.LogRecord, text: str) -> str:
        priority = _PRIORITY.get(record.levelno, 6)
        return "\n".join(f"<{priority}>{line}" for line in text.splitlines())


def configure(
    level: str,
    *,
    trace: bool = False,
    environ: Mapping[str, str] = os.environ,
    stream: TextIO | None = None,
    file: logging.Handler | None = None,
) -> None:
    """Send the log to `stream` (stderr) and to `file`, in place of whatever was set before.

    `level` is debug, info, warning or error.
    """
    stream = stream or sys.stderr
    handlers: list[logging.Handler] = [logging.StreamHandler(stream)]
    handlers[0].setFormatter(_JournalLines() if _is_journal(stream, environ) else _Lines())
    if file is not None:
        file.setFormatter(_Lines())
        handlers.append(file)
    logging.basicConfig(handlers=handlers, level=logging.WARNING, force=True)
    logging.getLogger("relay").setLevel(level.upper())
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)
    _set_trace(on=trace)


def _is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """$JOURNAL_STREAM names the socket by device and inode, as it is inherited by anyone
    whose output was sent elsewhere (systemd.exec(5))."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def toggle_trace() -> bool:
    """Switch the modem trace at run time (SIGUSR1); returns whether it is on now."""
    _set_trace(on=not TRACE.isEnabledFor(logging.DEBUG))
    return TRACE.isEnabledFor(logging.DEBUG)


def _set_trace(*, on: bool) -> None:
    # Its own level, so that it neither needs level = "debug" nor comes with it.
    TRACE.setLevel(logging.DEBUG if on else logging.INFO)
