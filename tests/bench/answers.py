"""From the commit of an inbound SMS to its answer in the outbox: 10,000 people, 200 places, 50
forms, and the thread that answers as relay runs it."""

from __future__ import annotations

import threading
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter

from relay.clock import SystemClock
from relay.community_rules import shipped
from relay.flows.answering.flow import Answering
from relay.store import people, places
from relay.store.raw import Arrival
from relay.workers import Bell, Worker
from tests.air import deliver
from tests.bench.rig import DISK
from tests.bench.tables import Table
from tests.village import Village

_PEOPLE, _PLACES, _FORMS, _TIMES = 10_000, 200, 50, 200
_PATIENCE_S = 10.0
_FORM = """
[form.F{n}]
title.en = "Form {n}"
fields = [
  {{ name = "name", type = "string", required = true, length = [1, 30] }},
  {{ name = "weeks", type = "integer", required = true, range = [0, 42] }},
]
received.en = "Form {n} of {{name}} recorded. Ref {{ref}}"
"""
_SETS = ("antenatal", "blood", "notices", "peace", "stock")


def table() -> Table:
    """One SMS at a time, each from another of the people; the disk is the machine's own."""
    forms = _FORMS - sum(
        (shipped() / f"{one}.toml").read_text().count("\n[form.") for one in _SETS
    )
    rules = "".join(_FORM.format(n=n) for n in range(forms))
    with (
        TemporaryDirectory(prefix="bench-", dir=DISK) as name,
        Village(Path(name), sets=_SETS, rules=rules, now=SystemClock().now()) as village,
    ):
        assert not village.rules.faults, village.rules.faults
        _populate(village)
        rows = tuple(
            (what, *_measured(village, text, at))
            for at, (what, text) in enumerate(
                (
                    ("a report of a form", "F7 Amina {n}"),
                    ("a report with a mistake", "F7 Amina 7{n}"),
                    ("a command", "JOIN PEACE P{place}"),
                    ("a near miss of a place", "JOIN PEACE PX{place}"),
                    ("STOP", "STOP"),
                )
            )
        )
    return Table(
        "answers",
        ("what comes in", "SMS", "median ms", "99 % ms", "slowest ms"),
        rows,
        "10,000 people in 200 places, 50 forms. From the commit that makes it a message to the "
        "commit of its answer, over the bell and the thread of answering.",
    )


def _populate(village: Village) -> None:
    now = village.clock.now()
    with village.db.transaction() as tx:
        ids = [
            places.add(tx, now, f"P{n}", f"p{n}", "ward", None, "bench").id for n in range(_PLACES)
        ]
        for n in range(_PEOPLE):
            person = people.ensure(tx, now, _number(n), "bench").id
            people.put_in(tx, now, person, ids[n % _PLACES], "bench")


def _number(n: int) -> str:
    return f"+2547{n:08d}"


def _measured(village: Village, text: str, at: int) -> tuple[int, float, float, float]:
    answered, bell, stop = threading.Event(), Bell(), threading.Event()
    engine = Answering(
        village.db, village.outbox, village.rules.book, village.engine._primitives,
        village.clock, _Rung(answered),
    )  # fmt: skip
    worker = Worker(
        "answering", engine.step, bell=bell, stop=stop, monotonic=SystemClock().monotonic
    )
    worker.start()
    took = []
    try:
        for n in range(_TIMES):
            answered.clear()
            _arrives(village, _number(at * _TIMES + n), text.format(n=n % 40, place=n % _PLACES))
            began = perf_counter()
            bell.ring()
            if not answered.wait(_PATIENCE_S):
                raise RuntimeError(f"no answer to {text!r}")
            took.append((perf_counter() - began) * 1000)
    finally:
        stop.set()
        bell.ring()
        worker.join(_PATIENCE_S)
    return _TIMES, median(took), quantiles(took, n=100)[98], max(took)


class _Rung:
    """The bell of the outbox: an answer is in it."""

    def __init__(self, event: threading.Event) -> None:
        self._event = event

    def ring(self) -> None:
        self._event.set()


def _arrives(village: Village, number: str, text: str) -> None:
    village.clock.advance(2)
    pdu = deliver(text, sender=number, at=village.clock.now() // 1000 * 1000)
    village.inbox.keep(village.clock.now(), [Arrival(pdu, "usb1", "89254", "SM:1")])
    village.inbox.digest(village.clock.now())
