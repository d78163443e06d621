"""The figures of `relay status`, from partial indexes and daily figures only.

No query here may read a whole table of messages: a cold status costs the same with a million
finished messages behind it, and a test looks at every plan. States stand in the SQL as literals,
because SQLite does not use a partial index for a bound value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from relay.core.community_facts import CommunityFacts
from relay.core.hooks import HookFacts
from relay.core.inbound import InboundState, RawState
from relay.core.outbound import TAKEN_BACK
from relay.core.plain import DAY
from relay.core.priority import Priority
from relay.core.queueing import QueueRules
from relay.core.station import (
    AirtimeFacts,
    InwardFacts,
    OutwardFacts,
    Reason,
    ServerFacts,
)
from relay.store import waits
from relay.store.browsing import in_doubt_ids
from relay.store.reading import Reader

_LATEST_FAILURES = 100
_BACKOFF_SAMPLE = 200
_EXAMPLES = 3


def today(reader: Reader, now: int) -> dict[str, int]:
    """The day's figures by what they count; a day ends at local midnight."""
    rows = reader.query(
        "SELECT what, n FROM tally"
        " WHERE day = strftime('%Y-%m-%d', ? / 1000, 'unixepoch', 'localtime')",
        (now,),
    )
    return {row["what"]: row["n"] for row in rows}


# --- in -----------------------------------------------------------------------------------------


def inward(reader: Reader, day: dict[str, int]) -> InwardFacts:
    parts, oldest_part = _in_state(reader, InboundState.WAITING_PARTS)
    whole, oldest_whole = _in_state(reader, InboundState.WAITING)
    torn, oldest_torn = _in_state(reader, InboundState.INCOMPLETE)
    undecodable, newest = _raws(reader, RawState.UNDECODABLE)
    aside = _set_aside(reader)
    oldest = [at for at in (oldest_whole, oldest_torn) if at is not None]
    return InwardFacts(
        received_today=day.get("received", 0),
        waiting_parts=parts,
        oldest_part_at=oldest_part,
        unread=_raws(reader, RawState.KEPT)[0],
        undecodable=undecodable,
        undecodable_at=newest,
        here_only=whole + torn,
        oldest_here_at=min(oldest, default=None),
        set_aside=sum(n for _, n in aside),
        aside=aside,
        calls_today=day.get("calls", 0),
    )


def _in_state(reader: Reader, state: InboundState) -> tuple[int, int | None]:
    """How many messages are in a state, and when the oldest of them was kept."""
    (row,) = reader.query(
        f"SELECT count(*) AS n, min(id) AS oldest FROM inbound WHERE state = '{state}'"
    )
    kept_at = reader.value("SELECT kept_at FROM inbound WHERE id = ?", (row["oldest"],))
    return row["n"], kept_at


def _raws(reader: Reader, state: RawState) -> tuple[int, int | None]:
    """How many raw PDUs are in a state, and when the newest of them was kept."""
    (row,) = reader.query(
        f"SELECT count(*) AS n, max(id) AS newest FROM raw_pdu WHERE state = '{state}'"
    )
    kept_at = reader.value("SELECT kept_at FROM raw_pdu WHERE id = ?", (row["newest"],))
    return row["n"], kept_at


def _set_aside(reader: Reader) -> tuple[tuple[str, int], ...]:
    """Parked by relay itself, and why: no person's texts, and nothing that a server would take."""
    rows = reader.query(
        "SELECT reason, count(*) AS n FROM inbound WHERE state = 'PARKED' AND id NOT IN"
        " (SELECT inbound_id FROM forwarding WHERE state = 'PARKED')"
        " GROUP BY reason ORDER BY n DESC, reason"
    )
    return tuple((row["reason"] or "", row["n"]) for row in rows)


def server(reader: Reader, name: str, day: dict[str, int]) -> ServerFacts:
    """The message figures of one server; its outcome and clock are facts of another kind."""
    waiting, parked = (
        reader.value(
            f"SELECT count(*) FROM forwarding WHERE server = ? AND state = '{state}'", (name,)
        )
        for state in ("WAITING", "PARKED")
    )
    examples = reader.query(
        "SELECT inbound_id FROM forwarding WHERE server = ? AND state = 'PARKED'"
        " ORDER BY inbound_id DESC LIMIT ?",
        (name, _EXAMPLES),
    )
    untold = reader.value(
        "SELECT count(*) FROM status_update WHERE server = ? AND told_at IS NULL AND parked = 0",
        (name,),
    )
    (stick,) = reader.query(
        "SELECT count(*) AS n, min(exported_at) AS since FROM forwarding"
        " WHERE server = ? AND state = 'WAITING' AND exported_at IS NOT NULL",
        (name,),
    )
    what = f"forwarded:{name}"
    return ServerFacts(
        name=name,
        waiting=waiting,
        parked=parked,
        parked_ids=tuple(row["inbound_id"] for row in examples),
        untold=untold,
        on_stick=stick["n"],
        on_stick_since=stick["since"],
        forwarded=reader.value("SELECT sum(n) FROM tally WHERE what = ?", (what,)) or 0,
        forwarded_today=day.get(what, 0),
    )


