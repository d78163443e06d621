"""The rooms of docs/architecture.md, held by import contracts and by size."""

from __future__ import annotations

from pathlib import Path

import pytest
from importlinter import cli

ROOT = Path(__file__).parents[1]
LONGEST = 350


def test_rooms_import_in_one_direction(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The import contracts of setup.cfg are kept."""
    monkeypatch.chdir(ROOT)
    outcome = cli.lint_imports(config_filename="setup.cfg", no_cache=True)
    assert outcome == cli.EXIT_STATUS_SUCCESS, capsys.readouterr().out


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
