"""Which columns may hold what is of a person, and what stands there when it was erased.

Each column that can hold a text is in one of these lists: a test fails for one that is in none.
"""

from __future__ import annotations

from collections.abc import Mapping

# A code of relay's stays; words, which may be a server's or a modem's that repeat a message, go.
_CODE = "CASE WHEN {0} GLOB '*[^A-Za-z._]*' OR {0} NOT GLOB '*[._]*' THEN 'erased' ELSE {0} END"
_ANOTHER = "'erased-' || lower(hex(randomblob(16)))"

_IN = "IN (SELECT value FROM json_each(:inbound))"
_OUT = "IN (SELECT value FROM json_each(:outbound))"
_RAW = "IN (SELECT value FROM json_each(:raw))"
_THEIRS = "IN (SELECT value FROM json_each(:spellings))"
_THEM = "IN (SELECT id FROM person WHERE number IN (SELECT value FROM json_each(:spellings)))"
_PARTS = f"IN (SELECT id FROM part WHERE outbound_id {_OUT})"


def _codes(*columns: str) -> dict[str, str]:
    return {column: _CODE.format(column) for column in columns}


# The rows that stay: of each table, which are meant, and what its columns become. The hash of a
# PDU and the name made of it go too: who knows the words could find the number by trying all.
BLANKED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "raw_pdu": (f"id {_RAW}", {"pdu": "''", "hash": _ANOTHER, **_codes("reason")}),
    "forwarding": (f"inbound_id {_IN}", {"reason": "NULL"}),
    "inbound": (f"id {_IN}", {"uuid": "NULL", "sender": "''", "text": "NULL", **_codes("reason")}),
    "status_report": (f"recipient {_THEIRS} OR part_id {_PARTS}", {"recipient": "''"}),
    "status_update": (f"outbound_id {_OUT}", _codes("reason")),
    "audit": (
        f"(subject = 'inbound' AND subject_id {_IN} OR subject = 'raw' AND subject_id {_RAW}"
        f" OR subject = 'outbound' AND subject_id {_OUT}"
        f" OR subject = 'part' AND subject_id {_PARTS})"
        " AND event NOT IN ('Kept', 'Enqueued', 'Claimed', 'Forwarded')",
        _codes("detail"),
    ),
    "part": (f"outbound_id {_OUT}", {"pdu": "''", "number": "''", **_codes("reason")}),
    "outbound": (
        f"id {_OUT}", {"recipient": "''", "text": "''", "key": "NULL", **_codes("reason")}
    ),
    "call": (f"caller {_THEIRS}", {"caller": "''"}),
    "alert_sms": (f"recipient {_THEIRS}", {"recipient": "''"}),
    "handout": (f"recipient {_THEIRS}", {"recipient": "''", "text": "'\"\"'"}),  # as JSON
    # Figures count the report; neither who sent it nor what it says is left.
    "form_report": (
        f"number {_THEIRS} OR inbound_id {_IN}",
        {"number": "''", "fields": "'{}'", "patient_id": "NULL", "digest": "''"},
    ),
    # Who registered a patient goes; the patient is somebody else.
    "patient": (f"number {_THEIRS}", {"number": "''"}),
    # A cap counts whom was written to, and not who that is.
    "reached": (f"number {_THEIRS}", {"number": _ANOTHER}),
    "occasion": (f"number {_THEIRS}", {"number": _ANOTHER}),
    # Whose asker is gone: where to come, and for what, was in their words.
    "callout": ("asker_id NOT IN (SELECT id FROM person)", {"spot": "''", "topic": "''"}),
    "post": (f"author {_THEIRS}", {"author": "'erased'", "texts": "'{}'", "reason": "NULL"}),
    "post_approval": (f"approver {_THEIRS}", {"approver": _ANOTHER}),
    "rumor": (f"sender {_THEIRS}", {"sender": "''", "text": "''", "note": "''"}),
}  # fmt: skip

