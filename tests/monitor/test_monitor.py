"""`relay monitor`: what the screen says, and what its keys do. Driven by Textual's Pilot."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from relay.control.client import NobodyThere
from relay.core.outbound import RefusedForGood
from relay.monitor.app import Monitor, lines
from relay.monitor.glance import look
from tests.air import deliver
from tests.clinic import Clinic

MASKED: Mapping[str, bool] = {}
UNMASKED = {"may_show_numbers": True, "may_show_texts": True}


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic(tmp_path) as clinic:
        yield clinic


class Daemon:
    """Notes what it is asked, and answers as it is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.dead = False

    def __call__(self, name: str, **given: Any) -> Mapping[str, Any]:
        if self.dead:
            raise NobodyThere(Path("/run/relay/control.sock"))
        self.asked.append((name, given))
        return {
            "asked": ["usb1"],
            "retried": True,
            "servers": [{"server": "main", "code": "OK"}],
        }


def play(
    clinic: Clinic,
    *keys: str,
    ask: Daemon | None = None,
    size: tuple[int, int] = (80, 24),
    may: Mapping[str, bool] = MASKED,
) -> list[str]:
    """Start it, press the keys, and say what stands on the screen then."""

    async def run() -> list[str]:
        app = Monitor(lambda: look(clinic.config, clinic.clock.now()), ask or Daemon(), **may)
        async with app.run_test(size=size) as pilot:
            await settled(app, pilot)
            for key in keys:
                await pilot.press(key)
                await settled(app, pilot)
            return lines(app)

    return asyncio.run(run())


async def settled(app: Monitor, pilot: Pilot[None]) -> None:
    await app.workers.wait_for_complete()
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()


def busy(clinic: Clinic) -> None:
    """Three messages, one of which has failed."""
    clinic.works()
    clinic.receives(deliver("Malaria 3"))
    clinic.clock.advance(1)
    clinic.sends("Come today")
    part = clinic.outbox.claim(clinic.clock.now(), "usb1", "direct")
    assert part is not None
    clinic.outbox.record(clinic.clock.now(), part, RefusedForGood("DEST_UNKNOWN: no such"))
    clinic.clock.advance(1)
    clinic.sends("Bring the book")
    clinic.beats()


def test_a_station_at_work(clinic: Clinic) -> None:
    """Verdict, actions, modems, queues, server and messages, on 80 columns and 24 lines."""
    busy(clinic)
    screen = play(clinic)
    text = "\n".join(screen)
    assert len(screen) == 24
    assert max(map(len, screen)) <= 80
    assert screen[0].startswith(("OK  Mwase clinic, ", "WARN  Mwase clinic, "))
    for words in ("usb1: READY, MTN ZM, 3G, good signal (-71 dBm)", "1 today", "main: OK;",
                  "…001", "out      2", "FAILED", "q Quit"):  # fmt: skip
        assert words in text


def test_numbers_and_texts_are_hidden(clinic: Clinic) -> None:
    """Until the key is pressed, and only where the option allows it."""
    busy(clinic)
    for keys, may in (((), MASKED), (("n", "t"), MASKED), ((), UNMASKED)):
        text = "\n".join(play(clinic, *keys, may=may))
        assert "+254700000001" not in text
        assert "Malaria" not in text
        assert "Come today" not in text
    assert "relay monitor with --text" in "\n".join(play(clinic, "t"))


def test_numbers_and_texts_are_shown_by_their_keys(clinic: Clinic) -> None:
    """And hidden by them."""
    busy(clinic)
    shown = "\n".join(play(clinic, "n", "t", size=(100, 40), may=UNMASKED))
    assert "+254700000001" in shown
    assert "Come today" in shown
    assert "Come today" not in "\n".join(play(clinic, "t", "t", size=(100, 40), may=UNMASKED))


