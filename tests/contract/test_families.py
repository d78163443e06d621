"""What only a driver has to cope with: lines, memories, SIMs and the ways of each family."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from relay.core.device import DirectPdu, ListedPdu, MemoryFull, NewMessage, Restarted, Urc
from relay.core.link import LinkState
from relay.core.pdu import Deliver, StatusReport, decode
from relay.errors import NoReply, PortLost, Refused, SimProblem
from tests.contract.benches import (
    CLINIC,
    FAMILIES,
    NURSE,
    DriverBench,
    a_part,
    nothing,
    received,
    urcs_until,
)
from tests.modem.conftest import Ledger

pytestmark = pytest.mark.pty

MakeBench = Callable[..., DriverBench]


@pytest.fixture(params=FAMILIES)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeBench]:
    """Makes a bench for each family in turn."""
    with ExitStack() as stack:

        def make(
            *, port: str = "pty", ledger: Ledger | None = None, pin: str | None = None
        ) -> DriverBench:
            one = DriverBench(request.param, tmp_path / "ttyMODEM", port, ledger or Ledger(), pin)
            stack.callback(one.close)
            return one

        yield make


@pytest.fixture
def up(bench: MakeBench) -> DriverBench:
    """A bench with the modem opened."""
    one = bench()
    one.modem.open()
    return one


# --- bring-up -------------------------------------------------------------------------------


def test_each_family_tells_all_about_itself(up: DriverBench) -> None:
    """The right IMEI, the service centre and the memories."""
    assert up.modem.identity.imei == up.sim.imei
    survey = up.modem.survey()
    assert survey.smsc
    assert survey.memories


def test_over_tcp(bench: MakeBench) -> None:
    """socket:// is a port like any other."""
    one = bench(port="tcp")
    one.modem.open()
    assert one.modem.link is LinkState.READY
    assert one.modem.submit(a_part(), nothing) >= 0


def test_line_ends_and_single_bytes(up: DriverBench) -> None:
    """S7: \\r\\r\\n and one byte at a time change nothing."""
    up.sim.faults.line_ends("\r\r\n")
    up.sim.faults.dribble(1)
    up.nurse.send("Fever since Monday", to=CLINIC)
    assert received(up.modem) == ["Fever since Monday"]


# --- receiving ------------------------------------------------------------------------------


def test_a_burst_is_not_short_of_one(up: DriverBench) -> None:
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
    assert received(one.modem) == ["Old one"]


def test_s4_a_text_that_arrives_inside_an_answer(up: DriverBench) -> None:
    """The notification in the middle of another answer is kept."""
    up.sim.faults.inside("+CSQ", lambda: up.nurse.send("In between", to=CLINIC))
    up.modem.survey()
    _heard(up, NewMessage)
    assert received(up.modem) == ["In between"]


def test_noise_and_a_broken_listing(up: DriverBench) -> None:
    """S1: garbage on the line costs neither the reader nor a message."""
    up.nurse.send("Still here", to=CLINIC)
    up.sim.faults.garbage()
    up.sim.faults.refuse("+CMGL", 302, times=None)
    assert received(up.modem) == ["Still here"]


def test_a_full_memory_is_swept_empty(up: DriverBench) -> None:
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


def test_a_part_is_submitted_and_reported(up: DriverBench) -> None:
    """The phone has it once, and the report comes back with the same reference."""
    aired: list[bool] = []
    mr = up.modem.submit(a_part(), lambda: aired.append(True))
    assert aired == [True]
    assert [sms.text for sms in up.nurse.inbox] == ["Take one tablet"]
    urcs = _heard(up, NewMessage, DirectPdu)
    report = decode(_report(up, urcs))
    assert isinstance(report, StatusReport)
    assert (report.mr, report.recipient.number, report.tp_st) == (mr, NURSE, 0)


def _heard(up: DriverBench, *kinds: type[Urc]) -> list[Urc]:
    return urcs_until(up.modem, lambda urcs: any(isinstance(urc, kinds) for urc in urcs))


def _report(up: DriverBench, urcs: list[Urc]) -> str:
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


def test_a_refusal_instead_of_the_prompt(up: DriverBench) -> None:
    """+CMS ERROR to AT+CMGS itself: nothing is on the air."""
    up.sim.faults.refuse("+CMGS", 38)
    with pytest.raises(Refused) as refused:
        up.modem.submit(a_part(), lambda: pytest.fail("nothing was on the air"))
    assert (refused.value.family, refused.value.code) == ("CMS", 38)
    assert up.modem.submit(a_part(), nothing) >= 0
    assert len(up.network.submissions) == 1


def test_s15_a_bare_prompt(up: DriverBench) -> None:
    """'>' without a blank."""
    up.sim.faults.bare_prompt()
    assert up.modem.submit(a_part(), nothing) >= 0


def test_texts_in_and_out_together(up: DriverBench) -> None:
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


def test_unplugged_and_plugged_in_again(up: DriverBench) -> None:
    """The loss shows at once; a new opening works, and no text is missing."""
    up.sim.unplug()
    assert up.modem.wait(10)
    assert up.modem.link is LinkState.LOST
    with pytest.raises(PortLost):
        up.modem.list_pdus()
    up.nurse.send("While you were out", to=CLINIC)
    up.sim.replug()
    up.modem.open()
    assert received(up.modem) == ["While you were out"]


def test_m28_a_restart_behind_our_back(up: DriverBench) -> None:
    """Either a line says so or the settings do; opening again repairs it."""
    up.modem.take_urcs()
    up.sim.restart(port_loss=False)
    assert _settings_are_lost(up) or any(
        isinstance(urc, Restarted) for urc in up.modem.take_urcs()
    )
    up.modem.open()
    assert up.modem.check()
    assert up.modem.link is LinkState.READY


def _settings_are_lost(up: DriverBench) -> bool:
    try:
        return not up.modem.check()
    except NoReply:
        return True  # the restart came into the middle of the question


def test_out_of_coverage(up: DriverBench) -> None:
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


def test_m32_ussd(up: DriverBench) -> None:
    """The balance, decoded, from text and from packed septets."""
    code = next(iter(up.network.ussd_codes))
    assert up.modem.ussd(code)
