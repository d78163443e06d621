"""Servers that never end: an exchange is over in its time all the same, in little memory."""

from __future__ import annotations

import socket
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import repeat

import pytest

from relay.errors import ServerError, Unreachable
from relay.servers.cht import ChtServer
from relay.servers.http import Timeouts
from tests.servers.conftest import Connect

_HEAD = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_MEMORY = 32 * 1024 * 1024
IMPATIENT = Timeouts(connect_s=5, read_s=5, total_s=0.3)

Babble = Callable[[], Iterable[bytes]]


def _bomb() -> Iterator[bytes]:
    """A gigabyte of zeros, packed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    for _ in range(64):
        yield packer.compress(bytes(16 * 1024 * 1024))


BABBLE: dict[str, tuple[bytes, Babble]] = {
    "body": (_HEAD + b"\r\n", lambda: repeat(b"x" * 65536)),
    "headers": (_HEAD, lambda: repeat(b"X-A: b\r\n" * 500)),
    "a header": (_HEAD + b"X-A: ", lambda: repeat(b"b" * 65536)),
    "a status line": (b"", lambda: repeat(b"x" * 65536)),
    "interim answers": (b"", lambda: repeat(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "a chunk's size": (_CHUNKED + b"2;", lambda: repeat(b"x" * 65536)),
    "trailers": (_CHUNKED + b"2\r\n{}\r\n0\r\n", lambda: repeat(b"X: y\r\n" * 500)),
    "zeros, packed": (_HEAD + b"Content-Encoding: gzip\r\n\r\n", _bomb),
}


@contextmanager
def babbler(head: bytes, babble: Babble, every_s: float = 0.0) -> Iterator[str]:
    """A server that answers one request with `head` and then talks until nobody listens."""
    listener, over = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(1)
            try:
                connection.recv(65536)
                connection.sendall(head)
                for words in babble():
                    connection.sendall(words)
                    if over.wait(every_s) if every_s else over.is_set():
                        return
            except OSError:
                return  # nobody listens any more

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        over.set()
        thread.join()
        listener.close()


def exchanged(client: ChtServer) -> int:
    """Exchange, which must fail as a server's fault; the most memory that it took, in bytes."""
    tracemalloc.start()
    try:
        with pytest.raises(ServerError):
            client.exchange((), ())
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("what", BABBLE)
def test_an_endless_answer_needs_little_memory_and_ends(connect: Connect, what: str):
    """A station has one gigabyte, and the modem shares it."""
    with babbler(*BABBLE[what]) as url:
        assert exchanged(connect(url, timeouts=IMPATIENT)) < _MEMORY


@pytest.mark.parametrize("head", [b"", _HEAD, _HEAD + b"\r\n", _CHUNKED])
def test_an_answer_byte_by_byte_is_given_up(connect: Connect, head: bytes):
    """Found by fuzzing: what relay itself had cut off looked like a whole, empty answer."""
    with babbler(head, lambda: repeat(b"x"), every_s=0.02) as url:
        client = connect(url, timeouts=IMPATIENT)
        with pytest.raises(ServerError) as caught:
            client.exchange((), ())
    if head != _CHUNKED:  # where x is no size at all
        assert isinstance(caught.value, Unreachable)
        assert "NET_TIMEOUT" in str(caught.value)
