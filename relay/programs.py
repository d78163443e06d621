"""Run a program of the administrator's, with text from strangers on its standard input.

No shell reads anything; the program gets a small environment without secrets, none of our file
descriptors, and a limit of time after which it and its children are killed. What it says is
bounded and thrown away but for its first line.
"""

from __future__ import annotations

import os
import select
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

# /usr/local first: that is where an administrator's own programs lie.
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/",
}
STOPPED = "HOOK_STOPPED: relay is stopping"
_CHUNK = 64 * 1024
_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended. `reason` is '' for success, else a code and its words; `said` is the first
    line of what the program wrote, as far as it goes."""

    reason: str = ""
    said: str = ""


def obstacle(program: str) -> str:
    """Why this program may not be run, as `CODE: words`; '' if it may."""
    path = Path(program)
    try:
        found = path.stat()
    except OSError as error:
        return f"HOOK_MISSING: {program} cannot be found ({error.strerror})"
    if not stat.S_ISREG(found.st_mode):
        return f"HOOK_MISSING: {program} is no file"
    if not os.access(path, os.X_OK):
        return f"HOOK_NOT_EXECUTABLE: {program} may not be run; run chmod 755 {program}"
    for place in (path, path.resolve(), path.resolve().parent):
        if _open_to_all(place):
            return f"HOOK_WRITABLE: every user may change {place}; run chmod o-w {place}"
    return ""


def _open_to_all(path: Path) -> bool:
    """Whether any user may put another program there. A sticky folder, as /tmp, is one too, but
    only its owner may replace what lies in it."""
    mode = path.stat().st_mode
    return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX


def run(
    command: Sequence[str],
    name: str,
    document: bytes,
    timeout_s: float,
    *,
    stopping: Callable[[], bool] = lambda: False,
    monotonic: Callable[[], float] = time.monotonic,
) -> Ran:
    """Start it, hand it the document, wait for its end, at most `timeout_s`. Raises nothing.

    It is ended as well once `stopping` says so, and what it did is not known then.
    """
    if reason := obstacle(command[0]):
        return Ran(reason)
    try:
        process = _started(command, name, document)
    except (OSError, ValueError) as error:
        return Ran(f"HOOK_NOT_STARTED: {getattr(error, 'strerror', None) or 'it was refused'}")
    with process:
        said = _Listener(process)
        try:
            ended = _wait(process, said, monotonic() + timeout_s, stopping, monotonic)
        finally:
            _kill_group(process)
            said.close()
    if not ended and stopping():
        return Ran(STOPPED)
    if not ended:
        return Ran(f"HOOK_TIMEOUT: it was ended after {timeout_s:g} s", said.line)
    return Ran(_failure(process.returncode), said.line)


def _failure(code: int) -> str:
    if code == 0:
        return ""
    return f"HOOK_FAILED: {f'signal {-code}' if code < 0 else f'exit code {code}'}"


def _started(command: Sequence[str], name: str, document: bytes) -> subprocess.Popen[bytes]:
    """The document lies in memory, not in a pipe: a program that does not read holds up nobody."""
    handle = os.memfd_create("relay-hook", os.MFD_CLOEXEC)
    try:
        _write_all(handle, document)
        os.lseek(handle, 0, os.SEEK_SET)
        return subprocess.Popen(  # noqa: S603  # the administrator's own command, never a message's
            list(command),
            stdin=handle,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={**_ENVIRONMENT, "RELAY_HOOK": name},
            close_fds=True,
            start_new_session=True,
            umask=0o077,
        )
    finally:
        os.close(handle)


def _write_all(handle: int, document: bytes) -> None:
    rest = memoryview(document)
    while rest:
        rest = rest[os.write(handle, rest) :]


class _Listener:
    """Takes what a program says, so that it never waits for us; keeps the first line's start."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self._stream = process.stdout
        os.set_blocking(self._stream.fileno(), False)
        self._kept = b""
        self.open = True

    def fileno(self) -> int:
        return self._stream.fileno()

    def take(self) -> None:
        try:
            chunk = os.read(self.fileno(), _CHUNK)
        except BlockingIOError:
            return
        self.open = bool(chunk)
        self._kept += chunk[: 200 - len(self._kept)] if len(self._kept) < 200 else b""

    def close(self) -> None:
        self._stream.close()

    @property
    def line(self) -> str:
        return self._kept.partition(b"\n")[0].decode("utf-8", "replace").strip()


def _wait(
    process: subprocess.Popen[bytes],
    said: _Listener,
    end: float,
    stopping: Callable[[], bool],
    monotonic: Callable[[], float],
) -> bool:
    """Whether the program has ended by itself. Its children may still hold the pipe."""
    gone = os.pidfd_open(process.pid)
    try:
        while (left := end - monotonic()) > 0 and not stopping():
            watched: list[int] = [gone, said.fileno()] if said.open else [gone]
            ready, _, _ = select.select(watched, [], [], min(left, _LOOK_S))
            if said.fileno() in ready:
                said.take()
            if gone in ready:
                said.take()
                process.wait()
                return True
    finally:
        os.close(gone)
    return False


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Its children too; those that made a session of their own end with the service (systemd)."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    except PermissionError:  # it has become another user
        process.kill()
