"""Any station at all: long names, huge numbers, unknown facts, all that can be wrong at once."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from relay.core.station import Station

NOW = 1_780_000_000_000

_WORDS = st.sampled_from(
    ["", "usb1", "Zahanati ya Mwase-Lundazi", "स्वास्थ्य चौकी, धादिङ", "x" * 90, "a b " * 30,
     "/media/" + "y" * 120, "NET_DNS", "AUTH_401", "TLS_NAME", "HTTP_404", "OK", "PORT_MISSING",
     "PORT_BUSY", "unreadable", "replaced", "{x} %s"]
)  # fmt: skip
_NUMBERS = st.sampled_from([0, 1, 2, 3, 5, 21, 99, 1_000, 4_821, 10**9, 10**15])
_TIMES = st.sampled_from(
    [NOW, NOW - 1_000, NOW - 50_000, NOW - 1_800_000, NOW - 7_200_000, NOW - 3 * 86_400_000,
     NOW - 40 * 86_400_000, NOW + 7_200_000, 0]
)  # fmt: skip


def _of(kind: Any, name: str) -> st.SearchStrategy[Any]:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return st.one_of([st.none() if one is type(None) else _of(one, name) for one in inner])
    if origin is tuple and inner[-1:] == (...,):
        return st.lists(_of(inner[0], name), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(_of(one, name) for one in inner))
    if origin in (dict, Mapping):
        return st.dictionaries(_of(inner[0], name), _of(inner[1], name), max_size=2)
    return _alone(kind, name)


def _alone(kind: Any, name: str) -> st.SearchStrategy[Any]:
    if is_dataclass(kind) and isinstance(kind, type):
        return stations_of(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    if kind is bool:
        return st.booleans()
    if kind is int:
        timed = name.endswith(("_at", "since", "until", "last_ok", "_ended")) or name == "at"
        return _TIMES if timed else _NUMBERS | st.integers(-120, 120)
    if kind is float:
        return st.sampled_from([0.0, 0.4, 13.4, -7200.0, 1e9])
    assert kind is str, (kind, name)
    return _WORDS


def stations_of(kind: type, **known: Any) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    drawn = {one.name: _of(hints[one.name], one.name) for one in fields(kind)}
    given = {name: st.just(value) for name, value in known.items()}
    return st.builds(kind, **{**drawn, **given})


# A trouble of the store is one of its codes, or none.
_STORES = st.sampled_from(
    [None, None, None, "STORE_CORRUPT", "STORE_TOO_NEW", "STORE_OUTDATED", "STORE_BUSY",
     "STORE_UNREADABLE"]
)  # fmt: skip


@st.composite
def stations(draw: st.DrawFn) -> Station:
    from dataclasses import replace

    known = {} if draw(st.integers(0, 9)) == 0 else {"config_problems": ()}
    station: Station = draw(stations_of(Station, now=NOW, **known))
    return replace(station, store=replace(station.store, trouble=draw(_STORES)))
