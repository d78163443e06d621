"""`relay forms`: what is switched on, and a CHT app's forms as a rule set."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from relay.cli.desk import EX_CANTCREAT, EX_DATAERR, Desk
from relay.cli.main import main
from tests.village import Village

AMINA = "+254700000001"
Relay = Callable[..., Result]
FIELDS = {"weeks": {"type": "integer", "required": True, "labels": {"tiny": "W", "short": "W"}}}
SETTINGS: dict[str, Any] = {
    "forms": {
        "P": {"meta": {"code": "P", "label": "Pregnancy"}, "fields": FIELDS},
        "OFF": {"meta": {"code": "OFF"}, "fields": FIELDS},
    },
    "registrations": [{"form": "OFF", "messages": [{"recipient": "reporting_unit"}]}],
}


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    with Village(tmp_path, sets=["stock"]) as village:
        yield village


@pytest.fixture
def relay(village: Village) -> Relay:
    def run(*words: object) -> Result:
        desk = Desk(clock=village.clock, environ={"RELAY_CONFIG": str(village.config.path)})
        return CliRunner().invoke(main, [str(word) for word in words], obj=desk)

    return run


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "app_settings.json"
    path.write_text(json.dumps(SETTINGS), "utf-8")
    return path


def test_forms_are_shown_with_what_came_of_late(village: Village, relay: Relay) -> None:
    """And no number of anybody's, nor what a report says."""
    for text in ("SOH LA 20", "SOH LA 20", "SOH LA"):
        village.says(AMINA, text)
    (line,) = [one for one in relay("forms").output.splitlines() if one.startswith("SOH")]
    assert line.split()[-3:] == ["1", "1", "1"]
    said = relay("forms", "show", "soh").output
    assert "SOH LA 20 R LA 30" in said
    assert "INCOMPLETE" in said
    assert AMINA not in said
    shown = json.loads(relay("forms", "show", "SOH", "--json").output)
    assert [one["outcome"] for one in shown["reports"]] == ["INCOMPLETE", "DUPLICATE", "RECEIVED"]
    assert "there is no form XX" in relay("forms", "show", "XX").output


def test_a_cht_app_is_imported_by_one_line(
    village: Village, relay: Relay, settings: Path, tmp_path: Path
) -> None:
    """First only said, then written; what is there is not overwritten."""
    target = tmp_path / "forms.toml"
    said = relay("forms", "import", settings, "--dry-run")
    assert said.exit_code == 0
    assert "It would write 2 forms" in said.output
    assert "OFF is also a command" in said.output
    assert not target.exists()
    assert "relay reload" in relay("forms", "import", settings).output
    again = relay("forms", "import", settings)
    assert (again.exit_code, "there already" in again.output) == (EX_CANTCREAT, True)
    config = village.config.path
    config.write_text(config.read_text("utf-8").replace('"stock"', '"stock", "forms.toml"'))
    shown = json.loads(relay("forms", "list", "--json").output)["forms"]
    assert [(one["form"], one["send"], one["reply_owner"]) for one in shown] == [
        ("OFF", "OFF W", "server"), ("P", "P W", "local"), ("SOH", "SOH LA 20 R LA 30", "local"),
    ]  # fmt: skip
    out = tmp_path / "all.toml"
    assert relay("forms", "export", out).exit_code == 0
    assert relay("forms", "export").output == out.read_text("utf-8")


def test_bad_forms_are_named_and_the_good_ones_are_taken_where_that_is_wanted(
    relay: Relay, settings: Path, tmp_path: Path
) -> None:
    bad = SETTINGS | {"forms": SETTINGS["forms"] | {"X": {"meta": {"code": "Y"}, "fields": {}}}}
    settings.write_text(json.dumps(bad), "utf-8")
    said = relay("forms", "import", settings)
    assert said.exit_code == EX_DATAERR
    assert "form X: its meta.code is Y" in said.output
    assert "Nothing was written" in said.output
    assert relay("forms", "import", settings, "--good").exit_code == 1
    assert "[form.P]" in (tmp_path / "forms.toml").read_text("utf-8")


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\xff", "[]", "{}"])
def test_what_is_no_app_settings_changes_nothing(
    relay: Relay, settings: Path, tmp_path: Path, text: str
) -> None:
    settings.write_bytes(text.encode("latin-1"))
    said = relay("forms", "import", settings)
    assert said.exit_code != 0
    assert not isinstance(said.exception, ValueError)
    assert not (tmp_path / "forms.toml").exists()
