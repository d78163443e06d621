"""What time it is, when some of those who say so are wrong by hours or by fifty years."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.timekeeping import (
    DAY_MS,
    MINUTE_MS,
    TOLERANCE_MS,
    Confidence,
    Correction,
    Count,
    Reckoning,
    Witness,
    correction,
    reckon,
    service_centre,
)

TRUE = 1_795_500_000_000  # November 2026
YEAR = 365 * DAY_MS
HOUR = 60 * MINUTE_MS
IN_1970 = 3 * HOUR
CERTAIN, LIKELY, UNKNOWN = Confidence
GOOD = Count(TRUE, LIKELY)


def off(by: int = 0, sure: Confidence = LIKELY) -> Count:
    """The computer was off, and gave its last sign of life `by` before the truth."""
    return Count(TRUE - by, sure, rested=True)


def says(name: str, off_by: int = 0) -> Witness:
    return Witness(name, TRUE + off_by)


def shows(off_by: int = 0) -> Witness:
    """A modem's clock, which nobody may ever have set."""
    return Witness("modem", TRUE + off_by, sure=False)


SERVER, CENTRE = says("server"), says("centre")


@pytest.mark.parametrize(
    ("what", "computer", "count", "witnesses", "at", "confidence"),
    [
        ("the first start", TRUE, None, [], TRUE, LIKELY),
        ("the first start, never set", IN_1970, None, [], IN_1970, UNKNOWN),
        ("as it was", TRUE + 5, GOOD, [], TRUE + 5, LIKELY),
        ("set forward by 50 years", TRUE + 50 * YEAR, GOOD, [], TRUE, UNKNOWN),
        ("set back by 50 years", TRUE - 50 * YEAR, GOOD, [], TRUE, UNKNOWN),
        ("set back by an hour", TRUE - HOUR, GOOD, [], TRUE, UNKNOWN),
        ("set by NTP", TRUE + MINUTE_MS, GOOD, [], TRUE + MINUTE_MS, LIKELY),
        ("off for a night", TRUE, off(by=9 * HOUR), [], TRUE, LIKELY),
        ("off, and its battery is dead", IN_1970, off(by=HOUR), [], TRUE - HOUR, UNKNOWN),
        ("off, and wrong within reason", TRUE - YEAR, off(by=HOUR), [], TRUE - HOUR, UNKNOWN),
        ("off, and fifty years ahead", TRUE + 50 * YEAR, off(), [], TRUE, UNKNOWN),
        ("set right by a person", TRUE, Count(IN_1970, UNKNOWN), [], TRUE, LIKELY),
        ("set right after a rest", TRUE, off(by=DAY_MS, sure=UNKNOWN), [], TRUE, LIKELY),
        ("one agrees", TRUE, None, [SERVER], TRUE, CERTAIN),
        ("one does not", TRUE, None, [says("server", HOUR)], TRUE, UNKNOWN),
        ("a modem agrees", TRUE, None, [shows()], TRUE, CERTAIN),
        ("a modem does not", TRUE, GOOD, [shows(HOUR)], TRUE, LIKELY),
        ("nor did it agree with the last time", TRUE, off(by=HOUR), [shows(YEAR)], TRUE, LIKELY),
        ("a modem knows better than a dead battery", IN_1970, None, [shows()], TRUE, LIKELY),
        ("and bears out the server", TRUE - YEAR, None, [SERVER, shows()], TRUE, CERTAIN),
        ("a modem that woke up in 2004", TRUE, None, [shows(-22 * YEAR)], TRUE, LIKELY),
        ("one of two does not", TRUE, None, [SERVER, says("centre", HOUR)], TRUE, CERTAIN),
        ("two say otherwise", TRUE - YEAR, None, [SERVER, CENTRE], TRUE, CERTAIN),
        ("three say three things", TRUE, None, [says("s", YEAR), says("c", HOUR)], TRUE, UNKNOWN),
        ("one knows 1970 to be wrong", IN_1970, None, [SERVER], TRUE, LIKELY),
        ("one, and the last sign of life", IN_1970, off(by=HOUR), [SERVER], TRUE, CERTAIN),
        ("one before that sign", IN_1970, off(), [says("server", -YEAR)], TRUE, UNKNOWN),
        ("a step that one confirms", TRUE + YEAR, GOOD, [says("s", YEAR)], TRUE + YEAR, CERTAIN),
        ("a step that one denies", TRUE + YEAR, GOOD, [SERVER], TRUE, CERTAIN),
        ("a server in 1970", TRUE, GOOD, [Witness("server", IN_1970)], TRUE, LIKELY),
    ],
)  # fmt: skip
def test_what_time_it_is(what, computer, count, witnesses, at, confidence):
    found = reckon(computer, count, witnesses)
    assert (found.at, found.confidence) == (at, confidence), what


