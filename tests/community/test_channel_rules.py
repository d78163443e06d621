"""Channels by themselves: what a rule set may say, who may do what, and what a post costs."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.community.channels.composing import addressed, names, signed, text_for, texts_of
from relay.community.channels.costing import Pace, cost, pace
from relay.community.channels.deciding import (
    Effect,
    Hand,
    approval,
    may_join,
    may_post,
    may_reach,
    needed,
    same_hand,
)
from relay.community.channels.rules import LANGUAGES, Channel, read
from relay.core.caps import DAY_MS, MINUTE_MS, Cap
from relay.core.people import Consent, Person
from relay.core.posts import Post, PostState
from relay.core.quiet import Quiet
from relay.errors import RuleError, TextError

AUTHOR, SECOND, THIRD = (
    Person(id, number, tags=frozenset({"peace"}))
    for id, number in ((1, "+254700009001"), (2, "+254700009002"), (3, "+254700009003"))
)
STRANGER = Person(9, "+254700004001")
CHANNEL = Channel("PEACE", {"en": "Peace"}, frozenset({"peace"}), frozenset({"peace"}))
POST = Post(
    37, "PEACE", None, AUTHOR.number, AUTHOR.id, {"": "Stay calm."},
    PostState.WAITING_APPROVAL, 1_000, 2_000, None, 0,
)  # fmt: skip


def hand(person: Person) -> Hand:
    return Hand(person.number, person)


# --- the rule set -------------------------------------------------------------------------------

WHOLE = """
[channel.PEACE]
title.en = "Peace in the ward"
title.sw = "Amani"
posters = ["peace"]
approvers = ["peace", "elder"]
approvals = 1
approval_min = 20
join = "anyone"
groups = ["chief"]
places = true
reach = ["village", "ward"]
mode = "latest"
quiet = ["20:00", "07:00"]
languages = ["en", "sw"]
max_posts_per_day = 5
useful_h = 12
digest_min = 30
rumors_to = "peace"
"""


def test_a_channel_is_read() -> None:
    channel = read(tomllib.loads(WHOLE)["channel"])["PEACE"]
    assert channel.approvers == {"peace", "elder"}
    assert channel.quiet == Quiet("20:00", "07:00")
    assert (channel.latest, channel.places, channel.approval_ms) == (True, True, 20 * 60_000)
    assert (channel.join, channel.groups) == (frozenset(), {"chief"})


@pytest.mark.parametrize(
    ("line", "keys", "words"),
    [
        ('poster = ["a"]', ("PEACE", "poster"), "did you mean posters?"),
        ("approvals = 3", ("PEACE", "approvals"), "from 0 to 2"),
        ("approvals = true", ("PEACE", "approvals"), "from 0 to 2"),
        ('quiet = ["20:00"]', ("PEACE", "quiet"), '["20:00", "07:00"]'),
        ('quiet = ["20:00", "27:00"]', ("PEACE", "quiet"), "no two times"),
        ('mode = "newest"', ("PEACE", "mode"), '"all" or "latest"'),
        ('languages = ["de"]', ("PEACE", "languages"), '"de" is no language'),
        ('posters = ["Two words"]', ("PEACE", "posters"), "is no tag"),
        ('title.en = ""', ("PEACE", "title", "en"), "is empty"),
        ('posters = ["a"]\napprovals = 0\nreach = ["ward"]', ("PEACE", "reach"), "places = true"),
        ("places = 1", ("PEACE", "places"), "true or false"),
        ("", ("PEACE", "posters"), "is missing"),
        ('posters = ["a"]', ("PEACE", "approvers"), "approvals = 0"),
    ],
)
def test_a_mistake_says_where_and_what_to_write(
    line: str, keys: tuple[str, ...], words: str
) -> None:
    with pytest.raises(RuleError) as caught:
        read(tomllib.loads(f"[channel.PEACE]\n{line}\n")["channel"])
    assert caught.value.keys == ("channel", *keys)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["two words", "A-B", "", "x"])
def test_a_channel_has_one_plain_word_as_its_name(name: str) -> None:
    with pytest.raises(RuleError, match="no name of a channel"):
        read({name: {"posters": ["a"], "approvals": 0}})


def test_two_channels_do_not_differ_by_case_alone() -> None:
    table = {"posters": ["a"], "approvals": 0}
    with pytest.raises(RuleError, match="another channel"):
        read({"PEACE": table, "Peace": table})


# --- who may ------------------------------------------------------------------------------------


def test_who_may_post() -> None:
    assert may_post(CHANNEL, AUTHOR, 0) is None
    assert may_post(CHANNEL, STRANGER, 0) == "only_posters"
    assert may_post(CHANNEL, None, 0) == "only_posters"
    assert may_post(CHANNEL, AUTHOR, 10) == "too_many"
    assert may_post(replace(CHANNEL, posts_per_day=0), AUTHOR, 10) is None


def test_who_may_follow() -> None:
    closed = replace(CHANNEL, join=frozenset({"chw"}))
    assert may_join(CHANNEL, None) is None
    assert may_join(closed, STRANGER) == "members_only"
    assert may_join(closed, replace(STRANGER, tags=frozenset({"chw"}))) is None
    assert may_join(CHANNEL, replace(STRANGER, consent=Consent.STOPPED)) == "stopped_before"


def test_how_far_a_post_may_go() -> None:
    ward = replace(CHANNEL, reach=("village", "ward"))
    assert may_reach(ward, "Ward") is None
    assert may_reach(ward, "district") == "too_wide"
    assert may_reach(ward, None) == "name_a_place"
    assert may_reach(CHANNEL, None) is None


def test_how_many_must_approve() -> None:
    assert [needed(CHANNEL, quiet=quiet) for quiet in (False, True)] == [1, 2]
    nobody = replace(CHANNEL, approvals=0)
    assert [needed(nobody, quiet=quiet) for quiet in (False, True)] == [0, 0]


@pytest.mark.parametrize(
    ("approver", "others", "quiet", "effect", "key"),
    [
        (SECOND, [], False, Effect.GOES, "going"),
        (AUTHOR, [], False, Effect.NONE, "author_cannot"),
        (STRANGER, [], False, Effect.NONE, "not_approver"),
        (SECOND, [], True, Effect.COUNTED, "one_more"),
        (THIRD, [SECOND], True, Effect.GOES, "going"),
        (SECOND, [SECOND], True, Effect.NONE, "approved_twice"),
    ],
)
def test_an_approval(
    approver: Person, others: list[Person], quiet: bool, effect: Effect, key: str
) -> None:
    given = [hand(one) for one in others]
    verdict = approval(CHANNEL, POST, hand(AUTHOR), hand(approver), given, 1_500, quiet=quiet)
    assert (verdict.effect, verdict.key) == (effect, key)


@pytest.mark.parametrize("state", [one for one in PostState if one != "WAITING_APPROVAL"])
def test_an_ok_that_comes_again_or_late_changes_nothing(state: PostState) -> None:
    post = replace(POST, state=state)
    verdict = approval(CHANNEL, post, hand(AUTHOR), hand(SECOND), [], 1_500, quiet=False)
    assert verdict.effect is Effect.NONE


def test_an_approval_in_the_last_moment_and_after_it() -> None:
    at = [
        approval(CHANNEL, POST, hand(AUTHOR), hand(SECOND), [], now, quiet=False).key
        for now in (1_999, 2_000)
    ]
    assert at == ["going", "expired"]


def test_a_forged_approval_learns_nothing_of_the_post() -> None:
    """Whoever is no approver hears the same of every post."""
    heard = {
        approval(CHANNEL, replace(POST, state=state), hand(AUTHOR), hand(STRANGER), [], 1_500,
                 quiet=False).key
        for state in PostState
    }  # fmt: skip
    assert heard == {"not_approver"}


@pytest.mark.parametrize(
    "other",
    [
        Hand("0700009001"),
        Hand("+254711111111", replace(AUTHOR, number="+254711111111")),
        Hand("+254711111111", replace(SECOND, attributes={"second": AUTHOR.number})),
    ],
)
def test_an_author_is_himself_by_whatever_number(other: Hand) -> None:
    assert same_hand(hand(AUTHOR), other)
    assert same_hand(other, hand(AUTHOR))


def test_two_people_are_two() -> None:
    assert not same_hand(hand(AUTHOR), hand(SECOND))
    blood = [replace(one, attributes={"blood": "O-", "age": "31"}) for one in (AUTHOR, SECOND)]
    assert not same_hand(hand(blood[0]), hand(blood[1]))


# --- what was written ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("Shops are open.", {"": "Shops are open."}),
        ("en: Stay calm. sw: Tulieni.", {"en": "Stay calm.", "sw": "Tulieni."}),
        ("SW : Tulieni.  EN:Stay", {"sw": "Tulieni.", "en": "Stay"}),
        ("en： Stay", {"en": "Stay"}),
        ("Market: en: no language", {"": "Market: en: no language"}),
        ("en: the hen: a bird", {"en": "the hen: a bird"}),
        ("en: one en: two", {"en": "one"}),
        ("de: Ruhe", {"": "de: Ruhe"}),
        ("en: sw: Tulieni", {"sw": "Tulieni"}),
        ("en:", {}),
        ("  ", {}),
    ],
)
def test_a_post_in_several_languages(text: str, texts: dict[str, str]) -> None:
    found = texts_of(text, LANGUAGES)
    assert found == texts
    assert list(found) == list(texts)


def test_who_reads_none_of_the_languages_gets_the_first() -> None:
    texts = texts_of("sw: Tulieni. en: Stay calm.", LANGUAGES)
    assert [text_for(texts, one) for one in ("en", "ne", "")] == [
        "Stay calm.", "Tulieni.", "Tulieni.",
    ]  # fmt: skip
    assert text_for(signed(texts, "PEACE"), "en") == "PEACE: Stay calm."


@given(st.text(max_size=200))
def test_no_word_of_a_post_is_made_up(text: str) -> None:
    for words in texts_of(text, LANGUAGES).values():
        assert words in text


def test_what_may_be_a_place() -> None:
    assert addressed("@Bura East Shops are open") == "Bura East Shops are open"
    assert addressed("Shops @Bura") is None
    assert list(names("Bura East Shops"))[-1] == ("Bura", "East Shops")
    assert next(names("Bura East Shops")) == ("Bura East Shops", "")
    assert list(names("")) == []


# --- cost ---------------------------------------------------------------------------------------


def test_what_is_told_before_it_is_spent() -> None:
    found = cost({"en": 400, "": 12}, {"": "Shops are open."}, pace([]))
    assert (found.people, found.sms, found.time) == (412, 412, "35 min")
    assert not found.pace.measured


def test_each_language_is_paid_by_its_own_length() -> None:
    texts = {"en": "x" * 161, "ne": "न" * 70}
    found = cost({"en": 10, "ne": 5, "sw": 1}, texts, Pace(10.0, True))
    assert (found.sms, found.most_parts, found.minutes) == (27, 2, 3)


def test_nobody_costs_nothing() -> None:
    assert cost({}, {"": "x"}, pace([])).minutes == 0


def test_ten_thousand_are_hours() -> None:
    assert cost({"": 10_000}, {"": "x"}, pace([])).time == "14 h"


def test_a_text_that_no_sms_can_carry_has_no_cost() -> None:
    with pytest.raises(TextError):
        cost({"": 1}, {"": "x" * 40_000}, pace([]))


@pytest.mark.parametrize(
    ("submitted", "caps", "per_minute", "measured"),
    [
        ([], [], 12, False),
        (range(0, 40_000, 4_000), [], 12, False),  # nine gaps are too few
        (range(0, 44_000, 4_000), [], 15, True),
        ([at * 3_600_000 for at in range(40)], [], 12, False),  # it never had enough to do
        ([], [Cap("max_per_minute", 6, MINUTE_MS)], 6, False),
        ([], [Cap("max_per_day", 1_440, DAY_MS)], 1, False),
        ([], [Cap("max_recipients_per_day", 10, DAY_MS, recipients=True)], 12, False),
        ([0] * 12, [], 60_000, True),
    ],
)
def test_the_pace_is_measured_or_assumed_and_never_above_the_caps(
    submitted: list[int], caps: list[Cap], per_minute: float, measured: bool
) -> None:
    assert pace(list(submitted), caps) == Pace(per_minute, measured)
