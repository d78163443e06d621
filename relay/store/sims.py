"""The SIMs that were seen: where, since when, which are accepted, and through which SMSC.

`held_since` is set while a SIM sits in a modem and nobody has accepted it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from relay.core.card import NO_CARD, Accepted, Card, Standing, standing
from relay.core.device import Identity
from relay.store.database import Database


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was made of the SIM in a modem. `before` is the one that is accepted there."""

    id: int
    standing: Standing
    card: Card
    before: Card
    since: int
    news: bool
    smsc: str


@dataclass(frozen=True, slots=True)
class InModem:
    """The SIM that was seen last in a modem, and the one that is accepted there."""

    id: int | None = None
    card: Card = NO_CARD
    accepted: Card = NO_CARD
    held_since: int | None = None
    smsc: str = ""
    smsc_before: str = ""
    smsc_at: int | None = None


class Looking(Protocol):
    """A store that can be asked: of the daemon, or read-only."""

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[sqlite3.Row]: ...


def looked_up(store: Looking, modem: str) -> InModem:
    rows = store.query(
        "SELECT * FROM sim WHERE modem = ? ORDER BY seen_at DESC, id DESC", (modem,)
    )
    accepted = store.query("SELECT * FROM sim WHERE accepted_in = ?", (modem,))
    if not rows:
        return InModem()
    row = next((one for one in rows if one["held_since"] is not None), rows[0])
    return InModem(
        row["id"],
        _card(row),
        _card(accepted[0]) if accepted else NO_CARD,
        row["held_since"],
        row["smsc"] or "",
        row["smsc_before"] or "",
        row["smsc_at"],
    )


class Sims:
    def __init__(self, db: Database) -> None:
        self._db = db

    def see(self, now: int, modem: str, identity: Identity) -> Sighting | None:
        """Note which SIM sits in a modem; None where it tells nothing of itself."""
        card = Card(identity.iccid, identity.imsi)
        with self._db.transaction() as tx:
            rows = tx.execute("SELECT * FROM sim").fetchall()
            accepted = [_accepted(row) for row in rows if row["accepted_at"] is not None]
            found = standing(card, modem, accepted)
            if found is Standing.UNKNOWN:
                return None
            same = next((row for row in rows if _card(row).is_same(card)), None)
            row = _noted(tx, now, modem, card, identity.number, same)
            since, news = _settle(tx, now, modem, row, found)
            before = next((one.card for one in accepted if one.accepted_in == modem), NO_CARD)
            return Sighting(row["id"], found, card, before, since, news, row["smsc"] or "")

    def holds(self, modem: str) -> bool:
        """Whether a SIM that nobody has accepted sits in this modem."""
        sql = "SELECT 1 FROM sim WHERE modem = ? AND held_since IS NOT NULL"
        return self._db.value(sql, (modem,)) is not None

    def imsi_of(self, iccid: str) -> str:
        """The IMSI of a SIM, '' where it was never told."""
        sql = "SELECT imsi FROM sim WHERE iccid = ? AND iccid <> ''"
        return str(self._db.value(sql, (iccid,)) or "")

    def accept(self, now: int, sim_id: int) -> None:
        """A person takes the SIM that sits in a modem; the one accepted there before is not."""
        with self._db.transaction() as tx:
            (modem,) = tx.execute("SELECT modem FROM sim WHERE id = ?", (sim_id,)).fetchone()
            _accept(tx, now, modem, sim_id)

    def smsc(self, sim_id: int) -> str:
        """Through which service centre this SIM sent last; '' where that is not known."""
        return str(self._db.value("SELECT smsc FROM sim WHERE id = ?", (sim_id,)) or "")

    def see_smsc(self, now: int, sim_id: int, smsc: str) -> str:
        """Note through which service centre a SIM sends; the one that it had before, or ''."""
        with self._db.transaction() as tx:
            (known,) = tx.execute("SELECT smsc FROM sim WHERE id = ?", (sim_id,)).fetchone()
            if known == smsc:
                return ""
            tx.execute(
                "UPDATE sim SET smsc = ?, smsc_before = smsc, smsc_at = ? WHERE id = ?",
                (smsc, now, sim_id),
            )
            return str(known or "")


def _noted(
    tx: sqlite3.Connection, now: int, modem: str, card: Card, number: str,
    same: sqlite3.Row | None,
) -> sqlite3.Row:  # fmt: skip
    """The row of this card, with what it tells by now and has not told before."""
    if same is None:
        sql = (
            "INSERT INTO sim (iccid, imsi, number, modem, first_at, seen_at)"
            " VALUES (?, ?, ?, ?, ?, ?) RETURNING *"
        )
        values: tuple[object, ...] = (card.iccid, card.imsi, number, modem, now, now)
    else:
        sql = (
            "UPDATE sim SET iccid = coalesce(nullif(?, ''), iccid),"
            " imsi = coalesce(nullif(?, ''), imsi), number = coalesce(nullif(?, ''), number),"
            " modem = ?, seen_at = ? WHERE id = ? RETURNING *"
        )
        values = (card.iccid, card.imsi, number, modem, now, same["id"])
    row: sqlite3.Row = tx.execute(sql, values).fetchone()
    return row


def _settle(
    tx: sqlite3.Connection, now: int, modem: str, row: sqlite3.Row, found: Standing
) -> tuple[int, bool]:
    """Since when the SIM is as it is there, and whether that is new."""
    tx.execute("UPDATE sim SET held_since = NULL WHERE modem = ? AND id <> ?", (modem, row["id"]))
    if found is Standing.FIRST:
        _accept(tx, now, modem, row["id"])
        return now, True
    if found is Standing.ACCEPTED:
        tx.execute("UPDATE sim SET held_since = NULL WHERE id = ?", (row["id"],))
        return row["accepted_at"] or now, row["held_since"] is not None
    if row["held_since"] is not None:
        return row["held_since"], False
    tx.execute("UPDATE sim SET held_since = ? WHERE id = ?", (now, row["id"]))
    return now, True


def _accept(tx: sqlite3.Connection, now: int, modem: str, sim_id: int) -> None:
    tx.execute(
        "UPDATE sim SET accepted_in = NULL, accepted_at = NULL WHERE accepted_in = ?", (modem,)
    )
    tx.execute(
        "UPDATE sim SET accepted_in = ?, accepted_at = ?, held_since = NULL WHERE id = ?",
        (modem, now, sim_id),
    )


def _card(row: sqlite3.Row) -> Card:
    return Card(row["iccid"], row["imsi"])


def _accepted(row: sqlite3.Row) -> Accepted:
    return Accepted(_card(row), row["accepted_in"], row["modem"])


def listed(store: Looking) -> list[sqlite3.Row]:
    """Every SIM that was ever seen, the latest first, with how many messages came in over it."""
    return store.query(
        "SELECT sim.*, (SELECT count(*) FROM inbound WHERE inbound.sim <> ''"
        " AND inbound.sim IN (sim.iccid, sim.imsi)) AS received"
        " FROM sim ORDER BY seen_at DESC, id DESC"
    )
