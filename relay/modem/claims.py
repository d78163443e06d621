"""Which modem of this relay has which port, so that no search disturbs another's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from relay.core.usb import SerialPort


class Claims:
    """Shared by the threads of all modems.

    A claim holds for the whole device: a modem that is used through one of its ports must not be
    asked anything through another.
    """

    def __init__(self) -> None:
        self._searching = threading.Lock()
        self._lock = threading.Lock()
        self._held: dict[str, SerialPort] = {}  # guarded by _lock

    @contextmanager
    def search(self) -> Iterator[None]:
        """One search at a time: two would find the ports of each other busy."""
        with self._searching:
            yield

    def take(self, name: str, port: SerialPort) -> None:
        with self._lock:
            self._held[name] = port

    def leave(self, name: str) -> None:
        with self._lock:
            self._held.pop(name, None)

    def holder(self, port: SerialPort, asking: str) -> str | None:
        """The other modem of this relay that has the device, if one has."""
        with self._lock:
            for name, held in self._held.items():
                if name != asking and port.device == held.device:
                    return name
        return None
