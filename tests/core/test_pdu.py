"""Short messages as networks and phones really write them, read and written."""

from __future__ import annotations

import pytest

from relay.core.pdu import (
    Address,
    Concat,
    Deliver,
    Element,
    Encoding,
    Indication,
    Shift,
    StatusReport,
    Submit,
    Waiting,
    decode,
    tpdu_octets,
)
from relay.errors import PduError, TextError

ONE_LETTER = "07917238010010F5040B917228000000F10000425010010000800178"
# To 0820000001, relative validity 167 (24 hours), status report wanted.
REMINDER = "0031000A8180020000100000A702E834"
SENDER = Address("+254700000001", ton=1)
MAY_DAY = 1_714_550_400_000  # 2024-05-01T08:00:00Z
REPORT = "0006C80C915274000000104250100100008042501001010080"


def incoming(user_data: str, *, dcs: int = 0, header: bool = False) -> Deliver:
    """A message from 40404 with these octets as TP-UDL and TP-UD."""
    first = "44" if header else "04"
    return deliver(f"00{first}05810404F400{dcs:02X}42501001000080{user_data}")


def deliver(pdu: str) -> Deliver:
    read = decode(pdu)
    assert isinstance(read, Deliver)
    return read


def submit(pdu: str) -> Submit:
    read = decode(pdu)
    assert isinstance(read, Submit)
    return read


def report(pdu: str) -> StatusReport:
    read = decode(pdu)
    assert isinstance(read, StatusReport)
    return read


# --- the service centre and the first octet -----------------------------------------------------


@pytest.mark.parametrize(
    ("field", "number"),
    [("07917238010010F5", "+27831000015"), ("038121F3", "123"), ("00", ""), ("0191", "")],
)
def test_knows_the_service_centre(field, number):
    """Its address stands in front; the length may be odd, and zero means the modem's own."""
    assert decode(field + ONE_LETTER[16:]).smsc == number


def test_the_length_for_the_modem_leaves_the_service_centre_out():
    """AT+CMGS counts the octets of the TPDU alone."""
    assert tpdu_octets(ONE_LETTER) == len(ONE_LETTER) // 2 - 8
    assert tpdu_octets(REMINDER) == len(REMINDER) // 2 - 1
    with pytest.raises(PduError):
        tpdu_octets("0791")


def test_knows_whether_the_service_centre_holds_more():
    """TP-MMS is set where nothing more waits."""
    assert not deliver(ONE_LETTER).more_to_come
    assert deliver(ONE_LETTER.replace("F5040B", "F5000B")).more_to_come


def test_keeps_the_flags_of_an_incoming_message():
    """TP-SRI, TP-RP, TP-MMS, a replace-type TP-PID and the zone survive a round trip."""
    part = Deliver(
        sender=SENDER,
        text="x",
        sri=True,
        reply_path=True,
        pid=0x41,
        more_to_come=True,
        sc_time=MAY_DAY,
        sc_zone=-14,
    )
    assert decode(part.encode()) == part


# --- user data ----------------------------------------------------------------------------------


def test_a_trailing_at_sign_is_part_of_the_text():
    """Eight septets fill seven octets; the last may well be '@', which is septet 0."""
    part = Deliver(sender=SENDER, text="1234567@")
    assert deliver(part.encode()).text == "1234567@"


def test_an_odd_filling_behind_a_header_costs_no_letter():
    """Behind every length of header the text begins at a septet boundary."""
    for length in range(12):
        part = Deliver(sender=SENDER, text="15 mg @", elements=(Element(0x70, bytes(length)),))
        assert decode(part.encode()) == part


def test_a_picture_in_front_of_the_text_is_carried_and_not_shown():
    """EMS (here text formatting, 0x0A) stays in `elements`; the text begins after it."""
    read = incoming("09050A03000310D069", header=True)
    assert (read.text, read.elements) == ("hi", (Element(0x0A, b"\x00\x03\x10"),))


def test_a_wap_push_in_two_parts_has_ports_and_place():
    """16-bit ports and concatenation share one header."""
    read = incoming("0E0B05040B8423F000030902010106", dcs=0x04, header=True)
    assert (read.ports, read.concat) == ((2948, 9200), Concat(9, 2, 1))
    assert read.data == b"\x01\x06"


def test_short_ports():
    """8-bit ports, as ring tones and business cards once used them."""
    read = incoming("06040402F5F041", dcs=0x04, header=True)
    assert (read.ports, read.data) == ((0xF5, 0xF0), b"A")
    assert decode(read.encode()) == read


def test_more_text_announced_than_there_is():
    """TP-UDL larger than the data: what is there is shown."""
    assert incoming("A0" + "E8329BFD06").text == "hello"
    assert incoming("8C" + "0915", dcs=0x08).text == "\u0915"
    assert incoming("8C" + "0102", dcs=0x04).data == b"\x01\x02"


def test_a_header_longer_than_the_message_leaves_no_text():
    """A header length beyond the end is no reason to lose the message."""
    read = incoming("05FF00030902", header=True)
    assert (read.text, read.concat) == ("", None)
    assert incoming("00", header=True).text == ""