# --- airtime ------------------------------------------------------------------------------------

_RECENT_DAYS = 7


def airtime(reader: Reader, modem: str, now: int) -> AirtimeFacts:
    """What a modem has sent in recent days, and what waits; what it has to pay with is facts."""
    (row,) = reader.query(
        "SELECT count(*) AS n, min(at) AS since FROM segment WHERE at >= ? AND modem = ?",
        (now - _RECENT_DAYS * DAY, modem),
    )
    days = max(1.0, (now - row["since"]) / DAY) if row["n"] else 1.0
    seen_at = reader.value("SELECT at FROM balance WHERE modem = ? ORDER BY id DESC", (modem,))
    sent = "SELECT count(*) FROM segment WHERE at > ? AND modem = ?"
    usual = f"SELECT count(*) FROM part WHERE state = 'QUEUED' AND priority < {Priority.ALERT:d}"
    return AirtimeFacts(
        modem=modem,
        daily=row["n"] / days if row["n"] else None,
        queued=reader.value("SELECT count(*) FROM part WHERE state = 'QUEUED'"),
        sent=reader.value(sent, (seen_at, modem)) if seen_at is not None else 0,
        held=reader.value(usual),
    )


def cost_since(reader: Reader, at: int, price: int) -> int:
    """What SMS have cost since then, in micros; `price` is for those without one."""
    sql = "SELECT coalesce(sum(coalesce(price, ?)), 0) FROM segment WHERE at >= ?"
    return int(reader.value(sql, (price, at)))


# --- out ----------------------------------------------------------------------------------------


def outward(
    reader: Reader, now: int, day: dict[str, int], rules: QueueRules | None = None
) -> OutwardFacts:
    waiting, oldest_at = _waiting(reader, now)
    backoff, backoff_reasons = _backoff(reader, now)
    uncertain, uncertain_at, uncertain_ids = _uncertain(reader)
    failed = _failed_lately(reader, now)
    restored = in_doubt_ids(reader)
    looping = reader.query("SELECT outbound_id, at FROM held ORDER BY outbound_id")
    return OutwardFacts(
        waiting=waiting,
        urgent=_urgent(reader),
        oldest_at=oldest_at,
        backoff=backoff,
        backoff_reasons=backoff_reasons,
        refused_people=_refused_people(reader, now),
        uncertain=uncertain,
        uncertain_at=uncertain_at,
        uncertain_ids=uncertain_ids,
        restored=len(restored),
        restored_ids=tuple(restored[:_EXAMPLES]),
        awaiting_report=reader.value(
            "SELECT count(*) FROM outbound WHERE finished_at IS NULL AND status = 'SENT'"
        ),
        sent_today=day.get("sent", 0),
        delivered_today=day.get("delivered", 0),
        failed_today=day.get("failed", 0),
        failed=_grouped(reason for _, reason in failed),
        failed_ids=tuple(id_ for id_, _ in failed[:_EXAMPLES]),
        held=waits.held(reader, now, rules or QueueRules()),
        expired_today=day.get("expired", 0),
        superseded_today=day.get("superseded", 0),
        looping=len(looping),
        looping_at=min((row["at"] for row in looping), default=None),
        looping_ids=tuple(row["outbound_id"] for row in looping[:_EXAMPLES]),
    )


def _waiting(reader: Reader, now: int) -> tuple[int, int | None]:
    """How many wait, and since when the oldest does of those whose time has come."""
    (row,) = reader.query(
        "SELECT count(*) AS n, min(CASE WHEN coalesce(not_before, 0) <= ? THEN id END) AS oldest"
        " FROM outbound WHERE finished_at IS NULL AND status IN ('UNSENT', 'PENDING')",
        (now,),
    )
    since = reader.value(
        "SELECT max(created_at, coalesce(not_before, 0)) FROM outbound WHERE id = ?",
        (row["oldest"],),
    )
    return row["n"], since


def _urgent(reader: Reader) -> int:
    n = reader.value(
        "SELECT count(DISTINCT outbound_id) FROM part WHERE state = 'QUEUED' AND priority > 0"
    )
    return int(n)


def _backoff(reader: Reader, now: int) -> tuple[int, tuple[Reason, ...]]:
    """Parts that were refused and wait for their next try, and why, from the first of them."""
    n = reader.value("SELECT count(*) FROM part WHERE state = 'QUEUED' AND due_at > ?", (now,))
    rows = reader.query(
        "SELECT reason FROM part WHERE state = 'QUEUED' AND due_at > ?"
        " ORDER BY priority DESC, outbound_id, seq LIMIT ?",
        (now, _BACKOFF_SAMPLE),
    )
    return int(n), _grouped(row["reason"] for row in rows)


