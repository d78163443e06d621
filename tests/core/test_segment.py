"""Cutting a text into parts, and putting the parts together again."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.pdu import Concat, Deliver, Shift, Submit, decode
from relay.core.segment import compose, join_text, segment
from relay.errors import NumberError, TextError

REPORTS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "data" / "reports.json").read_text(encoding="utf-8")
)
TO = "+254700000001"


def parts(text: str, **how: Any) -> list[Submit]:
    """The submissions that a text becomes."""
    read = [decode(pdu) for pdu in compose(TO, text, concat_ref=7, validity_s=None, **how)]
    return [part for part in read if isinstance(part, Submit)]


def received(text: str, **how: Any) -> list[Deliver]:
    """What the network makes of them for the other side."""
    return [
        Deliver(
            sender=part.recipient,
            dcs=part.dcs,
            text=part.text,
            concat=part.concat,
            shift=part.shift,
        )
        for part in parts(text, **how)
    ]


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report["why"])
def test_every_report_is_carried_exactly(report):
    """Encoding, units and segments are the known ones, and the text comes back as it was."""
    cut = segment(report["text"])
    assert cut.encoding == report["enc"]
    assert cut.units == report["units"]
    assert len(cut.parts) == report["segments"]
    assert join_text(received(report["text"])) == report["text"]


@pytest.mark.parametrize(
    ("text", "encoding", "lengths"),
    [
        ("x" * 160, "gsm7", [160]),
        ("x" * 161, "gsm7", [153, 8]),
        ("x" * 152 + "€" + "x" * 20, "gsm7", [152, 21]),
        ("[]{}€" * 16, "gsm7", [80]),
        ("€" * 81, "gsm7", [76, 5]),
        ("ह" * 70, "ucs2", [70]),
        ("ह" * 71, "ucs2", [67, 4]),
        ("😀", "ucs2", [1]),
        ("😀" * 35, "ucs2", [35]),
        ("x" * 66 + "😀" + "x" * 10, "ucs2", [66, 11]),
        ("ÿ", "ucs2", [1]),
        ("a\fb", "gsm7", [3]),
        ("1234567@", "gsm7", [8]),
        ("ş", "ucs2", [1]),
        ("a`b", "ucs2", [3]),
        ("a§b", "gsm7", [3]),
        ("x" * 1000, "gsm7", [153] * 6 + [82]),
        ("", "gsm7", [0]),
        ("\x1b", "ucs2", [1]),
    ],
)
def test_how_a_text_is_cut(text, encoding, lengths):
    """As few parts as can be; no pair is ever torn apart."""
    cut = segment(text)
    assert (cut.encoding, [len(part) for part in cut.parts]) == (encoding, lengths)
    assert [part.text for part in parts(text)] == list(cut.parts)


@pytest.mark.parametrize(
    ("text", "lengths"), [("x" * 161, [152, 9]), ("ह" * 71, [66, 5]), ("x" * 160, [160])]
)
def test_a_16_bit_reference_takes_room(text, lengths):
    """One septet, or one unit with its padding."""
    cut = segment(text, ref_bits=16)
    assert [len(part) for part in cut.parts] == lengths
    assert [len(part.text or "") for part in parts(text, ref_bits=16)] == lengths


# --- what cannot be sent ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a\0b", "text.nul"),
        ("\0", "text.nul"),
        ("a\ud83d", "text.surrogate"),
        ("\udc4d\ud83d", "text.surrogate"),
        ("x" * (153 * 255 + 1), "text.too_long"),
        ("ह" * (67 * 255 + 1), "text.too_long"),
    ],
)
def test_a_text_that_no_sms_can_carry_is_refused(text, code):
    """The code goes to the server as the reason."""
    with pytest.raises(TextError) as caught:
        segment(text)
    assert caught.value.code == code
    assert caught.value.detail


def test_255_parts_are_possible():
    """The count of parts is an octet."""
    assert len(segment("x" * (153 * 255)).parts) == 255


def test_a_recipient_that_cannot_be_dialled_is_refused():
    """Nothing is composed for a name."""
    with pytest.raises(NumberError):
        compose("MPESA", "x", concat_ref=0, validity_s=None)


# --- national tables ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "national", "shift", "count"),
    [
        ("ş" + "x" * 100, ["tr"], Shift(single=1), 1),
        ("ş" * 100, ["turkish"], Shift(locking=1), 1),
        ("Ağrı için ilaç{}" * 8 + "ê", ["tr"], Shift(), 2),
        ("नमस्ते " * 20, ["hindi"], Shift(locking=6), 1),
        ("नमस्ते १० A" * 9, ["hi", "tr"], Shift(locking=6, single=6), 1),
        ("á" * 75, ["es"], Shift(single=2), 1),
        ("~" * 155, ["pt"], Shift(locking=3), 1),
        ("plain text", ["hi"], Shift(), 1),
        ("नमस्ते", ["hi"], Shift(), 1),
    ],
)
def test_a_national_table_is_used_where_it_saves_a_part(text, national, shift, count):
    """Otherwise the text goes in what every phone can show."""
    cut = segment(text, national=national)
    assert (cut.shift, len(cut.parts)) == (shift, count)
    assert join_text(received(text, national=national)) == text
    assert {part.shift for part in parts(text, national=national)} == {shift}


def test_no_national_table_without_being_asked():
    """Many phones cannot show them."""
    assert segment("ş" * 100).shift == Shift()


def test_a_language_without_tables_is_a_mistake():
    """The configuration is checked before; this is the last guard."""
    with pytest.raises(ValueError, match="klingon"):
        segment("x", national=["klingon"])


@given(
    st.text(st.sampled_from("aZ€[şğİ नमस्ते१०,😀"), max_size=400),
    st.lists(st.sampled_from(["tr", "hi", "es", "pt", "ur"]), max_size=3),
    st.sampled_from([8, 16]),
)
def test_a_table_more_never_costs_a_part_more(text, national, ref_bits):
    """More languages to choose from: as many parts or fewer, and every part fits."""
    free = segment(text, national=national, ref_bits=ref_bits)
    assert len(free.parts) <= len(segment(text, ref_bits=ref_bits).parts)
    assert "".join(free.parts) == text
    assert len(parts(text, national=national, ref_bits=ref_bits)) == len(free.parts)


# --- composing ----------------------------------------------------------------------------------


def test_one_submission_for_each_part():
    """Same reference, count and recipient; numbered from one."""
    read = parts("x" * 400)
    assert [part.concat for part in read] == [Concat(7, 3, seq) for seq in (1, 2, 3)]
    assert {part.recipient.number for part in read} == {TO}
    assert all(part.report and part.smsc == "" for part in read)


def test_a_single_part_has_no_header():
    """The reference is for long messages only."""
    (read,) = parts("x" * 160)
    assert read.concat is None
    assert not read.has_header


@pytest.mark.parametrize(("ref_bits", "ref"), [(8, 0x34), (16, 0x1234)])
def test_only_the_bits_of_the_reference_travel(ref_bits, ref):
    """A counter may run on for ever."""
    pdus = compose(TO, "x" * 161, concat_ref=0x51234, validity_s=None, ref_bits=ref_bits)
    assert {decode(pdu).concat for pdu in pdus} == {
        Concat(ref, 2, seq, ref_bits) for seq in (1, 2)
    }


def test_known_octets():
    """What goes to the modem, octet by octet."""
    assert compose("0820000001", "hi", concat_ref=1, validity_s=86_400) == (
        "0031000A8180020000100000A702E834",
    )
    assert compose(TO, "हि", concat_ref=1, validity_s=None, report=False, flash=True) == (
        "0001000C91527400000010001804" + "0939093F",
    )


@pytest.mark.parametrize(("text", "dcs"), [("x", 0x10), ("ह", 0x18)])
def test_a_flash_message_is_of_class_0(text, dcs):
    """Shown at once, and not stored by the phone."""
    (read,) = parts(text, flash=True)
    assert (read.dcs, read.message_class) == (dcs, 0)


def test_the_validity_is_at_least_what_was_asked_for():
    """A reminder that is good for an hour is not kept for days."""
    (pdu,) = compose(TO, "x", concat_ref=0, validity_s=3601)
    read = decode(pdu)
    assert isinstance(read, Submit)
    assert read.validity_s == 3900


# --- joining ------------------------------------------------------------------------------------


@given(st.text(max_size=500).filter(lambda text: "\0" not in text), st.randoms())
def test_parts_in_any_order_give_the_text(text, chance: random.Random):
    """Networks reorder and repeat parts."""
    came = received(text)
    if len(came) > 1:
        came += came
        chance.shuffle(came)
    assert join_text(came) == text


def pieces(*texts: str, first: int = 1) -> list[Deliver]:
    total = len(texts) + first
    return [
        Deliver(sender=parts("x")[0].recipient, dcs=8, text=text, concat=Concat(1, total, seq))
        for seq, text in enumerate(texts, start=first)
    ]


def test_a_character_cut_in_two_becomes_whole():
    """Some phones cut between the halves of a surrogate pair."""
    assert join_text(pieces("ok \ud83d", "\udc4d!")) == "ok 👍!"


def test_half_a_character_without_the_other_is_marked():
    """U+FFFD: a server would refuse the whole batch for half a pair."""
    assert join_text(pieces("ok \ud83d")) == "ok \ufffd"
    assert join_text(pieces("\udc4d", "\ud83d", "x")) == "\ufffd\ufffdx"


def test_halves_around_a_missing_part_do_not_meet():
    """They belong to two characters."""
    one, _, three = pieces("a\ud83d", "…", "\udc4db")
    assert join_text([three, one]) == "a\ufffd\ufffdb"


def test_parts_without_a_place_keep_their_order():
    """A message of one part has none; nothing at all is an empty text."""
    assert join_text([]) == ""
    assert join_text([Deliver(sender=parts("x")[0].recipient, text="alone")]) == "alone"
    assert join_text([Deliver(sender=parts("x")[0].recipient, data=b"\1", dcs=4)]) == ""
