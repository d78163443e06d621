"""What a person asks of a modem while relay runs: done by the modem's own thread, between two
steps, one thing a turn. So nobody else touches the port, and no SMS waits for more than that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from relay.core.link import READABLE
from relay.errors import ModemError, NoReply, PortLost, Refused
from relay.flows.airtime import Airtime
from relay.flows.linking import Linking
from relay.flows.ports import Clock, Modem

# Whoever asks more often than the modem answers is told so.
_MOST = 8
_IDLE_S = 3600.0
_MOST_CHARACTERS = 500_000


class Away(ModemError):
    """The modem is not open, so nothing was asked of it."""

    def __init__(self, modem: str, state: str) -> None:
        super().__init__(f"modem {modem} cannot be asked: its state is {state}")


class Crowded(ModemError):
    """So much was asked of this modem that more would only wait."""

    def __init__(self, modem: str) -> None:
        super().__init__(f"modem {modem} has enough to do; nothing was asked of it")


@dataclass(frozen=True, slots=True)
class Host:
    """What a visitor finds in the modem's thread."""

    modem: Modem
    linking: Linking
    airtime: Airtime
    clock: Clock


Errand = Callable[[Host], Any]


class Renewal(Exception):
    """A person changed something in the modem: it is brought up anew before anybody uses it."""


@dataclass(frozen=True, slots=True)
class _Visit:
    errand: Errand
    future: Future[Any]
    without: bool  # it can be done while the modem is not open
    renew: bool  # the modem is not as it was, afterwards


class Visits:
    """The errands of one modem. `ask` may be called by any thread, the rest by the modem's."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._waiting: deque[_Visit] = deque()  # append and popleft are atomic

    @property
    def name(self) -> str:
        return self._host.modem.name

    def ask(self, errand: Errand, *, without: bool = False, renew: bool = False) -> Future[Any]:
        """Have something done. The future raises what the errand raised, `Away` or `Crowded`."""
        future: Future[Any] = Future()
        if len(self._waiting) >= _MOST:
            future.set_exception(Crowded(self.name))
        else:
            self._waiting.append(_Visit(errand, future, without, renew))
            self._host.modem.ring()
        return future

    def step(self) -> float:
        """Do one thing; seconds until the next. Raises `PortLost` and what is worse, or
        `Renewal` when it is done."""
        if (visit := self._next()) is not None:
            self._receive(visit)
            if visit.renew:
                raise Renewal
        return self._until_next()

    def away(self) -> float:
        """The same while the modem is not open: what needs it is refused."""
        visit = self._next()
        if visit is not None and not visit.without:
            visit.future.set_exception(Away(self.name, self._host.modem.link))
        elif visit is not None:
            with suppress(ModemError):  # that it cannot be reached is known already
                self._receive(visit)
        return self._until_next()

    def close(self) -> None:
        """relay is stopping: nobody waits in vain."""
        while (visit := self._next()) is not None:
            visit.future.set_exception(Away(self.name, "CLOSED"))

    def _until_next(self) -> float:
        return 0.0 if self._waiting else _IDLE_S

    def _next(self) -> _Visit | None:
        while self._waiting:
            visit = self._waiting.popleft()
            if visit.future.set_running_or_notify_cancel():
                return visit
        return None

    def _receive(self, visit: _Visit) -> None:
        try:
            visit.future.set_result(visit.errand(self._host))
        except (Refused, NoReply) as error:
            visit.future.set_exception(error)  # the visitor's matter; else the next turn shows it
        except BaseException as error:
            visit.future.set_exception(_plain(error))
            raise


def _plain(error: BaseException) -> BaseException:
    """As the visitor may see it: a bug is told by its kind, its place stands in the log."""
    if isinstance(error, ModemError):
        return error
    return PortLost("", f"the request ended with {type(error).__name__}")


# --- errands ------------------------------------------------------------------------------------


def survey(host: Host) -> Mapping[str, Any]:
    """Ask the modem and the network now; the facts of status are fresh afterwards."""
    modem = host.modem
    found = asdict(host.linking.survey()) if modem.link in READABLE else None
    return {
        "modem": modem.name,
        "state": str(modem.link),
        "at": host.clock.now(),
        "identity": asdict(modem.identity),
        "survey": found,
    }


def converse(command: str, timeout_s: float) -> Errand:
    """Say a command of the AT console to the modem: the lines of the answer, and its end."""

    def errand(host: Host) -> Mapping[str, Any]:
        try:
            lines, final = host.modem.converse(command, timeout_s), "OK"
        except Refused as error:
            lines, final = [], str(error)
        return {"modem": host.modem.name, "lines": _bounded(lines), "final": final}

    return errand


def _bounded(lines: list[str]) -> list[str]:
    """A modem that babbles must not fill the memory of whoever asked."""
    kept: list[str] = []
    left = _MOST_CHARACTERS
    for line in lines:
        left -= len(line)
        if left < 0:
            return [*kept, f"… {len(lines) - len(kept)} more lines"]
        kept.append(line)
    return kept


def nothing(_: Host) -> None:
    """An errand for the sake of what follows it."""


def ussd(code: str, replies: tuple[str, ...], timeout_s: float) -> Errand:
    """Dial a USSD code and answer its menus; the network's last words."""
    return lambda host: host.modem.ussd(code, replies, timeout_s)
