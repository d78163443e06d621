"""The number of the service centre: read, set and read back (TS 27.005 §3.3.1).

A modem that does not take it gets it in front of every PDU instead, where it counts as well.
"""

from __future__ import annotations

from dataclasses import replace

from relay.core.address import Address
from relay.core.device import Survey
from relay.core.replies import service_centre
from relay.errors import NumberError
from relay.modem.session import Session

_INTERNATIONAL, _UNKNOWN = 145, 129
_NONE = "00"  # an SMSC field that says: the one of the SIM


def centre(session: Session) -> str | None:
    """What AT+CSCA? says; '' where the SIM has none, None where the modem will not say."""
    return service_centre(session.ask_if_known("AT+CSCA?") or [])


def set_centre(session: Session, number: str) -> bool:
    """Whether the SIM holds this number now, as it reads it back."""
    if _digits(centre(session)) == _digits(number):
        return True
    kind = _INTERNATIONAL if number.startswith("+") else _UNKNOWN
    for form in (number, number.encode("utf-16-be").hex().upper()):  # AT+CSCS="UCS2" has stuck
        session.ask_if_known(f'AT+CSCA="{form}",{kind}', session.patience.network_s)
        if _digits(centre(session)) == _digits(number):
            return True
    return False


class Centre:
    """The number that the configuration wants; '' leaves the SIM its own."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._in_pdus = False  # the SIM does not take it

    def kept(self, session: Session, surveyed: Survey) -> Survey:
        """See to it that this number is used; the survey with the one that counts."""
        if not self._wanted or surveyed.smsc == self._wanted:
            self._in_pdus = False
            return surveyed
        if not self._in_pdus:
            self._in_pdus = not set_centre(session, self._wanted)
        return replace(surveyed, smsc=self._wanted)

    def named_in(self, pdu: str) -> str:
        """The PDU as it goes out."""
        return with_centre(pdu, self._wanted) if self._in_pdus else pdu


def with_centre(pdu: str, number: str) -> str:
    """The PDU with this service centre in front, where it names none of its own."""
    if not number or not pdu.startswith(_NONE):
        return pdu
    try:
        return Address.parse(number).encode_smsc().hex().upper() + pdu[len(_NONE) :]
    except NumberError:
        return pdu


def _digits(number: str | None) -> str | None:
    return None if number is None else number.removeprefix("+")
