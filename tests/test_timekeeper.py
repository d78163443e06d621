"""relay's own time, while the computer's clock is set back and forth and the computer is off."""

from __future__ import annotations

import pytest

from relay.clock import SystemClock
from relay.clock_guard import ClockGuard
from relay.core.timekeeping import DAY_MS, Confidence
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.timekeeper import Counter, Kept, Timekeeper, by_now
from tests.fakes import FakeClock

NOW = 1_795_500_000_000  # November 2026
HOUR, MINUTE = 3_600_000, 60_000
YEAR = 365 * DAY_MS
FAR = [50 * YEAR, -50 * YEAR]


class Computer(FakeClock, SystemClock):
    """A clock that can be set, over a counter that cannot."""


class Ticks(Counter):
    def __init__(self, computer: Computer, boot: str = "first") -> None:
        self._computer = computer
        self.boot = boot

    def ms(self) -> int:
        return round(self._computer.monotonic() * 1000)


@pytest.fixture
def computer() -> Computer:
    return Computer(now=NOW)


@pytest.fixture
def keeper(computer: Computer) -> Timekeeper:
    return Timekeeper(computer, Ticks(computer))


def look(keeper: Timekeeper) -> Confidence:
    found, amends = keeper.reckon()
    with keeper.adopting(found, amends):
        return found.confidence


# --- while relay runs ---------------------------------------------------------------------------


@pytest.mark.parametrize("step", FAR)
def test_a_jump_is_not_followed(keeper, computer, step):
    """Not for a moment: whoever asks first after it gets the time that it is."""
    computer.step(step / 1000)
    computer.advance(7)
    assert keeper.now() == NOW + 7_000
    assert look(keeper) is Confidence.UNKNOWN
    computer.advance(HOUR / 1000)
    assert keeper.now() == NOW + 7_000 + HOUR
    assert keeper.earliest() <= keeper.now()
    computer.step(-step / 1000)
    assert look(keeper) is Confidence.LIKELY
    assert keeper.earliest() == keeper.now() == computer.now()


def test_a_small_correction_is_followed(keeper, computer):
    """As NTP makes them."""
    computer.step(90)
    assert keeper.now() == NOW
    look(keeper)
    assert keeper.now() == NOW + 90_000


def test_a_sleep_is_no_jump(keeper, computer):
    """The counter goes on while the lid is closed."""
    computer.advance(9 * 3600)
    assert keeper.now() == computer.now()
    assert look(keeper) is Confidence.LIKELY


@pytest.mark.parametrize("step", FAR)
def test_a_server_confirms_who_is_right(keeper, computer, step):
    computer.step(step / 1000)
    keeper.heard("server", NOW)
    assert look(keeper) is Confidence.CERTAIN
    assert keeper.now() == NOW
    assert keeper.computer_is_wrong()
    assert keeper.earliest() == NOW


def test_a_witness_is_carried_on(keeper, computer):
    """What a server said an hour ago is an hour later by now, and after a week it is forgotten."""
    keeper.heard("server", NOW)
    computer.advance(3600)
    assert look(keeper) is Confidence.CERTAIN
    computer.advance(8 * 24 * 3600)
    assert look(keeper) is Confidence.LIKELY


def test_the_newest_stamps_speak_for_the_service_centre(keeper, computer):
    for late in (HOUR, 2 * HOUR, 0):
        keeper.stamped(NOW - late)
    assert look(keeper) is Confidence.CERTAIN


def test_a_word_is_not_its_own_confirmation(computer):
    """Taken on a lone server's word, relay's count does not bear out that server against a clock
    that a person has set."""
    computer._now = HOUR
    keeper = Timekeeper(computer, Ticks(computer))
    keeper.heard("server", NOW + 2 * HOUR)
    assert [look(keeper) for _ in range(3)] == [Confidence.LIKELY] * 3
    assert keeper.now() == NOW + 2 * HOUR
    computer._now = NOW
    assert look(keeper) is Confidence.UNKNOWN
    keeper.stamped(NOW)
    assert look(keeper) is Confidence.CERTAIN
    assert keeper.now() == NOW


def test_what_could_not_be_stored_is_not_adopted(keeper, computer):
    """The store is full: relay's time stays as it was until what it dated can be dated anew."""
    computer.step(YEAR / 1000)
    keeper.heard("server", computer.now())
    found, amends = keeper.reckon()
    assert amends is not None
    with pytest.raises(OSError, match="full"), keeper.adopting(found, amends):
        raise OSError("full")
    assert keeper.now() == NOW


