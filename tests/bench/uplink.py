"""Bytes on the wire for each report: HTTP as it leaves and comes back, headers included."""

from __future__ import annotations

from relay.clock import SystemClock
from relay.servers.cht import ChtServer
from relay.servers.credentials import Credentials
from relay.simulator.server import CentralServer
from relay.store.exchanges import Report
from tests.bench.far import OTHER, PASSWORD, USER, text
from tests.bench.tables import Table

_BATCHES = (1, 10, 100)


def _reports(first: int, count: int) -> list[Report]:
    now = SystemClock().now()
    return [
        Report(n, f"00000000-0000-5000-8000-{n * 7919:012x}", OTHER, text(n), now + n, now + n)
        for n in range(first, first + count)
    ]


def table() -> Table:
    rows = [
        (size, body, *_measure(size, wish))
        for size in _BATCHES
        for body, wish in (("plain", "no"), ("gzip", "yes"))
    ]
    return Table(
        "bytes",
        ("reports in a request", "body", "up, each", "down, each", "both, each"),
        tuple(rows),
        "HTTP with its headers, on a connection that is kept; HTTP needs the same bytes on a new "
        "one. Not measured here: an earlier study with IP headers saw a new connection add 380 "
        "bytes, and 4,900 with TLS and an RSA chain. Reports of 140 characters with "
        "running numbers: real texts compress less well.",
    )


def _measure(size: int, gzip: str) -> tuple[float, float, float]:
    with CentralServer(user=USER, password=PASSWORD) as central:
        client = ChtServer("cht", Credentials(central.url, USER, PASSWORD), request_gzip=gzip)
        client.exchange(_reports(0, size), ())
        client.exchange(_reports(size, size), ())
        client.close()
        one = central.requests[-1]
    up, down = one.bytes_in / size, one.bytes_out / size
    return up, down, up + down
