"""The rule sets that relay is shipped with: every text in every language, and one SMS long."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from relay.community.lengths import sms_of
from relay.community.wording import SHIPPED, placeholders

FOLDER = Path(__file__).parents[2] / "config/community"
SETS = sorted(path.stem for path in FOLDER.glob("*.toml"))


def texts(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every table of languages in a set, with the way to it."""
    if "en" in table:
        yield path, table
        return
    for key, below in table.items():
        if isinstance(below, dict) and key != "values":
            yield from texts(below, f"{path}.{key}" if path else key)


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))


TEXTS = [(f"{name}: {path}", said) for name in SETS for path, said in texts(read(name))]


def test_the_sets_of_the_documentation_are_there() -> None:
    assert set(SETS) == {
        "antenatal", "blood", "disease", "immunisation", "notices", "peace", "pledge", "stock",
    }  # fmt: skip


@pytest.mark.parametrize("name", SETS)
def test_a_technician_reads_how_to_switch_it_on(name: str) -> None:
    """The first lines say what it is for and the one line to write."""
    head = (FOLDER / f"{name}.toml").read_text("utf-8").partition("\n\n")[0]
    assert f'#   sets = ["{name}"]' in head
    assert "Switch it on with" in head


@pytest.mark.parametrize(("where", "said"), TEXTS)
def test_every_text_is_there_in_every_language(where: str, said: Mapping[str, str]) -> None:
    assert set(said) == set(SHIPPED), where
    fields = {language: placeholders(text) for language, text in said.items()}
    assert {one for one in fields if fields[one] != fields["en"]} == set(), where


@pytest.mark.parametrize(("where", "said"), TEXTS)
def test_a_text_fits_one_sms(where: str, said: Mapping[str, str]) -> None:
    for language, template in said.items():
        assert sms_of(template) == 1, f"{where} {language}: {template}"
