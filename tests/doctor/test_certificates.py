"""Certificates and login pages: real TLS servers with something wrong, one root cause each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from relay.simulator.server import CentralServer
from tests.doctor.ward import Ward
from tests.servers.conftest import Certificate
from tests.station import PASSWORD

Make = Callable[..., Certificate]


@pytest.fixture
def showing(ward, certificate: Make) -> Iterator[Callable[..., Ward]]:
    """A station whose server shows a certificate of its own; `ca` is what it believes."""
    servers: list[CentralServer] = []

    def make(ca: str | None = None, pin: str = "", **how: str) -> Ward:
        shown = certificate(**{"name": "DNS:localhost", **how})
        server = CentralServer(
            user="gateway", password="secret", certificate=shown.path, key=shown.key
        )
        servers.append(server)
        server.start()
        station: Ward = ward(runs=True)
        station.url = server.url.replace("127.0.0.1", "localhost")
        station.ca = shown.path if ca is None else ca
        station.rewrite(station.toml() + pin)
        return station

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def portal() -> Iterator[CentralServer]:
    """What a network shows to those who have not signed in."""
    with CentralServer(password=PASSWORD) as server:
        server.faults.every_method = True
        server.faults.redirect("https://login.wifi.example/start")
        yield server


def codes(station: Ward) -> list[str]:
    return [one.finding.code for one in station.roots()]


CERTIFICATES = {
    "nobody has signed it": ({"ca": ""}, "TLS_UNTRUSTED"),
    "for another name": ({"name": "DNS:elsewhere.example.org"}, "TLS_NAME"),
    "expired": ({"start": "20200101000000Z", "end": "20210101000000Z"}, "TLS_EXPIRED"),
    "of the future": ({"start": "20900101000000Z", "end": "20910101000000Z"},
                      "TLS_NOT_YET_VALID"),
    "another than the pinned one": ({"ca": "", "pin": f'pin_sha256 = "{"0" * 64}"\n'}, "TLS_PIN"),
}  # fmt: skip


@pytest.mark.parametrize(("how", "code"), CERTIFICATES.values(), ids=CERTIFICATES.keys())
def test_a_wrong_certificate_has_one_root(showing, how, code):
    station = showing(**how)
    assert codes(station) == [code]


def test_a_server_without_tls_is_one_root(showing, portal):
    station = showing()
    station.url = portal.url.replace("http://127.0.0.1", "https://localhost")
    station.rewrite()
    assert codes(station) == ["TLS_FAILED"]


def test_a_clock_in_the_past_is_to_blame_for_a_certificate_of_the_future(showing):
    """One cause: the clock; not the server's administrator."""
    station = showing(start="20900101000000Z", end="20910101000000Z")
    station.clinic.clock.now = lambda: 86_400_000
    assert codes(station) == ["CLOCK_WRONG"]


def test_a_login_page_is_the_root_and_not_its_certificate(showing, portal):
    station = showing(ca="")
    station.http_port = portal.port
    assert codes(station) == ["NET_CAPTIVE"]
    found = {r.check.name: r.finding for r in station.examine().results}
    assert "login.wifi.example" in found["captive"].words
    assert found["tls"].because == found["login"].because == "captive"


def test_a_server_that_sends_plain_http_to_itself_is_no_login_page(showing, portal):
    portal.faults.redirect("https://www.localhost/")
    station = showing(ca="")
    station.http_port = portal.port
    assert codes(station) == ["TLS_UNTRUSTED"]


def test_a_server_that_is_well_is_not_asked_for_a_login_page(showing, portal):
    station = showing()
    station.http_port = portal.port
    assert codes(station) == []
    assert portal.requests == []
