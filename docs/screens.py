"""Write docs/screens.md from the code that draws the screens: `make docs`. A test fails when it is
stale."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from relay import words
from relay.core.health import judge
from relay.core.ladder import Ladder, Step
from relay.core.link import LinkState
from relay.core.plain import DAY, HOUR, MINUTE
from relay.core.power import Dark, PowerFacts, Why
from relay.core.said import ENGLISH, Tongue
from relay.core.station import (
    AirtimeFacts,
    ClockFacts,
    CureFacts,
    DaemonFacts,
    InwardFacts,
    ModemFacts,
    OutwardFacts,
    Running,
    ServerFacts,
    Station,
    StoreFacts,
)
from relay.status_screen import one_line, screen

PAGE = Path(__file__).with_name("screens.md")
NOW = 1_795_523_520_000  # 2026-11-24 14:32 in Lusaka

HEAD = """\
# Screens

Made by `make docs` from the code that draws them. What the words mean and what to do is in
[operations.md](operations.md#what-the-words-of-status-mean).

The first line is for whoever is in the room; then come at most three things to do, the most
blocking first, each with its code (`relay explain CODE`); then the facts, each with its age, and
with a verb that says where it is from: *asked* of the modem, *counted* in the database,
*answered* by the server, *measured* on the computer, *told* by the operator. "Safe here only",
"at the server" and "uncertain" are counted apart. What is not known is said to be unknown. No line
is wider than 80 columns, and nothing is said by colour alone.
"""

WELL = Station(
    NOW,
    name="Mwase clinic",
    daemon=DaemonFacts(Running.YES, 4711, "0.1.0", NOW - 9 * DAY, NOW - 12_000),
    store=StoreFacts(
        path="/var/lib/relay/relay.db", free=18 * 10**9, reserve=True, backup_at=NOW - 12 * HOUR,
        backup_there=True,
    ),
    modems=(
        ModemFacts(
            "usb1", LinkState.READY, since=NOW - DAY, seen_at=NOW - 12_000, signal_dbm=-71,
            registration=1, operator="MTN ZM", access="3G", sim="8926001000000014417",
        ),
    ),
    airtime=(
        AirtimeFacts(
            "usb1", 38_200_000, "ZMW", at=NOW - 7 * HOUR, price=200_000, daily=17.0, queued=0
        ),
    ),
    servers=(
        ServerFacts(
            "main", "OK", last_ok=NOW - 48_000, clock_offset_s=1, forwarded=4_821,
            forwarded_today=41,
        ),
    ),
    inward=InwardFacts(received_today=41),
    outward=OutwardFacts(sent_today=12, delivered_today=11, awaiting_report=1),
    clock=ClockFacts(),
    power=PowerFacts(mains=True, percent=96),
)  # fmt: skip

BAD = replace(
    WELL,
    modems=(
        replace(
            WELL.modems[0], signal_dbm=-103, access="2G", ladder=Ladder(),
            cures=(
                CureFacts(NOW - 12 * HOUR, Step.CFUN, True),
                CureFacts(NOW - 5 * HOUR, Step.USB, True),
            ),
        ),
    ),
    airtime=(
        replace(
            WELL.airtime[0], amount=0, at=NOW - 34 * MINUTE, out_since=NOW - 2 * HOUR, queued=46,
            why="+CMS ERROR: 38", probe_at=NOW + 12 * MINUTE,
        ),
    ),
    servers=(
        replace(
            WELL.servers[0], code="NET_DNS", since=NOW - 52 * HOUR, last_ok=NOW - 52 * HOUR,
            waiting=119, forwarded=4_702, forwarded_today=0,
        ),
    ),
    inward=InwardFacts(
        received_today=17, here_only=119, oldest_here_at=NOW - 52 * HOUR, waiting_parts=1,
        oldest_part_at=NOW - 9 * MINUTE,
    ),
    outward=OutwardFacts(
        waiting=46, urgent=3, oldest_at=NOW - 130 * MINUTE, uncertain=1, uncertain_ids=(4803,),
        sent_today=5, delivered_today=5,
    ),
    power=PowerFacts(mains=False, percent=61, left_s=9_000),
)  # fmt: skip

DOWN = replace(
    BAD,
    daemon=replace(WELL.daemon, running=Running.NO, beat_at=NOW - 7 * HOUR, stopped_cleanly=False),
    airtime=(replace(WELL.airtime[0], at=NOW - 14 * HOUR),),
    modems=(replace(WELL.modems[0], seen_at=NOW - 7 * HOUR),),
)

BACK = replace(
    WELL,
    dark=(Dark(NOW - 682 * MINUTE, NOW - 410 * MINUTE, Why.POWER, 14),),
    daemon=replace(WELL.daemon, started_at=NOW - 410 * MINUTE),
)

_NAMES = {
    "fr": "French", "sw": "Swahili", "es": "Spanish", "ne": "Nepali", "pt": "Portuguese",
}  # fmt: skip


def drawn(station: Station, tongue: Tongue = ENGLISH) -> str:
    return "\n".join(screen(station, judge(station), tongue=tongue))


def page() -> str:
    """The whole of docs/screens.md; times are those of Lusaka."""
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    for title, about, station in (
        ("All is well", "`relay status`, exit code 0:", WELL),
        ("Two things are wrong", "Exit code 2:", BAD),
        ("relay does not run", "Exit code 3; what was true is shown as what was:", DOWN),
        (
            "After a power cut",
            "For a day, status tells when relay was off, why, and what waited for it:",
            BACK,
        ),
    ):
        yield f"## {title}\n\n{about}\n\n```text\n{drawn(station)}\n```\n"
    yield f"## One line\n\n`relay status -q`:\n\n```text\n{one_line(BAD, judge(BAD))}\n```\n"
    yield (
        "## Other languages\n\n`[gateway] language`, else `LC_ALL`, `LC_MESSAGES` or `LANG`. "
        "Verdicts, codes, commands, `-q` and\n`--json` are the same in all of them.\n"
    )
    for language, name in _NAMES.items():
        tongue = words.tongue(language, {})
        yield f"### {name}\n\n```text\n{drawn(BAD, tongue)}\n\n{drawn(WELL, tongue)}\n```\n"


def main() -> None:
    os.environ["TZ"] = "Africa/Lusaka"
    time.tzset()
    if "--print" in sys.argv:
        sys.stdout.write(page())
    else:
        PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
