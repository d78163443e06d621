"""Where the socket lies, and who may reach it: the owner, and the group `relay`."""

from __future__ import annotations

import errno
import grp
import os
import socket
import stat
from pathlib import Path

from relay.control.client import PATH_LIMIT
from relay.control.words import ControlRefused

GROUP = "relay"
_BACKLOG = 64


def bind(path: Path) -> socket.socket:
    """A socket that listens at `path`, in place of one that nobody listens at any more.

    Raises `ControlRefused` where that cannot be; nothing is taken away from anybody.
    """
    if len(os.fsencode(path)) > PATH_LIMIT:
        raise ControlRefused(
            "PATH_TOO_LONG",
            f"{path} is too long for a socket, which may have {PATH_LIMIT} octets.",
            "Write a shorter one into [control] path, such as /run/relay/control.sock",
        )
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _take(path)
        # unix_bind() gives the file the mode of the unbound socket: it is never open to more.
        os.fchmod(line.fileno(), 0o600)
        line.bind(str(path))
        _let_in_the_group(path)
        line.listen(_BACKLOG)
    except OSError as error:
        line.close()
        raise ControlRefused(
            "NO_PLACE",
            f"The socket {path} cannot be made: {error.strerror or error}.",
            "See to the folder and its permissions, or write another place into [control] path.",
        ) from error
    except BaseException:
        line.close()
        raise
    return line


def _take(path: Path) -> None:
    """Make room for the socket. After a power cut or kill -9 the old one is still there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError(errno.EEXIST, "a file that is no socket lies there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.setblocking(False)
        try:
            line.connect(str(path))
        except BlockingIOError:
            pass  # somebody listens, and has many in the queue
        except ConnectionRefusedError:
            path.unlink()
            return
    raise FileExistsError(errno.EADDRINUSE, "another program listens there")


def _let_in_the_group(path: Path) -> None:
    try:
        os.chown(path, -1, grp.getgrnam(GROUP).gr_gid)
    except (KeyError, PermissionError):
        return  # no such group, or relay is not in it: the owner alone
    path.chmod(0o660)
