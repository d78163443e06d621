"""Stories of a village: whatever people send, in whatever order, and wherever relay is killed,
what the rules promise to everybody holds. The store and the engine are real, all sets switched on.
"""

from __future__ import annotations

import logging
import re
import sqlite3
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from relay.clock import from_local
from relay.core.people import Consent
from relay.core.priority import Priority
from relay.store import people, places
from tests.dialogues.stage import BEGINS, MEMORY, Failures, empty_store
from tests.village import Village, shipped

STAFF = ("+254700000001", "+254700000002")
DONORS = tuple(f"+25470000001{n}" for n in range(6))
WORKER, FOLLOWER, STRANGER = "+254700000021", "+254700000022", "+254700000031"
EVERYBODY = (*STAFF, *DONORS, WORKER, FOLLOWER, STRANGER)
TARGET = 2

# `{code}` is one of the last that were given out, `{n}` is new each time.
BY_STAFF = (
    "POST PEACE @HURUMA Shops are open {n}", "POST NOTICES Water at {n}", "POST PEACE {n}",
    f"BLOOD O- {TARGET} maternity", "BLOOD O- 1 ward {n}", "OK {code}", "ok {code}", "NO {code}",
    "STATUS {code}", "CLOSE {code}", "CAME {code}-1", "MISSED {code}-1", "PAUSE {code}",
    "RESUME {code}", "CANCEL {code}", "OK",
)  # fmt: skip
BY_ANYBODY = (
    "YES {code}", "yes", "YES", "NO {code}", "no", "OK {code}", "STOP", "stop.", "START", "HELP",
    "JOIN PEACE HURUMA", "JOIN PEACE HURMA", "JOIN NOTICES", "LEAVE PEACE", "OFF", "ON",
    "DONOR O neg Huruma", "DONOR O", "O-", "RUMOR HURUMA fire {n}", "POST PEACE @HURUMA lies {n}",
    "BLOOD O- 2 maternity", "GET PEACE", "LIST", "WHO", "LANG sw", "PLEDGE pump 25", "thank you",
    "ORPT Amina 12", "ORPT Amina 72", "OANC {code}", "ODGR {code} bleeding", "SOH LA 20 R LA 30",
)  # fmt: skip
MOMENTS = st.one_of(st.none(), st.none(), st.tuples(st.integers(1, 6), st.booleans()))


class Killed(BaseException):
    """The process is gone at a commit."""


