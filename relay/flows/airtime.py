"""The airtime of one modem's SIM: asked for between two messages, and read in what comes in.

Somebody else only says that a balance is wanted (a job, a command, a refusal): the modem's own
thread asks, by USSD or by an SMS to the operator, when nothing is on the air.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from relay.core.airtime import Wishes, dialled, terms
from relay.core.balance import Operator, is_sender, is_top_up, read_balance
from relay.core.link import LinkState
from relay.errors import NoReply, Refused
from relay.flows.credit import CreditHold, suspected
from relay.flows.ports import Clock, Modem
from relay.log import event
from relay.store.accounts import Accounts, Letter
from relay.store.facts import Facts
from relay.store.outbox import Outbox

_log = logging.getLogger("relay.airtime")

_IDLE_S = 3600.0
_AGAIN_MS = 30 * 60_000
_TRIES = 4
_OPERATOR_PRIORITY = 20  # the question must not wait behind the queue that it is about
_NO_CODE = (
    "no USSD code is known for this SIM; what a phone dials for the balance belongs into "
    "balance_ussd of [modem.{modem}], then: relay reload"
)


def wanted(modem: str) -> str:
    """The fact by which anybody asks for a balance; its time is the time of the wish."""
    return f"modem.{modem}.balance_wanted"


def want_balances(
    facts: Facts, clock: Clock, modems: Iterable[str], ring: Callable[[], object]
) -> None:
    """Say that the balance of each modem is wanted. From any thread: the modems' own ask."""
    facts.put_all(clock.now(), {wanted(name): True for name in modems}, "the calendar")
    ring()


@dataclass(frozen=True, slots=True)
class AirtimePolicy:
    """`ussd_timeout_s` is the longest that a USSD dialogue may keep the modem from receiving;
    `suspect_ms` the shortest time between two checks on suspicion."""

    wishes: Wishes = field(default_factory=Wishes)
    operators: Sequence[Operator] = ()
    ussd_timeout_s: float = 30.0
    suspect_ms: int = 30 * 60_000


