"""Call-outs in the whole engine, without a radio: who is asked what, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.core.callouts import CallOut
from relay.flows.answering.callouts import CallOuts
from relay.flows.answering.flow import Answering
from relay.store import answers, callouts, people, places
from tests.village import Heard, Village, texts

ASHA, NURSE, SECOND, STRANGER = "+254700005001", "+254700008001", "+254700008002", "+254700007001"
DONORS = [ASHA, *(f"+2547000051{n:02d}" for n in range(9))]
CALL = "Please call the clinic."


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    with Village(tmp_path, sets=["blood", "pledge"]) as village:
        with village.db.transaction() as tx:
            ward = places.add(tx, 0, "Ward", "ward", "ward", None, "test").id
            bura = places.add(tx, 0, "Bura", "bura", "village", ward, "test").id
            kora = places.add(tx, 0, "Kora", "kora", "village", ward, "test").id
            for number in (NURSE, SECOND):
                one = people.ensure(tx, 0, number, "test").id
                people.tag(tx, 0, one, "nurse", "test")
                people.tag(tx, 0, one, "organiser", "test")
                people.put_in(tx, 0, one, bura, "test")
            for n, number in enumerate(DONORS):
                one = people.ensure(tx, 0, number, "test").id
                people.tag(tx, 0, one, "donor", "test")
                people.set_attribute(tx, 0, one, "group", "O-", "test")
                people.put_in(tx, 0, one, bura if n < 6 else kora, "test")
            people.set_name(tx, 0, people.ensure(tx, 0, ASHA, "test").id, "Asha", "test")
        yield village


def call(village: Village, code: int = 1) -> CallOut:
    with village.db.transaction() as tx:
        found = callouts.get(tx, code)
    assert found is not None
    return found


def to(heard: list[Heard], number: str) -> list[str]:
    return [one.text for one in heard if one.number == number]


def asked(heard: list[Heard]) -> list[str]:
    return [one.number for one in heard if "Can you come?" in one.text]


def begin(village: Village, text: str = "BLOOD O- 2 maternity") -> list[Heard]:
    """Asked for by one, confirmed by another."""
    village.says(NURSE, text)
    return village.says(SECOND, "OK 1")


# --- the register -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("DONOR O neg Bura", "Registered: O- Bura. To leave: STOP"),
        ("donor o- bura", "Registered: O- Bura. To leave: STOP"),
        ("DONOR AB positive", "Registered: AB+. To leave: STOP"),
        ("DONOR O neg Bura please", "Registered: O- Bura. To leave: STOP"),
        ("DONOR", "Please send: DONOR group place"),
        ("DONOR Bura", "Please send: DONOR group place"),
        ("DONOR O neg Nowhere", "No place Nowhere is known. Please send: DONOR group place"),
    ],
)
def test_one_registers_by_sms(village: Village, text: str, reply: str) -> None:
    assert texts(village.says(STRANGER, text)) == [reply]


def test_who_registers_for_collections_reads_the_word_that_was_sent(village: Village) -> None:
    assert texts(village.says(STRANGER, "GIVER")) == ["Registered: GIVER. To leave: STOP"]


@pytest.mark.parametrize("answer", ["O-", "o-", "O neg", "O NEGATIVE."])
def test_a_group_that_is_unclear_is_asked_back(village: Village, answer: str) -> None:
    assert texts(village.says(STRANGER, "DONOR O Bura")) == ["O+ or O-? Reply O+ or O-"]
    assert texts(village.says(STRANGER, answer)) == ["Registered: O- Bura. To leave: STOP"]
    with village.db.transaction() as tx:
        person = people.by_number(tx, STRANGER)
    assert person is not None
    assert (person.attributes, person.tags) == ({"group": "O-"}, {"donor"})
    assert person.consent == "GIVEN"


def test_a_place_that_is_nearly_right_is_asked_back(village: Village) -> None:
    assert texts(village.says(STRANGER, "DONOR O neg Burra")) == ["Did you mean BURA? Reply YES."]
    assert texts(village.says(STRANGER, "yes")) == ["Registered: O- Bura. To leave: STOP"]


def test_to_become_a_donor_undoes_no_stop(village: Village) -> None:
    """Else it would bring back all that was stopped with it."""
    village.says(ASHA, "STOP")
    (told,) = texts(village.says(ASHA, "DONOR O neg Bura"))
    assert "START" in told
    assert ASHA not in asked(begin(village))
    village.says(ASHA, "START")
    assert texts(village.says(ASHA, "DONOR O neg Bura")) == ["Registered: O- Bura. To leave: STOP"]


def test_a_question_whose_word_is_gone_stops_nothing(village: Village) -> None:
    """A rule set was changed between the question and its answer."""
    village.says(STRANGER, "DONOR O Bura")
    with village.db.transaction() as tx:
        tx.execute("UPDATE question SET about = json_set(about, '$.word', 'nothing')")
    assert village.says(STRANGER, "O-") == []
    assert village.db.value("SELECT by FROM answer ORDER BY inbound_id DESC") == ""


def test_who_leaves_the_register_is_not_asked(village: Village) -> None:
    assert texts(village.says(ASHA, "DONOR STOP")) == ["You are no longer registered: DONOR"]
    assert ASHA not in asked(begin(village))


# --- asking -------------------------------------------------------------------------------------


def test_a_strangers_request_asks_nobody(village: Village) -> None:
    assert texts(village.says(STRANGER, "BLOOD O- 2 maternity")) == [CALL]
    assert texts(village.says(ASHA, "BLOOD O- 2 maternity")) == [CALL]
    assert village.passes(hours=1) == []


def test_a_second_member_of_staff_confirms_it_and_no_one_else(village: Village) -> None:
    request = village.says(NURSE, "BLOOD O- 2 maternity")
    assert texts(request) == ["Request 1: 2 x O-, 10 donors. A second staff member must send OK 1"]
    assert texts(village.says(STRANGER, "OK 1")) == [CALL]
    assert texts(village.says(NURSE, "ok 1")) == [
        "The author cannot confirm. A second staff member must send OK 1"
    ]
    heard = village.says(SECOND, "Ok 1.")
    assert [one.number for one in heard] == DONORS[:6]
    assert set(texts(heard)) == {
        "Bura clinic needs O- blood today. Can you come? Reply YES 1 or NO 1"
    }
    assert texts(village.says(SECOND, "OK 1")) == [
        f"1 is asking: 0 of 2, asked 6, no 0, until {at_midnight()}"
    ]


def at_midnight() -> str:
    """Twelve hours after the noon of the tests, on the wall."""
    from relay.flows.answering.callouts.speech import at_the_wall
    from tests.air import NOON

    return at_the_wall(NOON + 12 * 3_600_000, NOON)


def test_the_same_request_twice_is_one(village: Village) -> None:
    for _ in range(2):
        assert "Request 1:" in texts(village.says(NURSE, "BLOOD O- 2 maternity"))[0]
    assert "Request 2:" in texts(village.says(NURSE, "BLOOD O- 3 maternity"))[0]


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("BLOOD", "Please send: BLOOD group number"),
        ("BLOOD Z 2", "Please send: BLOOD group number"),
        ("BLOOD O- 99", "At most 10. Please send: BLOOD group number"),
        ("BLOOD O- 2 @Korra ward 3", "Did you mean KORA? Reply YES."),
        ("BLOOD O 2", "O+ or O-? Reply O+ or O-"),
    ],
)
def test_a_request_that_says_too_little_is_asked_back(
    village: Village, text: str, reply: str
) -> None:
    assert texts(village.says(NURSE, text)) == [reply]


def test_a_request_for_another_place_begins_there(village: Village) -> None:
    village.says(NURSE, "BLOOD O 1 @Korra ward 3")
    village.says(NURSE, "O neg")
    assert "Request 1: 1 x O-" in texts(village.says(NURSE, "YES"))[0]
    assert asked(village.says(SECOND, "OK 1")) == DONORS[6:9]
    assert "Kora clinic, ward 3" in texts(village.says(DONORS[6], "YES"))[0]


def test_what_nobody_confirms_ends_and_nobody_was_asked(village: Village) -> None:
    village.says(NURSE, "BLOOD O- 2 maternity")
    assert to(village.passes(hours=2), NURSE) == [
        "Request 1 was not confirmed in time. Nobody was asked."
    ]
    assert texts(village.says(SECOND, "OK 1")) == [
        f"1 ended: 0 of 2, asked 0, no 0, until {at_midnight()}"
    ]
    assert village.passes(hours=3) == []


# --- answers ------------------------------------------------------------------------------------


def test_a_yes_needs_no_number_and_staff_hear_who_comes(village: Village) -> None:
    begin(village)
    heard = village.says(ASHA, "yes")
    assert to(heard, ASHA) == ["Thank you. Please come to Bura clinic, maternity, now. Ref 1-1"]
    assert to(heard, NURSE) == [f"1: Asha {ASHA} is coming (1 of 2)"]
    assert len(heard) == 2
    again = village.says(ASHA, "YES 1")
    assert texts(again) == ["Thank you. Please come to Bura clinic, maternity, now. Ref 1-1"]


def test_the_last_place_goes_to_one_and_what_has_not_left_never_does(village: Village) -> None:
    first = begin(village)
    village.says(ASHA, "YES 1")
    village.goes_out(7)  # three replies, and four of the six appeals
    village.arrives(DONORS[1], "YES 1")
    village.arrives(DONORS[2], "YES 1")
    heard = village.settles()
    assert "Ref 1-2" in to(heard, DONORS[1])[0]
    assert to(heard, DONORS[2]) == ["Thank you! Enough donors for now."]
    assert to(heard, NURSE) == [f"1 filled: 2 of 2. {DONORS[1]} is coming"]
    left = [one.number for one in first if village.state(one.id)[0] != "FAILED"]
    assert left == DONORS[:4]
    # Nobody has written to those two, who are told the same if they hear of it.
    assert texts(village.says(DONORS[5], "YES 1")) == ["Thank you! Enough donors for now."]
    assert asked(village.passes(hours=5)) == []  # wave 2 never starts


def test_wave_two_starts_when_it_is_still_short(village: Village) -> None:
    begin(village)
    village.goes_out()
    village.says(ASHA, "YES 1")
    assert asked(village.passes(minutes=19)) == []
    assert asked(village.passes(minutes=1)) == DONORS[6:9]  # three for the one who is missing
    village.goes_out()
    assert asked(village.passes(minutes=20)) == DONORS[9:]
    village.goes_out()
    assert to(village.passes(minutes=20), NURSE) == [
        "1: everybody who fits was asked (1 of 2). New volunteers are asked until "
        f"{at_midnight()}."
    ]
    assert village.passes(minutes=20) == []
    assert to(village.passes(hours=12), NURSE) == ["1 has ended: 1 of 2"]


def test_with_the_modem_unplugged_no_second_wave_is_called(village: Village) -> None:
    begin(village)
    assert asked(village.passes(hours=3)) == []
    village.goes_out()
    assert asked(village.passes(minutes=20)) == DONORS[6:]


def test_a_yes_that_is_taken_back_frees_the_place_and_the_asking_goes_on(
    village: Village,
) -> None:
    begin(village)
    village.goes_out()
    for number in DONORS[:2]:
        village.says(number, "YES 1")
    village.says(DONORS[2], "YES 1")  # one too many
    heard = village.says(ASHA, "no")
    assert to(heard, ASHA) == ["Thank you for telling us."]
    assert to(heard, NURSE) == [f"1: Asha {ASHA} cannot come (1 of 2)"]
    # Who was spared is the first to hear of it, once.
    assert to(heard, DONORS[2]) == [
        "Request 1: one is missing after all. Can you still come? Reply YES 1 or NO 1"
    ]
    assert asked(heard) == DONORS[6:8]
    assert "Ref 1-3" in to(village.says(DONORS[2], "yes"), DONORS[2])[0]
    assert call(village).taken == 2


def test_who_takes_a_place_and_gives_it_back_does_not_wake_the_village(village: Village) -> None:
    """A place that is free again is asked for at once: so it is given to nobody a third time."""
    begin(village, "BLOOD O- 1 maternity")
    village.goes_out()
    heard = [one for _ in range(10) for word in ("YES 1", "NO 1")
             for one in village.says(ASHA, word)]  # fmt: skip
    assert len(to(heard, NURSE)) == 4
    assert len(asked(heard)) <= 6
    assert call(village).taken == 0


def test_with_two_open_questions_one_is_asked_which(village: Village) -> None:
    begin(village)
    village.says(NURSE, "BLOOD O- 1 theatre")
    with village.db.transaction() as tx:
        tx.execute("UPDATE volunteer SET asked_at = NULL")
    village.says(SECOND, "OK 2")
    heard = texts(village.says(ASHA, "YES"))
    assert len(heard) == 1
    assert "YES 1" in heard[0]
    assert "YES 2" in heard[0]


def test_a_day_later_it_is_closed(village: Village) -> None:
    begin(village)
    village.goes_out()
    for number in DONORS[:2]:
        village.says(number, "YES 1")
    assert texts(village.says(NURSE, "CAME 1-1")) == ["Noted: 1-1 came."]
    village.passes(days=1)
    assert texts(village.says(DONORS[3], "YES 1")) == ["Request 1 is closed. Thank you."]
    assert call(village).state == "FILLED"


def test_what_ended_in_the_dark_takes_no_yes(village: Village) -> None:
    """After days without power the answers come in before anybody has looked at the clock."""
    begin(village)
    village.goes_out()
    village.clock.advance(2 * 86_400)
    assert to(village.says(ASHA, "YES 1"), ASHA) == ["Request 1 is closed. Thank you."]
    assert (call(village).taken, call(village).state) == (0, "EXPIRED")


def test_what_nobody_confirmed_in_the_dark_asks_nobody(village: Village) -> None:
    village.says(NURSE, "BLOOD O- 2 maternity")
    village.clock.advance(2 * 86_400)
    assert asked(village.says(SECOND, "OK 1")) == []
    assert call(village).state == "EXPIRED"


def test_how_a_collection_ended_is_told_when_its_set_is_on_again(village: Village) -> None:
    collect(village)
    village.says(ASHA, "PLEDGE pump 25")
    village.arrives(NURSE, "CLOSE 1")
    waiting = answers.oldest(village.db)
    assert waiting is not None
    village.engine.answer(waiting)
    village.heard()
    book, on = village.rules.book, village.engine
    village.engine = Answering(
        village.db, village.outbox, book, [CallOuts({})], village.clock, village.bell
    )
    assert village.passes(minutes=5) == []
    village.engine = on
    assert to(village.settles(), ASHA) == [
        "pump has ended with 25 of 100. You owe nothing. Thank you."
    ]


def test_nothing_is_pledged_for_what_ended_in_the_dark(village: Village) -> None:
    collect(village)
    village.clock.advance(31 * 86_400)
    village.says(ASHA, "PLEDGE pump 25")
    assert (call(village).taken, call(village).state) == (0, "EXPIRED")


@pytest.mark.parametrize("number", [STRANGER, NURSE, DONORS[9]])
def test_a_yes_of_one_who_was_not_asked_takes_no_place(village: Village, number: str) -> None:
    begin(village)
    assert texts(village.says(number, "YES 1")) == [CALL]
    assert call(village).taken == 0


# --- rest ---------------------------------------------------------------------------------------


def test_who_came_is_not_asked_for_ninety_days(village: Village) -> None:
    begin(village)
    village.goes_out()
    for number in DONORS[:2]:
        village.says(number, "YES 1")
    village.passes(hours=2)
    village.says(NURSE, "CAME 1-1")
    village.says(NURSE, "MISSED 1 2")
    village.says(NURSE, "CLOSE 1")
    village.passes(days=90, hours=-1)
    village.says(NURSE, "BLOOD O- 10")
    heard = asked(village.says(SECOND, "OK 2"))
    assert len(heard) == 9
    assert ASHA not in heard  # an hour is missing
    village.goes_out()
    assert asked(village.passes(hours=3)) == [ASHA]


def test_staff_only_say_who_came(village: Village) -> None:
    begin(village)
    village.says(ASHA, "YES")
    assert texts(village.says(ASHA, "CAME 1-1")) == [CALL]
    assert texts(village.says(NURSE, "CAME 1-2")) == [
        "There is no 1-2. Please check and send again."
    ]
    village.says(STRANGER, "Came to the clinic yesterday")  # which is talk
    assert call(village).taken == 1
    freed = village.says(NURSE, "MISSED 1-1")
    assert texts(freed) == ["Noted: 1-1 did not come (0 of 2)."]


def test_nobody_gets_two_appeals_in_a_week(village: Village) -> None:
    begin(village)
    village.goes_out()
    village.says(NURSE, "CLOSE 1")
    village.says(NURSE, "BLOOD O- 2 theatre")
    assert asked(village.says(SECOND, "OK 2")) == DONORS[6:]
    village.goes_out()
    assert asked(village.passes(days=7)) == []  # it has ended by then
    village.says(NURSE, "BLOOD O- 2 ward")
    assert asked(village.says(SECOND, "OK 3")) == DONORS[:6]


# --- STOP, CLOSE, STATUS ------------------------------------------------------------------------


def test_stop_beats_every_state(village: Village) -> None:
    """What waits for him does not go, his place is free, and he is not asked again."""
    first = begin(village)
    village.says(ASHA, "YES 1")
    heard = village.says(ASHA, "STOP")
    assert len(to(heard, ASHA)) == 1
    assert to(heard, NURSE) == [f"1: Asha {ASHA} cannot come (0 of 2)"]
    assert village.state(first[0].id)[0] == "FAILED"
    village.says(DONORS[1], "stop")
    later = village.passes(hours=3)
    assert ASHA not in [one.number for one in later]
    assert DONORS[1] not in [one.number for one in later]


def test_closed_by_staff_it_asks_nobody_any_more(village: Village) -> None:
    first = begin(village)
    village.says(ASHA, "YES")
    assert texts(village.says(STRANGER, "CLOSE 1")) == [CALL]
    assert texts(village.says(SECOND, "CLOSE 1")) == ["Request 1 is closed: 1 of 2."]
    assert {village.state(one.id)[0] for one in first} == {"FAILED"}
    assert village.passes(hours=5) == []
    assert texts(village.says(NURSE, "CLOSE 1")) == ["Request 1 is closed. Thank you."]


def test_its_status_is_told_to_staff_only(village: Village) -> None:
    begin(village)
    village.says(DONORS[3], "NO")
    assert texts(village.says(NURSE, "STATUS 1")) == [
        f"1 is asking: 0 of 2, asked 6, no 1, until {at_midnight()}"
    ]
    assert texts(village.says(STRANGER, "STATUS 1")) == [CALL]


def test_no_volunteer_ever_hears_of_another(village: Village) -> None:
    everything = begin(village)
    for number in DONORS[:4]:
        everything += village.says(number, "YES 1")
    everything += village.says(ASHA, "NO 1") + village.passes(hours=1)
    for one in everything:
        if one.number not in (NURSE, SECOND):
            assert "+254" not in one.text
            assert "Asha" not in one.text


def test_over_a_kill_nobody_is_asked_twice(village: Village) -> None:
    heard = begin(village)
    village.restarts()
    heard += village.settles()
    village.goes_out()
    village.restarts()
    heard += village.passes(hours=1)
    assert sorted(asked(heard)) == sorted(DONORS)


# --- pledges ------------------------------------------------------------------------------------


def collect(village: Village) -> None:
    village.says(NURSE, "COLLECT pump 100 school")
    village.says(SECOND, "OK 1")


def test_a_sum_is_pledged_by_many_and_no_money_moves(village: Village) -> None:
    collect(village)
    assert texts(village.says(ASHA, "PLEDGE pump 25")) == [
        "Thank you. You promise 25 for pump: 25 of 100 so far. No money is taken by SMS."
    ]
    assert texts(village.says(STRANGER, "pledge 40")) == [
        "Thank you. You promise 40 for pump: 65 of 100 so far. No money is taken by SMS."
    ]
    assert texts(village.says(ASHA, "PLEDGE pump 25"))[0].startswith("Thank you. You promise 25")
    assert call(village).taken == 65
    heard = village.says(DONORS[1], "PLEDGE pump 50")
    assert to(heard, DONORS[1])[0] == (
        "Thank you! Only 35 was missing for pump, so 35 is noted: 100 of 100."
        " No money is taken by SMS."
    )
    assert to(heard, NURSE) == ["1 filled: 100 of 100 pledged for pump"]
    assert to(heard, ASHA) == [
        "pump: all 100 are promised. Please bring your 25 to Bura, school."
        " No money is taken by SMS."
    ]
    assert texts(village.says(DONORS[2], "PLEDGE pump 5")) == [
        "Thank you! pump has all that it needs."
    ]
    assert village.passes(days=40) == []


def test_who_pledged_for_what_was_not_reached_owes_nothing(village: Village) -> None:
    collect(village)
    village.says(ASHA, "PLEDGE pump 25")
    village.says(STRANGER, "PLEDGE pump 10")
    village.says(STRANGER, "PLEDGE pump 0")
    heard = village.passes(days=30)
    assert to(heard, ASHA) == ["pump has ended with 25 of 100. You owe nothing. Thank you."]
    assert to(heard, NURSE) == ["1 has ended: 25 of 100"]
    assert len(heard) == 2


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("PLEDGE pomp 25", "Did you mean pump? Reply YES."),
        ("PLEDGE roof 25", "Nothing is collected for roof at the moment."),
        ("PLEDGE pump", "Please send: PLEDGE purpose number"),
        ("PLEDGE pump 2.5", "Please send: PLEDGE purpose number"),
        ("PLEDGE pump 0", "Your pledge for pump is taken back: 0 of 100."),
    ],
)
def test_a_pledge_that_is_not_understood_counts_nothing(
    village: Village, text: str, reply: str
) -> None:
    collect(village)
    assert texts(village.says(ASHA, text)) == [reply]
    assert call(village).taken == 0


def test_nothing_can_be_pledged_before_it_is_confirmed(village: Village) -> None:
    village.says(NURSE, "COLLECT pump 100 school")
    assert texts(village.says(ASHA, "PLEDGE pump 25")) == [
        "Nothing is collected for pump at the moment."
    ]
    assert texts(village.says(SECOND, "COLLECT Pump 300")) == [
        "Request 1: 100 for pump, 0 people to ask. A second staff member must send OK 1"
    ]
