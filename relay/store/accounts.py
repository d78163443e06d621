"""The airtime of each modem's SIM: what was seen of it, and what the operator wrote about it."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field

from relay.core.airtime import Stretch, learnt_price, sms_left
from relay.core.balance import Balance
from relay.core.credit import Purse, spent
from relay.core.money import MICROS
from relay.store.database import Database

_LATEST_STRETCHES = 10
_NOTHING_SEEN = {"amount": None, "currency": "", "at": None, "sms": None, "until": None}
_PATIENCE_MS = 10 * 60_000
_SOME = 50


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that came in: `sender`, its `text`, and when it was kept."""

    id: int
    modem: str
    sender: str
    text: str = field(repr=False)
    at: int


class Accounts:
    def __init__(self, db: Database) -> None:
        self._db = db

    def observe(
        self, now: int, modem: str, sim: str, seen: Balance, via: str, price: int | None
    ) -> None:
        """Keep a balance, as a row and as the fact `modem.NAME.balance`, in one commit.

        `price` is what the configuration says; without it what was learnt counts.
        """
        with self._db.transaction() as tx:
            stretch = _stretch(tx, modem, sim, seen, now)
            tx.execute(
                "INSERT INTO balance (at, modem, sim, amount, currency, sms, until, via, spent,"
                " segments, doubtful) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    now, modem, sim, seen.amount, seen.currency, seen.sms, seen.until, via,
                    stretch.spent, stretch.segments, stretch.doubtful,
                ),
            )  # fmt: skip
            known = price if price is not None else _learnt(tx, modem, sim)
            _put_price(tx, now, modem, known, seen.currency, price is not None)
            _put_balance(tx, now, modem, seen, known, via)

    def price(self, now: int, modem: str, sim: str, price: int | None, currency: str) -> None:
        """Put the fact `modem.NAME.price` that the ledger reads: as configured, or as learnt."""
        with self._db.transaction() as tx:
            known = price if price is not None else _learnt(tx, modem, sim)
            _put_price(tx, now, modem, known, currency, price is not None)

    def purse(self, modem: str, sim: str) -> Purse:
        """What is left by now: the last balance, less what was sent since."""
        rows = self._db.query(
            "SELECT at, amount, sms FROM balance WHERE modem = ? AND sim = ?"
            " ORDER BY id DESC LIMIT 1",
            (modem, sim),
        )
        known = self._db.query("SELECT value FROM fact WHERE key = ?", (f"modem.{modem}.price",))
        price = json.loads(known[0]["value"]).get("micros") if known else None
        if not rows:
            return Purse(price=price)
        row = rows[0]
        sent = self._db.value(
            "SELECT count(*) FROM segment WHERE at > ? AND modem = ?", (row["at"], modem)
        )
        return spent(Purse(row["amount"], row["sms"], price), sent)

    def spent_since(self, at: int, price: int) -> int:
        """What all SMS since then have cost, in micros, those in doubt as well."""
        found = self._db.value(
            "SELECT sum(coalesce(price, ?)) FROM segment WHERE at >= ?", (price, at)
        )
        return int(found or 0)

    def believe(
        self, now: int, modem: str, credit: dict[str, object], *, out: bool, back: bool
    ) -> None:
        """Keep what is believed of the credit; while there is none, the balance pays for none.

        When there is some again (`back`), what was rejected before anybody knew why is due at
        once, and that try does not count.
        """
        with self._db.transaction() as tx:
            _put(tx, now, f"modem.{modem}.credit", credit, "")
            key = f"modem.{modem}.balance"
            row = tx.execute("SELECT value, at, source FROM fact WHERE key = ?", (key,)).fetchone()
            value = json.loads(row["value"]) if row else {}
            known = {
                "amount": None,
                "currency": "",
                "at": None,
                "sms": None,
                "until": None,
            } | value
            if back:
                tx.execute(
                    "UPDATE part SET due_at = 0, attempts = max(0, attempts - 1)"
                    " WHERE state = 'QUEUED' AND due_at > 0 AND reason LIKE 'NET_REJECTED:%'"
                )
            if out or value.get("sms_left") == 0:
                known["sms_left"] = 0 if out else None
                _put(tx, row["at"] if row else now, key, known, row["source"] if row else "")

    def letters(self, now: int, after: int) -> list[Letter]:
        """What came in behind the row `after`, as far as it is whole."""
        rows = self._db.query(
            "SELECT id, modem, sender, text, kept_at, state = 'WAITING_PARTS' AS torn"
            " FROM inbound WHERE id > ? ORDER BY id LIMIT ?",
            (after, _SOME),
        )
        found = []
        for row in rows:
            if row["torn"] and 0 <= now - row["kept_at"] < _PATIENCE_MS:
                break
            found.append(
                Letter(row["id"], row["modem"], row["sender"], row["text"] or "", row["kept_at"])
            )
        return found

    def last_letter(self) -> int:
        return int(self._db.value("SELECT max(id) FROM inbound") or 0)


def _stretch(tx: sqlite3.Connection, modem: str, sim: str, seen: Balance, now: int) -> Stretch:
    before = tx.execute(
        "SELECT at, amount, currency FROM balance WHERE modem = ? AND sim = ? AND amount NOT NULL"
        " ORDER BY id DESC LIMIT 1",
        (modem, sim),
    ).fetchone()
    if before is None or seen.amount is None or before["currency"] != seen.currency:
        return Stretch(None, 0, 0)
    row = tx.execute(
        "SELECT coalesce(sum(charged), 0) AS sure, coalesce(sum(charged = 0), 0) AS doubtful"
        " FROM segment WHERE at > ? AND at <= ? AND modem = ?",
        (before["at"], now, modem),
    ).fetchone()
    return Stretch(before["amount"] - seen.amount, row["sure"], row["doubtful"])


def _learnt(tx: sqlite3.Connection, modem: str, sim: str) -> int | None:
    rows = tx.execute(
        "SELECT spent, segments, doubtful FROM balance WHERE modem = ? AND sim = ?"
        " ORDER BY id DESC LIMIT ?",
        (modem, sim, _LATEST_STRETCHES),
    ).fetchall()
    return learnt_price([Stretch(*row) for row in rows])


def _put_price(
    tx: sqlite3.Connection, now: int, modem: str, price: int | None, currency: str, said: bool
) -> None:
    if price is None:
        return
    value = {"micros": price, "currency": currency}
    source = "the configuration" if said else "learnt from the balances"
    _put(tx, now, f"modem.{modem}.price", value, source)


def _put_balance(
    tx: sqlite3.Connection, now: int, modem: str, seen: Balance, price: int | None, via: str
) -> None:
    value = {
        "amount": None if seen.amount is None else seen.amount / MICROS,
        "currency": seen.currency,
        "at": now,
        "sms_left": sms_left(seen.amount, seen.sms, price),
        "sms": seen.sms,
        "until": seen.until,
    }
    _put(tx, now, f"modem.{modem}.balance", value, via)


def _put(tx: sqlite3.Connection, now: int, key: str, value: object, source: str) -> None:
    tx.execute(
        "INSERT OR REPLACE INTO fact VALUES (?, ?, ?, ?)", (key, json.dumps(value), now, source)
    )
