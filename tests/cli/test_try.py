"""`relay try`: the very engine, of which nothing stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from relay.cli.desk import Desk
from relay.cli.main import main
from relay.core.people import Consent
from relay.store import people
from tests.village import Village

AMINA = "+254700000001"
Relay = Callable[..., Result]


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    with Village(tmp_path, settings="default_reply = true") as village:
        yield village


@pytest.fixture
def relay(village: Village) -> Relay:
    def run(*words: object) -> Result:
        config = village.config.path
        desk = Desk(clock=village.clock, environ={"RELAY_CONFIG": str(config)})
        return CliRunner().invoke(main, [str(word) for word in words], obj=desk)

    return run


def rows(village: Village) -> list[tuple[Any, ...]]:
    """The whole database, but for how its tables are counted."""
    return [tuple(row) for table in village.db.query(
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    ) for row in village.db.query(f"SELECT * FROM {table['name']}")]  # fmt: skip


def test_it_says_who_takes_it_and_what_is_told_and_leaves_no_trace(
    village: Village, relay: Relay
) -> None:
    with village.db.transaction() as tx:
        people.ensure(tx, village.clock.now(), AMINA, "root")
    village.says(AMINA, "help")
    before = rows(village)
    result = relay("try", f"{AMINA} stop")
    assert result.exit_code == 0
    assert result.stdout.startswith("Taken by stop.\n")
    assert "to …001: You will get no more messages" in result.stdout
    assert "1 SMS, reply, at once, of use until" in result.stdout
    assert "person 1 changed" in result.stdout
    assert "Nothing was sent, and nothing was stored." in result.stderr
    assert rows(village) == before
    assert village.says(AMINA, "stop")  # and it would have been so


def test_the_same_as_json_with_the_text_as_several_words_and_at_another_time(
    village: Village, relay: Relay
) -> None:
    at = "2027-01-02 03:04"
    found = json.loads(relay("try", AMINA, "help", "--at", at, "--json").stdout)
    (message,) = found["messages"]
    assert (found["by"], message["number"], message["segments"]) == ("help", "…001", 1)
    assert message["useful_until"] == found["at"] + 24 * 3_600_000
    found = json.loads(relay("try", AMINA, "help", "--json", "--show-numbers").stdout)
    assert found["messages"][0]["number"] == AMINA


def test_what_waits_for_one_who_stops_is_named(village: Village, relay: Relay) -> None:
    village.says(AMINA, "help")
    with village.db.transaction() as tx:
        tx.execute("INSERT INTO occasion VALUES ('r', 'o', ?, 1, 1)", (AMINA,))
    assert "Would go out no more: out 1" in relay("try", AMINA, "stop").stdout
    assert village.state(1)[0] == "UNSENT"


def test_a_stop_of_a_stranger_and_an_unknown_text(village: Village, relay: Relay) -> None:
    assert "Rows: person 1 added, outbound 1 added" in relay("try", "+254700000009", "stop").stdout
    assert relay("try", "+254700000009", "good morning").stdout.startswith("Taken by default.")
    assert village.db.value("SELECT count(*) FROM person") == 0
    with village.db.transaction() as tx:
        one = people.ensure(tx, 1, AMINA, "root").id
        people.set_consent(tx, 1, one, Consent.STOPPED, "root")
    assert "person 1 changed" in relay("try", AMINA, "start").stdout
    with village.db.transaction() as tx:
        assert people.opted_out(tx, AMINA)


def test_it_needs_a_text_a_number_and_a_rule(
    village: Village, relay: Relay, tmp_path: Path
) -> None:
    assert relay("try", AMINA).exit_code == 64
    assert relay("try", "MPESA", "hello").exit_code == 65
    (tmp_path / "own.toml").write_text("[nothing]\n")
    broken = relay("try", AMINA, "help")
    assert broken.exit_code == 1
    assert "does not hold" in broken.stderr
    assert "no rule set is switched on" in broken.stderr


def test_it_works_beside_a_running_relay_that_is_writing(village: Village, relay: Relay) -> None:
    """A daemon's connection stays open; its next turn goes on as if nothing had been."""
    assert relay("try", AMINA, "help").exit_code == 0
    (heard,) = village.says(AMINA, "help")
    assert heard.id == 1
