"""Whatever people answer, in whatever order, and whenever relay is killed: what always holds."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from relay.store import people, places
from tests.village import Heard, Village

NURSES = ("+254700008001", "+254700008002")
DONORS = tuple(f"+2547000050{n:02d}" for n in range(9))
DAY = 86_400_000

WHO = st.integers(0, len(DONORS) - 1)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["YES", "YES", "YES", "NO", "BOTH"]), WHO),
        st.tuples(st.just("STOP"), WHO),
        st.tuples(st.just("ASK"), st.integers(1, 3)),
        st.tuples(st.sampled_from(["CAME", "MISSED"]), st.integers(1, 3)),
        st.tuples(st.just("PASS"), st.sampled_from([1, 20, 60, 13 * 60, 8 * 24 * 60, 91 * 1440])),
        st.tuples(st.just("RADIO"), st.integers(1, 8)),
        st.tuples(st.sampled_from(["CLOSE", "KILL"]), st.just(0)),
    ),
    min_size=4,
    max_size=14,
)


class Watched:
    """A village whose every message is looked at as it comes."""

    def __init__(self, village: Village) -> None:
        self.village = village
        self.code = 0
        self.stopped: set[str] = set()

    def does(self, what: str, which: int) -> None:
        village = self.village
        match what:
            case "ASK":
                village.says(NURSES[0], f"BLOOD O- {which} ward")
                self.code += 1
                self._look(village.says(NURSES[1], f"OK {self.code}"))
            case "YES" | "NO":
                self._says(DONORS[which], f"{what} {self.code or 1}")
            case "BOTH":  # in the same second, and each of them twice
                for number in (*DONORS[which : which + 2], *DONORS[which : which + 2]):
                    village.arrives(number, f"YES {self.code or 1}")
                self._look(village.settles())
            case "STOP":
                heard = self._says(DONORS[which], "STOP")
                mine = [one for one in heard if one.number == DONORS[which]]
                assert len(mine) == 1
                self.stopped.add(DONORS[which])
            case "CAME" | "MISSED":
                self._says(NURSES[0], f"{what} {self.code or 1}-{which}")
            case "CLOSE":
                self._says(NURSES[1], f"CLOSE {self.code or 1}")
            case "PASS":
                self._look(village.passes(minutes=which))
            case "RADIO":
                village.goes_out(which)
            case "KILL":
                village.restarts()
        self._holds()

    def _says(self, number: str, text: str) -> list[Heard]:
        """One SMS is answered once, and what it sets going goes to others."""
        heard = self.village.says(number, text)
        self._look(heard)
        return heard

    def _look(self, heard: list[Heard]) -> None:
        for one in heard:
            if one.number in self.stopped:
                assert "needs O- blood" not in one.text
                assert "after all" not in one.text

    def _holds(self) -> None:
        db = self.village.db
        for row in db.query("SELECT * FROM callout"):
            assert 0 <= row["taken"] <= row["target"]
            held = db.value(
                "SELECT count(*) FROM appeal WHERE callout = ? AND state IN ('COMING', 'CAME')",
                (row["code"],),
            )
            assert row["finished_at"] is not None or row["taken"] == held
        # What was taken back before it left is FAILED, and was never said.
        assert db.query(_SAID_TWICE) == []
        for number in DONORS:
            asked = [row["asked_at"] for row in db.query(_ASKED, (number,))]
            assert all(later - one >= 7 * DAY for one, later in pairwise(asked))


_SAID_TWICE = (
    "SELECT recipient, text, count(*) FROM outbound WHERE status <> 'FAILED'"
    " AND (text LIKE '%needs O- blood%' OR text LIKE '%after all%')"
    " GROUP BY recipient, text HAVING count(*) > 1"
)
_ASKED = (
    "SELECT asked_at FROM appeal JOIN person ON person.id = person_id WHERE number = ?"
    " AND state NOT IN ('TAKEN_BACK', 'UNREACHABLE') AND times = 1 ORDER BY asked_at"
)


@settings(max_examples=8, deadline=None)
@given(ACTIONS)
def test_places_weeks_and_stops_hold_whatever_happens(actions: list[tuple[str, int]]) -> None:
    """Slots never exceed the target; nobody is asked twice; STOP beats all."""
    with tempfile.TemporaryDirectory() as folder, Village(Path(folder), sets=["blood"]) as village:
        _people(village)
        watched = Watched(village)
        watched.does("ASK", 2)
        for what, which in actions:
            watched.does(what, which)


def _people(village: Village) -> None:
    with village.db.transaction() as tx:
        bura = places.add(tx, 0, "Bura", "bura", "village", None, "test").id
        for number in (*NURSES, *DONORS):
            one = people.ensure(tx, 0, number, "test").id
            people.put_in(tx, 0, one, bura, "test")
            people.tag(tx, 0, one, "donor" if number in DONORS else "nurse", "test")
            people.set_attribute(tx, 0, one, "group", "O-", "test")
