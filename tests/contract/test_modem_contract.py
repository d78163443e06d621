"""What the flows rely on, told once and held by the driver on every simulated family."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from relay.core.device import (
    STO_SENT,
    STO_UNSENT,
    DirectPdu,
    ListedPdu,
    MemoryFull,
    NewMessage,
    Restarted,
    Urc,
)
from relay.core.link import LinkState
from relay.core.pdu import Deliver, StatusReport, decode
from relay.core.segment import compose
from relay.errors import NoReply, NotSubmitted, OutcomeUnknown, PortLost, Refused, SimProblem
from relay.flows.ports import Modem
from relay.modem.driver import GsmDriver
from relay.modem.patience import Patience
from relay.simulator.modem import SimulatedModem
from relay.simulator.network import Network
from relay.simulator.port import PtyPort, TcpPort
from tests.modem.conftest import Ledger

pytestmark = pytest.mark.pty

FAMILIES = ("huawei-e17x", "sim800", "quectel-ec2x")
CLINIC, NURSE = "+254711000000", "+254700000001"
HASTY = Patience(
    network_s=5, listing_s=5, ussd_s=5, wake_s=0.3, wake_tries=6, resync_s=0.3, write_s=1,
    pause_s=0.01,
)  # fmt: skip


class Bench:
    """A simulated modem on a port, the driver on it, and a nurse with a phone."""

    def __init__(
        self, family: str, link: Path, port: str, ledger: Ledger, pin: str | None
    ) -> None:
        self.network = Network(now=lambda: 1_767_225_600_000, seed=1)
        self.nurse = self.network.handset(NURSE)
        self.sim = SimulatedModem(
            self.network, CLINIC, profile=family, pin="1234" if pin else None
        )
        self.port: PtyPort | TcpPort = (
            PtyPort(self.sim, link=link) if port == "pty" else TcpPort(self.sim)
        )
        self.port.start()
        self.gsm = GsmDriver(
            "clinic", self.port.path, pins=ledger, pin=pin, patience=HASTY, answer_timeout_s=1,
            prompt_timeout_s=1, command_timeout_s=2,
        )  # fmt: skip

    def close(self) -> None:
        self.gsm.close()
        self.port.close()

    @property
    def modem(self) -> Modem:
        """The driver, as the flows see it: this line also makes mypy check the Protocol."""
        return self.gsm

    def urcs_until(self, wanted: Callable[[Urc], bool]) -> list[Urc]:
        """All unsolicited results up to one that is wanted."""
        urcs: list[Urc] = []
        while not any(wanted(urc) for urc in urcs):
            assert self.modem.wait(10), urcs
            urcs += self.modem.take_urcs()
        return urcs

    def received(self) -> list[str]:
        """The texts in the modem's memories, sorted."""
        found = [decode(listed.pdu) for listed in self.modem.list_pdus()]
        return sorted(str(pdu.text) for pdu in found if isinstance(pdu, Deliver))


def a_part(text: str = "Take one tablet", recipient: str = NURSE) -> str:
    return compose(recipient, text, concat_ref=1, validity_s=86_400)[0]


def nothing() -> None:
    pass


MakeBench = Callable[..., Bench]


@pytest.fixture(params=FAMILIES)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeBench]:
    """Makes a bench for each family in turn."""
    with ExitStack() as stack:

        def make(
            *, port: str = "pty", ledger: Ledger | None = None, pin: str | None = None
        ) -> Bench:
            one = Bench(request.param, tmp_path / "ttyMODEM", port, ledger or Ledger(), pin)
            stack.callback(one.close)
            return one

        yield make


@pytest.fixture
def up(bench: MakeBench) -> Bench:
    """A bench with the modem opened."""
    one = bench()
    one.modem.open()
    return one


# --- bring-up -------------------------------------------------------------------------------


def test_opened_it_is_ready_and_known(up: Bench) -> None:
    """Link, identity, settings and network, on every family."""
    identity = up.modem.identity
    assert up.modem.link is LinkState.READY
    assert identity.imei == up.sim.imei
    assert identity.iccid
    assert identity.imsi
    assert up.modem.check()
    survey = up.modem.survey()
    assert survey.registration == 1
    assert survey.operator
    assert survey.signal_dbm is not None
    assert survey.smsc
    assert survey.memories


def test_nothing_happens_before_open(bench: MakeBench) -> None:
    """A closed modem refuses politely."""
    one = bench()
    assert one.modem.link is LinkState.CLOSED
    assert one.modem.take_urcs() == []
    with pytest.raises(PortLost):
        one.modem.list_pdus()
    with pytest.raises(NotSubmitted):
        one.modem.submit(a_part(), nothing)


def test_over_tcp(bench: MakeBench) -> None:
    """socket:// is a port like any other."""
    one = bench(port="tcp")
    one.modem.open()
    assert one.modem.link is LinkState.READY
    assert one.modem.submit(a_part(), nothing) >= 0


