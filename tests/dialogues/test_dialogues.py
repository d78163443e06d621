"""Every page of this folder, played by the whole relay: who gets what, and how often."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialogues.play import play

PAGES = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_dialogue(page: Path) -> None:
    play(page)
