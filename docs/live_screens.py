"""Write docs/screens-monitor.md: the screens of `relay monitor` and `relay history`, of stations
that are made up here. `make docs`; a test fails when the page is stale."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from relay.cli.plots import drawn
from relay.core.health import judge
from relay.core.history import Series
from relay.core.link import LinkState
from relay.core.station import (
    AirtimeFacts,
    DaemonFacts,
    InwardFacts,
    ModemFacts,
    OutwardFacts,
    Running,
    ServerFacts,
    Station,
    StoreFacts,
)
from relay.monitor.app import Monitor, lines
from relay.monitor.glance import Glance, Message

PAGE = Path(__file__).with_name("screens-monitor.md")
SIZE = (80, 24)
NOW = 1_795_530_720_000  # 2026-11-24 14:32 UTC
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000

WELL = Station(
    NOW,
    name="Mwase clinic",
    daemon=DaemonFacts(Running.YES, 812, "0.1.0", NOW - 3 * DAY, NOW - 5_000),
    store=StoreFacts("/var/lib/relay/relay.db", free=18 * 10**9, backup_at=NOW - 12 * HOUR),
    modems=(
        ModemFacts(
            "usb1", LinkState.READY, since=NOW - 3 * DAY, seen_at=NOW - 12_000,
            answered_at=NOW - 12_000, signal_dbm=-71, registration=1, operator="MTN ZM",
            access="3G",
        ),
    ),
    airtime=(
        AirtimeFacts(
            "usb1", 38_200_000, "ZMW", at=NOW - 6 * HOUR, price=200_000, daily=17.0, queued=0
        ),
    ),
    servers=(
        ServerFacts("main", "OK", last_ok=NOW - 48_000, forwarded=4_821, forwarded_today=41),
    ),
    inward=InwardFacts(received_today=41),
    outward=OutwardFacts(sent_today=12, delivered_today=11),
)  # fmt: skip
ILL = replace(
    WELL,
    modems=(replace(WELL.modems[0], signal_dbm=-103),),
    airtime=(replace(WELL.airtime[0], amount=0, out_since=NOW - 34 * MINUTE, at=NOW - 34 * MINUTE,
                     queued=46, why="+CMS ERROR: 38"),),
    servers=(ServerFacts("main", "NET_DNS", "no address", NOW - 52 * HOUR, NOW - 52 * HOUR,
                         waiting=119, forwarded=4_702),),
    inward=InwardFacts(received_today=17, here_only=119, oldest_here_at=NOW - 52 * HOUR),
    outward=OutwardFacts(waiting=46, urgent=3, oldest_at=NOW - 2 * HOUR, sent_today=4,
                         failed_today=1),
)  # fmt: skip
MESSAGES = (
    Message(NOW - 6 * MINUTE, "in", 4821, "+260970000417", "FORWARDED", ""),
    Message(NOW - 9 * MINUTE, "out", 377, "+260960000022", "DELIVERED", ""),
    Message(NOW - 31 * MINUTE, "in", 4820, "+260970000951", "FORWARDED", ""),
)

HEAD = """\
# Screens of relay monitor and relay history

Made by `make docs` from stations that are made up; those of `relay status` look at the same facts.
Numbers are masked and texts hidden until the keys `n` and `t` are pressed, which need the options
`--show-numbers` and `--text`.
"""


def page() -> str:
    """The whole of docs/screens-monitor.md."""
    usual = {"usb1": -71}
    well = Glance(WELL, judge(WELL), MESSAGES, usual)
    ill = Glance(ILL, judge(ILL), MESSAGES, usual, failed=(361,))
    with _utc():
        blocks = [
            ("relay monitor, all is well", _screen(well)),
            ("relay monitor, without credit and internet; r was pressed once", _screen(ill, "r")),
            ("relay monitor, the help (h)", _screen(well, "h")),
            ("relay history, on a terminal", "\n\n".join(drawn(_week(), SIZE[0]))),
        ]
    return "\n".join([HEAD, *(f"## {title}\n\n```text\n{text}\n```\n" for title, text in blocks)])


@contextmanager
def _utc() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        os.environ.update({} if before is None else {"TZ": before})
        time.tzset()


def _screen(glance: Glance, *keys: str) -> str:
    async def run() -> list[str]:
        app = Monitor(lambda: glance, lambda *_, **__: {})
        async with app.run_test(size=SIZE) as pilot:
            await app.workers.wait_for_complete()
            await pilot.pause()
            await pilot.press(*keys)
            await pilot.pause()
            return lines(app)

    return "\n".join(asyncio.run(run()))


def _week() -> list[Series]:
    """Seven days; the antenna fell on the fifth, and for half a day there was no modem."""
    start = NOW - 7 * DAY
    hours = range(7 * 24)
    signal = tuple(
        (start + hour * HOUR, None if 60 <= hour < 72 else -71.0 - hour % 5 - 25 * (hour > 120))
        for hour in hours
    )
    waiting = tuple((start + hour * HOUR, float(max(0, hour - 118))) for hour in hours)
    here = tuple((start + hour * HOUR, 2.0 * max(0, hour - 130)) for hour in hours)
    received = tuple((start + day * DAY, 30.0 + 4 * day) for day in range(1, 8))
    sent = tuple((start + day * DAY, 12.0 - day) for day in range(1, 8))
    return [
        Series("signal", "usb1", "dBm", signal),
        Series("traffic", "received", "messages", received, daily=True),
        Series("traffic", "sent", "messages", sent, daily=True),
        Series("queue", "to go out", "messages", waiting),
        Series("queue", "not at the server", "messages", here),
    ]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
