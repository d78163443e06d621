"""`relay reminders`: what waits, and what staff adds, silences and takes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from relay.cli.desk import Desk
from relay.cli.main import main
from relay.clock import from_local
from tests.village import Village, texts

MOTHER, OTHER = "+254700001001", "+254700001002"
NOW = from_local("2026-11-24 10:00")
DAY = "2026-12-22"
Ask = Callable[..., Result]


@pytest.fixture
def village(tmp_path: Path):
    with Village(tmp_path, now=NOW) as village:
        yield village


@pytest.fixture
def ask(village: Village, tmp_path: Path) -> Ask:
    def ask(*words: str, code: int = 0) -> Result:
        desk = Desk(clock=village.clock, environ={}, config_path=str(tmp_path / "relay.toml"))
        result = CliRunner().invoke(main, ["reminders", *words], obj=desk)
        assert result.exit_code == code, result.output
        return result

    return ask


def test_a_message_is_added_listed_and_sent_once(village: Village, ask: Ask) -> None:
    ask("add", MOTHER, f"{DAY} 09:00", "The doctor is here.", "--patient", "84217")
    assert f"{DAY} 09:00  …001  84217    added  WAITING" in ask("list", "--day", DAY).stdout
    assert ask("list", "--day", "2026-12-23").stdout == ""
    assert "The doctor is here." in ask("show", "1").stdout
    assert MOTHER not in ask("show", "1", "--json").stdout
    village.clock.advance((from_local(f"{DAY} 09:00") - NOW) / 1000)
    assert [(one.number, one.text) for one in village.settles()] == [
        (MOTHER, "The doctor is here.")
    ]
    assert village.passes(days=2) == []
    assert ask().stdout == ""
    assert "SENT" in ask("list", "--all").stdout


def test_what_cannot_be_added_says_why(ask: Ask) -> None:
    assert "has gone by" in ask("add", MOTHER, "2026-11-23 09:00", "x", code=1).stderr
    assert "no place Nowhere" in ask(
        "add", "tag:chw", f"{DAY} 09:00", "x", "--place", "Nowhere", code=1
    ).stderr  # fmt: skip
    assert "tag:NAME" in ask("add", "MPESA", f"{DAY} 09:00", "x", code=1).stderr


def test_reminders_are_muted_unmuted_and_removed(village: Village, ask: Ask) -> None:
    ask("add", MOTHER, f"{DAY} 09:00", "one", "--patient", "84217")
    ask("add", OTHER, f"{DAY} 09:00", "two", "--patient", "84217")
    assert ask("mute", "84217").stdout.startswith("2 muted")
    assert ask("unmute", "84217").stdout.startswith("2 unmuted")
    ask("mute", OTHER)
    ask("remove", "1")
    ask("remove", "1", "9", code=1)
    assert village.passes(days=30) == []
    assert ask("unmute", OTHER).stdout.startswith("1 unmuted")
    assert texts(village.settles()) == ["two"]


def test_a_list_is_taken_whole_or_in_its_good_rows(ask: Ask, tmp_path: Path) -> None:
    """With a dry run before; what is exported can be imported again."""
    file = tmp_path / "dates.csv"
    good = f"{MOTHER},{DAY} 09:00,Come on Friday\n"
    file.write_text(f"to,when,text\n{good}{OTHER},someday,x\n{OTHER},2020-01-01 09:00,x\n")
    said = json.loads(ask("import", str(file), "--json", code=65).stdout)
    assert (said["applied"], said["added"]) == (False, 1)
    assert [one["line"] for one in said["bad"]] == [3, 4]
    assert "2 bad rows" in ask("import", str(file), "--good-rows", "--dry-run", code=1).stdout
    assert ask("export").stdout == "to,when,text,place,patient\n"
    ask("import", str(file), "--good-rows", code=1)
    assert good.strip() in ask("export").stdout
