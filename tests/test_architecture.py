"""The rooms of docs/architecture.md, held by import contracts and by size."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST = 350


def test_rooms_import_in_one_direction() -> None:
    """The import contracts of setup.cfg are kept."""
    # A process of its own: import-linter switches off every logger that exists.
    command = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )
    check = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stdout + check.stderr


def test_every_module_can_be_read_in_one_sitting() -> None:
    """No module has grown into two."""
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "relay").rglob("*.py")
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_every_module_says_what_it_is() -> None:
    """A reader learns from the first line what a module is for."""
    silent = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "relay").rglob("*.py")
        if not path.read_text(encoding="utf-8").startswith('"""')
    ]
    assert silent == []
