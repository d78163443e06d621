"""State machines as tables that can be read aloud: state → event type → next state.

A missing key is the error. Nothing that affects a transition lives outside the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from relay.errors import IllegalTransition

S = TypeVar("S", bound=StrEnum)

Table = Mapping[S, Mapping[type, S]]


def step(table: Table[S], state: S, event: object) -> S:
    """The state after `event`; raises `IllegalTransition` where the table has no such move."""
    try:
        return table[state][type(event)]
    except KeyError:
        raise IllegalTransition(state.value, type(event).__name__) from None
