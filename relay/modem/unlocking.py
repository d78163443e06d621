"""From whatever the SIM says to READY, without ever risking a SIM.

One attempt for each (ICCID, PIN value), written down before it is made; never the last try;
never anything sent to a SIM that asks for its PUK.
"""

from __future__ import annotations

from typing import Protocol

from relay.core.link import LinkState
from relay.core.sim import pin_state, tries_left
from relay.errors import NoReply, Refused, SimProblem
from relay.modem.session import Session

_BUSY_TRIES = 12
_READY_TRIES = 15

# +CME ERROR (TS 27.007 §9.2) and +CMS ERROR (TS 27.005 §3.2.5) as answers to AT+CPIN?
_ERROR_STATES = {
    ("CME", 10): "ABSENT", ("CME", 15): "ABSENT", ("CMS", 310): "ABSENT",
    ("CME", 11): "SIM PIN", ("CMS", 311): "SIM PIN",
    ("CME", 12): "SIM PUK", ("CMS", 316): "SIM PUK",
    ("CME", 5): "PH-SIM PIN", ("CMS", 312): "PH-SIM PIN",
}  # fmt: skip
_USABLE = {"READY", "SIM PIN2", "SIM PUK2"}
_NOT_YET = {"NOT READY", "BUSY", ""}
_GONE = {"ABSENT", "NOT INSERTED", "SIM REMOVED", "NO SIM", "SIM NOT INSERTED"}


class PinLedger(Protocol):
    """The durable record of PIN attempts. `iccid` is empty where the SIM does not tell it."""

    def refused(self, iccid: str, pin: str) -> bool:
        """Whether this PIN must not be sent to this SIM: it was refused, or an attempt was
        recorded and its result never was."""
        ...

    def record_attempt(self, iccid: str, pin: str) -> None:
        """Committed to the disk before this returns: the command is sent next."""
        ...

    def record_result(self, iccid: str, pin: str, accepted: bool) -> None:
        """What the SIM said. An accepted PIN may be sent again at the next start."""
        ...


def unlock(session: Session, iccid: str, pin: str | None, pins: PinLedger,
           tries_commands: tuple[str, ...]) -> None:  # fmt: skip
    """Bring the SIM to READY. Raises `SimProblem`, `NoReply` or `PortLost`."""
    state = _settled_state(session)
    if state in _USABLE:
        return
    _raise_unless_pin(state)
    if pin is None:
        raise SimProblem(LinkState.PIN_REQUIRED, "no PIN is configured for this modem")
    if pins.refused(iccid, pin):
        raise SimProblem(
            LinkState.PIN_REFUSED,
            "the configured PIN was tried once with this SIM and is not tried again. "
            "Correct the PIN in the configuration, or take the PIN off the SIM in a phone",
        )
    _keep_the_last_try(session, tries_commands)
    _enter(session, iccid, pin, pins)


def _settled_state(session: Session) -> str:
    """The PIN state, once the SIM is no longer busy."""
    state = ""
    for _ in range(_BUSY_TRIES):
        state = _state(session)
        if state not in _NOT_YET:
            break
        session.wire.pause(session.patience.pause_s)
    return state


def _state(session: Session) -> str:
    try:
        lines = session.wire.execute("AT+CPIN?", session.patience.command_s)
    except Refused as error:
        return _ERROR_STATES.get((error.family, error.code or 0), "")
    except NoReply as error:
        # Wavecom ends this one answer without OK.
        state = pin_state(error.partial)
        if state is None:
            raise
        return state
    return pin_state(lines) or ""


def _raise_unless_pin(state: str) -> None:
    if state == "SIM PIN":
        return
    if state.startswith("SIM PUK"):
        raise SimProblem(
            LinkState.PUK_BLOCKED,
            "the SIM asks for its PUK. Put it into a phone and enter the PUK there",
        )
    if state in _GONE or state in _NOT_YET:
        raise SimProblem(LinkState.SIM_ABSENT, "no SIM answers. Check that it is inserted")
    raise SimProblem(
        LinkState.PIN_REQUIRED,
        f"the modem asks for {state}. It may be locked to another network; relay enters no "
        "such code",
    )


def _keep_the_last_try(session: Session, commands: tuple[str, ...]) -> None:
    for command in commands:
        left = tries_left(session.ask_if_known(command) or [])
        if left is None:
            continue
        if left <= 1:
            raise SimProblem(
                LinkState.PIN_REFUSED,
                f"the SIM has {left} PIN tries left and relay never uses the last one. Enter "
                "the right PIN in a phone once, then put the SIM back",
            )
        return


def _enter(session: Session, iccid: str, pin: str, pins: PinLedger) -> None:
    pins.record_attempt(iccid, pin)
    try:
        session.wire.execute(f'AT+CPIN="{pin}"', session.patience.network_s)
    except Refused:
        state = _settled_state(session)
        if state not in _USABLE:
            pins.record_result(iccid, pin, accepted=False)
            _raise_unless_pin(state)
            raise SimProblem(
                LinkState.PIN_REFUSED,
                "the SIM refused the configured PIN. It is not tried again: correct it in the "
                "configuration",
            ) from None
    pins.record_result(iccid, pin, accepted=True)
    _await_ready(session)


def _await_ready(session: Session) -> None:
    for _ in range(_READY_TRIES):
        if _state(session) in _USABLE:
            return
        session.wire.pause(session.patience.pause_s)
    raise SimProblem(LinkState.SIM_ABSENT, "the SIM took the PIN and then did not get ready")
