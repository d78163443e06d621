"""What was sent, what must arrive, and whether it did: exactly once, byte for byte. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of message: `sent` copies left, `arrived` copies came, with the very same text."""

    who: str
    what: str
    text: str
    sent: int
    arrived: int
    state: str = ""

    @property
    def right(self) -> bool:
        return self.sent == self.arrived and self.state in ("", "delivered")


@dataclass(frozen=True, slots=True)
class Ledger:
    """`strays` are messages that arrived and that nobody sent."""

    reports: tuple[Line, ...]
    replies: tuple[Line, ...]
    strays: int

    @property
    def right(self) -> bool:
        return not self.strays and all(line.right for line in (*self.reports, *self.replies))


@dataclass(frozen=True, slots=True)
class Sent:
    """`who` from whom or to whom, by number; `name` for people; `id` of a server's message."""

    name: str
    who: str
    what: str
    text: str
    id: str = ""


def reconcile(
    reports: Iterable[Sent],
    at_server: Iterable[tuple[str, str]],
    replies: Iterable[Sent],
    on_handsets: Iterable[tuple[str, str]],
    states: Mapping[str, str],
) -> Ledger:
    """Compare both ends; `at_server` and `on_handsets` are (number, text) as they arrived."""
    arrived_up, arrived_down = Counter(at_server), Counter(on_handsets)
    up, down = tuple(reports), tuple(replies)
    return Ledger(
        tuple(_line(sent, up, arrived_up) for sent in _first_of_each(up)),
        tuple(_line(sent, down, arrived_down, states.get(sent.id, "")) for sent in down),
        strays=_strays(up, arrived_up) + _strays(down, arrived_down),
    )


def _line(sent: Sent, all_sent: tuple[Sent, ...], arrived: Counter[tuple[str, str]],
          state: str = "") -> Line:  # fmt: skip
    key = (sent.who, sent.text)
    copies = sum((other.who, other.text) == key for other in all_sent)
    return Line(sent.name, sent.what, sent.text, copies, arrived[key], state)


def _first_of_each(sent: tuple[Sent, ...]) -> list[Sent]:
    return list({(one.who, one.text): one for one in reversed(sent)}.values())[::-1]


def _strays(sent: tuple[Sent, ...], arrived: Counter[tuple[str, str]]) -> int:
    known = {(one.who, one.text) for one in sent}
    return sum(n for key, n in arrived.items() if key not in known)
