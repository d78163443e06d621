"""Ending a call that rings, on whatever modem (TS 27.007 §6.5, §6.6, §6.20; V.250 §6.3.6).

AT+CHUP ends every call of a modem that knows it. Others want ATH, and with +CVHU=1, the usual
state of some, ATH says OK and ends nothing.
"""

from __future__ import annotations

import re

from relay.errors import Refused
from relay.modem.session import Session

_RINGING = re.compile(r"\+CLCC:\s*\d+\s*,\s*1\s*,\s*[45]\b")  # <dir> 1: to us; <stat> 4, 5


def hang_up(session: Session) -> None:
    """Raises `Refused` where the modem knows no way, `NoReply` or `PortLost`."""
    refused: Refused | None = None
    for prepare, command in (("", "AT+CHUP"), ("AT+CVHU=0", "ATH")):
        if prepare:
            session.ask_if_known(prepare)
        try:
            session.ask(command)
        except Refused as error:
            refused = error
            continue
        if not _still_rings(session):
            return
    if refused is not None:
        raise refused


def _still_rings(session: Session) -> bool:
    """Where +CLCC is not known, the OK has to do."""
    return any(map(_RINGING.match, session.ask_if_known("AT+CLCC") or []))
