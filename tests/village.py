"""A village for tests of what relay answers: a real store and the real engine, without a radio.

`says` is an SMS that came in, as its PDU; `heard` is what relay has put into the outbox since.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from relay import assembly_community, community_rules
from relay.assembly import inbox_of, outbox_of
from relay.community.rulebook import RuleBook
from relay.community_rules import Rules
from relay.config import Config, load
from relay.flows.answering.flow import Answering
from relay.flows.answering.primitive import Primitive
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.raw import Arrival
from tests.air import NOON, deliver
from tests.fake_modem import CountingBell
from tests.fakes import FakeClock

_TOML = """\
[gateway]
name = "Bura clinic"
[store]
path = "state/relay.db"
[modem.usb1]
port = "/dev/serial/by-id/usb-modem"
number = "+254711000000"
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """One message for one person."""

    number: str
    text: str
    priority: int
    not_before: int | None
    useful_until: int | None
    id: int


class Village:
    """`with Village(tmp_path, sets=["peace"]) as village:` A context manager.

    `rules` is the text of a rule set of its own; `settings` are lines of [community];
    `primitives` stand in for those of the rules.
    """

    def __init__(
        self,
        folder: Path,
        *,
        sets: Sequence[str] = (),
        rules: str = "",
        settings: str = "",
        primitives: Callable[[RuleBook], Sequence[Primitive]] | None = None,
        now: int = NOON,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        named = [f'"{one}"' for one in sets]
        if rules or not sets:
            (folder / "own.toml").write_text(rules, "utf-8")
            named.append('"own.toml"')
        path = folder / "relay.toml"
        path.write_text(f"{_TOML}[community]\nsets = [{', '.join(named)}]\n{settings}\n", "utf-8")
        path.chmod(0o600)
        self.clock = FakeClock(now=now)
        self.config: Config = load(path, {}, hostname=lambda: "clinic")
        self._primitives = primitives or assembly_community.primitives
        self._came = 0
        self._read_up_to = 0
        self._open()

    def _open(self) -> None:
        self.db = Database.open(self.config.store.path, check=False)
        self.inbox = inbox_of(self.db, self.config)
        self.outbox = outbox_of(self.db, self.config.sending, self.config.loops)
        self.facts = Facts(self.db)
        self.bell = CountingBell()
        self.rules: Rules = assembly_community.rules(self.config)
        book = self.rules.book
        self.engine = Answering(
            self.db, self.outbox, book, self._primitives(book), self.clock, self.bell
        )

    def __enter__(self) -> Village:
        return self

    def __exit__(self, *_: object) -> None:
        self.db.close()

    def holds(self) -> None:
        """The daemon writes down for status which sets hold."""
        assembly_community.note(self.rules, self.db, self.clock)

    def restarts(self) -> None:
        """Another process over the same disk."""
        self.db.close()
        self._open()

    # --- what happens ---------------------------------------------------------------------------

    def arrives(self, number: str, text: str) -> None:
        """An SMS comes in, and is not answered yet."""
        self._came += 1
        # The service centre stamps whole seconds: no two are the same PDU.
        stamp = self.clock.now() // 1000 * 1000 + self._came * 1000
        self.inbox.keep(
            self.clock.now(),
            [Arrival(deliver(text, sender=number, at=stamp), "usb1", "89254", f"SM:{self._came}")],
        )
        self.inbox.digest(self.clock.now())

    def says(self, number: str, text: str) -> list[Heard]:
        """An SMS comes in and is answered; what is heard of it."""
        self.arrives(number, text)
        return self.settles()

    def settles(self) -> list[Heard]:
        """Everything that is due now is done; what is heard since the last time."""
        for _ in range(1000):
            if self.engine.step() > 0:
                break
        return self.heard()

    def passes(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> list[Heard]:
        """Time goes by in one step, and what is due by then is done."""
        self.clock.advance(days * 86_400 + hours * 3600 + minutes * 60)
        return self.settles()

    # --- what is heard --------------------------------------------------------------------------

    def heard(self) -> list[Heard]:
        """What has entered the outbox since the last time, in order."""
        rows = self.db.query(
            "SELECT id, recipient, text, priority, not_before, useful_until FROM outbound"
            " WHERE id > ? ORDER BY id",
            (self._read_up_to,),
        )
        self._read_up_to = max([self._read_up_to, *(row["id"] for row in rows)])
        return [
            Heard(row["recipient"], row["text"], row["priority"], row["not_before"],
                  row["useful_until"], row["id"])
            for row in rows
        ]  # fmt: skip

    def state(self, outbound_id: int) -> tuple[str, str | None]:
        """The status of a message, and its reason."""
        (row,) = self.db.query("SELECT status, reason FROM outbound WHERE id = ?", (outbound_id,))
        return row["status"], row["reason"]

    def goes_out(self, limit: int = 1000) -> list[str]:
        """The radio takes what may go now; the numbers that it went to."""
        from relay.core.outbound import Accepted

        gone: list[str] = []
        while len(gone) < limit and (
            part := self.outbox.claim(self.clock.now(), "usb1", "direct")
        ):
            self.outbox.record(self.clock.now(), part, Accepted(part.id % 256))
            gone.append(self.db.value("SELECT number FROM part WHERE id = ?", (part.id,)))
        return gone


def texts(heard: Sequence[Heard]) -> list[str]:
    return [one.text for one in heard]


def shipped() -> tuple[str, ...]:
    return community_rules.shipped_sets()
