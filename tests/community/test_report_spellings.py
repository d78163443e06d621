"""CHT's own parser is the referee for what a report means.

tests/data/report_spellings.json holds form definitions as they stand in an app_settings.json,
spellings good and bad, and what CHT reads from each. The values were obtained by running CHT's
parser (medic/cht-core, api/src/services/report: smsparser.js, mp-parser.js, javarosa-parser.js,
textforms-parser.js, with its own libraries for dates and telephone numbers) over every text, in
UTC, with 254 as the country. Rows with a `source` hold what CHT's specification of that name
expects, which is newer than the parser that could be run. Dates are written as days. A row with
`because` says where relay deviates on purpose, and how.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.community.forms.app_settings import forms_of
from relay.community.forms.code import form_code, header, without_code
from relay.community.forms.spellings import written
from relay.community.forms.values import values

CORPUS = json.loads(
    (Path(__file__).parents[1] / "data" / "report_spellings.json").read_text(encoding="utf-8")
)
FORMS = forms_of(CORPUS).forms
REPORTS = [row for row in CORPUS["spellings"] if "fields" in row]


def read(form: str, text: str, language: str = "en") -> dict[str, object]:
    said = written(FORMS[form], text, language)
    found = values(FORMS[form], said, kenyan)
    return found | {"_extra_fields": True} if said.extra else found


def kenyan(number: str) -> str:
    return number if number.startswith("+") else "+254" + number.removeprefix("0")


def test_the_corpus_is_worth_its_name() -> None:
    """At least sixty spellings, of every form, with and without mistakes."""
    assert len(CORPUS["spellings"]) >= 60
    assert {row["code"] for row in REPORTS} == set(FORMS)
    assert len([row for row in REPORTS if "missing" in row]) >= 10


@pytest.mark.parametrize("row", CORPUS["spellings"], ids=lambda row: row["why"])
def test_the_form_is_the_one_that_cht_finds(row: dict[str, Any]) -> None:
    assert form_code(row["text"]) == row["code"]


@pytest.mark.parametrize("row", REPORTS, ids=lambda row: row["why"])
def test_the_fields_are_those_that_cht_reads(row: dict[str, Any]) -> None:
    expected = row["fields"] | row.get("relay", {})
    assert read(row["code"], row["text"], row.get("locale", "en")) == expected


@pytest.mark.parametrize("row", REPORTS, ids=lambda row: row["why"])
def test_what_cht_calls_missing_is_missing(row: dict[str, Any]) -> None:
    found = read(row["code"], row["text"], row.get("locale", "en"))
    required = [one.name for one in FORMS[row["code"]].fields if one.required]
    assert [name for name in required if found.get(name) is None] == row.get("missing", [])


@settings(max_examples=50)
@given(st.sampled_from(sorted(FORMS)), st.text(max_size=100), st.sampled_from(["", "1!", "J1!"]))
def test_no_text_makes_the_reader_fail(code: str, text: str, mark: str) -> None:
    for message in (text, f"{code} {text}", f"{mark}{code}!{text}"):
        form_code(message)
        assert set(read(code, message)) <= {one.name for one in FORMS[code].fields} | {
            "_extra_fields"
        }


# A pattern that goes back would take hours for each; the limit on a test is what tells.
BOMBS = (
    "a" * 40_000 + "\n\u2028é",
    "a\n" * 20_000,
    " " * 40_000 + "x",
    '"' * 40_000,
    '" ' * 20_000,
    "#" * 40_000,
    " #" * 20_000,
    "!" * 40_000,
    "1!" * 20_000,
    "J1!ANCR!" + "\\#" * 20_000,
    "9" * 40_000,
    "1." * 20_000,
    "2012-03-12" * 4_000 + "\n",
    "a1#" * 13_000,
    "-" * 40_000 + "\n" + "é" * 100,
    "\u200b" * 40_000,
)


@pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
def test_a_hostile_text_takes_no_longer_than_its_length(bomb: str) -> None:
    """Forty thousand characters are 255 SMS; each spelling reads them in one pass."""
    for message in (bomb, f"ANCR {bomb}", f"ANCR N {bomb}#", f"1!ANCR!{bomb}", f"J1!ANCR!{bomb}"):
        form_code(message)
        header(message)
        without_code(message, "ANCR")
        read("ANCR", message)
