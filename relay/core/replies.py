"""Readers of information responses: what a modem's answer lines say, in every form met so far.

Each takes the lines of one answer without its final result code, and gives None or an empty
tuple where the modem did not say. Clauses are of 3GPP TS 27.005 (messages) and 27.007.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice

from relay.core.at import is_hex
from relay.core.device import MemoryUse
from relay.core.timestamp import QUARTER_MS

Lines = Sequence[str]


def value_of(lines: Lines, name: str) -> str | None:
    """What follows `+NAME:` in the first line that has it."""
    start = f"{name}:"
    for line in lines:
        if line.upper().startswith(start):
            return line[len(start) :].strip()
    return None


def fields_of(value: str) -> list[str]:
    """The comma-separated fields of a value, commas in quotes respected, quotes taken off."""
    return [field.strip().strip('"') for field in _FIELD.findall(value)] if value else []


_FIELD = re.compile(r'(?:^|(?<=,))((?:"[^"]*"|[^,"])*)')


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


# --- messages -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One PDU of +CMGL or +CMGR. `sound` is False where its length is not the announced one."""

    index: int
    stat: int
    pdu: str = field(repr=False)
    sound: bool = True


# Blanks are never given back (*+): a line of thousands of them would be tried for minutes.
_CMGL = re.compile(
    r"\+CMGL:\s*+(\d{1,6})\s*+,\s*+\"?(\d)?\"?\s*+(?:,.*?)??(?:,\s*+(\d{1,3}))?\s*+$", re.I
)
_CMGR = re.compile(r"\+CMGR:\s*+\"?(\d)?\"?\s*+(?:,.*?)??(?:,\s*+(\d{1,3}))?\s*+$", re.I)


def listing(lines: Lines) -> tuple[Entry, ...]:
    """The entries of AT+CMGL=4 (§3.4.2). A header whose PDU was garbled gives no entry."""
    entries = []
    for header, pdu in _pairs(lines, _CMGL):
        index, stat, length = header.groups()
        entries.append(_entry(int(index), stat, length, pdu))
    return tuple(entries)


def reading(lines: Lines, index: int) -> Entry | None:
    """The entry of AT+CMGR (§3.4.3), or None if the slot is empty."""
    for header, pdu in _pairs(lines, _CMGR):
        stat, length = header.groups()
        return _entry(index, stat, length, pdu)
    return None


def _pairs(lines: Lines, pattern: re.Pattern[str]) -> Iterable[tuple[re.Match[str], str]]:
    header: re.Match[str] | None = None
    for line in lines:
        if found := pattern.match(line):
            header = found
        elif header is not None:
            if is_hex(line):
                yield header, line.upper()
            header = None


def _entry(index: int, stat: str | None, length: str | None, pdu: str) -> Entry:
    announced = None if length is None else int(length)
    sound = announced is None or announced == tpdu_length(pdu)
    return Entry(index, int(stat or 1), pdu, sound)


def tpdu_length(pdu: str) -> int:
    """<length> of a PDU line (§3.1): its octets without the SMSC address in front."""
    return len(pdu) // 2 - 1 - int(pdu[:2], 16)


_REFERENCE = re.compile(r"\+CM[GS]S:\s*\"?(\d{1,3})\b")
_WRITTEN = re.compile(r"\+CMGW:\s*\"?(\d{1,6})\b")


def reference(lines: Lines) -> int | None:
    """TP-MR of +CMGS or +CMSS (§3.5.1, §3.5.2), with or without blanks and further fields."""
    return _first_number(_REFERENCE, lines)


def written_index(lines: Lines) -> int | None:
    """The index of +CMGW (§3.5.3)."""
    return _first_number(_WRITTEN, lines)


def _first_number(pattern: re.Pattern[str], lines: Lines) -> int | None:
    for line in lines:
        if found := pattern.match(line):
            return int(found[1])
    return None


# --- message memories ---------------------------------------------------------------------------


def memory_choices(lines: Lines) -> tuple[tuple[str, ...], ...]:
    """The memories for mem1, mem2, mem3 of AT+CPMS=? (§3.2.2); empty where none are named.

    `(("SM","ME"),("SM"))`, `("SM","ME"),("SM"),("SM")`, `(SM,ME)` and `"SM","ME"` are all met.
    """
    value = value_of(lines, "+CPMS") or ""
    groups = re.findall(r"\(([^()]*)\)", value) or [value]
    choices = tuple(tuple(re.findall(r"\b[A-Z]{2}\b", group)) for group in groups)
    return choices if any(choices) else ()


def memories_in_use(lines: Lines) -> tuple[MemoryUse, ...]:
    """mem1, mem2, mem3 of AT+CPMS?: `"SM",3,10,"SM",3,10,"ME",0,23`."""
    value = value_of(lines, "+CPMS") or ""
    found = re.findall(r"\"?\b([A-Z]{2})\b\"?\s*,\s*(\d{1,6})\s*,\s*(\d{1,6})", value)
    return tuple(MemoryUse(memory, int(used), int(total)) for memory, used, total in found)


def chosen_use(lines: Lines) -> tuple[int, int] | None:
    """(used, total) of mem1 in the answer to AT+CPMS="…"; None where it is only OK."""
    value = value_of(lines, "+CPMS")
    if value is None:
        return None
    numbers = re.findall(r"\d+", re.sub(r'"[^"]*"', "", value))
    return (int(numbers[0][:9]), int(numbers[1][:9])) if len(numbers) >= 2 else None


