"""The listening end of the control socket: one thread, no waiting for any single client.

Whoever connects can cost it a place of `Limits.places` for a while, a line of memory, and nothing
else: reading, writing and waiting have limits, one request of a client is answered before its
next one is read, and whatever needs a modem or a server is a `Promise` that others keep.
"""

from __future__ import annotations

import errno
import logging
import selectors
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from relay.control.peer import Peer, peer_of
from relay.control.place import bind
from relay.control.promise import Answer, Promise
from relay.control.words import (
    ControlRefused,
    Lines,
    Request,
    answered,
    parse,
    refused,
)
from relay.log import Repeated, event

_log = logging.getLogger("relay.control")

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
_CHUNK = 65_536
_ACCEPTED_AT_ONCE = 64
_FULL_PAUSE_S = 1.0
_LONG_S = 3600.0
_NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


@dataclass(frozen=True, slots=True)
class Limits:
    """`line_s` is how long a client may take for a request and for reading its answer, `hold_s`
    how long one may think that holds something (the AT console)."""

    places: int = 16
    line_s: float = 10.0
    hold_s: float = 300.0


class Clerk(Protocol):
    """Who answers. Only called by the listener's thread, and never waits."""

    def answer(self, request: Request, peer: Peer) -> Answer | Promise:
        """May raise `ControlRefused`."""
        ...

    def holds(self, peer: Peer) -> bool:
        """Whether this client has something to itself."""
        ...

    def left(self, peer: Peer) -> None:
        """It is gone, and gives back what it held."""
        ...


@dataclass(slots=True)
class _Client:
    """One connection. `due_by` is in monotonic seconds."""

    line: socket.socket
    peer: Peer
    lines: Lines
    due_by: float
    asked: list[bytes]
    outgoing: bytes = b""
    promise: Promise | None = None
    last: bool = False  # hang up when the answer is written
    heard_for: int = 0

    @property
    def ready(self) -> bool:
        """Whether it has asked something that may be answered now."""
        return bool(self.asked) and not self.outgoing and self.promise is None


