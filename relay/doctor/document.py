"""`relay doctor --json`: keys may be added under the same schema number, none changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relay.core.doctor.graph import Result, exit_code, roots
from relay.doctor.examination import Report


def document(report: Report, shown: Sequence[Result], *, code: str = "") -> dict[str, Any]:
    found = roots(report.results)
    return {
        "at": report.station.now,
        "name": report.station.name,
        "exit": exit_code(report.results),
        "took_s": round(report.took_s, 3),
        "roots": [{"code": r.finding.code, "subject": r.subject or None} for r in found],
        "fixes": list(dict.fromkeys(r.finding.fix for r in found if r.finding.fix)),
        "phone_code": code or None,
        "checks": [_check(result) for result in shown],
    }


def _check(result: Result) -> dict[str, Any]:
    finding = result.finding
    return {
        "check": result.check.name,
        "subject": result.subject or None,
        "mark": {"?": "unknown"}.get(finding.mark.value, finding.mark.value.lower()),
        "words": finding.words,
        "code": finding.code or None,
        "action": [step for step in finding.action.splitlines() if step],
        "fix": finding.fix or None,
        "needs": finding.because or None,
    }
