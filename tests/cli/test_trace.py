"""`relay trace`: where a message has been, and how long it waited there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from relay.clock import local
from relay.core.cht import Answer
from relay.core.outbound import Accepted, RefusedForNow
from tests.air import NOON, deliver, delivers, report
from tests.clinic import Clinic

Relay = Callable[..., Result]
Said = Callable[..., dict[str, Any]]


def sent(clinic: Clinic) -> None:
    """From the server, refused once, accepted, delivered, told to the server."""
    clinic.sends(server="main", server_id="wo-8f3a")
    clinic.clock.advance(60)
    part = clinic.outbox.claim(clinic.clock.now(), "usb1", "direct")
    assert part is not None
    clinic.clock.advance(4)
    due = clinic.clock.now() + 60_000
    clinic.outbox.record(clinic.clock.now(), part, RefusedForNow("NET_CONGESTION", due))
    clinic.clock.advance(60)
    part = clinic.outbox.claim(clinic.clock.now(), "usb1", "direct")
    assert part is not None
    clinic.clock.advance(3)
    clinic.outbox.record(clinic.clock.now(), part, Accepted(7))
    clinic.clock.advance(5)
    clinic.receives(report(7, "+254700000001", at=clinic.clock.now() - 7000))
    clinic.clock.advance(30)
    updates = [update.id for update in clinic.exchanges.updates(20)]
    clinic.exchanges.begin(clinic.clock.now(), [], updates)
    clinic.exchanges.settle(clinic.clock.now(), Answer((), None))


def received(clinic: Clinic) -> None:
    """In two parts, the second a minute later; forwarded after an hour."""
    first, second = delivers(["one ", "two"], at=NOON - 120_000)
    clinic.receives(first)
    clinic.clock.advance(60)
    clinic.receives(second)
    clinic.clock.advance(3600)
    clinic.exchanges.begin(clinic.clock.now(), [1], [])
    clinic.exchanges.settle(clinic.clock.now(), Answer((), None))


def test_the_way_out(clinic: Clinic, relay: Relay) -> None:
    """Every hop in order, with the delay since the one before."""
    sent(clinic)
    lines = relay("trace", "out", "1").stdout.splitlines()
    assert lines[0] == "out 1 to …001, 1 SMS: DELIVERED"
    hops = [(line[23:35].strip(), line[37:]) for line in lines[1:-1]]
    told = [f"server main has heard {status}" for status in ("UNSENT", "PENDING", "SENT")]
    assert [what for _, what in hops[:7]] == [
        "stored, from server main",
        "claimed by modem usb1",
        "refused for now (NET_CONGESTION)",
        "claimed by modem usb1 (NET_CONGESTION)",
        "accepted by the network, mr 7",
        "the service centre: received by the phone",
        "report: delivered",
    ]
    assert [delay for delay, _ in hops[:5]] == ["", "+1 min", "+4 s", "+1 min", "+3 s"]
    assert [what for _, what in hops[7:]] == [*told, "server main has heard DELIVERED"]
    assert lines[-1].startswith("  2 min in all: waiting to be sent 2 min, the modem 7 s")


def test_the_way_in(clinic: Clinic, said: Said) -> None:
    """From the service centre over the parts to the server; the sums add up."""
    received(clinic)
    found = said("trace", "in", "1")
    assert [hop["what"] for hop in found["hops"]] == [
        "part 1 at the service centre",
        "part 2 at the service centre",
        "part 1 kept, from modem usb1 SM:1",
        "part 2 kept, from modem usb1 SM:1",
        "read; all parts are here",
        "server main has it",
        "no server waits for it any more",
    ]
    assert found["legs_ms"]["waiting for the server"] == 3_600_000
    assert sum(found["legs_ms"].values()) == found["total_ms"]
    assert [hop["clock"] for hop in found["hops"][:3]] == ["network", "network", "relay"]


def test_a_clock_of_the_network_that_is_ahead_is_shown(clinic: Clinic, relay: Relay) -> None:
    """The order is that of the things themselves; the delay is below zero."""
    clinic.receives(deliver("a", at=NOON + 90_000))
    lines = relay("trace", "in", "1").stdout.splitlines()
    assert "* " in lines[1]
    assert "-1 min 30 s  kept, from modem usb1" in lines[2]


@pytest.mark.parametrize("name", ["out 1", "out1", "OUT-1", "wo-8f3a", "wo-8"])
def test_a_message_has_many_names(clinic: Clinic, said: Said, name: str) -> None:
    """As status writes it, as the server knows it, and its beginning."""
    sent(clinic)
    assert said("trace", *name.split())["id"] == "out 1"


def test_a_report_is_found_by_its_uuid(clinic: Clinic, said: Said) -> None:
    """The id that stands in the server's records."""
    received(clinic)
    uuid = clinic.db.value("SELECT uuid FROM inbound")
    assert said("trace", uuid)["id"] == "in 1"
    assert said("trace", uuid[:8])["id"] == "in 1"


def test_a_bare_number_is_enough_where_only_one_side_has_it(clinic: Clinic, said: Said) -> None:
    """Nobody is asked what relay can see by itself."""
    sent(clinic)
    assert said("trace", "1")["id"] == "out 1"


def test_a_bare_number_of_both_sides_is_ambiguous(clinic: Clinic, relay: Relay) -> None:
    """Both count from 1."""
    sent(clinic)
    received(clinic)
    result = relay("trace", "1")
    assert result.exit_code == 64
    assert "relay trace in 1, or relay trace out 1" in result.stderr


def test_a_beginning_of_several_names_them(clinic: Clinic, relay: Relay) -> None:
    """Instead of guessing."""
    for server_id in ("wo-1111", "wo-1112"):
        clinic.sends(server="main", server_id=server_id)
    result = relay("trace", "wo-111")
    assert result.exit_code == 1
    assert "out 1, out 2" in result.stderr


@pytest.mark.parametrize("name", ["in 9", "out 9", "9", "nothing-like-this", "abc"])
def test_a_message_that_is_not_there(relay: Relay, name: str) -> None:
    """Exit 1 and words."""
    result = relay("trace", *name.split())
    assert result.exit_code == 1
    assert "there is no message" in result.stderr


def test_a_message_of_this_machine(clinic: Clinic, relay: Relay) -> None:
    """Nothing has happened to it yet."""
    clinic.sends()
    text = relay("trace", "out", "1").stdout
    assert "stored, from this machine" in text
    assert "nothing happened yet" in text


def test_a_message_that_is_tried_again_says_when(clinic: Clinic, relay: Relay) -> None:
    """Nobody has to guess whether relay has forgotten it."""
    clinic.sends()
    part = clinic.outbox.claim(clinic.clock.now(), "usb1", "direct")
    assert part is not None
    due = clinic.clock.now() + 60_000
    clinic.outbox.record(clinic.clock.now(), part, RefusedForNow("NET_CONGESTION", due))
    again = f"part 1 of 1 is tried again at {local(due)}"
    assert again in relay("trace", "out", "1").stdout
    clinic.clock.advance(61)
    assert again not in relay("trace", "out", "1").stdout
