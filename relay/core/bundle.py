"""What goes between a station and its server on a stick: lines of JSON, counted, hashed, signed.

    {"relay": "export", "v": 1, "id": …, "station": …}      the header
    {"message": {…}}, {"status": {…}, "row": 7, "at": …}     what the station says, or
    {"acknowledged": …}, {"told": {…}}, {"handout": {…}}     what is answered
    {"end": {"lines": 3, "sha256": …}}                       over every line before
    {"signature": …}                                         over the line before: Ed25519

A message and a status are those of the CHT protocol, as an HTTP exchange has them. No I/O.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from relay.core.cht import Handout, Report, Update, message_fields, update_fields
from relay.errors import RelayError

EXPORT, RECEIPT = "export", "receipt"
VERSION = 1
# Nothing that was signed for another purpose may pass for a bundle.
_PURPOSE = b"relay bundle 1\n"

Record = Mapping[str, Any]
Sign = Callable[[bytes], bytes]
Verify = Callable[[str, bytes, bytes], bool]


@dataclass(eq=False)
class BadBundle(RelayError):
    """A file that is not wholly what it should be; `cause` says how."""

    cause: str

    def __str__(self) -> str:
        return f"{self.cause}. Nothing of it was applied. Take another copy of the file."


@dataclass(frozen=True, slots=True)
class Header:
    """`station` is the id of the gateway, `key` the public key of who made and signed this.

    `of` is the id of the export that a receipt answers; `made_at` is epoch milliseconds, `head`
    the station's chain of custody.
    """

    kind: str
    id: str
    station: str
    server: str
    key: str
    made_at: int
    name: str = ""
    url: str = ""
    head: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class CarriedReport:
    """A message of a station; satisfies `relay.core.cht.Report` but for a row of its own."""

    uuid: str
    sender: str = field(repr=False)
    text: str = field(repr=False)
    sc_time: int | None
    kept_at: int


@dataclass(frozen=True, slots=True)
class CarriedStatus:
    """A status with the station's own row and time (epoch ms), which put them in order."""

    row: int
    at: int
    server_id: str
    status: str
    reason: str | None = None

    @property
    def name(self) -> tuple[int, str, str]:
        """What a receipt calls it: after a restored copy a row may have another meaning."""
        return self.row, self.server_id, self.status


@dataclass(frozen=True, slots=True)
class Export:
    header: Header
    reports: tuple[CarriedReport, ...]
    statuses: tuple[CarriedStatus, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """`told` has (row, server_id, status) of each status."""

    header: Header
    acknowledged: tuple[str, ...]
    told: tuple[tuple[int, str, str], ...]
    handouts: tuple[Handout, ...]


# --- made ---------------------------------------------------------------------------------------


def export(
    header: Header,
    reports: Iterable[Report],
    statuses: Iterable[tuple[Update, int]],
    sign: Sign,
) -> bytes:
    """The whole file of a station; each status comes with the time at which it came about."""
    messages = [{"message": message_fields(one)} for one in reports]
    told = [{"status": update_fields(one), "row": one.id, "at": at} for one, at in statuses]
    return _sealed(header, [*messages, *told], sign)


def receipt(found: Receipt, sign: Sign) -> bytes:
    """The whole file of an answer."""
    records: list[Record] = [{"acknowledged": one} for one in found.acknowledged]
    records += [{"told": list(one)} for one in found.told]
    records += [{"handout": asdict(one)} for one in found.handouts]
    return _sealed(found.header, records, sign)


def _sealed(header: Header, records: Iterable[Record], sign: Sign) -> bytes:
    fields = asdict(header)
    first = {"relay": fields.pop("kind"), "v": VERSION, **fields}
    lines = [_line(first), *map(_line, records)]
    body = b"".join(lines)
    end = _line({"end": {"lines": len(lines), "sha256": hashlib.sha256(body).hexdigest()}})
    return body + end + _line({"signature": sign(_PURPOSE + end).hex()})


def _line(record: Record) -> bytes:
    """ASCII, so that even a text that is no Unicode comes back as it was."""
    return json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"


# --- read ---------------------------------------------------------------------------------------


def read(octets: bytes, verify: Verify) -> Export | Receipt:
    """What was signed by the key in its header. Raises `BadBundle`.

    Whether that key is one to believe is the caller's question.
    """
    body, end, signature = _taken_apart(octets)
    lines = body.splitlines()
    trailer = _object(end).get("end")
    right = {"lines": len(lines), "sha256": hashlib.sha256(body).hexdigest()}
    if trailer != right:
        raise BadBundle("the file does not hold what its last line says")
    try:
        header = _header(_object(lines[0]))
        good = verify(header.key, _PURPOSE + end, bytes.fromhex(_object(signature)["signature"]))
        if not good:
            raise BadBundle("the signature is not that of the station or office it names")
        return _content(header, [_object(line) for line in lines[1:]])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        raise BadBundle("the file is not in the form of relay") from None


def _taken_apart(octets: bytes) -> tuple[bytes, bytes, bytes]:
    """All lines but two, the trailer, the signature."""
    parts = octets.rsplit(b"\n", 3)
    if len(parts) != 4 or parts[3]:
        raise BadBundle("the file is cut, or it is no bundle of relay")
    body, end, signature, _ = parts
    return body + b"\n", end + b"\n", signature


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadBundle("the file is cut, or it is no bundle of relay")
    return found


def _header(found: dict[str, Any]) -> Header:
    kind, version = found.pop("relay"), found.pop("v")
    if version != VERSION:
        raise BadBundle("the file was written by a newer relay: install that one here as well")
    known = {name: found[name] for name in Header.__slots__ if name != "kind"}
    made_at = known.pop("made_at")
    return Header(
        kind=_text(kind), made_at=_whole(made_at), **{k: _text(v) for k, v in known.items()}
    )


def _content(header: Header, records: list[dict[str, Any]]) -> Export | Receipt:
    def of(name: str) -> list[dict[str, Any]]:
        return [one for one in records if name in one]

    if header.kind == EXPORT:
        reports = tuple(_report(one["message"]) for one in of("message"))
        statuses = tuple(map(_status, of("status")))
        return Export(header, reports, statuses)
    if header.kind == RECEIPT:
        return Receipt(
            header,
            tuple(_text(one["acknowledged"]) for one in of("acknowledged")),
            tuple(_told(*one["told"]) for one in of("told")),
            tuple(_handout(one["handout"]) for one in of("handout")),
        )
    raise BadBundle("the file is neither an export nor a receipt")


def _report(found: dict[str, Any]) -> CarriedReport:
    sent, received = _whole(found["sms_sent"]), _whole(found["sms_received"])
    uuid, sender, text = (_text(found[name]) for name in ("id", "from", "content"))
    return CarriedReport(uuid, sender, text, sent or None, received)


def _status(found: dict[str, Any]) -> CarriedStatus:
    told, reason = found["status"], found["status"].get("reason")
    return CarriedStatus(
        _whole(found["row"]), _whole(found["at"]), _text(told["id"]), _text(told["status"]),
        None if reason is None else _text(reason),
    )  # fmt: skip


def _told(row: object, server_id: object, status: object) -> tuple[int, str, str]:
    return _whole(row), _text(server_id), _text(status)


def _handout(found: dict[str, Any]) -> Handout:
    return Handout(*(_text(found[name]) for name in ("id", "to", "content")))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _whole(value: object) -> int:
    """An integer that a column of SQLite holds."""
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise TypeError("no whole number")
    return value
