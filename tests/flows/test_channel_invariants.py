"""What must hold of posts whatever happens, in whatever order, over kill -9 at any commit.

Nobody gets a post twice. Nothing goes out without the row of its approval. Who has said STOP gets
his confirmation and nothing after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.clock import from_local
from relay.flows.answering.channels import Channels
from relay.store import channels, people
from relay.store.channels import EVERYWHERE
from tests.village import Village

RULES = """
[channel.PEACE]
posters = ["team"]
approvers = ["team"]
[channel.BOARD]
posters = ["team"]
approvals = 0
mode = "latest"
"""
MORNING = from_local("2026-11-23 10:00")
A, B = "+9001", "+9002"
READERS = [f"+25470000000{n}" for n in range(7)]
MEMORY = Path("/dev/shm")  # a disk that costs nothing: no power is cut here
TEST = "test"


class Killed(BaseException):
    """Nothing of relay runs after this."""


@contextmanager
def killed_at(village: Village, commit: int) -> Iterator[None]:
    """The process is gone right behind its commit of this number, or just before the next."""
    transaction = village.db.transaction
    left = commit

    @contextmanager
    def counting() -> Iterator[object]:
        nonlocal left
        outermost = village.db._depth == 0
        with transaction() as tx:
            yield tx
            if outermost and left == 0:
                raise Killed  # SQLite takes back what was not committed
            left -= outermost

    village.db.transaction = counting  # type: ignore[method-assign, assignment]
    try:
        yield
    except Killed:
        pass
    finally:
        village.db.transaction = transaction  # type: ignore[method-assign]
        village.restarts()


STEPS = st.one_of(
    st.tuples(st.just("says"), st.sampled_from([A, B]), st.sampled_from([
        "POST PEACE calm {n}", "POST BOARD water {n}", "OK 1", "OK 2", "OK 3", "PAUSE 1",
        "RESUME 1", "CANCEL 2", "PAUSE 2", "RESUME 2", "NO 2",
    ])),
    st.tuples(st.just("says"), st.sampled_from(READERS), st.sampled_from([
        "STOP", "stop.", "START", "OFF", "ON", "LEAVE PEACE", "JOIN PEACE", "thank you", "OK 1",
    ])),
    st.tuples(st.just("radio"), st.integers(0, 4), st.none()),
    st.tuples(st.just("time"), st.sampled_from([1, 20, 40, 700]), st.none()),
    st.tuples(st.just("kill"), st.integers(0, 6), st.none()),
)  # fmt: skip


def opened(folder: Path) -> Village:
    village = Village(
        folder, rules=RULES, now=MORNING,
        primitives=lambda book: [Channels(book, at_once=2, most_waiting=3)],
    )  # fmt: skip
    with village.db.transaction() as tx:
        for number in (A, B):
            people.tag(tx, MORNING, people.ensure(tx, MORNING, number, TEST).id, "team", TEST)
        for number in READERS:
            person = people.ensure(tx, MORNING, number, TEST)
            for name in ("PEACE", "BOARD"):
                channels.follow(tx, MORNING, name, person.id, EVERYWHERE, TEST)
    return village


class Story:
    """Plays the steps, and remembers who had said STOP when what left."""

    def __init__(self, village: Village) -> None:
        self.village = village
        self.stopped: set[str] = set()
        self.wrongly_sent: list[tuple[str, str]] = []
        self._kill: int | None = None
        self._sent = 0
        self._posts = 0

    def play(self, what: str, how: object, words: str | None) -> None:
        if what == "kill":
            assert isinstance(how, int)
            self._kill = how
            return
        if self._kill is not None:
            with killed_at(self.village, self._kill):
                self._do(what, how, words)
            self._kill = None
            self.village.settles()  # what it had not done it does now
        else:
            self._do(what, how, words)
        self._look()

    def _do(self, what: str, how: object, words: str | None) -> None:
        if what == "says" and words is not None:
            self._posts += 1
            self.village.says(str(how), words.format(n=self._posts))
        elif what == "radio":
            assert isinstance(how, int)
            self.village.goes_out(limit=how)
            self.village.settles()
        else:
            assert isinstance(how, int)
            self.village.passes(minutes=how)

    def _look(self) -> None:
        """Whatever has left since the last look, left to people who wanted it then."""
        db = self.village.db
        left = db.query(
            "SELECT part.id, recipient, text FROM part JOIN outbound ON outbound.id = outbound_id"
            " WHERE part.state = 'ACCEPTED' AND outbound.priority < 0 ORDER BY part.id"
        )
        for row in left[self._sent :] if self._sent <= len(left) else []:
            if row["recipient"] in self.stopped:
                self.wrongly_sent.append((row["recipient"], row["text"]))
        self._sent = len(left)
        rows = db.query("SELECT number FROM person WHERE consent = 'STOPPED'")
        self.stopped = {row["number"] for row in rows}
        waiting = db.query(
            "SELECT recipient FROM outbound WHERE status = 'UNSENT' AND priority < 0"
        )
        assert not {row["recipient"] for row in waiting} & self.stopped


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=4, max_size=16))
def test_nobody_twice_nothing_unapproved_and_stop_beats_all(
    steps: list[tuple[str, object, str | None]],
) -> None:
    with (
        TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder,
        opened(Path(folder)) as village,
    ):
        story = Story(village)
        story.play("says", A, "POST PEACE first")
        story.play("says", B, "OK 1")
        for step in steps:
            story.play(*step)
        assert story.wrongly_sent == []
        _nobody_twice(village)
        _nothing_unapproved(village)


def _nobody_twice(village: Village) -> None:
    rows = village.db.query(
        "SELECT rule, occasion, recipient FROM occasion JOIN outbound ON outbound.id = outbound_id"
    )
    told = Counter(tuple(row) for row in rows)
    assert [one for one, count in told.items() if count > 1] == []
    posted = village.db.value("SELECT count(*) FROM outbound WHERE priority = -20")
    assert posted == sum(1 for rule, _, _ in told if rule.startswith("channel."))


def _nothing_unapproved(village: Village) -> None:
    assert (
        village.db.query(
            "SELECT code FROM post WHERE (state IN ('GOING', 'PAUSED', 'DONE') OR code IN"
            " (SELECT occasion FROM occasion WHERE rule LIKE 'channel.%'))"
            " AND NOT EXISTS (SELECT 1 FROM post_approval AS a WHERE a.code = post.code"
            "  AND a.approver <> author)"
        )
        == []
    )
