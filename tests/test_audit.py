"""The audit of dependencies: an answer that is missing is no good answer."""

from __future__ import annotations

import json
from datetime import date

import pytest

from tests.audit import EX_TEMPFAIL, IGNORED, Audit, ignored, read, serious, verdict

TODAY = date(2026, 11, 24)
REPORT = json.dumps(
    {
        "dependencies": [
            {"name": "click", "version": "8.5.1", "vulns": []},
            {
                "name": "urllib3",
                "version": "2.8.0",
                "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-2026-1"], "fix_versions": ["2.8.1"]}],
            },
            {"name": "rich", "skip_reason": "Dependency not found on PyPI"},
        ]
    }
)


def test_a_known_vulnerability_fails() -> None:
    audit = read(REPORT)
    bad = serious(audit, [], TODAY)
    assert [str(one) for one in bad] == ["urllib3 2.8.0: PYSEC-1 = CVE-2026-1, mended in 2.8.1"]
    assert verdict(audit, 3, bad) == 1


def test_it_may_be_ignored_by_any_of_its_names_until_a_day() -> None:
    lines = ["# why", "", "CVE-2026-1 urllib3 until 2026-11-24 relay follows no redirect"]
    assert serious(read(REPORT), ignored(lines), TODAY) == []
    assert serious(read(REPORT), ignored(lines), date(2026, 11, 25)) != []
    other = ["CVE-2026-1 click until 2026-11-24 another package"]
    assert serious(read(REPORT), ignored(other), TODAY) != []


@pytest.mark.parametrize("line", ["CVE-1", "CVE-1 click", "CVE-1 click until soon because"])
def test_an_ignored_one_has_a_day_and_a_reason(line: str) -> None:
    with pytest.raises(ValueError, match="until"):
        list(ignored([line]))


def test_the_list_of_the_repository_can_be_read() -> None:
    list(ignored(IGNORED.read_text("utf-8").splitlines()))


@pytest.mark.parametrize(
    ("unasked", "pins", "code"),
    [((), 3, 0), (("rich",), 3, EX_TEMPFAIL), (("a", "b", "c"), 3, EX_TEMPFAIL), ((), 0, 75)],
)
def test_what_was_not_asked_is_not_passed(unasked: tuple[str, ...], pins: int, code: int) -> None:
    assert verdict(Audit((), unasked), pins, []) == code
