"""Handing one SMS-SUBMIT to the modem. The line between "not sent" and "who knows" is Ctrl-Z."""

from __future__ import annotations

from collections.abc import Callable

from relay.core.device import LateReference, Slot
from relay.core.replies import reference, tpdu_length, written_index
from relay.errors import NoReply, NotSubmitted, OutcomeUnknown, PortLost
from relay.modem.session import Session

# Some firmware says OK a moment before it says +CMGS.
_REFERENCE_AFTER_OK_S = 2.0


def submit(
    session: Session, pdu: str, on_air: Callable[[], None], at_prompt: Callable[[], None]
) -> int:
    """AT+CMGS. TP-MR; raises exactly `NotSubmitted`, `Refused` or `OutcomeUnknown`."""
    lines = session.wire.execute_with_prompt(
        f"AT+CMGS={tpdu_length(pdu)}",
        pdu,
        prompt_timeout=session.patience.prompt_s,
        answer_timeout=session.patience.answer_s,
        on_air=on_air,
        at_prompt=at_prompt,
    )
    return _reference(session, lines, "AT+CMGS")


def submit_stored(session: Session, slot: Slot, on_air: Callable[[], None]) -> int:
    """AT+CMSS. Raises like `submit`; here the line between is the command itself."""
    lines = session.wire.execute_on_air(f"AT+CMSS={slot.index}", session.patience.answer_s, on_air)
    return _reference(session, lines, "AT+CMSS")


def store(session: Session, pdu: str, memory: str, meanwhile: Callable[[], None]) -> Slot:
    """AT+CMGW. Raises `Refused`, `NoReply` or `PortLost`; whatever it raises, nothing was sent."""
    command = f"AT+CMGW={tpdu_length(pdu)}"
    try:
        lines = session.wire.execute_with_prompt(
            command,
            pdu,
            prompt_timeout=session.patience.prompt_s,
            answer_timeout=session.patience.network_s,
            on_air=meanwhile,
        )
    except (NotSubmitted, OutcomeUnknown) as error:
        if session.wire.down is not None:
            raise PortLost(session.wire.port, error.cause) from error
        raise NoReply(command, session.patience.network_s) from error
    index = written_index(lines)
    if index is None:
        raise NoReply(command, 0.0, tuple(lines))
    return Slot(memory, index)


def _reference(session: Session, lines: list[str], command: str) -> int:
    mr = reference(lines)
    if mr is not None:
        return mr
    late = session.wire.await_urc(
        lambda urc: isinstance(urc, LateReference), _REFERENCE_AFTER_OK_S
    )
    if isinstance(late, LateReference):
        return late.mr
    raise OutcomeUnknown(f"the modem ended {command} with OK and named no reference")