def test_line_ends_and_single_bytes(up: Bench) -> None:
    """S7: \\r\\r\\n and one byte at a time change nothing."""
    up.sim.faults.line_ends("\r\r\n")
    up.sim.faults.dribble(1)
    up.nurse.send("Fever since Monday", to=CLINIC)
    assert up.received() == ["Fever since Monday"]


# --- receiving ------------------------------------------------------------------------------


def test_a_text_arrives_is_read_and_freed(up: Bench) -> None:
    """+CMTI, AT+CMGR, AT+CMGD."""
    up.nurse.send("Fever since Monday", to=CLINIC)
    urcs = up.urcs_until(lambda urc: isinstance(urc, NewMessage))
    slot = next(urc.slot for urc in urcs if isinstance(urc, NewMessage))
    listed = up.modem.read_pdu(slot)
    assert listed is not None
    pdu = decode(listed.pdu)
    assert isinstance(pdu, Deliver)
    assert (pdu.sender.number, pdu.text) == (NURSE, "Fever since Monday")
    assert up.modem.delete(listed)
    assert up.modem.read_pdu(slot) is None
    assert up.modem.list_pdus() == []


def test_a_burst_is_not_short_of_one(up: Bench) -> None:
    """S5: twenty texts at once, swept and freed as the memory has room."""
    texts = {f"Report {n}" for n in range(20)}
    for text in sorted(texts):
        up.nurse.send(text, to=CLINIC)
    kept: set[str] = set()
    while kept != texts:
        listing = up.modem.list_pdus()
        assert listing, f"missing: {texts - kept}"
        for listed in listing:
            pdu = decode(listed.pdu)
            assert isinstance(pdu, Deliver)
            kept.add(str(pdu.text))
            assert up.modem.delete(listed)


def test_m24_what_lies_on_the_sim_is_found(bench: MakeBench) -> None:
    """Messages from before relay, in SM, are swept although ME receives."""
    one = bench()
    one.nurse.send("Old one", to=CLINIC)
    one.modem.open()
    assert one.received() == ["Old one"]


def test_s4_a_text_that_arrives_inside_an_answer(up: Bench) -> None:
    """The notification in the middle of another answer is kept."""
    up.sim.faults.inside("+CSQ", lambda: up.nurse.send("In between", to=CLINIC))
    up.modem.survey()
    up.urcs_until(lambda urc: isinstance(urc, NewMessage))
    assert up.received() == ["In between"]


def test_noise_and_a_broken_listing(up: Bench) -> None:
    """S1: garbage on the line costs neither the reader nor a message."""
    up.nurse.send("Still here", to=CLINIC)
    up.sim.faults.garbage()
    up.sim.faults.refuse("+CMGL", 302, times=None)
    assert up.received() == ["Still here"]


def test_a_full_memory_is_swept_empty(up: Bench) -> None:
    """What waits at the service centre follows when there is room."""
    for memory in ("SM", "ME"):
        up.sim.faults.fill(memory)
    up.nurse.send("I waited", to=CLINIC)
    texts: list[str] = []
    for _ in range(2):
        for listed in up.modem.list_pdus():
            pdu = decode(listed.pdu)
            texts += [str(pdu.text)] if isinstance(pdu, Deliver) else []
            up.modem.delete(listed)
    assert "I waited" in texts
    assert up.modem.list_pdus() == []
    assert all(
        isinstance(urc.memory, str) for urc in up.gsm.take_urcs() if isinstance(urc, MemoryFull)
    )


# --- sending --------------------------------------------------------------------------------


def test_a_part_is_submitted_and_reported(up: Bench) -> None:
    """The phone has it once, and the report comes back with the same reference."""
    aired: list[bool] = []
    mr = up.modem.submit(a_part(), lambda: aired.append(True))
    assert aired == [True]
    assert [sms.text for sms in up.nurse.inbox] == ["Take one tablet"]
    urcs = up.urcs_until(lambda urc: isinstance(urc, NewMessage | DirectPdu))
    report = decode(_report(up, urcs))
    assert isinstance(report, StatusReport)
    assert (report.mr, report.recipient.number, report.tp_st) == (mr, NURSE, 0)


def _report(up: Bench, urcs: list[Urc]) -> str:
    for urc in urcs:
        if isinstance(urc, DirectPdu):
            if urc.needs_ack:
                up.modem.acknowledge()
            return urc.pdu
        if isinstance(urc, NewMessage):
            listed = up.modem.read_pdu(urc.slot)
            assert listed is not None
            assert up.modem.delete(listed)
            return listed.pdu
    raise AssertionError(urcs)


def test_a_refusal_is_told_and_nothing_was_sent(up: Bench) -> None:
    """+CMS ERROR after the PDU."""
    up.sim.faults.refuse("+CMGS", 38)
    with pytest.raises(Refused) as refused:
        up.modem.submit(a_part(), nothing)
    assert (refused.value.family, refused.value.code) == ("CMS", 38)
    assert up.modem.submit(a_part(), nothing) >= 0
    assert len(up.network.submissions) == 1