@pytest.mark.parametrize(
    ("key", "asked", "said"),
    [
        ("p", ("pause", {"what": "sending"}), "Sending is paused"),
        ("b", ("balance", {}), "balance of usb1"),
        ("s", ("sync", {"timeout_s": 60.0}), "main OK"),
    ],
)
def test_a_key_asks_the_running_relay(
    clinic: Clinic, key: str, asked: tuple[str, dict[str, Any]], said: str
) -> None:
    """And says how it went."""
    clinic.works()
    daemon = Daemon()
    assert said in "\n".join(play(clinic, key, ask=daemon))
    assert daemon.asked == [asked]


def test_what_is_paused_goes_on(clinic: Clinic) -> None:
    """The same key; the screen says that it is paused, and by whom."""
    clinic.works()
    clinic.put(pause__sending={"since": clinic.clock.now(), "who": "root"})
    daemon = Daemon()
    text = "\n".join(play(clinic, "p", ask=daemon, size=(80, 40)))
    assert daemon.asked == [("resume", {"what": "sending"})]
    assert "by root; p resumes it" in text


def test_a_retry_costs_and_is_asked_for_twice(clinic: Clinic) -> None:
    """Another key between the two takes it back."""
    busy(clinic)
    daemon = Daemon()
    assert "Press r once more" in "\n".join(play(clinic, "r", ask=daemon))
    play(clinic, "r", "n", "r", ask=daemon)
    assert daemon.asked == []
    assert "1 of 1 failed messages" in "\n".join(play(clinic, "r", "r", ask=daemon))
    assert daemon.asked == [("retry", {"id": 1})]


def test_without_a_failure_there_is_nothing_to_retry(clinic: Clinic) -> None:
    """Nothing is asked."""
    clinic.works()
    assert "No message has failed" in "\n".join(play(clinic, "r", "r"))


def test_keys_say_that_relay_is_not_running(clinic: Clinic) -> None:
    """In the client's own words."""
    clinic.works()
    daemon = Daemon()
    daemon.dead = True
    assert "relay is not running" in "\n".join(play(clinic, "p", ask=daemon))


def test_a_store_that_is_not_there(clinic: Clinic, tmp_path: Path) -> None:
    """The same screen, with what is known."""
    clinic.db.close()
    for file in clinic.config.store.path.parent.iterdir():
        file.unlink()
    screen = play(clinic, "r", "p")
    assert screen[0].startswith(("UNKNOWN", "CRIT"))
    assert "No database yet." in "\n".join(screen)


def test_a_store_that_is_damaged(clinic: Clinic) -> None:
    """Its problem is on the screen, with what to do."""
    clinic.db.close()
    clinic.config.store.path.write_bytes(b"not a database at all" * 400)
    text = "\n".join(play(clinic))
    assert "STORE_CORRUPT" in text


@pytest.mark.slow
def test_a_store_that_another_program_holds(clinic: Clinic) -> None:
    """The keys work while the database is waited for, and the screen says so."""
    clinic.works()
    clinic.db.close()
    with closing(sqlite3.connect(clinic.config.store.path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        screen = play(clinic)
        assert "STORE_BUSY" in "\n".join(screen)
        assert "Quit" in screen[-1]


def test_a_small_and_a_large_screen(clinic: Clinic) -> None:
    """The keys stay in sight; what has no room is scrolled to."""
    busy(clinic)
    for size in ((40, 10), (80, 24), (200, 60)):
        screen = play(clinic, size=size)
        assert screen[0].partition(" ")[0] in {"OK", "WARN"}
        assert "Retry" in screen[-1]


def test_help(clinic: Clinic) -> None:
    """Every key, and back."""
    clinic.works()
    assert "pause sending, and go on with it" in "\n".join(play(clinic, "h"))
    assert "Nothing to do." in "\n".join(play(clinic, "h", "h"))


def test_hostile_texts_do_nothing_to_the_screen(clinic: Clinic) -> None:
    """Neither markup nor control characters."""
    clinic.works()
    clinic.sends("[bold red]x[/] \x1b[31m\u202e")
    text = "\n".join(play(clinic, "t", size=(100, 40), may=UNMASKED))
    assert "[bold red]x[/]" in text
    assert "\x1b" not in text
