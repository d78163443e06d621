"""From whatever the SIM says to READY, without ever risking a SIM.

One attempt for each (ICCID, PIN value), written down before it is made; never the last try;
never anything sent to a SIM that asks for its PUK. What is not known counts as the worse case:

- An attempt whose result was never recorded is a refused one. Only if the SIM says that it has
  all its tries is it made once more: then the first was accepted, or never reached the SIM.
- Where the modem tells no counter, relay counts its own attempts with this SIM, and the third
  different PIN is left to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from relay.core.link import LinkState
from relay.core.replies import value_of
from relay.core.sim import pin_state, tries_left
from relay.errors import NoReply, Refused, SimProblem
from relay.modem.session import Session

_BUSY_TRIES = 12
_READY_TRIES = 15
_ALL_TRIES = 3  # 3GPP TS 51.011 §11.2.1

# +CME ERROR (TS 27.007 §9.2) and +CMS ERROR (TS 27.005 §3.2.5) as answers to AT+CPIN?
_ERROR_STATES = {
    ("CME", 10): "ABSENT", ("CME", 15): "ABSENT", ("CMS", 310): "ABSENT",
    ("CME", 11): "SIM PIN", ("CMS", 311): "SIM PIN",
    ("CME", 12): "SIM PUK", ("CMS", 316): "SIM PUK",
    ("CME", 5): "PH-SIM PIN", ("CMS", 312): "PH-SIM PIN",
}  # fmt: skip
_BUSY = {("CME", 14), ("CMS", 314)}
_USABLE = {"READY", "SIM PIN2", "SIM PUK2"}
_NOT_YET = {"NOT READY", "BUSY", ""}
_GONE = {"ABSENT", "NOT INSERTED", "SIM REMOVED", "NO SIM", "SIM NOT INSERTED"}


class PinLedger(Protocol):
    """The durable record of PIN attempts. `iccid` is empty where the SIM does not tell it."""

    def refused(self, iccid: str, pin: str) -> bool:
        """Whether this PIN must not be sent to this SIM: it was refused, or an attempt was
        recorded and its result never was."""
        ...

    def unsettled(self, iccid: str, pin: str) -> bool:
        """Whether the last attempt has no result, and is the first such."""
        ...

    def used_up(self, iccid: str) -> int:
        """How many tries of this SIM we have used up since it was last opened."""
        ...

    def record_attempt(self, iccid: str, pin: str) -> None:
        """Committed to the disk before this returns: the command is sent next."""
        ...

    def record_result(self, iccid: str, pin: str, accepted: bool) -> None:
        """What the SIM said. An accepted PIN may be sent again at the next start."""
        ...

    def record_untried(self, iccid: str, pin: str) -> None:
        """The SIM was busy and did not look at it."""
        ...

    def note_tries(self, left: int) -> None:
        """What the SIM's own counter says."""
        ...


@dataclass(frozen=True, slots=True)
class Lock:
    """What is known of the lock: the PIN of the configuration, the record of attempts, the
    commands that tell the tries left, and how the ICCID is read again."""

    pin: str | None
    pins: PinLedger
    tries_commands: tuple[str, ...]
    card: Callable[[], str]


def unlock(session: Session, iccid: str, lock: Lock) -> None:
    """Bring the SIM to READY. Raises `SimProblem`, `NoReply` or `PortLost`."""
    state = _settled_state(session)
    pin, pins = lock.pin, lock.pins
    if state in _USABLE:
        if pin is not None and pins.unsettled(iccid, pin) and _is_locked(session):
            pins.record_result(iccid, pin, accepted=True)  # the last attempt; we were cut off
        return
    _raise_unless_pin(state)
    left = _noted_tries(session, lock)
    if pin is None:
        raise SimProblem(LinkState.PIN_REQUIRED, "no PIN is configured for this modem")
    _raise_unless_allowed(iccid, pin, left, pins)
    if iccid and lock.card() != iccid:
        raise SimProblem(LinkState.SIM_ABSENT, "the SIM was changed just now")
    _enter(session, iccid, pin, lock)


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


