"""Opening one serial port, and saying in plain words why it cannot be opened."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import queue
import socket
from pathlib import Path
from typing import Any

import serial

from relay.errors import PortLost

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


def refused(url: str, error: Exception) -> PortLost:
    """Why the port cannot be opened, and what a person can do about it."""
    code = getattr(error, "errno", None)
    if "RFC2217" in str(error):  # so pyserial names it, in an account of its own state
        words = (
            "the other side does not speak RFC 2217. If it is a plain TCP port, "
            "write socket:// for rfc2217://"
        )
        return PortLost(url, words)
    if "://" in url:
        return PortLost(url, f"{error}. Check the address and that the other side is running")
    if code == errno.ENOENT or not os.path.lexists(url):
        words = "there is no such device. Plug the modem in, or correct the port"
        return PortLost(url, words, "PORT_MISSING")
    if code == errno.EACCES:
        return PortLost(url, _forbidden(url), "PORT_PERMISSION")
    holder = holder_of(url)
    if holder or code == errno.EBUSY or "lock" in str(error).lower():
        return held(url, holder)
    return PortLost(url, f"{error}. Unplug the modem and plug it in again")


def _forbidden(url: str) -> str:
    try:
        group = grp.getgrgid(Path(url).stat().st_gid).gr_name
    except (OSError, KeyError):
        group = "dialout"
    if group == "root":  # then no group helps but the one that udev usually gives
        group = "dialout"
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    return (
        f"permission denied: {user} is not in the group {group}. Run: "
        f"sudo usermod -aG {group} {user}, then sudo systemctl restart relay "
        "(or log in again, where relay runs in a terminal)"
    )


def held(url: str, holder: str | None) -> PortLost:
    """A port that another program uses; its name decides the code."""
    name = (holder or "").partition(" ")[0]
    if name == "ModemManager":
        return PortLost(url, f"it is held by {holder}", "PORT_MODEMMANAGER")
    remedy = _REMEDIES.get(name, "Stop that program, or give relay another modem")
    who = holder or f"another program (`sudo fuser -v {url}` names it)"
    return PortLost(url, f"it is held by {who}. {remedy}", "PORT_BUSY")


# Programs that people run for the same purpose, by the name that /proc shows (15 characters).
_REMEDIES = {
    "gammu-smsd": "Stop it for good: sudo systemctl disable --now gammu-smsd",
    "smsd": "Stop it for good: sudo systemctl disable --now smstools",
    "minicom": "Leave minicom with Ctrl-A, then Q",
    "screen": "Leave screen with Ctrl-A, then K",
    "pppd": "End the data call: sudo poff -a",
    "wvdial": "End the data call: sudo killall wvdial",
    "asterisk": "Take the modem out of its chan_dongle or chan_quectel configuration",
}


def calls_only(holder: str) -> bool:
    """Whether this program only keeps a data call, on a port that is of no use for SMS then."""
    return holder.partition(" ")[0] in {"pppd", "wvdial"}


def holder_of(path: str, proc: Path = Path("/proc")) -> str | None:
    """`name (pid 123)` of another process that has the device open, as far as /proc shows it."""
    try:
        device = os.path.realpath(path)
        for process in proc.iterdir():
            other = process.name.isdigit() and int(process.name) != os.getpid()
            if other and _holds(process, device):
                return f"{_program(process)} (pid {process.name})"
    except OSError:
        pass  # no /proc here: then nobody can say
    return None


def _holds(process: Path, device: str) -> bool:
    try:
        links = list((process / "fd").iterdir())
        return any(str(link.readlink()) == device and _is_same(link, device) for link in links)
    except OSError:
        return False  # gone in the meantime, or of another user


def _is_same(link: Path, device: str) -> bool:
    """Whether the name means the same terminal there: each container counts its own from 0."""
    try:
        there, here = link.stat(), Path(device).stat()
    except OSError:
        return True
    terminal = os.major(here.st_rdev) in _PSEUDO_TERMINALS
    return there.st_rdev == here.st_rdev and (not terminal or there.st_dev == here.st_dev)


_PSEUDO_TERMINALS = range(136, 144)


def _program(process: Path) -> str:
    try:
        return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "a program"
