"""The whole road with a server, what it costs, and what relay costs when nothing happens."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic

from relay.clock import SystemClock
from tests.bench.far import FarSide
from tests.bench.rig import DISK, Daemon, Setting
from tests.bench.tables import Table

_MESSAGES = 500
_IDLE_S = 60.0
_SETTLE_S = 65.0  # the first backup is made within a minute of the start


def whole_road() -> Table:
    """500 in and forwarded, 500 out and told delivered, at the same time."""
    return Table(
        "whole",
        (
            "poll_min_s", "messages", "seconds", "per second", "processor s per 1,000",
            "requests", "peak MB",
        ),
        tuple((poll_s, *_both_ways(poll_s)) for poll_s in (0.05, 2.0)),
        f"{_MESSAGES} received and forwarded to the server while {_MESSAGES} are fetched from it, "
        "sent, reported as delivered, and told. Statuses linger for 2 s as relay is shipped, and "
        "never for longer than `poll_min_s`: the first row hardly waits for anything, idle polls "
        "are among its requests; the second gathers as a station does, and the last statuses "
        "wait as well.",
    )  # fmt: skip


def _both_ways(poll_s: float) -> tuple[int, float, float, float, int, float]:
    with (
        TemporaryDirectory(prefix="bench-", dir=DISK) as name,
        FarSide(Path(name), baud=None) as far,
    ):
        setting = Setting(delivery_reports=True, poll_min_s=poll_s, poll_max_s=2 * poll_s)
        with Daemon(Path(name), far.link, far.ask("url"), setting) as daemon:
            daemon.until_logged("link.open")
            began, cpu = monotonic(), daemon.cpu_s()
            far.ask("queue", 0, _MESSAGES)
            far.ask("text_in", 0, _MESSAGES)
            far.until("finished", 2 * _MESSAGES)
            seconds, cpu = monotonic() - began, daemon.cpu_s() - cpu
            requests, peak = len(far.ask("requests")), daemon.memory_mb()
    count = 2 * _MESSAGES
    return count, seconds, count / seconds, cpu / count * 1000, requests, peak


def at_rest() -> Table:
    """Start to first send, and a minute without anything to do, as relay is shipped."""
    with (
        TemporaryDirectory(prefix="bench-", dir=DISK) as name,
        FarSide(Path(name), baud=None) as far,
    ):
        daemon = Daemon(Path(name), far.link, far.ask("url"), Setting())
        daemon.preload(0, 1)
        began = SystemClock().now()
        with daemon:
            far.until("submitted", 1, every_s=0.01)
            first = (far.ask("submissions")[0][0] - began) / 1000
            Event().wait(_SETTLE_S)
            cpu, written = daemon.cpu_s(), daemon.written_kb()
            sent = far.ask("requests")
            Event().wait(_IDLE_S)
            cpu, written = daemon.cpu_s() - cpu, daemon.written_kb() - written
            polls = far.ask("requests")[len(sent) :]
            now, peak = daemon.memory_mb("VmRSS"), daemon.memory_mb()
    day = 86_400 / _IDLE_S
    return Table(
        "rest",
        ("what", "value"),
        (
            ("from the start of the process to the first message on the air, s", first),
            ("processor while idle, % of one core", cpu / _IDLE_S * 100),
            ("memory while idle, MB", now),
            ("peak memory, MB", peak),
            ("written to the disk while idle, KB per hour", written * 3600 / _IDLE_S),
            ("bytes of HTTP per idle poll", sum(a + b for a, b, _ in polls) / max(1, len(polls))),
            ("idle polls in the minute", len(polls)),
        ),
        f"The defaults of relay.toml; the processor's time over {_IDLE_S:.0f} s. "
        f"One more day like this minute: {sum(a + b for a, b, _ in polls) * day / 1e6:.1f} MB.",
    )
