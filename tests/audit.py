"""`make audit`: known vulnerabilities in the exact versions of constraints.txt.

pip-audit asks the advisory service. Without it nothing is known, and that is said loudly and is no
pass: exit code 0 only when every version was looked up, 1 for a vulnerability that is not on
.ci/audit-ignore, 75 (EX_TEMPFAIL) when the service could not be asked about all of them.
"""

# ruff: noqa: T201  # it prints, that is what it is for

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PINS = ROOT / "constraints.txt"
IGNORED = ROOT / ".ci" / "audit-ignore"
EX_TEMPFAIL = 75
LIMIT_S = 300

_IGNORED = re.compile(
    r"(?P<id>\S+)\s+(?P<package>\S+)\s+until (?P<until>\d{4}-\d\d-\d\d)\s+(?P<why>.+)"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One known vulnerability of one package, by all its names."""

    package: str
    version: str
    ids: tuple[str, ...]
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        mended = f"mended in {', '.join(self.fixed_in)}" if self.fixed_in else "not mended yet"
        return f"{self.package} {self.version}: {' = '.join(self.ids)}, {mended}"


@dataclass(frozen=True, slots=True)
class Audit:
    """`unasked` are the packages of which the service said nothing."""

    findings: tuple[Finding, ...]
    unasked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ignored:
    """A vulnerability that somebody has looked at, and why it may wait until that day."""

    id: str
    package: str
    until: date
    why: str


def read(report: str) -> Audit:
    """What `pip-audit --format json` has found. Raises ValueError."""
    rows: list[dict[str, Any]] = json.loads(report)["dependencies"]
    findings = tuple(
        Finding(
            row["name"],
            row["version"],
            (found["id"], *found.get("aliases", ())),
            tuple(found.get("fix_versions", ())),
        )
        for row in rows
        for found in row.get("vulns", ())
    )
    return Audit(findings, tuple(row["name"] for row in rows if "skip_reason" in row))


def ignored(lines: Iterable[str]) -> Iterator[Ignored]:
    """`ID PACKAGE until YYYY-MM-DD why`, one a line. Raises ValueError for any other line."""
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        if (found := _IGNORED.fullmatch(line.strip())) is None:
            raise ValueError(f"not `ID PACKAGE until YYYY-MM-DD why`: {line.strip()}")
        yield Ignored(
            found["id"], found["package"], date.fromisoformat(found["until"]), found["why"]
        )


def serious(audit: Audit, waiting: Iterable[Ignored], today: date) -> list[Finding]:
    """The findings that nobody may ignore on this day."""
    known = {(one.package, one.id) for one in waiting if today <= one.until}
    return [
        found
        for found in audit.findings
        if not any((found.package, name) in known for name in found.ids)
    ]


def verdict(audit: Audit, pins: int, bad: list[Finding]) -> int:
    """The exit code: what is known to be bad comes before what is not known."""
    if bad:
        return 1
    asked = pins - len(audit.unasked)
    return 0 if pins and asked == pins else EX_TEMPFAIL


def main(program: str) -> int:
    pins = [line for line in PINS.read_text("utf-8").splitlines() if not line.startswith("#")]
    command = [
        program, "--requirement", str(PINS), "--no-deps", "--disable-pip", "--format", "json",
        "--progress-spinner", "off", "--timeout", "20",
    ]  # fmt: skip
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        audit = read(ran.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        print(f"The advisory service could not be asked ({type(error).__name__}).")
        return EX_TEMPFAIL
    waiting = list(ignored(IGNORED.read_text("utf-8").splitlines()))
    bad = serious(audit, waiting, datetime.now(tz=UTC).date())  # noqa: TID251  # a tool
    for found in bad:
        print(found)
    if audit.unasked:
        print(f"Nothing is known of {len(audit.unasked)} of {len(pins)} packages.")
    print(f"{len(bad)} known vulnerabilities, {len(audit.findings) - len(bad)} ignored for now.")
    return verdict(audit, len(pins), bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
