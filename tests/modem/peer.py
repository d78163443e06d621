"""A scripted modem on a pseudo-terminal: what it hears and what it says, line by line."""

from __future__ import annotations

import os
import select
import threading
import tty
from collections.abc import Callable, Mapping
from types import TracebackType

Reply = str | bytes | None | Callable[[str], "str | bytes | None"]

# What every modem answers; a test overrides what it is about. None means silence.
BASICS: Mapping[str, Reply] = {
    "AT": "OK",
    "ATE0": "OK",
    "AT+CMEE=1": "OK",
    "AT+CMEE?": "+CMEE: 1\r\nOK",
    "AT+CFUN?": "+CFUN: 1\r\nOK",
    "AT+CGMI": "Acme\r\nOK",
    "AT+CGMM": "One\r\nOK",
    "AT+CGMR": "1.0\r\nOK",
    "AT+CGSN": "861234567890123\r\nOK",
    "AT+CIMI": "639021234567890\r\nOK",
    "AT+CCID": "+CCID: 89254021074187654321\r\nOK",
    "AT+CPIN?": "+CPIN: READY\r\nOK",
    "AT+CMGF=0": "OK",
    "AT+CMGF?": "+CMGF: 0\r\nOK",
    "AT+CSMS=0": "+CSMS: 1,1,1\r\nOK",
    "AT+CSMS?": "+CSMS: 0,1,1,1\r\nOK",
    "AT+CPMS=?": '+CPMS: ("SM","ME","SR"),("SM","ME"),("SM","ME")\r\nOK',
    'AT+CPMS="SM"': "+CPMS: 0,10,0,23,0,23\r\nOK",
    'AT+CPMS="ME"': "+CPMS: 0,23,0,23,0,23\r\nOK",
    'AT+CPMS="SR"': "ERROR",
    'AT+CPMS="ME","ME","ME"': "+CPMS: 0,23,0,23,0,23\r\nOK",
    "AT+CPMS?": '+CPMS: "ME",0,23,"ME",0,23,"ME",0,23\r\nOK',
    "AT+CNMI=2,1,0,2,0": "OK",
    "AT+CNMI?": "+CNMI: 2,1,0,2,0\r\nOK",
    "AT+CREG?": "+CREG: 0,1\r\nOK",
    "AT+COPS?": '+COPS: 0,0,"Acme Mobile",2\r\nOK',
    "AT+CSQ": "+CSQ: 20,99\r\nOK",
    "AT+CSCA?": '+CSCA: "+254700000000",145\r\nOK',
}


class Peer:
    """Answers each command from its script, anything unknown with ERROR.

    `heard` are the commands and bodies in order; `say` writes at any moment. A body ends with
    Ctrl-Z and is answered by the key "body". ESC leaves the prompt.
    """

    def __init__(self, script: Mapping[str, Reply] | None = None) -> None:
        self.script: dict[str, Reply] = {**BASICS, **(script or {})}
        self.heard: list[str] = []
        self._changed = threading.Condition()
        self._in_body = False
        self._line = b""
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave: int | None = slave
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._serve, name="peer", daemon=True)

    def __enter__(self) -> Peer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.unplug()
        os.close(self._stop_read)
        os.close(self._stop_write)

    def unplug(self) -> None:
        """The device vanishes."""
        os.write(self._stop_write, b"x")
        if threading.current_thread() is not self._thread:
            self._thread.join(5)
        for fd in (self._master, self._slave):
            if fd is not None and fd >= 0:
                os.close(fd)
        self._master, self._slave = -1, None

    def say(self, text: str | bytes) -> None:
        data = text.encode("latin-1") if isinstance(text, str) else text
        if self._master >= 0:
            os.write(self._master, data)

    def urc(self, line: str) -> None:
        self.say(f"\r\n{line}\r\n")

    def open_prompt(self) -> None:
        """Go to where the modem takes the body of a message."""
        self._in_body = True

    def await_heard(self, line: str, seconds: float = 5) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: line in self.heard, seconds)

    def count(self, line: str) -> int:
        return sum(1 for heard in self.heard if heard == line)

    # --- the modem's side -----------------------------------------------------------------------

    def _serve(self) -> None:
        while self._master >= 0:
            ready, _, _ = select.select([self._master, self._stop_read], [], [])
            if self._stop_read in ready:
                return
            try:
                data = os.read(self._master, 1024)
            except OSError:
                return
            for byte in data:
                self._hear(bytes([byte]))

    def _hear(self, byte: bytes) -> None:
        if byte == b"\x1b":
            self._in_body, self._line = False, b""
        elif byte == b"\x1a" and self._in_body:
            self._in_body = False
            self._finish("body")
        elif byte == b"\r" and not self._in_body:
            self._finish("")
        elif byte not in b"\n\x1a":
            self._line += byte

    def _finish(self, key: str) -> None:
        line, self._line = self._line.decode("latin-1"), b""
        if not line:
            return
        reply = self.script.get(key or line, self._prompt_or_error(line))
        with self._changed:
            self.heard.append(line)
            self._changed.notify_all()
        if callable(reply):
            reply = reply(line)
        if isinstance(reply, str) and reply == ">":
            self._in_body = True
            self.say("\r\n> ")
        elif isinstance(reply, str):
            self.say(f"\r\n{reply}\r\n")
        elif reply is not None:
            self.say(reply)

    def _prompt_or_error(self, line: str) -> Reply:
        return ">" if line.startswith(("AT+CMGS=", "AT+CMGW=")) else "ERROR"
