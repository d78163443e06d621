"""SMS-DELIVER: a message that comes in (3GPP TS 23.040 §9.2.2.1)."""

from __future__ import annotations

from dataclasses import dataclass

from relay.core import address, timestamp, userdata
from relay.core.address import Address
from relay.core.octets import Octets
from relay.core.tpdu import DELIVER, First, flag, hexed, read_time, service_centre
from relay.core.userdata import UserData


@dataclass(frozen=True, slots=True)
class Deliver(UserData):
    """A message that came in. `sc_time` is epoch milliseconds, None where the network sent none.

    `sc_zone` is the distance of the service centre's clock from UTC in quarter hours;
    `more_to_come` (TP-MMS) says that the service centre holds more messages for us.
    """

    sender: Address
    smsc: str = ""
    pid: int = 0
    sc_time: int | None = None
    sc_zone: int = 0
    more_to_come: bool = False
    sri: bool = False
    reply_path: bool = False

    def encode(self) -> str:
        """The PDU. Raises `TextError` or `NumberError` where a field cannot hold its value."""
        first = (
            DELIVER
            | flag(First.TP_MMS, not self.more_to_come)
            | flag(First.TP_SRI, self.sri)
            | flag(First.TP_UDHI, self.has_header)
            | flag(First.TP_RP, self.reply_path)
        )
        return hexed(
            service_centre(self.smsc),
            bytes((first,)),
            self.sender.encode(),
            bytes((self.pid, self.dcs)),
            timestamp.encode(self.sc_time, self.sc_zone),
            userdata.encode(self),
        )


def read(octets: Octets, smsc: str, first: int) -> Deliver:
    sender = address.read(octets)
    pid, dcs = octets.take(2, "TP-PID and TP-DCS")
    sc_time = read_time(octets)
    body = userdata.read(octets, dcs, has_header=bool(first & First.TP_UDHI))
    return Deliver(
        sender=sender,
        smsc=smsc,
        pid=pid,
        dcs=dcs,
        sc_time=sc_time.at,
        sc_zone=sc_time.zone,
        more_to_come=not first & First.TP_MMS,
        sri=bool(first & First.TP_SRI),
        reply_path=bool(first & First.TP_RP),
        text=body.text,
        data=body.data,
        concat=body.concat,
        ports=body.ports,
        shift=body.shift,
        elements=body.elements,
        missing=body.missing,
    )