def test_an_impossible_place_in_a_long_message_is_ignored():
    """Part 3 of 2, part 0, part 1 of 0: the element is kept, and the message stands alone."""
    for place in ("0203", "0200", "0001"):
        read = incoming("09050003AA" + place + "616263", dcs=0x04, header=True)
        assert read.concat is None
        assert read.elements == (Element(0, bytes.fromhex("AA" + place)),)


def test_half_a_character_at_the_joint_of_two_parts_is_kept():
    """Some phones cut between the halves of a surrogate pair: both halves must survive."""
    read = incoming("04" + "0041D83D", dcs=0x08)
    assert read.text == "A\ud83d"
    assert decode(read.encode()) == read


def test_a_waiting_indication_says_what_waits():
    """Voicemail, on: the sign that a handset shows."""
    read = incoming("0141", dcs=0xC8)
    assert read.coding.indication == Indication(Waiting.VOICEMAIL, active=True)


def test_compressed_text_is_data():
    """Nobody sends it, but nothing may be made up from it."""
    read = incoming("02AABB", dcs=0x20)
    assert (read.text, read.data, read.encoding) == (None, b"\xaa\xbb", Encoding.DATA)


def test_an_unknown_language_reads_as_the_default_alphabet():
    """TS 23.038 §6.2.1.2.2: better some wrong letters than no message."""
    part = Deliver(sender=SENDER, text="abc", shift=Shift(locking=99, single=77))
    assert deliver(part.encode()).text == "abc"


def test_a_text_that_its_coding_cannot_carry_is_refused():
    """The encoder never replaces a character on its own."""
    with pytest.raises(TextError, match=r"text\.alphabet"):
        Deliver(sender=SENDER, text="\u0915").encode()
    with pytest.raises(TextError, match=r"text\.alphabet"):
        Deliver(sender=SENDER, text="x", dcs=0x04).encode()


@pytest.mark.parametrize(
    "part",
    [
        Deliver(sender=SENDER, text="x" * 161),
        Deliver(sender=SENDER, text="x" * 400),
        Deliver(sender=SENDER, text="x" * 154, concat=Concat(1, 2, 1)),
        Deliver(sender=SENDER, text="\u0915" * 71, dcs=0x08),
        Deliver(sender=SENDER, data=bytes(141), dcs=0x04),
    ],
)
def test_a_part_that_is_too_long_is_refused(part):
    """140 octets is all there is room for, headers included."""
    with pytest.raises(TextError, match=r"text\.part_too_long"):
        part.encode()


# --- submissions --------------------------------------------------------------------------------


def test_reads_a_submission():
    """Recipient, validity and the wish for a status report, as the modem lists a stored one."""
    read = submit(REMINDER)
    assert read.recipient == Address("0820000001")
    assert (read.validity_s, read.validity_at, read.report, read.text) == (
        86_400,
        None,
        True,
        "hi",
    )
    assert read.encode() == REMINDER


def test_a_submission_may_end_at_a_moment():
    """Absolute validity keeps the moment and the zone."""
    part = Submit(
        recipient=SENDER,
        text="x",
        validity_at=MAY_DAY,
        validity_zone=12,
        mr=7,
        reject_duplicates=True,
        reply_path=True,
    )
    assert decode(part.encode()) == part


def test_a_submission_may_have_no_validity():
    """Then the service centre decides."""
    part = Submit(recipient=Address("40404"), text="")
    assert part.encode() == "00010005810404F4000000"
    assert decode(part.encode()) == part


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        ("01A70000000000", 86_400),
        ("022D0000000000", 45),
        ("03203001000000", 2 * 3600 + 3 * 60 + 10),
        ("03FF3001000000", None),
        ("00000000000000", None),
        ("8100A700000000", 86_400),
    ],
)
def test_reads_enhanced_validity(field, seconds):
    """Relative, in seconds, as hours, minutes and seconds, or not at all."""
    assert submit(f"00090005810404F40000{field}00").validity_s == seconds


# --- status reports -----------------------------------------------------------------------------


def test_reads_the_optional_fields_of_a_report():
    """TP-PI announces TP-PID, TP-DCS and user data, here in UCS-2."""
    read = report(REPORT + "00" + "07" + "41" + "08" + "020915")
    assert (read.pid, read.dcs, read.text) == (0x41, 0x08, "\u0915")
    assert decode(read.encode()) == read


def test_a_report_may_announce_only_the_coding():
    """Then there is no text, not an empty one."""
    read = report(REPORT + "00" + "03" + "0004")
    assert (read.dcs, read.text, read.data) == (4, None, None)
    assert decode(read.encode()) == read


@pytest.mark.parametrize("garbage", ["00", "FF", "FFFFFFFF", "07", "0741", "070008", "8180"])
def test_octets_that_mean_nothing_do_not_spoil_a_report(garbage):
    """What counts stands in front of them."""
    read = report(REPORT + "30" + garbage)
    assert (read.mr, read.tp_st, read.text) == (200, 0x30, None)


def test_keeps_the_flags_of_a_report():
    """TP-MMS and TP-SRQ survive a round trip, and so do times without a date."""
    written = StatusReport(
        recipient=SENDER,
        mr=255,
        tp_st=0x46,
        sc_time=MAY_DAY,
        sc_zone=13,
        more_to_come=True,
        for_command=True,
        smsc="+254700000099",
    )
    assert decode(written.encode()) == written