class Airtime:
    """Only used by the modem's thread."""

    def __init__(
        self,
        modem: Modem,
        accounts: Accounts,
        facts: Facts,
        outbox: Outbox,
        clock: Clock,
        policy: AirtimePolicy,
        credit: CreditHold,
    ) -> None:
        self._modem = modem
        self._accounts = accounts
        self._facts = facts
        self._outbox = outbox
        self._clock = clock
        self._policy = policy
        self._credit = credit
        self._terms = Operator()
        self._read_up_to: int | None = None  # the row of the last message that was looked at

    def opened(self) -> None:
        """The SIM may be another one than before."""
        self._credit.opened(self._sim)
        imsi = self._modem.identity.imsi
        self._terms = terms(imsi, self._policy.wishes, self._policy.operators)
        self._accounts.price(
            self._clock.now(),
            self._modem.name,
            self._sim,
            self._policy.wishes.price,
            self._terms.manner.currency,
        )

    def step(self) -> float:
        """Read what the operator wrote, and ask it when a balance is wanted; seconds until the
        next look. Raises `PortLost`; that the operator does not answer is an ordinary outcome.
        """
        self._read_letters()
        if self._modem.link is not LinkState.READY:
            return _IDLE_S
        due_at = self._check_due_at()
        now = self._clock.now()
        if due_at is None:
            return _IDLE_S
        if due_at > now:
            return (due_at - now) / 1000
        self.check()
        return 0.0

    # --- asking ---------------------------------------------------------------------------------

    def check(self) -> None:
        """Ask the operator now. Raises `PortLost`."""
        if self._terms.ussd:
            self._ask_by_ussd(dialled(self._terms.ussd))
        elif self._terms.sms_to:
            self._ask_by_sms()
        else:
            self._note("impossible", _NO_CODE.format(modem=self._modem.name))

    def _check_due_at(self) -> int | None:
        """When the operator is to be asked (epoch ms); None if nobody wants to know."""
        times = (self._wished_at(), self._suspected_at(), self._probe_at())
        return min((at for at in times if at is not None), default=None)

    def _wished_at(self) -> int | None:
        wish = self._facts.get(wanted(self._modem.name))
        if wish is None:
            return None
        at, tries = self._failed_since(wish.at)
        if at is None or 0 < tries < _TRIES:
            return wish.at if at is None else at + _AGAIN_MS
        return None

    def _suspected_at(self) -> int | None:
        """On suspicion it is asked only where that is free, and not too often."""
        suspicion = self._facts.get(suspected(self._modem.name))
        if suspicion is None or not self._terms.ussd:
            return None
        last = self._facts.get(self._key("balance_check"))
        if last is None:
            return suspicion.at
        earliest = min(last.at, self._clock.now()) + self._policy.suspect_ms
        return max(suspicion.at, earliest) if suspicion.at > last.at else None

    def _probe_at(self) -> int | None:
        """Before a message probes whether there is credit again, the operator is asked."""
        probe_at = self._credit.probe_at()
        if probe_at is None or not self._terms.ussd:
            return None
        last = self._facts.get(self._key("balance_check"))
        return probe_at if last is None or last.at < probe_at else None

    def _failed_since(self, wished_at: int) -> tuple[int | None, int]:
        """When the operator was last asked since the wish, and how often in vain."""
        last = self._facts.get(self._key("balance_check"))
        if last is None or last.at < wished_at or not isinstance(last.value, dict):
            return None, 0
        return last.at, int(last.value.get("tries", 0))

    def _ask_by_ussd(self, code: Sequence[str]) -> None:
        try:
            answer = self._modem.ussd(code[0], code[1:], self._policy.ussd_timeout_s)
        except (Refused, NoReply) as error:
            self._note("failed", str(error))
            return
        if self._take(answer, "USSD"):
            self._note("done", "")
        else:
            self._note("unreadable", "no pattern fits the answer")

    def _ask_by_sms(self) -> None:
        self._outbox.enqueue(
            self._clock.now(),
            recipient=self._terms.sms_to,
            text=self._terms.sms_text,
            priority=_OPERATOR_PRIORITY,
        )
        self._note("asked", "")

    # --- what the operator says -----------------------------------------------------------------

    def _read_letters(self) -> None:
        """Messages from the operator that came since the last look."""
        if self._read_up_to is None:
            self._read_up_to = self._last_read()
        letters = self._accounts.letters(self._clock.now(), self._read_up_to)
        if not letters:
            return
        for letter in letters:
            if letter.modem == self._modem.name and is_sender(letter.sender, self._terms.senders):
                self._read(letter)
        self._read_up_to = letters[-1].id
        self._facts.put(self._clock.now(), self._key("letters_read"), self._read_up_to)

    def _last_read(self) -> int:
        known = self._facts.get(self._key("letters_read"))
        return (
            known.value if known and isinstance(known.value, int) else self._accounts.last_letter()
        )

    def _read(self, letter: Letter) -> None:
        """A balance, or the news that somebody has topped up."""
        if self._take(letter.text, "SMS", keep=False):
            self._note("done", "")
        elif is_top_up(letter.text, self._terms.manner):
            _log.info(event("airtime.topped_up", modem=self._modem.name))
            self._facts.put(self._clock.now(), wanted(self._modem.name), True, "a top-up")
            self._credit.topped_up()

    def _take(self, answer: str, via: str, *, keep: bool = True) -> bool:
        """Keep the balance that an answer tells; whether it tells one. The words of an answer
        that was asked for are kept for a person at this machine, and never logged."""
        now = self._clock.now()
        seen = read_balance(answer, self._terms.manner)
        if keep or seen is not None:
            self._facts.put(now, self._key("balance_answer"), answer, via)
        if seen is not None:
            price = self._policy.wishes.price
            self._accounts.observe(now, self._modem.name, self._sim, seen, via, price)
            _log.info(event("airtime.balance", modem=self._modem.name, via=via))
            self._credit.balance_seen()
        return seen is not None

    def _note(self, state: str, error: str) -> None:
        """How the last check went: done, asked, failed, unreadable or impossible."""
        wish = self._facts.get(wanted(self._modem.name))
        tries = self._failed_since(wish.at)[1] + 1 if state == "failed" and wish else 0
        value = {"state": state, "error": error, "tries": tries, "ussd": self._terms.ussd}
        self._facts.put(self._clock.now(), self._key("balance_check"), value)
        if state in ("failed", "unreadable"):
            _log.warning(event(f"airtime.{state}", modem=self._modem.name, error=error))

    @property
    def _sim(self) -> str:
        return self._modem.identity.iccid or self._modem.identity.imsi

    def _key(self, name: str) -> str:
        return f"modem.{self._modem.name}.{name}"