# --- whether it may be tried --------------------------------------------------------------------


def _noted_tries(session: Session, lock: Lock) -> int | None:
    left = pin_tries(session, lock.tries_commands)
    if left is not None:
        lock.pins.note_tries(left)
    return left


def pin_tries(session: Session, commands: Sequence[str]) -> int | None:
    """How many tries the SIM has left; None where the modem does not tell."""
    for command in commands:
        left = tries_left(session.ask_if_known(command) or [])
        if left is not None:
            return left
    return None


def _raise_unless_allowed(iccid: str, pin: str, left: int | None, pins: PinLedger) -> None:
    if pins.refused(iccid, pin):
        untouched = left is not None and left >= _ALL_TRIES
        if not (untouched and pins.unsettled(iccid, pin)):
            raise SimProblem(
                LinkState.PIN_REFUSED,
                "the configured PIN was tried once with this SIM and is not tried again. Correct "
                "the PIN in the configuration, or take the PIN off the SIM in a phone",
            )
    if left is not None and left <= 1:
        raise SimProblem(
            LinkState.PIN_REFUSED,
            f"the SIM has {left} PIN tries left and relay never uses the last one. Enter the "
            "right PIN in a phone once, then put the SIM back",
        )
    if left is None and pins.used_up(iccid) >= _ALL_TRIES - 1:
        raise SimProblem(
            LinkState.PIN_REFUSED,
            "this SIM refused two PINs, and the modem does not tell how many tries are left: "
            "relay never uses the last one. Enter the right PIN in a phone once, put the SIM "
            "back, then: relay sim pin-again",
        )


# --- the attempt --------------------------------------------------------------------------------


def _enter(session: Session, iccid: str, pin: str, lock: Lock) -> None:
    lock.pins.record_attempt(iccid, pin)
    refused: Refused | None = None
    answered = True
    try:
        session.wire.execute(f'AT+CPIN="{pin}"', session.patience.network_s)
    except Refused as error:
        refused = error
    except NoReply:
        answered = False
    state = _settled_state(session) if refused is not None else _ready_state(session)
    if state in _USABLE:
        lock.pins.record_result(iccid, pin, accepted=True)
        _noted_tries(session, lock)
        return
    if refused is not None and (refused.family, refused.code) in _BUSY:
        lock.pins.record_untried(iccid, pin)
        raise SimProblem(LinkState.SIM_ABSENT, "the SIM was busy and did not look at the PIN")
    if answered and (refused is not None or state not in _NOT_YET):
        lock.pins.record_result(iccid, pin, accepted=False)
    _raise_of_attempt(session, state, lock)


def _raise_of_attempt(session: Session, state: str, lock: Lock) -> None:
    if state in _NOT_YET:
        raise SimProblem(LinkState.SIM_ABSENT, "the SIM took the PIN and then did not get ready")
    _raise_unless_pin(state)
    left = _noted_tries(session, lock)
    tries = "" if left is None else f" It has {left} tries left."
    raise SimProblem(
        LinkState.PIN_REFUSED,
        f"the SIM refused the configured PIN.{tries} It is not tried again: correct it in the "
        "configuration",
    )


def _ready_state(session: Session) -> str:
    """The state some seconds after an attempt that was not refused: modems say OK, or nothing,
    before the SIM has looked at the PIN."""
    state = ""
    for _ in range(_READY_TRIES):
        state = _state(session)
        if state in _USABLE or state.startswith("SIM PUK"):
            break
        session.wire.pause(session.patience.pause_s)
    return state


def _is_locked(session: Session) -> bool:
    """Whether this SIM asks for a PIN at every start (TS 27.007 §7.4)."""
    value = value_of(session.ask_if_known('AT+CLCK="SC",2') or [], "+CLCK") or ""
    return value.strip().startswith("1")
