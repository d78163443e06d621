"""Long messages under way: their parts, read back from the raw PDUs. Inside a transaction."""

from __future__ import annotations

import sqlite3
from itertools import groupby

from relay.core.pdu import Concat, Deliver, decode
from relay.core.reassembly import Assembly, Piece, gap
from relay.core.segment import join_text

# The PDUs of a message whose words were removed are empty.
_READABLE = "inbound_id = ? AND seq IS NOT NULL AND pdu <> ''"


def open_for(tx: sqlite3.Connection, sender: str, concat: Concat, sim: str) -> list[Assembly]:
    """The unfinished messages that a part with this key may belong to."""
    rows = tx.execute(
        "SELECT id, total FROM inbound WHERE state = 'WAITING_PARTS' AND sender = ?"
        " AND concat_ref = ? AND concat_bits = ? AND total = ? AND sim = ? ORDER BY id",
        (sender, concat.ref, concat.bits, concat.total, sim),
    ).fetchall()
    return [_assembly(tx, row) for row in rows]


def whole_twin(tx: sqlite3.Connection, inbound_id: int, since: int) -> int | None:
    """A complete message that holds every part of this unfinished one, content and all.

    Such a remainder is a network's repetition of parts after the message was whole.
    """
    (mine,) = tx.execute("SELECT * FROM inbound WHERE id = ?", (inbound_id,)).fetchall()
    pieces = _pieces(tx, inbound_id).values()
    rows = tx.execute(
        "SELECT id, total FROM inbound WHERE id <> ? AND sender = ? AND concat_ref = ?"
        " AND concat_bits = ? AND total = ?"
        " AND (state = 'WAITING' OR (state = 'FORWARDED' AND finished_at > ?))",
        (mine["id"], mine["sender"], mine["concat_ref"], mine["concat_bits"], mine["total"],
         since),
    ).fetchall()  # fmt: skip
    for row in rows:
        whole = _assembly(tx, row)
        if all(whole.holds(piece) for piece in pieces):
            return whole.id
    return None


def delivers(tx: sqlite3.Connection, inbound_id: int) -> dict[int, Deliver]:
    """The parts of a message that are here, by their number."""
    rows = tx.execute(
        f"SELECT pdu, seq FROM raw_pdu WHERE {_READABLE} ORDER BY seq",
        (inbound_id,),
    )
    decoded = ((row["seq"], decode(row["pdu"])) for row in rows)
    return {seq: pdu for seq, pdu in decoded if isinstance(pdu, Deliver)}


def text(parts: dict[int, Deliver], total: int) -> str | None:
    """The joined text, with every run of missing parts marked; None where it is data."""
    if all(pdu.text is None for pdu in parts.values()):
        return None
    runs = groupby(range(1, total + 1), key=parts.__contains__)
    return "".join(
        join_text([parts[seq] for seq in seqs]) if here else gap(list(seqs), total)
        for here, seqs in runs
    )


def piece(pdu: Deliver, seq: int, kept_at: int) -> Piece:
    return Piece(seq, repr((pdu.text, pdu.data)), pdu.sc_time, kept_at)


def _assembly(tx: sqlite3.Connection, row: sqlite3.Row) -> Assembly:
    return Assembly(row["id"], row["total"], _pieces(tx, row["id"]))


def _pieces(tx: sqlite3.Connection, inbound_id: int) -> dict[int, Piece]:
    rows = tx.execute(
        f"SELECT pdu, seq, kept_at FROM raw_pdu WHERE {_READABLE}",
        (inbound_id,),
    )
    decoded = ((row, decode(row["pdu"])) for row in rows)
    return {
        row["seq"]: piece(pdu, row["seq"], row["kept_at"])
        for row, pdu in decoded
        if isinstance(pdu, Deliver)
    }
