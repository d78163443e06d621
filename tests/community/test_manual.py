"""docs/community.md names every key that a rule set may have, and every set and command word."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from relay.community.callouts import rules as callouts
from relay.community.channels import rules as channels
from relay.community.forms import rules as forms
from relay.community.reminders import rules as reminders
from relay.community_rules import shipped_sets
from relay.community_words import wording

PAGE = (Path(__file__).parents[2] / "docs/community.md").read_text("utf-8")


def section(title: str) -> str:
    return PAGE.partition(f"### `[{title}]`")[2].partition("\n### ")[0]


def asked_for(module: object) -> set[str]:
    """The keys that a module asks its tables for, as they stand in its source."""
    source = inspect.getsource(module)  # type: ignore[arg-type]
    return set(re.findall(r'table\.\w+\(\s*"([a-z_]+)"', source))


@pytest.mark.parametrize(
    ("title", "keys"),
    [
        ("form.CODE", {*forms._FORM_KEYS, *forms._FIELD_KEYS, *forms._STOCK_KEYS}),
        ("channel.NAME", set(channels._KEYS)),
        ("callout.NAME", asked_for(callouts)),
        ("reminder.NAME", set(reminders._REMINDER_KEYS)),
        ("completeness.NAME", set(reminders._COMPLETENESS_KEYS)),
        ("escalation.NAME", {"after", "when", "to", "fallback", "text", "again", "times"}),
    ],
)
def test_every_key_is_explained(title: str, keys: set[str]) -> None:
    assert keys
    assert {key for key in keys if f"`{key}`" not in section(title)} == set()


def test_every_set_has_its_dialogue() -> None:
    assert [name for name in shipped_sets() if f"### `{name}`" not in PAGE] == []


@pytest.mark.parametrize(
    ("row", "command"),
    [
        ("no more messages", "stop"),
        ("again", "start"),
        ("yes", "yes"),
        ("no", "no"),
        ("agreed", "ok"),
        ("help", "help"),
    ],
)
def test_the_table_of_words_is_that_of_the_files(row: str, command: str) -> None:
    (cells,) = re.findall(rf"^\| {row} \| (.*) \|$", PAGE, re.MULTILINE)
    for cell in cells.split(" | "):
        # Several words of one cell, or one phrase of several.
        known = wording().says(command, cell) or all(
            wording().says(command, word) for word in cell.split()
        )
        assert known, cell
