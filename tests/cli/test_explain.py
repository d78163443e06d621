"""`relay explain`: no code without an explanation, no explanation without a code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from relay.cli.desk import EX_DATAERR, EX_USAGE
from relay.cli.explain import explanations, known
from relay.cli.main import main
from relay.core.cause_tables import CME, CMS, TP_ST
from relay.core.causes import Retry
from relay.core.explained import FATES, meanings

ROOT = Path(__file__).parents[2]

# Where codes for people are made, and what looks like one there and is none.
_SOURCES = (
    "core/*_health.py", "core/health.py", "core/outcome.py", "core/doctor/*.py",
    "servers/failures.py",
)  # fmt: skip
_CODE = re.compile(r'"([A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9])"')
_BEGINNINGS = {"HTTP_5", "HTTP_3", "HTTP_408", "HTTP_425"}


def said(*words: str) -> str:
    result = CliRunner().invoke(main, ["explain", *words])
    assert result.exit_code == 0, result.output
    return result.output


def made_in_source() -> set[str]:
    files = [file for pattern in _SOURCES for file in (ROOT / "relay").glob(pattern)]
    assert len(files) > 5
    return {code for file in files for code in _CODE.findall(file.read_text("utf-8"))}


def test_every_code_of_the_source_is_explained() -> None:
    """A new code wants an entry in relay/data/codes.toml: cause, messages, next step."""
    page = explanations()
    assert {code for code in made_in_source() - _BEGINNINGS if code not in page} == set()


@pytest.mark.parametrize("table", [CMS, CME, TP_ST], ids=["CMS", "CME", "TP-ST"])
def test_every_number_of_the_standards_is_explained(table: dict[int, tuple[str, str]]) -> None:
    page = explanations()
    assert {code for code, _ in table.values() if code not in page} == set()


def test_an_explanation_says_all_there_is_to_say() -> None:
    """The cause as a sentence; and for everything but a plain refusal, what became of messages."""
    page = explanations()
    refusals = {code for table in (CMS, CME) for code, _ in table.values()}
    for code, entry in page.items():
        if "same" in entry:
            assert set(entry) == {"same"}
            assert entry["same"] in page
            continue
        assert set(entry) <= {"what", "messages", "do"}, code
        assert re.fullmatch(r"(?:[A-Z]|relay ).*\.", entry["what"], re.DOTALL), code
        assert entry.get("messages") or code in refusals, code


def test_the_page_is_in_order() -> None:
    codes = list(explanations())
    assert codes == sorted(codes, key=str.upper)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["SIM_NO_CREDIT"], ["no credit", "Messages: ", "1. Top it up"]),
        (["+CMS ERROR: 38"], ["NET_OUT_OF_ORDER", "Network out of order", "half a day"]),
        (["cms", "330"], ["SMSC_UNKNOWN", "however long it takes", "smsc of this modem"]),
        (["TP-ST", "46"], ["REPORT_VALIDITY_EXPIRED", "relay outbox retry ID"]),
        (["cms", "529"], ["CMS_529", "maker of the modem"]),
        (["HTTP_503"], ["HTTP_503", "fault of the server"]),
        (["MODEM_SUBSET_PUK"], ["locked to one operator"]),
        (["10"], ["SIM_CALLS_BARRED", "SIM_ABSENT"]),
    ],
)
def test_a_technician_asks(words: list[str], parts: list[str]) -> None:
    text = " ".join(said(*words).split())
    for part in parts:
        assert part in text


def test_lines_fit_a_terminal() -> None:
    for code in explanations():
        assert max(map(len, said(code).splitlines())) <= 80, code


def test_the_list_has_every_code() -> None:
    assert len(said("--list").splitlines()) == len(explanations())


def test_a_program_asks() -> None:
    found = json.loads(said("--json", "cms", "8"))
    assert found["codes"][0]["code"] == "SIM_BARRED"
    assert found["codes"][0]["messages"] == FATES[Retry.DAYS]


def test_a_stranger_is_pointed_at_the_nearest() -> None:
    result = CliRunner().invoke(main, ["explain", "SIM_NO_CREDITS"])
    assert result.exit_code == EX_DATAERR
    assert "Did you mean SIM_NO_CREDIT?" in result.output
    assert CliRunner().invoke(main, ["explain"]).exit_code == EX_USAGE


def test_reserved_numbers_have_a_general_word() -> None:
    page = explanations()
    for words in ("cms 700", "TP-ST 7A", "HTTP_418"):
        assert all(known(page, meaning) for meaning in meanings(words))
