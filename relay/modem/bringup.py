"""From an open port to a modem that receives and sends, on whatever modem it is.

Only three things must work: an answer to AT, a SIM that gets ready, and PDU mode. Everything
else is asked for and done without where the modem refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gsmmodem.exceptions import CommandError, TimeoutException

from relay.core.at import CR, CTRL_Z, ESC
from relay.core.device import Identity
from relay.core.link import LinkState
from relay.core.replies import flag, own_number, value_of
from relay.core.sim import digits_of, iccid, said
from relay.core.urc import is_reboot
from relay.errors import Ailing, NoReply, PortLost, Refused, SimProblem
from relay.modem.memories import MemoryPlan, choose_memories
from relay.modem.profiles import Profile, profile_of
from relay.modem.session import Session
from relay.modem.unlocking import Lock, PinLedger, unlock
from relay.modem.wire import MARKER

# After so many unanswered AT with ESC in front, a Ctrl-Z gets an old text-mode prompt to let go.
_ESC_BEFORE_CTRL_Z = 3
_RESTARTED = "the modem restarted while it was being set up"
_AIRPLANE = {0, 4}  # +CFUN: minimum functionality, radio off


@dataclass(frozen=True, slots=True)
class Setup:
    """What bring-up found and set. `booting`: the modem was still starting when we came;
    `echoing`: it does not obey ATE0.
    """

    identity: Identity
    profile: Profile
    memories: MemoryPlan
    cnmi: str | None
    booting: bool
    echoing: bool


def bring_up(
    session: Session,
    pin: str | None,
    pins: PinLedger,
    accept: Callable[[Identity], None] = lambda _: None,
) -> Setup:
    """Raises `NoReply`, `PortLost`, `SimProblem`, `Ailing`, `Refused` where PDU mode is refused.

    `accept` may raise `PortLost` for a modem that is not the right one, before its SIM is touched.
    """
    setup, restarted = _set_up(session, pin, pins, accept)
    if restarted:
        # Some say nothing when they start, and what they could not answer then looks as if they
        # did not have it. Once more, and no oftener: there may be one that does so every time.
        setup, _ = _set_up(session, pin, pins, accept)
        setup = replace(setup, booting=True)
    return setup


def _set_up(
    session: Session, pin: str | None, pins: PinLedger, accept: Callable[[Identity], None]
) -> tuple[Setup, bool]:
    """And whether the echo came back by itself, as it does when a modem starts anew."""
    started = _wake(session)
    echoes = _quieten(session)
    obeyed = session.wire.echoes == echoes
    identity = _who(session)
    accept(identity)
    profile = profile_of(identity)
    for command in profile.init:
        session.ask_if_known(command)
    identity = replace(identity, iccid=_iccid(session, profile))
    lock = Lock(pin, pins, profile.tries_left, lambda: _iccid(session, profile))
    try:
        unlock(session, identity.iccid, lock)
    except SimProblem as error:
        if error.kind == LinkState.SIM_ABSENT and identity == Identity():
            # It refused even to say who it is: the SIM is not what is the matter.
            raise Ailing("MAD", "the modem refuses every command") from error
        if error.kind == LinkState.SIM_ABSENT and obeyed and session.wire.echoes > echoes:
            # It restarts faster than its SIM gets ready.
            raise PortLost(session.wire.port, _RESTARTED) from error
        raise
    identity = replace(
        identity,
        imsi=imsi_of(session),
        iccid=identity.iccid or _iccid(session, profile),
        number=own_number(session.ask_if_known("AT+CNUM") or []),
    )
    _set_pdu_mode(session)
    memories = choose_memories(session, profile)
    cnmi = _subscribe(session, profile)
    session.ask_if_known("AT+CLIP=1")  # who calls; asks nothing of the network
    starts = session.wire.drop_boot_talk()
    if any(is_reboot(start) for start in starts):
        raise PortLost(session.wire.port, _RESTARTED)
    echoing = session.wire.echoes > echoes
    setup = Setup(identity, profile, memories, cnmi, bool(starts) or started, echoing)
    return setup, obeyed and echoing


def _wake(session: Session) -> bool:
    """AT until it is answered; whether the modem was slow. Leaves a prompt left open."""
    wire, tries = session.wire, session.patience.wake_tries
    for number in range(1, tries + 1):
        if number > 1:
            wire.send_raw(ESC + CR)
        if number > _ESC_BEFORE_CTRL_Z and number % 2 == 0:
            wire.send_raw(CTRL_Z)
        if wire.probe("AT", session.patience.wake_s):
            wire.drop_boot_talk()
            return number > 1
    raise NoReply("AT", session.patience.wake_s * tries)


def _quieten(session: Session) -> int:
    """How many echoes were heard until it was told to leave them out."""
    session.ask_if_known("ATE0")
    # Answers to the AT before, or to the program before us, may still be on their way.
    session.wire.resync()
    echoes = session.wire.echoes
    if session.ask_if_known("AT+CMEE=1") is None:
        session.ask_if_known("AT+CMEE=2")
    mode = flag(session.ask_if_known("AT+CFUN?") or [], "+CFUN")
    if mode in _AIRPLANE:
        session.ask_if_known("AT+CFUN=1", session.patience.network_s)
    return echoes


def _who(session: Session) -> Identity:
    wire = session.wire
    return Identity(
        manufacturer=said(_property(wire, "manufacturer")),
        model=said(_property(wire, "model")),
        revision=said(_property(wire, "revision")),
        imei=digits_of(_property(wire, "imei")),
    )


def _property(wire: object, name: str) -> str:
    """One of the library's information properties, or '' where the modem will not say."""
    try:
        return str(getattr(wire, name) or "")
    except (CommandError, TimeoutException):
        return ""


def imsi_of(session: Session) -> str:
    """The IMSI, or '' where the modem will not say it."""
    return digits_of(_property(session.wire, "imsi"))


def _iccid(session: Session, profile: Profile) -> str:
    for command in profile.iccid:
        found = iccid(session.ask_if_known(command) or [])
        if found:
            return found
    return ""


def _set_pdu_mode(session: Session) -> None:
    session.ask("AT+CMGF=0")
    session.wire.marker = MARKER
    session.ask_if_known('AT+CSCS="GSM"')
    session.ask_if_known("AT+COPS=3,0")
    # Registration is surveyed; its URCs would only interrupt.
    for name in ("CREG", "CGREG", "CEREG"):
        session.ask_if_known(f"AT+{name}=0")
    # Service 1 would have every routed PDU acknowledged within seconds, or routing stops.
    session.ask_if_known("AT+CSMS=0")
    service = flag(session.ask_if_known("AT+CSMS?") or [], "+CSMS")
    session.wire.expect_acknowledgement(service == 1)


def _subscribe(session: Session, profile: Profile) -> str | None:
    """The +CNMI that holds now, taken or not, as the modem reads it back; None without such."""
    for setting in profile.cnmi:
        try:
            session.ask(f"AT+CNMI={setting}")
        except (Refused, NoReply):
            continue
        break
    return notifications(session)


def notifications(session: Session) -> str | None:
    """What AT+CNMI? says, without blanks."""
    value = value_of(session.ask_if_known("AT+CNMI?") or [], "+CNMI")
    return None if value is None else value.replace(" ", "")