class Fragile:
    """The connection of a process that dies at its n-th commit, right before or right after."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn
        self.left, self.after = 0, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)

    def execute(self, sql: str, *params: Any) -> sqlite3.Cursor:
        if sql == "COMMIT" and self.left:
            self.left -= 1
            if not self.left:
                if self.after:
                    self._conn.execute(sql)
                raise Killed
        return self._conn.execute(sql, *params)


class CommunityStory(RuleBasedStateMachine):
    """People text, time goes by, the radio takes some, and relay dies."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        folder = Path(self._folder.name)
        (folder / "state").mkdir(mode=0o700)
        (folder / "state/relay.db").write_bytes(empty_store())
        self.failures = Failures()
        logging.getLogger("relay.answering").addHandler(self.failures)
        self.village = Village(folder, sets=shipped(), now=from_local(BEGINS))
        self.fragile()
        self.stopped: dict[str, int] = {}  # number → the last row of the outbox at its STOP
        self.inbound = self.words = 0
        self.populate()

    def teardown(self) -> None:
        logging.getLogger("relay.answering").removeHandler(self.failures)
        self.village.db.close()
        self._folder.cleanup()

    def populate(self) -> None:
        now = self.village.clock.now()
        with self.village.db.transaction() as tx:
            huruma = places.add(tx, now, "Huruma", "huruma", "ward", None, "test").id
            for number in (*STAFF, *DONORS, WORKER, FOLLOWER):
                person = people.ensure(tx, now, number, "test").id
                people.put_in(tx, now, person, huruma, "test")
                if number in STAFF:
                    for tag in ("nurse", "peace-team", "notices-team", "supervisor"):
                        people.tag(tx, now, person, tag, "test")
        for number in DONORS:
            self.village.says(number, "DONOR O neg Huruma")
        self.village.says(FOLLOWER, "JOIN PEACE HURUMA")
        self.inbound = len(DONORS) + 1

    def latest(self) -> int:
        """The code that was given out last."""
        return int(self.village.db.value("SELECT coalesce(max(id), 1) FROM code"))

    def fragile(self) -> None:
        self.conn = Fragile(self.village.db._conn)
        self.village.db._conn = self.conn  # type: ignore[assignment]

    # --- what happens ---------------------------------------------------------------------------

    @rule(who=st.sampled_from(STAFF), text=st.sampled_from(BY_STAFF), code=st.integers(1, 4),
          kill=MOMENTS)  # fmt: skip
    def staff_say(self, who, text, code, kill) -> None:
        self.say(who, text, code, kill)

    @rule(who=st.sampled_from(EVERYBODY), text=st.sampled_from(BY_ANYBODY),
          code=st.integers(1, 4), kill=MOMENTS)  # fmt: skip
    def anybody_says(self, who, text, code, kill) -> None:
        self.say(who, text, code, kill)

    @rule(first=st.permutations(DONORS), code=st.integers(1, 4), kill=MOMENTS)
    def all_say_yes_in_the_same_second(self, first, code, kill) -> None:
        for who in first:
            self.inbound += 1
            self.village.arrives(who, f"YES {max(1, self.latest() + 1 - code)}")
        self.work(kill)

    @rule(text=st.sampled_from(BY_STAFF[:5]), kill=MOMENTS)
    def staff_ask_and_confirm(self, text, kill) -> None:
        self.say(STAFF[0], text, 1, None)
        self.say(STAFF[1], "OK {code}", 1, kill)

    @rule(who=st.sampled_from((*DONORS, FOLLOWER)), kill=MOMENTS)
    def one_who_may_have_been_asked_says_stop(self, who, kill) -> None:
        self.say(who, "STOP", 1, kill)

    def say(self, who: str, text: str, code: int, kill: tuple[int, bool] | None) -> None:
        self.words += 1
        last = self.village.db.value("SELECT coalesce(max(id), 0) FROM outbound")
        self.inbound += 1
        named = self.latest() + 1 - code
        self.village.arrives(who, text.format(code=max(1, named), n=f"w{self.words}"))
        self.work(kill)
        word = text.strip(".").upper()
        if word == "STOP":
            self.stopped.setdefault(who, last)
        elif word.split()[0] in ("START", "JOIN", "DONOR", "PLEDGE"):
            self.stopped.pop(who, None)  # he has asked for messages himself

    @rule(minutes=st.sampled_from([1, 5, 21, 60, 8 * 60, 26 * 60, 8 * 24 * 60]), kill=MOMENTS)
    def time_goes_by(self, minutes, kill) -> None:
        self.village.clock.advance(minutes * 60)
        self.work(kill)

    @rule(count=st.integers(1, 5))
    def the_radio_takes_some(self, count) -> None:
        before = set(self.stopped)
        assert not before & set(self.village.goes_out(count)) - self.confirmed()

    def confirmed(self) -> set[str]:
        """Who still waits for the answer to what they sent themselves."""
        rows = self.rows(
            "SELECT number FROM part JOIN answer USING (outbound_id)"
            " WHERE part.state NOT IN ('QUEUED', 'FAILED')"
        )
        return {row["number"] for row in rows}

    def work(self, kill: tuple[int, bool] | None) -> None:
        """Until all is done; killed on the way, and once more started."""
        if kill:
            self.conn.left, self.conn.after = kill
        with suppress(Killed):
            self.village.settles()
        if kill:
            self.village.restarts()
            self.fragile()
            self.village.settles()

    # --- what holds -----------------------------------------------------------------------------

    def rows(self, sql: str, *params: object) -> list[sqlite3.Row]:
        return self.village.db.query(sql, params)

    @invariant()
    def no_rule_fails(self) -> None:
        assert self.failures.words == []

    @invariant()
    def every_sms_is_kept_first_and_answered_once(self) -> None:
        (row,) = self.rows(
            "SELECT count(*) AS rows, count(DISTINCT outbound_id) AS replies,"
            " count(outbound_id) AS named, sum(state = 'WAITING') AS waiting,"
            " (SELECT count(*) FROM raw_pdu WHERE state = 'DECODED') AS raw FROM answer"
        )
        assert row["rows"] == row["raw"] == self.inbound
        assert row["waiting"] == 0
        assert row["replies"] == row["named"]

    @invariant()
    def whatever_goes_out_has_one_cause(self) -> None:
        """An SMS that it answers, or an occasion; none twice, so no restart made another."""
        causes = self.rows(
            "SELECT outbound.id, (SELECT count(*) FROM answer WHERE outbound_id = outbound.id)"
            " + (SELECT count(*) FROM occasion WHERE outbound_id = outbound.id"
            "    AND rule <> 'answer') AS causes FROM outbound"
        )
        assert [row["id"] for row in causes if row["causes"] != 1] == []
        # That a STOP may take an answer back is written down for answers alone.
        assert not self.rows(
            "SELECT outbound_id FROM occasion WHERE rule = 'answer'"
            " EXCEPT SELECT outbound_id FROM answer"
        )

    @invariant()
    def nobody_is_told_the_same_twice(self) -> None:
        """What is asked or posted names its code, or its own words."""
        told = self.rows(
            "SELECT recipient, text FROM outbound WHERE priority IN (?, ?)",
            int(Priority.BROADCAST), int(Priority.ASK),
        )  # fmt: skip
        twice = [one for one, times in Counter(map(tuple, told)).items() if times > 1]
        assert twice == []

    @invariant()
    def stop_beats_everything(self) -> None:
        for number, last in self.stopped.items():
            waiting = self.rows(
                "SELECT outbound.text FROM part JOIN outbound ON outbound.id = outbound_id"
                " WHERE number = ? AND part.state = 'QUEUED' AND outbound_id NOT IN"
                " (SELECT outbound_id FROM answer WHERE outbound_id IS NOT NULL)",
                number,
            )
            later = self.rows(
                "SELECT text FROM outbound WHERE recipient = ? AND id > ? AND id NOT IN"
                " (SELECT outbound_id FROM answer WHERE outbound_id IS NOT NULL)",
                number, last,
            )  # fmt: skip
            assert [row["text"] for row in (*waiting, *later)] == []
            (row,) = self.rows("SELECT consent FROM person WHERE number = ?", number)
            assert row["consent"] == Consent.STOPPED

    @invariant()
    def no_more_come_than_are_needed(self) -> None:
        """And each place has one, whoever answers in the same second."""
        for row in self.rows(
            "SELECT code, target, (SELECT count(*) FROM appeal WHERE callout = code AND"
            " state IN ('COMING', 'CAME')) AS holding FROM callout WHERE rule = 'BLOOD'"
        ):
            assert row["holding"] <= row["target"], dict(row)
        named = Counter(
            (found[0], row["number"])
            for row in self.rows(
                "SELECT text, recipient AS number FROM outbound JOIN answer"
                " ON answer.outbound_id = outbound.id"
            )
            if (found := re.search(r"Ref (\d+-\d+)$", row["text"])) and row["number"] in DONORS
        )
        places_given = Counter(ref for ref, _ in named)
        assert [ref for ref, people_ in places_given.items() if people_ > 1] == []

    @invariant()
    def nothing_is_posted_without_approval(self) -> None:
        """PEACE needs one besides its author, and no author approves his own."""
        posted = self.rows(
            "SELECT DISTINCT code, author FROM occasion JOIN post ON occasion = CAST(code AS TEXT)"
            " WHERE occasion.rule LIKE 'channel%' AND channel = 'PEACE'"
        )
        for row in posted:
            approvers = {
                one["approver"]
                for one in self.rows(
                    "SELECT approver FROM post_approval WHERE code = ?", row["code"]
                )
            }
            assert approvers - {row["author"]}, dict(row)
            assert row["author"] in STAFF

    @invariant()
    def numbers_are_for_staff(self) -> None:
        for row in self.rows("SELECT recipient, text FROM outbound"):
            shown = [number for number in EVERYBODY if number[1:] in row["text"]]
            assert not shown or row["recipient"] in STAFF, dict(row)


CHOSEN = settings().max_examples


def test_the_story_of_a_village():
    """Hypothesis tells stories until it finds one that ends badly; a campaign tells thousands."""
    run_state_machine_as_test(
        CommunityStory,
        settings=settings(
            max_examples=max(20, CHOSEN // 5),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],
        ),
    )
