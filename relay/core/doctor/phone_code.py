"""What doctor found, in a code of one SMS that a nurse can read out on the phone.

`RD1-0A7K-…`: groups of four of 32 characters that no ear and no eye takes for one another
(Crockford's base 32: no I, L, O, U). The last six are the checksum of BIP 173, which finds up to
four wrong characters, and any two that changed places. A fault is the first 20 bits of the SHA-256
of its code, so that both ends need only know the code; a reader of another version says which it
does not know.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from relay.core.doctor.graph import Mark, Result, exit_code, roots
from relay.core.station import Running, Station

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIX = "RD1"
MOST_FAULTS = 12
_CHECK = 6
_HEAD = 11
_FAULT = 5
_DAY_MS = 86_400_000
_FIRST_DAY = 18_262  # 2020-01-01, in days since 1970
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)  # BIP 173
_MARKS = (Mark.WARN, Mark.FAIL, Mark.UNKNOWN)
_RUNNING = (Running.YES, Running.NO, Running.SILENT, Running.NEVER)
# What people hear for one of the others, or write for it.
_TAKEN_FOR = str.maketrans("ILOU", "110V")


class BadCode(ValueError):
    """This is no code of doctor's, or one that was misheard; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`code` is empty where this relay knows none of this number; `subject` counts modems or
    servers from 0."""

    number: int
    mark: Mark
    subject: int
    code: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """What a code tells. `day` is `2026-11-24`; counts stop at their `_most`; None: not known.

    `rssi` is that of +CSQ (TS 27.007 §8.5) of the first modem.
    """

    day: str
    exit: int
    running: Running
    waiting: int | None = None
    here: int | None = None
    rssi: int | None = None
    faults: tuple[Fault, ...] = ()
    more: bool = False


MOST = 1022  # of what is counted; the next one says: not known


# --- writing ------------------------------------------------------------------------------------


def call_of(station: Station, results: Sequence[Result]) -> Call:
    """What of an examination goes into the code."""
    found = roots(results)
    names = [m.name for m in station.modems], [s.name for s in station.servers]
    signal = next((m.signal_dbm for m in station.modems), None)
    return Call(
        day=_day(station.now),
        exit=exit_code(results),
        running=station.daemon.running,
        waiting=None if station.outward is None else station.outward.waiting,
        here=None if station.inward is None else station.inward.here_only,
        rssi=None if signal is None else max(0, min(30, (signal + 113) // 2)),
        faults=tuple(
            Fault(number(r.finding.code), r.finding.mark, _place(r.subject, names), r.finding.code)
            for r in found[:MOST_FAULTS]
        ),
        more=len(found) > MOST_FAULTS,
    )


def _place(subject: str, names: tuple[list[str], list[str]]) -> int:
    places = [some.index(subject) for some in names if subject in some]
    return min(7, places[0]) if places else 0


def write(call: Call) -> str:
    """At most 160 characters of the GSM alphabet."""
    values = [*_head(call)]
    for fault in call.faults[:MOST_FAULTS]:
        values += [_MARKS.index(fault.mark) << 3 | fault.subject, *_digits(fault.number, 4)]
    text = "".join(ALPHABET[value] for value in (*values, *_checksum(values)))
    return "-".join([PREFIX, *(text[at : at + 4] for at in range(0, len(text), 4))])


def _head(call: Call) -> Iterator[int]:
    yield call.exit << 3 | _RUNNING.index(call.running) << 1 | call.more
    days = datetime.strptime(call.day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000
    yield from _digits(max(0, int(days // _DAY_MS) - _FIRST_DAY), 3)
    for figure in (call.waiting, call.here):
        yield from _digits(MOST + 1 if figure is None else min(figure, MOST), 2)
    yield 31 if call.rssi is None else call.rssi
    yield from (0, 0)  # for later


def number(code: str) -> int:
    """20 bits that stand for a code; a test sees to it that no two of ours have the same."""
    return int.from_bytes(hashlib.sha256(code.encode()).digest()[:3]) >> 4


def _digits(value: int, length: int) -> list[int]:
    return [value >> 5 * place & 31 for place in reversed(range(length))]


# --- reading ------------------------------------------------------------------------------------


def read(text: str, known: Iterable[str]) -> Call:
    """The call of a code as it was heard: in capitals or not, with whatever between its groups.

    `known` are the codes that there are. Raises `BadCode`.
    """
    values = _values(text)
    body, check = values[:-_CHECK], values[-_CHECK:]
    if check != list(_checksum(body)):
        raise BadCode("a character of it is wrong. Have it read out again, group by group")
    rest = body[_HEAD:]
    if len(body) < _HEAD or len(rest) % _FAULT:
        raise BadCode("a part of it is missing. Have it read out again, group by group")
    by_number = {number(code): code for code in known}
    faults = [_fault(rest[at : at + _FAULT], by_number) for at in range(0, len(rest), _FAULT)]
    return _call(body, tuple(faults))


def _values(text: str) -> list[int]:
    characters = re.sub(r"[^0-9A-Z]", "", text.upper())
    if not characters.startswith(PREFIX):
        raise BadCode(f"a code of relay doctor begins with {PREFIX}")
    return [ALPHABET.index(one) for one in characters[len(PREFIX) :].translate(_TAKEN_FOR)]


def _call(body: list[int], faults: tuple[Fault, ...]) -> Call:
    days, waiting, here = (_number(body[start:end]) for start, end in ((1, 4), (4, 6), (6, 8)))
    return Call(
        day=_day((days + _FIRST_DAY) * _DAY_MS),
        exit=body[0] >> 3,
        running=_RUNNING[body[0] >> 1 & 3],
        waiting=None if waiting > MOST else waiting,
        here=None if here > MOST else here,
        rssi=None if body[8] == 31 else body[8],
        faults=faults,
        more=bool(body[0] & 1),
    )


def _fault(values: Sequence[int], by_number: Mapping[int, str]) -> Fault:
    mark, found = values[0] >> 3, _number(values[1:])
    if mark >= len(_MARKS):
        raise BadCode("it was made by a newer relay: read it with that one")
    return Fault(found, _MARKS[mark], values[0] & 7, by_number.get(found, ""))


def _number(values: Iterable[int]) -> int:
    found = 0
    for value in values:
        found = found << 5 | value
    return found


def _day(ms: int) -> str:
    return datetime.fromtimestamp(max(0, ms) // 1000, tz=UTC).strftime("%Y-%m-%d")


# --- the checksum -------------------------------------------------------------------------------


def _checksum(values: Sequence[int]) -> Iterator[int]:
    salt = [ord(one) & 31 for one in PREFIX]
    polymod = _polymod([*salt, *values, *([0] * _CHECK)]) ^ 1
    return (polymod >> 5 * place & 31 for place in reversed(range(_CHECK)))


def _polymod(values: Iterable[int]) -> int:
    """The BCH code of BIP 173 over the field of 32: it finds four wrong characters in 89."""
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATOR):
            if top >> place & 1:
                check ^= generator
    return check
