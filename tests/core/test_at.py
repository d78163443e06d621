"""The grammar of the serial line: chunking, final results, unsolicited lines inside answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.at import PROMPT, Feed, Final, Kind, Running, Sorter, is_hex, read_final
from relay.core.device import (
    DirectPdu,
    IncomingCall,
    LateReference,
    MemoryFull,
    NewMessage,
    Restarted,
    Slot,
    Unsolicited,
    Urc,
)
from relay.core.urc import is_chatter, is_reboot, read_urc

DELIVER = "07917238010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37"


def lines(data: bytes) -> list[str]:
    return Feed().push(data)


def urcs(*spoken: str, command: str | None = None) -> list[Urc]:
    """What a `Sorter` makes of the lines, while `command` runs."""
    sorter = Sorter()
    running = Running.of(command) if command else None
    heard = [h for line in spoken for h in sorter.hear(line, running)]
    return [h.urc for h in heard if h.urc is not None]


def kinds(*spoken: str, command: str) -> list[Kind]:
    sorter = Sorter()
    return [h.kind for line in spoken for h in sorter.hear(line, Running.of(command))]


# --- bytes to lines ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\r\nOK\r\n", ["OK"]),
        (b'\r\r\n+CMTI: "SM",3\r\r\n', ['+CMTI: "SM",3']),
        (b"\0\0OK\0\r\n", ["OK"]),
        (b"OK", []),
        (b"AT\r\r\nOK\r\n", ["AT", "OK"]),
        (b'+COPS: 0,0,"T\xe9l\xff"\r\n', ['+COPS: 0,0,"Tél\xff"']),
        (b"  OK \t\r\n", ["OK"]),
    ],
)
def test_bytes_become_lines(data: bytes, expected: list[str]) -> None:
    """S1, S7: odd bytes, odd line ends, NULs and blanks do no harm."""
    assert lines(data) == expected


@pytest.mark.parametrize("spoken", [b"\r\n> ", b"\r\n>", b"AT+CMGS=20\r\r\n> ", b">", b"  > "])
def test_prompt_with_and_without_blank(spoken: bytes) -> None:
    """S15: a bare '>' at the start of a line is the prompt."""
    feed = Feed()
    feed.expect_prompt = True
    assert feed.push(spoken)[-1] == PROMPT
    assert not feed.expect_prompt


def test_prompt_only_at_line_start() -> None:
    """S15: '> ' inside a text is no prompt."""
    feed = Feed()
    feed.expect_prompt = True
    assert feed.push(b'+CUSD: 1,"1> next"\r\n') == ['+CUSD: 1,"1> next"']


def test_no_prompt_unless_expected() -> None:
    """A line that begins with '>' is an ordinary line when nobody waits for a prompt."""
    assert lines(b"> hello\r\n") == ["> hello"]


def test_stale_prompt_is_not_the_next_one() -> None:
    """M4: a prompt that came after we gave up is not taken for the answer to the next command."""
    feed = Feed()
    feed.push(b"\r\n> ")
    feed.expect_prompt = True
    assert feed.push(b"") == []


def test_noise_without_line_end_is_capped() -> None:
    """S16: endless noise fills no memory, and the next line is read."""
    feed = Feed(cap=64)
    for _ in range(1000):
        feed.push(b"\xff" * 100)
    assert feed.push(b"\r\nOK\r\n")[-1] == "OK"


NOISE = st.lists(
    st.sampled_from([
        b"\r\nOK\r\n", b"> ", b">", b"\r\n> ", b"\0", b"\xff", b"\r\r\n", b"\n", b"\r", b" ",
        b"+CMTI: \"SM\",3\r\n", b"+CMS ERROR: 38 \r\n", b"\x1a", b"AT\r", b"\t\x1b", b"abc",
    ]) | st.binary(max_size=8),
    max_size=30,
)  # fmt: skip


@given(spoken=NOISE, cuts=st.lists(st.integers(1, 7)), prompt=st.booleans())
def test_chunking_never_matters(spoken: list[bytes], cuts: list[int], prompt: bool) -> None:
    """Any cutting of the bytes gives the same lines."""
    data = b"".join(spoken)
    whole, bitwise = Feed(cap=16), Feed(cap=16)
    whole.expect_prompt = bitwise.expect_prompt = prompt
    expected = whole.push(data)
    got: list[str] = []
    for cut in [*cuts, *[1] * len(data)]:
        got += bitwise.push(data[:cut])
        data = data[cut:]
    assert got == expected


# --- final result codes -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "final"),
    [
        ("OK", Final(ok=True, text="OK")),
        ("ERROR", Final(ok=False, text="ERROR")),
        ("+CMS ERROR: 38", Final(False, "CMS", 38, "38")),
        ("+CMS ERROR:38", Final(False, "CMS", 38, "38")),
        ("+CMS ERROR: 38 ", Final(False, "CMS", 38, "38")),
        ("+CMS ERROR: SIM full", Final(False, "CMS", None, "SIM full")),
        ("+CME ERROR: SIM not inserted", Final(False, "CME", None, "SIM not inserted")),
        ("+CME ERROR 14", Final(False, "CME", 14, "14")),
        ("COMMAND NOT SUPPORT", Final(ok=False, text="COMMAND NOT SUPPORT")),
        ("NO CARRIER", Final(ok=False, text="NO CARRIER")),
    ],
)
def test_final_results(line: str, final: Final) -> None:
    """S8: every way to end an answer ends it."""
    assert read_final(line) == final


@pytest.mark.parametrize("line", ["OKAY", "OK then", "ERROR in text", "NOT OK", "+CMGS: 3", ""])
def test_no_final_result(line: str) -> None:
    """S8: a line that only begins like a final result is none."""
    assert read_final(line) is None


def test_end_of_a_call_ends_no_answer() -> None:
    """A caller who hangs up while a command runs does not answer it."""
    sorter, running = Sorter(), Running.of("AT+CMGS=20")
    heard = [
        h for line in ("RING", "NO CARRIER", "NO CARRIER") for h in sorter.hear(line, running)
    ]
    assert [h.kind for h in heard] == [Kind.URC, Kind.URC, Kind.FINAL]


# --- unsolicited lines ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "urc"),
    [
        ('+CMTI: "SM",3', NewMessage(Slot("SM", 3))),
        ("+CMTI:ME,0", NewMessage(Slot("ME", 0))),
        ('+CDSI: "SR",12', NewMessage(Slot("SR", 12))),
        ("+CMGS: 77", LateReference(77)),
        ("RING", IncomingCall()),
        ("+CRING: VOICE", IncomingCall()),
        ('^SMMEMFULL: "SM"', MemoryFull("SM")),
        ("+SMSFULL", MemoryFull("")),
        ('+QIND: "smsfull","ME"', MemoryFull("ME")),
        ("RDY", Restarted("RDY")),
        ("+CPIN: READY", Restarted("+CPIN: READY")),
        ("Call Ready", Restarted("Call Ready")),
        ("^BOOT:12345,0,0,0,77", Unsolicited("^BOOT:12345,0,0,0,77")),
        ('*PSUTTZ: 2026,1,1,0,0,0,"+12",0', Unsolicited('*PSUTTZ: 2026,1,1,0,0,0,"+12",0')),
    ],
)
@pytest.mark.parametrize("command", [None, "AT+CMGL=4", "AT+CGMI", "AT+CSQ"])
def test_unsolicited_lines_survive_any_command(line: str, urc: Urc, command: str | None) -> None:
    """S4, S14: a notification is never taken for a part of an answer."""
    assert urcs(line, command=command) == [urc]


@pytest.mark.parametrize("header", ["+CMT: ,24", '+CMT: "",24', "+CDS: 25", "+CDS:25", "+CBM: 88"])
def test_two_line_results(header: str) -> None:
    """M14, M15: a PDU that is routed past the memory arrives whole, also inside an answer."""
    via = header.split(":", maxsplit=1)[0]
    assert urcs(header, DELIVER.lower(), command="AT+CMGL=4") == [DirectPdu(via, DELIVER)]


def test_a_routed_pdu_whose_line_was_cut_is_not_acknowledged() -> None:
    """Found by cutting at every byte: TP-UDL counts more than is there. The report would
    have gone to the server without it, and once more when the network said it again.
    """
    sorter = Sorter()
    sorter.needs_ack = True
    whole = (len(DELIVER) - int(DELIVER[:2], 16) * 2 - 2) // 2
    for end in range(2, len(DELIVER), 2):
        sorter.hear(f"+CMT: ,{whole}", None)
        (heard,) = sorter.hear(DELIVER[:end], None)
        assert heard.urc == DirectPdu("+CMT", DELIVER[:end], needs_ack=False, cut=True)


def test_a_modem_that_announces_too_much_is_still_heard() -> None:
    """The PDU's own count says that all of it is there."""
    sorter = Sorter()
    sorter.needs_ack = True
    sorter.hear("+CMT: ,99", None)
    assert sorter.hear(DELIVER, None)[0].urc == DirectPdu("+CMT", DELIVER, needs_ack=True)


