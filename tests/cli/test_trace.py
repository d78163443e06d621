"""`relay trace`: where a message has been, and how long it waited there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from relay.cli.desk import Desk
from relay.cli.main import main
from relay.clock import local, wall
from relay.core.cht import Answer
from relay.core.loops import LoopLimits
from relay.core.outbound import Accepted, NotStarted, RefusedForNow
from relay.store.history import sample
from relay.store.outbox import Outbox
from tests.air import NOON, deliver, delivers, report
from tests.clinic import TOML, Clinic

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


def hops_of(lines: list[str]) -> list[tuple[str, str, str]]:
    """Delay, leg and words of each hop."""
    rows = [line for line in lines if line[4:5] == ":"]
    return [(row[11:23].strip(), row[23:31].strip(), row[39:]) for row in rows]


def test_the_way_out(clinic: Clinic, relay: Relay) -> None:
    """Every hop in order, with the delay since the one before and with whom the time was."""
    sent(clinic)
    lines = relay("trace", "out", "1").stdout.splitlines()
    assert lines[0] == "out 1 to …001, 1 SMS: DELIVERED"
    assert max(map(len, lines)) <= 80
    assert hops_of(lines) == [
        ("", "", "stored, from server main"),
        ("+1 min", "here", "claimed by modem usb1"),
        ("+4 s", "modem", "refused for now (NET_CONGESTION)"),
        ("+1 min", "here", "claimed by modem usb1"),
        ("+3 s", "modem", "accepted by the network, mr 7"),
        ("+3 s", "carrier", "the service centre: received by the phone"),
        ("+2 s", "carrier", "report: delivered"),
        ("", "", "server main has heard UNSENT"),
        ("", "", "server main has heard PENDING"),
        ("", "", "server main has heard SENT"),
        ("+30 s", "network", "server main has heard DELIVERED"),
    ]
    sums = " ".join(" ".join(lines).split())
    assert "2 min in all carrier 5 s" in sums
    assert "the queue 1 min, another try 1 min" in sums


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
    assert [hop["part"] for hop in found["hops"]] == [1, 2, 1, 2, None, None, None]
    assert found["legs_ms"]["network"] == 3_600_000
    assert sum(found["legs_ms"].values()) == found["total_ms"]
    assert [hop["clock"] for hop in found["hops"][:3]] == ["network", "network", "relay"]
    assert [hop["confidence"] for hop in found["hops"][1:3]] == ["network", "own"]


def test_the_exchange_is_told_from_the_wait_for_it(clinic: Clinic, said: Said) -> None:
    """An outage of a day is not the server's slowness, nor the other way round."""
    clinic.receives(deliver("a", at=NOON - 2_000))
    clinic.clock.advance(86_400)
    clinic.exchanges.begin(clinic.clock.now(), [1], [])
    clinic.clock.advance(3)
    clinic.exchanges.settle(clinic.clock.now(), Answer((), None))
    found = said("trace", "in", "1")
    assert found["legs_ms"] == {"carrier": 2_000, "here": 0, "network": 86_400_000, "HTTP": 3_000}
    assert found["total_ms"] == 86_405_000


def test_a_modem_that_was_away_is_not_the_carriers_fault(clinic: Clinic, said: Said) -> None:
    """By the samples of its signal: the SMS was in the SIM, or waited for it."""
    for minutes in range(0, 121, 10):
        signal = None if 40 <= minutes < 100 else -71
        sample(clinic.db, clinic.clock.now(), NOON, {"usb1": signal})
        clinic.clock.advance(600)
    clinic.receives(deliver("a", at=NOON + 30 * 60_000))
    legs = said("trace", "in", "1")["legs_ms"]
    assert (legs["carrier"], legs["modem"]) == (40 * 60_000, 60 * 60_000)


def test_quiet_hours_and_wishes_are_named(tmp_path: Path) -> None:
    """What held a message back, and for how long each."""
    toml = TOML + '[sending]\nquiet_from = "20:00"\nquiet_until = "06:00"\n'
    with Clinic(tmp_path, toml) as clinic:
        evening = wall(NOON, "19:00")
        clinic.clock.step((evening - clinic.clock.now()) / 1000)
        clinic.sends(not_before=wall(NOON, "19:30"))
        clinic.clock.step((wall(NOON, "06:10", 1) - evening) / 1000)
        part = clinic.outbox.claim(clinic.clock.now(), "usb1", "direct")
        assert part is not None
        desk = Desk(clock=clinic.clock, environ={"RELAY_CONFIG": str(clinic.path)})
        said = CliRunner().invoke(main, ["trace", "out", "1", "--json"], obj=desk).stdout
        shares = {one["why"]: one["ms"] for one in json.loads(said)["hops"][1]["shares"]}
        assert shares == {
            "the time that was wished": 30 * 60_000,
            "the queue": 40 * 60_000,
            "quiet hours": 10 * 3_600_000,
        }
        text = CliRunner().invoke(main, ["trace", "out", "1"], obj=desk).stdout
        assert "quiet hours 10 h" in " ".join(text.split())


