"""One PIN attempt for each SIM and PIN, whatever happens: a restart loop must not block a SIM."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from relay.core.link import LinkState
from relay.core.sim import tries_left
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


def test_an_ok_is_no_acceptance(peer: MakePeer, driver: MakeDriver, ledger: Ledger) -> None:
    """Some modems say OK first, and look at the PIN afterwards: the state counts."""
    modem = peer(Sim(pin="9999").script() | {ENTRY: "OK"})
    for _ in range(3):
        gsm = driver(modem, pin="1234")
        with pytest.raises(SimProblem):
            gsm.open()
        gsm.close()
    assert modem.count(ENTRY) == 1
    assert ledger.record[-1] == (ICCID, "1234", "refused")


def test_a_late_answer_is_judged_by_the_state(
    peer: MakePeer, driver: MakeDriver, ledger: Ledger
) -> None:
    """The SIM took the PIN; the modem forgot to say so."""
    sim = Sim()
    modem = peer(sim.script())

    def forget(_: str) -> None:
        sim.open = True

    modem.script[ENTRY] = forget
    gsm = driver(modem, pin="1234")
    gsm.open()
    assert gsm.link is LinkState.READY
    assert ledger.record[-1] == (ICCID, "1234", "accepted")


def test_an_attempt_that_was_cut_off_is_settled_by_the_next_start(
    peer: MakePeer, driver: MakeDriver, ledger: Ledger
) -> None:
    """The SIM is open and locked: only the right PIN can have done that."""
    ledger.record_attempt(ICCID, "1234")
    driver(peer({'AT+CLCK="SC",2': "+CLCK: 1\r\nOK"}), pin="1234").open()
    assert ledger.record[-1] == (ICCID, "1234", "accepted")


@pytest.mark.parametrize(("tries", "entered"), [(3, 1), (2, 0), (None, 0)])
def test_an_attempt_that_was_cut_off_is_made_again_only_where_it_cost_nothing(
    peer: MakePeer, driver: MakeDriver, ledger: Ledger, tries: int | None, entered: int
) -> None:
    ledger.record_attempt(ICCID, "1234")
    modem = peer(Sim(tries=tries).script())
    for _ in range(2):
        gsm = driver(modem, pin="1234")
        with suppress(SimProblem):
            gsm.open()
        gsm.close()
    assert modem.count(ENTRY) == entered


def test_without_a_counter_the_third_value_is_left_to_a_person(
    peer: MakePeer, driver: MakeDriver, ledger: Ledger
) -> None:
    """The PIN in the configuration was corrected twice, and wrong each time."""
    for wrong in ("1111", "2222"):
        ledger.record_attempt(ICCID, wrong)
        ledger.record_result(ICCID, wrong, accepted=False)
    modem = peer(Sim(pin="9999").script())
    with pytest.raises(SimProblem, match="pin-again"):
        driver(modem, pin="1234").open()
    assert modem.count(ENTRY) == 0


def test_a_sim_that_is_changed_at_the_last_moment_is_not_tried(
    peer: MakePeer, driver: MakeDriver, ledger: Ledger
) -> None:
    cards = iter([ICCID, "8925402999999999999"])
    modem = peer(Sim().script() | {"AT+CCID": lambda _: f"+CCID: {next(cards)}\r\nOK"})
    with pytest.raises(SimProblem, match="changed just now"):
        driver(modem, pin="1234").open()
    assert ledger.record == []


def test_a_busy_sim_has_used_up_nothing(
    peer: MakePeer, driver: MakeDriver, ledger: Ledger
) -> None:
    modem = peer(Sim().script() | {ENTRY: "+CME ERROR: 14"})
    with pytest.raises(SimProblem, match="busy"):
        driver(modem, pin="1234").open()
    assert not ledger.refused(ICCID, "1234")


@pytest.mark.parametrize("state", ["PH-SIM PIN", "PH-NET PIN", "PH-FSIM PIN"])
def test_a_phone_lock_is_no_sim_pin(
    peer: MakePeer, driver: MakeDriver, ledger: Ledger, state: str
) -> None:
    gsm = driver(peer({"AT+CPIN?": f"+CPIN: {state}\r\nOK"}), pin="1234")
    with pytest.raises(SimProblem, match=state):
        gsm.open()
    assert (gsm.link, ledger.record) == (LinkState.PIN_REQUIRED, [])


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("+CPINR: SIM PIN,3,3", 3),
        ("^CPIN: SIM PIN,,10,2,10,3", 2),
        ("+SPIC: 1,10,0,10", 1),
        ('+QPINC: "SC",3,10', 3),
        ("+ZPINPUK: 3,10", 3),
        ("^SPIC: 2", 2),
        ("#PCT: 3", 3),
        ("+UPINCNT: 3,3,10,10", 3),
        ("+CPINC: 2,3,10,10", 2),
        ("*EPIN: 3,10,3,10", 3),
        ("+EPINC: 1,3,10,10", 1),
        ("+CPIN: SIM PIN", None),
    ],
)
def test_every_way_to_tell_the_tries_left(line: str, left: int | None) -> None:
    assert tries_left([line]) == left
