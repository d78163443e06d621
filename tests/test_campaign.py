"""The campaigns count what they should: small ones of each, and the table that they write."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from relay.simulator.outlet import Direction
from tests.campaign import killed, record
from tests.campaign.kills import Radio, RelayGateway, random_kills
from tests.campaign.tally import Tally

# --- the table ----------------------------------------------------------------------------------


def table(page: Path) -> str:
    return page.read_text("utf-8")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "page.md"
    page.write_text(f"above\n{record.BEGIN}\n| old |\n{record.END}\nbelow\n", "utf-8")
    return page


def test_a_row_is_written_and_written_over(page: Path):
    """A campaign that ran again replaces its own row, and no other."""
    for cases, what in ((1, "cut"), (2, "kills"), (1234, "cut")):
        record.write(record.rows([Tally(what, cases, 0, 0, 0, 1.0)]), page)
    lines = table(page).splitlines()
    assert lines[0] == "above" and lines[-1] == "below"
    assert [line.split(" | ")[0::3][:2] for line in lines if line.startswith("| ")][2:] == [
        ["| cut", "1,234"],
        ["| kills", "2"],
    ]


def test_a_page_without_a_place_is_left_alone(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("nothing here", "utf-8")
    with pytest.raises(ValueError, match="no place"):
        record.write([], page)
    assert table(page) == "nothing here"


# --- random kills -------------------------------------------------------------------------------


class Forgetful:
    """A gateway that loses what it is given and says everything twice."""

    def __init__(self) -> None:
        self.lives = 0

    def start(self) -> None:
        self.lives += 1

    def kill(self) -> None:
        """Nothing of it is left anyway."""

    def queue(self, recipient: str, text: str) -> None:
        """Gone."""

    def received(self) -> Counter[str]:
        return Counter({"P 0 in": 2, "P 1 in": 1})

    def uncertain(self) -> int:
        return 0


@pytest.mark.pty
def test_what_is_lost_and_doubled_is_counted(tmp_path: Path):
    """The count can say no."""
    gateway = Forgetful()
    with Radio(tmp_path) as radio:
        fate = random_kills(gateway, radio, messages=3, kills=2, life_s=(0, 0), quiet_s=0)
    assert gateway.lives == 3
    assert (fate.lost_in, fate.doubled_in, fate.lost_out, fate.doubled_out) == (1, 1, 3, 0)


@pytest.mark.slow
@pytest.mark.pty
def test_random_kills_lose_and_double_nothing(tmp_path: Path):
    """With stored submission, whatever the moment."""
    with Radio(tmp_path) as radio, RelayGateway(tmp_path, radio.port, "stored") as gateway:
        fate = random_kills(gateway, radio, messages=40, kills=3)
    assert (fate.lost_in, fate.doubled_in, fate.lost_out, fate.doubled_out) == (0, 0, 0, 0)


# --- kill -9 at byte n of a real pty ------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.pty
def test_a_process_that_is_killed_at_byte_n_loses_and_doubles_nothing(tmp_path: Path):
    """In an answer, in a command, in a PDU; what lies behind the dialogue never comes."""
    places = [
        (Direction.TO_HOST, 5), (Direction.TO_MODEM, 60), (Direction.TO_HOST, 190),
        (Direction.TO_MODEM, 90_000),
    ]  # fmt: skip
    walk = killed.walk(tmp_path, "stored", places)
    assert walk.deaths == 3
    assert (walk.lost, walk.doubled, walk.broken) == (0, 0, ())
