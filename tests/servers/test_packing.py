"""Compressed requests: found out on a small one, and never mistaken for poison."""

from __future__ import annotations

import pytest

from relay.errors import Rejected, Unauthorised, Unreachable
from relay.simulator.server import CentralServer
from tests.cht_rows import report, reports
from tests.servers.conftest import Connect

SMALL = [report(1, "N Jane Doe " * 20)]
LARGE = reports(*[f"N Jane {number} " * 100 for number in range(20)])


def packings(central: CentralServer) -> list[str]:
    return [entry.headers.get("content-encoding", "plain") for entry in central.requests]


def test_a_server_that_takes_gzip_gets_it_from_the_first_small_request_on(
    central: CentralServer, connect: Connect
) -> None:
    client = connect(central)
    client.exchange(SMALL, [])
    client.exchange(LARGE, [])
    assert client.takes_gzip is True
    assert packings(central) == ["gzip", "gzip"]


def test_a_server_that_refuses_gzip_gets_the_same_again_without_it(
    central: CentralServer, connect: Connect
) -> None:
    central.rules.takes_gzip = False
    client = connect(central)
    client.exchange(SMALL, [])
    assert client.takes_gzip is False
    assert [stored.id for stored in central.reports] == ["uuid-1"]
    client.exchange(LARGE, [])
    assert packings(central) == ["gzip", "plain", "plain"]


def test_an_idle_poll_is_too_short_to_pack(central: CentralServer, connect: Connect) -> None:
    connect(central).exchange([], [])
    assert packings(central) == ["plain"]


def test_a_large_request_is_no_guinea_pig(central: CentralServer, connect: Connect) -> None:
    connect(central).exchange(LARGE, [])
    assert packings(central) == ["plain"]


def test_what_was_learnt_before_is_used_at_once(central: CentralServer, connect: Connect) -> None:
    connect(central, takes_gzip=True).exchange(LARGE, [])
    connect(central, takes_gzip=False).exchange(SMALL, [])
    assert packings(central) == ["gzip", "plain"]


@pytest.mark.parametrize(("setting", "expected"), [("yes", "gzip"), ("no", "plain")])
def test_the_configuration_may_decide(
    central: CentralServer, connect: Connect, setting: str, expected: str
) -> None:
    connect(central, request_gzip=setting).exchange(LARGE, [])
    assert packings(central) == [expected]


def test_a_refusal_that_gzip_did_not_cause_is_told_as_it_is(
    central: CentralServer, connect: Connect
) -> None:
    """The plain request is refused as well: then it is about what was sent."""
    central.faults.status(500)
    client = connect(central)
    with pytest.raises(Rejected):
        client.exchange(SMALL, [])
    assert packings(central) == ["gzip", "plain"]
    assert client.takes_gzip is None


def test_a_server_known_to_take_gzip_is_not_asked_twice_when_it_refuses(
    central: CentralServer, connect: Connect
) -> None:
    client = connect(central, takes_gzip=True)
    central.faults.status(500, times=1)
    with pytest.raises(Rejected):
        client.exchange(SMALL, [])
    assert packings(central) == ["gzip"]


def test_a_server_that_stops_taking_gzip_is_found_out(
    central: CentralServer, connect: Connect
) -> None:
    client = connect(central, takes_gzip=True)
    central.rules.takes_gzip = False
    with pytest.raises(Rejected):
        client.exchange(SMALL, [])
    client.exchange(SMALL, [])
    assert client.takes_gzip is False


@pytest.mark.parametrize("status", [401, 403, 429, 502, 503, 504])
def test_a_refusal_that_has_nothing_to_do_with_the_body_is_not_repeated(
    central: CentralServer, connect: Connect, status: int
) -> None:
    central.faults.status(status)
    with pytest.raises((Rejected, Unauthorised)):
        connect(central).exchange(SMALL, [])
    assert packings(central) == ["gzip"]


def test_an_unknown_outcome_is_never_repeated_at_once(
    central: CentralServer, connect: Connect
) -> None:
    central.faults.lose_answer()
    with pytest.raises(Unreachable):
        connect(central).exchange(SMALL, [])
    assert packings(central) == ["gzip"]


def test_a_box_on_the_way_that_swallows_gzip_is_tried_twice_only(
    central: CentralServer, connect: Connect
) -> None:
    client = connect(central)
    central.faults.close()
    for _ in range(2):
        with pytest.raises(Unreachable):
            client.exchange(SMALL, [])
    central.faults.clear()
    client.exchange(SMALL, [])
    assert packings(central) == ["gzip", "gzip", "plain"]
