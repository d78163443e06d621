"""A channel as a rule set describes it: `[channel.NAME]`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

from relay.core.people import tag_of
from relay.core.plain import HOUR, MINUTE
from relay.core.quiet import Quiet
from relay.errors import RuleError

LANGUAGES = ("en", "fr", "sw", "es", "ne", "hi", "pt")
_NAME = re.compile(r"[^\W_]{2,20}")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, slots=True)
class Channel:
    """Who may post, approve and follow, and how posts go out. `posters` and the like are tags.

    `approvals` people besides the author say OK, two in quiet hours; 0: nobody need. `join` are
    the tags of those who may follow, empty for anyone; who has one of `groups` gets every post
    without following. A post may name a place of the levels in `reach`, empty for any. `quiet`
    None: the station's own quiet hours. `night`: what two have approved goes out in them too.
    """

    name: str
    titles: Mapping[str, str]
    posters: frozenset[str]
    approvers: frozenset[str] = frozenset()
    approvals: int = 1
    join: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    rumors_to: frozenset[str] = frozenset()
    quiet: Quiet | None = None
    night: bool = False
    places: bool = False
    latest: bool = False
    signed: bool = False
    reach: tuple[str, ...] = ()
    languages: tuple[str, ...] = LANGUAGES
    posts_per_day: int = 10
    max_sms: int = 3
    approval_ms: int = 30 * MINUTE
    digest_ms: int = HOUR
    useful_ms: int = 24 * HOUR


def read(section: Mapping[str, object]) -> Mapping[str, Channel]:
    """The channels of one rule set, by name. Raises `RuleError` for the first mistake."""
    found: dict[str, Channel] = {}
    for name, table in section.items():
        keys = ("channel", name)
        if not _NAME.fullmatch(name):
            _wrong(keys, "is no name of a channel", "write one word of letters and digits")
        if not isinstance(table, Mapping):
            _wrong(keys, "is no section", f"write [channel.{name}]")
        if any(other.casefold() == name.casefold() for other in found):
            _wrong(keys, "has the name of another channel", "give it a name of its own")
        found[name] = _channel(name, table)
    return found


def _channel(name: str, table: Mapping[str, object]) -> Channel:
    values: dict[str, Any] = {}
    for key, value in table.items():
        keys = ("channel", name, key)
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it knows: {', '.join(_KEYS)}"
            _wrong(keys, "is not known", hint)
        reader = _KEYS[key]
        values[reader.field] = reader.read(value, keys)
    values.setdefault("titles", {"en": name})
    channel = Channel(name=name, **{"posters": frozenset(), **values})
    _check(channel, ("channel", name))
    return channel


def _check(channel: Channel, keys: tuple[str, ...]) -> None:
    if not channel.posters:
        _wrong((*keys, "posters"), "is missing", 'say who may post, such as posters = ["team"]')
    if channel.approvals and not channel.approvers:
        _wrong((*keys, "approvers"), "is missing",
               "say who approves posts, or write approvals = 0")  # fmt: skip
    if channel.reach and not channel.places:
        _wrong((*keys, "reach"), "needs places", "write places = true as well")


# --- the keys -----------------------------------------------------------------------------------

_Keys = tuple[str, ...]


class _Key(NamedTuple):
    field: str
    read: Callable[[object, _Keys], object]


def _wrong(keys: _Keys, what: str, remedy: str) -> NoReturn:
    raise RuleError(keys, what, remedy)


def _titles(value: object, keys: _Keys) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or not value:
        _wrong(keys, "is no text", f'write {keys[-1]}.en = "…"')
    for language, text in value.items():
        if language not in LANGUAGES:
            _wrong((*keys, language), "is no language", f"it is one of {', '.join(LANGUAGES)}")
        if not isinstance(text, str) or not text.strip():
            _wrong((*keys, language), "is empty", "write a text")
    return dict(value)


def _texts(value: object, keys: _Keys) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        _wrong(keys, "is no list of words", f'write {keys[-1]} = ["one", "two"]')
    return tuple(listed)


def _tags(value: object, keys: _Keys) -> frozenset[str]:
    words = [one.removeprefix("tag:") for one in _texts(value, keys)]
    for word in words:
        if tag_of(word) is None:
            _wrong(keys, f'"{word}" is no tag', "tags are small letters, digits and -")
    return frozenset(tag for word in words if (tag := tag_of(word)))


def _join(value: object, keys: _Keys) -> frozenset[str]:
    return frozenset() if value == "anyone" else _tags(value, keys)


def _reach(value: object, keys: _Keys) -> tuple[str, ...]:
    return tuple(one.strip().casefold() for one in _texts(value, keys))


def _languages(value: object, keys: _Keys) -> tuple[str, ...]:
    listed = _texts(value, keys)
    if unknown := [one for one in listed if one not in LANGUAGES]:
        _wrong(keys, f'"{unknown[0]}" is no language', f"it is one of {', '.join(LANGUAGES)}")
    return listed or LANGUAGES


def _quiet(value: object, keys: _Keys) -> Quiet:
    times = _texts(value, keys)
    if len(times) != 2 or not all(_TIME.fullmatch(one) for one in times) or times[0] == times[1]:
        _wrong(keys, "are no two times", f'write {keys[-1]} = ["20:00", "07:00"]')
    return Quiet(*times)


def _latest(value: object, keys: _Keys) -> bool:
    if value not in ("all", "latest"):
        _wrong(keys, "is neither", '"all" or "latest"')
    return value == "latest"


def _yes_or_no(value: object, keys: _Keys) -> bool:
    if not isinstance(value, bool):
        _wrong(keys, "is neither", "true or false")
    return value


def _whole(least: int, most: int, unit: int = 1) -> Callable[[object, _Keys], int]:
    def read_whole(value: object, keys: _Keys) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            _wrong(keys, "is out of range", f"write a number from {least} to {most}")
        return value * unit

    return read_whole


_KEYS: Mapping[str, _Key] = {
    "title": _Key("titles", _titles),
    "posters": _Key("posters", _tags),
    "approvers": _Key("approvers", _tags),
    "approvals": _Key("approvals", _whole(0, 2)),
    "approval_min": _Key("approval_ms", _whole(1, 24 * 60, MINUTE)),
    "join": _Key("join", _join),
    "groups": _Key("groups", _tags),
    "places": _Key("places", _yes_or_no),
    "reach": _Key("reach", _reach),
    "mode": _Key("latest", _latest),
    "quiet": _Key("quiet", _quiet),
    "night": _Key("night", _yes_or_no),
    "languages": _Key("languages", _languages),
    "signed": _Key("signed", _yes_or_no),
    "max_sms": _Key("max_sms", _whole(1, 10)),
    "max_posts_per_day": _Key("posts_per_day", _whole(0, 1000)),
    "useful_h": _Key("useful_ms", _whole(1, 24 * 31, HOUR)),
    "digest_min": _Key("digest_ms", _whole(0, 24 * 60, MINUTE)),
    "rumors_to": _Key("rumors_to", _tags),
}
