"""SMS-STATUS-REPORT: what became of a message that was sent (3GPP TS 23.040 §9.2.2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

from relay.core import address, timestamp, userdata
from relay.core.address import Address
from relay.core.octets import Octets
from relay.core.tpdu import STATUS_REPORT, First, flag, hexed, read_time, service_centre
from relay.core.userdata import UserData
from relay.errors import PduError


class Indicator(IntFlag):
    """TP-PI: what follows in a status report (§9.2.3.27)."""

    PID = 0x01
    DCS = 0x02
    USER_DATA = 0x04
    EXTENSION = 0x80


@dataclass(frozen=True, slots=True)
class StatusReport(UserData):
    """What became of the message that got the reference `mr`: `tp_st` is TP-ST (§9.2.3.15).

    `discharge_time` is when that was settled; failures often come with a time of zeros, which is
    None here. A report rarely carries user data; `text` and `data` are both None then.
    """

    recipient: Address
    mr: int
    tp_st: int
    smsc: str = ""
    pid: int = 0
    sc_time: int | None = None
    sc_zone: int = 0
    discharge_time: int | None = None
    discharge_zone: int = 0
    more_to_come: bool = False
    for_command: bool = False

    def encode(self) -> str:
        """The PDU. Raises `TextError` or `NumberError` where a field cannot hold its value."""
        first = (
            STATUS_REPORT
            | flag(First.TP_MMS, not self.more_to_come)
            | flag(First.TP_SRQ, self.for_command)
            | flag(First.TP_UDHI, self.has_header)
        )
        return hexed(
            service_centre(self.smsc),
            bytes((first, self.mr)),
            self.recipient.encode(),
            timestamp.encode(self.sc_time, self.sc_zone),
            timestamp.encode(self.discharge_time, self.discharge_zone),
            bytes((self.tp_st,)),
            self._optional(),
        )

    def _optional(self) -> bytes:
        """TP-PI and what it announces; nothing where there is nothing to announce."""
        carries = self.text is not None or self.data is not None or self.has_header
        announced = (
            flag(Indicator.PID, self.pid)
            | flag(Indicator.DCS, self.dcs)
            | flag(Indicator.USER_DATA, carries)
        )
        if not announced:
            return b""
        return b"".join(
            (
                bytes((announced,)),
                bytes((self.pid,)) if self.pid else b"",
                bytes((self.dcs,)) if self.dcs else b"",
                userdata.encode(self) if carries else b"",
            )
        )


def read(octets: Octets, smsc: str, first: int) -> StatusReport:
    mr = octets.byte("TP-MR")
    recipient = address.read(octets)
    sc_time, discharge_time = read_time(octets), read_time(octets)
    tp_st = octets.byte("TP-ST")
    pid, body = _read_optional(octets, first)
    return StatusReport(
        recipient=recipient,
        mr=mr,
        tp_st=tp_st,
        smsc=smsc,
        pid=pid,
        dcs=body.dcs,
        sc_time=sc_time.at,
        sc_zone=sc_time.zone,
        discharge_time=discharge_time.at,
        discharge_zone=discharge_time.zone,
        more_to_come=not first & First.TP_MMS,
        for_command=bool(first & First.TP_SRQ),
        text=body.text,
        data=body.data,
        concat=body.concat,
        ports=body.ports,
        shift=body.shift,
        elements=body.elements,
    )


def _read_optional(octets: Octets, first: int) -> tuple[int, UserData]:
    """What TP-PI announces. Some networks append octets that mean nothing: those are no error."""
    nothing = UserData()
    if not octets.left:
        return 0, nothing
    try:
        announced = octets.byte("TP-PI")
        more = announced
        while more & Indicator.EXTENSION:
            more = octets.byte("TP-PI")
        pid = octets.byte("TP-PID") if announced & Indicator.PID else 0
        dcs = octets.byte("TP-DCS") if announced & Indicator.DCS else 0
        if not announced & Indicator.USER_DATA:
            return pid, UserData(dcs=dcs)
        return pid, userdata.read(octets, dcs, has_header=bool(first & First.TP_UDHI))
    except PduError:
        return 0, nothing
