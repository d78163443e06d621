"""From an open port to a modem that receives and sends, on whatever modem it is."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from relay.core.device import NewMessage, Restarted, Slot, Unsolicited, Urc
from relay.core.link import LinkState
from relay.errors import ConfigError, NoReply, PortLost, SimProblem
from relay.modem import reader
from relay.modem.driver import GsmDriver
from relay.modem.profiles import GENERIC, PROFILES, profile_of
from tests.modem.conftest import Ledger
from tests.modem.peer import BASICS, Peer, Reply

pytestmark = pytest.mark.pty

Opened = Callable[..., tuple[Peer, GsmDriver]]
MakePeer = Callable[..., Peer]
MakeDriver = Callable[..., GsmDriver]


def test_a_plain_modem_is_ready(opened: Opened) -> None:
    """Identity, memories, notifications and registration, and the link is READY."""
    _, gsm = opened()
    assert gsm.link is LinkState.READY
    assert gsm.identity.imei == "861234567890123"
    assert gsm.identity.imsi == "639021234567890"
    assert gsm.identity.iccid == "89254021074187654321"
    assert gsm.check()


def test_m30_a_modem_that_refuses_nearly_everything(opened: Opened) -> None:
    """AT, CPIN and CMGF=0 are enough; the rest is done without."""
    keep = {"AT", "AT+CPIN?", "AT+CMGF=0", "AT+CMGF?"}
    _, gsm = opened({command: "ERROR" for command in BASICS if command not in keep})
    assert gsm.link is LinkState.SEARCHING
    assert not gsm.can_store
    assert gsm.identity.imei == ""
    assert gsm.check()


def test_m30_answers_that_are_only_ok(opened: Opened) -> None:
    """A bare OK where values are expected is no exception."""
    _, gsm = opened(
        dict.fromkeys(("AT+CFUN?", "AT+CGMI", "AT+CPMS=?", "AT+CSQ", "AT+COPS?"), "OK")
    )
    assert gsm.identity.manufacturer == ""
    assert gsm.link is LinkState.READY


def test_a_modem_that_starts_slowly(opened: Opened) -> None:
    """The first AT go unanswered; late answers and the talk of the start do no harm."""
    calls: list[str] = []

    def slow(line: str) -> str | None:
        calls.append(line)
        late = "RDY\r\n\r\nOK\r\n\r\nOK\r\n\r\nOK"
        return {1: None, 2: None, 3: late}.get(len(calls), "OK")

    modem, gsm = opened({"AT": slow})
    modem.urc("SMS Ready")
    modem.urc('+CMTI: "SM",1')
    urcs: list[Urc] = []
    while len(urcs) < 2:
        assert gsm.wait(5)
        urcs += gsm.take_urcs()
    assert urcs == [Unsolicited("SMS Ready"), NewMessage(Slot("SM", 1))]
    assert gsm.check()


def test_m28_a_restart_later_on_is_told(opened: Opened) -> None:
    """RDY from a modem that was up means: open it again."""
    modem, gsm = opened()
    modem.urc("RDY")
    assert gsm.wait(5)
    assert gsm.take_urcs() == [Restarted("RDY")]


def test_a_modem_that_restarts_without_a_word_while_it_is_set_up(opened: Opened) -> None:
    """Its echo gives it away; what it left unanswered is asked again, so no memory is missed."""
    begun: list[str] = []
    echoing: list[str] = []

    def talkative(line: str) -> str:
        if line == "ATE0":
            echoing.clear()
        reply = BASICS[line]
        assert isinstance(reply, str)
        return f"{line}\r\r\n{reply}" if echoing else reply

    def restarts(line: str) -> str | None:
        if begun:
            return talkative(line)
        begun.append(line)
        echoing.append(line)
        return None

    script: dict[str, Reply] = dict.fromkeys(BASICS, talkative)
    peer, gsm = opened({**script, 'AT+CPMS="SM"': restarts})
    assert peer.count("ATE0") == 2
    assert not gsm.list_pdus()
    assert peer.heard[-4:] == ['AT+CPMS="SM"', "AT+CMGL=4", 'AT+CPMS="ME"', "AT+CMGL=4"]


def test_a_modem_that_lets_nobody_change_its_notifications(opened: Opened) -> None:
    """It is taken as it is, and has not forgotten what it was never told."""
    refused = {f"AT+CNMI={setting}": "+CMS ERROR: 302" for setting in GENERIC.cnmi}
    _, gsm = opened({**refused, "AT+CNMI?": "+CNMI: 2,2,0,1,0\r\nOK"})
    assert gsm.check()


@pytest.mark.parametrize(
    ("command", "answer"),
    [("AT+CMGF?", "+CMGF: 1\r\nOK"), ("AT+CNMI?", "+CNMI: 0,0,0,0,0\r\nOK")],
)
def test_m28_settings_that_were_forgotten(opened: Opened, command: str, answer: str) -> None:
    """A modem that restarted without a word is found by its settings."""
    modem, gsm = opened()
    assert gsm.check()
    modem.script[command] = answer
    assert not gsm.check()


def test_a_modem_left_in_a_prompt(peer: MakePeer, driver: MakeDriver) -> None:
    """What another program left behind is left with ESC, not sent."""
    modem = peer()
    modem.open_prompt()
    gsm = driver(modem)
    gsm.open()
    assert gsm.link is LinkState.READY
    assert not [line for line in modem.heard if line.startswith("AT+CMGS")]


def test_a_silent_modem(peer: MakePeer, driver: MakeDriver) -> None:
    """No answer to any AT is NoReply; nothing stays open."""
    gsm = driver(peer({"AT": None}))
    with pytest.raises(NoReply):
        gsm.open()
    assert gsm.link is LinkState.LOST
    assert not [t for t in threading.enumerate() if t.name == "modem-rx"]


def test_s12_opening_again_after_a_failure(peer: MakePeer, driver: MakeDriver) -> None:
    """Each opening starts from nothing; the one after a failure works."""
    modem = peer({"AT": None})
    gsm = driver(modem)
    with pytest.raises(NoReply):
        gsm.open()
    modem.script["AT"] = "OK"
    gsm.open()
    gsm.open()
    assert gsm.link is LinkState.READY
    assert sum(t.name == "modem-rx" for t in threading.enumerate()) == 1


def test_no_such_port(ledger: Ledger) -> None:
    """A modem that is not plugged in is told in plain words."""
    gsm = GsmDriver("clinic", "/dev/does-not-exist", pins=ledger)
    with pytest.raises(PortLost, match="Plug the modem in"):
        gsm.open()
    links = [gsm.link]
    gsm.close()
    assert [*links, gsm.link] == [LinkState.LOST, LinkState.CLOSED]


def test_s14_the_link_is_lost_when_the_port_is(opened: Opened) -> None:
    """Unplugging wakes the worker and shows in the link without any command."""
    modem, gsm = opened()
    modem.unplug()
    assert gsm.wait(5)
    assert gsm.link is LinkState.LOST
    assert not gsm.wait(0)


def test_a_ring_without_a_modem(ledger: Ledger) -> None:
    """A worker that waits for its next try can be woken."""
    gsm = GsmDriver("clinic", "/dev/does-not-exist", pins=ledger)
    gsm.ring()
    assert gsm.wait(5)


def test_routed_pdus_outlive_their_line(opened: Opened) -> None:
    """What is nowhere on the SIM is not lost with the port."""
    modem, gsm = opened()
    modem.urc("+CDS: 1\r\n00AA")
    assert gsm.wait(5)
    gsm.close()
    assert len(gsm.take_urcs()) == 1


def test_radio_off_is_switched_on(opened: Opened) -> None:
    """A modem left in airplane mode comes back."""
    modem, _ = opened({"AT+CFUN?": "+CFUN: 4\r\nOK", "AT+CFUN=1": "OK"})
    assert modem.count("AT+CFUN=1") == 1


# --- memories and notifications -------------------------------------------------------------


@pytest.mark.parametrize(
    "refused",
    [[], ["2,1,0,2,0"], ["2,1,0,2,0", "2,1,0,1,0", "1,1,0,2,0", "1,1,0,1,0"]],
)
def test_notifications_fall_back(opened: Opened, refused: list[str]) -> None:
    """The best +CNMI that the modem takes; stored messages before routed ones."""
    accepted: list[str] = []
    settings = ["2,1,0,2,0", "2,1,0,1,0", "1,1,0,2,0", "1,1,0,1,0", "2,1,0,0,0"]
    script: dict[str, Reply] = {
        f"AT+CNMI={x}": "+CMS ERROR: 303" if x in refused else "OK" for x in settings
    }
    script["AT+CNMI?"] = lambda _: f"+CNMI: {accepted or '?'}\r\nOK"
    modem, gsm = opened(script)
    assert [x for x in modem.heard if x.startswith("AT+CNMI=")][-1] == next(
        f"AT+CNMI={x}" for x in GENERIC.cnmi if x not in refused
    )
    assert gsm.check()


@pytest.mark.parametrize(
    ("choices", "chosen"),
    [
        ('+CPMS: (("SM","BM","SR"),("SM"))', 'AT+CPMS="SM","SM","SM"'),
        ('+CPMS: ("SM","ME"),("SM","ME"),("SM","ME")', 'AT+CPMS="ME","ME","ME"'),
        ("+CPMS: (SM,ME),(SM)", 'AT+CPMS="ME","SM","ME"'),
        ('+CPMS: ("MT"),("SM"),("MT")', 'AT+CPMS="MT","SM","MT"'),
        ('+CPMS: ("SM","ME"),("SM"),("SM")', 'AT+CPMS="SM","SM","SM"'),
    ],
)
def test_m24_memories_of_every_form(opened: Opened, choices: str, chosen: str) -> None:
    """The larger memory that can receive is chosen, however the modem names its memories."""
    modem, gsm = opened({
        "AT+CPMS=?": f"{choices}\r\nOK", chosen: "OK",
        'AT+CPMS="MT"': "+CPMS: 0,33,0,33,0,33\r\nOK",
    })  # fmt: skip
    assert modem.count(chosen) == 1
    assert gsm.can_store


def test_memories_that_are_not_ready_yet(opened: Opened) -> None:
    """Just after a start AT+CPMS is refused for a while."""
    answers = iter(["+CMS ERROR: 302"] * 2)
    _, gsm = opened({'AT+CPMS="ME"': lambda _: next(answers, "+CPMS: 0,23,0,23,0,23\r\nOK"),
                     'AT+CPMS="SM"': "+CMS ERROR: 302"})  # fmt: skip
    assert gsm.can_store


def test_a_modem_that_takes_only_one_memory(opened: Opened) -> None:
    """Where AT+CPMS knows one parameter, stored submission is off and receiving works."""
    _, gsm = opened({'AT+CPMS="ME","ME","ME"': "ERROR"})
    assert not gsm.can_store
    assert gsm.link is LinkState.READY


# --- registration and SIM -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("creg", "link"),
    [
        ("+CREG: 0,1", LinkState.READY),
        ('+CREG: 2,5,"00C3","1A2B",7', LinkState.READY),
        ("+CREG: 0,2", LinkState.SEARCHING),
        ("+CREG: 0,3", LinkState.DENIED),
        ("+CREG: 0,0", LinkState.SEARCHING),
    ],
)
def test_registration_is_no_error(opened: Opened, creg: str, link: LinkState) -> None:
    """M31: without a network the modem is open all the same."""
    _, gsm = opened({"AT+CREG?": f"{creg}\r\nOK"})
    assert gsm.link is link


def test_registered_on_lte_only(opened: Opened) -> None:
    """+CEREG counts when +CREG says denied."""
    _, gsm = opened({"AT+CREG?": "+CREG: 0,3\r\nOK", "AT+CEREG?": "+CEREG: 0,1\r\nOK"})
    assert gsm.link is LinkState.READY


@pytest.mark.parametrize(
    ("cpin", "kind"),
    [
        ("+CME ERROR: 10", LinkState.SIM_ABSENT),
        ("+CME ERROR: SIM not inserted", LinkState.SIM_ABSENT),
        ("+CPIN: NOT INSERTED\r\nOK", LinkState.SIM_ABSENT),
        ("+CPIN: SIM PIN\r\nOK", LinkState.PIN_REQUIRED),
        ("+CPIN: PH-NET PIN\r\nOK", LinkState.PIN_REQUIRED),
        ("+CPIN: SIM PUK\r\nOK", LinkState.PUK_BLOCKED),
        ("+CME ERROR: 12", LinkState.PUK_BLOCKED),
        ("+CME ERROR: 14", LinkState.SIM_ABSENT),
    ],
)
def test_sims_that_cannot_be_used(
    peer: MakePeer, driver: MakeDriver, cpin: str, kind: LinkState
) -> None:
    """Each has its own state; a busy SIM (14) is waited for, but not for ever."""
    modem = peer({"AT+CPIN?": cpin})
    gsm = driver(modem)
    with pytest.raises(SimProblem) as problem:
        gsm.open()
    assert problem.value.kind == kind
    assert gsm.link is kind
    assert modem.count("AT+CPIN?") < 20


def test_a_modem_that_restarts_before_its_sim_is_ready_is_not_without_one(
    peer: MakePeer, driver: MakeDriver
) -> None:
    """Its echo comes back each time: to look for a SIM would be the wrong errand."""
    modem = peer({"AT+CPIN?": "AT+CPIN?\r\r\n+CME ERROR: 14"})
    with pytest.raises(PortLost, match="restarted while it was being set up"):
        driver(modem).open()


def test_m1_a_sim_that_is_busy_for_a_while(opened: Opened) -> None:
    """+CME ERROR: 14 a few times, then READY."""
    answers = iter(["+CME ERROR: 14", "+CME ERROR: SIM busy", "+CPIN: NOT READY\r\nOK"])
    _, gsm = opened({"AT+CPIN?": lambda _: next(answers, "+CPIN: READY\r\nOK")})
    assert gsm.link is LinkState.READY


def test_cpin_without_ok(opened: Opened) -> None:
    """Wavecom ends this answer without OK."""
    _, gsm = opened({"AT+CPIN?": "+CPIN: READY"})
    assert gsm.link is LinkState.READY


# --- profiles -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("maker", "model", "name"),
    [
        ("huawei", "E173", "huawei"),
        ("SIMCOM_Ltd", "SIMCOM_SIM800L", "simcom"),
        ("Quectel", "EC25", "quectel"),
        ("ZTE INCORPORATED", "MF190", "zte"),
        ("Acme", "One", "generic"),
    ],
)
def test_profiles_by_name(opened: Opened, maker: str, model: str, name: str) -> None:
    """The family is told from what the modem says of itself, and its commands may fail."""
    modem, gsm = opened({"AT+CGMI": f"{maker}\r\nOK", "AT+CGMM": f"{model}\r\nOK"})
    profile = profile_of(gsm.identity)
    assert profile.name == name
    assert all(command in modem.heard for command in profile.init)


def test_profiles_keep_messages_in_memory() -> None:
    """No family is asked to route received messages past its memory (<mt> 2 or 3)."""
    for profile in (*PROFILES, GENERIC):
        assert all(setting.split(",")[1] == "1" for setting in profile.cnmi)


def test_another_version_of_the_library(monkeypatch: pytest.MonkeyPatch, ledger: Ledger) -> None:
    """relay overrides private names: another version is a mistake of installation."""
    monkeypatch.setattr(reader, "version", lambda _: "0.14.0")
    with pytest.raises(ConfigError, match=r"0\.14\.0"):
        GsmDriver("clinic", "/dev/null", pins=ledger).open()
