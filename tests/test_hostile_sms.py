"""Hostile SMS: no money beyond the caps, no crash, no number for a stranger, and others are heard.

All sets that come with relay are switched on, on a real store and with the real engine.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from relay.clock import from_local
from relay.core.pdu import Concat, Encoding
from relay.core.segment import segment
from relay.store import people, places
from relay.store.raw import Arrival
from tests.air import deliver, delivers
from tests.dialogues.stage import BEGINS, Failures, empty_store
from tests.village import Village, shipped, texts

NURSE, OTHER_NURSE = "+254700000001", "+254700000002"
DONORS = tuple(f"+25470000001{n}" for n in range(4))
STRANGER, WORKER = "+254700000066", "+254700000021"
OWN = "+254711000000"  # the station's, by its configuration
MANY = 10_000


@pytest.fixture
def failures() -> Iterator[Failures]:
    """What the engine swallows: nothing, whatever comes."""
    seen = Failures()
    log = logging.getLogger("relay.answering")
    log.addHandler(seen)
    yield seen
    log.removeHandler(seen)
    assert seen.words == []


@pytest.fixture
def village(tmp_path: Path, failures: Failures) -> Iterator[Village]:
    with make(tmp_path) as made:
        yield made


def make(folder: Path, settings: str = "") -> Village:
    (folder / "state").mkdir(mode=0o700)
    (folder / "state/relay.db").write_bytes(empty_store())
    village = Village(folder, sets=shipped(), settings=settings, now=from_local(BEGINS))
    village.db.query("PRAGMA synchronous = OFF")  # no power is cut here
    now = village.clock.now()
    with village.db.transaction() as tx:
        bura = places.add(tx, now, "Bura", "bura", "ward", None, "test").id
        for number in (NURSE, OTHER_NURSE, *DONORS, WORKER):
            person = people.ensure(tx, now, number, "test").id
            people.put_in(tx, now, person, bura, "test")
            if number in (NURSE, OTHER_NURSE):
                for tag in ("nurse", "peace-team", "notices-team", "supervisor"):
                    people.tag(tx, now, person, tag, "test")
    for number in DONORS:
        village.says(number, "DONOR O neg Bura")
        village.says(number, "JOIN PEACE BURA")
    return village


def sent(village: Village) -> int:
    """What all of it costs, in SMS."""
    rows = village.db.query("SELECT text FROM outbound")
    return sum(len(segment(row["text"]).parts) for row in rows)


def comes(village: Village, sender: str, text: str) -> None:
    """An SMS of as many parts as it takes, whatever is in it; and it is answered."""
    pieces = [text[at : at + 60] for at in range(0, len(text) or 1, 60)]
    ref, stamp = next(_REFERENCES), village.clock.now() + next(_REFERENCES) * 1000
    arrivals = []
    for seq, piece in enumerate(pieces, 1):
        concat = Concat(ref % 256, len(pieces), seq, 8) if len(pieces) > 1 else None
        pdu = deliver(piece, sender=sender, at=stamp, concat=concat, encoding=Encoding.UCS2)
        arrivals.append(Arrival(pdu, "usb1", "89254", f"SM:{seq}"))
    village.inbox.keep(village.clock.now(), arrivals)
    village.inbox.digest(village.clock.now())
    village.settles()


_REFERENCES = count(1)


# --- money --------------------------------------------------------------------------------------


def test_ten_thousand_commands_cost_an_hours_answers_and_hold_up_nobody(village):
    """His hundredth command costs nothing, and the next person is answered."""
    village.arrives(STRANGER, "HELP")
    copy(village, MANY - 1)
    before = sent(village)
    village.settles()
    assert 0 < sent(village) - before <= village.rules.book.general.per_hour * 2
    assert village.says(WORKER, "HELP") != []


def copy(village: Village, times: int) -> None:
    """The last SMS so many times more, as if each had come by itself."""
    with village.db.transaction() as tx:
        ((last,),) = tx.execute("SELECT max(inbound_id) FROM answer").fetchall()
        tx.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :times)"
            " INSERT INTO inbound (id, uuid, state, kind, sender, text, sc_time, kept_at, modem,"
            " sim, total) SELECT :last + i, uuid || i, state, kind, sender, text, sc_time,"
            " kept_at, modem, sim, total FROM n, inbound WHERE inbound.id = :last",
            {"times": times, "last": last},
        )
        tx.execute(
            "INSERT INTO answer (inbound_id, state) SELECT id, 'WAITING' FROM inbound"
            " WHERE id > ?",
            (last,),
        )


def test_the_days_cap_holds_for_all_of_them_together(tmp_path, failures):
    with make(tmp_path, "max_per_day = 30") as village:
        for n in range(60):
            village.says(f"+2547111{n:05d}", "JOIN PEACE BURA")
        assert sent(village) <= 30


def test_machines_and_the_station_itself_get_no_answer(village):
    before = sent(village)
    for sender in ("40404", "MPESA", "Airtel", "254", OWN, "0711000000"):
        for text in ("STOP", "HELP", "JOIN PEACE BURA", "DONOR O neg Bura", "ORPT A 12", "yes"):
            village.arrives(sender, text)
        village.settles()
        assert sent(village) == before, sender


def test_two_relays_that_answer_one_another_stop(tmp_path, failures):
    """Each thanks for every message of the other."""
    own, other = "+254711000001", "+254711000002"
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with (
        make(tmp_path / "a", "default_reply = true") as one,
        make(tmp_path / "b", "default_reply = true") as two,
    ):
        before = sent(one) + sent(two)
        said = ["Hello"]
        for _ in range(300):
            heard = [text for word in said for text in texts(one.says(other, word))]
            said = [text for word in heard for text in texts(two.says(own, word))]
            if not said:
                break
        assert not said
        assert sent(one) + sent(two) - before <= 4 * one.rules.book.general.per_hour


# --- words that are none ------------------------------------------------------------------------

BOMBS = (
    "A" * 2000, "a" * 1500 + "!", "(" * 1500, "1!" * 700, "1!ORPT!" + "#" * 1500, "# " * 700,
    "J1!ORPT!" + "A#B#" * 400, 'ORPT "' + '"' * 1500, "ORPT " + '" ' * 700, "\\#" * 700,
    "ORPT " + "\\" * 1501, " " * 1400 + "x", "JOIN " + "PEACE " * 250, "YES " + "1" * 1500,
    "OK " + "9" * 500, "DONOR " + "O " * 700, "SOH " + "LA 20 R " * 200, "BLOOD O- " + "9" * 400,
    "POST PEACE " + "@" * 1400, "PLEDGE pump " + "9" * 1000, "ORPT Amina " + "9" * 400,
    "{id}" * 300, "%s" * 300, "{0.__class__}", "$(reboot)", "'; DROP TABLE person; --",
)  # fmt: skip


@pytest.mark.timeout(60)
def test_no_text_takes_for_ever(village):
    """What takes exponential time would not be over in a minute."""
    for text in BOMBS:
        for sender in (STRANGER, NURSE):
            comes(village, sender, text)
    assert village.db.value("SELECT count(*) FROM answer WHERE state = 'WAITING'") == 0


ODD = "\x00\x1b[2J\x07\r\n\u202e\u200b\ufeff\ud800\u0000\U000e0041"


def test_no_character_does_harm(village):
    """And none that nobody can see is sent to anybody."""
    for text in (
        ODD, f"HELP{ODD}", f"JOIN PEACE {ODD}", f"ORPT {ODD} 12", f"ORPT Amina {ODD}",
        f"RUMOR BURA {ODD}", f"DONOR {ODD} Bura", f"OANC {ODD}", "\n\n\r", "", " ",
    ):  # fmt: skip
        for sender in (STRANGER, NURSE):
            comes(village, sender, text)
    said = "".join(row["text"] for row in village.db.query("SELECT text FROM outbound"))
    assert [c for c in said if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\n"] == []


def test_a_message_of_many_parts_is_one_message(village):
    """A hundred of them."""
    pieces = ["JOIN PEACE BURA " + "x" * 100] + ["y" * 150] * 99
    arrivals = [
        Arrival(pdu, "usb1", "89254", f"SM:{n}")
        for n, pdu in enumerate(delivers(pieces, sender=STRANGER))
    ]
    village.inbox.keep(village.clock.now(), arrivals)
    for _ in range(2):
        village.inbox.digest(village.clock.now())
    before = sent(village)
    village.settles()
    assert village.db.value("SELECT count(*) FROM answer WHERE state = 'ANSWERED'") > 0
    assert sent(village) - before <= 2


# --- forgery ------------------------------------------------------------------------------------


@pytest.fixture
def post(village: Village) -> int:
    """The code of a post that waits for its approval."""
    (asked,) = village.says(NURSE, "POST PEACE @BURA Shops are open. Stay calm.")
    return int(re.findall(r"OK (\d+)", asked.text)[0])


FORGED = (
    (STRANGER, "OK {0}"), (DONORS[0], "OK {0}"), (WORKER, "ok {0}"), (NURSE, "OK {0}"),
    (NURSE, "ok {0}."), ("0700000001", "OK {0}"), ("254700000001", "OK {0}"),
    ("00254700000001", "OK {0}"),
    (OTHER_NURSE, "ОК {0}"), (OTHER_NURSE, "0K {0}"), (OTHER_NURSE, "O K {0}"),
    (OTHER_NURSE, "OK {0}0"), (OTHER_NURSE, "OK -{0}"),
    (STRANGER, "YES {0}"), (STRANGER, "OK"), (STRANGER, "RESUME {0}"), ("PEACE", "OK {0}"),
)  # fmt: skip


def broadcast(village: Village) -> list[str]:
    rows = village.db.query("SELECT recipient FROM outbound WHERE text LIKE '%Stay calm.%'")
    return [row["recipient"] for row in rows]


def test_a_forged_approval_posts_nothing(village, post):
    """Author, stranger, follower, letters that only look like others, a number spelled anew."""
    for sender, text in FORGED:
        village.says(sender, text.format(post))
        assert broadcast(village) == [], (sender, text)


def test_an_approval_is_used_once(village, post):
    village.says(OTHER_NURSE, f"OK {post}")
    village.passes(minutes=5)
    assert sorted(broadcast(village)) == sorted(DONORS)
    for _ in range(3):
        village.says(OTHER_NURSE, f"OK {post}")
        village.passes(minutes=5)
    assert sorted(broadcast(village)) == sorted(DONORS)


def test_an_approval_that_comes_too_late_is_none(village, post):
    village.passes(minutes=31)
    village.says(OTHER_NURSE, f"OK {post}")
    village.passes(minutes=5)
    assert broadcast(village) == []


def test_what_only_looks_like_a_post_is_none(village):
    for text in (
        "ΡΟSΤ РЕАСЕ @BURA Stay calm.", "P0ST PEACE Stay calm.", "POSTPEACE Stay calm.",
        "RUMOR BURA Stay calm.", "PEACE Stay calm.", "JOIN PEACE BURA\nPOST PEACE Stay calm.",
    ):  # fmt: skip
        for sender in (STRANGER, NURSE):
            village.says(sender, text)
    for code in range(1, 9):
        village.says(OTHER_NURSE, f"OK {code}")
    village.passes(minutes=5)
    assert [one for one in broadcast(village) if one in DONORS] == []


# --- numbers ------------------------------------------------------------------------------------


def test_no_stranger_learns_a_number(village, post):
    """Whatever he asks: also after a donor has said yes."""
    (asked,) = village.says(NURSE, "BLOOD O- 2 maternity")
    (code,) = re.findall(r"OK (\d+)", asked.text)
    village.says(OTHER_NURSE, f"OK {code}")
    village.says(DONORS[0], f"YES {code}")
    everybody = (NURSE, OTHER_NURSE, *DONORS, WORKER)
    questions = (
        "WHO", "WHO PEACE", "LIST", "HELP", "GET PEACE", "STATUS {0}", "STATUS {1}", "CLOSE {0}",
        "YES {0}", "NO {0}", "CAME {0}-1", "MISSED {0}-1", "BLOOD O- 2 maternity", "REPORT",
        "DONOR O neg Bura", "JOIN PEACE BURA", "OANC 84217", "RUMOR BURA x",
    )  # fmt: skip
    for text in questions:
        for said in texts(village.says(STRANGER, text.format(code, post))):
            assert not [number for number in everybody if number[-8:] in said], (text, said)


def test_a_number_in_a_text_goes_to_nobody_else(village):
    """What a report says stays with those whom it is for."""
    village.says(STRANGER, f"ORPT {DONORS[0]} 12")
    village.says(STRANGER, f"JOIN {DONORS[0]}")
    others = [one for one in village.heard() if one.number != STRANGER]
    assert [one for one in others if DONORS[0] in one.text and one.number in DONORS] == []


def test_pdus_are_hostile_too(village):
    """A sender of no digits, and one of twenty."""
    for n, sender in enumerate(("+1", "+" + "9" * 15, "*#06#", "a" * 11)):
        pdu = deliver("HELP", sender=sender)
        village.inbox.keep(village.clock.now(), [Arrival(pdu, "usb1", "8", f"SM:{n}")])
        village.inbox.digest(village.clock.now())
    village.settles()
    assert village.db.value("SELECT count(*) FROM answer WHERE state = 'WAITING'") == 0
