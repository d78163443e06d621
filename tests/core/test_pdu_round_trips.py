"""decode(encode(x)) == x: over alphabets, headers, addresses and times."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from relay.core.pdu import Address, Concat, Deliver, StatusReport, Submit, decode

LETTERS = st.sampled_from("@£$ abcXYZ0189_\n\r^{}[~]|€\f\\àÜ§")
PLACES = st.one_of(
    st.none(),
    st.builds(
        lambda bits, ref, total, seq: Concat(ref % (1 << bits), max(total, seq), seq, bits),
        st.sampled_from([8, 16]),
        st.integers(0, 0xFFFF),
        st.integers(1, 255),
        st.integers(1, 255),
    ),
)
PORTS = st.one_of(st.none(), st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)))
NUMBERS = st.one_of(
    st.text("0123456789", min_size=1, max_size=20).map(lambda digits: Address("+" + digits, 1)),
    st.text("0123456789*#abc", max_size=20).map(Address),
    st.text("ABCxyz 09-", min_size=1, max_size=11).map(lambda name: Address(name, 5, 0)),
)
TIMES = st.integers(0, 3_000_000_000).map(lambda seconds: seconds * 1000)
ZONES = st.integers(-48, 56)


@given(
    NUMBERS,
    st.text(LETTERS, max_size=70),
    PLACES,
    PORTS,
    TIMES,
    ZONES,
    st.sampled_from([0x00, 0x10, 0x11, 0x40, 0xC8, 0xD0, 0xF0, 0x0C, 0x80]),
)
def test_every_text_of_the_gsm_alphabet_comes_back(sender, text, place, ports, at, zone, dcs):
    """decode(encode(x)) == x, whatever stands in front of the text."""
    at += 15 * 60 * 1000 * 79
    part = Deliver(
        sender=sender, text=text, concat=place, ports=ports, sc_time=at, sc_zone=zone, dcs=dcs
    )
    assert decode(part.encode()) == part


UNITS = st.lists(st.one_of(st.integers(0, 0xFFFF), st.integers(0xD800, 0xDFFF)), max_size=60)


@given(NUMBERS, UNITS, PLACES, PORTS, st.sampled_from([0x08, 0x18, 0x48, 0xE0]))
def test_every_text_in_ucs2_comes_back(recipient, units, place, ports, dcs):
    """Emoji, combining marks, halves of pairs: unit by unit."""
    octets = b"".join(unit.to_bytes(2, "big") for unit in units)
    text = octets.decode("utf-16-be", "surrogatepass")
    part = Submit(recipient=recipient, text=text, concat=place, ports=ports, dcs=dcs, report=True)
    assert decode(part.encode()) == part


@given(NUMBERS, st.binary(max_size=120), PLACES, PORTS, st.sampled_from([0x04, 0xF4, 0x24]))
def test_every_octet_of_data_comes_back(sender, data, place, ports, dcs):
    """Data is not text, and stays as it is."""
    part = Deliver(sender=sender, data=data, concat=place, ports=ports, dcs=dcs)
    assert decode(part.encode()) == part


@given(NUMBERS, st.integers(0, 255), st.integers(0, 255), TIMES, st.one_of(st.none(), TIMES))
def test_every_report_comes_back(recipient, mr, tp_st, sent, ended):
    """Reference, status and both times."""
    written = StatusReport(
        recipient=recipient, mr=mr, tp_st=tp_st, sc_time=sent, discharge_time=ended
    )
    assert decode(written.encode()) == written
