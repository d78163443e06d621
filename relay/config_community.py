"""The section about what relay does for the community: which rules hold, and their limits."""

from __future__ import annotations

from dataclasses import dataclass

from relay import config_values as values
from relay.config_keys import setting
from relay.config_values import Place

LANGUAGES = ("en", "fr", "sw", "es", "ne", "hi", "pt")


def rule_sets(value: object, place: Place) -> tuple[str, ...]:
    """Names of sets that come with relay, and paths of files; a path is one by its slash or its
    ending. What is in them is looked at later: a broken set must not stop relay."""
    written = values.texts(value, place)
    return tuple(
        str(values.path(one, place)) if "/" in one or one.endswith(".toml") else one
        for one in written
        if one
    )


@dataclass(frozen=True, slots=True)
class CommunityConfig:
    """Without `sets` nobody is answered. `quiet_from` and `quiet_until` are `HH:MM`, local; the
    two `max_` keys are 0 for none, and so is `replies_per_hour`, which holds for each sender."""

    sets: tuple[str, ...] = setting((), rule_sets)
    language: str = setting("en", values.one_of(*LANGUAGES))
    quiet_from: str = setting("20:00", values.time_of_day_or_none)
    quiet_until: str = setting("07:00", values.time_of_day_or_none)
    replies_per_hour: int = setting(60, values.whole(0, 10_000))
    max_per_day: int = setting(2000, values.whole(0, 1_000_000))
    max_per_month: int = setting(20_000, values.whole(0, 10_000_000))
    reply_useful_h: int = setting(24, values.whole(1, 24 * 28, "hours"))
    stop_holds: str = setting("community", values.one_of("community", "all"))
    default_reply: bool = setting(False, values.yes_or_no)