def test_phase_2_plus_wants_an_acknowledgement() -> None:
    """With +CSMS service 1, +CMT and +CDS wait for +CNMA; a cell broadcast does not."""
    sorter = Sorter()
    sorter.needs_ack = True
    heard = [h for x in ("+CMT: ,1", "00AA", "+CBM: 1", "00BB") for h in sorter.hear(x, None)]
    assert [h.urc for h in heard] == [DirectPdu("+CMT", "00AA", True), DirectPdu("+CBM", "00BB")]


def test_header_without_its_pdu_swallows_nothing() -> None:
    """A +CMT whose PDU was lost on the line does not eat the line behind it."""
    assert urcs("+CMT: ,24", '+CMTI: "SM",1') == [
        Unsolicited("+CMT: ,24"),
        NewMessage(Slot("SM", 1)),
    ]


def test_notification_between_header_and_pdu_of_a_listing() -> None:
    """S4: a +CMTI in the middle of +CMGL stays a notification."""
    assert kinds(
        "+CMGL: 1,1,,20", '+CMTI: "SM",2', DELIVER, "OK", command="AT+CMGL=4"
    ) == [Kind.REPLY, Kind.URC, Kind.REPLY, Kind.FINAL]  # fmt: skip


def test_burst_is_one_event_to_a_line() -> None:
    """S5: all of a burst arrives."""
    spoken = ["RING", '+CMTI: "SM",1', '+CMTI: "SM",2', '+CDSI: "SR",1']
    assert len(urcs(*spoken)) == len(spoken)


