"""Information responses in every form that modems use."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core import replies, sim, ussd
from relay.core.device import MemoryUse

PDU = "07915274000000F0040B915274365F7F100004621010101010000141"
LENGTH = len(PDU) // 2 - 8


@pytest.mark.parametrize(
    "header",
    ["+CMGL: 3,1,,{n}", '+CMGL: 3,1,"",{n}', "+CMGL:3,1,{n}", '+CMGL: 3,1,"Mum, home",{n}'],
)
def test_listing_headers(header: str) -> None:
    """Index, status and length, with or without <alpha>."""
    found = replies.listing([header.format(n=LENGTH), PDU.lower()])
    assert found == (replies.Entry(3, 1, PDU, sound=True),)


def test_listing_never_slips() -> None:
    """M20: a header whose PDU is missing or garbled takes no other header's PDU."""
    lines = ["+CMGL: 1,1,,9", "+CMGL: 2,1,,9", "not hex", PDU, f"+CMGL: 3,0,,{LENGTH}", PDU]
    assert [entry.index for entry in replies.listing(lines)] == [3]


def test_length_shows_lost_characters() -> None:
    """A PDU of another length than announced is not sound."""
    (entry,) = replies.listing([f"+CMGL: 1,1,,{LENGTH}", PDU[:-2]])
    assert not entry.sound


@pytest.mark.parametrize("lines", [[], ["+CMGR: 0,,0"], ["+CMGR: 0,,0", ""], ["junk"]])
def test_empty_slots(lines: list[str]) -> None:
    """An answer without a PDU is an empty slot."""
    assert replies.reading(lines, 4) is None


def test_references() -> None:
    """M6: blanks and further fields do not change the number."""
    assert replies.reference(["+CMGS:12"]) == 12
    assert replies.reference(['+CMSS: 7,"26/01/01"']) == 7
    assert replies.reference(["OK"]) is None
    assert replies.written_index(["junk", "+CMGW: 31"]) == 31


def test_memories() -> None:
    """+CPMS read, set and test answers."""
    assert replies.memories_in_use(['+CPMS: "SM",3,10,"ME",0,23']) == (
        MemoryUse("SM", 3, 10),
        MemoryUse("ME", 0, 23),
    )
    assert replies.chosen_use(["+CPMS: 3,10,0,23,0,23"]) == (3, 10)
    assert replies.chosen_use(['+CPMS: "SM",3,10,"SM",3,10']) == (3, 10)
    assert replies.chosen_use([]) is None
    assert replies.memory_choices([]) == ()


@pytest.mark.parametrize(
    ("line", "indexes"),
    [
        ("+CMGD: (1,2,5),(0-4)", (1, 2, 5)),
        ("+CMGD: (0-3)", (0, 1, 2, 3)),
        ("+CMGD: (),(0-4)", ()),
        ("+CMGD: x", None),
    ],
)
def test_used_indexes(line: str, indexes: tuple[int, ...] | None) -> None:
    """AT+CMGD=? tells the used slots, or it does not."""
    assert replies.used_indexes([line]) == indexes


@pytest.mark.parametrize(
    ("line", "stat"),
    [
        ("+CREG: 0,1", 1),
        ("+CREG: 1", 1),
        ("+CREG:0,5", 5),
        ('+CREG: 2,5,"00C3","1A2B",7', 5),
        ('+CREG: 1,"00C3","1A2B"', 1),
        ("+CREG: 1,00C3,1A2B", 1),
        ("+CREG: 5,12,34", 5),
        ('+CEREG: 0,1,"12AB","01234567",7', 1),
        ("+CGREG: 0,4", 4),
        ("+CREG: 0,6", 1),
        ("+CEREG: 0,10", 5),
        ("+CREG: junk", None),
    ],
)
def test_registration(line: str, stat: int | None) -> None:
    """M31: every field count, with and without <n>."""
    assert replies.registration([line]) == stat


def test_best_registration() -> None:
    """Home beats roaming beats searching beats denied."""
    assert replies.best_registration([3, 5, None, 1]) == 1
    assert replies.best_registration([3, 2]) == 2
    assert replies.best_registration([None]) is None


@pytest.mark.parametrize(
    ("line", "dbm"),
    [("+CSQ: 20,99", -73), ("+CSQ: 0,0", -113), ("+CSQ:31,7", -51), ("+CSQ: 99,99", None),
     ("+CSQ: 141,99", -75), ("+CSQ: ,", None)],
)  # fmt: skip
def test_signal(line: str, dbm: int | None) -> None:
    """TS 27.007 §8.5."""
    assert replies.signal_dbm([line]) == dbm


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('+COPS: 0,0,"Saf, com",7', ("Saf, com", "LTE")),
        ('+COPS: 0,2,"63902"', ("63902", None)),
        ("+COPS: 0", (None, None)),
        ('+COPS: 0,0,"005400650073007400310032",2', ("Test12", "UMTS")),
    ],
)
def test_operator(line: str, expected: tuple[str | None, str | None]) -> None:
    """Names in words, in numbers, in UCS2, and none."""
    assert replies.operator([line]) == expected


