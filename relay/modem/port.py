"""Opening one serial port, and saying in plain words why it cannot be opened."""

from __future__ import annotations

import errno
import os
import queue
import socket
from pathlib import Path
from typing import Any

import serial

READ_POLL_S = 0.2  # only for ports without a file descriptor (rfc2217://)


def open_port(url: str, baud: int, write_timeout_s: float) -> Any:
    """A pyserial port for a device path or a pyserial URL (socket://, rfc2217://, spy://, …).

    No hardware handshake: boards without RTS/CTS would never answer. Exclusive, because a second
    reader steals bytes from the first. Raises SerialException, OSError or ValueError.
    """
    scheme = url.partition("://")[0] if "://" in url else ""
    options: dict[str, Any] = {"exclusive": True} if scheme in {"", "spy", "alt"} else {}
    if scheme != "rfc2217":  # it knows no write time-out
        options["write_timeout"] = write_timeout_s
    port = serial.serial_for_url(
        url, baudrate=baud, timeout=READ_POLL_S, rtscts=False, dsrdtr=False, **options
    )
    plug = getattr(port, "_socket", None)
    if isinstance(plug, socket.socket):
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return port


def read_port(port: Any) -> bytes:
    """What a port without a file descriptor has heard, or nothing after a short while.

    pyserial's RFC 2217 port refuses to give what it has once its connection has ended, and that
    may be the answer to a submission: so its queue is emptied here. Raises SerialException.
    """
    heard = getattr(port, "_read_buffer", None)
    if isinstance(heard, queue.Queue):
        return _emptied(port, heard)
    return bytes(port.read(max(1, port.in_waiting)))


def _emptied(port: Any, heard: queue.Queue[bytes | None]) -> bytes:
    try:
        data = heard.get(timeout=READ_POLL_S)
    except queue.Empty:
        return bytes(port.read())  # raises if nobody listens to the connection any more
    if data is None:
        raise serial.SerialException("the connection has ended")
    while not heard.empty():
        more = heard.get_nowait()
        if more is None:
            heard.put(None)  # the end is told after the last words
            break
        data += more
    return data


def close_port(port: Any) -> None:
    """Close, whatever state the port is in."""
    plug = getattr(port, "_socket", None)
    try:
        port.close()
    except (OSError, serial.SerialException):
        pass  # an unplugged device cannot restore its settings; the descriptor is gone anyway
    finally:
        if isinstance(plug, socket.socket):
            plug.close()  # pyserial forgets it when the peer hung up first


def descriptor(port: Any) -> int | None:
    """The file descriptor to wait on, where the port has one."""
    try:
        number = port.fileno()
    except (AttributeError, OSError):  # UnsupportedOperation is an OSError
        return None
    return number if isinstance(number, int) else None


def why_not(url: str, error: Exception) -> str:
    """Why the port cannot be opened, and what a person can do about it."""
    code = getattr(error, "errno", None)
    if "RFC2217" in str(error):  # so pyserial names it, in an account of its own state
        return (
            "the other side does not speak RFC 2217. If it is a plain TCP port, "
            "write socket:// for rfc2217://"
        )
    if "://" in url:
        return f"{error}. Check the address and that the other side is running"
    if code == errno.ENOENT or not Path(url).exists():
        return "there is no such device. Plug the modem in, or correct the port"
    if code == errno.EACCES:
        return (
            "permission denied. Add the user of relay to the group that owns the device "
            f"(`ls -l {url}` shows it, most often dialout) and log in again"
        )
    holder = holder_of(url)
    if holder or code == errno.EBUSY or "lock" in str(error).lower():
        return held_by(url, holder)
    return f"{error}. Unplug the modem and plug it in again"


def held_by(url: str, holder: str | None) -> str:
    """The words for a port that another program uses."""
    who = holder or f"another program (`sudo fuser -v {url}` names it)"
    return f"it is held by {who}. Stop that program, or give relay another port"


def holder_of(path: str) -> str | None:
    """`name (pid 123)` of another process that has the device open, as far as /proc shows it."""
    try:
        device = os.path.realpath(path)
        for process in Path("/proc").iterdir():
            other = process.name.isdigit() and int(process.name) != os.getpid()
            if other and _holds(process, device):
                return f"{_program(process)} (pid {process.name})"
    except OSError:
        pass  # no /proc here: then nobody can say
    return None


def _holds(process: Path, device: str) -> bool:
    try:
        links = [str(link.readlink()) for link in (process / "fd").iterdir()]
    except OSError:
        return False  # gone in the meantime, or of another user
    return device in links


def _program(process: Path) -> str:
    try:
        return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "a program"
