"""Every language: all is translated, nothing breaks, and no line is wider than a terminal."""

from __future__ import annotations

import gettext
import re
import runpy
import subprocess
import sys
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay import words
from relay.config_keys import keys
from relay.config_sections import GatewayConfig
from relay.core.health import Problem, judge
from relay.core.layout import WIDTH, columns
from relay.core.said import ENGLISH, Said, say, some, spoken
from relay.core.station import Station
from relay.status_screen import one_line, screen
from tests.stations import stations

pytest.importorskip("babel", reason="an extra of the checks")

MESSAGES = runpy.run_path("docs/messages.py")
OTHERS = tuple(one for one in words.LANGUAGES if one != "en")
TONGUES = {one: words.tongue(one, {}) for one in words.LANGUAGES}


def sentences(message: Any) -> list[str]:
    return [message] if isinstance(message, str) else list(message)


@cache
def english() -> list[str]:
    return [one for message in MESSAGES["extracted"]() for one in sentences(message.id) if one]


@cache
def pairs(language: str) -> list[tuple[str, str, str]]:
    """Each English sentence, what this language makes of it, and the English of all numbers."""
    catalogs = {path.parent.parent.name: found for path, found in MESSAGES["catalogs"]()}
    return [
        (source, target, " ".join(sentences(message.id)))
        for message in catalogs[language]
        if message.id and not message.fuzzy
        for source, target in zip(sentences(message.id), sentences(message.string), strict=True)
    ]


# --- the catalogs -------------------------------------------------------------------------------


def test_the_sentences_are_found() -> None:
    """Those of tables and of plurals too."""
    found = english()
    assert "Nothing is lost." in found
    assert "Modem {modem} is missing or silent{lasted}." in found
    assert {"{n} MMS notice", "{n} MMS notices"} <= set(found)


@pytest.mark.parametrize("language", OTHERS)
def test_everything_is_translated(language: str) -> None:
    """`make messages` gathers what is new; the translations are written by hand."""
    known = {source for source, target, _ in pairs(language) if target}
    assert [one for one in english() if one not in known] == []


@pytest.mark.parametrize("language", OTHERS)
def test_what_relay_reads_is_what_was_translated(language: str) -> None:
    """The .mo file is that of the .po file beside it: `make messages`."""
    (catalog,) = (
        found for path, found in MESSAGES["catalogs"]() if path.parent.parent.name == language
    )
    path = words.LOCALE / language / "LC_MESSAGES/relay.mo"
    assert path.read_bytes() == MESSAGES["compiled"](catalog)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


# What must be typed as it stands, and what is a name of ours.
_AS_IT_IS = re.compile(
    r"sudo \S+ \S+(?: [a-z]+)?(?= \{|$|\n)|(?<![\w-])--[a-z-]+|journalctl .*|relay (?:explain|"
    r"outbox \w+|inbox \w+|trace|config \w+|balance|status)(?= |$|\))|\[[\w.{}]+\]|\b\w+_\w+\b|"
    r"\{\w+\}|/[\w/.]+\.md",
    re.MULTILINE,
)


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_that_is_typed_or_filled_in_is_translated(language: str) -> None:
    """Placeholders, commands, options, keys and line breaks are those of the English sentence."""
    for source, target, either in pairs(language):
        assert placeholders(source) <= placeholders(target) <= placeholders(either), target
        assert source.count("\n") == target.count("\n"), target
        assert source[:1].isspace() == target[:1].isspace(), target
        wanted = _AS_IT_IS.findall(source)
        assert [one for one in wanted if one.strip() not in target] == [], target


@pytest.mark.parametrize("language", OTHERS)
def test_plurals_are_those_of_the_language(language: str) -> None:
    """In French nothing is one, as far as grammar goes."""
    tongue = TONGUES[language]
    for n in (0, 1, 2, 21, 1000):
        chosen = some(n, "{n} day", "{n} days").by(tongue)
        assert str(n) in chosen.replace(tongue.thousands, "")
    one, none = (some(n, "{n} call today", "{n} calls today").by(tongue) for n in (1, 0))
    assert (one.replace("1", "0") == none) == (language in ("fr", "ne", "sw"))


# --- the choice ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wished", "environ", "chosen"),
    [
        ("", {}, "en"),
        ("sw", {"LANG": "fr_FR.UTF-8"}, "sw"),
        ("", {"LANG": "fr_FR.UTF-8"}, "fr"),
        ("", {"LC_ALL": "pt_MZ", "LC_MESSAGES": "fr", "LANG": "ne_NP"}, "pt"),
        ("", {"LC_ALL": "", "LC_MESSAGES": "es_GT.UTF-8", "LANG": "ne_NP"}, "es"),
        ("", {"LANG": "C.UTF-8"}, "en"),
        ("", {"LANG": "POSIX"}, "en"),
        ("", {"LANG": "sw_TZ@x"}, "sw"),
        ("", {"LANG": "de_DE.UTF-8"}, "en"),
        ("", {"LANG": "../../etc"}, "en"),
    ],
)
def test_the_language_is_that_of_the_configuration_or_the_environment(
    wished: str, environ: dict[str, str], chosen: str
) -> None:
    assert words.language(wished, environ) == chosen
    assert (words.tongue(wished, environ) is ENGLISH) == (chosen == "en")


def test_the_configuration_knows_every_language() -> None:
    read = keys(GatewayConfig)["language"].metadata["read"]
    assert [read(one, None) for one in ("", *words.LANGUAGES)] == ["", *words.LANGUAGES]


def test_a_damaged_catalog_is_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status must not be what breaks."""
    monkeypatch.setattr(words, "LOCALE", tmp_path)
    assert words.tongue("fr", {}) is ENGLISH
    file = tmp_path / "fr/LC_MESSAGES/relay.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\x00" * 40)
    assert words.tongue("fr", {}) is ENGLISH


def test_english_pays_for_no_catalog() -> None:
    """Nor for the module that would read it, beyond what the commands need anyway."""
    code = (
        "import sys; before = set(sys.modules); import relay.words; relay.words.tongue('', {});"
        "new = set(sys.modules) - before; sys.exit('gettext' in new or 'babel' in new)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- the screens --------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(stations(), st.booleans())
def test_no_station_breaks_a_language_or_a_terminal(station: Station, full: bool) -> None:
    """Every problem in every language, and 80 columns whatever the names and numbers."""
    health = judge(station)
    for tongue in TONGUES.values():
        lines = screen(station, health, show_numbers=full, tongue=tongue)
        assert max(map(columns, lines)) <= WIDTH
        assert lines[0].startswith(health.verdict)
    for problem in health.problems:
        can_be_said(problem)
    assert one_line(station, health).count("\n") == 0


def can_be_said(problem: Problem) -> None:
    """In every language, but for what a file or a database was found to be."""
    assert isinstance(problem.action, Said), problem.code
    told = problem.code.startswith("STORE_") or problem.code == "CONFIG_MISSING"
    assert told or isinstance(problem.what, Said), problem.code
    for tongue in TONGUES.values():
        assert told or spoken(problem.what, tongue).strip()
        assert spoken(problem.action, tongue).strip()


@pytest.mark.parametrize("language", OTHERS)
def test_the_words_are_those_of_the_language(language: str) -> None:
    """And gettext itself reads the catalog, as msgfmt's would be."""
    tongue = TONGUES[language]
    assert isinstance(tongue, gettext.GNUTranslations)
    assert say("Nothing is lost.").by(tongue) != "Nothing is lost."