def test_witnesses_are_named():
    """Status says whom to believe."""
    found = reckon(TRUE, None, [SERVER, says("centre", HOUR)])
    assert (found.by, found.against) == (("server",), ("centre",))


wrong = st.integers(TOLERANCE_MS + 1, 60 * YEAR).flatmap(lambda n: st.sampled_from((n, -n)))
liars = st.builds(says, st.sampled_from(["server", "centre", "other server"]), wrong)
rests = st.builds(lambda by: off(by=by), st.integers(0, 40 * DAY_MS))
honest_counts = st.none() | st.just(GOOD) | rests


@given(honest_counts, liars, st.booleans())
def test_one_liar_never_makes_a_sane_clock_be_called_wrong(count, liar, alone):
    witnesses = [liar] if alone else [liar, says("honest")]
    found = reckon(TRUE, count, witnesses)
    assert found.at == TRUE
    assert alone or found.confidence is CERTAIN


@given(st.builds(Count, st.integers(TRUE - 60 * YEAR, TRUE + 60 * YEAR), st.just(LIKELY)))
def test_a_count_that_lies_is_no_more_than_one_liar(count):
    assert reckon(TRUE, count, [SERVER]).at == TRUE


@given(st.integers(-50 * YEAR, 50 * YEAR), honest_counts)
def test_two_that_agree_are_believed(by, count):
    """Whatever the computer says."""
    found = reckon(TRUE + by, count, [SERVER, CENTRE])
    assert abs(found.at - TRUE) <= TOLERANCE_MS
    assert found.confidence is CERTAIN


times = st.integers(0, TRUE + 60 * YEAR)
anyone = st.lists(st.builds(Witness, st.sampled_from("abc"), times), max_size=4)
any_count = st.none() | st.builds(Count, times, st.sampled_from(Confidence), st.booleans())


@given(times, any_count, anyone)
def test_what_is_unknown_takes_nothing_away(computer, count, witnesses):
    """`earliest` is never later than anybody who may be right; and all of it is always found."""
    found = reckon(computer, count, witnesses)
    assert found.earliest <= found.at
    if found.confidence is not UNKNOWN:
        assert found.earliest == found.at
    elif count is not None and not count.rested:
        assert found.earliest <= max(count.at, computer)


# --- the service centre -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stamps", "says"),
    [
        ([], None),
        ([TRUE - 5_000], TRUE - 5_000),
        ([TRUE - 3 * HOUR], None),  # it was late
        ([TRUE - 3 * HOUR, TRUE - 2 * HOUR, TRUE - HOUR], None),
        ([TRUE - HOUR] * 3, TRUE - HOUR),  # three are not late by the same hour
        ([TRUE + HOUR], TRUE + HOUR),  # and none comes before it was sent
        ([TRUE - 3 * HOUR, TRUE], TRUE),
        ([TRUE - YEAR], TRUE - YEAR),
    ],
)
def test_a_late_message_is_no_wrong_clock(stamps, says):
    found = service_centre(stamps, TRUE)
    assert (found and found.at) == says


# --- correction ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "at", "found"),
    [
        (GOOD, TRUE + MINUTE_MS, None),
        (off(by=9 * HOUR), TRUE, None),  # it was a rest
        (off(by=9 * HOUR, sure=UNKNOWN), TRUE, Correction(0, TRUE - 9 * HOUR, 9 * HOUR)),
        (Count(IN_1970, UNKNOWN), TRUE, Correction(0, IN_1970, TRUE - IN_1970)),
        (Count(TRUE + YEAR, LIKELY), TRUE, Correction(0, TRUE + YEAR, -YEAR)),
    ],
)
def test_what_must_be_dated_anew(count, at, found):
    assert correction(count, 0, Reckoning(at, LIKELY, at)) == found
