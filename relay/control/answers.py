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
from relay.control.verbosity import Verbosity
from relay.control.words import PAUSABLE, ControlRefused, Request
from relay.core.console import Danger, Judgement, judge, masked_digits, masked_line
from relay.errors import ModemError, NoReply, Refused, RelayError, StoreError
from relay.flows import visiting
from relay.flows.airtime import want_balances
from relay.flows.ports import Clock
from relay.flows.visiting import Away, Crowded, Errand, Visits
from relay.store import journal
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.outbox import Outbox
from relay.store.pauses import Pauses
from relay.turns import SyncTurn

# A modem may be in the middle of a submission before it comes to the question.
_SURVEY_S = 30.0
_BUSY_S = 150.0
_SYNC_S = 60.0
_COMMAND_S = 30  # an AT command for which nobody said how long it may take


@dataclass(frozen=True, slots=True)
class Station:
    """What the daemon lends: its store, its clock, and the doors to its other threads."""

    db: Database
    clock: Clock
    outbox: Outbox
    visits: Mapping[str, Visits]
    syncs: Mapping[str, SyncTurn]
    pauses: Pauses
    wake: Callable[[], object]
    verbosity: Verbosity
    reload: Callable[[], Answer]
    ussd_timeout_s: float = 30.0


@dataclass(slots=True)
class _Console:
    """The AT console of one modem, for one client. `touched`: something was set."""

    peer: Peer
    touched: bool = False


class Answers:
    """The `Clerk` of the listener. Only used by its thread."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._db = station.db
        self._facts = Facts(station.db)
        self._clock = station.clock
        self._since = station.clock.now()
        self._consoles: dict[str, _Console] = {}

    def answer(self, request: Request, peer: Peer) -> Answer | Promise:
        """Raises `ControlRefused`."""
        try:
            found: Answer | Promise = getattr(self, f"_{request.ask}")(peer, **request.given)
        except StoreError as error:
            raise ControlRefused("STORE", str(error)) from error
        return found

    def holds(self, peer: Peer) -> bool:
        """Whether it has an AT console open."""
        return any(console.peer is peer for console in self._consoles.values())

    def left(self, peer: Peer) -> None:
        """Close its consoles. A modem in which something was set is brought up anew."""
        for name, console in tuple(self._consoles.items()):
            if console.peer is peer:
                del self._consoles[name]
                if console.touched:
                    self._station.visits[name].ask(visiting.nothing, renew=True)

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

    def _at(
        self,
        peer: Peer,
        command: str,
        force: bool = False,
        seconds: int = _COMMAND_S,
        modem: str = "",
    ) -> Promise:
        visits = self._modem(modem)
        detail = f"{visits.name}: {masked_line(command)}"
        found = judge(command)
        if found.danger is Danger.NEVER or (found.danger is Danger.FORCE and not force):
            journal.note(self._db, self._clock.now(), peer.name, "at", detail, "refused by relay")
            raise dangerous(found)
        console = self._open_console(visits.name, peer)
        console.touched |= found.danger is not Danger.ASKS
        return self._journaled(
            peer,
            "at --force" if found.danger is Danger.FORCE else "at",
            detail,
            visits,
            visiting.converse(command, seconds),
            lambda answer: answer,
            seconds + _BUSY_S,
            without=True,
            renew=found.danger is Danger.FORCE,
        )

    def _open_console(self, modem: str, peer: Peer) -> _Console:
        """One client at a time. Raises `ControlRefused`."""
        console = self._consoles.setdefault(modem, _Console(peer))
        if console.peer is not peer:
            raise ControlRefused(
                "LOCKED",
                f"{console.peer.name} (process {console.peer.pid}) has the console of modem "
                f"{modem}. Nothing was sent to it.",
                "Try again when that one is closed; it closes by itself after five minutes.",
            )
        return console

    def _sync(self, _: Peer, server: str = "") -> Promise:
        chosen = [server] if server else list(self._station.syncs)
        if server not in ("", *self._station.syncs):
            known = ", ".join(self._station.syncs) or "none"
            raise ControlRefused(
                "NO_SUCH_SERVER", f"There is no server {server!r}.", f"Servers: {known}."
            )
        futures = [self._station.syncs[name].now() for name in chosen]

        def compose(done: Sequence[Future[bool]]) -> Answer:
            outcomes = [self._synced(name, one) for name, one in zip(chosen, done, strict=True)]
            return {"servers": outcomes}

        return Promise(futures, compose, _SYNC_S)

    def _synced(self, name: str, future: Future[bool]) -> Answer:
        """How the exchange went; `code` is that of status, or why there was none."""
        if not future.done() or future.cancelled():
            return {"server": name, "code": "STILL_AT_IT", "detail": "", "tried": False}
        tried = future.result()
        if not tried:
            code = "PAUSED" if self._station.pauses.holds("sync") else "IN_FLIGHT"
            return {"server": name, "code": code, "detail": "", "tried": False}
        fact = self._facts.get(f"server.{name}.outcome")
        outcome = fact.value if fact is not None and isinstance(fact.value, dict) else {}
        return {
            "server": name,
            "code": str(outcome.get("code", "")),
            "detail": str(outcome.get("detail", "")),
            "tried": True,
        }

    # --- asks that change how relay works -------------------------------------------------------

    def _pause(self, peer: Peer, what: str = PAUSABLE[0]) -> Answer:
        now, pauses = self._clock.now(), self._station.pauses
        if pauses.pause(now, what, peer.name):
            journal.note(self._db, now, peer.name, "pause", what, "OK")
        return {"paused": pauses.held()}

    def _resume(self, peer: Peer, what: str = "") -> Answer:
        now, pauses = self._clock.now(), self._station.pauses
        for one in [what] if what else PAUSABLE:
            if pauses.resume(one):
                journal.note(self._db, now, peer.name, "resume", one, "OK")
        self._station.wake()
        return {"paused": pauses.held()}

    def _loglevel(self, peer: Peer, level: str, minutes: int | None = None) -> Answer:
        held = self._station.verbosity.set(level, minutes)
        journal.note(self._db, self._clock.now(), peer.name, "loglevel", level, "OK")
        return {"level": level, "minutes": held}

    def _reload(self, peer: Peer) -> Answer:
        entry = journal.note(self._db, self._clock.now(), peer.name, "reload")
        try:
            answer = self._station.reload()
        except ControlRefused as error:
            journal.settle(self._db, entry, error.code)
            raise
        journal.settle(self._db, entry, "OK")
        return answer

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
        renew: bool = False,
    ) -> Promise:
        """Written down before it is done, and once more when it is known how it went."""
        entry = journal.note(self._db, self._clock.now(), peer.name, what, detail)
        future = visits.ask(errand, without=without, renew=renew)

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
    if error is not None:
        return masked_digits(str(error))
    found = future.result()
    return str(found.get("final", "OK")) if isinstance(found, Mapping) else "OK"


def dangerous(found: Judgement) -> ControlRefused:
    """Why relay does not let a command through."""
    what = f"{found.command} {found.why}. It was not sent to the modem."
    if found.danger is Danger.NEVER:
        return ControlRefused("NEVER", what, "relay never lets it through.")
    return ControlRefused("DANGEROUS", what, "If you mean it: the same with --force")


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