def test_a_message_that_a_person_had_to_let_go(clinic: Clinic, said: Said) -> None:
    """Not the queue's fault."""
    outbox = Outbox(clinic.db, loops=LoopLimits(1, 0, 0))
    for _ in range(2):
        last = outbox.enqueue(clinic.clock.now(), recipient="+254700000001", text="x")
    clinic.clock.advance(3600)
    assert outbox.release(clinic.clock.now(), last)
    for _ in range(2):
        assert outbox.claim(clinic.clock.now(), "usb1", "direct") is not None
    found = said("trace", "out", last)
    (share,) = found["hops"][-1]["shares"]
    assert (share["leg"], share["why"], share["ms"]) == (
        "here", "a person had to decide", 3_600_000,
    )  # fmt: skip


def test_waiting_for_credit(clinic: Clinic, said: Said) -> None:
    """As the refusal was named."""
    clinic.sends()
    part = clinic.outbox.claim(clinic.clock.now(), "usb1", "direct")
    assert part is not None
    clinic.outbox.record(clinic.clock.now(), part, NotStarted("SIM_NO_CREDIT: +CMS ERROR: 38"))
    clinic.clock.advance(7200)
    assert clinic.outbox.claim(clinic.clock.now(), "usb1", "direct") is not None
    assert said("trace", "1")["hops"][-1]["shares"] == [
        {"leg": "here", "why": "credit", "ms": 7_200_000}
    ]


def test_a_time_that_nobody_could_confirm_is_marked(clinic: Clinic, relay: Relay) -> None:
    """By a question mark, with its meaning below; the network's clock is not ours."""
    clinic.receives(deliver("a", at=NOON - 60_000))
    clinic.put(clock={"confidence": "unknown", "since": NOON})
    lines = relay("trace", "in", "1").stdout.splitlines()
    assert [line[10] for line in lines if line[4:5] == ":"] == ["*", "?", "?"]
    assert lines[-1].startswith("  ? by this computer's clock")
    clinic.put(clock={"confidence": "certain", "since": NOON})
    assert "?" not in relay("trace", "in", "1").stdout


def test_a_clock_of_the_network_that_is_ahead_is_shown(clinic: Clinic, relay: Relay) -> None:
    """The order is that of the things themselves; the delay is below zero."""
    clinic.receives(deliver("a", at=NOON + 90_000))
    lines = relay("trace", "in", "1").stdout.splitlines()
    assert lines[2][10] == "*"
    assert hops_of(lines)[1] == ("-1 min 30 s", "carrier", "kept, from modem usb1 SM:1")


def test_whose_it_is_and_when(clinic: Clinic, said: Said, relay: Relay) -> None:
    """A nurse knows the number and the time, and no id."""
    received(clinic)
    minute = local(NOON)[11:16]
    day = local(NOON)[:10]
    for name in ((f"001 {minute}",), ("…001", day, minute), ("+254700000001", minute)):
        assert said("trace", *name)["id"] == "in 1"
    assert relay("trace", "777", minute).exit_code == 1
    assert relay("trace", "001", "25:99").exit_code == 64
    clinic.clock.step((NOON - clinic.clock.now()) / 1000)
    clinic.sends()
    several = relay("trace", "001", minute)
    assert several.exit_code == 1
    assert "out 1" in several.stderr
    assert "in 1" in several.stderr


@pytest.mark.parametrize("name", ["no 1", "#1", "number 1"])
def test_the_number_that_the_station_gave_it(clinic: Clinic, said: Said, name: str) -> None:
    """As an audit and a receipt name it."""
    received(clinic)
    assert said("trace", *name.split())["id"] == "in 1"


def test_a_number_of_the_station_that_nobody_has(relay: Relay) -> None:
    """`no 4821`, as an audit names it."""
    result = relay("trace", "no", "4821")
    assert result.exit_code == 1
    assert "station's number 4821" in result.stderr


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
