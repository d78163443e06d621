"""Choosing the message memories: where to receive, where to store, what to sweep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from relay.core.device import MemoryUse
from relay.core.replies import chosen_use, memory_choices
from relay.modem.profiles import Profile
from relay.modem.session import Session

# MT shows SM and ME together: sweeping it as well would show every message twice.
_SWEPT = ("SM", "ME", "SR")
_LAST = ("BM", "TA")
_TRIES = 4


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """`receive` is mem3 and rests in mem1; `store` is mem2; `sweep` ends with `receive`.

    An empty `receive` means that the modem has no say in memories: AT+CPMS is not used.
    """

    receive: str = ""
    store: str = ""
    sweep: tuple[str, ...] = ()
    sizes: tuple[MemoryUse, ...] = ()


def choose_memories(session: Session, profile: Profile) -> MemoryPlan:
    """Ask what there is, choose the larger for reception, and set it.

    Just after a start or a PIN, modems refuse AT+CPMS for some seconds.
    """
    for _ in range(_TRIES - 1):
        plan = _chosen(session, profile)
        if plan.receive:
            return plan
        session.wire.pause(session.patience.pause_s)
    return _chosen(session, profile)


def _chosen(session: Session, profile: Profile) -> MemoryPlan:
    choices = memory_choices(session.ask_if_known("AT+CPMS=?") or [])
    read, write, keep = _three(choices or (("SM", "ME"),))
    sizes = tuple(_sizes(session, _sweepable(read)))
    if not sizes:
        return MemoryPlan()
    receive = _largest(sizes, keep, profile.receive)
    store = next((memory for memory in profile.store if memory in write), "")
    store, receive = _set(session, receive, store)
    others = [use.memory for use in sizes if use.memory != receive]
    return MemoryPlan(receive, store, (*others, receive), sizes)


def _three(
    choices: tuple[tuple[str, ...], ...],
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    read = choices[0]
    write = choices[1] if len(choices) > 1 else read
    return read, write, choices[2] if len(choices) > 2 else read


def _sweepable(memories: Iterable[str]) -> list[str]:
    offered = set(memories)
    found = [memory for memory in _SWEPT if memory in offered]
    # MT alone; never BM (cell broadcasts) or TA where there is anything else.
    return found or sorted(offered, key=lambda memory: (memory in _LAST, memory))[:1]


def _sizes(session: Session, memories: Iterable[str]) -> Iterable[MemoryUse]:
    for memory in memories:
        lines = _selected(session, memory)
        if lines is not None:
            used, total = chosen_use(lines) or (0, 0)
            yield MemoryUse(memory, used, total)


def _selected(session: Session, memory: str) -> list[str] | None:
    """None where the modem has no such memory. One lost answer must not hide its messages."""
    command = f'AT+CPMS="{memory}"'
    lines = session.ask_if_known(command)
    return session.ask_if_known(command) if lines is None else lines


def _largest(sizes: tuple[MemoryUse, ...], keep: tuple[str, ...], order: tuple[str, ...]) -> str:
    """For reception: the larger of SM and ME, as far as the modem can receive into it."""
    fitting = [use for use in sizes if use.memory in keep and use.memory != "SR"] or list(sizes)
    rank = {memory: place for place, memory in enumerate(order)}
    best = max(fitting, key=lambda use: (use.total, -rank.get(use.memory, len(rank))))
    return best.memory


def _set(session: Session, receive: str, store: str) -> tuple[str, str]:
    """Set all three, or as many as the modem lets; (store, receive) as they are then."""
    if store and session.ask_if_known(f'AT+CPMS="{receive}","{store}","{receive}"') is not None:
        return store, receive
    if store and session.ask_if_known(f'AT+CPMS="{receive}","{store}"') is not None:
        return store, receive
    session.ask_if_known(f'AT+CPMS="{receive}"')
    return "", receive