def test_m4_no_prompt_is_not_submitted(up: Bench) -> None:
    """Nothing went out, and the next submission works."""
    up.sim.faults.no_prompt()
    with pytest.raises(NotSubmitted):
        up.modem.submit(a_part(), nothing)
    assert up.network.submissions == []
    assert up.modem.submit(a_part(), nothing) >= 0


def test_m5_a_swallowed_reference_is_an_unknown_outcome(up: Bench) -> None:
    """The network took it and the modem never said so: nobody may simply send again."""
    up.sim.faults.swallow("+CMGS")
    with pytest.raises(OutcomeUnknown):
        up.modem.submit(a_part(), nothing)
    assert len(up.network.submissions) == 1
    assert up.modem.check()


def test_s15_a_bare_prompt(up: Bench) -> None:
    """'>' without a blank."""
    up.sim.faults.bare_prompt()
    assert up.modem.submit(a_part(), nothing) >= 0


def test_a_part_is_stored_sent_and_erased(up: Bench) -> None:
    """Stored submission: UNSENT, then sent once, then gone."""
    assert up.modem.can_store
    slot = up.modem.store(a_part())
    assert [(x.slot, x.stat) for x in up.modem.list_stored()] == [(slot, STO_UNSENT)]
    assert up.modem.submit_stored(slot, nothing) >= 0
    assert [sms.text for sms in up.nurse.inbox] == ["Take one tablet"]
    expected = STO_SENT if up.sim.profile.marks_sent else STO_UNSENT
    assert [(x.slot, x.stat) for x in up.modem.list_stored()] == [(slot, expected)]
    up.modem.erase(slot)
    assert up.modem.list_stored() == []


def test_texts_in_and_out_together(up: Bench) -> None:
    """S4, M3: forty submissions while forty texts arrive: none lost, none doubled, none mixed."""
    arrived: set[str] = set()
    for number in range(40):
        up.nurse.send(f"in {number}", to=CLINIC)
        up.modem.submit(a_part(f"out {number}"), nothing)
        for listed in up.modem.list_pdus():
            arrived |= _texts([listed])
            up.modem.delete(listed)
    arrived |= _texts(up.modem.list_pdus())
    assert arrived == {f"in {n}" for n in range(40)}
    assert [sms.text for sms in up.nurse.inbox] == [f"out {n}" for n in range(40)]


def _texts(listing: list[ListedPdu]) -> set[str]:
    found = [decode(listed.pdu) for listed in listing]
    return {str(pdu.text) for pdu in found if isinstance(pdu, Deliver)}


# --- trouble --------------------------------------------------------------------------------


def test_unplugged_and_plugged_in_again(up: Bench) -> None:
    """The loss shows at once; a new opening works, and no text is missing."""
    up.sim.unplug()
    assert up.modem.wait(10)
    assert up.modem.link is LinkState.LOST
    with pytest.raises(PortLost):
        up.modem.list_pdus()
    up.nurse.send("While you were out", to=CLINIC)
    up.sim.replug()
    up.modem.open()
    assert up.received() == ["While you were out"]


def test_m28_a_restart_behind_our_back(up: Bench) -> None:
    """Either a line says so or the settings do; opening again repairs it."""
    up.modem.take_urcs()
    up.sim.restart(port_loss=False)
    assert _settings_are_lost(up) or any(
        isinstance(urc, Restarted) for urc in up.modem.take_urcs()
    )
    up.modem.open()
    assert up.modem.check()
    assert up.modem.link is LinkState.READY


def _settings_are_lost(up: Bench) -> bool:
    try:
        return not up.modem.check()
    except NoReply:
        return True  # the restart came into the middle of the question


def test_out_of_coverage(up: Bench) -> None:
    """Registration moves the link; it is no error."""
    links: list[LinkState] = []
    for stat in (2, 5):
        up.sim.register(stat)
        up.modem.survey()
        links.append(up.modem.link)
    assert links == [LinkState.SEARCHING, LinkState.READY]


def test_a_locked_sim_is_opened_once(bench: MakeBench) -> None:
    """The right PIN is recorded, entered and accepted."""
    ledger = Ledger()
    one = bench(ledger=ledger, pin="1234")
    one.modem.open()
    assert one.modem.link is LinkState.READY
    assert [what for _, _, what in ledger.record] == ["attempt", "accepted"]
    # A locked SIM does not tell its ICCID on every family.
    assert ledger.record[0][0] in {"", one.modem.identity.iccid}


def test_m29_a_wrong_pin_costs_one_try(bench: MakeBench) -> None:
    """However often relay is restarted."""
    one = bench(pin="9999")
    for _ in range(4):
        with pytest.raises(SimProblem):
            one.modem.open()
        assert one.modem.link is LinkState.PIN_REFUSED
    assert one.sim.sim.pin_tries == 2


def test_m32_ussd(up: Bench) -> None:
    """The balance, decoded, from text and from packed septets."""
    code = next(iter(up.network.ussd_codes))
    assert up.modem.ussd(code)
