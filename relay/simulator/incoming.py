"""What a modem does with a message from the network: TS 27.005 §3.4.1 (+CNMI) as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.core.device import REC_UNREAD
from relay.simulator import wire
from relay.simulator.results import Cms, cms
from relay.simulator.rules import Verdict
from relay.simulator.schedule import Task

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem

# TS 24.011 §10: the network waits about this long for an acknowledgement (TR2M)
ACKNOWLEDGE_WITHIN_S = 15.0


class Incoming:
    """Routes messages to memory or straight to the host, and remembers who must acknowledge."""

    def __init__(self, modem: SimulatedModem) -> None:
        self._modem = modem
        self._buffered: list[str] = []
        self._unacknowledged: Task | None = None

    def receive(self, pdu: str) -> Verdict:
        if wire.kind_of(pdu) == wire.STATUS_REPORT:
            return self._report(pdu)
        return self._message(pdu)

    def reset(self) -> None:
        """The modem restarts; an unacknowledged message stays with the network."""
        self._buffered.clear()
        if self._unacknowledged:
            self._unacknowledged.cancel()
            self._unacknowledged = None
        self._modem.network.smsc.let_go(self._modem.number)

    def indicate_buffered(self) -> None:
        """AT+CNMI: say what was held back while <mode> was 0, or drop it (<bfr> 1)."""
        mode, *_, buffer = self._modem.settings.cnmi
        if mode == 0:
            return
        lines, self._buffered = self._buffered, []
        if buffer == 0:
            for line in lines:
                self._modem.interpreter.urc(line)

    def acknowledge(self, *, taken: bool) -> None:
        """AT+CNMA. Raises `Fault` 340 if nothing waits for it."""
        if self._unacknowledged is None:
            raise cms(Cms.NO_ACK_EXPECTED)
        self._unacknowledged.cancel()
        self._unacknowledged = None
        modem = self._modem
        modem.interpreter.afterwards(
            lambda: modem.network.smsc.acknowledged(modem.number, taken=taken)
        )

    def _message(self, pdu: str) -> Verdict:
        modem = self._modem
        mt = modem.settings.cnmi[1]
        if _goes_direct(mt, wire.class_of_deliver(pdu), class_0=modem.profile.class_0_direct):
            line = f"+CMT: {modem.profile.empty_alpha},{wire.tpdu_octets(pdu)}\r\n{pdu}"
            return self._hand_to_host(line)
        name = modem.settings.memories[2]
        return self._keep(pdu, name, f'+CMTI: "{name}"' if mt else None)

    def _report(self, pdu: str) -> Verdict:
        ds = self._modem.settings.cnmi[3]
        if ds == 0:
            return Verdict.TAKEN  # TS 27.005: not routed to the TE, and nobody else is there
        if ds == 1:
            return self._hand_to_host(f"+CDS: {wire.tpdu_octets(pdu)}\r\n{pdu}")
        own = "SR" if "SR" in self._modem.profile.memories else self._modem.settings.memories[2]
        return self._keep(pdu, own, f'+CDSI: "{own}"')

    def _keep(self, pdu: str, name: str, indication: str | None) -> Verdict:
        index = self._modem.memory(name).put(pdu, REC_UNREAD)
        if index is None:
            if full := self._modem.profile.memory_full:
                self._indicate(full.format(memory=name))
            return Verdict.REFUSED
        if indication:
            self._indicate(f"{indication},{index}")
        return Verdict.TAKEN

    def _hand_to_host(self, line: str) -> Verdict:
        self._indicate(line)
        if not self._modem.settings.service:
            return Verdict.TAKEN
        after = self._modem.network.scheduler.after
        self._unacknowledged = after(ACKNOWLEDGE_WITHIN_S, self._give_up)
        return Verdict.PENDING

    def _give_up(self) -> None:
        # TS 27.005 §3.4.1: without an acknowledgement in time the modem tells the network so,
        # and routes nothing to the host any more.
        self._unacknowledged = None
        mode, _, bm, _, buffer = self._modem.settings.cnmi
        self._modem.settings.cnmi = (mode, 0, bm, 0, buffer)
        self._modem.network.smsc.acknowledged(self._modem.number, taken=False)

    def _indicate(self, line: str) -> None:
        if self._modem.settings.cnmi[0] == 0:
            self._buffered.append(line)
        else:
            self._modem.interpreter.urc(line)


def _goes_direct(mt: int, message_class: int | None, *, class_0: bool) -> bool:
    """<mt> of +CNMI: 2 routes all but class 2, 3 only class 3; class 0 is shown, not stored."""
    if mt == 2:
        return message_class != 2
    return (mt == 3 and message_class == 3) or (mt > 0 and class_0 and message_class == 0)
