"""What is done for whoever asks: each ask of `ASKS` is a method of its name.

Nothing here waits: what needs a modem is asked of its thread and answered by a `Promise`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import relay
from relay.control.peer import Peer
from relay.control.promise import Answer, Promise, result
from relay.control.words import ControlRefused, Request
from relay.core.console import masked_digits
from relay.errors import ModemError, NoReply, Refused, RelayError, StoreError
from relay.flows import visiting
from relay.flows.airtime import want_balances
from relay.flows.ports import Clock
from relay.flows.visiting import Away, Crowded, Errand, Visits
from relay.store import journal
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.outbox import Outbox

# A modem may be in the middle of a submission before it comes to the question.
_SURVEY_S = 30.0
_BUSY_S = 150.0


@dataclass(frozen=True, slots=True)
class Station:
    """What the daemon lends: its store, its clock, and the doors to its other threads."""

    db: Database
    clock: Clock
    outbox: Outbox
    visits: Mapping[str, Visits]
    wake: Callable[[], object]
    ussd_timeout_s: float = 30.0


class Answers:
    """The `Clerk` of the listener. Only used by its thread."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._db = station.db
        self._facts = Facts(station.db)
        self._clock = station.clock
        self._since = station.clock.now()

    def answer(self, request: Request, peer: Peer) -> Answer | Promise:
        """Raises `ControlRefused`."""
        try:
            found: Answer | Promise = getattr(self, f"_{request.ask}")(peer, **request.given)
        except StoreError as error:
            raise ControlRefused("STORE", str(error)) from error
        return found

    def holds(self, peer: Peer) -> bool:
        return False

    def left(self, peer: Peer) -> None:
        pass

    # --- asks that change nothing ---------------------------------------------------------------

    def _ping(self, _: Peer) -> Answer:
        return {"version": relay.__version__, "pid": os.getpid(), "since": self._since}

    def _survey(self, _: Peer, modem: str = "") -> Promise:
        chosen = [self._modem(modem)] if modem else list(self._station.visits.values())
        futures = [visits.ask(visiting.survey, without=True) for visits in chosen]
        names = [visits.name for visits in chosen]

        def compose(done: Sequence[Future[Any]]) -> Answer:
            return {
                "modems": [_surveyed(name, one) for name, one in zip(names, done, strict=True)]
            }

        return Promise(futures, compose, _SURVEY_S)

    # --- asks that cost or change something -----------------------------------------------------

    def _ussd(
        self, peer: Peer, code: str, replies: Sequence[str] = (), modem: str = ""
    ) -> Promise:
        visits = self._modem(modem)
        errand = visiting.ussd(code, tuple(replies), self._station.ussd_timeout_s)
        detail = f"{visits.name}: {masked_digits(' '.join((code, *replies)))}"
        return self._journaled(
            peer, "ussd", detail, visits, errand, lambda text: {"modem": visits.name, "text": text}
        )

    def _balance(self, peer: Peer, modem: str = "") -> Answer:
        names = [self._modem(modem).name] if modem else list(self._station.visits)
        want_balances(self._facts, self._clock, names, self._station.wake)
        return {"asked": names}

    def _retry(self, peer: Peer, id: int) -> Answer:
        now = self._clock.now()
        again = self._station.outbox.retry(now, id)
        if again:
            journal.note(self._db, now, peer.name, "retry", f"out {id}", "queued again")
            self._station.wake()
        return {"id": id, "retried": again}

    # --- modems ---------------------------------------------------------------------------------

    def _modem(self, name: str) -> Visits:
        """The one that is meant; without a name the only one there is. Raises `ControlRefused`."""
        known = self._station.visits
        if not name and len(known) == 1:
            return next(iter(known.values()))
        if name in known:
            return known[name]
        names = ", ".join(known) or "none"
        what = f"There is no modem {name!r}." if name else "It must be said which modem is meant."
        raise ControlRefused("NO_SUCH_MODEM", what, f"Modems of this relay: {names}.")

    def _journaled(
        self,
        peer: Peer,
        what: str,
        detail: str,
        visits: Visits,
        errand: Errand,
        compose: Callable[[Any], Answer],
        limit_s: float = _BUSY_S,
        *,
        without: bool = False,
    ) -> Promise:
        """Written down before it is done, and once more when it is known how it went."""
        entry = journal.note(self._db, self._clock.now(), peer.name, what, detail)
        future = visits.ask(errand, without=without)

        def settle(done: Future[Any]) -> None:
            with suppress(StoreError):  # the entry stays as one that has begun
                journal.settle(self._db, entry, _in_a_word(done))

        # Also for somebody who has hung up meanwhile.
        future.add_done_callback(settle)
        return Promise([future], lambda done: compose(_outcome(done[0], visits.name)), limit_s)


def _in_a_word(future: Future[Any]) -> str:
    """How it went, for the journal."""
    if future.cancelled():
        return "nothing was done"
    error = future.exception()
    return "OK" if error is None else masked_digits(str(error))


def _outcome(future: Future[Any], modem: str) -> Any:
    """What a modem's thread came to. Raises `ControlRefused`."""
    try:
        return result(future, f"Modem {modem}")
    except Away as error:
        raise ControlRefused(
            "AWAY", f"{error}.", "See what is the matter with it: relay status"
        ) from None
    except Crowded as error:
        raise ControlRefused("BUSY", f"{error}.", "Try again in a minute.") from None
    except Refused as error:
        raise ControlRefused(
            "REFUSED", str(error), f'What that means: relay explain "{error}"'
        ) from None
    except NoReply as error:
        raise ControlRefused("NO_REPLY", f"{error}.", "Try again; relay status") from None
    except ModemError as error:
        raise ControlRefused("LOST", f"{error}.", "relay sees to it: relay status") from None


def _surveyed(name: str, future: Future[Any]) -> Answer:
    """One modem's survey; with `error` where it did not come to one."""
    try:
        return {**_outcome(future, name), "error": None}
    except RelayError as error:
        return {"modem": name, "state": None, "survey": None, "error": str(error)}
