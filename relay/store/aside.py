"""What is kept and goes to no server: set aside with its kind and a reason. In a transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from relay.core.broadcast import Broadcast
from relay.core.cht import well_formed
from relay.core.device import STO_SENT
from relay.core.inbound import INBOUND_TRANSITIONS, Completed, InboundState, Parked
from relay.core.machine import step
from relay.core.submit import Submit
from relay.store import custody, raw, trail

TEXT = "text"
_SENT = f"STO{STO_SENT}"


@dataclass(frozen=True, slots=True)
class Find:
    """Something that is no message for us. `whom` is its sender; of a stored message, for whom
    it was."""

    reason: str
    whom: str
    text: str | None


def kind(reason: str | None) -> str:
    """The kind of a message by why it is no person's text: `mms` of mms.notice."""
    return TEXT if reason is None else reason.partition(".")[0]


def of_broadcast(page: Broadcast) -> Find:
    return Find("cell.broadcast", f"channel {page.message_id}", page.text)


def of_stored(pdu: Submit, via: str) -> Find:
    """A message that somebody wrote into the SIM, with a phone perhaps: a draft, or sent."""
    sent = via.startswith(_SENT)
    text = None if pdu.text is None else well_formed(pdu.text)
    return Find("stored.sent" if sent else "stored.draft", pdu.recipient.number, text)


def keep(tx: sqlite3.Connection, now: int, row: sqlite3.Row, find: Find) -> None:
    """Make a message of a raw PDU, and set it aside at once."""
    (inbound_id,) = tx.execute(
        "INSERT INTO inbound (state, kind, sender, text, kept_at, modem, sim, total)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 1) RETURNING id",
        (
            InboundState.WAITING, kind(find.reason), find.whom, find.text, row["kept_at"],
            row["modem"], row["sim"],
        ),
    ).fetchone()  # fmt: skip
    raw.link(tx, row["id"], inbound_id, 1)
    trail.note(tx, now, "inbound", inbound_id, Completed.__name__, None, InboundState.WAITING)
    custody.take(tx, now, inbound_id)
    park(tx, now, inbound_id, InboundState.WAITING, find.reason)


def park(
    tx: sqlite3.Connection, now: int, inbound_id: int, before: InboundState, reason: str
) -> None:
    state = step(INBOUND_TRANSITIONS, before, Parked(reason))
    tx.execute(
        "UPDATE inbound SET state = ?, reason = ?, finished_at = ? WHERE id = ?",
        (state, reason, now, inbound_id),
    )
    trail.note(tx, now, "inbound", inbound_id, "Parked", before, state, reason)
