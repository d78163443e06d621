"""How a modem reads its line: chunks, echo, erasing, prompts, type-ahead."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from relay.simulator.terminal import Terminal
from tests.simulator.conftest import Lab
from tests.simulator.sms import length, send, submit_pdu


def test_a_fresh_modem_echoes(lab: Lab) -> None:
    """Until ATE0, every byte comes back, the carriage return too."""
    terminal = Terminal(lab.modem())
    assert terminal.type(b"A") == b"A"
    assert terminal.type(b"T\r") == b"T\r\r\nOK\r\n"
    terminal.type(b"ATE0\r")
    assert terminal.type(b"AT\r") == b"\r\nOK\r\n"


def test_only_a_carriage_return_ends_a_line(quiet: Any) -> None:
    """Line feeds are ignored, so AT\\r\\n works, and AT\\n does not."""
    _, terminal = quiet()
    assert terminal.type(b"AT\n") == b""
    assert terminal.type(b"\r\n") == b"\r\nOK\r\n"
    assert terminal.type(b"AT\r\n") == b"\r\nOK\r\n"


def test_backspace_erases(quiet: Any) -> None:
    """0x08 takes the last character back."""
    _, terminal = quiet()
    assert terminal.say("AT+CSX\x08Q") == ["+CSQ: 18,0", "OK"]


def test_noise_before_at_is_skipped_and_lines_without_at_are_ignored(quiet: Any) -> None:
    """Modems wait for AT."""
    _, terminal = quiet()
    assert terminal.type(b"\x1b\x1a\xff\x00AT\r") == b"\r\nOK\r\n"
    assert terminal.type(b"hello\r\r") == b""


def test_a_line_that_is_too_long_is_an_error(quiet: Any) -> None:
    """556 characters are the end."""
    _, terminal = quiet()
    assert terminal.say("AT+CSCS=" + "x" * 600) == ["ERROR"]
    assert terminal.say("AT") == ["OK"]


def test_the_prompt_takes_a_pdu(lab: Lab, quiet: Any) -> None:
    """> and a blank, then the PDU, Ctrl-Z, the reference."""
    _, terminal = quiet()
    pdu = submit_pdu()
    assert terminal.type(f"AT+CMGS={length(pdu)}\r".encode()) == b"\r\n> "
    assert terminal.type(pdu.encode() + b"\x1a") == b"\r\n+CMGS: 0\r\n\r\nOK\r\n"
    assert [taken.recipient for taken in lab.network.submissions] == ["+254700000001"]


def test_escape_leaves_the_prompt_and_sends_nothing(lab: Lab, quiet: Any) -> None:
    """ESC aborts the entry; the next command works."""
    _, terminal = quiet()
    pdu = submit_pdu()
    terminal.type(f"AT+CMGS={length(pdu)}\r".encode())
    assert terminal.type(pdu[:20].encode() + b"\x1b") == b"\r\nOK\r\n"
    assert terminal.say("AT") == ["OK"]
    assert lab.network.submissions == []


def test_a_command_at_the_prompt_goes_into_the_message(lab: Lab, quiet: Any) -> None:
    """What a second thread writes there spoils the PDU: it is refused, nothing is sent."""
    _, terminal = quiet()
    pdu = submit_pdu()
    terminal.type(f"AT+CMGS={length(pdu)}\r".encode())
    assert terminal.type(b"AT+CSQ\r") == b""
    assert b"+CMS ERROR: 304" in terminal.type(pdu.encode() + b"\x1a")
    assert lab.network.submissions == []


def test_a_wrong_length_is_refused(lab: Lab, quiet: Any) -> None:
    """<length> counts the TPDU, and must be right."""
    _, terminal = quiet()
    terminal.type(b"AT+CMGS=10\r")
    assert b"+CMS ERROR: 304" in terminal.type(submit_pdu().encode() + b"\x1a")
    assert lab.network.submissions == []


def test_a_command_that_comes_while_another_runs_waits(lab: Lab, quiet: Any) -> None:
    """Type-ahead is kept and answered in order."""
    _, terminal = quiet()
    lab.network.submit_delay_s = 5
    pdu = submit_pdu()
    terminal.type(f"AT+CMGS={length(pdu)}\r".encode())
    assert terminal.type(pdu.encode() + b"\x1aAT+CSQ\r") == b""
    lab.pass_time(5)
    assert terminal.heard() == b"\r\n+CMGS: 0\r\n\r\nOK\r\n\r\n+CSQ: 18,0\r\n\r\nOK\r\n"


def test_a_long_backlog_is_worked_off(quiet: Any) -> None:
    """A thousand commands in one write, and no recursion."""
    _, terminal = quiet()
    assert terminal.type(b"AT\r" * 5000).count(b"OK") == 5000


@given(st.lists(st.integers(1, 12), min_size=1, max_size=80))
def test_any_chunking_gives_the_same_answer(sizes: list[int]) -> None:
    """How the bytes were cut into writes makes no difference."""
    pdu = submit_pdu()
    typed = f"AT\rATE0\rAT+CMGS={length(pdu)}\r{pdu}\x1aAT+CMGL=4;+CSQ\r".encode()
    whole, pieces = Terminal(Lab().modem()), Terminal(Lab().modem())
    said, at = b"", 0
    for size in [*sizes, len(typed)]:
        said += pieces.type(typed[at : at + size])
        at += size
    assert said == whole.type(typed)


@given(st.binary(max_size=200))
def test_no_input_breaks_a_modem(noise: bytes) -> None:
    """After any bytes, ESC, a carriage return and AT are answered."""
    terminal = Terminal(Lab().modem())
    terminal.type(noise + b"\x1b\r")
    terminal.type(b"AT+CFUN=1\r")
    assert terminal.type(b"AT\r").strip(b"\r\n").endswith((b"OK", b"0"))


def test_two_messages_have_consecutive_references(lab: Lab, quiet: Any) -> None:
    """TP-MR counts to 255 and starts over."""
    _, terminal = quiet()
    said = [send(terminal, submit_pdu())[0] for _ in range(258)]
    assert said[0] == "+CMGS: 0"
    assert said[255:] == ["+CMGS: 255", "+CMGS: 0", "+CMGS: 1"]
    assert [taken.mr for taken in lab.network.submissions[-2:]] == [0, 1]
