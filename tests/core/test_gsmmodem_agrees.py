"""Where the codec of python-gsmmodem-new is right, it and ours agree: two that were made apart.

It drops the first letter behind some headers, knows no national tables and tears emoji apart
(that is why relay has its own), so only what it does well is compared.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from gsmmodem import pdu as theirs
from hypothesis import given
from hypothesis import strategies as st

from relay.core.pdu import Address, Concat, Deliver, Submit, decode, tpdu_octets
from relay.core.segment import compose
from relay.core.validity import relative_s

TO = "+254700000001"
# It writes the backtick as §, and cannot write the form feed.
PLAIN = st.text(st.sampled_from("@£$ Øå_ΔΩÆé!\"#%&'()*+,-./0189:;<=>?AZÄÖÑÜazäöñüà\r\n[]{}~^|€\\"))
BMP = st.text(st.characters(codec="utf-16", min_codepoint=0x900, max_codepoint=0xD7FF), min_size=1)


@given(PLAIN.filter(bool), st.integers(0, 255))
def test_it_reads_our_plain_submissions(text, octet):
    """Recipient, text and relative validity, however many parts with 8-bit references."""
    period = relative_s(octet)
    read = [theirs.decodeSmsPdu(p) for p in compose(TO, text, concat_ref=9, validity_s=period)]
    if not any(part["text"].endswith("@") for part in read) and not text.endswith("@"):
        assert "".join(part["text"] for part in read) == text
    assert {part["number"] for part in read} == {TO}
    assert {part["validity"] for part in read} == {timedelta(seconds=period)}


@given(BMP)
def test_it_reads_our_ucs2_submissions(text):
    """Characters of the Basic Multilingual Plane, in as many parts as ours."""
    read = [theirs.decodeSmsPdu(p) for p in compose(TO, text, concat_ref=9, validity_s=None)]
    assert "".join(part["text"] for part in read) == text


@given(PLAIN | BMP, st.integers(0, 255), st.integers(0, 255))
def test_we_read_its_submissions(text, reference, octet):
    """And agree on the number of parts."""
    period = timedelta(seconds=relative_s(octet))
    written = theirs.encodeSmsSubmitPdu(TO, text, reference=reference, validity=period)
    read = [decode(str(part)) for part in written]
    assert "".join(part.text or "" for part in read) == text
    assert len(read) == len(compose(TO, text, concat_ref=0, validity_s=None))
    for part, octets in zip(read, written, strict=True):
        assert isinstance(part, Submit)
        assert part.recipient == Address(TO, ton=1)
        assert part.validity_s == period.total_seconds()
        assert tpdu_octets(str(octets)) == octets.tpduLength


@pytest.mark.parametrize("hours", [-5, 0, 5.5, 14])
def test_we_read_its_absolute_validity(hours):
    """A moment in a zone."""
    until = datetime(2024, 5, 1, 10, tzinfo=timezone(timedelta(hours=hours)))
    (written,) = theirs.encodeSmsSubmitPdu(TO, "x", validity=until)
    read = decode(str(written))
    assert isinstance(read, Submit)
    assert (read.validity_at, read.validity_zone) == (until.timestamp() * 1000, hours * 4)


@given(
    PLAIN.filter(lambda text: "@" not in text),
    st.integers(0, 3_000_000_000),
    st.integers(-48, 56),
    st.booleans(),
)
def test_it_reads_our_incoming_messages(text, seconds, zone, in_parts):
    """Sender, time, zone and place of what the simulator sends."""
    at = (seconds + 24 * 3600) * 1000
    part = Deliver(
        sender=Address(TO, ton=1),
        text=text[:70],
        sc_time=at,
        sc_zone=zone,
        concat=Concat(200, 3, 2) if in_parts else None,
    )
    read = theirs.decodeSmsPdu(part.encode())
    assert (read["number"], read["text"]) == (TO, text[:70])
    if datetime.fromtimestamp(at / 1000, UTC).year >= 2001:
        assert read["time"].timestamp() * 1000 == at
    if in_parts:
        (concat,) = read["udh"]
        assert (concat.reference, concat.parts, concat.number) == (200, 3, 2)
