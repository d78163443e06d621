"""The page of screens is made by the program that it shows."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAME = ROOT / "docs" / "screens-monitor.md"


def screens(page: str) -> dict[str, list[str]]:
    found = re.findall(r"^## (.+?)\n\n```text\n(.*?)\n```$", page, re.DOTALL | re.MULTILINE)
    return {title: text.splitlines() for title, text in found}


@pytest.fixture(scope="module")
def made() -> dict[str, list[str]]:
    return screens(runpy.run_path(str(ROOT / "docs" / "live_screens.py"))["page"]())


def test_the_page_shows_what_the_program_shows(made: dict[str, list[str]]) -> None:
    """What comes from the rules of the verdict may be worded anew; the rest is as it is."""
    page = screens(NAME.read_text("utf-8"))
    assert page.keys() == made.keys()
    for title, now in made.items():
        then = page[title]
        if title.startswith("relay monitor"):
            assert len(then) == len(now) == 24
            assert then[-1] == now[-1]
        if "history" in title or "help" in title:
            assert then[2:] == now[2:]


def test_every_screen_fits_into_80_columns(made: dict[str, list[str]]) -> None:
    assert max(len(line) for lines in made.values() for line in lines) <= 80


def test_no_number_is_on_a_screen(made: dict[str, list[str]]) -> None:
    text = "\n".join(line for lines in made.values() for line in lines)
    assert not re.search(r"\d{7,}", text)
