"""Who opens a device file, told by the kernel (inotify(7)).

A pseudo-terminal shows its owner that the other end was closed, but not if it was opened again
before the owner looked. inotify forgets nothing.
"""

from __future__ import annotations

import ctypes
import os
import struct

_OPENED, _CLOSED = 0x20, 0x08 | 0x10  # IN_OPEN; IN_CLOSE_WRITE and IN_CLOSE_NOWRITE
_EVENT = struct.Struct("iIII")  # wd, mask, cookie, length of the name that follows
_libc = ctypes.CDLL(None, use_errno=True)


class Openings:
    """Watches one path. Used by one thread at a time; `close` it."""

    def __init__(self, path: str) -> None:
        self._fd = int(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        if self._fd < 0 or _libc.inotify_add_watch(self._fd, path.encode(), _OPENED | _CLOSED) < 0:
            code = ctypes.get_errno()
            self.close()
            raise OSError(code, os.strerror(code), path)
        self._closed = False

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def opened_again(self) -> bool:
        """Whether somebody closed and somebody opened the path since the last call."""
        again = False
        for mask in self._news():
            if mask & _CLOSED:
                self._closed = True
            elif mask & _OPENED and self._closed:
                again, self._closed = True, False
        return again

    def _news(self) -> list[int]:
        if self._fd < 0:
            return []
        try:
            data = os.read(self._fd, 4096)
        except BlockingIOError:
            return []
        masks, at = [], 0
        while at < len(data):
            _, mask, _, name = _EVENT.unpack_from(data, at)
            masks.append(mask)
            at += _EVENT.size + name
        return masks