def used_indexes(lines: Lines) -> tuple[int, ...] | None:
    """The used slots of AT+CMGD=? (§3.5.4): `(1,2,5-7),(0-4)`; None where it does not tell."""
    value = value_of(lines, "+CMGD")
    group = re.match(r"\(([\d,\s-]*)\)", value or "")
    if group is None:
        return None
    spans = re.findall(r"(\d{1,5})(?:\s*-\s*(\d{1,5}))?", group[1])
    found = chain.from_iterable(range(int(low), int(high or low) + 1) for low, high in spans)
    return tuple(islice(found, _MOST_SLOTS))


_MOST_SLOTS = 10_000  # no modem has more; a garbled answer can name millions


# --- network ------------------------------------------------------------------------------------

# TS 27.007 §7.2: 6, 7 registered for SMS only; 9, 10 for CSFB not preferred; 8 emergency only.
_REGISTRATION = {6: 1, 7: 5, 9: 1, 10: 5, 8: 3}
# The most useful first: home, roaming, searching, denied, unknown, idle.
_BEST = (1, 5, 2, 3, 4, 0)


def registration(lines: Lines) -> int | None:
    """<stat> of AT+CREG?, +CGREG? or +CEREG?, as 0 to 5.

    `n,stat`, `n,stat,lac,ci`, `n,stat,tac,ci,act,…` and, from modems that leave <n> out and in
    unsolicited form, `stat`, `stat,"lac","ci"`: a one-digit second field without quotes is
    <stat>.
    """
    for line in lines:
        found = re.match(r"\+C[GE]?REG:\s*(\d{1,2})(?:\s*,\s*(\d|10)(?=\s*(?:,|$)))?", line)
        if found:
            stat = int(found[2] if found[2] is not None else found[1])
            return _REGISTRATION.get(stat, stat if stat <= 5 else 4)
    return None


def best_registration(stats: Iterable[int | None]) -> int | None:
    """The best of several <stat>."""
    known = [stat for stat in stats if stat is not None]
    return min(known, key=_BEST.index) if known else None


def signal_dbm(lines: Lines) -> int | None:
    """+CSQ in dBm (§8.5); 100 to 191 are the TD-SCDMA and LTE range of some modems."""
    fields = fields_of(value_of(lines, "+CSQ") or "")
    rssi = _number(fields[0]) if fields else None
    if rssi is None:
        return None
    if rssi <= 31:
        return -113 + 2 * rssi
    return rssi - 216 if 100 <= rssi <= 191 else None


# TS 27.007 §7.3 <AcT>
_ACCESS = {
    0: "GSM", 1: "GSM", 2: "UMTS", 3: "EDGE", 4: "HSDPA", 5: "HSUPA", 6: "HSPA", 7: "LTE",
    8: "EC-GSM", 9: "NB-IoT", 10: "LTE", 11: "NR", 12: "NR", 13: "LTE",
}  # fmt: skip


def operator(lines: Lines) -> tuple[str | None, str | None]:
    """(operator, access technology) of AT+COPS?; the operator in words or as MCC and MNC."""
    fields = fields_of(value_of(lines, "+COPS") or "")
    if len(fields) < 3 or not fields[2]:
        return None, None
    access = _number(fields[3]) if len(fields) > 3 else None
    return _readable(fields[2]), _ACCESS.get(access) if access is not None else None


def _readable(name: str) -> str:
    # With +CSCS="UCS2" left by another program, the name comes as UCS2 in hexadecimal.
    if len(name) >= 8 and len(name) % 4 == 0 and is_hex(name) and name.startswith("00"):
        return bytes.fromhex(name).decode("utf-16-be", "replace")
    return name


def service_centre(lines: Lines) -> str | None:
    """The address of AT+CSCA?; an empty string where the SIM has none."""
    value = value_of(lines, "+CSCA")
    if value is None:
        return None
    fields = fields_of(value)
    number = _readable(fields[0]).strip("\0 ") if fields else ""
    if not number.removeprefix("+").strip("0"):
        return ""  # a plus or zeros alone: what an erased SIM shows
    kind = fields[1] if len(fields) > 1 else ""
    # 145: international; some modems leave the plus to the type.
    return f"+{number}" if kind == "145" and number[:1].isdigit() else number


def own_number(lines: Lines) -> str:
    """The first number of AT+CNUM (TS 27.007 §7.1); empty where the SIM does not know it."""
    fields = fields_of(value_of(lines, "+CNUM") or "")
    number = _readable(fields[1]).strip() if len(fields) > 1 else ""
    kind = fields[2] if len(fields) > 2 else ""
    return f"+{number}" if kind == "145" and number[:1].isdigit() else number


_CCLK = re.compile(r"(?:20)?(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d{1,2})")


_NEVER_SET = 70  # many a modem begins to count in 1980


def clock(lines: Lines) -> tuple[int, ...]:
    """AT+CCLK? (TS 27.007 §8.15): what time it may be, in epoch milliseconds.

    Local time with its zone in quarters of an hour by the standard; some modems show UTC there,
    and the zone all the same. Without a zone nobody knows which hour is meant.
    """
    found = _CCLK.search(value_of(lines, "+CCLK") or "")
    if found is None:
        return ()
    year, month, day, hour, minute, second, zone = map(int, found.groups())
    try:
        century = 1900 if year >= _NEVER_SET else 2000
        shown = datetime(century + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return ()
    at = round(shown.timestamp()) * 1000
    return tuple(dict.fromkeys((at - zone * QUARTER_MS, at)))


def flag(lines: Lines, name: str) -> int | None:
    """The first number of a short answer, such as `+CMGF: 0` or `+CFUN: 1,0`."""
    fields = fields_of(value_of(lines, name) or "")
    return _number(fields[0]) if fields else None
