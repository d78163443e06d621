"""The queue of a whole relay: what is too old, what must wait, and what must not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from relay.clock import SystemClock, local
from relay.store.database import Database
from relay.store.outbox import Outbox
from tests.station import MOTHER, Station

pytestmark = [pytest.mark.pty, pytest.mark.slow]

HOUR_MS = 3_600_000


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(tmp_path) as made:
        yield made


@contextmanager
def outbox(station: Station) -> Iterator[Outbox]:
    """The store of a relay that does not run."""
    db = Database.open(station.store)
    try:
        yield Outbox(db)
    finally:
        db.close()


def rows(station: Station) -> dict[str, tuple[str, str]]:
    """Of each text its status, and the code of the reason."""
    found = station.query("SELECT text, status, reason FROM outbound ORDER BY id")
    return {row["text"]: (row["status"], (row["reason"] or "").split(":")[0]) for row in found}


def out(station: Station) -> dict[int, dict[str, str]]:
    """What `relay outbox list` says that each message waits for, by its id."""
    said = json.loads(station.command("outbox", "list", "--json").stdout)
    return {row["id"]: row["waits"] for row in said["messages"]}


def test_what_is_too_old_is_not_sent_and_the_server_hears_of_it(station):
    """It was handed out, the power went away, and its time was over when it came back."""
    now = station.clock.now()
    station.server.queue("stale", MOTHER, "Come this morning")
    relay = station.start()
    station.network.refuse(22, recipient=MOTHER)
    station.eventually(lambda: rows(station).get("Come this morning"), "it was handed out")
    station.eventually(
        lambda: station.query("SELECT 1 FROM part WHERE attempts = 1 AND state = 'QUEUED'"),
        "the phone was full",
    )
    relay.kill()
    station.network.relent()
    with outbox(station) as box, box._db.transaction() as tx:
        tx.execute("UPDATE part SET useful_until = ?, due_at = 0", (now,))
    station.start()
    station.eventually(lambda: station.all_told("failed"), "the server has heard of it")
    assert station.on_air("Come this morning") == 0
    assert rows(station) == {"Come this morning": ("FAILED", "MSG_EXPIRED")}


def test_in_quiet_hours_only_an_alert_goes_out(tmp_path):
    """They began an hour ago; the other message says until when it waits."""
    now = SystemClock().now()
    until = local(now + 2 * HOUR_MS)[11:16]
    hours = {"quiet_from": local(now - HOUR_MS)[11:16], "quiet_until": until}
    with Station(tmp_path, changes={"sending": hours}) as station:
        station.server.queue("m", MOTHER, "Visit on Monday")
        station.start()
        station.eventually(lambda: rows(station), "the visit is in the outbox")
        station.command("send", "--priority", "alert", MOTHER, "Bring him at once")
        station.eventually(lambda: station.screen()["Bring him at once"], "the alert is there")
        assert station.on_air("Visit on Monday") == 0
        assert out(station)[1]["why"] == "quiet"
        said = station.command("status").stdout
        assert f"quiet hours until {until}: 1 held" in " ".join(said.split())


def test_ten_phones_that_are_full_block_nobody(station):
    """Ten in backoff, and the eleventh goes out at once."""
    full = [f"+2547000010{n:02}" for n in range(10)]
    for number in full:
        station.network.refuse(22, recipient=number)
        station.server.queue(number, number, "Come on Monday")
    station.start()
    station.eventually(
        lambda: len(station.query("SELECT 1 FROM part WHERE due_at > 0")) == 10, "ten were refused"
    )
    station.server.queue("fine", MOTHER, "Come on Tuesday")
    station.eventually(lambda: station.screen()["Come on Tuesday"], "the eleventh is there")
    assert {wait["why"] for wait in out(station).values() if wait} == {"backoff"}


def test_the_newer_of_two_reminders_is_the_one_that_goes(station):
    """They were written while relay did not run."""
    with outbox(station):
        pass
    for left in ("12 left", "9 left"):
        station.command("send", "--key", "stock", MOTHER, left)
    station.command("send", "--key", "visit", MOTHER, "Come on Monday")
    station.start()
    station.eventually(lambda: station.screen()["Come on Monday"], "the last one is there")
    assert station.screen() == {"9 left": 1, "Come on Monday": 1}
    assert rows(station)["12 left"] == ("FAILED", "MSG_SUPERSEDED")


def test_a_cap_holds_over_a_restart_and_says_when_it_opens(tmp_path):
    """Two an hour: the third waits, an alert does not, and nothing fails."""
    with Station(tmp_path, changes={"sending": {"max_per_hour": 2}}) as station:
        for n in range(3):
            station.server.queue(f"m{n}", f"+25470000100{n}", "Come on Monday")
        relay = station.start()
        station.eventually(lambda: station.on_air("Come on Monday") == 2, "two are out")
        assert relay.stop() == 0
        station.start()
        station.command("send", "--priority", MOTHER, "Bring him at once")
        station.eventually(lambda: station.screen()["Bring him at once"], "the alert is there")
        assert station.on_air("Come on Monday") == 2
        (code,) = [
            problem["code"]
            for problem in json.loads(station.command("status", "--json").stdout)["problems"]
            if problem["code"].startswith("CAP")
        ]
        assert code == "CAP_REACHED"
        assert rows(station)["Come on Monday"][0] != "FAILED"
