"""What the network answers to USSD codes: a script of texts and menus (TS 27.007 §7.15)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class UssdState(IntEnum):
    """<m> of +CUSD."""

    DONE = 0
    REPLY_WANTED = 1
    ENDED_BY_NETWORK = 2
    NOT_SUPPORTED = 4
    NETWORK_TIME_OUT = 5


@dataclass(frozen=True, slots=True)
class UssdAnswer:
    """One answer. With `options` it is a menu that wants a reply.

    `text` may hold {credit}. `ucs2` sends it in UCS2; `raw` replaces the whole string with what
    a broken network sends; `silent` never answers, which the modem ends as a time-out.
    """

    text: str = ""
    options: Mapping[str, UssdAnswer] = field(default_factory=dict)
    ucs2: bool = False
    raw: str | None = None
    silent: bool = False
    delay_s: float = 0.0
    state: UssdState | None = None

    @property
    def outcome(self) -> UssdState:
        if self.state is not None:
            return self.state
        return UssdState.REPLY_WANTED if self.options else UssdState.DONE


UNKNOWN_CODE = UssdAnswer(state=UssdState.NOT_SUPPORTED)
WRONG_CHOICE = UssdAnswer("Invalid choice.", state=UssdState.ENDED_BY_NETWORK)
BALANCE = UssdAnswer("Your balance is {credit}.")
EXAMPLE_MENU = UssdAnswer(
    "1 Balance\n2 Help",
    options={"1": BALANCE, "2": UssdAnswer("Call 100.")},
)
EXAMPLE_CODES = {"*144#": BALANCE, "*100#": EXAMPLE_MENU}
