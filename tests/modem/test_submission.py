"""Submitting: exactly one of three errors, and the line between them is the Ctrl-Z."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from relay.core.device import LateReference, ListedPdu, NewMessage, Slot
from relay.errors import NoReply, NotSubmitted, OutcomeUnknown, PortLost, Refused
from relay.modem.driver import GsmDriver
from tests.modem.peer import Peer

pytestmark = pytest.mark.pty

PDU = "0011000B915274000000F10000A704D4F29C0E"
COMMAND = f"AT+CMGS={len(PDU) // 2 - 1}"

Opened = Callable[..., tuple[Peer, GsmDriver]]


def nothing() -> None:
    pass


@pytest.mark.parametrize(
    "answer",
    [
        "+CMGS: 12\r\nOK",
        "+CMGS:12\r\nOK",
        '+CMGS: 12,"26/01/01,10:00:00+12"\r\nOK',
        "OK\r\n+CMGS: 12",
    ],
)
def test_m6_references_of_every_form(opened: Opened, answer: str) -> None:
    """The reference is read whatever surrounds it; an OK that comes first does no harm."""
    modem, gsm = opened({"body": answer})
    assert gsm.submit(PDU, nothing) == 12
    assert modem.heard[-2:] == [COMMAND, PDU]


def test_on_air_runs_once_while_the_modem_works(opened: Opened) -> None:
    """The next claim is prepared after Ctrl-Z and before the answer."""
    modem, gsm = opened({"body": None})
    runs: list[bool] = []

    def on_air() -> None:
        runs.append(modem.await_heard(PDU))
        modem.say("\r\n+CMGS: 3\r\n\r\nOK\r\n")

    assert gsm.submit(PDU, on_air) == 3
    assert runs == [True]


def test_s15_a_prompt_without_blank(opened: Opened) -> None:
    """A bare '>' is a prompt."""
    modem, gsm = opened({"body": "+CMGS: 5\r\nOK"})

    def bare(_: str) -> bytes:
        modem.open_prompt()
        return b"\r\n>"

    modem.script[COMMAND] = bare
    assert gsm.submit(PDU, nothing) == 5


def test_m4_no_prompt_leaves_nothing_behind(opened: Opened) -> None:
    """Without a prompt nothing is sent, the modem is led out of the prompt, and goes on."""
    modem, gsm = opened({COMMAND: None})
    with pytest.raises(NotSubmitted):
        gsm.submit(PDU, nothing)
    assert PDU not in modem.heard
    assert gsm.check()


def test_m4_a_prompt_that_comes_too_late(opened: Opened) -> None:
    """A late prompt swallows no command, and no PDU goes to the wrong place."""
    modem, gsm = opened({"body": "+CMGS: 6\r\nOK"}, prompt_timeout_s=0.05)

    def late(_: str) -> None:
        modem.open_prompt()
        threading.Timer(0.1, modem.say, ["\r\n> "]).start()

    modem.script[COMMAND] = late
    with pytest.raises(NotSubmitted):
        gsm.submit(PDU, nothing)
    modem.script[COMMAND] = ">"
    assert gsm.submit(PDU, nothing) == 6


def test_m5_no_answer_is_an_unknown_outcome_and_a_late_one_an_event(opened: Opened) -> None:
    """After Ctrl-Z silence means that nobody knows; the late reference is not lost."""
    modem, gsm = opened({"body": None}, answer_timeout_s=0.1)
    with pytest.raises(OutcomeUnknown):
        gsm.submit(PDU, nothing)
    modem.say("\r\n+CMGS: 88\r\n\r\nOK\r\n")
    assert gsm.wait(5)
    assert gsm.take_urcs() == [LateReference(88)]
    assert gsm.check()


def test_m2_an_error_after_the_pdu_is_never_repeated(opened: Opened) -> None:
    """+CMS ERROR: 515 after the PDU is a refusal; the PDU is not written again."""
    modem, gsm = opened({"body": "+CMS ERROR: 515"})
    with pytest.raises(Refused) as refused:
        gsm.submit(PDU, nothing)
    assert (refused.value.code, refused.value.again) == (515, True)
    assert modem.count(PDU) == 1


@pytest.mark.parametrize(("code", "again"), [(38, True), (28, False), (999, True)])
def test_refusals_say_whether_again(opened: Opened, code: int, again: bool) -> None:
    """Again or never comes from the table of causes."""
    _, gsm = opened({"body": f"+CMS ERROR: {code}"})
    with pytest.raises(Refused) as refused:
        gsm.submit(PDU, nothing)
    assert (refused.value.code, refused.value.again) == (code, again)


def test_a_refusal_instead_of_the_prompt(opened: Opened) -> None:
    """An error to AT+CMGS itself is a refusal as well."""
    modem, gsm = opened({COMMAND: "+CMS ERROR: 330"})
    with pytest.raises(Refused) as refused:
        gsm.submit(PDU, nothing)
    assert refused.value.code == 330
    assert PDU not in modem.heard


def test_s4_a_notification_at_the_prompt(opened: Opened) -> None:
    """A +CMTI between prompt and reference is kept, and the reference read."""
    modem, gsm = opened({"body": '+CMTI: "SM",4\r\n+CMGS: 9\r\nOK'})

    def noisy(_: str) -> bytes:
        modem.open_prompt()
        return b'\r\n+CMTI: "SM",3\r\n\r\n> '

    modem.script[COMMAND] = noisy
    assert gsm.submit(PDU, nothing) == 9
    assert gsm.take_urcs() == [NewMessage(Slot("SM", 3)), NewMessage(Slot("SM", 4))]


def test_a_late_reference_at_the_prompt_is_not_ours(opened: Opened) -> None:
    """+CMGS before the PDU was written answers an earlier submission."""
    modem, gsm = opened({"body": "+CMGS: 9\r\nOK"})

    def stale(_: str) -> bytes:
        modem.open_prompt()
        return b"\r\n+CMGS: 8\r\n\r\n> "

    modem.script[COMMAND] = stale
    assert gsm.submit(PDU, nothing) == 9
    assert gsm.take_urcs() == [LateReference(8)]


def test_s14_losing_the_port_before_ctrl_z(opened: Opened) -> None:
    """Unplugged at the prompt: certainly not sent; the next command says that the port is lost."""
    modem, gsm = opened()
    modem.script[COMMAND] = lambda _: modem.unplug()
    with pytest.raises(NotSubmitted):
        gsm.submit(PDU, nothing)
    with pytest.raises(PortLost):
        gsm.check()
    with pytest.raises(NotSubmitted):
        gsm.submit(PDU, nothing)


def test_s14_losing_the_port_after_ctrl_z(opened: Opened) -> None:
    """Unplugged on the air: nobody knows; the next command says that the port is lost."""
    modem, gsm = opened({"body": None})

    def pull() -> None:
        modem.await_heard(PDU)
        modem.unplug()

    with pytest.raises(OutcomeUnknown):
        gsm.submit(PDU, pull)
    with pytest.raises(PortLost):
        gsm.list_pdus()


def test_an_error_of_ours_on_the_air_keeps_the_line_in_step(opened: Opened) -> None:
    """When `on_air` raises, the answer that follows is still not taken for another's."""
    modem, gsm = opened({"body": None})

    def broken() -> None:
        modem.await_heard(PDU)
        modem.say("\r\n+CMGS: 4\r\n\r\nOK\r\n")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        gsm.submit(PDU, broken)
    assert gsm.check()


