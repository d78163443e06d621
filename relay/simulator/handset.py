"""A phone on the virtual network: it texts the modem, and shows what the modem texts it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relay.core.pdu import Deliver, decode
from relay.core.segment import compose, join_text
from relay.errors import PduError
from relay.simulator import wire
from relay.simulator.rules import ReportRule, Verdict

if TYPE_CHECKING:
    from relay.simulator.network import Network

Order = Callable[[tuple[str, ...]], Sequence[str]]
DATA_8BIT = 0x04
WAP_PUSH_PORT = 2948


@dataclass(frozen=True, slots=True)
class ReceivedSms:
    """A message on the screen of a handset. `at` is the arrival of its last part, epoch ms.

    `text` is None for binary messages, whose octets are in `data`.
    """

    sender: str
    text: str | None
    at: int
    parts: int
    data: bytes | None = None
    message_class: int | None = None


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """Texts that match `pattern` are answered with `reply`, `delay_s` later."""

    pattern: re.Pattern[str]
    reply: str
    delay_s: float


class Handset:
    """A phone. Made by `Network.handset`."""

    def __init__(self, network: Network, number: str) -> None:
        self.number = number
        self.on = True
        self.reports: ReportRule | None = None
        self._network = network
        self._arrivals: list[tuple[int, str]] = []
        self._read = 0
        self._open: dict[tuple[str, int, int, int], dict[int, Deliver]] = {}
        self._inbox: list[ReceivedSms] = []
        self._answers: list[AnswerRule] = []

    # --- sending ----------------------------------------------------------------------------

    def send(
        self,
        text: str,
        *,
        to: str,
        flash: bool = False,
        sender: str | None = None,
        ref_bits: int = 8,
        order: Order | None = None,
    ) -> tuple[str, ...]:
        """Text somebody, in as many parts as it takes; returns the PDUs that went out.

        `sender` is what the recipient sees (an alphanumeric name, a short code). `order` gets the
        parts and returns what the network carries: reversed, with one missing, with one twice.
        """
        with self._network.lock:
            parts = compose(
                to,
                text,
                concat_ref=self._network.next_reference(ref_bits),
                validity_s=None,
                report=False,
                flash=flash,
                ref_bits=ref_bits,
            )
            return self._carry(order(parts) if order else parts, to, sender)

    def send_data(
        self,
        data: bytes,
        *,
        to: str,
        ports: tuple[int, int] | None = None,
        sender: str | None = None,
    ) -> tuple[str, ...]:
        """Send octets; `ports` is (destination, source) (TS 23.040 §9.2.3.24.4)."""
        header = b""
        if ports:
            header = b"\x06\x05\x04" + ports[0].to_bytes(2, "big") + ports[1].to_bytes(2, "big")
        pdu = wire.submit_pdu(to, header + data, dcs=DATA_8BIT, udhi=bool(ports))
        with self._network.lock:
            return self._carry((pdu,), to, sender)

    def send_wap_push(self, *, to: str) -> tuple[str, ...]:
        """The notice of a picture message, which fills SIMs all over the world."""
        body = bytes.fromhex(
            "0106256170706C69636174696F6E2F766E642E7761702E6D6D732D6D65737361676500"
        )
        return self.send_data(body, to=to, ports=(WAP_PUSH_PORT, 9200))

    def send_pdu(self, pdu: str, *, to: str) -> None:
        """Let the network deliver these very octets (an SMS-DELIVER with its SMSC field)."""
        self._network.carry_raw(pdu, to)

    def _carry(self, parts: Sequence[str], to: str, sender: str | None) -> tuple[str, ...]:
        return tuple(
            self._network.carry(
                wire.read_submit(part),
                sender=sender or self.number,
                recipient=self._network.canonical(to),
                mr=0,
            )
            for part in parts
        )

    # --- receiving --------------------------------------------------------------------------

    def answer(self, pattern: str, reply: str, *, delay_s: float = 0.0) -> None:
        """Answer texts from modems that match the regular expression. Handsets get no answer."""
        with self._network.lock:
            self._show_all()  # what came before the rule gets no answer
            self._answers.append(AnswerRule(re.compile(pattern, re.DOTALL), reply, delay_s))

    def switch_off(self) -> None:
        """No battery, no coverage: the network keeps what comes."""
        with self._network.lock:
            self.on = False

    def switch_on(self) -> None:
        with self._network.lock:
            self.on = True
            self._network.available(self.number)

    def reachable(self) -> bool:
        return self.on

    def receive(self, pdu: str) -> Verdict:
        self._arrivals.append((self._network.now(), pdu))
        if self._answers:
            self._answer()
        return Verdict.TAKEN

    @property
    def raw(self) -> list[str]:
        """Every PDU that arrived, in order: parts, doubles and all."""
        with self._network.lock:
            return [pdu for _, pdu in self._arrivals]

    @property
    def inbox(self) -> list[ReceivedSms]:
        """What the screen shows: whole messages, in the order in which they became whole."""
        with self._network.lock:
            self._show_all()
            return list(self._inbox)

    def _show_all(self) -> None:
        while self._read < len(self._arrivals):
            at, pdu = self._arrivals[self._read]
            self._read += 1
            self._show(at, pdu)

    def _show(self, at: int, pdu: str) -> None:
        try:
            part = decode(pdu)
        except PduError:
            return
        if not isinstance(part, Deliver):
            return
        if part.concat is None:
            self._keep(at, [part])
            return
        key = (part.sender.number, part.concat.ref, part.concat.total, part.concat.bits)
        parts = self._open.setdefault(key, {})
        parts[part.concat.seq] = part
        if len(parts) == part.concat.total:
            del self._open[key]
            self._keep(at, [parts[seq] for seq in sorted(parts)])

    def _keep(self, at: int, parts: list[Deliver]) -> None:
        first, data = parts[0], None
        text: str | None = join_text(parts)
        if first.data is not None:
            text, data = None, b"".join(part.data or b"" for part in parts)
        self._inbox.append(
            ReceivedSms(first.sender.number, text, at, len(parts), data, first.message_class)
        )

    def _answer(self) -> None:
        before = len(self._inbox)
        self._show_all()
        for message in self._inbox[before:]:
            if message.text is None or message.sender in self._network.handsets:
                continue
            for rule in self._answers:
                if rule.pattern.search(message.text):
                    self._reply(rule, message.sender)
                    break

    def _reply(self, rule: AnswerRule, to: str) -> None:
        if rule.delay_s:
            later = self._network.scheduler.after
            later(rule.delay_s, lambda: self._send_reply(rule.reply, to))
        else:
            self._send_reply(rule.reply, to)

    def _send_reply(self, text: str, to: str) -> None:
        self.send(text, to=to)
