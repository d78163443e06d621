"""Holding one modem's messages back while its SIM has no credit, or only the reserve.

What is believed is a fact: a power cut does not forget it, and nobody's message pays for asking
again. Sending asks `selection` before each claim and tells `claimed`, `refused` and `accepted`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, fields
from typing import Any

from relay.clock import wall
from relay.core.causes import Cause
from relay.core.credit import (
    Credit,
    DayCap,
    Purse,
    Reserve,
    Suspicion,
    accepted,
    balance_seen,
    hoped_for,
    probe_due_at,
    refused,
    spent,
    suspicion,
)
from relay.core.priority import Priority
from relay.core.queueing import EVERYTHING, NOTHING, Selection
from relay.errors import StoreError
from relay.flows.ports import Clock
from relay.log import event
from relay.store.accounts import Accounts
from relay.store.facts import Facts

_log = logging.getLogger("relay.credit")


def suspected(modem: str) -> str:
    """The fact that says when a refusal last looked like a lack of credit."""
    return f"modem.{modem}.balance_suspected"


class CreditHold:
    """Only used by the modem's thread."""

    def __init__(
        self,
        modem: str,
        accounts: Accounts,
        facts: Facts,
        clock: Clock,
        reserve: Reserve | None = None,
        cap: DayCap | None = None,
    ) -> None:
        self._modem = modem
        self._accounts = accounts
        self._facts = facts
        self._clock = clock
        self._reserve = reserve or Reserve()
        self._cap = cap
        self._sim = ""
        self._credit = Credit()
        self._probing = False  # the one message that may go is on its way
        self._asking = ""  # its number
        self._asked: frozenset[str] = frozenset()  # numbers that were refused since
        self._on_air = 0  # claimed, and not yet on the bill
        self._purse: Purse | None = None  # what is left by now; None: to be looked up

    def opened(self, sim: str) -> None:
        """What was believed of this SIM holds; another one starts afresh."""
        self._sim = sim
        known = self._facts.get(self._key)
        value = known.value if known is not None and isinstance(known.value, dict) else {}
        self._credit = _credit(value) if value.get("sim") == sim else Credit()
        self._asked = frozenset()
        self._at_rest()

    @property
    def out(self) -> bool:
        return self._credit.out

    def probe_at(self) -> int | None:
        """When the next probe may go (epoch ms), None while messages go anyway."""
        return probe_due_at(self._credit, self._clock.now()) if self._credit.out else None

    # --- what sending asks and tells ------------------------------------------------------------

    def selection(self) -> Selection:
        """Which messages may go now."""
        if self._credit.out:
            return self._probe() & self._under_the_cap()
        if self._reserve.touched(self._left()):
            return Selection(min_priority=Priority.ALERT)
        return self._under_the_cap()

    def _under_the_cap(self) -> Selection:
        """All but urgent messages wait for tomorrow once the day has cost enough. What is on the
        air now counts as paid."""
        if self._cap is None:
            return EVERYTHING
        now = self._clock.now()
        cost = self._accounts.spent_since(wall(now, "00:00"), self._cap.price)
        if not self._cap.reached(cost, self._on_air):
            return EVERYTHING
        return Selection(min_priority=Priority.ALERT, opens_at=wall(now, "00:00", 1))

    def _probe(self) -> Selection:
        if self._probing:
            return Selection(min_priority=NOTHING)
        due_at = probe_due_at(self._credit, self._clock.now())
        if due_at > self._clock.now():
            return Selection(min_priority=NOTHING, opens_at=due_at)
        # What is refused for its own sake must not be all that ever probes.
        return Selection(suits=lambda number: number not in self._asked)

    def rested(self) -> None:
        """Nothing is on its way: whatever was claimed has been told of, or was given back."""
        if self._probing or self._on_air:
            self._at_rest()

    def _at_rest(self) -> None:
        self._probing, self._purse, self._on_air = False, None, 0

    def asks_anew(self) -> bool:
        """Nothing was claimed: whether it was for want of numbers that have not been asked."""
        if not self._asked or self._probing or not self._credit.out:
            return False
        if probe_due_at(self._credit, self._clock.now()) > self._clock.now():
            return False
        self._asked = frozenset()
        return True

    def claimed(self, number: str) -> None:
        """A message is on its way; while there is no credit, it is the only one."""
        self._probing, self._on_air, self._asking = self._credit.out, self._on_air + 1, number
        self._purse = spent(self._left(), 1)

    def refused(self, cause: Cause, words: str) -> bool:
        """A message was refused; whether for lack of credit, so that it counts as no try."""
        sign = suspicion(cause)
        self._at_rest()
        was_out = self._credit.out
        if was_out:
            self._asked |= {self._asking}
        self._keep(refused(self._credit, sign, words, self._left(), self._clock.now()))
        if not self._credit.out and sign is not Suspicion.NONE:
            self._want_balance()
        return self._credit.out and (sign is not Suspicion.NONE or (was_out and not cause.of_one))

    def accepted(self) -> None:
        """A message went."""
        self._probing, self._on_air = False, max(0, self._on_air - 1)
        if self._credit.out or self._credit.suspect:
            self._keep(accepted(self._credit, self._left()))

    def unclear(self) -> None:
        """Nobody knows what became of the message: the next probe goes when it would have."""
        self._at_rest()
        if self._credit.out:
            now = self._clock.now()
            self._keep(refused(self._credit, Suspicion.NONE, "", self._left(), now))

    # --- what the operator says -----------------------------------------------------------------

    def balance_seen(self) -> None:
        self._purse = None
        self._keep(balance_seen(self._credit, self._left(), self._clock.now()))

    def topped_up(self) -> None:
        """Somebody topped up, by the operator's word."""
        self._keep(hoped_for(self._credit, self._clock.now()))

    # --- inside ---------------------------------------------------------------------------------

    def _left(self) -> Purse:
        if self._purse is None:
            try:
                self._purse = self._accounts.purse(self._modem, self._sim)
            except StoreError:
                return Purse()  # not now: what the network says counts alone
        return self._purse

    def _want_balance(self) -> None:
        with suppress(StoreError):
            self._facts.put(self._clock.now(), suspected(self._modem), True, "a refusal")

    def _keep(self, credit: Credit) -> None:
        """Believe it, and write it down. A full disk must not lose what the network has just said
        of a message, so it is no error here: the next refusal writes it again."""
        if credit == self._credit:
            return
        before, self._credit = self._credit, credit
        now, value = self._clock.now(), {**asdict(credit), "sim": self._sim}
        with suppress(StoreError):
            back = before.out and not credit.out
            self._accounts.believe(now, self._modem, value, out=credit.out, back=back)
        if before.out != credit.out:
            happened = "credit.out" if credit.out else "credit.back"
            _log.warning(event(happened, modem=self._modem, why=credit.why or None))

    @property
    def _key(self) -> str:
        return f"modem.{self._modem}.credit"


def _credit(value: Mapping[str, Any]) -> Credit:
    """From the fact, whatever an older relay has left out."""
    return Credit(**{one.name: value[one.name] for one in fields(Credit) if one.name in value})
