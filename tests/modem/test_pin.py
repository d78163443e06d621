"""One PIN attempt for each SIM and PIN, whatever happens: a restart loop must not block a SIM."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from relay.core.link import LinkState
from relay.errors import ModemError, SimProblem
from relay.modem.driver import GsmDriver
from tests.modem.conftest import Ledger
from tests.modem.peer import Peer, Reply

pytestmark = pytest.mark.pty

ICCID = "89254021074187654321"
ENTRY = 'AT+CPIN="1234"'
MakePeer = Callable[..., Peer]
MakeDriver = Callable[..., GsmDriver]


class Sim:
    """A locked SIM in a scripted modem."""

    def __init__(self, pin: str = "1234", tries: int | None = None) -> None:
        self.pin, self.tries, self.open = pin, tries, False

    def script(self) -> dict[str, Reply]:
        return {
            "AT+CPIN?": lambda _: f"+CPIN: {'READY' if self.open else 'SIM PIN'}\r\nOK",
            ENTRY: self._enter,
            'AT+CPINR="SIM PIN"': lambda _: (
                "ERROR" if self.tries is None else f"+CPINR: SIM PIN,{self.tries},3\r\nOK"
            ),
        }

    def _enter(self, _: str) -> str:
        self.open = self.pin == "1234"
        return "OK" if self.open else "+CME ERROR: 16"


def test_the_right_pin(peer: MakePeer, driver: MakeDriver, ledger: Ledger) -> None:
    """Written down, entered, accepted: the link is up, and the next start may enter it again."""
    sim = Sim()
    modem = peer(sim.script())
    gsm = driver(modem, pin="1234")
    gsm.open()
    assert gsm.link is LinkState.READY
    assert ledger.record == [(ICCID, "1234", "attempt"), (ICCID, "1234", "accepted")]
    sim.open = False
    gsm.open()
    assert modem.count(ENTRY) == 2


def test_m29_a_wrong_pin_is_sent_once_for_ever(
    peer: MakePeer, driver: MakeDriver, ledger: Ledger
) -> None:
    """Ten restarts with a wrong PIN cost one try."""
    modem = peer(Sim(pin="9999").script())
    for _ in range(10):
        gsm = driver(modem, pin="1234")
        with pytest.raises(SimProblem):
            gsm.open()
        assert gsm.link is LinkState.PIN_REFUSED
        gsm.close()
    assert modem.count(ENTRY) == 1
    assert ledger.record[-1] == (ICCID, "1234", "refused")


def test_the_attempt_is_on_record_before_it_is_made(
    peer: MakePeer, driver: MakeDriver, ledger: Ledger
) -> None:
    """When the power fails during the attempt, the record is already there."""
    before: list[int] = []
    modem = peer(Sim().script())

    def vanish(_: str) -> None:
        before.append(len(ledger.record))
        modem.unplug()

    modem.script[ENTRY] = vanish
    with pytest.raises(ModemError):
        driver(modem, pin="1234").open()
    assert before == [1]
    assert ledger.record == [(ICCID, "1234", "attempt")]
    assert ledger.refused(ICCID, "1234")


@pytest.mark.parametrize(("tries", "entered"), [(1, 0), (0, 0), (2, 1), (3, 1), (None, 1)])
def test_the_last_try_is_never_used(
    peer: MakePeer, driver: MakeDriver, ledger: Ledger, tries: int | None, entered: int
) -> None:
    """With one try left relay leaves it to a person."""
    modem = peer(Sim(pin="9999", tries=tries).script())
    with pytest.raises(SimProblem):
        driver(modem, pin="1234").open()
    assert modem.count(ENTRY) == entered
    assert len(ledger.record) == entered * 2


def test_m29_no_pin_for_a_sim_that_asks_for_its_puk(
    peer: MakePeer, driver: MakeDriver, ledger: Ledger
) -> None:
    """Nothing is entered where the SIM is blocked."""
    modem = peer({"AT+CPIN?": "+CPIN: SIM PUK\r\nOK"})
    gsm = driver(modem, pin="1234")
    with pytest.raises(SimProblem):
        gsm.open()
    assert gsm.link is LinkState.PUK_BLOCKED
    assert ledger.record == []
    assert modem.count(ENTRY) == 0


def test_another_sim_gets_its_own_attempt(
    peer: MakePeer, driver: MakeDriver, ledger: Ledger
) -> None:
    """The record is kept by ICCID: changing the SIM allows one attempt again."""
    ledger.record.append(("89000000000000000000", "1234", "refused"))
    gsm = driver(peer(Sim().script()), pin="1234")
    gsm.open()
    assert gsm.link is LinkState.READY


def test_no_pin_in_traces(peer: MakePeer, driver: MakeDriver) -> None:
    """The PIN appears in no trace line and no error."""
    trace: list[str] = []
    driver(peer(Sim().script()), pin="1234", trace=lambda _, line: trace.append(line)).open()
    assert not [line for line in trace if '"1234"' in line]
