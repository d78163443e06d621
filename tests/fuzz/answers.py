"""Servers: what answers, or seems to answer, is taken or is a `ServerError`, and nothing else."""

from __future__ import annotations

import json
import socket
import tempfile
from contextlib import suppress
from itertools import count
from pathlib import Path

from relay.core.cht import Answer, read_answer, read_check, request_body, server_words
from relay.errors import BadReply, ServerError
from relay.servers.cht import ChtServer
from relay.servers.credentials import Credentials
from relay.store.database import Database
from relay.store.exchanges import Exchanges, Update
from relay.store.outbox import Outbox
from tests.fuzz.draw import Draw

_NOW = 1_900_000_000_000
_ROUNDS = 500


def body(data: bytes) -> None:
    """Any bytes with a success status. What is taken of them can be acknowledged."""
    server_words(data).encode()
    with suppress(BadReply):
        read_check(data)
    answer = _read(data)
    told = [Update(n, one.id, "SENT", None) for n, one in enumerate(answer.messages)]
    echoed = json.loads(request_body((), told))["updates"]
    assert [one["id"] for one in echoed] == [one.id for one in answer.messages]


def _read(data: bytes) -> Answer:
    try:
        return read_answer(data)
    except BadReply:
        return Answer()


def nested(data: bytes) -> None:
    """JSON that is deep, wide, or of the wrong kinds."""
    body(_value(Draw(data), 0).encode("utf-8", "surrogatepass"))


def _value(draw: Draw, depth: int) -> str:
    kind = draw.below(12)
    if depth < 3 or kind >= 9:
        opening, closing = draw.pick((('{"messages":', "}"), ("[", "]"), ('{"id":', "}")))
        many = draw.pick((1, 1, 1, 1, 60, 400, 990, 5000)) if kind == 11 else 1
        inner = ",".join(_value(draw, depth + 1) for _ in range(draw.below(3))) or "null"
        if depth < 3 and kind < 9:
            return f'{{"messages":[{{"id":{inner},"to":{inner},"content":{inner}}}]}}'
        return opening * many + inner + closing * many
    return (
        "null", "true", "1e999999", "-0", "1" * 5000, '"\\ud800"', '"\\u0000"', '""', "NaN",
    )[kind]  # fmt: skip


class Desk:
    """A store that takes answers."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fuzz-")
        self._db = Database.open(Path(self._folder.name) / "relay.db")
        self._exchanges = Exchanges(self._db, "cht", Outbox(self._db))
        self._exchanges.adopt()
        self._times = count(_NOW, 1000)
        self.rounds = 0

    def take(self, answer: Answer) -> None:
        self.rounds += 1
        self._exchanges.settle(next(self._times), answer)
        for handout in answer.messages:
            (row,) = self._db.query("SELECT id FROM outbound WHERE server_id = ?", (handout.id,))
            assert row["id"]

    def close(self) -> None:
        self._db.close()
        self._folder.cleanup()


_desks: list[Desk] = []


def settled(data: bytes) -> None:
    """What was taken of an answer is a row of the outbox, sendable or not."""
    if _desks and _desks[0].rounds >= _ROUNDS:
        close()
    if not _desks:
        _desks.append(Desk())
    _desks[0].take(_read(data))


def close() -> None:
    """Give the database back."""
    while _desks:
        _desks.pop().close()


def wire(data: bytes) -> None:
    """Any bytes from the socket, and then its end."""
    server = ChtServer("cht", Credentials("http://127.0.0.1:9/", "u", "p"))
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    server._http._conn._new_conn = lambda: ours  # type: ignore[method-assign]
    with theirs:
        theirs.sendall(data[:100_000])
        theirs.shutdown(socket.SHUT_WR)
        try:
            server.exchange((), ())
        except ServerError as error:
            str(error).encode()
        finally:
            server.close()
            ours.close()
