"""The whole daemon behind a modem that talks nonsense between its dialogues."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.campaign.noise import through
from tests.station import Station


@pytest.mark.slow
@pytest.mark.pty
def test_everything_arrives_through_nonsense(tmp_path: Path):
    """No worker crashes, nothing is lost, and what is doubled was a doubt of relay's own."""
    with Station(tmp_path) as station:
        heard = through(station, 10, seed=1)
        (worst,) = station.query(
            "SELECT max(value ->> 'crashes') FROM fact WHERE key LIKE 'worker.%'"
        )
    assert (heard.lost, heard.crashes, heard.exit_code, worst[0]) == (0, 0, None, 0)
    assert heard.doubled <= heard.uncertain
    assert heard.pieces > 10
