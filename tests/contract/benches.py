"""Modems to hold to their contract: the driver on each simulated family, and the flows' fake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from relay.core.device import Unsolicited, Urc
from relay.core.link import LinkState
from relay.core.pdu import Deliver, Submit, decode
from relay.core.segment import compose
from relay.errors import NotSubmitted, OutcomeUnknown, Refused
from relay.flows.ports import Modem
from relay.modem.driver import GsmDriver
from relay.modem.patience import Patience
from relay.simulator.modem import SimulatedModem
from relay.simulator.network import Network
from relay.simulator.port import PtyPort, TcpPort
from tests.air import deliver
from tests.fake_modem import FakeModem
from tests.modem.conftest import Ledger

FAMILIES = ("huawei-e17x", "sim800", "quectel-ec2x")
CLINIC, NURSE = "+254711000000", "+254700000001"
SOON_S = 10.0
CHATTER = "^RSSI:17"
HASTY = Patience(
    network_s=5, listing_s=5, ussd_s=5, wake_s=0.3, wake_tries=6, resync_s=0.3, write_s=1,
    pause_s=0.01,
)  # fmt: skip


class Bench(Protocol):
    """A modem, a nurse with a phone, and what may go wrong between them."""

    marks_sent: bool  # whether a stored part reads STO SENT once it is sent

    @property
    def modem(self) -> Modem: ...

    def nurse_sends(self, text: str) -> None: ...

    def nurse_has(self) -> list[str]:
        """The texts that reached her phone."""
        ...

    def refuse_next(self, code: int) -> None:
        """The network takes the next PDU and answers +CMS ERROR."""
        ...

    def no_prompt(self) -> None:
        """The modem gives no prompt for the next submission."""
        ...

    def swallow(self, command: str) -> None:
        """The network takes the next PDU, and the answer is lost."""
        ...

    def chatter(self) -> None:
        """The modem says something that nobody needs to hear at once."""
        ...

    def unplug(self) -> None: ...

    def replug(self) -> None: ...

    def close(self) -> None: ...


class DriverBench:
    """A simulated modem on a port, the driver on it, and a nurse with a phone."""

    def __init__(
        self, family: str, link: Path, port: str, ledger: Ledger, pin: str | None
    ) -> None:
        self.network = Network(now=lambda: 1_767_225_600_000, seed=1)
        self.nurse = self.network.handset(NURSE)
        self.sim = SimulatedModem(
            self.network, CLINIC, profile=family, pin="1234" if pin else None
        )
        self.marks_sent = self.sim.profile.marks_sent
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

    def nurse_sends(self, text: str) -> None:
        self.nurse.send(text, to=CLINIC)

    def nurse_has(self) -> list[str]:
        return [str(sms.text) for sms in self.nurse.inbox]

    def refuse_next(self, code: int) -> None:
        self.network.refuse(code, times=1)

    def no_prompt(self) -> None:
        self.sim.faults.no_prompt()

    def swallow(self, command: str) -> None:
        self.sim.faults.swallow(command)

    def chatter(self) -> None:
        self.sim.say(CHATTER)

    def unplug(self) -> None:
        self.sim.unplug()

    def replug(self) -> None:
        self.sim.replug()


class FakeBench:
    """The fake that the flows are tested with."""

    marks_sent = True

    def __init__(self) -> None:
        self.fake = FakeModem(link=LinkState.CLOSED, can_store=True, refuses_late=True)

    def close(self) -> None:
        self.fake.close()

    @property
    def modem(self) -> Modem:
        """The fake, as the flows see it: this line also makes mypy check the Protocol."""
        return self.fake

    def nurse_sends(self, text: str) -> None:
        self.fake.receive(deliver(text, sender=NURSE))

    def nurse_has(self) -> list[str]:
        sent = [decode(pdu) for pdu in self.fake.submitted]
        return [str(pdu.text) for pdu in sent if isinstance(pdu, Submit)]

    def refuse_next(self, code: int) -> None:
        self.fake.answers.append(Refused("CMS", code))

    def no_prompt(self) -> None:
        self.fake.answers.append(NotSubmitted("no prompt"))

    def swallow(self, command: str) -> None:
        error = OutcomeUnknown(f"no answer to {command}")
        error.sent = True  # type: ignore[attr-defined]  # the fake's own mark
        self.fake.answers.append(error)

    def chatter(self) -> None:
        self.fake.urcs.append(Unsolicited(CHATTER))

    def unplug(self) -> None:
        self.fake.unplug()

    def replug(self) -> None:
        self.fake.replug()


def a_part(text: str = "Take one tablet", recipient: str = NURSE) -> str:
    return compose(recipient, text, concat_ref=1, validity_s=86_400)[0]


def nothing() -> None:
    pass


def urcs_until(modem: Modem, wanted: Callable[[list[Urc]], bool]) -> list[Urc]:
    """All unsolicited results up to those that are wanted."""
    urcs: list[Urc] = []
    while not wanted(urcs):
        assert modem.wait(SOON_S), urcs
        urcs += modem.take_urcs()
    return urcs


def received(modem: Modem) -> list[str]:
    """The texts in the modem's memories, sorted."""
    found = [decode(listed.pdu) for listed in modem.list_pdus()]
    return sorted(str(pdu.text) for pdu in found if isinstance(pdu, Deliver))
