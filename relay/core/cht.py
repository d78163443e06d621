"""The CHT gateway protocol as bytes: what one request says, and what its answer means. No I/O.

Sources: medic/cht-core api/src/controllers/sms-gateway.js and medic/cht-gateway
WebappPoller.java (the Android app that relay replaces).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from relay.core.timekeeping import EARLIEST
from relay.errors import BadReply

# How many messages the server hands out at most (cht-core api/src/services/messaging.js:250).
FULL_HANDOUT = 25


class Report(Protocol):
    """A received SMS as the server gets it (webapp-terminating). Times in epoch ms."""

    @property
    def inbound_id(self) -> int: ...
    @property
    def uuid(self) -> str: ...
    @property
    def sender(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def sc_time(self) -> int | None: ...
    @property
    def kept_at(self) -> int: ...


class Update(Protocol):
    """A new status of a message that the server handed out; `reason` counts for FAILED only."""

    @property
    def id(self) -> int: ...
    @property
    def server_id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def reason(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Handout:
    """A message that the server wants sent. `id` is opaque and case-sensitive.

    `content` may hold lone surrogates: the outbox stores it as FAILED and says so.
    """

    id: str
    to: str
    content: str


@dataclass(frozen=True, slots=True)
class Answer:
    """`server_time` is the Date header in epoch ms; `skipped` counts malformed entries."""

    messages: tuple[Handout, ...] = ()
    server_time: int | None = None
    skipped: int = 0


# --- the request --------------------------------------------------------------------------------


def request_body(reports: Iterable[Report], updates: Iterable[Update]) -> bytes:
    """The JSON of one POST in UTF-8. Both arrays are always there: core refuses a null."""
    # The same id twice in one POST becomes two documents, because core looks for known ids once.
    once: dict[str, Report] = {}
    for report in reports:
        once.setdefault(report.uuid, report)
    body = {
        "messages": [message_fields(report) for report in once.values()],
        "updates": [update_fields(update) for update in updates],
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def message_fields(report: Report) -> dict[str, object]:
    """A message as the server gets it, by whatever road."""
    return {
        "id": well_formed(report.uuid),
        "from": well_formed(report.sender),
        "content": well_formed(report.text),
        "sms_sent": report.sc_time or 0,
        "sms_received": _received(report),
    }


def _received(report: Report) -> int:
    """When it came in; by the service centre where our own clock had never been set."""
    if report.kept_at >= EARLIEST:
        return report.kept_at
    return max(report.sc_time or 0, report.kept_at, 0)


def update_fields(update: Update) -> dict[str, str]:
    """A status as the server gets it, by whatever road."""
    told = {"id": well_formed(update.server_id), "status": str(update.status)}
    if update.status == "FAILED" and update.reason:
        told["reason"] = well_formed(update.reason)
    return told


def well_formed(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates as U+FFFD.

    CouchDB refuses a whole POST, for ever, for one lone surrogate in it.
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def unsendable(report: Report) -> str | None:
    """Why core would drop this report with a 200 (messaging.js:139), or None if it takes it."""
    if not report.text:
        return "empty.content: the server throws away an SMS without text; it is kept here"
    if not report.sender:
        return "empty.sender: the server throws away an SMS without a sender; it is kept here"
    return None


# --- the answer ---------------------------------------------------------------------------------


def read_check(body: bytes) -> None:
    """Accept what a gateway endpoint answers to GET; raises `BadReply` for anything else."""
    if _object(body).get("medic-gateway") is not True:
        raise BadReply(
            'the server answers, but not as a CHT gateway ({"medic-gateway": true}). Is the path '
            "of the URL complete? For CHT it ends in /api/sms",
            maybe_processed=False,
        )


def read_answer(body: bytes, server_time: int | None = None) -> Answer:
    """The answer to a POST with a success status; raises `BadReply` only.

    No `messages`, null or an empty array all mean none; a malformed entry is skipped and the
    others are kept (WebappPoller.java:94-108).
    """
    found = _object(body)
    entries = found.get("messages")
    if "medic-gateway" in found and entries is None:
        raise BadReply(
            "the answer to a POST was the answer to a GET: a redirect on the way dropped what "
            "was sent. Nothing is marked as sent; write the final https address into the URL"
        )
    if found.get("error") and entries is None:
        raise BadReply(f"a success status with an error in it: {server_words(body)}")
    if not isinstance(entries, list | None):
        raise BadReply("`messages` of the answer is not an array")
    handouts = [_handout(entry) for entry in entries or ()]
    kept = tuple(handout for handout in handouts if handout is not None)
    return Answer(kept, server_time, len(handouts) - len(kept))


def _object(body: bytes) -> dict[str, Any]:
    try:
        # Bytes that are no UTF-8 turn into lone surrogates, and so fail only their own message.
        text = body.decode("utf-8-sig", "surrogateescape")
        # Numbers stay the text that they are: an id is echoed as it came.
        found = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        raise BadReply(f"the answer is not JSON: {_looks(body)}") from None
    if not isinstance(found, dict):
        raise BadReply("the answer is JSON, but not an object")
    return found


def _looks(body: bytes) -> str:
    """What a damaged answer is, without a word of it: it may hold texts for patients."""
    if not body.strip():
        return "it is empty"
    return _page(body) or "it is damaged, or cut off"


def _handout(entry: object) -> Handout | None:
    if not isinstance(entry, dict) or not {"id", "to", "content"} <= entry.keys():
        return None
    message_id = coerced(entry["id"])
    # An id that cannot be echoed cannot be acknowledged either.
    if not message_id or has_lone_surrogate(message_id):
        return None
    return Handout(message_id, well_formed(coerced(entry["to"])), coerced(entry["content"]))


def coerced(value: object) -> str:
    """What JSONObject.getString of Android makes of a value: null becomes the text "null"."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def has_lone_surrogate(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


# --- what a server says when it refuses ---------------------------------------------------------

_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"\+?\d{4,}(\d{3})")
_WORDS_MAX = 120


def server_words(body: bytes) -> str:
    """The server's own words in one short line: JSON error forms, the title of a page, or text.

    cht-core says `error`, the README of cht-gateway `message`, its demo-server `err`.
    """
    return _page(body) or _json_words(body) or _one_line(body[:4096])


def _page(body: bytes) -> str:
    start = body[:4096]
    if (title := _TITLE.search(start)) is not None:
        return f'a web page, "{_one_line(title[1])}"'
    return "a web page" if start.lstrip()[:1] == b"<" else ""


def _json_words(body: bytes) -> str:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(found, Mapping):
        return ""
    for key in ("message", "error", "err"):
        words = found.get(key)
        if isinstance(words, str) and words.strip():
            return _one_line(words.encode(errors="replace"))
    return ""


def _one_line(raw: bytes) -> str:
    text = " ".join(raw.decode(errors="replace").split())
    # Some servers echo what they choke on; a phone number has no place in a log.
    masked = _NUMBER.sub(r"…\1", text)
    printable = "".join(char if char.isprintable() else "?" for char in masked)
    return printable if len(printable) <= _WORDS_MAX else printable[: _WORDS_MAX - 1] + "…"
