"""What is written behind the words BLOOD, DONOR, PLEDGE and CAME, in the spellings of people."""

from __future__ import annotations

import pytest

from relay.community.callouts import words
from relay.community.callouts.words import Attributes, Offer, Request
from tests.community.callouts import FUND, rule

BLOOD = rule()
GROUP = BLOOD.matched


@pytest.mark.parametrize(
    ("text", "group", "rest"),
    [
        ("O- Bura", "O-", "Bura"),
        ("o neg Bura", "O-", "Bura"),
        ("O NEG, Bura", "O-", "Bura"),
        ("O\u2212 Bura", "O-", "Bura"),  # the minus sign
        ("O\u2013 Bura", "O-", "Bura"),  # a dash
        ("\uff2f\uff0b Bura", "O+", "Bura"),  # full width
        ("  o   POS  ", "O+", ""),
        ("a+", "A+", ""),
    ],
)
def test_a_value_is_known_in_its_spellings(text: str, group: str, rest: str) -> None:
    assert words.attributes(GROUP, text) == Attributes({"group": group}, rest)


@pytest.mark.parametrize("text", ["O Bura", "o", "O - Bura"])
def test_what_may_mean_two_things_is_asked_back(text: str) -> None:
    """A blank between O and a dash makes it no O-: of blood nothing is guessed."""
    read = words.attributes(GROUP, text)
    assert (read.unclear, read.choices, read.values) == ("group", ("O-", "O+"), {})


@pytest.mark.parametrize("text", ["", "Bura", "Z-", "0-"])
def test_what_means_nothing_is_missing(text: str) -> None:
    assert words.attributes(GROUP, text).missing == "group"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("O- 2 maternity", Request({"group": "O-"}, 2, spot="maternity")),
        ("o neg", Request({"group": "O-"}, 1)),
        ("O- \u0968", Request({"group": "O-"}, 2)),  # Devanagari
        ("O- 2 @Bura ward 3", Request({"group": "O-"}, 2, place="Bura", spot="ward 3")),
        ("O- maternity", Request({"group": "O-"}, 1, spot="maternity")),
        ("O- 2x maternity", None),
        ("O- 0", None),
        ("O- -3", Request({"group": "O-"}, 1, spot="-3")),
    ],
)
def test_a_request_says_what_and_how_many_and_where(text: str, found: Request | None) -> None:
    assert words.request(BLOOD, text) == found


def test_a_place_is_kept_while_the_group_is_asked_back() -> None:
    read = words.request(BLOOD, "O 2 maternity @Bura")
    assert isinstance(read, Attributes)
    assert (read.unclear, read.rest) == ("group", "2 maternity @Bura")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pump 300", Request({}, 300, "pump")),
        ("pump 1,500 school yard", Request({}, 1500, "pump", spot="school yard")),
        ("300", None),
        ("pump", None),
        ("pump 12.5", None),
    ],
)
def test_a_collection_says_what_for_and_how_much(text: str, found: Request | None) -> None:
    assert words.request(rule(FUND), text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pump 25", Offer("pump", 25)),
        ("25 PUMP", Offer("pump", 25)),
        ("25", Offer("", 25)),
        ("Water pump 1,000.", Offer("water pump", 1000)),
        ("pump \u0661\u0662", Offer("pump", 12)),  # Arabic-Indic
        ("pump 0", Offer("pump", 0)),
        ("pump", None),
        ("", None),
        ("pump 2.5", None),  # nobody knows whether that is 2.50 or 2500
        ("pump 1000000000000", None),
    ],
)
def test_a_pledge_is_a_whole_amount(text: str, found: Offer | None) -> None:
    assert words.offer(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("31-1", (31, 1)), ("31 1", (31, 1)), ("31/1.", (31, 1)), ("31", None), ("to you", None)],
)
def test_a_place_of_a_request_is_named_by_both_numbers(text: str, found: object) -> None:
    assert words.ref(text) == found


def test_an_answer_may_use_any_spelling_that_means_one_value() -> None:
    (group,) = GROUP
    assert words.spellings(group, ("O-", "O+")) == ("O-", "O+", "o neg", "o pos")
    assert [words.value_of(group, one) for one in ("O NEG", "o+", "o", "Z")] == [
        "O-",
        "O+",
        None,
        None,
    ]


@pytest.mark.parametrize("text", ["x " * 5000, "O" * 100_000, "@" * 5000, "9" * 50_000])
def test_a_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    """Whatever comes of it, it comes."""
    words.request(BLOOD, text)
    words.offer(text)
    words.ref(text)
    words.attributes(GROUP, text)