def test_service_centre() -> None:
    """A plus that only the type of number tells is added."""
    assert replies.service_centre(['+CSCA: "+254700",145']) == "+254700"
    assert replies.service_centre(['+CSCA: "254700",145']) == "+254700"
    assert replies.service_centre(['+CSCA: "",129']) == ""


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ('+CCLK: "26/11/24,20:00:00+12"', ("2026-11-24T17:00:00", "2026-11-24T20:00:00")),
        ('+CCLK: "2026/11/24,11:30:00-22"', ("2026-11-24T17:00:00", "2026-11-24T11:30:00")),
        ('+CCLK: "26/11/24,17:00:00+00"', ("2026-11-24T17:00:00",)),
        ('+CCLK: "80/01/06,00:01:12+00"', ("1980-01-06T00:01:12",)),
        ('+CCLK: "26/11/24,17:00:00"', ()),
        ('+CCLK: "26/13/41,99:00:00+00"', ()),
        ('+CCLK: "--/--/--"', ()),
        ("+CME ERROR: 4", ()),
    ],
)
def test_the_clock_of_a_modem(line: str, wanted: tuple[str, ...]) -> None:
    """Local time and its zone, or UTC with the zone behind it: both readings are kept."""
    found = [datetime.fromtimestamp(at / 1000, UTC) for at in replies.clock([line])]
    assert tuple(f"{at:%Y-%m-%dT%H:%M:%S}" for at in found) == wanted
    assert replies.service_centre([]) is None


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("+CPINR: SIM PIN,2,3", 2),
        ("^CPIN: SIM PIN,3,10,2,10,3", 2),
        ("^CPIN: READY,,10,3,10,3", 3),
        ("+SPIC: 1,10,3,10", 1),
        ('+QPINC: "SC",3,10', 3),
        ("+CPIN: SIM PIN", None),
    ],
)
def test_tries_left(line: str, left: int | None) -> None:
    """PIN1 tries, in four dialects."""
    assert sim.tries_left([line]) == left


@pytest.mark.parametrize(
    ("line", "iccid"),
    [
        ("89254021074187654321", "89254021074187654321"),
        ("+CCID: 8925402107418765432F", "8925402107418765432"),
        ('+ICCID: "89254021074187654321"', "89254021074187654321"),
        ("^ICCID: 98520412701478563412", "89254021074187654321"),
        ('+CRSM: 144,0,"98520412701478563412"', "89254021074187654321"),
        ("+CRSM: 106,130", None),
    ],
)
def test_iccid(line: str, iccid: str | None) -> None:
    """ITU-T E.118 numbers, straight and nibble-swapped."""
    assert sim.iccid([line]) == iccid


@pytest.mark.parametrize(
    ("shown", "dcs", "text"),
    [
        ("Bal: 10", 15, "Bal: 10"),
        ("00420061006C", 72, "Bal"),
        ("00420061006C0020", 15, "Bal "),
        ("062806310635064A062F", 72, "برصيد"),
        ("12345678", 15, "12345678"),
        ("2024", 15, "2024"),
    ],
)
def test_ussd_texts(shown: str, dcs: int, text: str) -> None:
    """M32: characters, UCS2 in hex, and numbers that only look like hex."""
    assert ussd.ussd_text(shown, dcs) == text


def test_packed_ussd() -> None:
    """A code survives packing and unpacking, also with seven spare bits."""
    for code in ("*100#", "*144*1#", "*1234567*89#", "Your balance is 5"):
        packed = ussd.packed(code)
        assert packed is not None
        assert ussd.ussd_text(packed, 15) in {code, packed}
    assert ussd.packed("日") is None
    assert ussd.ussd_text(ussd.packed("Your balance is 12.50 KES") or "", 15) == (
        "Your balance is 12.50 KES"
    )


READERS = (
    replies.listing, replies.reference, replies.written_index, replies.memory_choices,
    replies.memories_in_use, replies.chosen_use, replies.used_indexes, replies.registration,
    replies.signal_dbm, replies.operator, replies.service_centre, sim.pin_state, sim.tries_left,
    sim.iccid,
)  # fmt: skip
PREFIXES = st.sampled_from([
    "", "+CMGL: ", "+CMGR: ", "+CPMS: ", "+CREG: ", "+CSQ: ", "+COPS: ", "+CSCA: ", "+CPIN: ",
    "+CRSM: 144,0,", "+CMGD: (", "+CUSD: 0,", "^CPIN: ", "+CMGS: ", "+CMGW: ",
])  # fmt: skip


@given(lines=st.lists(st.tuples(PREFIXES, st.text(max_size=30)).map("".join), max_size=6))
def test_no_reader_ever_raises(lines: list[str]) -> None:
    """Whatever the line brings, a reader gives a value or None."""
    for reader in READERS:
        reader(lines)
    replies.reading(lines, 1)
    replies.flag(lines, "+CMGF")
    for line in lines:
        ussd.read_cusd(line)
        sim.said(line)
        sim.digits_of(line)


_BLANKS = " " * 4000


@pytest.mark.parametrize(
    "line", [f"+CMGL: 1,{_BLANKS}x", f"+CMGL: 1,,{_BLANKS}x", f"+CMGR: {_BLANKS}x"]
)
def test_a_line_of_blanks_is_read_in_no_time(line: str) -> None:
    """Found by fuzzing: it was tried in every way there is, which takes minutes."""
    assert len(replies.listing([line, "00AA"])) <= 1
    assert replies.reading([line, "00AA"], 1) is None


def test_a_ussd_answer_of_blanks_is_read_in_no_time() -> None:
    """Found by fuzzing: in the same way, for the whole of a quoted text."""
    assert ussd.read_cusd(f'+CUSD: 0,"a"{_BLANKS},{_BLANKS}x' * 20) is not None


def test_no_more_slots_than_a_modem_can_have() -> None:
    """Found by fuzzing: one garbled answer named forty million, and each would be read."""
    line = "+CMGD: (" + ",".join(["0-99999"] * 500) + "),(0-4)"
    assert len(replies.used_indexes([line]) or ()) == 10_000
