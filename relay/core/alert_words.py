"""The text of an alert: one SMS in the GSM 7-bit alphabet, whatever has to be said."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

from relay.core.alert_kinds import short
from relay.core.alerts import Told, Watch
from relay.core.gsm7 import DEFAULT

# One SMS without a header (3GPP TS 23.038 §6.1.2.1).
LONGEST = 160
_NAME = 24

# Epoch ms as `2026-11-24 14:10:00` of the clock on the wall.
Local = Callable[[int], str]


def alert_text(station: str, watches: Sequence[Watch], now: int, local: Local) -> str:
    """`Mwase clinic: modem usb1 missing or silent since 14:10; solved: …`.

    What has no room is counted at the end; status has all of it.
    """
    said = [_item(watch, now, local) for watch in _newest_first(watches)]
    head = f"{_plain(station)[:_NAME].strip() or 'relay'}: "
    for n in range(len(said), 0, -1):
        more = len(said) - n
        tail = f"; +{more} more, see relay status" if more else ""
        text = head + "; ".join(said[:n]) + tail
        if len(DEFAULT.encode(text) or b"") <= LONGEST:
            return text
    return (head + said[0])[: LONGEST // 2]  # letters of the extension take two septets


def trial_text(station: str) -> str:
    """What `relay alerts test` sends."""
    return f"{_plain(station)[:_NAME].strip() or 'relay'}: this is a test of relay's alerts."


def _newest_first(watches: Sequence[Watch]) -> list[Watch]:
    """What is new before what lasts, and that before what is over."""
    return sorted(watches, key=lambda one: (one.away_at is not None, one.told is not Told.NOTHING))


def _item(watch: Watch, now: int, local: Local) -> str:
    words = _plain(short(watch.kind, watch.code, watch.subject))
    since = _time(watch.began_at, now, local)
    if watch.away_at is not None:
        return f"solved: {words} ({since} to {_time(watch.away_at, now, local)})"
    still = "still " if watch.told is not Told.NOTHING else ""
    return f"{still}{words} since {since}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _time(at: int, now: int, local: Local) -> str:
    """`14:10` of today, `22 Nov 14:10` of another day."""
    day, _, clock = local(at).partition(" ")
    if day == local(now).partition(" ")[0]:
        return clock[:5]
    try:
        return f"{int(day[8:10])} {_MONTHS[int(day[5:7]) - 1]} {clock[:5]}"
    except (ValueError, IndexError):
        return day


def _plain(text: str) -> str:
    """In letters that one SMS of 160 can carry: `São João` becomes `Sao Joao`."""
    return "".join(_letter(one) for one in text)


def _letter(one: str) -> str:
    if one.isprintable() and DEFAULT.encode(one) is not None:
        return one
    bare = unicodedata.normalize("NFKD", one)[:1]
    return bare if bare.isprintable() and DEFAULT.encode(bare) is not None else "?"
