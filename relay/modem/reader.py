"""The listening half of a serial line: bytes become answers and unsolicited results.

A small subclass of python-gsmmodem-new's `GsmModem`, whose own reader dies of one odd byte and
drops notifications that come while a command runs. Nothing of relay runs in this thread but the
grammar, and whatever goes wrong in it ends in `down`, never in silence.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import serial
from gsmmodem.modem import GsmModem

from relay.core.at import PROMPT, Feed, Kind, Sorter
from relay.core.device import DirectPdu, NewMessage, Restarted, Slot, Unsolicited, Urc
from relay.core.urc import is_chatter, is_reboot
from relay.errors import ConfigError
from relay.modem.answer import Answer, is_stray, masked
from relay.modem.port import close_port, descriptor, open_port, read_port, refused

LIBRARY = "0.13.0"

Trace = Callable[[str, str], None]

_BLOCK = 4096
_HINTS_CAP = 1000
_EMPTY_READS = 3
_JOIN_S = 5.0


def require_library() -> None:
    """Raises `ConfigError` unless the version whose private names we override is installed."""
    found = version("python-gsmmodem-new")
    if found != LIBRARY:
        raise ConfigError(
            (
                f"python-gsmmodem-new {found} is installed, relay was made for {LIBRARY}. "
                f"Nothing was opened. Run: pip install python-gsmmodem-new=={LIBRARY}",
            )
        )


class Reader(GsmModem):  # type: ignore[misc]  # the package has no types
    """A port and its reader thread. One object serves one opening; a new one serves the next.

    `ring` and `close` may be called from any thread. `trace` gets ('<' or '>', line).
    """

    def __init__(
        self,
        port: str,
        baud: int = 115_200,
        *,
        write_timeout_s: float = 10.0,
        trace: Trace | None = None,
    ) -> None:
        super().__init__(port, baud)
        self._write_timeout_s = write_timeout_s
        self._trace = trace
        self.serial: Any = None
        self.rxThread: threading.Thread | None = None
        self._wake: tuple[int, int] | None = None
        self._poll: select.poll | None = None
        self._fd: int | None = None
        self._empty_reads = 0  # Only used by the reader thread.
        # All below: guarded by _cond.
        self._cond = threading.Condition(threading.Lock())
        self._feed = Feed()
        self._sorter = Sorter()
        self._answer: Answer | None = None
        self._urcs: deque[Urc] = deque()
        self._announced: set[Slot] = set()
        self._news = False
        self._rung = False
        self._down: str | None = None
        self.echoes = 0  # commands that came back since the last reset of this count
        self.interruptions = 0  # restarts and time-outs

    # --- the port -----------------------------------------------------------------------------

    def open(self) -> None:
        """Open the port and start the reader. Raises `PortShut` with the reason in plain words."""
        require_library()
        try:
            self.serial = open_port(self.port, self.baudrate, self._write_timeout_s)
        except (serial.SerialException, OSError, ValueError) as error:
            raise refused(self.port, error) from error
        self._watch(descriptor(self.serial))
        self.alive = True
        self.rxThread = threading.Thread(target=self._readLoop, name="modem-rx", daemon=True)
        self.rxThread.start()

    connect = open

    def close(self) -> None:
        """Stop the reader and free the port, from any thread and in any state."""
        self.alive = False
        self._go_down("it was closed")
        if self._wake is not None:
            os.write(self._wake[1], b"\0")
        if self.rxThread not in {None, threading.current_thread()}:
            assert self.rxThread is not None
            self.rxThread.join(_JOIN_S)
        if self.serial is not None:
            close_port(self.serial)
            self.serial = None
        if self._wake is not None:
            for end in self._wake:
                os.close(end)
            self._wake = None

    @property
    def signs_of_restart(self) -> tuple[int, int]:
        """Changes whenever the modem may have forgotten what it was told."""
        return self.interruptions, self.echoes

    @property
    def down(self) -> str | None:
        """Why the port is of no more use, or None."""
        return self._down

    def _watch(self, fd: int | None) -> None:
        self._fd = fd
        if fd is None:
            return
        self._wake = os.pipe()
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)
        self._poll.register(self._wake[0], select.POLLIN)

    def _go_down(self, cause: str) -> None:
        with self._cond:
            self._down = self._down or cause
            self._rung = True  # one wake; then `link` says LOST
            self._cond.notify_all()

    # --- the reader thread ----------------------------------------------------------------------

    def _readLoop(self) -> None:  # noqa: N802  # the library's name
        """Runs until `close`; whatever goes wrong ends in `down`, never in silence."""
        try:
            while self.alive:
                if data := self._read():
                    self._take(data)
        except Exception as error:  # noqa: BLE001  # a dead reader must be seen, whatever killed it
            self._go_down(f"the modem is gone ({error})")

    def _read(self) -> bytes:
        """What is there, at least one byte unless the port has nothing to say."""
        if self._poll is None or self._fd is None:
            return read_port(self.serial)
        ready = {fd for fd, _ in self._poll.poll()}
        if self._fd not in ready:
            return b""
        try:
            data = os.read(self._fd, _BLOCK)
        except BlockingIOError:
            return b""
        self._empty_reads = 0 if data else self._empty_reads + 1
        if self._empty_reads >= _EMPTY_READS:
            raise OSError("the line was hung up")
        return data

    def _take(self, data: bytes) -> None:
        with self._cond:
            for token in self._feed.push(data):
                self._handleLineRead(token)

    def _handleLineRead(self, line: str, _: bool = True) -> None:  # noqa: N802  # the library's
        if self._trace is not None:
            self._trace("<", masked(line))
        answer = self._answer
        if line == PROMPT:
            self._prompted(answer)
            return
        for heard in self._sorter.hear(line, answer.running if answer else None):
            if heard.urc is not None:
                self._queue(heard.urc)
            elif heard.kind is Kind.ECHO:
                self.echoes += 1
            elif answer is not None:
                answer.take(heard)
                self._wake_if_done(answer)

    def _prompted(self, answer: Answer | None) -> None:
        if answer is not None:
            answer.prompted = True
            self._wake_if_done(answer)

    def _wake_if_done(self, answer: Answer) -> None:
        if answer.done and self._answer is answer:
            self._answer = None  # what follows in the same block is no part of it
            self._cond.notify_all()

    def _queue(self, urc: Urc) -> None:
        if isinstance(urc, Unsolicited) and is_stray(urc.line):
            return
        # A routed PDU lies nowhere else; everything else is a hint, and a thousand are enough.
        if len(self._urcs) < _HINTS_CAP or isinstance(urc, DirectPdu):
            self._urcs.append(urc)
        if isinstance(urc, NewMessage):
            self._announced.add(urc.slot)
        if is_reboot(urc):
            self.interruptions += 1
            if self._answer is not None:
                self._answer.cut = "the modem restarted"
                self._wake_if_done(self._answer)
        if not is_chatter(urc):
            self._news = True
            self._cond.notify_all()

    # --- unsolicited results --------------------------------------------------------------------

    def take_urcs(self) -> list[Urc]:
        """All unsolicited results since the last call, in order."""
        with self._cond:
            taken = list(self._urcs)
            self._urcs.clear()
            self._news = False
        return taken

    def wait(self, seconds: float) -> bool:
        """Until an unsolicited result, `ring`, or the loss of the port; True if one came."""
        with self._cond:
            came = self._cond.wait_for(lambda: self._news or self._rung, seconds)
            self._rung = False
            return came

    @property
    def has_news(self) -> bool:
        """Whether `wait` would return at once."""
        with self._cond:
            return self._news

    def ring(self) -> None:
        """End a `wait`, from any thread."""
        with self._cond:
            self._rung = True
            self._cond.notify_all()

    def await_urc(self, wanted: Callable[[Urc], bool], seconds: float) -> Urc | None:
        """Take the first unsolicited result that is wanted out of the queue, or None in time."""
        found: list[Urc] = []

        def came() -> bool:
            found.extend(urc for urc in self._urcs if not found and wanted(urc))
            return bool(found) or self._down is not None

        with self._cond:
            self._cond.wait_for(came, seconds)
            if not found:
                return None
            self._urcs.remove(found[0])
            return found[0]

    def drop_boot_talk(self) -> list[Restarted]:
        """Forget the signs of a start that bring-up has seen; what they were."""
        with self._cond:
            starts = [urc for urc in self._urcs if isinstance(urc, Restarted)]
            self._urcs = deque(urc for urc in self._urcs if urc not in starts)
            self._news = any(not is_chatter(urc) for urc in self._urcs)
        return starts

    def is_announced(self, slot: Slot) -> bool:
        """Whether a notification named the slot since `looking_at`."""
        with self._cond:
            return slot in self._announced

    def looking_at(self, memory: str, index: int | None = None) -> None:
        """The slot, or the whole memory, is read next: notifications up to now are answered."""
        with self._cond:
            if index is not None:
                self._announced.discard(Slot(memory, index))
            else:
                self._announced = {slot for slot in self._announced if slot.memory != memory}

    def pause(self, seconds: float) -> None:
        """Give the modem time; ends early when the port is lost."""
        with self._cond:
            self._cond.wait_for(lambda: self._down is not None, seconds)

    def expect_acknowledgement(self, needed: bool) -> None:
        """Whether routed PDUs wait for +CNMA (+CSMS service 1)."""
        with self._cond:
            self._sorter.needs_ack = needed