def test_m3_no_command_ends_up_in_a_message(opened: Opened) -> None:
    """Prompt and PDU are one step: what another thread asks has to wait."""
    modem, gsm = opened({"body": "+CMGS: 1\r\nOK"})
    stop = threading.Event()

    def meddle() -> None:
        while not stop.is_set():
            assert gsm._up is not None
            gsm._up.session.wire.execute("AT+CSQ", 5)

    meddler = threading.Thread(target=meddle)
    meddler.start()
    for _ in range(50):
        assert gsm.submit(PDU, nothing) == 1
    stop.set()
    meddler.join()
    assert modem.count(PDU) == 50


# --- stored submission --------------------------------------------------------------------------


def test_a_stored_part_is_sent_from_its_slot(opened: Opened) -> None:
    """AT+CMGW gives the slot, AT+CMSS the reference."""
    modem, gsm = opened({"body": "+CMGW: 7\r\nOK", "AT+CMSS=7": "+CMSS: 21\r\nOK"})
    assert gsm.can_store
    slot = gsm.store(PDU)
    assert slot == Slot("ME", 7)
    assert gsm.submit_stored(slot, nothing) == 21
    assert modem.count(PDU) == 1


def test_no_answer_to_a_stored_submission(opened: Opened) -> None:
    """From AT+CMSS on nobody knows."""
    _, gsm = opened({"AT+CMSS=7": None}, answer_timeout_s=0.1)
    with pytest.raises(OutcomeUnknown):
        gsm.submit_stored(Slot("ME", 7), nothing)


def test_storing_that_fails_has_sent_nothing(opened: Opened) -> None:
    """A full memory is a refusal, silence is NoReply: never an unknown outcome."""
    modem, gsm = opened({"body": "+CMS ERROR: 322"})
    with pytest.raises(Refused):
        gsm.store(PDU)
    modem.script["body"] = "OK"
    with pytest.raises(NoReply):
        gsm.store(PDU)


def test_erase_leaves_received_messages_alone(opened: Opened) -> None:
    """A slot that turned out to hold a received message is not freed."""
    modem, gsm = opened({"AT+CMGR=7": f"+CMGR: 0,,{len(PDU) // 2 - 1}\r\n{PDU}\r\nOK"})
    gsm.erase(Slot("ME", 7))
    assert "AT+CMGD=7" not in modem.heard


def test_erase_looks_first_where_a_message_was_announced(opened: Opened) -> None:
    """Some modems free the slot when they have sent from it; the next message takes it."""
    received = f"+CMGR: 0,,{len(PDU) // 2 - 1}\r\n{PDU}\r\nOK"
    modem, gsm = opened(
        {
            "body": "+CMGW: 7\r\nOK",
            "AT+CMSS=7": "+CMSS: 21\r\nOK",
            "AT+CMGR=7": received,
            "AT+CMGL=4": "OK",
            'AT+CPMS="ME"': "+CPMS: 0,23,0,23,0,23\r\nOK",
        }
    )
    gsm.list_stored()
    slot = gsm.store(PDU)
    gsm.submit_stored(slot, nothing)
    modem.urc('+CMTI: "ME",7')
    assert gsm.wait(5)
    gsm.erase(slot)
    assert "AT+CMGD=7" not in modem.heard


def test_list_stored_shows_what_was_sent(opened: Opened) -> None:
    """STO UNSENT and STO SENT are told apart; received messages are left out."""
    length = len(PDU) // 2 - 1
    entries = "".join(f"+CMGL: {n},{n},,{length}\r\n{PDU}\r\n" for n in (1, 2, 3))
    modem, gsm = opened({"AT+CMGL=4": entries + "OK"})
    modem.script['AT+CPMS="ME"'] = "+CPMS: 3,23,3,23,3,23\r\nOK"
    assert gsm.list_stored() == [
        ListedPdu(Slot("ME", 2), 2, PDU),
        ListedPdu(Slot("ME", 3), 3, PDU),
    ]
