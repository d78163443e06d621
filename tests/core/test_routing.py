"""Which modem takes which message: a table, and that no message is left without one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.routing import (
    Route,
    abandoned,
    back_by,
    expected,
    operators_of,
    selection_of,
    takers,
)

NOW = 1_700_000_000_000
PATIENCE = 300_000
ZAMBIA = operators_of(["64502 +26096 +26076", "64501 +26097 +26077"])
MTN, AIRTEL = "+260966000001", "+260977000001"


def gone(route: Route, ago_s: int) -> Route:
    return replace(route, works=False, since=NOW - ago_s * 1000)


ANY = Route("any", works=True, since=0)
LIKE = Route("like", works=True, since=0, prefixes=("+26096",))
SURE = Route("sure", works=True, since=0, prefixes=("+260966",))
SIM = Route("sim", works=True, since=0, network="645021234567890")
EMPTY = Route("empty", works=True, since=0, credit=0.0)
RICH = Route("rich", works=True, since=0, credit=12.5)


@pytest.mark.parametrize(
    ("recipient", "routes", "expected_takers"),
    [
        (MTN, [ANY], "any"),
        (MTN, [ANY, LIKE], "like"),
        (AIRTEL, [ANY, LIKE], "any like"),
        (MTN, [ANY, LIKE, SURE], "sure"),
        (MTN, [ANY, LIKE, gone(SURE, 10)], "sure"),  # it may be back any moment
        (MTN, [ANY, LIKE, gone(SURE, 300)], "like"),
        (MTN, [ANY, gone(LIKE, 301), gone(SURE, 300)], "any"),
        (MTN, [ANY, SIM], "sim"),
        (AIRTEL, [ANY, SIM], "any sim"),
        (MTN, [LIKE, SIM], "like"),  # what a person wrote beats what is known of operators
        ("0966000001", [ANY, LIKE, SIM], "any like sim"),
        (MTN, [ANY, EMPTY], "any"),
        (MTN, [EMPTY, RICH], "rich"),
        (MTN, [replace(LIKE, credit=0.0), ANY], "any"),  # its prefix pays for nothing
        (MTN, [EMPTY], "empty"),  # who knows; and no other can
        (MTN, [ANY, gone(ANY, 10)], "any"),
        (MTN, [gone(ANY, 10)], ""),
        (MTN, [], ""),
    ],
)
def test_who_takes_a_message(recipient, routes, expected_takers):
    taken = takers(recipient, routes, ZAMBIA, NOW, PATIENCE)
    assert taken == frozenset(expected_takers.split())


def test_a_modem_is_waited_for_as_long_as_the_patience_lasts():
    away = gone(SURE, 10)
    assert expected(away, NOW, PATIENCE)
    assert back_by([ANY, away], NOW, PATIENCE) == NOW - 10_000 + PATIENCE
    assert abandoned([ANY, away], NOW, PATIENCE) == []
    later = NOW + PATIENCE
    assert abandoned([ANY, away, Route("never", works=False)], later, PATIENCE) == [
        "sure",
        "never",
    ]
    assert back_by([ANY, away], later, PATIENCE) is None


def test_a_clock_that_was_set_back_lets_nobody_wait_for_years():
    ahead = replace(SURE, works=False, since=NOW + 10**11)
    assert back_by([ahead], NOW, PATIENCE) == NOW + PATIENCE


def test_a_modem_that_is_alone_takes_everything():
    only = selection_of("sure", [SURE], ZAMBIA, NOW, PATIENCE)
    assert only.takes(0, AIRTEL) and only.opens_at is None


routes = st.lists(
    st.builds(
        Route,
        name=st.sampled_from("abcd"),
        works=st.booleans(),
        since=st.one_of(st.none(), st.integers(NOW - 2 * PATIENCE, NOW + PATIENCE)),
        prefixes=st.lists(st.sampled_from(["+260", "+26096", "+260977", "0"])).map(tuple),
        network=st.sampled_from(["", "645021", "645019", "63902"]),
        credit=st.sampled_from([None, 0.0, -1.0, 5.0]),
    ),
    max_size=4,
    unique_by=lambda route: route.name,
)
numbers = st.sampled_from([MTN, AIRTEL, "0966000001", "+254700000001", "111"])


@given(routes, numbers)
def test_every_message_has_a_modem_that_works_once_the_patience_is_over(known, number):
    """Whatever prefixes, operators and credit say: as long as one works."""
    late = NOW + 2 * PATIENCE
    taken = takers(number, known, ZAMBIA, late, PATIENCE)
    working = {route.name for route in known if route.works}
    assert bool(taken) == bool(working)
    assert taken <= working


@given(routes, numbers)
def test_who_works_takes_it_or_it_is_known_how_long_to_wait(known, number):
    """No message is left that nobody takes and nobody is asked about again."""
    taken = takers(number, known, ZAMBIA, NOW, PATIENCE)
    if any(route.works for route in known) and not any(r.works for r in known if r.name in taken):
        again = back_by(known, NOW, PATIENCE)
        assert again is not None and NOW < again <= NOW + PATIENCE


@given(routes, numbers)
def test_what_the_modems_may_claim_is_what_the_rule_says(known, number):
    taken = takers(number, known, ZAMBIA, NOW, PATIENCE)
    if len(known) > 1:
        for route in known:
            mine = selection_of(route.name, known, ZAMBIA, NOW, PATIENCE)
            assert mine.takes(0, number) == (route.name in taken)