def _refused_people(reader: Reader, now: int) -> int:
    """To how many numbers the network refused an SMS since it took the last one of all."""
    took = reader.query("SELECT at FROM segment WHERE charged = 1 ORDER BY at DESC LIMIT 1")
    return int(
        reader.value(
            "SELECT count(DISTINCT recipient) FROM outbound WHERE id IN (SELECT outbound_id"
            " FROM part WHERE state = 'QUEUED' AND due_at > ? AND submitted_at > ?"
            " AND reason IS NOT NULL LIMIT ?)",
            (now, took[0]["at"] if took else 0, _BACKOFF_SAMPLE),
        )
    )


def _uncertain(reader: Reader) -> tuple[int, int | None, tuple[int, ...]]:
    (row,) = reader.query(
        "SELECT count(*) AS n, min(uncertain_at) AS since FROM part WHERE state = 'UNCERTAIN'"
        " AND modem IS NOT NULL"
    )
    ids = reader.query(
        "SELECT DISTINCT outbound_id FROM part WHERE state = 'UNCERTAIN' AND modem IS NOT NULL"
        " ORDER BY outbound_id LIMIT ?",
        (_EXAMPLES,),
    )
    return row["n"], row["since"], tuple(found["outbound_id"] for found in ids)


def _failed_lately(reader: Reader, now: int) -> list[tuple[int, str | None]]:
    """The failures of the last day, newest first, as far as the latest hundred reach."""
    rows = reader.query(
        "SELECT id, reason, finished_at FROM outbound WHERE status = 'FAILED'"
        " ORDER BY id DESC LIMIT ?",
        (_LATEST_FAILURES,),
    )
    return [
        (row["id"], row["reason"])
        for row in rows
        if (row["finished_at"] or 0) > now - DAY
        and not (row["reason"] or "").startswith(TAKEN_BACK)
    ]


# --- reasons ------------------------------------------------------------------------------------

# `destination.invalid` is what cht-gateway calls it, and so do we at the door.
_CODED = re.compile(r"([A-Z]+_[A-Z0-9_]+|[a-z][a-z0-9]*\.[a-z0-9_]+)(?:: *(.*))?", re.DOTALL)


def reason(text: str | None) -> tuple[str, str]:
    """A stored reason as its stable code and its words: `NET_REJECTED`, `+CMS ERROR: 21 …`."""
    if not text:
        return "unknown", ""
    if coded := _CODED.fullmatch(text):
        return coded[1], coded[2] or ""
    head, _, words = text.partition(": ")
    return head, words


def _grouped(texts: Iterable[str | None]) -> tuple[Reason, ...]:
    """The same code counted together, the most frequent first."""
    pairs = [reason(text) for text in texts]
    words = dict(reversed(pairs))
    return tuple(
        Reason(code, words[code], n)
        for code, n in Counter(code for code, _ in pairs).most_common()
    )


def community(reader: Reader, day: dict[str, int]) -> CommunityFacts:
    """What can be counted of the community rules."""
    waiting, since = reader.query(
        "SELECT count(*), min(kept_at) FROM answer JOIN inbound ON inbound.id = inbound_id"
        " WHERE answer.state = 'WAITING'"
    )[0]
    (known,) = reader.query("SELECT count(*) FROM person")[0]
    (approvals,) = reader.query(
        "SELECT (SELECT count(*) FROM post WHERE state = 'WAITING_APPROVAL')"
        " + (SELECT count(*) FROM callout WHERE finished_at IS NULL"
        "    AND state = 'WAITING_CONFIRMATION')"
    )[0]
    (unheard,) = reader.query(
        "SELECT count(*) FROM reminder WHERE state = 'SKIPPED_UNREACHABLE'"
        " AND rule GLOB 'escalation.*'"
    )[0]
    return CommunityFacts(
        people=known,
        unanswered=waiting,
        unanswered_since=since,
        sms=day.get("community_sms", 0),
        approvals=approvals,
        unheard=unheard,
    )


def hooks(reader: Reader) -> tuple[HookFacts, ...]:
    """What the programs are owed, for each hook that is owed anything."""
    rows = reader.query(
        "SELECT hook, sum(given_up_at IS NULL) AS waiting, count(given_up_at) AS given_up,"
        " max(tries) AS tries, min(created_at) AS since,"
        " (SELECT reason FROM hook_call AS last WHERE last.hook = hook_call.hook"
        "  AND reason IS NOT NULL ORDER BY tries DESC LIMIT 1) AS reason"
        " FROM hook_call GROUP BY hook"
    )
    return tuple(
        HookFacts(
            row["hook"], row["waiting"], row["given_up"], row["tries"], row["reason"] or "",
            row["since"],
        )
        for row in rows
    )  # fmt: skip
