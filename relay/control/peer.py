"""Who asks: the kernel knows, whatever the client says (SO_PEERCRED, unix(7))."""

from __future__ import annotations

import pwd
import socket
import struct
from dataclasses import dataclass

_CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True, eq=False, slots=True)
class Peer:
    """One connection of one program; two of them are never equal. `name` is the user's."""

    name: str
    uid: int
    pid: int

    def __str__(self) -> str:
        return self.name


def peer_of(line: socket.socket) -> Peer:
    """Raises `OSError` where the other end is gone already."""
    raw = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(raw)
    return Peer(user_name(uid), uid, pid)


def user_name(uid: int) -> str:
    """The name of a user, or `uid 1234` for one without."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