def test_ussd_text_of_many_lines() -> None:
    """M32: an answer of the network may have line ends, and lines that look like commands."""
    spoken = ['+CUSD: 1,"Menu', "1 RING", "2 more", '3 end",15']
    assert urcs(*spoken) == [Unsolicited("\n".join(spoken))]


def test_open_quote_does_not_swallow_the_answer() -> None:
    """A broken +CUSD does not hide the OK of the command that runs."""
    assert kinds('+CUSD: 0,"cut', "OK", command="AT+CSQ") == [Kind.URC, Kind.FINAL]
    spoken = ['+CUSD: 0,"cut', "+CSQ: 20,99", "OK"]
    assert kinds(*spoken, command="AT+CSQ") == [Kind.URC, Kind.REPLY, Kind.FINAL]


@pytest.mark.parametrize(
    ("spoken", "wanted"),
    [
        (['+CMTI: "SM",7'], NewMessage(Slot("SM", 7))),
        (['+CDSI: "SR",1'], NewMessage(Slot("SR", 1))),
        (["+CMT: ,20", DELIVER], DirectPdu("+CMT", DELIVER)),
        (["+CDS: 20", DELIVER], DirectPdu("+CDS", DELIVER)),
    ],
)
def test_open_quote_does_not_swallow_a_message(spoken: list[str], wanted: Urc) -> None:
    """Found by fuzzing: a routed message lies nowhere else, and was taken for balance words."""
    assert urcs('+CUSD: 0,"Your balance is', *spoken)[-1] == wanted


def test_echo_is_told_from_the_answer() -> None:
    """M28: an echo is seen, because it shows that the modem forgot ATE0."""
    assert kinds("AT+CSQ", "+CSQ: 20,99", "OK", command="AT+CSQ") == [
        Kind.ECHO,
        Kind.REPLY,
        Kind.FINAL,
    ]


def test_own_prefix_is_the_answer() -> None:
    """+CPIN: READY answers AT+CPIN?, and is a sign of a restart elsewhere."""
    assert kinds("+CPIN: READY", command="AT+CPIN?") == [Kind.REPLY]
    assert kinds("+CPIN: READY", command="AT+CSQ") == [Kind.URC]


def test_small_talk_wakes_nobody() -> None:
    """Signal reports are chatter, messages and restarts are not."""
    assert is_chatter(read_urc("^RSSI:22"))
    assert not is_chatter(read_urc('+CMTI: "SM",1'))
    assert is_reboot(read_urc("RDY"))
    assert not is_reboot(read_urc("SMS Ready"))


@given(spoken=st.lists(st.text(max_size=40) | st.sampled_from([
    '+CUSD: 1,"', "+CMT: ,3", "OK", '"', "00AA", "+CMTI: \"SM\",1", "NO CARRIER", "RING",
]), max_size=30), command=st.none() | st.text(max_size=12))  # fmt: skip
def test_nothing_is_ever_lost_or_raised(spoken: list[str], command: str | None) -> None:
    """Whatever a modem says, every line comes out once, at the latest with the next answer."""
    sorter = Sorter()
    running = None if command is None else Running.of(command)
    heard = [h for line in spoken for h in sorter.hear(line, running)]
    for _ in range(21):
        heard += sorter.hear("x", running)
    assert sum(len(h.line.split("\n")) for h in heard) >= len(heard) > 0
    assert all(read_urc(line) is not None for line in spoken)
    assert all(isinstance(is_hex(line), bool) for line in spoken)
