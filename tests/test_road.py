"""The whole road with real reports: handset, network, modem, relay, server, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.simulator.port import TcpPort
from tests.station import GATEWAY, GATEWAY_TOO, MOTHER, NURSE, Station, never_fell

pytestmark = pytest.mark.pty

REPORTS = json.loads((Path(__file__).parent / "data" / "reports.json").read_text("utf-8"))
NURSES = (NURSE, "+254700000002", "+254700000003")
FAMILIES = ("huawei-e17x", "sim800", "quectel-ec2x")
REPLIES = {
    "short": "Come on Monday",
    "exactly one": "x" * 160,
    "one more": "x" * 161,
    "long": "The mother in bed 3 has a temperature of 39.4 and asks for the midwife. " * 5,
    "Devanagari": "सोमवार को क्लिनिक आइए। " * 9,
    "emoji": "😀" * 36,  # a pair of surrogates at the edge of a part
    "brackets": "{[~^|\\]}€" * 20,  # two septets each, also at the edge of a part
    "lines": "Monday\nTuesday\r\nWednesday",
}


@pytest.fixture(params=FAMILIES)
def station(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Station]:
    """A station with each family of modems."""
    with Station(tmp_path, profile=request.param) as made:
        yield made


@pytest.fixture
def huawei(tmp_path: Path) -> Iterator[Station]:
    with Station(tmp_path) as made:
        yield made


def rest(station: Station, *, reports: int = 0, state: str = "delivered") -> None:
    station.eventually(
        lambda: (
            len(station.server.reports) >= reports
            and station.all_told(state)
            and station.at_rest()
        ),
        "everything has arrived",
        within_s=60,
    )


def test_every_report_arrives_byte_for_byte(station):
    """The reports of CHT's own tests, from three nurses: each once, in order for each nurse."""
    station.start()
    sent: dict[str, list[str]] = {nurse: [] for nurse in NURSES}
    for number, report in enumerate(REPORTS):
        nurse = NURSES[number % len(NURSES)]
        station.text(report["text"], sender=nurse)
        sent[nurse].append(report["text"])
    rest(station, reports=len(REPORTS))
    got: dict[str, list[str]] = {nurse: [] for nurse in NURSES}
    for report in station.server.reports:
        got[report.sender].append(report.content)
    assert got == sent


def test_every_reply_arrives_and_is_told_of_in_order(station):
    """Long, Devanagari, emoji at the edge of a part: on the handset as the server wrote it."""
    station.start()
    for id_, text in REPLIES.items():
        station.server.queue(id_, MOTHER, text)
    rest(station)
    assert station.screen() == dict.fromkeys(REPLIES.values(), 1)
    for id_ in REPLIES:
        climbed = station.climbed(id_)
        assert climbed[-1] == "delivered"
        assert "received-by-gateway" in climbed
        assert never_fell(climbed)


def test_two_modems_share_the_work(tmp_path):
    """Each receives on its own number; what goes out goes once, over either. (What goes to one
    number goes in order, and so over one of them at a time.)"""
    mothers = [f"+2547000001{n:02}" for n in range(10)]
    with Station(tmp_path, modems=2) as station:
        station.network.submit_delay_s = 0.05
        station.start()
        for number in range(10):
            station.text(f"report {number}", to=(GATEWAY, GATEWAY_TOO)[number % 2])
            station.server.queue(f"m{number}", mothers[number], f"reply {number}")
        rest(station, reports=10)
        assert station.forwarded == {f"report {n}": 1 for n in range(10)}
        for number, mother in enumerate(mothers):
            assert station.screen(mother) == {f"reply {number}": 1}
        assert {sms.sender for sms in station.network.submissions} == {GATEWAY, GATEWAY_TOO}


def test_the_very_same_message_over_two_modems_is_shown(tmp_path):
    """Octet for octet the same PDU, over two SIMs: one goes up, the other is for a person."""
    with Station(tmp_path, modems=2) as station:
        noon = station.clock.now()
        station.network.now = lambda: noon
        station.text("P 23456 21", to=GATEWAY)
        station.text("P 23456 21", to=GATEWAY_TOO)
        station.start()
        rest(station, reports=1)
        states = station.query("SELECT state, reason FROM inbound ORDER BY state")
        assert [tuple(row) for row in states] == [
            ("FORWARDED", None),
            ("PARKED", "message.repeated"),
        ]


def test_a_modem_behind_a_tcp_port(tmp_path):
    """socket:// is a port like any other."""
    with Station(tmp_path, port=TcpPort) as station:
        station.start()
        station.text(REPORTS[0]["text"])
        station.server.queue("m1", MOTHER, "Come on Monday")
        rest(station, reports=1)
        assert station.screen() == {"Come on Monday": 1}


def test_the_demo_server_of_cht_gateway(tmp_path):
    """It hands each message out once and compares no ids: everything still comes once."""
    with Station(tmp_path, server="demo") as station:
        station.start()
        for report in REPORTS:
            station.text(report["text"])
        for id_, text in REPLIES.items():
            station.server.queue(id_, MOTHER, text)
        rest(station, reports=len(REPORTS))
        assert [report.content for report in station.server.reports] == [
            report["text"] for report in REPORTS
        ]
        assert station.screen() == dict.fromkeys(REPLIES.values(), 1)


@pytest.mark.parametrize(
    ("to", "text", "reason"),
    [
        ("Ministry", "Come on Monday", "destination.invalid"),
        ("", "Come on Monday", "destination.invalid"),
        (MOTHER, "broken \ud83d here", "text.surrogate"),
    ],
    ids=["a name for a number", "no number", "half of an emoji"],
)
def test_what_no_sms_can_be_is_told_and_never_sent(huawei, to, text, reason):
    """The server hears FAILED with a reason; the radio hears nothing; others go on."""
    huawei.start()
    huawei.server.queue("bad", to, text)
    huawei.server.queue("good", MOTHER, "Come on Tuesday")
    huawei.eventually(
        lambda: huawei.server.states == {"bad": "failed", "good": "delivered"}, "both are told"
    )
    assert huawei.server.history("bad")[-1].details == {"reason": reason}
    assert [sms.recipient for sms in huawei.network.submissions] == [MOTHER]


def test_parts_may_come_in_any_order(huawei):
    """The network reorders and repeats the parts of a long report."""
    text = REPLIES["long"]
    huawei.text(text, order=lambda parts: (*reversed(parts), parts[0]))
    huawei.start()
    rest(huawei, reports=1)
    assert huawei.forwarded == {text: 1}


def test_a_flash_message_is_a_report_as_well(huawei):
    """A message of class 0 is shown at once on a phone; here it is kept like any other."""
    huawei.start()
    huawei.text("P 23456 21", flash=True)
    rest(huawei, reports=1)
    assert huawei.forwarded == {"P 23456 21": 1}
