"""Channels as people meet them: who gets what, and how often, by the real engine and store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.clock import from_local
from relay.core.people import Consent
from relay.core.posts import PostState
from relay.store import channels, people, places, posts
from relay.store.channels import EVERYWHERE
from tests.village import Heard, Village, texts

RULES = """
[channel.PEACE]
posters = ["team"]
approvers = ["team"]
places = true
quiet = ["20:00", "07:00"]
rumors_to = ["elder"]

[channel.BOARD]
posters = ["team"]
approvals = 0
mode = "latest"
quiet = ["22:00", "06:00"]

[channel.STAFF]
posters = ["team"]
approvals = 0
join = ["nurse"]
"""
MORNING = from_local("2026-11-23 10:00")
A, B, C = "+9001", "+9002", "+9003"
ASHA, BEN, CAT = "+3001", "+3002", "+3003"
TEST = "test"


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    with Village(tmp_path, rules=RULES, now=MORNING) as village:
        assert village.rules.faults == ()
        with village.db.transaction() as tx:
            bura = places.add(tx, MORNING, "Bura", "bura", "ward", None, TEST)
            for name in ("Huruma", "Mara"):
                places.add(tx, MORNING, name, name.lower(), "village", bura.id, TEST)
            for number in (A, B, C):
                people.tag(tx, MORNING, people.ensure(tx, MORNING, number, TEST).id, "team", TEST)
        yield village


def only(heard: list[Heard]) -> str:
    """The one message that there is."""
    assert len(heard) == 1, texts(heard)
    return heard[0].text


def follow(village: Village, *numbers: str, channel: str = "PEACE", at: str = "huruma") -> None:
    with village.db.transaction() as tx:
        place = places.find(tx, at)
        for number in numbers:
            person = people.ensure(tx, MORNING, number, TEST)
            channels.follow(
                tx, MORNING, channel, person.id, place.id if place else EVERYWHERE, TEST
            )


def crowd(village: Village, count: int, **more: str) -> list[str]:
    numbers = [f"+2547{n:08}" for n in range(count)]
    follow(village, *numbers, **more)
    return numbers


def approved(village: Village, text: str = "POST PEACE @HURUMA Stay calm.") -> list[Heard]:
    """A post that is going out; what was heard since its approval, without the answer to it."""
    village.says(A, text)
    heard = village.says(B, f"OK {latest(village)}")
    assert heard[0].text.endswith("is going out.")
    return heard[1:]


def latest(village: Village) -> int:
    return int(village.db.value("SELECT max(code) FROM post"))


def state(village: Village) -> str:
    return str(village.db.value("SELECT state FROM post ORDER BY code DESC LIMIT 1"))


# --- to follow ----------------------------------------------------------------------------------


def test_to_join_twice_changes_nothing(village: Village) -> None:
    first = only(village.says(ASHA, "JOIN PEACE HURUMA"))
    assert first == (
        "You will get PEACE messages for Huruma. To leave: LEAVE PEACE. To stop all: STOP"
    )
    assert only(village.says(ASHA, " join  peace huruma. ")) == (
        "You are already in PEACE for Huruma."
    )
    with village.db.transaction() as tx:
        asha = people.by_number(tx, ASHA)
    assert asha is not None
    assert (asha.consent, asha.consent_source) == (Consent.GIVEN, "sms in 1")


def test_a_near_miss_is_asked_back(village: Village) -> None:
    assert only(village.says(BEN, "JOIN PEACE HURMA")) == "Did you mean HURUMA? Reply YES."
    assert only(village.says(BEN, "yes")).startswith("You will get PEACE messages for Huruma.")
    assert only(village.says(CAT, "JOIN PEECE MARA")) == "Did you mean PEACE? Reply YES."
    assert only(village.says(CAT, "Yes!")).startswith("You will get PEACE messages for Mara.")
    assert village.says(CAT, "JOIN PEECE") and village.says(CAT, "no") == []


def test_what_a_stranger_hears(village: Village) -> None:
    for text, answer in (
        ("JOIN", "Send JOIN and a name. Channels: BOARD, PEACE"),
        ("JOIN NEWS", "There is no channel NEWS. Channels: BOARD, PEACE"),
        ("JOIN PEACE Nairobi", "There is no place Nairobi here. Please check and send again."),
        ("JOIN STAFF", "STAFF is only for its members. Please ask at the clinic."),
        ("LEAVE PEACE", "You are not in PEACE. To stop all messages: STOP"),
        ("LIST", "Channels: BOARD, PEACE. To join: JOIN name"),
        ("POST PEACE hello", "Only posters can post to PEACE."),
        ("POST NEWS hello", "There is no channel NEWS. Channels: BOARD, PEACE"),
        ("GET PEACE", "There is no PEACE message yet."),
        ("LANG xx", "Send LANG and one of: en fr sw es ne hi pt"),
        ("FOLOW PEACE", "Unknown command. Send HELP."),
    ):
        assert only(village.says("+4001", text)) == answer


def test_what_only_begins_like_a_command_is_none(village: Village) -> None:
    for text in (
        "at home", "who is there", "get well soon", "on monday", "off we go", "list of drugs",
        "lang may yer lum reek", "status quo", "pause please", "hello",
    ):  # fmt: skip
        assert village.says("+4001", text) == []


def test_who_has_stopped_must_start_before_he_joins(village: Village) -> None:
    village.says(ASHA, "STOP")
    assert only(village.says(ASHA, "JOIN BOARD")) == (
        "You have stopped all messages. Send START first, then JOIN BOARD"
    )
    village.says(ASHA, "START")
    assert only(village.says(ASHA, "JOIN BOARD")).startswith("You will get all BOARD messages.")


def test_what_is_known_of_a_follower(village: Village) -> None:
    village.says(ASHA, "JOIN PEACE HURUMA")
    village.says(ASHA, "JOIN BOARD")
    assert only(village.says(ASHA, "who")).startswith("You get: BOARD, PEACE (Huruma). ")
    assert only(village.says(BEN, "WHO PEACE")) == "Followers of PEACE: 1."
    assert only(village.says(ASHA, "AT MARA")) == "You are at Mara now."
    assert "PEACE (Mara)" in only(village.says(ASHA, "WHO"))
    assert only(village.says(ASHA, "AT HURMA")) == "Did you mean HURUMA? Reply YES."
    assert only(village.says(ASHA, "YES")) == "You are at Huruma now."
    assert only(village.says(ASHA, "LEAVE PEACE")) == "You will get no more PEACE messages."
    assert only(village.says(ASHA, "leave")) == "You will get no more BOARD messages."


def test_who_chooses_a_language_is_answered_in_it(village: Village) -> None:
    assert only(village.says(ASHA, "LANG sw")) == "Ujumbe utakuja kwa Kiswahili sasa."
    assert only(village.says(ASHA, "JIUNGE PEACE HURUMA")).startswith("Utapata ujumbe wa PEACE")
    assert only(village.says(ASHA, "LANG English")) == "Messages come in English now."


# --- to post ------------------------------------------------------------------------------------


def test_a_post_is_told_its_cost_and_waits_for_a_second_person(village: Village) -> None:
    crowd(village, 12)
    follow(village, ASHA, at="mara")
    answer = only(village.says(A, "POST PEACE @HURUMA Shops are open. Stay calm."))
    assert answer == "Post 1: 12 people, 12 SMS, about 1 min. A second person must send OK 1"
    assert village.passes(minutes=5) == []
    assert only(village.says(A, "OK 1")) == "The author cannot approve."
    assert only(village.says("+4001", "OK 1")) == "Only approvers of PEACE can do that."
    heard = village.says(B, "ok 1")
    assert texts(heard) == ["Post 1 is going out.", *["Shops are open. Stay calm."] * 12]
    assert ASHA not in {one.number for one in heard}
    assert len({one.number for one in heard}) == 13
    assert texts(village.says(C, "OK 1")) == ["Post 1 is already going out."]
    village.goes_out()
    village.settles()
    assert state(village) == PostState.DONE
    assert texts(village.says(B, "OK 1")) == ["Post 1 has gone out already."]


def test_nobody_gets_a_post_twice_however_many_groups_match(village: Village) -> None:
    follow(village, ASHA, at="huruma")
    follow(village, ASHA, at="mara")
    heard = approved(village, "POST PEACE @BURA Stay calm.")
    assert [one.number for one in heard] == [ASHA]


def test_each_reads_his_own_language(village: Village) -> None:
    follow(village, ASHA, BEN, CAT)
    for number, language in ((ASHA, "sw"), (BEN, "en"), (CAT, "ne")):
        village.says(number, f"LANG {language}")
    heard = approved(village, "POST PEACE @HURUMA en: Stay calm. sw: Tulieni.")
    said = {one.number: one.text for one in heard}
    assert said == {ASHA: "Tulieni.", BEN: "Stay calm.", CAT: "Stay calm."}


def test_a_post_that_is_not_posted(village: Village) -> None:
    follow(village, ASHA)
    for text, answer in (
        ("POST PEACE", "Send: POST PEACE @place text"),
        ("POST PEACE @HURUMA", "Send: POST PEACE @place text"),
        ("POST PEACE @HURMA Stay calm.", "Did you mean HURUMA? Reply YES."),
        ("POST PEECE @HURUMA Stay calm.", "Did you mean PEACE? Reply YES."),
        (
            "POST PEACE @Nairobi Stay calm.",
            "There is no place NAIROBI here. Please check and send again.",
        ),
        ("POST PEACE @MARA Stay calm.", "Nobody would get it. Nothing was posted."),
    ):
        assert only(village.says(A, text)) == answer
    assert village.db.value("SELECT count(*) FROM post") == 0


def test_post_and_nothing_else_says_how_it_is_done(village: Village) -> None:
    assert only(village.says(A, "POST")) == "Send: POST BOARD @place text"
    assert only(village.says(ASHA, "post ...")) == "Unknown command. Send HELP."


def test_counts_of_one_are_no_plural(village: Village) -> None:
    follow(village, ASHA)
    assert only(village.says(A, "POST PEACE @HURUMA Stay calm.")).startswith(
        "Post 1: 1 person, 1 SMS, about "
    )
    assert only(village.says(A, "CANCEL 1")) == "Post 1 is cancelled. 0 people have got it."


def test_a_post_to_a_place_that_was_nearly_written(village: Village) -> None:
    follow(village, ASHA)
    village.says(A, "POST PEACE @HURMA Stay calm.")
    assert only(village.says(A, "yes")).startswith("Post 1: 1 person, 1 SMS")
    assert village.db.value("SELECT texts FROM post") == '{"": "Stay calm."}'


def test_an_approval_expires_and_its_author_hears_of_it(village: Village) -> None:
    follow(village, ASHA)
    village.says(A, "POST PEACE @HURUMA Stay calm.")
    heard = village.passes(minutes=31)
    assert [(one.number, one.text) for one in heard] == [
        (A, "Post 1 has expired. Please post it again.")
    ]
    assert only(village.says(B, "OK 1")) == "Post 1 has expired. Please post it again."


def test_an_approver_may_refuse(village: Village) -> None:
    follow(village, ASHA)
    village.says(A, "POST PEACE @HURUMA Stay calm.")
    heard = village.says(B, "NO 1")
    assert {(one.number, one.text) for one in heard} == {
        (A, "Post 1 was not approved. It does not go out."),
        (B, "Post 1 was cancelled. It does not go out."),
    }
    assert only(village.says(C, "OK 1")) == "Post 1 was cancelled. It does not go out."


def test_so_many_posts_in_a_day(village: Village) -> None:
    follow(village, ASHA, channel="BOARD", at="")
    for n in range(10):
        village.says(A, f"POST BOARD notice {n}")
    assert only(village.says(A, "POST BOARD again")).startswith("You have posted 10 times")
    village.passes(hours=21)
    assert village.says(A, "POST BOARD again")[0].text.startswith("Post 11 is going out")


def test_a_channel_that_needs_no_approval_has_it_in_a_row(village: Village) -> None:
    follow(village, ASHA, channel="BOARD", at="")
    heard = village.says(A, "POST BOARD Water on Monday.")
    assert texts(heard) == [
        "Post 1 is going out: 1 person, 1 SMS, about 1 min. To stop it: CANCEL 1",
        "Water on Monday.",
    ]
    assert village.db.query("SELECT approver FROM post_approval")[0][0] == "@rules"


def test_without_its_rows_nothing_goes_out(village: Village) -> None:
    follow(village, ASHA)
    village.says(A, "POST PEACE @HURUMA Stay calm.")
    with village.db.transaction() as tx:
        post = posts.get(tx, 1)
        assert post is not None
        for needed in (0, 1):
            with pytest.raises(posts.NotApproved):
                posts.start(tx, MORNING, post, needed, TEST)
        posts.approve(tx, MORNING, 1, A, post.author_id)
        with pytest.raises(posts.NotApproved):
            posts.start(tx, MORNING, post, 1, TEST)
    assert village.settles() == []


# --- midway -------------------------------------------------------------------------------------


def test_a_large_post_never_fills_the_outbox(village: Village) -> None:
    numbers = crowd(village, 130)
    heard = approved(village)
    assert len(heard) == 100
    gone: list[str] = []
    for _ in range(10):
        gone += village.goes_out(limit=60)
        village.passes(minutes=1)
        assert village.db.value("SELECT count(*) FROM part WHERE state = 'QUEUED'") <= 100
    assert sorted(one for one in gone if one in numbers) == numbers


def test_stop_pause_resume_and_cancel_midway(village: Village) -> None:
    numbers = crowd(village, 130)
    approved(village)
    waits, later = numbers[50], numbers[120]
    for one in (waits, later):
        assert village.says(one, "stop")[0].number == one
    assert only(village.says(C, "PAUSE 1")).startswith("Post 1 is paused, 128 people are left.")
    assert set(village.goes_out()) & set(numbers) == {waits, later}  # what they hear of STOP
    assert village.passes(hours=1) == []
    assert only(village.says(C, "pause 1")) == "Post 1 is paused. To go on: RESUME 1"
    assert texts(village.says(C, "RESUME 1"))[0] == "Post 1 goes on, 128 people are left."
    gone = village.goes_out(limit=60)
    answer = village.says("+4001", "CANCEL 1")[0].text
    assert answer == "Only posters and approvers of PEACE can do that."
    answer = village.says(A, "CANCEL 1")[0].text
    sent = len([one for one in gone if one in numbers])
    assert answer == f"Post 1 is cancelled. {sent} people have got it."
    village.passes(hours=1)
    assert [one for one in village.goes_out() if one in numbers] == []
    assert village.says(A, "STATUS 1")[0].text == (
        f"Post 1: sent {sent}, delivered 0, failed 0, opted out 2, replies 0"
    )


def test_a_killed_relay_goes_on_where_it_was(village: Village) -> None:
    numbers = crowd(village, 130)
    approved(village)
    gone = village.goes_out(limit=80)
    village.restarts()
    for _ in range(6):
        village.passes(minutes=1)
        gone += village.goes_out()
    assert sorted(one for one in gone if one in numbers) == numbers


def test_quiet_hours_stop_a_post_and_two_must_approve_in_them(village: Village) -> None:
    crowd(village, 130)
    village.passes(hours=9.9)
    assert len(approved(village)) == 100
    village.goes_out(limit=20)
    village.passes(minutes=10)  # 20:04
    assert village.goes_out() == []
    answer = only(village.says(A, "POST PEACE @HURUMA Doors closed."))
    assert answer.endswith("Two other people must send OK 2")
    assert only(village.says(B, "OK 2")) == "Noted. One more person must send OK 2"
    assert only(village.says(B, "OK 2")).startswith("You have approved post 2 already.")
    assert only(village.says(C, "OK 2")) == "Post 2 is approved and goes out at 07:00."
    assert village.passes(hours=10) == []
    village.passes(hours=1)
    assert village.goes_out() != []


def test_off_holds_posts_back_and_misses_them(village: Village) -> None:
    follow(village, ASHA, BEN)
    assert only(village.says(ASHA, "OFF")).startswith("Channel messages are off.")
    assert [one.number for one in approved(village)] == [BEN]
    assert only(village.says(ASHA, "ON")).startswith("Channel messages are on.")
    assert village.passes(hours=1) == []
    assert only(village.says(ASHA, "GET PEACE")) == "Stay calm."
    assert only(village.says(ASHA, "OFF PEACE")).startswith("Channel messages are off.")
    assert [one.number for one in approved(village)] == [BEN]


def test_who_joins_again_gets_what_he_asks_for(village: Village) -> None:
    follow(village, ASHA, BEN)
    village.says(ASHA, "OFF")
    village.says(BEN, "OFF PEACE")
    for number in (ASHA, BEN):
        assert only(village.says(number, "JOIN PEACE")).startswith("You are already in PEACE")
    assert {one.number for one in approved(village)} == {ASHA, BEN}


def test_who_leaves_midway_does_not_get_what_waits(village: Village) -> None:
    follow(village, ASHA, BEN)
    approved(village)
    village.says(ASHA, "LEAVE PEACE")
    assert village.db.value("SELECT recipient FROM outbound WHERE status = 'FAILED'") == ASHA
    assert sorted(village.goes_out()) == sorted([A, B, ASHA, BEN])


def test_who_joins_later_gets_no_older_post(village: Village) -> None:
    crowd(village, 120)
    approved(village)
    village.says("+254799999999", "JOIN PEACE HURUMA")
    village.goes_out()
    heard = village.passes(minutes=1)
    assert len(heard) == 20
    assert "+254799999999" not in {one.number for one in heard}


def test_the_latest_takes_the_place_of_what_has_not_left(village: Village) -> None:
    numbers = crowd(village, 120, channel="BOARD", at="")
    village.says(A, "POST BOARD old")
    gone = village.goes_out(limit=31)  # one of them is the answer
    village.says(A, "POST BOARD new")
    for _ in range(5):
        gone += village.goes_out()
        village.passes(minutes=1)
    got = village.db.query(
        "SELECT recipient, text FROM outbound WHERE status = 'SENT' AND text IN ('old', 'new')"
    )
    said = [(row["recipient"], row["text"]) for row in got]
    assert sorted(one for one, text in said if text == "new") == numbers
    assert len([one for one, text in said if text == "old"]) == 30


# --- replies and rumors -------------------------------------------------------------------------


def test_replies_are_filed_without_an_answer_and_come_as_a_digest(village: Village) -> None:
    follow(village, ASHA, BEN)
    approved(village)
    village.goes_out()
    assert village.says(ASHA, "thank you it calmed us") == []
    assert village.says(BEN, "all quiet here") == []
    heard = village.passes(minutes=61)
    assert [(one.number, one.text) for one in heard] == [
        (A, "Post 1: new replies 2, in all 2. The last: all quiet here")
    ]
    assert village.passes(hours=5) == []
    assert only(village.says(A, "STATUS 1")).endswith("opted out 0, replies 2")
    village.passes(hours=22)
    assert village.says(ASHA, "good morning to you all") == []
    assert village.db.value("SELECT count(*) FROM post_reply") == 2


def test_a_misspelt_report_is_no_reply_to_a_post(tmp_path: Path) -> None:
    """A health worker must hear that it did not count, also on the day of a post."""
    rules = f"{RULES}\n[form.ORPT]\nfields = [ {{ name = 'weeks', type = 'integer' }} ]\n"
    with Village(tmp_path, rules=rules, now=MORNING) as village:
        assert village.rules.faults == ()
        with village.db.transaction() as tx:
            people.tag(tx, MORNING, people.ensure(tx, MORNING, A, TEST).id, "team", TEST)
        follow(village, ASHA, channel="BOARD", at="")
        village.says(ASHA, "ORPT 12")
        village.says(A, "POST BOARD Come at ten")
        village.goes_out()
        assert "ORPT" in only(village.says(ASHA, "ORPTT 13"))
        assert village.says(ASHA, "ok we come at 10") == []
        assert village.db.value("SELECT count(*) FROM post_reply") == 1


def test_a_call_for_blood_is_no_reply_to_a_post(tmp_path: Path) -> None:
    """Nor is a pledge, or who becomes a donor."""
    with Village(tmp_path, rules=RULES, sets=["blood", "pledge"], now=MORNING) as village:
        with village.db.transaction() as tx:
            for number, tag in ((A, "team"), (ASHA, "nurse")):
                people.tag(tx, MORNING, people.ensure(tx, MORNING, number, TEST).id, tag, TEST)
        follow(village, ASHA, BEN, channel="BOARD", at="")
        village.says(A, "POST BOARD Come at ten")
        village.goes_out()
        assert only(village.says(ASHA, "BLOOD O- 2 maternity")).startswith("Request 2:")
        assert only(village.says(BEN, "DONOR O neg")).startswith("Registered")
        assert village.says(BEN, "PLEDGE pump 5")
        assert village.says(BEN, "we are coming") == []


def test_a_digest_waits_for_the_morning(village: Village) -> None:
    follow(village, ASHA)
    village.passes(hours=9)
    approved(village)
    village.goes_out()
    village.says(ASHA, "thank you it calmed us")
    assert village.passes(hours=2) == []
    assert only(village.passes(hours=10)).startswith("Post 1: new replies 1, in all 1.")


def test_a_rumor_goes_to_the_team_and_to_nobody_else(village: Village) -> None:
    follow(village, ASHA, BEN)
    with village.db.transaction() as tx:
        people.tag(tx, MORNING, people.ensure(tx, MORNING, CAT, TEST).id, "elder", TEST)
    heard = village.says(ASHA, "RUMOR HURUMA shops burning")
    assert {(one.number, one.text) for one in heard} == {
        (CAT, "R1 Huruma: shops burning"),
        (ASHA, "Noted R1. Verify before posting."),
    }
    heard = village.says(ASHA, "RUMOR Atlantis shops burning")
    assert "R2: Atlantis shops burning" in texts(heard)
    assert only(village.says(ASHA, "rumor")) == "Send: RUMOR place and what you heard"


def test_a_flood_of_rumors_is_kept_and_told_to_nobody(village: Village) -> None:
    with village.db.transaction() as tx:
        people.tag(tx, MORNING, people.ensure(tx, MORNING, CAT, TEST).id, "elder", TEST)
    heard = [one for n in range(9) for one in village.says("+4001", f"RUMOR HURUMA fire {n}")]
    assert len([one for one in heard if one.number == CAT]) == 3
    assert village.db.value("SELECT count(*) FROM rumor") == 9


def test_a_slip_in_the_number_is_told_to_the_team_only(village: Village) -> None:
    for text in ("OK 99", "STATUS 99", "PAUSE ९९", "no 99"):
        assert only(village.says(B, text)).startswith("There is no post ")
        assert village.says("+4001", text) == []


def test_a_waiting_post_can_be_looked_at(village: Village) -> None:
    follow(village, ASHA)
    village.says(A, "POST PEACE @HURUMA Stay calm.")
    assert only(village.says(B, "STATUS 1")) == "Post 1 waits for OK 1: Stay calm."
    assert only(village.says("+4001", "STATUS 1")) == (
        "Only posters and approvers of PEACE can do that."
    )
