"""Out of credit, or not: refusals and balances weighed together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.causes import cause
from relay.core.credit import (
    Credit,
    Purse,
    Suspicion,
    accepted,
    balance_seen,
    hoped_for,
    probe_due_at,
    probe_wait_ms,
    refused,
    suspicion,
)

NOW = 1_780_000_000_000
HOUR = 3_600_000
STRONG, WEAK, NONE = Suspicion.STRONG, Suspicion.WEAK, Suspicion.NONE
UNKNOWN = Purse()
EMPTY = Purse(amount=50_000, price=200_000)
LITTLE = Purse(amount=400_000, price=200_000)
FULL = Purse(amount=38_200_000, price=200_000)
BUNDLE = Purse(amount=0, sms=25, price=200_000)


@pytest.mark.parametrize(
    ("family", "number", "sign"),
    [
        ("CMS", 21, STRONG), ("CMS", 38, WEAK), ("CMS", 500, WEAK), ("CMS", 8, WEAK),
        ("CMS", 50, WEAK), ("CMS", 10, WEAK), ("CMS", 42, WEAK), ("CMS", 529, WEAK),
        ("CMS", 1, NONE), ("CMS", 28, NONE), ("CMS", 331, NONE), ("CMS", 310, NONE),
        ("CMS", 96, NONE), ("CMS", 515, NONE), ("CME", 100, WEAK), ("", None, WEAK),
    ],
)  # fmt: skip
def test_what_a_refusal_suggests(family: str, number: int | None, sign: Suspicion) -> None:
    assert suspicion(cause(family, number)) is sign


@pytest.mark.parametrize(
    ("sign", "purse", "needed"),
    [
        (STRONG, EMPTY, 1), (WEAK, EMPTY, 1), (STRONG, UNKNOWN, 3), (STRONG, LITTLE, 3),
        (STRONG, FULL, None), (STRONG, BUNDLE, None), (WEAK, UNKNOWN, None), (WEAK, FULL, None),
        (NONE, EMPTY, None), (STRONG, Purse(amount=0), 1), (STRONG, Purse(amount=5_000_000), 3),
        (STRONG, Purse(sms=0), 1),
    ],
)  # fmt: skip
def test_how_many_refusals_it_takes(sign: Suspicion, purse: Purse, needed: int | None) -> None:
    credit, out_after = Credit(), None
    for n in range(1, 30):
        credit = refused(credit, sign, "x", purse, NOW)
        if credit.out and out_after is None:
            out_after = n
    assert out_after == needed


def test_an_acceptance_in_between_starts_the_count_anew() -> None:
    credit = Credit()
    for _ in range(20):
        credit = refused(credit, STRONG, "x", UNKNOWN, NOW)
        credit = refused(credit, STRONG, "x", UNKNOWN, NOW)
        credit = accepted(credit, UNKNOWN)
    assert not credit.out


def test_the_balance_decides_a_suspicion() -> None:
    suspect = refused(Credit(), WEAK, "+CMS ERROR: 38", UNKNOWN, NOW)
    assert not suspect.out
    assert balance_seen(suspect, EMPTY, NOW).out
    assert not balance_seen(suspect, FULL, NOW).out
    assert not balance_seen(Credit(), EMPTY, NOW).out  # nothing was refused: a bundle may pay


def test_a_bundle_that_pays_is_believed_until_it_ends() -> None:
    credit = accepted(Credit(), EMPTY)
    credit = refused(credit, WEAK, "x", EMPTY, NOW)
    assert not balance_seen(credit, EMPTY, NOW).out
    assert refused(credit, STRONG, "x", EMPTY, NOW).out


@pytest.mark.parametrize(
    ("level", "purse", "out"),
    [
        (0, FULL, False), (50_000, EMPTY, True), (None, FULL, False), (None, UNKNOWN, True),
        (400_000, LITTLE, True), (0, LITTLE, False), (0, BUNDLE, False),
    ],
)  # fmt: skip
def test_a_balance_that_has_risen_and_pays_ends_it(
    level: int | None, purse: Purse, out: bool
) -> None:
    credit = Credit(out_since=NOW, level=level)
    assert balance_seen(credit, purse, NOW).out is out


def test_a_fall_lowers_what_a_top_up_must_exceed() -> None:
    credit = balance_seen(Credit(out_since=NOW, level=150_000), Purse(100_000, None, 120_000), NOW)
    assert not balance_seen(credit, Purse(140_000, None, 120_000), NOW).out


def test_probes_come_at_growing_pauses() -> None:
    credit = refused(Credit(), STRONG, "x", EMPTY, NOW)
    waits, now = [], NOW
    for _ in range(10):
        waits.append((credit.probe_at - now) // 60_000)
        now = credit.probe_at
        credit = refused(credit, STRONG, "x", EMPTY, now)
    assert waits == [5, 10, 20, 40, 80, 160, 320, 360, 360, 360]
    assert accepted(credit, EMPTY) == Credit(paid_otherwise=True)


def test_a_top_up_is_probed_at_once() -> None:
    credit = Credit(out_since=NOW, probes=8, probe_at=NOW + 6 * HOUR)
    assert hoped_for(credit, NOW + 1) == Credit(out_since=NOW, probes=0, probe_at=NOW + 1)
    assert hoped_for(Credit(), NOW) == Credit()


def test_a_wrong_clock_does_not_put_the_probe_off_for_years() -> None:
    credit = Credit(out_since=NOW, probe_at=NOW)
    years_before = NOW - 10_000 * HOUR
    assert probe_due_at(credit, years_before) <= years_before
    assert probe_due_at(credit, NOW - 6 * HOUR) == NOW


@given(st.lists(st.sampled_from(["strong", "weak", "none"]), max_size=60), st.integers(0, 10**9))
def test_whatever_comes_an_accepted_message_ends_it(signs: list[str], amount: int) -> None:
    credit, purse = Credit(), Purse(amount, None, 200_000)
    for sign in signs:
        credit = refused(credit, Suspicion(sign), "x", purse, NOW)
        assert 0 <= credit.probe_at - NOW <= 6 * HOUR or not credit.out
    assert not accepted(credit, purse).out
    assert probe_wait_ms(len(signs)) <= 6 * HOUR
