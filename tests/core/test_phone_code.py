"""The code that is read out on the phone: it comes back whole, or not at all."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.cli.explain import explanations
from relay.core.doctor.graph import Mark
from relay.core.doctor.phone_code import (
    ALPHABET,
    MOST,
    MOST_FAULTS,
    BadCode,
    Call,
    Fault,
    number,
    read,
    write,
)
from relay.core.station import Running

CODES = tuple(explanations())
figures = st.none() | st.integers(0, MOST)
faults = st.builds(
    lambda code, mark, subject: Fault(number(code), mark, subject, code),
    st.sampled_from(CODES),
    st.sampled_from([Mark.WARN, Mark.FAIL, Mark.UNKNOWN]),
    st.integers(0, 7),
)
calls = st.builds(
    Call,
    day=st.dates(date(2020, 1, 1), date(2109, 1, 1)).map(str),
    exit=st.integers(0, 3),
    running=st.sampled_from(Running),
    waiting=figures,
    here=figures,
    rssi=st.none() | st.integers(0, 30),
    faults=st.lists(faults, max_size=MOST_FAULTS).map(tuple),
    more=st.booleans(),
)


def test_no_two_codes_have_the_same_number() -> None:
    """If this fails for a new code, give it another name."""
    assert len({number(code) for code in CODES}) == len(CODES)


@given(calls)
def test_what_is_written_is_read_and_fits_one_sms(call: Call) -> None:
    code = write(call)
    assert len(code) <= 160
    assert read(code, CODES) == call


@given(calls, st.data())
def test_one_wrong_character_is_found(call: Call, data: st.DataObject) -> None:
    code = write(call)
    places = [at for at, one in enumerate(code) if at > 3 and one != "-"]
    at = data.draw(st.sampled_from(places))
    wrong = data.draw(st.sampled_from([one for one in ALPHABET if one != code[at]]))
    with pytest.raises(BadCode):
        read(code[:at] + wrong + code[at + 1 :], CODES)


@given(calls, st.data())
def test_two_characters_that_changed_places_are_found(call: Call, data: st.DataObject) -> None:
    plain = write(call).replace("-", "")
    at = data.draw(st.integers(3, len(plain) - 2))
    swapped = plain[:at] + plain[at + 1] + plain[at] + plain[at + 2 :]
    if swapped != plain:
        with pytest.raises(BadCode):
            read(swapped, CODES)


@given(calls, st.data())
def test_a_group_that_was_left_out_is_found(call: Call, data: st.DataObject) -> None:
    groups = write(call).split("-")
    left_out = data.draw(st.integers(1, len(groups) - 1))
    with pytest.raises(BadCode):
        read("-".join(groups[:left_out] + groups[left_out + 1 :]), CODES)


def test_it_may_be_written_down_as_people_do() -> None:
    call = Call("2026-11-24", 2, Running.YES, faults=(Fault(number("NET_DNS"), Mark.FAIL, 0,
                                                            "NET_DNS"),))  # fmt: skip
    code = write(call)
    heard = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert read(heard.replace("rdl", "rd1"), CODES) == call


@pytest.mark.parametrize("text", ["", "RD1", "hello", "RD1-0000", "XX1-0000-0000"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(BadCode):
        read(text, CODES)


def test_an_unknown_fault_is_said_to_be_one() -> None:
    call = Call("2026-11-24", 2, Running.NO, faults=(Fault(number("NEW_FAULT"), Mark.FAIL, 1),))
    assert read(write(call), CODES).faults == call.faults
