"""Going through the chain of custody, link by link, against the messages that are here.

It reads in pages, by the number: a million messages take seconds and no more memory than a page.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from relay.core import custody as chain
from relay.core.custody import Fault, Head, Link, Walk
from relay.store.custody import CONTENT

_PAGE = 5_000
_NAMED = 1_000  # faults that are listed; the others are counted
_CANDIDATES = 2_000
_GAPS = ("RECORD_MISSING", "OLDER")


class Source(Protocol):
    """A reader of the store, or the store itself."""

    def query(self, sql: str, params: Sequence[object] = ()) -> list[sqlite3.Row]: ...


@dataclass(frozen=True, slots=True)
class Account:
    """Where everything is that was received. `again` was lost, and read anew from its SMS."""

    head: Head
    at_server: int = 0
    waiting: int = 0
    exported: int = 0
    parked: int = 0
    unread: int = 0
    forgotten: int = 0
    erased: int = 0
    again: int = 0
    missing: int = 0
    parts: int = 0
    faults: tuple[Fault, ...] = ()
    n_faults: int = 0
    erasures: tuple[tuple[int, int, str], ...] = ()

    @property
    def received(self) -> int:
        return self.head.no

    @property
    def here(self) -> int:
        """What is on this computer and not at the server."""
        return self.waiting + self.parked + self.unread

    @property
    def sound(self) -> bool:
        return not self.n_faults


def audit(source: Source, seen: Mapping[int, bytes] | None = None) -> Account:
    """The whole account. `seen` are heads that were noted outside the store."""
    going = _Going(source, Walk(seen or {}))
    for link, row in _links(source):
        going.step(link, row)
    return going.end()


def _links(source: Source) -> Iterator[tuple[Link, sqlite3.Row]]:
    at = 0
    while rows := source.query(f"{_SQL} WHERE custody.no > ? ORDER BY custody.no LIMIT ?",
                               (at, _PAGE)):  # fmt: skip
        for row in rows:
            yield Link(row["no"], row["stamp"], row["commitment"], row["link"]), row
        at = rows[-1]["no"]


_COLUMNS = ", ".join(f"inbound.{name}" for name in CONTENT.split(", "))
_N = len(CONTENT.split(", "))
_SQL = (
    f"SELECT {_COLUMNS}, custody.no, custody.stamp, custody.commitment, custody.chain AS link,"
    " custody.salt, custody.gone, custody.gone_at, custody.gone_by, custody.inbound_id,"
    " custody.raw_id, inbound.id AS there, inbound.state, raw_pdu.id AS raw_there, raw_pdu.pdu,"
    " raw_pdu.modem AS raw_modem, raw_pdu.sim AS raw_sim,"
    " CASE WHEN inbound.state = 'WAITING' OR inbound.state = 'INCOMPLETE' THEN (SELECT"
    " max(exported_at) FROM forwarding WHERE inbound_id = inbound.id) END AS exported_at"
    " FROM custody LEFT JOIN inbound ON inbound.id = custody.inbound_id"
    " LEFT JOIN raw_pdu ON raw_pdu.id = custody.raw_id"
)


class _Going:
    """One walk through the chain, and what it has found so far."""

    def __init__(self, source: Source, walk: Walk) -> None:
        self._source = source
        self._walk = walk
        self._n: Counter[str] = Counter()
        self._faults: list[Fault] = []
        self._lost: list[sqlite3.Row] = []
        self._erasures: list[tuple[int, int, str]] = []

    def step(self, link: Link, row: sqlite3.Row) -> None:
        for fault in self._walk.step(link):
            self._found(fault)
        where = _where(row)
        if where == "missing":
            self._miss(row)
        elif where == "erased" and len(self._erasures) < _NAMED:
            self._erasures.append((row["no"], row["gone_at"] or 0, row["gone_by"] or ""))
        elif row["gone"] is None and not _true(row):
            self._found(
                Fault(row["no"], "MESSAGE_CHANGED", "its text, sender or time was changed")
            )
        self._n[where] += 1

    def _miss(self, row: sqlite3.Row) -> None:
        if len(self._lost) < _NAMED:
            self._lost.append(row)
        else:
            self._n["faults"] += 1

    def end(self) -> Account:
        for fault in self._walk.end():
            self._found(fault)
        self._read_again()
        self._unnumbered()
        n = self._n
        gaps = sum(f.last - f.no + 1 for f in self._faults if f.code in _GAPS)
        (parts,) = self._source.query(
            "SELECT count(*) FROM inbound WHERE state = 'WAITING_PARTS'"
        )[0]
        return Account(
            Head(self._walk.no, self._walk.chain),
            at_server=n["at_server"],
            waiting=n["waiting"] + n["exported"],
            exported=n["exported"],
            parked=n["parked"],
            unread=n["unread"],
            forgotten=n["forgotten"],
            erased=n["erased"],
            again=n["again"],
            missing=n["missing"] + gaps,
            parts=parts,
            faults=tuple(sorted(self._faults, key=lambda fault: fault.no)),
            n_faults=n["faults"],
            erasures=tuple(self._erasures),
        )

    def _found(self, fault: Fault) -> None:
        self._n["faults"] += 1
        if len(self._faults) < _NAMED:
            self._faults.append(fault)

    def _read_again(self) -> None:
        """After a salvage, what was lost may have been read anew from its SMS."""
        if not self._lost:
            return
        since = self._source.query("SELECT at FROM fact WHERE key = 'store.salvaged'")
        newer = self._source.query(
            f"SELECT {_COLUMNS}"
            " FROM custody JOIN inbound ON inbound.id = inbound_id"
            " WHERE custody.no > ? AND stamp >= ? ORDER BY custody.no LIMIT ?",
            (self._lost[0]["no"], since[0]["at"], _CANDIDATES),
        ) if since else []  # fmt: skip
        contents = [chain.content(row) for row in newer]
        for row in self._lost:
            if any(_commits(row, octets) for octets in contents):
                self._n["missing"] -= 1
                self._n["again"] += 1
            else:
                self._found(_missing(row))

    def _unnumbered(self) -> None:
        rows = self._source.query(
            "SELECT id FROM inbound WHERE state <> 'WAITING_PARTS' AND kind <> 'notice'"
            " AND NOT EXISTS (SELECT 1 FROM custody WHERE inbound_id = inbound.id) LIMIT ?",
            (_NAMED,),
        )
        for row in rows:
            self._found(
                Fault(0, "UNNUMBERED", f"message in {row['id']} has no number: it was put in "
                      "without having been received, or its record was taken out")
            )  # fmt: skip


def _where(row: sqlite3.Row) -> str:
    """What became of one message."""
    if row["gone"] is not None:
        ends = {"ERASED": "erased", "FORWARDED": "at_server"}
        return ends.get(row["gone"], "forgotten")
    if row["raw_id"] is not None:
        return "unread" if row["raw_there"] is not None else "missing"
    if row["there"] is None:
        return "missing"
    if row["state"] in ("WAITING", "INCOMPLETE"):
        return "waiting" if row["exported_at"] is None else "exported"
    return {"FORWARDED": "at_server", "PARKED": "parked"}.get(row["state"], "missing")


def _missing(row: sqlite3.Row) -> Fault:
    name = f"message in {row['inbound_id']}" if row["inbound_id"] else f"SMS raw {row['raw_id']}"
    return Fault(row["no"], "MESSAGE_MISSING", f"its {name} is missing")


def _true(row: sqlite3.Row) -> bool:
    if row["raw_id"] is not None:
        return _commits(row, chain.content((row["pdu"], row["raw_modem"], row["raw_sim"])))
    return _commits(row, chain.content(row[:_N]))


def _commits(row: sqlite3.Row, octets: bytes) -> bool:
    return bool(chain.commitment(row["salt"] or b"", octets) == row["commitment"])
