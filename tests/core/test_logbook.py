"""The log in plain words, without a number or a text, whatever the line is."""

from __future__ import annotations

import json
import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import relay
from relay.core.log_words import SENTENCES
from relay.core.logbook import Line, of_file, of_journal, redacted, told
from relay.core.plain import printable
from relay.log import event

ROOT = Path(relay.__file__).parent


def test_an_event_is_told_in_words() -> None:
    """And what the sentence does not name stands behind it."""
    line = str(event("outbox.accepted", part="12/2", modem="usb1", attempt=1, mr=41, reason=None))
    assert told(line).words == "usb1: the network took part 2 of message 12 (attempt 1, mr 41)"


def test_an_event_that_nobody_has_words_for_is_shown_as_it_is_named() -> None:
    """A newer relay wrote it, or one without a sentence."""
    assert told('queue.turned_over by="a b" n=3').words == "queue: turned over (by a b, n 3)"
    assert told("outbox.accepted modem=usb1").words == "outbox: accepted (modem usb1)"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("AT+CMGS=23", "AT+CMGS=23"),
        ("0011000B919471000000F00000AA0AE8329BFD4697D9EC37\x1a", "(24 octets)"),
        ('AT+CPIN="1234"', "AT+CPIN=…"),
        ("AT+CPIN=1234", "AT+CPIN=…"),
        ("AT+CUSD=1,*144*1234#", "AT+CUSD=…"),
        ('+CUSD: 0,"Your balance is K 3",15', '+CUSD: 0,"…",15'),
        ('+CMGR: 1,"Fever since Monday', '+CMGR: 1,"…"'),
        ('+CLIP: "+254700000001",145', '+CLIP: "…",145'),
        ("Fever since Monday", "(18 characters)"),
        ("OK", "OK"),
        ("> ", ">"),
        ("+CMS ERROR: 331", "+CMS ERROR: 331"),
    ],
)
def test_the_trace_of_a_modem_shows_what_was_asked_not_what_it_carries(
    line: str, shown: str
) -> None:
    """`trace_modem` writes messages and PINs into the log; they are not shown."""
    assert told(str(event("at", modem="usb1", way="<", line=line))).words == f"usb1 < {shown}"


@pytest.mark.parametrize("key", ["text", "body", "content", "pdu"])
def test_a_text_is_never_shown(key: str) -> None:
    """Should a debug line ever hold one."""
    assert "Malaria" not in told(str(event("x.y", **{key: "Malaria 3"}))).words


def test_a_line_of_somebody_else_quotes_nobody() -> None:
    """A traceback of a library may hold a message."""
    shown = told('ValueError: invalid text: "Malaria 3" in line 4').words
    assert shown == "ValueError: invalid text: (9 characters) in line 4"
    assert "/opt/relay/x.py" in told('  File "/opt/relay/x.py", line 3, in step').words


_NUMBERS = st.builds(
    lambda plus, digits, gap: plus + gap.join([digits[:3], digits[3:6], digits[6:]]),
    st.sampled_from(["", "+"]),
    st.text(string.digits, min_size=9, max_size=15),
    st.sampled_from(["", " ", "-", ") "]),
)


@given(_NUMBERS, st.text("abc xyz:/,.", max_size=9), st.text("abc xyz:/,.", max_size=9))
def test_no_number_is_shown_wherever_it_stands(number: str, before: str, after: str) -> None:
    """In a field, in a line of somebody else, in a traceback; with blanks or hyphens in it."""
    digits = "".join(c for c in number if c.isdigit())
    for line in (
        str(event("outbox.accepted", part="1/1", modem="usb1", reason=before + number + after)),
        str(event("no.such", anything=number)),
        f"Error: {before}{number}{after}",
    ):
        seen = "".join(c for c in told(line).words if c.isdigit())
        assert digits not in seen


@pytest.mark.parametrize(
    "kept",
    [
        "2026-11-24 17:00:00",
        "3f2a91c0-1234-4abc-8def-1234567890ab",
        "192.168.1.20",
        "attempt 3 of 20",
        "/var/lib/relay/relay-2026-11-24.db",
    ],
)
def test_what_is_no_number_stays(kept: str) -> None:
    """A date, an id, an address."""
    assert redacted(kept) == kept


def test_a_line_of_the_file_has_its_time_and_level() -> None:
    """As `relay.log` writes it."""
    line = of_file(b"2026-11-24 17:00:00 WARNING link.down modem=usb1 error=gone\n")
    assert line == Line("2026-11-24 17:00:00", "warning", "link.down modem=usb1 error=gone")
    assert of_file(b"    raise PortLost\n") == Line("", "", "    raise PortLost")


@given(st.binary(max_size=200))
def test_any_octets_are_a_line(raw: bytes) -> None:
    """A power cut leaves zeros, a bad disk anything."""
    for text in (of_file(raw).text, of_journal(raw)[2]):
        shown = told(text).words
        assert shown == printable(shown)


@given(st.text(max_size=60))
def test_every_line_can_be_told(text: str) -> None:
    """Also one that looks like an event and is none."""
    for line in (text, f"outbox.accepted {text}", f'at modem=x way=y line="{text}'):
        told(line)


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_whatever_the_journal_prints_is_read(value: object) -> None:
    """A text that is not UTF-8 comes as a list of its octets."""
    raw = {"MESSAGE": value, "PRIORITY": value, "__REALTIME_TIMESTAMP": value}
    of_journal(json.dumps(raw).encode())


def test_the_journal_is_read() -> None:
    """Microseconds, priorities, octets."""
    raw = {"MESSAGE": list(b"a \xff"), "PRIORITY": "4", "__REALTIME_TIMESTAMP": "1700000000123456"}
    assert of_journal(json.dumps(raw).encode()) == (1_700_000_000_123, "warning", "a \ufffd")


def test_every_sentence_is_of_an_event_that_there_is() -> None:
    """A renamed event would be told without its words. Names that are put together count by
    their first half."""
    halves = {"airtime", "alert", "outbox", "recovery", "credit"}
    sources = (path.read_text("utf-8") for path in ROOT.rglob("*.py"))
    names = {name for text in sources for name in re.findall(r'event\(\s*"([a-z_.]+)"', text)}
    unknown = {name for name in SENTENCES if name not in names}
    assert {name for name in unknown if name.partition(".")[0] not in halves} == set()
