"""A sign of life goes out while nothing serious is wrong, and never with anybody's data."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from relay.core.verdict import Verdict
from relay.flows.heartbeat import FACT, Heartbeat
from relay.servers.dead_man import DeadMan
from tests.clinic import Clinic


class Page(BaseHTTPRequestHandler):
    """A page of a dead-man switch, and all that it was asked."""

    asked: list[str]
    status = 200

    def do_GET(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size).decode()
        words = [self.headers.get(name) or "" for name in ("Authorization", "User-Agent")]
        self.asked.append(f"{self.command} {self.path} {body}{' '.join(words)}")
        self.send_response(self.status)
        self.send_header("Location", "http://example.org/")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"OK")

    do_POST = do_GET  # noqa: N815  # the library calls it so

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def page() -> Iterator[tuple[str, type[Page]]]:
    kind = type("OnePage", (Page,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/ping/secret", kind
    server.shutdown()
    thread.join()
    server.server_close()


class Switch:
    def __init__(self, tells_failure: bool = False) -> None:
        self.tells_failure = tells_failure
        self.pings: list[bool] = []
        self.answer = "OK"

    def ping(self, *, well: bool) -> str:
        self.pings.append(well)
        return self.answer


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic(tmp_path) as clinic:
        yield clinic


@pytest.mark.parametrize(("method", "suffix"), [("get", ""), ("post", "/fail")])
def test_a_ping_has_no_data_but_its_address(
    page: tuple[str, type[Page]], method: str, suffix: str
) -> None:
    url, kind = page
    switch = DeadMan(url, method, suffix)
    assert switch.ping(well=True) == "OK"
    assert kind.asked == [f"{method.upper()} /ping/secret  relay"]
    if suffix:
        switch.ping(well=False)
        assert kind.asked[1:] == ["POST /ping/secret/fail  relay"]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_what_is_no_success_is_named_and_no_redirect_is_followed(
    page: tuple[str, type[Page]], status: int
) -> None:
    url, kind = page
    kind.status = status
    assert DeadMan(url, "get").ping(well=True) == f"HTTP_{status}"
    assert len(kind.asked) == 1


def test_nobody_there_is_an_ordinary_answer() -> None:
    assert DeadMan("http://127.0.0.1:9/secret", "get").ping(well=True) == "NET_REFUSED"


@pytest.mark.parametrize(
    ("verdict", "tells_failure", "pings"),
    [
        (Verdict.OK, False, [True]),
        (Verdict.WARN, False, [True]),
        (Verdict.CRIT, False, []),
        (Verdict.CRIT, True, [False]),
        (None, True, []),
    ],
)
def test_only_a_station_that_works_pings(
    clinic: Clinic, verdict: Verdict | None, tells_failure: bool, pings: list[bool]
) -> None:
    switch = Switch(tells_failure)
    last = None if verdict is None else (verdict, clinic.clock.monotonic())
    Heartbeat(switch, lambda: last, clinic.facts, clinic.clock, 600).step()
    assert switch.pings == pings


def test_a_verdict_of_a_thread_that_hangs_is_no_sign_of_life(clinic: Clinic) -> None:
    switch = Switch()
    seen = (Verdict.OK, clinic.clock.monotonic())
    beat = Heartbeat(switch, lambda: seen, clinic.facts, clinic.clock, 600)
    assert beat.step() == 600
    clinic.clock.advance(600)
    beat.step()
    assert switch.pings == [True]


def test_a_failure_is_tried_again_within_a_minute_and_matters_to_nobody(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    switch = Switch()
    switch.answer = "NET_DNS"
    seen = (Verdict.OK, clinic.clock.monotonic())
    beat = Heartbeat(switch, lambda: seen, clinic.facts, clinic.clock, 600)
    with caplog.at_level("INFO", logger="relay"):
        assert beat.step() == 60
        assert beat.step() == 60
    assert caplog.text.count("heartbeat.failed") == 1
    fact = clinic.facts.get(FACT)
    assert fact is not None
    assert fact.value["code"] == "NET_DNS"
