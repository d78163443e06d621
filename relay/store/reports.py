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
    part = _match(tx, now, modem, report)
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


# Oldest open part first; then parts in doubt, which have no TP-MR yet; then late reports.
_CANDIDATES = (
    "part.state = 'ACCEPTED' AND (mr = :mr OR mr IS NULL)",
    "part.state = 'UNCERTAIN' AND (:sc_time IS NULL OR abs(:sc_time - submitted_at) < :near)",
    "part.state = 'FAILED' AND mr = :mr",
)


def _match(tx: sqlite3.Connection, now: int, modem: str, report: StatusReport) -> Part | None:
    """The part with this TP-MR and recipient.

    TP-MR is one octet and comes round again, so recipient and time must fit too.
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
        row = tx.execute(
            "SELECT part.id FROM part JOIN outbound ON outbound.id = outbound_id"
            f" WHERE {condition} AND submitted_at > :since"
            f" AND substr(recipient, -{_TAIL:d}) = :tail"
            " ORDER BY mr IS NULL, part.modem = :modem DESC, submitted_at LIMIT 1",
            wanted,
        ).fetchone()
        if row is not None:
            return parts.load(tx, "id = ?", (row[0],))[0]
    return None
