"""The comparison with other gateways: its tools, without those gateways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from tests.bench import __main__ as bench
from tests.bench.peers import comparison, measures
from tests.bench.peers.ours import Ours
from tests.bench.peers.program import Program


class Family(Program):
    """A shell that has a child and does nothing."""

    name = "family"

    def prepare(self) -> None:
        """Nothing is needed."""

    def command(self) -> Sequence[str]:
        return ("sh", "-c", f"sleep 60 & echo > {self.folder / 'born'}; wait")

    def enqueue(self, recipient: str, texts: Sequence[str]) -> None:
        """Nothing is sent."""

    def received(self) -> Counter[str]:
        return Counter()


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_program_ends_with_its_children(tmp_path: Path, end: str):
    """A child that lived on would hold the port, and the next life would measure it."""
    program = Family(tmp_path, tmp_path / "port", tuned=False)
    program.start()
    while not (tmp_path / "born").exists():
        Event().wait(0.01)
    assert program.memory_mb() > 0
    assert len(list(program._tree())) == 2
    getattr(program, end)()
    assert not list(program._tree())


def test_what_is_missing_is_said_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """A machine without the other gateways, and perhaps without a network."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bench.main(["peers"]) == 69
    said = capsys.readouterr().err
    assert "gammu-smsd and smstools" in said or "smstools" in said
    assert f"apt-get install --no-install-recommends {comparison.PACKAGES}" in said


@pytest.mark.slow
@pytest.mark.pty
def test_relay_runs_the_course():
    """Both directions with few messages: the figures are there, and nothing is missing."""
    make = partial(Ours, tuned=True)
    for rate in (measures.outward(make, None, 10), measures.inward(make, None, 10)):
        assert rate.messages == 10
        assert rate.per_s > 0
        assert rate.memory_mb > 1