# --- between two runs ---------------------------------------------------------------------------


def after(computer: Computer, keeper: Timekeeper, *, off_s: float, shows: int) -> Timekeeper:
    """The computer was off for so long, and then its clock shows this."""
    kept = Kept.of(keeper.now(), keeper.fact())
    computer._now, computer._monotonic = shows, 20.0
    again = Timekeeper(computer, Ticks(computer, boot="second"))
    again.resume(kept)
    return again


@pytest.mark.parametrize("shows", [0, 946_684_800_000, NOW - YEAR, NOW + 50 * YEAR])
def test_a_dead_battery_is_noticed(keeper, computer, shows):
    """relay counts on from the last sign of life: it is later than that for certain."""
    again = after(computer, keeper, off_s=3600, shows=shows)
    assert again.now() == NOW + 20_000
    assert look(again) is Confidence.UNKNOWN
    assert again.earliest() <= NOW + 20_000
    again.heard("server", NOW + HOUR)
    again.stamped(NOW + HOUR)
    assert look(again) is Confidence.CERTAIN
    assert again.now() == NOW + HOUR


def test_an_honest_night_is_believed(keeper, computer):
    again = after(computer, keeper, off_s=3600, shows=NOW + 9 * HOUR)
    assert again.now() == NOW + 9 * HOUR
    assert look(again) is Confidence.LIKELY


def test_a_restart_without_a_reboot_counts_on(keeper, computer):
    """Even if the clock was set while relay was down."""
    kept = Kept.of(keeper.now(), keeper.fact())
    computer.advance(60)
    computer.step(-50 * YEAR / 1000)
    again = Timekeeper(computer, Ticks(computer))
    assert again.resume(kept) is None
    assert again.now() == NOW + 60_000


def test_a_command_dates_as_the_daemon_does():
    here = Counter()
    kept = Kept.of(NOW, {"boot": here.boot, "counted": here.ms(), "confidence": "certain"})
    assert abs(by_now(0, kept) - NOW) < MINUTE
    assert by_now(NOW, None) == NOW


# --- what was dated -----------------------------------------------------------------------------


@pytest.fixture
def db(tmp_path):
    opened = Database.open(tmp_path / "relay.db")
    yield opened
    opened.close()


def test_what_was_dated_in_1970_is_dated_anew(db, computer):
    """Once, with everything that hangs on it, and nothing else."""
    outbox = Outbox(db)
    old = outbox.enqueue(NOW - DAY_MS, recipient="+254700000042", text="of yesterday")
    Facts(db).put(NOW - HOUR, "daemon.beat", {})
    computer._now, computer._monotonic = 50_000, 20.0
    keeper = Timekeeper(computer, Ticks(computer))
    Facts(db).forget("daemon.beat")  # the first start of all
    guard = ClockGuard(db, keeper)
    guard.begin()
    new = outbox.enqueue(keeper.now(), recipient="+254700000042", text="of 1970")
    claimed = outbox.claim(keeper.now(), "usb", "direct")
    assert claimed is not None
    computer.advance(600)
    keeper.heard("server", NOW)
    assert guard.look()
    created = dict(db.query("SELECT id, created_at FROM outbound"))
    assert created[old] == NOW - DAY_MS
    assert created[new] == NOW - 600_000
    assert db.value("SELECT max(submitted_at) FROM part") == NOW - 600_000
    assert not guard.look()
    assert dict(db.query("SELECT id, created_at FROM outbound")) == created
    assert keeper.now() == NOW


@pytest.mark.parametrize("step", FAR)
def test_nothing_expires_by_a_clock_that_jumped(db, computer, keeper, step):
    """A message waits for its parts for a day by relay's own time, and no less. (This one has
    lost them all on a damaged page.)"""
    guard = ClockGuard(db, keeper)
    guard.begin()
    inbox = Inbox(db)
    with db.transaction() as tx:
        tx.execute(
            "INSERT INTO inbound (state, kind, sender, kept_at, modem, sim, total)"
            " VALUES ('WAITING_PARTS', 'text', '+2547', ?, 'usb', '', 2)",
            (NOW,),
        )
    computer.step(step / 1000)
    guard.look()
    assert inbox.give_up_waiting(keeper.earliest()) == 0
    computer.step(-step / 1000)
    guard.look()
    assert inbox.give_up_waiting(keeper.earliest()) == 0
    computer.advance(25 * 3600)
    guard.look()
    assert inbox.give_up_waiting(keeper.earliest()) == 1
