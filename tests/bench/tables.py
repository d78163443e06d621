"""Tables in Markdown, and their place in docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"


@dataclass(frozen=True, slots=True)
class Table:
    """One measurement: `name` marks its place in the page, `note` stands under the table."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    note: str = ""

    def markdown(self) -> str:
        lines = [_row(self.head), _row("---" for _ in self.head)]
        lines += [_row(_cell(value) for value in row) for row in self.rows]
        return "\n".join(lines) + (f"\n\n{self.note}" if self.note else "")


def _row(cells: object) -> str:
    assert not isinstance(cells, str)
    return "| " + " | ".join(cells) + " |"  # type: ignore[arg-type]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def write(tables: Sequence[Table], page: Path = PAGE) -> None:
    """Put each table between its markers; everything else of the page stays."""
    content = page.read_text(encoding="utf-8")
    for table in tables:
        begin, end = f"<!-- bench {table.name} -->", f"<!-- end {table.name} -->"
        before, _, rest = content.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"{page} has no place for {table.name!r}")
        content = f"{before}{begin}\n{table.markdown()}\n{end}{after}"
    page.write_text(content, encoding="utf-8")
