"""What the simulated server was asked and what it answered, counted in bytes."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Logged:
    """One request and the bytes of HTTP that it and its answer took (without TLS and TCP)."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)
    bytes_in: int
    status: int | None = None
    bytes_out: int = 0
    peer: int = 0  # the client's port: the same one for requests on one connection
    resumed: bool = False  # the TLS session, from an earlier connection


class Journal:
    """What was asked and answered, in order. Thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._entries: dict[int, Logged] = {}
        self._begun = self._done = 0

    def begin(self) -> int:
        """A request comes in; the number to `add` it under."""
        with self._changed:
            self._begun += 1
            self._changed.notify_all()
            return self._begun

    def wait_for(self, count: int, timeout_s: float) -> bool:
        """Until so many requests have come in, answered or not; False when time is up."""
        with self._changed:
            return self._changed.wait_for(lambda: self._begun >= count, timeout=timeout_s)

    def add(self, number: int, entry: Logged) -> None:
        with self._changed:
            self._entries[number] = entry
            self._done += 1
            self._changed.notify_all()

    def entries(self) -> list[Logged]:
        """Complete: an answer that a client has already read is there with all its bytes."""
        with self._changed:
            self._changed.wait_for(lambda: self._begun == self._done, timeout=1.0)
            return [self._entries[number] for number in sorted(self._entries)]

    def clear(self) -> None:
        with self._changed:
            self._entries.clear()
