"""A serial port server that speaks RFC 2217: pyserial's own server half, a modem behind it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from serial.rfc2217 import PortManager

from relay.simulator.modem import SimulatedModem

_END_S = 10.0


class Settings:
    """The serial port of the server, as far as `PortManager` looks at it."""

    def __init__(self) -> None:
        self.baudrate, self.bytesize, self.parity, self.stopbits = 9600, 8, "N", 1
        self.xonxoff = self.rtscts = self.break_condition = False
        self.dtr = self.rts = False
        self.cts = self.dsr = self.cd = True
        self.ri = False

    def reset_input_buffer(self) -> None:
        """Nothing waits here."""

    def reset_output_buffer(self) -> None:
        """Nothing waits here."""


class Connection:
    """One host at the server; `write` may be called by any thread."""

    def __init__(self, sock: socket.socket, settings: Settings) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self._lock = threading.Lock()
        self.telnet = PortManager(settings, self)  # it begins to negotiate at once

    def write(self, data: bytes) -> None:
        with self._lock, suppress(OSError):
            self.sock.sendall(data)

    def send(self, data: bytes) -> None:
        self.write(b"".join(self.telnet.escape(data)))

    def end(self) -> None:
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


class Rfc2217Port:
    """A serial port server on loopback with a simulated modem at its port.

    `start` and `stop` as often as wanted: the address stays the same.
    """

    def __init__(self, modem: SimulatedModem) -> None:
        self.modem = modem
        self.settings = Settings()
        self.port = 0
        self._host: Connection | None = None
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"rfc2217://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=(self._listener,))
        self._thread.start()
        self.modem.connect(self)

    def stop(self) -> None:
        """Hang up and listen no more; the threads have ended when this returns."""
        self.modem.connect(None)
        if self._listener is None or self._thread is None:
            return
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes `accept`
        self.hang_up()
        self._thread.join(_END_S)
        assert not self._thread.is_alive()
        self._listener.close()
        self._listener = None

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with sock:
                self._host = host = Connection(sock, self.settings)
                self.modem.reopened()
                self._carry(host)
                self._host = None

    def _carry(self, host: Connection) -> None:
        with suppress(OSError):
            while data := host.sock.recv(1024):
                self.modem.feed(b"".join(host.telnet.filter(data)))

    # --- the line, as the modem sees it ---------------------------------------------------------

    def send(self, data: bytes) -> None:
        if (host := self._host) is not None:
            host.send(data)

    def hang_up(self) -> None:
        if (host := self._host) is not None:
            host.end()

    def come_back(self) -> None:
        """It never went: only the modem did."""
