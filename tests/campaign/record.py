"""The table of campaigns in docs/reliability.md: each row stays until its campaign runs again."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from relay.clock import SystemClock, local
from tests.campaign.tally import Tally

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- campaigns -->", "<!-- end campaigns -->"
HEAD = (
    "campaign", "date", "commit", "cases", "lost", "doubled", "uncertain", "broken", "seconds",
)  # fmt: skip


def rows(tallies: Sequence[Tally]) -> list[tuple[str, ...]]:
    """As they stand in the table, with today's date and this commit."""
    today = local(SystemClock().now())[:10]
    return [
        (
            one.what, today, _commit(), f"{one.cases:,}", str(one.lost), str(one.doubled),
            str(one.uncertain), str(len(one.broken)), f"{one.seconds:.0f}",
        )
        for one in tallies
    ]  # fmt: skip


def markdown(lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (HEAD, ["---"] * len(HEAD), *lines))


def write(fresh: Sequence[Sequence[str]], page: Path = PAGE) -> None:
    """Put the rows into the page: in the place of those of the same campaign, or below them."""
    content = page.read_text(encoding="utf-8")
    before, begun, rest = content.partition(BEGIN)
    old, ended, after = rest.partition(END)
    if not begun or not ended:
        raise ValueError(f"{page} has no place for the campaigns")
    table = {line[0]: line for line in _cells(old)} | {line[0]: line for line in fresh}
    page.write_text(
        f"{before}{BEGIN}\n{markdown(list(table.values()))}\n{END}{after}", encoding="utf-8"
    )


def _cells(table: str) -> list[tuple[str, ...]]:
    lines = [line.strip("| ").split(" | ") for line in table.strip().splitlines()]
    return [tuple(line) for line in lines[2:]]


def _commit() -> str:
    git = ["git", "rev-parse", "--short", "HEAD"]
    found = subprocess.run(git, capture_output=True, text=True, check=False, cwd=PAGE.parent)
    return found.stdout.strip() or "?"
