"""What networks send that is no person's text, to see what becomes of it (TS 23.040 §9.2.3.9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from relay.simulator import wire

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem
    from relay.simulator.network import Network

_UCS2, _DATA = 0x08, 0x04


@dataclass(frozen=True, slots=True)
class Junk:
    """`body` is the user data where it is no text; `sender` empty where a number sends it."""

    pid: int = 0
    dcs: int = _UCS2
    body: str | None = None
    udhi: bool = False
    sender: str = "Operator"


JUNK: Mapping[str, Junk] = {
    # Ports 2948 and 9200; a WSP push of the type of MMS notices.
    "mms": Junk(
        dcs=_DATA, udhi=True,
        body="0605040B8423F0" "B40603BEAF848C8298343336373500",
    ),
    "wap": Junk(dcs=_DATA, udhi=True, body="0605040B8423F0" "01060403AE81EA02056A0045C6"),
    "flash": Junk(dcs=0x18),
    "silent": Junk(pid=0x40),
    "voicemail": Junk(dcs=0xE8),
    "simdata": Junk(pid=0x7F, dcs=0xF6, body="027000000D0D00000000B00010"),
    "data": Junk(dcs=_DATA, body="00FF10"),
    "replace": Junk(pid=0x41),
}  # fmt: skip
BROADCAST = "broadcast"


def send(network: Network, name: str, text: str, modem: SimulatedModem, number: str) -> None:
    """Let the network bring one piece of `JUNK`, or a cell broadcast, to a modem.

    A flash comes from the operator, everything else that has a text from `number`.
    """
    if name == BROADCAST:
        _broadcast(modem, text)
        return
    junk = JUNK[name]
    body = text.encode("utf-16-be") if junk.body is None else bytes.fromhex(junk.body)
    plain = wire.submit_pdu(modem.number, body, dcs=_DATA, udhi=junk.udhi)
    submit = replace(wire.read_submit(plain), pid=junk.pid, dcs=junk.dcs)
    sender = number if junk.body is None and name != "flash" else junk.sender
    with network.lock:
        network.carry(submit, sender=sender, recipient=modem.number, mr=0)


def _broadcast(modem: SimulatedModem, text: str) -> None:
    """One page on channel 50 (TS 23.041 §9.4.1.2): UCS2 behind its language."""
    page = bytes.fromhex("123400321111") + b"en" + text.encode("utf-16-be")
    octets = page[:88].ljust(88, b"\x00")
    modem.say(f"+CBM: {len(octets)}\r\n{octets.hex().upper()}")
