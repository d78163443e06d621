"""Unusual silence: how often it is a false alarm, and how soon a deaf modem is found."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from relay.core.rhythm import HOURS_A_WEEK, Rhythm, hour_of_week

WEEKS = 26
STATIONS = 8


def clinic(hour: int) -> float:
    """Ten health workers: busy on weekday mornings, a little at other times."""
    day, of_day = divmod(hour, 24)
    if day >= 5:
        return 0.15 if 7 <= of_day < 19 else 0.02
    return {8: 3.0, 9: 4.0, 10: 3.0, 11: 2.0}.get(of_day, 1.0 if 7 <= of_day < 18 else 0.05)


def busy(hour: int) -> float:
    return 6 * clinic(hour)


def sleepy(hour: int) -> float:
    return 0.2 * clinic(hour)


@dataclass
class Alarm:
    hour: int
    after_h: int


def replayed(
    load: Callable[[int], float], seed: int, *, burst: float = 0.0, hole: range = range(0)
) -> Iterator[Alarm]:
    """The alarms of one station. In some hours `burst` times as much comes; in `hole` nothing."""
    chance = random.Random(seed)
    rhythm, missing, last, said = Rhythm(), 0.0, 0, False
    for hour in range(WEEKS * HOURS_A_WEEK):
        of_week = hour % HOURS_A_WEEK
        level = load(of_week) * (burst if chance.random() < 0.1 else 1)
        came = 0 if hour in hole else sum(chance.random() < level / 60 for _ in range(60))
        if came:
            rhythm = rhythm.ended(missing) if not said or hour not in hole else rhythm
            missing, last, said = 0.0, hour, False
        else:
            missing += rhythm.rate(of_week)
        if rhythm.unusual(missing) and not said:
            said = True
            yield Alarm(hour, hour - last)
        rhythm = rhythm.learned(of_week, came)


@pytest.mark.parametrize("load", [clinic, busy, sleepy])
@pytest.mark.parametrize("burst", [1.0, 5.0])
def test_false_alarms_are_rarer_than_one_a_year_and_station(
    load: Callable[[int], float], burst: float, record_property: Callable[[str, object], None]
) -> None:
    alarms = sum(1 for seed in range(STATIONS) for _ in replayed(load, seed, burst=burst))
    a_year = alarms / (STATIONS * WEEKS / 52)
    record_property("false alarms a year", a_year)
    assert a_year < 1


@pytest.mark.parametrize(("load", "within_h"), [(busy, 6), (clinic, 24), (sleepy, 5 * 24)])
def test_a_modem_that_receives_nothing_any_more_is_found(
    load: Callable[[int], float], within_h: int
) -> None:
    """From Monday morning on; the sleepiest station needs most of its week."""
    begin = 20 * HOURS_A_WEEK + 8
    delays = []
    for seed in range(STATIONS):
        hole = range(begin, WEEKS * HOURS_A_WEEK)
        found = [alarm.hour for alarm in replayed(load, seed, hole=hole) if alarm.hour >= begin]
        delays.append(found[0] - begin)
    assert sorted(delays)[len(delays) // 2] <= within_h


def test_nights_and_weekends_are_not_silent() -> None:
    """Fourteen hours without a word are nothing, at night."""
    rhythm = Rhythm()
    for _ in range(4):
        for hour in range(HOURS_A_WEEK):
            rhythm = rhythm.learned(hour, 5 if 8 <= hour % 24 < 18 and hour < 120 else 0)
    night = sum(rhythm.rate(hour) for hour in (*range(18, 24), *range(24, 32)))
    weekend = sum(rhythm.rate(hour) for hour in range(120, 168))
    assert not rhythm.unusual(night)
    assert not rhythm.unusual(weekend)
    assert rhythm.unusual(sum(rhythm.rate(hour) for hour in range(8, 12)))


def test_nothing_is_unusual_before_two_weeks_were_seen() -> None:
    rhythm = Rhythm()
    for hour in range(2 * HOURS_A_WEEK):
        assert not rhythm.unusual(1000)
        rhythm = rhythm.learned(hour % HOURS_A_WEEK, 3)
    assert rhythm.unusual(1000)


def test_a_station_to_which_hardly_anybody_writes_is_never_unusual() -> None:
    rhythm = Rhythm()
    for hour in range(30 * HOURS_A_WEEK):
        rhythm = rhythm.learned(hour % HOURS_A_WEEK, int(hour % HOURS_A_WEEK == 9))
    assert not rhythm.known


def test_a_holiday_raises_one_alarm_and_is_learned() -> None:
    rhythm = Rhythm(hours=1000, arrivals=1000.0)
    assert rhythm.unusual(20)
    assert not rhythm.ended(20).unusual(25)


def test_hours_of_the_week_repeat_after_a_week() -> None:
    now = 1_800_000_000_000
    assert hour_of_week(now) == hour_of_week(now + 7 * 86_400_000)
    assert hour_of_week(now + 3_600_000) == (hour_of_week(now) + 1) % HOURS_A_WEEK
