"""A modem behind a serial port server: rfc2217://."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from relay.core.device import STO_SENT, STO_UNSENT, NewMessage
from relay.core.link import LinkState
from relay.core.pdu import Deliver, decode
from relay.core.segment import compose
from relay.errors import NotSubmitted, OutcomeUnknown, PortLost
from relay.modem.driver import GsmDriver
from relay.simulator.modem import SimulatedModem
from relay.simulator.network import Network
from relay.simulator.port import TcpPort
from tests.modem.conftest import HASTY, Ledger
from tests.modem.rfc2217_port import Rfc2217Port

# pyserial 3.5 starts its thread in the old way.
pytestmark = pytest.mark.filterwarnings(r"ignore:set(Daemon|Name)\(\):DeprecationWarning")

CLINIC, NURSE = "+254711000000", "+254700000001"
SOON_S = 10.0


@pytest.fixture
def network() -> Iterator[Network]:
    network = Network(now=lambda: 1_767_225_600_000, seed=1)
    network.start()
    yield network
    network.stop()


@pytest.fixture
def server(network: Network) -> Iterator[Rfc2217Port]:
    server = Rfc2217Port(SimulatedModem(network, CLINIC))
    server.start()
    yield server
    server.stop()


def driver_on(url: str) -> GsmDriver:
    return GsmDriver(
        "clinic", url, pins=Ledger(), patience=HASTY, answer_timeout_s=2, prompt_timeout_s=1,
        command_timeout_s=2,
    )  # fmt: skip


@pytest.fixture
def gsm(server: Rfc2217Port) -> Iterator[GsmDriver]:
    gsm = driver_on(server.url)
    yield gsm
    gsm.close()


def a_part(text: str = "Take one tablet") -> str:
    return compose(NURSE, text, concat_ref=1, validity_s=86_400)[0]


def nothing() -> None:
    pass


def texts(gsm: GsmDriver) -> list[str]:
    found = [decode(listed.pdu) for listed in gsm.list_pdus()]
    return [str(pdu.text) for pdu in found if isinstance(pdu, Deliver)]


def test_it_is_brought_up_at_the_speed_that_was_asked_for(
    server: Rfc2217Port, gsm: GsmDriver
) -> None:
    """Negotiation, settings, bring-up; and no handshake that a board without RTS would miss."""
    gsm.open()
    assert gsm.link is LinkState.READY
    assert gsm.identity.imei == server.modem.imei
    assert gsm.check()
    assert server.settings.baudrate == 115_200
    assert (server.settings.rtscts, server.settings.xonxoff) == (False, False)


def test_a_text_arrives_and_is_freed(network: Network, gsm: GsmDriver) -> None:
    """The notification crosses the network, the slot is listed and freed."""
    gsm.open()
    gsm.take_urcs()
    network.handset(NURSE).send("Homa tangu Jumatatu ÿ", to=CLINIC)
    assert gsm.wait(SOON_S)
    assert any(isinstance(urc, NewMessage) for urc in gsm.take_urcs())
    assert texts(gsm) == ["Homa tangu Jumatatu ÿ"]
    assert all(gsm.delete(listed) for listed in gsm.list_pdus())
    assert gsm.list_pdus() == []


def test_a_part_is_submitted(network: Network, gsm: GsmDriver) -> None:
    """Prompt, PDU and Ctrl-Z."""
    nurse = network.handset(NURSE)
    gsm.open()
    aired: list[bool] = []
    assert gsm.submit(a_part(), lambda: aired.append(True)) >= 0
    assert aired == [True]
    assert [sms.text for sms in nurse.inbox] == ["Take one tablet"]


def test_a_part_is_stored_sent_and_erased(network: Network, gsm: GsmDriver) -> None:
    """AT+CMGW, AT+CMSS, AT+CMGD."""
    nurse = network.handset(NURSE)
    gsm.open()
    slot = gsm.store(a_part())
    assert [listed.stat for listed in gsm.list_stored()] == [STO_UNSENT]
    assert gsm.submit_stored(slot, nothing) >= 0
    assert [listed.stat for listed in gsm.list_stored()] == [STO_SENT]
    gsm.erase(slot)
    assert gsm.list_stored() == []
    assert [sms.text for sms in nurse.inbox] == ["Take one tablet"]


def test_the_server_goes_and_comes_back(
    network: Network, server: Rfc2217Port, gsm: GsmDriver
) -> None:
    """The loss shows at once, nobody listens for a while, then all is as before."""
    gsm.open()
    gsm.take_urcs()
    server.stop()
    assert gsm.wait(SOON_S)
    assert gsm.link is LinkState.LOST
    with pytest.raises(PortLost):
        gsm.list_pdus()
    with pytest.raises(PortLost, match="Check the address"):
        gsm.open()
    network.handset(NURSE).send("While you were out", to=CLINIC)
    server.start()
    gsm.open()
    assert gsm.link is LinkState.READY
    assert texts(gsm) == ["While you were out"]


def test_a_host_that_is_cut_off_opens_again(server: Rfc2217Port, gsm: GsmDriver) -> None:
    """The server restarts its port and listens on."""
    for _ in range(2):
        gsm.open()
        server.hang_up()
        assert gsm.wait(SOON_S)
        assert gsm.link is LinkState.LOST
    gsm.open()
    assert gsm.check()


def test_cut_off_before_the_prompt(network: Network, server: Rfc2217Port, gsm: GsmDriver) -> None:
    """Nothing went out, and it is known at once."""
    gsm.open()
    server.modem.faults.no_prompt()
    with pytest.raises(NotSubmitted):
        gsm.submit(a_part(), nothing, server.hang_up)
    assert network.submissions == []


def test_cut_off_on_the_air(server: Rfc2217Port, gsm: GsmDriver) -> None:
    """Nobody can say whether it went out, and nobody waits for an answer."""
    gsm.open()
    server.modem.faults.swallow("+CMGS")
    with pytest.raises(OutcomeUnknown):
        gsm.submit(a_part(), server.hang_up)
    assert gsm.link is LinkState.LOST


def test_the_last_words_of_a_connection_count(server: Rfc2217Port, gsm: GsmDriver) -> None:
    """An acceptance that came right before the end is no unknown outcome."""
    gsm.open()
    answers = "\r\n+CMGS: 0\r\n\r\nOK\r\n"

    def accepted_and_cut_off() -> None:
        server.send(answers.encode())
        server.hang_up()

    server.modem.faults.swallow("+CMGS")
    assert gsm.submit(a_part(), accepted_and_cut_off) == 0
    assert gsm.wait(SOON_S)
    assert gsm.link is LinkState.LOST


def test_a_port_that_speaks_no_rfc2217(network: Network) -> None:
    """A raw TCP port of a serial server: the words say what is wrong with the address."""
    with TcpPort(SimulatedModem(network, CLINIC)) as raw:
        gsm = driver_on(f"rfc2217://127.0.0.1:{raw.port}?timeout=0.2")
        with pytest.raises(PortLost, match=r"does not speak RFC 2217.*write socket://"):
            gsm.open()
        assert gsm.link is LinkState.LOST
        gsm.close()


# pyserial 3.5 leaves closing to the collector when the other side was faster.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_server_that_hangs_up_in_the_negotiation() -> None:
    """Somebody else has the port: many servers accept, and hang up at once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            listener.accept()[0].close()

        hanging_up = threading.Thread(target=hang_up)
        hanging_up.start()
        port = listener.getsockname()[1]
        gsm = driver_on(f"rfc2217://127.0.0.1:{port}?timeout=0.2")
        with pytest.raises(PortLost):
            gsm.open()
        hanging_up.join(SOON_S)
        gsm.close()
