"""Keeping one modem up: open it, look after it, and try again when it is gone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict

from relay.core.backoff import delay_s
from relay.core.causes import cause_of
from relay.core.device import Restarted, Survey, Urc
from relay.core.ladder import Trouble
from relay.core.link import READABLE
from relay.core.port_health import IN_THE_WAY
from relay.errors import ModemError, NoReply, PortLost, Refused, SimProblem
from relay.flows.ports import Chance, Clock, Modem
from relay.flows.recovery import Recovery
from relay.log import Repeated, event
from relay.store.facts import Facts

_log = logging.getLogger("relay.linking")

_BASE_S = 2.0
_CAP_S = 60.0
_REFUSALS_BEFORE_REOPEN = 5
_DOUBT_S = 5.0  # after a refusal the next survey comes so soon
# What a modem says whose SIM was taken out, or exchanged for one that asks for a PIN, while it
# runs: only bringing it up anew finds out which, and whose it is.
_ANOTHER_SIM = frozenset({
    "PIN_REFUSED", "PIN_REQUIRED", "PUK_BLOCKED", "SIM_ABSENT", "SIM_FAILURE", "SIM_WRONG",
})  # fmt: skip


class Linking:
    """The link of one modem. Only used by that modem's thread."""

    def __init__(
        self,
        modem: Modem,
        facts: Facts,
        clock: Clock,
        chance: Chance,
        survey_s: float = 60,
        recovery: Recovery | None = None,
        surveyed: Callable[[Survey], None] = lambda _: None,
    ) -> None:
        self._modem = modem
        self._recovery = recovery or Recovery(modem, facts, clock)
        self._facts = facts
        self._clock = clock
        self._chance = chance
        self._survey_s = survey_s
        self._surveyed = surveyed
        self._failures = 0
        self._refusals = 0
        self._retry_at = 0.0  # monotonic
        self._absent = False  # something at the port was in the way, the last time
        self._survey_at = 0.0  # monotonic
        self._said = Repeated()
        self._up = False  # until we know of its loss
        self._state, self._since = self._last_known()

    @property
    def usable(self) -> bool:
        return self._modem.link in READABLE

    def open(self) -> float:
        """Bring the modem up if it is time; seconds until the next try, 0 when it is up.

        A missing modem is an ordinary state: it is a fact, and a line in the log now and then.
        """
        left = self._retry_at - self._clock.monotonic()
        if left > 0:
            return left
        if self._up:
            return self._failed(PortLost(self._modem.name, "it hung up"))
        try:
            self._modem.open()
        except ModemError as error:
            return self._failed(error)
        self._up = True
        if (wait := self._recovery.came_up()) is not None:
            return self._pause(wait)
        self._failures = self._refusals = 0
        self._survey_at = 0.0
        self._put("identity", asdict(self._modem.identity), "AT+CGMM, AT+CGSN, AT+CCID")
        self._put("opened", True, "")
        _log.info(event("link.open", modem=self._modem.name, state=self._modem.link))
        return 0.0

    def hurry(self) -> None:
        """Something was plugged in or pulled out: what was not there is looked for at once."""
        if self._absent:
            self._retry_at = 0.0

    def notice(self, urcs: Sequence[Urc]) -> None:
        """Raises `PortLost` when the modem has restarted and forgotten its settings."""
        for urc in urcs:
            if isinstance(urc, Restarted):
                raise PortLost(self._modem.name, f"the modem restarted by itself ({urc.line})")

    def look_soon(self) -> None:
        """Something happened after which the modem may have forgotten its settings."""
        self._survey_at = 0.0

    def renew(self) -> float:
        """A person changed something: bring the modem up anew, at once; seconds until that."""
        self._modem.close()
        self._up, self._retry_at = False, 0.0
        _log.info(event("link.renewed", modem=self._modem.name))
        return 0.0

    def look_after(self) -> float:
        """Survey the modem when it is time; seconds until the next survey."""
        left = self._survey_at - self._clock.monotonic()
        if left > 0:
            return left
        self.survey()
        return self._survey_s

    def survey(self) -> Survey:
        """Survey the modem now. Raises `PortLost` when it has forgotten its settings."""
        self._survey_at = self._clock.monotonic() + self._survey_s
        if not self._modem.check():
            raise PortLost(self._modem.name, "the modem has forgotten its settings")
        survey = self._modem.survey()
        self._put_all({"survey": asdict(survey), "link": self._link("")}, "AT+CSQ, AT+CREG")
        self._hear_the_time(survey.clock)
        self._surveyed(survey)
        return survey

    def _hear_the_time(self, meant: Sequence[int]) -> None:
        """A modem has the time from its network, or from nobody, and does not say which."""
        if meant:
            now = self._clock.now()
            nearest = min(meant, key=lambda at: abs(at - now))
            self._clock.heard(f"modem {self._modem.name}", nearest, sure=False)

    def lost(self, error: ModemError) -> float:
        """A command failed: forgive a refusal, close on anything worse; seconds to wait."""
        if isinstance(error, Refused):
            if (code := cause_of(error).code) in _ANOTHER_SIM:
                return self._failed(SimProblem(code, f"the modem says {error}"))
            self._refusals += 1
            self._survey_at = self._clock.monotonic() + min(_DOUBT_S, self._survey_s)
            if self._refusals < _REFUSALS_BEFORE_REOPEN:
                if self._said.worth(str(error), self._clock.monotonic()):
                    _log.warning(event("link.refused", modem=self._modem.name, error=str(error)))
                return 1.0
        return self._failed(error)

    def fine(self) -> None:
        """A whole turn went well."""
        self._up, self._refusals = True, 0
        self._recovery.fine()

    def worked(self, trouble: Trouble) -> None:
        """The modem did what it may have failed to do before."""
        self._recovery.worked(trouble)

    def proves(self, trouble: Trouble) -> bool:
        """Whether the modem was cured of this, and has yet to show it."""
        return self._recovery.proves(trouble)

    def close(self) -> None:
        self._modem.close()
        self._put("link", self._link("relay was stopped"), "")

    # --- failure --------------------------------------------------------------------------------

    def _failed(self, error: ModemError) -> float:
        """Have it treated; seconds until it is to be opened, 0 when it is open (again)."""
        if self._said.worth(_words(error), self._clock.monotonic()):
            _log.warning(event("link.down", modem=self._modem.name, error=_words(error)))
        self._absent = _code(error) in IN_THE_WAY
        wait = self._recovery.treat(error)
        self._up = self.usable
        link = self._link("") if self._up else self._link(_words(error), _code(error))
        self._put("link", link, "")
        if wait is not None:
            return self._pause(wait)
        self._failures += 1
        return self._pause(
            delay_s(self._failures, base_s=_BASE_S, cap_s=_CAP_S, chance=self._chance())
        )

    def _pause(self, seconds: float) -> float:
        self._up = self.usable
        self._retry_at = self._clock.monotonic() + seconds
        return seconds

    def _link(self, detail: str, code: str = "") -> dict[str, object]:
        """The link's state, why, and since when it is so (over restarts of relay too)."""
        state = self._modem.link
        if state != self._state:
            self._state, self._since = state, self._clock.now()
        elif (known := self._last_known())[0] == state:
            self._since = known[1]  # it may have been dated anew meanwhile
        return {"state": state, "detail": detail, "since": self._since, "code": code}

    def _last_known(self) -> tuple[str, int]:
        fact = self._facts.get(f"modem.{self._modem.name}.link")
        known = fact.value if fact is not None and isinstance(fact.value, dict) else {}
        return str(known.get("state", "")), int(known.get("since", 0))

    def _put(self, name: str, value: object, source: str) -> None:
        self._put_all({name: value}, source)

    def _put_all(self, values: dict[str, object], source: str) -> None:
        keyed = {f"modem.{self._modem.name}.{name}": value for name, value in values.items()}
        self._facts.put_all(self._clock.now(), keyed, source)


def _words(error: ModemError) -> str:
    if isinstance(error, PortLost | NoReply | SimProblem):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _code(error: ModemError) -> str:
    """The stable word for what is in the way of the port, where that is known."""
    return error.code if isinstance(error, PortLost) else ""
