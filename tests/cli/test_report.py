"""`relay report`: the figures that a district asks for, from rows as forms leave them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from relay.cli.desk import Desk
from relay.cli.main import main
from relay.clock import from_local
from relay.store import people, places, weekly
from tests.village import Village

ASHA, JUMA = "+254700000001", "+254700000002"
# A Tuesday, in week 48.
TODAY = "2026-11-24"
Relay = Callable[..., Result]


class Figures:
    """A district of two villages that sends weekly disease reports."""

    def __init__(self, village: Village) -> None:
        self.village = village
        self._came = 0
        with village.db.transaction() as tx:
            self.bura = places.add(tx, 1, "Bura", "bura", "village", None, "root").id
            self.kibo = places.add(tx, 1, "Kibo", "kibo", "village", None, "root").id
            for number, name, place in ((ASHA, "Asha", self.bura), (JUMA, "Juma", self.kibo)):
                one = people.ensure(tx, 1, number, "root").id
                people.set_name(tx, 1, one, name, "root")
                people.put_in(tx, 1, one, place, "root")

    def came(
        self,
        day: str,
        number: str = ASHA,
        form: str = "IDSR",
        outcome: str = "RECEIVED",
        **fields: object,
    ) -> None:
        self._came += 1
        with self.village.db.transaction() as tx:
            person = people.by_number(tx, number)
            tx.execute(
                "INSERT INTO form_report (inbound_id, form, number, person_id, place_id, outcome,"
                " fields, day, nth, reported_at, digest)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')",
                (
                    self._came, form, number, person.id if person else None,
                    person.places[0] if person else None, outcome, json.dumps(fields), day,
                    self._came if outcome == "RECEIVED" else None, from_local(f"{day} 09:00"),
                ),
            )  # fmt: skip


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    now = from_local(f"{TODAY} 12:00")
    with Village(tmp_path, sets=["disease"], now=now) as village:
        yield village


@pytest.fixture
def figures(village: Village) -> Figures:
    """Two today, one on Monday, one last week; one of them twice, one bad, one not understood."""
    found = Figures(village)
    found.came(TODAY, malaria=12, measles=1)
    found.came(TODAY, JUMA, malaria=3, measles=0)
    found.came("2026-11-23", JUMA, "IALR", disease="cholera", cases=2)
    found.came(TODAY, outcome="DUPLICATE", malaria=12, measles=1)
    found.came(TODAY, JUMA, outcome="INCOMPLETE")
    found.came(TODAY, "+254700000009", "", "NOT_FOUND")
    found.came(TODAY, "+254700000009", "", "PLAIN")
    found.came("2026-11-20", malaria=7)
    return found


@pytest.fixture
def relay(village: Village) -> Relay:
    def run(*words: object) -> Result:
        desk = Desk(clock=village.clock, environ={"RELAY_CONFIG": str(village.config.path)})
        return CliRunner().invoke(main, ["report", *(str(word) for word in words)], obj=desk)

    return run


def lines(result: Result) -> list[list[str]]:
    assert result.exit_code == 0
    return [line.split() for line in result.stdout.splitlines() if line]


@pytest.mark.usefixtures("figures")
def test_today_and_this_week_by_form_place_and_sender(relay: Relay) -> None:
    result = relay()
    found = lines(result)
    assert result.stdout.startswith("Week 2026-W48, 2026-11-23 to 2026-11-29; today is 2026-11-24")
    assert ["form", "today", "week", "again", "bad"] in found
    assert ["IDSR", "2", "2", "1", "1", "Weekly", "disease", "report"] in found
    assert ["IALR", "0", "1", "Disease", "alert"] in found
    assert ["Bura", "1", "1", "1"] in found
    assert ["Kibo", "1", "2", "1"] in found
    assert ["…001", "1", "1", "1", "Asha"] in found
    assert "1 message looked like a report of a form that there is not" in result.stderr
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.usefixtures("figures")
def test_one_form_with_the_sums_of_its_numbers(relay: Relay) -> None:
    result = relay("--form", "idsr")
    found = lines(result)
    assert ["sum", "of", "malaria", "measles"] in found
    assert ["Kibo", "3", "0"] in found
    assert ["all", "15", "1"] in found
    assert "IALR" not in result.stdout


@pytest.mark.usefixtures("figures")
def test_a_week_that_is_over(relay: Relay) -> None:
    for week in ("2026-W47", "47", "w47"):
        found = lines(relay("--week", week))
        assert ["form", "week", "again", "bad"] in found
        assert ["IDSR", "1", "Weekly", "disease", "report"] in found
    for wrong in ("yesterday", "54", "2026-W00", "2025-W53"):
        assert relay("--week", wrong).exit_code == 64
    nothing = relay("--week", "2020-W53")
    assert nothing.stdout.startswith("Week 2020-W53, 2020-12-28 to 2021-01-03")
    assert "No report came" in nothing.stderr


@pytest.mark.usefixtures("figures")
def test_for_spreadsheets_and_programs(relay: Relay) -> None:
    rows = list(csv.DictReader(io.StringIO(relay("--csv").stdout)))
    assert [(one["day"], one["form"], one["place"], one["received"]) for one in rows] == [
        ("2026-11-23", "IALR", "Kibo", "1"),
        (TODAY, "IDSR", "Bura", "1"),
        (TODAY, "IDSR", "Kibo", "1"),
    ]
    assert rows[1]["sender"] == "…001"
    sums = list(csv.DictReader(io.StringIO(relay("--csv", "--form", "IDSR").stdout)))
    assert sums[0] == {
        "week": "2026-W48", "place": "Bura", "field": "malaria", "reports": "1", "total": "12",
    }  # fmt: skip
    found: dict[str, Any] = json.loads(relay("--json", "--show-numbers").stdout)
    assert (found["week"], found["today"], found["not_understood"]) == ("2026-W48", TODAY, 1)
    assert found["counts"][1]["number"] == ASHA


def test_who_still_owes_the_report_of_last_week(
    village: Village, figures: Figures, relay: Relay
) -> None:
    assert "idsr, week 2026-W47: no place was asked" in relay().stdout
    with village.db.transaction() as tx:
        for number in (ASHA, JUMA):
            person = people.by_number(tx, number)
            assert person is not None
            people.tag(tx, 1, person.id, "reporter", "root")
        weekly.begin(tx, 1, "idsr", "2026-W47", "reporter")
        weekly.report(tx, "idsr", "2026-W47", figures.bura, from_local(f"{TODAY} 09:00"))
    for result in (relay(), relay("--week", "47"), relay("--form", "IDSR")):
        assert "idsr, week 2026-W47: 1 of 2 places reported" in result.stdout
        assert "missing: Kibo" in result.stdout
    assert "idsr" not in relay("--form", "IALR").stdout
