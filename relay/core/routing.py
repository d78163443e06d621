"""Which modem takes which message. Pure: the routes are what is known of the modems at a moment.

A rule only ever narrows the choice among modems that work, and none may leave nobody: as long as
one modem works, every message has one that takes it, at the latest when the patience with those
that do not work is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from relay.core.queueing import Selection

Operators = Mapping[str, tuple[str, ...]]  # MCC and MNC -> the beginnings of its numbers


@dataclass(frozen=True, slots=True)
class Route:
    """One modem. `since` is when it began to work, or ceased to (epoch ms, None: never known).

    `sim` tells SIMs apart, `network` is the IMSI, which begins with MCC and MNC of the operator;
    `credit` is what is left on the SIM, None where nobody knows.
    """

    name: str
    works: bool
    since: int | None = None
    sim: str = ""
    prefixes: tuple[str, ...] = ()
    network: str = ""
    credit: float | None = None


def operators_of(lines: Iterable[str]) -> Operators:
    """From lines such as '64502 +26096 +26076': MCC and MNC, then the beginnings of numbers."""
    words = (line.split() for line in lines)
    return {code: tuple(prefixes) for code, *prefixes in words}


def takers(
    recipient: str, routes: Sequence[Route], operators: Operators, now: int, patience_ms: int
) -> frozenset[str]:
    """The names of the modems that may take a message to this number now; any of them will do.

    An empty SIM stands aside while another is not known to be empty. Then the longest prefix
    decides, then the operator of the number. A modem that has not worked for less than
    `patience_ms` keeps what its prefix or operator gives it.
    """
    near = [route for route in routes if route.works or expected(route, now, patience_ms)]
    near = _with_credit(near)
    chosen = _by_prefix(recipient, near) or _by_operator(recipient, near, operators)
    if not chosen:
        chosen = [route for route in near if route.works]
    return frozenset(route.name for route in chosen)


def expected(route: Route, now: int, patience_ms: int) -> bool:
    """Whether a modem that does not work may be back any moment.

    A time that lies ahead is that of a clock that has been set back: then it just went.
    """
    if route.works or route.since is None:
        return False
    return now - route.since < patience_ms


def back_by(routes: Iterable[Route], now: int, patience_ms: int) -> int | None:
    """When the patience with the next modem ends (epoch ms); None if nobody is waited for."""
    ends = [
        min(route.since, now) + patience_ms
        for route in routes
        if route.since is not None and expected(route, now, patience_ms)
    ]
    return min(ends, default=None)


def abandoned(routes: Iterable[Route], now: int, patience_ms: int) -> list[str]:
    """The modems that have been away for so long that others do their work."""
    return [
        route.name for route in routes if not route.works and not expected(route, now, patience_ms)
    ]


def selection_of(
    mine: str, routes: Sequence[Route], operators: Operators, now: int, patience_ms: int
) -> Selection:
    """What the modem `mine` may claim: of a long message only what its own SIM has begun."""
    own = next((route for route in routes if route.name == mine), Route(mine, works=True))
    if len(routes) < 2:
        return Selection(sim=own.sim)
    return Selection(
        suits=_suits(mine, routes, operators, now, patience_ms),
        opens_at=back_by(routes, now, patience_ms),
        sim=own.sim,
    )


def _suits(
    mine: str, routes: Sequence[Route], operators: Operators, now: int, patience_ms: int
) -> Callable[[str], bool]:
    return lambda recipient: mine in takers(recipient, routes, operators, now, patience_ms)


def _by_prefix(recipient: str, routes: Sequence[Route]) -> list[Route]:
    """Those whose prefix fits best."""
    longest = {route.name: _fit(recipient, route.prefixes) for route in routes}
    best = max(longest.values(), default=0)
    return [route for route in routes if best and longest[route.name] == best]


def _by_operator(recipient: str, routes: Sequence[Route], operators: Operators) -> list[Route]:
    """Those whose SIM is of the operator that the number belongs to."""
    fits = {code: _fit(recipient, prefixes) for code, prefixes in operators.items()}
    best = max(fits.values(), default=0)
    codes = tuple(code for code, fit in fits.items() if best and fit == best)
    return [route for route in routes if codes and route.network.startswith(codes)]


def _fit(recipient: str, prefixes: Iterable[str]) -> int:
    return max((len(one) for one in prefixes if recipient.startswith(one)), default=0)


def _with_credit(routes: list[Route]) -> list[Route]:
    """Without those whose SIM is empty, while another is not known to be."""
    solvent = [route for route in routes if route.credit is None or route.credit > 0]
    return solvent or routes