class Listener:
    """The step and the rest of a `Worker`; only used by its thread, except `open` and `ring`."""

    def __init__(
        self,
        path: Path,
        clerk: Clerk,
        monotonic: Callable[[], float],
        limits: Limits | None = None,
    ) -> None:
        self.path = path
        self._clerk = clerk
        self._monotonic = monotonic
        self._limits = limits or Limits()
        self._clients: dict[int, _Client] = {}
        self._selector = selectors.DefaultSelector()
        self._heard, self._bell = socket.socketpair()
        self._door: socket.socket | None = None
        self._inode: tuple[int, int] | None = None
        self._shut_until = 0.0  # monotonic
        self._said = Repeated()
        for end in (self._heard, self._bell):
            end.setblocking(False)
        self._selector.register(self._heard, selectors.EVENT_READ)

    def open(self) -> None:
        """Make the socket. Raises `ControlRefused` where that cannot be."""
        self._door = bind(self.path)
        self._door.setblocking(False)
        found = self.path.stat()
        self._inode = found.st_dev, found.st_ino
        self._selector.register(self._door, selectors.EVENT_READ)

    def close(self) -> None:
        """Hang up and take the socket away, if it is still ours."""
        for client in tuple(self._clients.values()):
            with suppress(OSError):
                self._write(client)
            self._hang_up(client)
        if self._door is not None:
            self._door.close()
        with suppress(OSError):
            found = self.path.stat()
            if (found.st_dev, found.st_ino) == self._inode and stat.S_ISSOCK(found.st_mode):
                self.path.unlink()
        self._selector.close()
        self._heard.close()
        self._bell.close()

    # --- what a worker needs --------------------------------------------------------------------

    def ring(self) -> None:
        """Something was answered. From any thread."""
        with suppress(OSError):  # full: it has rung; closed: nobody listens any more
            self._bell.send(b"\0")

    def wait(self, seconds: float) -> None:
        """Until something can be done, at most `seconds`."""
        self._selector.select(min(seconds, _LONG_S))

    def step(self) -> float:
        """Everything that can be done now; seconds until the next limit is reached."""
        for key, mask in self._selector.select(0):
            if key.fileobj is self._door:
                self._accept()
            elif key.fileobj is self._heard:
                with suppress(OSError):
                    self._heard.recv(_CHUNK)
            elif (client := self._clients.get(key.fd)) is not None:
                self._safely(client, self._write if mask & _WRITE else self._read)
        for client in tuple(self._clients.values()):
            self._safely(client, self._look_at)
        return self._until_next()

    def _until_next(self) -> float:
        now = self._monotonic()
        self._open_again(now)
        if any(client.ready for client in self._clients.values()):
            return 0.0
        ends = [client.due_by for client in self._clients.values()]
        ends += [self._shut_until] if self._shut_until else []
        return max(0.0, min(ends, default=now + _LONG_S) - now)

    def _safely(self, client: _Client, act: Callable[[_Client], None]) -> None:
        """A client that hits on a bug of ours loses its place; the others stay."""
        well = False
        try:
            act(client)
            well = True
        except OSError:
            pass  # it hung up
        finally:
            if not well:
                self._hang_up(client)

    # --- the door -------------------------------------------------------------------------------

    def _accept(self) -> None:
        assert self._door is not None
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                line, _address = self._door.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _NO_ROOM:
                    self._shut_for_a_while(error)
                    return
                continue  # it went away before we came
            self._let_in(line)

    def _let_in(self, line: socket.socket) -> None:
        line.setblocking(False)
        if len(self._clients) >= self._limits.places:
            with line, suppress(OSError):
                line.send(refused(_FULL))
            return
        try:
            peer = peer_of(line)
        except OSError:
            line.close()
            return
        due_by = self._monotonic() + self._limits.line_s
        client = _Client(line, peer, Lines(), due_by, [])
        self._clients[line.fileno()] = client
        self._listen_to(client)

    def _shut_for_a_while(self, error: OSError) -> None:
        """No file descriptor is left: the door would be heard without end."""
        assert self._door is not None
        self._selector.unregister(self._door)
        self._shut_until = self._monotonic() + _FULL_PAUSE_S
        if self._said.worth(str(error), self._monotonic()):
            _log.warning(event("control.full", error=str(error)))

    def _open_again(self, now: float) -> None:
        if self._shut_until and now >= self._shut_until and self._door is not None:
            self._shut_until = 0.0
            self._selector.register(self._door, selectors.EVENT_READ)

    # --- a client -------------------------------------------------------------------------------

    def _read(self, client: _Client) -> None:
        data = client.line.recv(_CHUNK)
        if not data:
            self._hang_up(client)
            return
        try:
            client.asked += client.lines.push(data)
        except ControlRefused as error:
            self._say(client, refused(error), last=True)

    def _look_at(self, client: _Client) -> None:
        """One thing for each client in a turn: an answer, a promise that is kept, or good-bye."""
        now = self._monotonic()
        late = now >= client.due_by
        if client.promise is not None:
            if late or client.promise.done:
                self._keep(client, client.promise)
        elif client.ready:
            self._answer(client, client.asked.pop(0))
        elif late:
            if client.lines.open and not client.outgoing:
                self._say(client, refused(_SLOW), last=True)
            self._hang_up(client)
        if client.last and not client.outgoing:
            self._hang_up(client)
        self._listen_to(client)

    def _answer(self, client: _Client, line: bytes) -> None:
        try:
            found = self._clerk.answer(parse(line), client.peer)
        except ControlRefused as error:
            self._say(client, refused(error))
            return
        if isinstance(found, Promise):
            client.promise = found
            client.due_by = self._monotonic() + found.limit_s
            found.when_done(self.ring)
        else:
            self._say(client, answered(found))

    def _keep(self, client: _Client, promise: Promise) -> None:
        promise.give_up()
        client.promise = None
        try:
            self._say(client, answered(promise.answer()))
        except ControlRefused as error:
            self._say(client, refused(error))

    def _say(self, client: _Client, line: bytes, *, last: bool = False) -> None:
        client.last = client.last or last
        client.outgoing += line
        client.due_by = self._monotonic() + self._limits.line_s
        self._write(client)

    def _write(self, client: _Client) -> None:
        with suppress(BlockingIOError):
            client.outgoing = client.outgoing[client.line.send(client.outgoing) :]
        if not client.outgoing:
            held = self._clerk.holds(client.peer)
            patience = self._limits.hold_s if held else self._limits.line_s
            client.due_by = self._monotonic() + patience

    def _listen_to(self, client: _Client) -> None:
        """Nothing is read from a client that has not yet had its answer."""
        if client.line.fileno() not in self._clients:
            return
        busy = client.promise is not None or client.asked
        wanted = _WRITE if client.outgoing else 0 if busy else _READ
        if wanted == client.heard_for:
            return
        if not wanted:
            self._selector.unregister(client.line)
        elif client.heard_for:
            self._selector.modify(client.line, wanted)
        else:
            self._selector.register(client.line, wanted)
        client.heard_for = wanted

    def _hang_up(self, client: _Client) -> None:
        if self._clients.pop(client.line.fileno(), None) is None:
            return
        if client.heard_for:
            self._selector.unregister(client.line)
        client.line.close()
        if client.promise is not None:
            client.promise.give_up()
        self._clerk.left(client.peer)


_FULL = ControlRefused(
    "TOO_MANY",
    "So many programs speak with relay at the moment that it takes no more.",
    "Try again in a minute.",
)
_SLOW = ControlRefused(
    "TOO_SLOW",
    "The request did not come to its end in time.",
    "Send one JSON object and the end of the line.",
)
