"""When a technician is written to: one SMS for a problem, not a hundred."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.alert_kinds import BY_NAME, KINDS, kind_of
from relay.core.alert_words import LONGEST, alert_text, trial_text
from relay.core.alerts import (
    AlertPolicy,
    Outlook,
    Sight,
    Told,
    Watch,
    changes,
    follow,
    to_tell,
    told,
)
from relay.core.gsm7 import DEFAULT
from relay.core.plain import DAY, HOUR, MINUTE
from relay.core.verdict import Problem, Verdict

NOON = 1_780_000_000_000
LOST = Problem("MODEM_LOST", Verdict.CRIT, "", "", subject="usb1")
SILENT = Problem("NET_DNS", Verdict.WARN, "", "", subject="main")
LOCKED_OUT = Problem("AUTH_401", Verdict.CRIT, "", "", subject="main")
WEAK = Problem("SIGNAL_WEAK", Verdict.WARN, "", "", subject="usb1")
DISK = Problem("DISK_LOW", Verdict.CRIT, "", "")
BATTERY = Problem("BATTERY_LOW", Verdict.CRIT, "", "")
SLOW = Problem("OUT_SLOW", Verdict.WARN, "", "")
PATIENCE = {
    "modem": 10 * MINUTE,
    "server": DAY,
    "refusal": HOUR,
    "signal": HOUR,
    "disk": 30 * MINUTE,
    "battery": 0,
    "queue": 3 * HOUR,
}


@dataclass
class Station:
    """Looks once a minute, as a daemon that is never stopped would, and keeps what was told."""

    policy: AlertPolicy = field(default_factory=lambda: AlertPolicy(PATIENCE))
    now: int = NOON
    watches: tuple[Watch, ...] = ()
    sms: list[tuple[int, tuple[Watch, ...]]] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)
    can_send: bool = True
    quiet: bool = False

    def look(self, *problems: Problem, blind: Iterable[tuple[str, str]] = ()) -> None:
        after = follow(self.watches, Sight(self.now, problems, frozenset(blind)), self.policy)
        self.said += [(state, one.kind) for state, one in changes(self.watches, after)]
        written = tuple(at for at, _ in self.sms)
        chosen = to_tell(after, self.now, self.policy, Outlook(self.can_send, self.quiet, written))
        if chosen:
            self.sms.append((self.now, chosen))
            after = tuple(told(one, self.now) if one in chosen else one for one in after)
        self.watches = after

    def goes_on(self, ms: int, *problems: Problem, blind: Iterable[tuple[str, str]] = ()) -> None:
        for _ in range(ms // MINUTE):
            self.now += MINUTE
            self.look(*problems, blind=blind)

    def kinds(self) -> list[list[str]]:
        return [[one.kind for one in about] for _, about in self.sms]


def test_a_short_problem_is_not_told() -> None:
    station = Station()
    station.goes_on(9 * MINUTE, LOST)
    station.goes_on(DAY)
    assert station.sms == []
    assert station.watches == ()


def test_what_lasts_is_told_once_and_again_each_day_and_when_it_is_over() -> None:
    station = Station()
    station.goes_on(2 * DAY, LOST)
    assert station.kinds() == [["modem"], ["modem"]]
    station.goes_on(29 * MINUTE)
    assert len(station.sms) == 2
    station.goes_on(DAY)
    assert station.kinds()[2:] == [["modem"]]
    assert station.sms[2][1][0].over_at is not None
    assert station.said == [("raised", "modem"), ("solved", "modem")]
    assert station.watches == ()


def test_once_means_once_where_it_is_wished_so() -> None:
    station = Station(AlertPolicy(PATIENCE, again_ms=0, solved=False))
    station.goes_on(5 * DAY, LOST)
    station.goes_on(DAY)
    assert len(station.sms) == 1
    assert station.watches == ()


def test_a_modem_that_comes_and_goes_is_one_sms() -> None:
    """Its time away adds up; while it comes back within half an hour it is one problem."""
    station = Station()
    for _ in range(40):
        station.goes_on(4 * MINUTE, LOST)
        station.goes_on(12 * MINUTE)
    assert station.kinds() == [["modem"]]


def test_a_server_that_is_reached_now_and_then_is_not_away_for_a_day() -> None:
    station = Station()
    for _ in range(40):
        station.goes_on(2 * HOUR, SILENT)
        station.goes_on(MINUTE)
    assert station.sms == []
    station.goes_on(DAY + 3 * MINUTE, SILENT)
    assert station.kinds() == [["server"]]


def test_what_status_knows_to_be_older_counts_from_then() -> None:
    station = Station()
    old = Problem("NET_DNS", Verdict.CRIT, "", "", since=NOON - 3 * DAY, subject="main")
    station.goes_on(14 * MINUTE, old)
    assert station.sms == []  # the laptop was just switched on: the internet may follow
    station.goes_on(5 * MINUTE, old)
    assert station.kinds() == [["server"]]


def test_while_the_laptop_is_off_nothing_lasts() -> None:
    station = Station()
    station.goes_on(3 * MINUTE, LOST)
    station.now += DAY
    station.look(LOST)
    assert station.watches[0].bad_ms <= 8 * MINUTE
    assert station.sms == []


def test_what_begins_together_is_told_together() -> None:
    station = Station(AlertPolicy({"modem": 10 * MINUTE, "server": 11 * MINUTE}))
    station.goes_on(HOUR, LOST, SILENT)
    assert [sorted(kinds) for kinds in station.kinds()] == [["modem", "server"]]


def test_what_is_not_known_is_not_over() -> None:
    station = Station()
    station.goes_on(HOUR, LOST)
    station.goes_on(HOUR, blind=[("modem", "usb1")])
    assert station.watches[0].away_at is None
    assert len(station.sms) == 1


def test_a_greater_trouble_does_not_solve_a_smaller() -> None:
    station = Station()
    station.goes_on(2 * HOUR, WEAK)
    station.goes_on(2 * HOUR, LOST)
    assert station.kinds() == [["signal"], ["modem"]]
    station.goes_on(HOUR)
    assert [sorted(kinds) for kinds in station.kinds()[2:]] == [["modem", "signal"]]


def test_a_server_that_refuses_is_not_reached_again_by_that() -> None:
    station = Station()
    station.goes_on(DAY + HOUR, SILENT)
    station.goes_on(3 * HOUR, LOCKED_OUT)
    assert ("solved", "server") not in station.said
    station.goes_on(HOUR)
    assert ("solved", "server") in station.said


def test_what_no_modem_can_send_is_told_when_it_is_past_with_both_times() -> None:
    """The only modem was away: nothing piles up, and what goes out then is true."""
    station = Station(can_send=False)
    station.goes_on(3 * HOUR, LOST)
    assert station.sms == []
    station.can_send = True
    station.goes_on(MINUTE)
    assert station.kinds() == [["modem"]]
    assert station.watches[0].told is Told.OVER
    station.goes_on(DAY)
    assert len(station.sms) == 1


def test_in_quiet_hours_only_what_is_urgent_is_told() -> None:
    station = Station(quiet=True)
    station.goes_on(2 * HOUR, LOST, DISK)
    assert station.kinds() == [["disk"]]
    station.quiet = False
    station.goes_on(MINUTE, LOST, DISK)
    assert station.kinds() == [["disk"], ["modem"]]


def test_the_last_word_of_a_battery_goes_at_once() -> None:
    station = Station(quiet=True)
    station.look(BATTERY)
    assert station.kinds() == [["battery"]]
    station.goes_on(5 * HOUR, BATTERY)
    assert len(station.sms) == 1


def test_a_step_back_of_the_clock_holds_up_nothing_for_years() -> None:
    station = Station()
    station.goes_on(HOUR, LOST)
    station.now -= 3 * 365 * DAY
    station.sms = []
    station.goes_on(DAY + MINUTE, LOST)
    assert len(station.sms) == 1
    station.goes_on(HOUR)
    assert station.watches == ()


def test_with_nobody_to_write_to_programs_are_told_all_the_same() -> None:
    station = Station(AlertPolicy(PATIENCE, wanted=False))
    station.goes_on(HOUR, LOST)
    station.goes_on(HOUR)
    assert station.sms == []
    assert station.said == [("raised", "modem"), ("solved", "modem")]
    assert station.watches == ()


_ANY = st.lists(st.sampled_from((LOST, SILENT, LOCKED_OUT, WEAK, DISK, BATTERY, SLOW)), max_size=4)


@given(
    st.lists(
        st.tuples(st.sampled_from((1, 4, 11, 31, 70)), _ANY, st.booleans(), st.booleans()),
        max_size=40,
    )
)
def test_whatever_happens_nobody_gets_more_than_the_caps(
    story: list[tuple[int, list[Problem], bool, bool]],
) -> None:
    station = Station(AlertPolicy(PATIENCE, per_hour=2, per_day=5, again_ms=HOUR))
    for minutes, problems, can_send, quiet in story:
        station.can_send, station.quiet = can_send, quiet
        station.goes_on(minutes * MINUTE, *problems)
    times = [at for at, _ in station.sms]
    assert all(sum(0 <= other - at < HOUR for other in times) <= 2 for at in times)
    assert all(sum(0 <= other - at < DAY for other in times) <= 5 for at in times)
    assert len({watch.key for watch in station.watches}) == len(station.watches)


@given(st.lists(st.tuples(st.integers(1, 90), _ANY), max_size=30), st.booleans())
def test_a_problem_is_told_once_an_interval(
    story: list[tuple[int, list[Problem]]], solved: bool
) -> None:
    """Whatever the order: between two SMS that a problem began there is a day, or its end."""
    station = Station(AlertPolicy(PATIENCE, solved=solved, per_hour=60, per_day=500))
    for minutes, problems in story:
        station.goes_on(minutes * MINUTE, *problems)
    last: dict[tuple[str, str], tuple[int, bool]] = {}
    for at, about in station.sms:
        for watch in about:
            over = watch.over_at is not None
            if watch.key in last and not over and not last[watch.key][1] and solved:
                assert at - last[watch.key][0] >= 30 * MINUTE
            last[watch.key] = (at, over)


# --- the words ----------------------------------------------------------------------------------


def watch(kind: str, subject: str, code: str, **more: object) -> Watch:
    return Watch(kind, subject, code, NOON, NOON, raised_at=NOON, **more)  # type: ignore[arg-type]


def local(ms: int) -> str:
    day, minute = divmod((ms - NOON) // MINUTE, 24 * 60)
    return f"2026-11-{24 + day:02} {minute // 60:02}:{minute % 60:02}:00"


def test_what_is_over_does_not_read_as_if_it_lasted() -> None:
    over = watch("modem", "usb1", "PORT_MISSING", away_at=NOON + MINUTE, told=Told.BEGUN)
    assert alert_text("Mwase", [over], NOON + HOUR, local) == (
        "Mwase: solved: modem usb1 not plugged in (00:00 to 00:01)"
    )


def test_the_words_of_an_alert() -> None:
    open_, old = watch("modem", "usb1", "MODEM_LOST"), watch("server", "main", "NET_DNS")
    over = watch("disk", "", "DISK_LOW", away_at=NOON + 50 * MINUTE, told=Told.BEGUN)
    text = alert_text("Mwase", [open_, old, over], NOON + HOUR, local)
    assert text == (
        "Mwase: modem usb1 missing or silent since 00:00; server main not reached since 00:00; "
        "solved: disk nearly full (00:00 to 00:50)"
    )
    again = watch("modem", "usb1", "MODEM_LOST", told=Told.BEGUN)
    assert alert_text("Mwase", [again], NOON + DAY, local) == (
        "Mwase: still modem usb1 missing or silent since 24 Nov 00:00"
    )


def test_a_name_of_any_letters_fits_into_one_sms() -> None:
    text = alert_text("Clínica São João ক্লিনিক", [watch("disk", "", "DISK_LOW")], NOON, local)
    assert text.startswith("Clinica Sao Jo")
    assert DEFAULT.encode(text) is not None


@given(
    st.text(max_size=60),
    st.lists(
        st.tuples(
            st.sampled_from([kind.name for kind in KINDS]),
            st.text(max_size=31),
            st.sampled_from(("MODEM_LOST", "SIM_CHANGED", "X")),
        ),
        min_size=1,
        max_size=30,
    ),
)
def test_an_alert_is_never_longer_than_one_sms(
    name: str, about: list[tuple[str, str, str]]
) -> None:
    text = alert_text(name, [watch(*one) for one in about], NOON, local)
    septets = DEFAULT.encode(text)
    assert septets is not None
    assert 0 < len(septets) <= LONGEST
    assert len(DEFAULT.encode(trial_text(name)) or b"x" * 999) <= LONGEST


# --- the kinds ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("MODEM_LOST", "modem"),
        ("PORT_BUSY", "modem"),
        ("NET_SEARCHING", "modem"),
        ("NET_DENIED", "modem"),
        ("SIM_ABSENT", "modem"),
        ("SIM_CHANGED", "sim"),
        ("SIM_NO_CREDIT", "credit"),
        ("SMSC_UNKNOWN", "sim"),
        ("NET_DNS", "server"),
        ("HTTP_503", "server"),
        ("HTTP_404", "refusal"),
        ("TLS_EXPIRED", "refusal"),
        ("AUTH_401", "refusal"),
        ("DISK_FULL", "disk"),
        ("BATTERY_LOW", "battery"),
        ("ON_BATTERY", "power"),
        ("CLOCK_WRONG", "relay"),
        ("MODEM_UNKNOWN", None),
        ("SERVER_UNKNOWN", None),
        ("MODEM_NONE", None),
        ("UNDECODABLE", None),
    ],
)
def test_which_problem_is_what_kind(code: str, kind: str | None) -> None:
    found = kind_of(Problem(code, Verdict.WARN, "", ""))
    assert (found.name if found else None) == kind


def test_what_hides_a_kind_is_a_kind() -> None:
    assert all(other in BY_NAME for kind in KINDS for other in kind.hidden_by)
