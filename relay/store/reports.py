"""Status reports: which part a report speaks of, and what it does to it."""

from __future__ import annotations

import sqlite3

from relay.core.causes import delivery
from relay.core.outbound import TRANSITIONS, Part
from relay.core.pdu import StatusReport
from relay.store import parts, trail

# A service centre keeps trying for the validity period, at most 63 weeks; in practice days.
_REPORT_WINDOW_MS = 8 * 24 * 3600 * 1000
# For a part in doubt: how far the service centre's clock and ours may be apart, zones and all.
_NEAR_MS = 12 * 3600 * 1000
# Numbers come back in other forms (with and without country code): the tail is what stays.
_TAIL = 8


def apply_report(
    tx: sqlite3.Connection, now: int, raw_id: int, modem: str, report: StatusReport
) -> int | None:
    """Record a report and move the part that it speaks of; the part's id, or None."""
    part = _again(tx, modem, report) or _match(tx, now, modem, report)
    tx.execute(
        "INSERT INTO status_report (raw_id, part_id, mr, recipient, tp_st, sc_time,"
        " discharge_time, kept_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            raw_id, part.id if part else None, report.mr, report.recipient.number,
            report.tp_st, report.sc_time, report.discharge_time, now,
        ),
    )  # fmt: skip
    if part is None:
        trail.count(tx, now, "report_unmatched")
        return None
    event = delivery(report.tp_st)
    if type(event) in TRANSITIONS[part.state]:
        parts.advance_part(tx, now, part, event)
    return part.id


def _again(tx: sqlite3.Connection, modem: str, report: StatusReport) -> Part | None:
    """The part that an earlier report of the same submission spoke of: networks repeat them."""
    row = tx.execute(
        "SELECT part.id FROM status_report JOIN part ON part.id = part_id"
        " WHERE status_report.recipient = ? AND status_report.mr = ? AND sc_time = ?"
        " AND part.modem = ? AND (part.mr IS NULL OR part.mr = status_report.mr) LIMIT 1",
        (report.recipient.number, report.mr, report.sc_time, modem),
    ).fetchone()
    return parts.load(tx, "id = ?", (row[0],))[0] if row else None


# Open parts first, the nearest in time; then parts in doubt, which have no TP-MR yet; then late
# reports.
_IN_DOUBT = (
    "part.state = 'UNCERTAIN' AND (:sc_time IS NULL OR abs(:sc_time - submitted_at) < :near)"
)
_CANDIDATES = (
    "part.state = 'ACCEPTED' AND mr = :mr",
    "part.state = 'ACCEPTED' AND mr IS NULL",
    _IN_DOUBT,
    "part.state = 'FAILED' AND mr = :mr",
)


def _match(tx: sqlite3.Connection, now: int, modem: str, report: StatusReport) -> Part | None:
    """The part with this TP-MR and recipient.

    TP-MR is one octet and comes round again, so recipient and time must fit too. Of several
    parts in doubt nobody can say which is meant: a wrong guess would lose one and double another.
    """
    wanted = {
        "mr": report.mr,
        "tail": report.recipient.number[-_TAIL:],
        "since": now - _REPORT_WINDOW_MS,
        "modem": modem,
        "sc_time": report.sc_time,
        "near": _NEAR_MS,
    }
    for condition in _CANDIDATES:
        rows = tx.execute(
            "SELECT part.id FROM part JOIN outbound ON outbound.id = outbound_id"
            f" WHERE {condition} AND submitted_at > :since"
            f" AND substr(recipient, -{_TAIL:d}) = :tail"
            " ORDER BY part.modem = :modem DESC, abs(:sc_time - submitted_at),"
            " submitted_at LIMIT 2",
            wanted,
        ).fetchall()
        if rows and not (condition is _IN_DOUBT and len(rows) > 1):
            return parts.load(tx, "id = ?", (rows[0][0],))[0]
    return None
