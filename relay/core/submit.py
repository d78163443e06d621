"""SMS-SUBMIT: a message to send (3GPP TS 23.040 §9.2.2.2)."""

from __future__ import annotations

from dataclasses import dataclass

from relay.core import address, timestamp, userdata, validity
from relay.core.address import Address
from relay.core.octets import Octets
from relay.core.timestamp import Timestamp
from relay.core.tpdu import SUBMIT, First, flag, hexed, service_centre
from relay.core.userdata import UserData


@dataclass(frozen=True, slots=True)
class Submit(UserData):
    """A message to send. `mr` is TP-MR; modems put their own in its place.

    At most one of `validity_s` (seconds from now, rounded up to what TP-VP can say) and
    `validity_at` (epoch milliseconds) is set. `report` (TP-SRR) asks for a status report.
    """

    recipient: Address
    smsc: str = ""
    mr: int = 0
    pid: int = 0
    validity_s: int | None = None
    validity_at: int | None = None
    validity_zone: int = 0
    report: bool = False
    reject_duplicates: bool = False
    reply_path: bool = False

    def encode(self) -> str:
        """The PDU. Raises `TextError` or `NumberError` where a field cannot hold its value."""
        form, period = self._validity()
        first = (
            SUBMIT
            | form << 3
            | flag(First.TP_RD, self.reject_duplicates)
            | flag(First.TP_SRR, self.report)
            | flag(First.TP_UDHI, self.has_header)
            | flag(First.TP_RP, self.reply_path)
        )
        return hexed(
            service_centre(self.smsc),
            bytes((first, self.mr)),
            self.recipient.encode(),
            bytes((self.pid, self.dcs)),
            period,
            userdata.encode(self),
        )

    def _validity(self) -> tuple[int, bytes]:
        if self.validity_s is not None:
            return validity.RELATIVE, bytes((validity.relative_octet(self.validity_s),))
        if self.validity_at is not None:
            return validity.ABSOLUTE, timestamp.encode(self.validity_at, self.validity_zone)
        return validity.ABSENT, b""


def read(octets: Octets, smsc: str, first: int) -> Submit:
    mr = octets.byte("TP-MR")
    recipient = address.read(octets)
    pid, dcs = octets.take(2, "TP-PID and TP-DCS")
    validity_s, validity_at = _read_validity(octets, first >> 3 & 0b11)
    body = userdata.read(octets, dcs, has_header=bool(first & First.TP_UDHI))
    return Submit(
        recipient=recipient,
        smsc=smsc,
        mr=mr,
        pid=pid,
        dcs=dcs,
        validity_s=validity_s,
        validity_at=validity_at.at,
        validity_zone=validity_at.zone,
        report=bool(first & First.TP_SRR),
        reject_duplicates=bool(first & First.TP_RD),
        reply_path=bool(first & First.TP_RP),
        text=body.text,
        data=body.data,
        concat=body.concat,
        ports=body.ports,
        shift=body.shift,
        elements=body.elements,
    )


def _read_validity(octets: Octets, form: int) -> tuple[int | None, Timestamp]:
    if form == validity.RELATIVE:
        return validity.relative_s(octets.byte("the validity period")), timestamp.NONSENSE
    if form == validity.ENHANCED:
        return validity.read_enhanced(octets), timestamp.NONSENSE
    if form == validity.ABSOLUTE:
        return None, timestamp.decode(octets.take(timestamp.LENGTH, "the validity period"))
    return None, timestamp.NONSENSE
