"""Asking a modem about its network, its memory and, by USSD, its airtime."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from relay.core.device import MemoryUse, Survey, Unsolicited, Urc
from relay.core.link import NotRegistered, Registered, RegistrationDenied
from relay.core.replies import (
    best_registration,
    clock,
    memories_in_use,
    operator,
    registration,
    service_centre,
    signal_dbm,
)
from relay.core.ussd import (
    DONE,
    ENDED,
    MENU,
    NETWORK_TIMEOUT,
    UssdAnswer,
    packed,
    read_cusd,
)
from relay.errors import NoReply, Refused
from relay.modem.session import Session

_HOME, _ROAMING, _DENIED = 1, 5, 3
_GSM7_LANGUAGE_UNSPECIFIED = 15


def survey(session: Session, memories: tuple[MemoryUse, ...]) -> Survey:
    """What the modem says now; what it will not say is None. `memories` as last seen."""
    stats = [
        registration(session.ask_if_known(command) or [])
        for command in ("AT+CREG?", "AT+CEREG?", "AT+CGREG?")
    ]
    name, access = operator(session.ask_if_known("AT+COPS?", session.patience.network_s) or [])
    in_use = memories_in_use(session.ask_if_known("AT+CPMS?") or [])
    known = {use.memory: use for use in (*memories, *in_use)}
    return Survey(
        signal_dbm=signal_dbm(session.ask_if_known("AT+CSQ") or []),
        registration=best_registration(stats),
        operator=name,
        access=access,
        smsc=service_centre(session.ask_if_known("AT+CSCA?") or []),
        memories=tuple(known.values()),
        clock=clock(session.ask_if_known("AT+CCLK?") or []),
    )


def standing(surveyed: Survey) -> Registered | NotRegistered | RegistrationDenied:
    """What the survey means for the link."""
    if surveyed.registration in {_HOME, _ROAMING}:
        return Registered()
    return RegistrationDenied() if surveyed.registration == _DENIED else NotRegistered()


def ussd(
    session: Session,
    code: str,
    replies: Sequence[str],
    timeout_s: float,
    *,
    as_packed: bool,
    monotonic: Callable[[], float],
) -> str:
    """The network's answer to a USSD code, after `replies` to its menus; a menu is closed.

    All of it takes `timeout_s` at most, and the time of a command. Raises `Refused` when network
    or modem will not, `NoReply` when the network stays silent.
    """
    ends_at = monotonic() + timeout_s
    while session.wire.await_urc(_is_answer, 0):
        pass  # what the network said before is no answer
    answer = _told(session, code, timeout_s, as_packed)
    for reply in replies:
        if answer.kind != MENU:
            break
        answer = _told(session, reply, max(0.0, ends_at - monotonic()), as_packed)
    if answer.kind == MENU:
        session.ask_if_known("AT+CUSD=2")
    return _text_of(answer)


def _told(session: Session, words: str, patience: float, as_packed: bool) -> UssdAnswer:
    _begin(session, words, as_packed)
    urc = session.wire.await_urc(_is_answer, patience)
    if not isinstance(urc, Unsolicited):
        session.ask_if_known("AT+CUSD=2")
        raise NoReply("the USSD code", patience)
    answer = read_cusd(urc.line)
    assert answer is not None
    return answer


def _begin(session: Session, code: str, as_packed: bool) -> None:
    forms = [code, packed(code)] if not as_packed else [packed(code), code]
    refused: Refused | None = None
    for form in forms:
        if form is None:
            continue
        try:
            session.ask(
                f'AT+CUSD=1,"{form}",{_GSM7_LANGUAGE_UNSPECIFIED}', session.patience.network_s
            )
        except Refused as error:
            refused = refused or error
        else:
            return
    raise refused or Refused("", None, "the code has characters that USSD cannot carry", False)


def _is_answer(urc: Urc) -> bool:
    return isinstance(urc, Unsolicited) and read_cusd(urc.line) is not None


def _text_of(answer: UssdAnswer) -> str:
    if answer.text and answer.kind in {DONE, MENU, ENDED}:
        return answer.text
    if answer.kind == NETWORK_TIMEOUT:
        raise Refused("", None, "the network did not answer the USSD code in time")
    if answer.kind in {DONE, ENDED}:
        raise Refused("", None, "the network ended the USSD session without a text")
    raise Refused("", None, "the network does not support this USSD code", again=False)
