"""One turn of a modem's thread: look after the link, receive, then send one part. And one of a
server's thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Protocol

from relay.core.device import Urc
from relay.core.ladder import Trouble
from relay.errors import ModemError
from relay.flows.airtime import Airtime
from relay.flows.linking import Linking
from relay.flows.ports import Clock, Doorbell, Modem
from relay.flows.receiving import Receiving
from relay.flows.roster import Roster
from relay.flows.sending import Sending
from relay.flows.submission import Submission
from relay.flows.syncing import Syncing
from relay.flows.visiting import Host, Renewal, Visits

_SETTLE_EVERY_S = 30.0
_PAUSED_S = 3600.0


class Companion(Protocol):
    """Something else that one modem's thread looks after, each in a module of `relay.flows`."""

    def opened(self) -> None:
        """The modem was opened anew. May raise `ModemError`."""
        ...

    def notice(self, urcs: Sequence[Urc]) -> None:
        """What the modem said by itself. Never touches the port."""
        ...

    def step(self) -> float:
        """Do what is due; seconds until the next. May raise `ModemError`."""
        ...


class ModemTurn:
    """Receive before send, one part a turn: a long outbox cannot starve the inbox.

    Only used by that modem's thread, except `ring` and `visits.ask`.
    """

    def __init__(
        self,
        modem: Modem,
        linking: Linking,
        receiving: Receiving,
        sending: Sending,
        submission: Submission,
        airtime: Airtime,
        roster: Roster,
        clock: Clock,
        peers: Doorbell,
        companions: Sequence[Companion] = (),
        plugs: Callable[[], int] = lambda: 0,
    ) -> None:
        self._modem = modem
        self._linking = linking
        self._receiving = receiving
        self._sending = sending
        self._submission = submission
        self._airtime = airtime
        self._roster = roster
        self._peers = peers  # all modems: the work is shared anew when one comes or goes
        self._clock = clock
        self._companions = companions
        self._plugs = plugs  # how often something was plugged in or pulled out
        self._plugs_seen = plugs()
        self.visits = Visits(Host(modem, linking, airtime, clock))
        self._settle_at = 0.0  # monotonic
        self._begun = False  # what follows an opening has been done

    def step(self) -> float:
        """One turn; seconds until the next one is due. A lost modem is an ordinary outcome."""
        try:
            if not self._linking.usable:
                self._begun = False
                self._look_at_the_bus()
                wait = self._linking.open()
                if wait > 0:
                    return min(wait, self.visits.away())
            if not self._begun:
                self._begin()
            wait = self._work()
        except Renewal:
            self._leave("the modem is brought up anew")
            return self._linking.renew()
        except ModemError as error:
            self._leave(str(error))
            wait = self._linking.lost(error)
            self._peers.ring()
            return wait
        self._linking.fine()
        return wait

    def wait(self, seconds: float) -> None:
        """Until an unsolicited result, a ring, or the time is over."""
        self._modem.wait(seconds)

    def ring(self) -> None:
        """There is something to send. From any thread."""
        self._modem.ring()

    def close(self) -> None:
        self._leave("relay is stopping")
        self._linking.close()
        self.visits.close()

    def _leave(self, cause: str) -> None:
        """Keep and read what came in last, and give back what was claimed ahead."""
        urcs = self._modem.take_urcs()
        self._receiving.notice(urcs)
        self._sending.notice(urcs)
        self._receiving.digest()
        self._sending.put_back(cause)

    def _look_at_the_bus(self) -> None:
        before, self._plugs_seen = self._plugs_seen, self._plugs()
        if before != self._plugs_seen:
            self._linking.hurry()

    def _begin(self) -> None:
        """The modem is up; again in the next turn where the disk is full in the middle of it."""
        self._receiving.opened()
        self._submission.opened(self._modem)
        self._airtime.opened()
        for companion in self._companions:
            companion.opened()
        self._settle_at = 0.0
        self._peers.ring()
        self._begun = True

    def _work(self) -> float:
        urcs = self._modem.take_urcs()
        self._receiving.notice(urcs)
        self._sending.notice(urcs)
        for companion in self._companions:
            companion.notice(urcs)
        self._linking.notice(urcs)
        wait = min(
            self._linking.look_after(),
            *(companion.step() for companion in self._companions),
            self.visits.step(),
            self._receiving.step(),
            self._airtime.step(),
            self._settle(),
            self._roster.step(),
            self._sending.step(),
        )
        self._look_at_the_work()
        return wait

    def _look_at_the_work(self) -> None:
        """A modem that answers every command may still not send. Raises `Ailing`."""
        if self._sending.had_answer():
            self._linking.worked(Trouble.UNANSWERED)
        if self._linking.proves(Trouble.UNANSWERED):
            self._sending.complain(patience=1)  # no more messages in doubt than need be
        self._sending.complain()

    def _settle(self) -> float:
        left = self._settle_at - self._clock.monotonic()
        if left > 0:
            return left
        wait = min(_SETTLE_EVERY_S, self._submission.settle(self._modem))
        self._settle_at = self._clock.monotonic() + wait
        return wait


class SyncTurn:
    """One turn of a server's thread, and what a person wants of it."""

    def __init__(self, flow: Syncing, bell: Doorbell, paused: Callable[[], bool]) -> None:
        self._flow = flow
        self._bell = bell
        self._paused = paused
        self._wishes: deque[Future[bool]] = deque()  # append and popleft are atomic

    def now(self) -> Future[bool]:
        """Have an exchange begin at once, from any thread; whether there was one."""
        wish: Future[bool] = Future()
        self._wishes.append(wish)
        self._bell.ring()
        return wish

    def step(self) -> float:
        """Seconds until the next. Raises `StoreError`."""
        if self._paused():
            self._grant(self._taken(), False)
            return _PAUSED_S
        wishes = self._taken()
        before = self._flow.tries
        if wishes:
            self._flow.hurry()
        try:
            return self._flow.step()
        finally:
            self._grant(wishes, self._flow.tries > before)

    def _taken(self) -> list[Future[bool]]:
        taken = [self._wishes.popleft() for _ in range(len(self._wishes))]
        return [wish for wish in taken if wish.set_running_or_notify_cancel()]

    def _grant(self, wishes: list[Future[bool]], tried: bool) -> None:
        for wish in wishes:
            wish.set_result(tried)