# The rows that go, in this order: they are of use to that person's messages only, or are all that
# is known of them. That they said STOP is kept apart (see `optouts`).
DELETED: Mapping[str, str] = {
    "person_place": f"person_id {_THEM}",
    "person_tag": f"person_id {_THEM}",
    "person_attribute": f"person_id {_THEM}",
    "follower": f"person_id {_THEM}",
    "person": f"number {_THEIRS}",  # after what hangs on it
    "stock_level": f"number {_THEIRS}",
    "hook_call": f"inbound_id {_IN} OR instr(coalesce(document, ''), :telling) > 0",
    "concat_ref": f"recipient {_THEIRS}",
    "utterance": f"recipient {_THEIRS}",
    "reminder": f"recipient {_THEIRS} OR instr(fields || text, :telling) > 0",
    "mute": f"number {_THEIRS}",
    "question": f"number {_THEIRS} OR instr(about, :telling) > 0",
    "allowance": f"number {_THEIRS}",
}

# Where a number may stand, by which the rows are found.
NUMBERS = {
    "inbound": "sender", "outbound": "recipient", "part": "number", "status_report": "recipient",
    "concat_ref": "recipient", "reached": "number", "call": "caller", "utterance": "recipient",
    "alert_sms": "recipient", "handout": "recipient", "person": "number",
    "reminder": "recipient", "mute": "number",
    "question": "number",
    "occasion": "number", "allowance": "number",
    "form_report": "number", "patient": "number", "stock_level": "number",
    "post": "author", "post_approval": "approver", "rumor": "sender",
}  # fmt: skip

# Erased otherwise: facts by what is in them, and the link of a message by `custody.erase`.
APART = {"fact": ("key", "value"), "custody": ("salt", "gone", "gone_by")}

# What is relay's own, the station's, a SIM's or a server's, and of nobody else; the journal masks
# every number before it is written.
OWN: Mapping[str, tuple[str, ...]] = {
    "_sqlite_migrations": ("migration_set", "name", "applied_at"),
    "meta": ("key", "value"),
    "inbound": ("state", "kind", "modem", "sim"),
    "raw_pdu": ("sim", "state", "modem", "via"),
    "outbound": ("server", "server_id", "status", "told"),
    "part": ("state", "modem", "submission", "memory", "sim"),
    "cursor": ("server", "report_ids", "update_ids"),
    "forwarding": ("server", "state"),
    "status_update": ("server", "status"),
    "tombstone": ("server", "server_id", "status"),
    "form_report": ("form", "outcome", "day"),
    "patient": ("id", "name", "source"),
    "stock_level": ("item",),
    "fact": ("source",),
    "audit": ("subject", "event", "before", "after"),
    "tally": ("day", "what"),
    "segment": ("modem", "server", "prefix", "currency"),
    "balance": ("modem", "sim", "currency", "until", "via"),
    "sim": ("iccid", "imsi", "number", "modem", "accepted_in", "smsc", "smsc_before"),
    "call": ("modem",),
    "custody": ("commitment", "chain"),
    "carried": ("station", "server_id", "status"),
    "bundle": ("hash", "kind", "station", "server", "head", "path"),
    "handout": ("station", "server_id"),
    "alert": ("kind", "subject", "code", "told"),
    "alert_sms": ("told",),
    "hook": ("name",),
    "journal": ("who", "what", "detail", "outcome"),
    "sample": ("what",),
    "place": ("name", "word", "level"),
    "place_alias": ("word",),
    "callout": ("rule", "tag", "state", "wants"),  # values of a list that staff made
    "appeal": ("state",),
    "volunteer": ("tag",),
    "follower": ("channel",),
    "post": ("channel", "state"),
    "rumor": ("state",),
    "opt_out": ("mark",),  # of a number, made with a secret of this station's
    # What is of somebody goes with the whole row, see above; a patient is an id of this station.
    "reminder": ("rule", "occasion", "patient", "state", "reason"),
    "mute": ("patient", "source"),
    "weekly_round": ("rule", "week"),
    "answer": ("state", "by"),
    "code": ("owner",),
    "question": ("owner", "kind", "choices"),
    "occasion": ("rule", "occasion"),
    "weekly_place": ("rule", "week"),
}
