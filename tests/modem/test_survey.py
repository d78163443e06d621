"""Survey and USSD: what the modem and the network say, and what they will not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from relay.core.device import MemoryUse
from relay.core.link import LinkState
from relay.errors import NoReply, Refused
from relay.modem.driver import GsmDriver
from tests.modem.peer import Peer

pytestmark = pytest.mark.pty

Opened = Callable[..., tuple[Peer, GsmDriver]]
BALANCE = 'AT+CUSD=1,"*144#",15'


def test_a_survey(opened: Opened) -> None:
    """Signal in dBm, operator, access technology, SMSC and memories."""
    _, gsm = opened()
    survey = gsm.survey()
    assert (survey.signal_dbm, survey.registration) == (-73, 1)
    assert (survey.operator, survey.access) == ("Acme Mobile", "UMTS")
    assert survey.smsc == "+254700000000"
    assert survey.memories == (MemoryUse("SM", 0, 10), MemoryUse("ME", 0, 23))


def test_a_survey_moves_the_link(opened: Opened) -> None:
    """Losing the network shows, and so does its return."""
    modem, gsm = opened()
    links: list[LinkState] = []
    for stat in (2, 5):
        modem.script["AT+CREG?"] = f"+CREG: 0,{stat}\r\nOK"
        gsm.survey()
        links.append(gsm.link)
    assert links == [LinkState.SEARCHING, LinkState.READY]


def test_a_command_that_hangs_costs_little(opened: Opened) -> None:
    """An optional command without answer is left alone after two tries."""
    modem, gsm = opened({"AT+COPS?": None})
    for _ in range(3):
        assert gsm.survey().operator is None
    assert modem.count("AT+COPS?") == 2


def test_a_modem_that_died_is_no_empty_survey(opened: Opened) -> None:
    """Silence to everything is NoReply, not a survey without values."""
    modem, gsm = opened(command_timeout_s=0.05)
    modem.script = dict.fromkeys(modem.script, None)
    with pytest.raises(NoReply):
        gsm.survey()


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ('OK\r\n\r\n+CUSD: 0,"Bal: 12.50 KES",15', "Bal: 12.50 KES"),
        ('+CUSD: 0,"Bal: 12.50",15\r\n\r\nOK', "Bal: 12.50"),
        ('OK\r\n\r\n+CUSD: 2,"Done"', "Done"),
        ('OK\r\n\r\n+CUSD: 0,"00420061006C003A00200035",72', "Bal: 5"),
        ('OK\r\n\r\n+CUSD: 0,"C2303B4C2703D56C",15', None),
        ('OK\r\n\r\n+CUSD: 0,"Two\r\nlines RING",15', "Two\nlines RING"),
    ],
)
def test_m32_ussd_answers(opened: Opened, answer: str, text: str | None) -> None:
    """Text, UCS2 in hex, many lines, before or after OK: all are read."""
    _, gsm = opened({BALANCE: answer})
    found = gsm.ussd("*144#")
    assert found == text if text is not None else found


def test_m32_ussd_without_text(opened: Opened) -> None:
    """+CUSD: 2 and +CUSD: 4 alone are refusals at once."""
    modem, gsm = opened({BALANCE: "OK\r\n\r\n+CUSD: 2"})
    with pytest.raises(Refused):
        gsm.ussd("*144#")
    modem.script[BALANCE] = "OK\r\n\r\n+CUSD: 4"
    with pytest.raises(Refused) as refused:
        gsm.ussd("*144#")
    assert not refused.value.again


def test_a_menu_is_closed(opened: Opened) -> None:
    """Without a reply to give, relay reads the first page and ends the session."""
    modem, gsm = opened({BALANCE: 'OK\r\n\r\n+CUSD: 1,"1 Airtime",15', "AT+CUSD=2": "OK"})
    assert gsm.ussd("*144#") == "1 Airtime"
    assert modem.count("AT+CUSD=2") == 1


def test_a_menu_is_answered(opened: Opened) -> None:
    """`*144#` and then 1: the last page is the answer, and what was said before is not."""
    modem, gsm = opened({
        BALANCE: 'OK\r\n\r\n+CUSD: 1,"1 Airtime 2 Data",15',
        'AT+CUSD=1,"1",15': 'OK\r\n\r\n+CUSD: 2,"Airtime: K38.20",15',
    })  # fmt: skip
    modem.urc('+CUSD: 0,"Bundle expires today",15')
    gsm.wait(5)
    assert gsm.ussd("*144#", ("1", "9")) == "Airtime: K38.20"
    assert not modem.count("AT+CUSD=2")


def test_a_menu_without_an_end_is_left_in_time(opened: Opened) -> None:
    """The whole dialogue has one limit, however many menus there are."""
    modem, gsm = opened({
        BALANCE: 'OK\r\n\r\n+CUSD: 1,"1 Airtime",15', 'AT+CUSD=1,"1",15': "OK",
        "AT+CUSD=2": "OK",
    })  # fmt: skip
    with pytest.raises(NoReply):
        gsm.ussd("*144#", ("1",), 0.1)
    assert modem.count("AT+CUSD=2") == 1


def test_ussd_without_an_answer(opened: Opened) -> None:
    """Silence of the network ends the session and is told."""
    modem, gsm = opened({BALANCE: "OK", "AT+CUSD=2": "OK"})
    with pytest.raises(NoReply):
        gsm.ussd("*144#")
    assert modem.count("AT+CUSD=2") == 1


def test_ussd_as_packed_septets(opened: Opened) -> None:
    """Where the code is refused as text it is tried as older Huawei firmware wants it."""
    _, gsm = opened({'AT+CUSD=1,"AA180C3602",15': 'OK\r\n\r\n+CUSD: 0,"ok fine",15'})
    assert gsm.ussd("*100#") == "ok fine"
