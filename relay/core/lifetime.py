"""How long a message is of use: not sent after that, and not delivered much later."""

from __future__ import annotations

from dataclasses import replace

from relay.core import validity
from relay.core.pdu import Submit, decode

EXPIRED = "MSG_EXPIRED: its time to be of use was over before it could be sent"


def useful_until(
    now: int, wished: int | None, not_before: int | None, usual_ms: int
) -> int | None:
    """The end of a message that comes now (epoch ms): as wished, or after the usual life.

    None is never, which is also what a usual life of 0 says. A message for a later time begins
    to live then.
    """
    if wished is not None or not usual_ms:
        return wished
    return max(now, not_before or 0) + usual_ms


def within_life(pdu: str, left_ms: int) -> str:
    """The SMS-SUBMIT, held by the network no longer than it is of use.

    Only TP-VP changes, so the concatenation reference stays what it is. TP-VP is rounded down:
    better a little early than a reminder of yesterday.
    """
    submit = decode(pdu)
    if not isinstance(submit, Submit):
        return pdu
    left_s = validity.within(left_ms // 1000)
    if submit.validity_at is not None or (submit.validity_s or validity.LONGEST_S) <= left_s:
        return pdu
    return replace(submit, validity_s=left_s).encode()
