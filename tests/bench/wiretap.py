"""A TCP proxy on loopback that counts what passes, and a server certificate as clinics meet it."""

from __future__ import annotations

import socket
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_CHUNK = 64 * 1024
_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Bytes:
    """Payload of TCP: TLS and HTTP, but no header of TCP or IP."""

    up: int
    down: int

    def __sub__(self, earlier: Bytes) -> Bytes:
        return Bytes(self.up - earlier.up, self.down - earlier.down)


class Wiretap:
    """Stands before the server at `target` (a port). A context manager."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server((_HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._up = self._down = 0
        self._pumps: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._accept, name="wiretap", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Closing alone does not wake a thread that waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self.drain()

    def count(self) -> Bytes:
        with self._lock:
            return Bytes(self._up, self._down)

    def drain(self) -> None:
        """Until every connection so far has ended; the client must have closed its own."""
        with self._lock:
            pumps, self._pumps = self._pumps, []
        for pump in pumps:
            pump.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection((_HOST, self._target))
                for sock in (client, server):
                    # Else the second half of an answer waits for the receipt of the first.
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._tap(client, server)

    def _tap(self, client: socket.socket, server: socket.socket) -> None:
        up = threading.Thread(target=self._pump, args=(client, server, True), daemon=True)
        # It ends last: the server closes when the client has.
        down = threading.Thread(target=self._close, args=(client, server, up), daemon=True)
        with self._lock:
            self._pumps.append(down)
        up.start()
        down.start()

    def _close(self, client: socket.socket, server: socket.socket, up: threading.Thread) -> None:
        self._pump(server, client, False)
        up.join()
        client.close()
        server.close()

    def _pump(self, source: socket.socket, sink: socket.socket, up: bool) -> None:
        with suppress(OSError):
            while chunk := source.recv(_CHUNK):
                with self._lock:
                    if up:
                        self._up += len(chunk)
                    else:
                        self._down += len(chunk)
                sink.sendall(chunk)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


# --- the certificate ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chain:
    """PEM files: what the server shows (its certificate and the one above), and the root."""

    shown: Path
    key: Path
    root: Path


def chain(folder: Path) -> Chain:
    """A server certificate below an intermediate one below a root, RSA of 2048 bits."""
    _certificate(folder, "root", "", "basicConstraints=critical,CA:TRUE")
    _certificate(folder, "between", "root", "basicConstraints=critical,CA:TRUE,pathlen:0")
    _certificate(folder, "server", "between", f"subjectAltName=IP:{_HOST}")
    shown = folder / "shown.pem"
    shown.write_text(
        "".join((folder / f"{name}.pem").read_text("ascii") for name in ("server", "between")),
        encoding="ascii",
    )
    return Chain(shown, folder / "server.key", folder / "root.pem")


def _certificate(folder: Path, name: str, issuer: str, extension: str) -> None:
    signed_by = ("-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key") if issuer else ()
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", f"/C=KE/O=Ministry of Health/CN={name}.health.example.org",
            "-addext", extension, "-keyout", f"{name}.key", "-out", f"{name}.pem", *signed_by,
        ],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
