"""What a network delivers: SMS-DELIVERs and status reports as a modem would list them."""

from __future__ import annotations

from collections.abc import Sequence

from relay.core.pdu import Address, Concat, Deliver, Encoding, StatusReport
from relay.core.segment import segment

NURSE = "+254700000001"
NOON = 1_780_000_000_000  # epoch ms


def address(number: str) -> Address:
    return Address.originator(number)


def deliver(
    text: str,
    *,
    sender: str = NURSE,
    at: int = NOON,
    concat: Concat | None = None,
    encoding: Encoding | None = None,
) -> str:
    """One SMS-DELIVER, in the cheapest alphabet or the given one."""
    chosen = encoding or segment(text).encoding
    dcs = 8 if chosen is Encoding.UCS2 else 0
    return Deliver(sender=address(sender), dcs=dcs, sc_time=at, text=text, concat=concat).encode()


def delivers(
    pieces: Sequence[str], *, ref: int = 7, bits: int = 8, sender: str = NURSE, at: int = NOON
) -> list[str]:
    """The parts of one long message, as its sender's phone split it."""
    whole = "".join(pieces).encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
    encoding = segment(whole).encoding
    return [
        deliver(
            piece,
            sender=sender,
            at=at + seq * 1000,
            concat=Concat(ref, len(pieces), seq, bits),
            encoding=encoding,
        )
        for seq, piece in enumerate(pieces, 1)
    ]


def report(mr: int, recipient: str, tp_st: int = 0, *, at: int = NOON) -> str:
    """One SMS-STATUS-REPORT."""
    return StatusReport(
        mr=mr,
        recipient=address(recipient),
        sc_time=at,
        discharge_time=at + 5000,
        tp_st=tp_st,
    ).encode()
