"""Bytes on the wire for each report, both ways, by how the connection is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from relay.servers.cht import ChtServer
from relay.servers.credentials import Credentials
from relay.servers.tls import Trust
from relay.simulator.server import CentralServer
from relay.store.exchanges import Report
from tests.bench.far import PASSWORD, USER
from tests.bench.forms import reports
from tests.bench.tables import Table
from tests.bench.wiretap import Bytes, Chain, Wiretap, chain

_REPORTS = 100
_BATCHES = (1, 10, 100)


@dataclass(frozen=True, slots=True)
class Way:
    """`kept`: one connection for all. `resumed`: a new one takes up the TLS session."""

    name: str
    tls: bool
    kept: bool = False
    resumed: bool = False


_WAYS = (
    Way("HTTP, kept", tls=False, kept=True),
    Way("HTTP, new each time", tls=False),
    Way("HTTPS, kept", tls=True, kept=True),
    Way("HTTPS, new each time, resumed", tls=True, resumed=True),
    Way("HTTPS, new each time, full handshake", tls=True),
)


def table() -> Table:
    every = reports(_REPORTS)
    with TemporaryDirectory(prefix="bench-") as name:
        certificates = chain(Path(name))
        rows = [
            (way.name, body, *(_cell(_measure(way, wish, every, size, certificates))
                               for size in _BATCHES))
            for way in _WAYS
            for body, wish in (("plain", "no"), ("gzip", "yes"))
        ]  # fmt: skip
    texts = [len(one.text.encode()) for one in every]
    return Table(
        "bytes",
        ("connection", "body", *(f"{size} in a request" for size in _BATCHES)),
        tuple(rows),
        "Bytes for each report, up + down, counted by a TCP proxy on loopback: all of HTTP and "
        "TLS, handshakes, tickets and closing included; the headers of TCP and IP are not (40 "
        "bytes or more a packet, and seven packets to open and close a connection). The same "
        f"{_REPORTS} distinct reports in every row, {sum(texts) / len(texts):.0f} bytes on "
        "average: all of `tests/data/reports.json`, the rest with varied names, numbers, dates "
        "and remarks. relay never packs a body under 200 bytes. A server certificate and an "
        "intermediate one, RSA of 2048 bits, TLS 1.3.",
    )


def _cell(each: tuple[float, float]) -> str:
    up, down = each
    return f"{up:.0f} + {down:.0f} = {up + down:.0f}"


def _measure(
    way: Way, gzip: str, every: Sequence[Report], size: int, certificates: Chain
) -> tuple[float, float]:
    batches = [every[at : at + size] for at in range(0, len(every), size)]
    with _tapped(way, certificates) as (central, tap):
        line = _Line(way, gzip, central, tap, certificates)
        counted = line.kept(batches) if way.kept else line.renewed(batches)
        entries = central.requests[-len(batches) :]
    assert all(one.status == 200 for one in entries)
    if not way.kept:
        assert {one.resumed for one in entries} == {way.resumed}
    return counted.up / len(every), counted.down / len(every)


@contextmanager
def _tapped(way: Way, certificates: Chain) -> Iterator[tuple[CentralServer, Wiretap]]:
    shown, key = (str(certificates.shown), str(certificates.key)) if way.tls else ("", "")
    with (
        CentralServer(user=USER, password=PASSWORD, certificate=shown, key=key) as central,
        Wiretap(central.port) as tap,
    ):
        yield central, tap


class _Line:
    """One server behind its tap, and clients as they are wanted."""

    def __init__(
        self, way: Way, gzip: str, central: CentralServer, tap: Wiretap, certificates: Chain
    ) -> None:
        self._way, self._gzip, self._tap = way, gzip, tap
        self._url = central.url.replace(f":{central.port}", f":{tap.port}")
        self._trust = Trust(ca_file=str(certificates.root))

    def kept(self, batches: Sequence[Sequence[Report]]) -> Bytes:
        """The connection was made before, and is closed after the count."""
        client = self._client()
        client.exchange((), ())
        before = self._tap.count()
        for batch in batches:
            client.exchange(batch, ())
        counted = self._tap.count() - before
        client.close()
        return counted

    def renewed(self, batches: Sequence[Sequence[Report]]) -> Bytes:
        client = self._client()
        client.exchange((), ())
        client.close()
        self._tap.drain()
        before = self._tap.count()
        for batch in batches:
            if not self._way.resumed:
                client = self._client()
            client.exchange(batch, ())
            client.close()
        self._tap.drain()
        return self._tap.count() - before

    def _client(self) -> ChtServer:
        return ChtServer(
            "cht",
            Credentials(self._url, USER, PASSWORD),
            trust=self._trust if self._way.tls else None,
            request_gzip=self._gzip,
        )
