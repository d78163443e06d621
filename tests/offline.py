"""`python -m tests.offline COMMAND …`: where there is this machine, and no road to any other.

The command runs in a network namespace of its own whose only interface is lo. That asks for root,
or for a kernel that lets people have namespaces; where neither is so, exit code 75 and why.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

REFUSED = 75  # EX_TEMPFAIL
# <linux/sched.h>, <linux/sockios.h>, <linux/if.h>
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1
_ELSEWHERE = ("192.0.2.1", 443)  # RFC 5737: an address for examples
_ONLY_ME = "0 {0} 1"  # root inside is who started it outside


def leave() -> None:
    """Give this process a network of its own, with nothing in it. Raises OSError."""
    root = os.geteuid() == 0
    me, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET | (0 if root else _CLONE_NEWUSER)) != 0:
        raise OSError(ctypes.get_errno(), "no network namespace may be made here")
    if not root:
        Path("/proc/self/setgroups").write_text("deny", "ascii")
        Path("/proc/self/uid_map").write_text(_ONLY_ME.format(me), "ascii")
        Path("/proc/self/gid_map").write_text(_ONLY_ME.format(group), "ascii")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def has_route() -> bool:
    """Whether the system would know where to send something."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)  # of a datagram socket: sends nothing
        except OSError as error:
            return error.errno != errno.ENETUNREACH
    return True


def main(command: list[str]) -> int:
    try:
        leave()
    except OSError as error:
        sys.stderr.write(
            f"!! SKIPPED: {error.strerror}. As root it works, and where"
            " kernel.unprivileged_userns_clone is 1.\n"
        )
        return REFUSED
    if has_route():
        sys.stderr.write("there is a route out of a network that has none\n")
        return 1
    return os.execvp(command[0], command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
