"""Sending through a terminal, as a host does it."""

from __future__ import annotations

from relay.core.segment import compose
from relay.simulator.terminal import Terminal, lines
from tests.simulator.conftest import NURSE


def submit_pdu(
    text: str = "Take 5 mg twice daily", to: str = NURSE, *, report: bool = False
) -> str:
    """One SMS-SUBMIT of a short text."""
    (pdu,) = compose(to, text, concat_ref=1, validity_s=None, report=report)
    return pdu


def length(pdu: str) -> int:
    """The <length> of AT+CMGS for a PDU that leaves the SMSC to the modem."""
    return len(pdu) // 2 - 1


def send(terminal: Terminal, pdu: str, command: str = "AT+CMGS") -> list[str]:
    """The whole exchange: the command, the prompt, the PDU; returns the lines of the reply."""
    prompt = terminal.type(f"{command}={length(pdu)}\r".encode())
    assert prompt.strip().startswith(b">"), prompt
    return lines(terminal.type(pdu.encode() + b"\x1a"))
