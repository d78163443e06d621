"""What relay tells systemd about itself: sd_notify(3) in one function, no library."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


def notify(*states: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Send `READY=1`, `STATUS=…` and the like; False where nobody listens.

    Never raises and never waits: a service manager that is in trouble must not stop messages.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):  # an abstract socket, unix(7)
        address = "\0" + address[1:]
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line,
    ):
        line.setblocking(False)
        line.sendto("\n".join(states).encode(), address)
        return True
    return False


def status(text: str) -> str:
    """The line that `systemctl status` shows."""
    return "STATUS=" + " ".join(text.split())


def watchdog(seconds: float) -> str:
    """How long the next `WATCHDOG=1` may take from now on."""
    return f"WATCHDOG_USEC={round(seconds * 1_000_000)}"


def watchdog_s(environ: Mapping[str, str] = os.environ, pid: int | None = None) -> float | None:
    """How many seconds may pass between two `WATCHDOG=1`, or None when nobody watches.

    sd_watchdog_enabled(3): $WATCHDOG_PID, where set, must be this process.
    """
    watched = environ.get("WATCHDOG_PID")
    if watched and watched != str(os.getpid() if pid is None else pid):
        return None
    try:
        microseconds = int(environ.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return microseconds / 1_000_000 if microseconds > 0 else None
