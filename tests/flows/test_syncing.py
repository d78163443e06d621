"""One turn of syncing: what goes up, what comes down, when, and what a failure leaves behind."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.batching import Limits
from relay.core.cht import Answer
from relay.core.outbound import Accepted, ReportDelivered
from relay.core.polling import Pace, remaining_s
from relay.errors import BadReply, Rejected, ServerError, StoreFull, Unauthorised, Unreachable
from relay.store.exchanges import Exchanges
from tests.flows.sync_station import MOTHER, Call, SyncStation, handed_out, open_station

UNKNOWN = Unreachable("NET_TIMEOUT: it did not answer", maybe_processed=True)
OFFLINE = Unreachable("NET_DNS: no internet")


@pytest.fixture
def station(tmp_path: Path) -> Iterator[SyncStation]:
    station = open_station(tmp_path)
    yield station
    station.db.close()


# --- up and down --------------------------------------------------------------------------------


def test_what_waits_goes_up_oldest_first(station: SyncStation) -> None:
    station.receive("first", "second")
    station.rest()
    assert station.server.calls == [Call(("first", "second"), ())]
    assert station.waiting == 0


def test_an_exchange_carries_no_more_than_ten_reports(station: SyncStation) -> None:
    station.receive(*[f"report {number}" for number in range(23)])
    station.rest()
    assert [len(call.reports) for call in station.server.calls] == [10, 10, 3]


def test_what_is_handed_out_is_stored_and_acknowledged_at_once(station: SyncStation) -> None:
    """Any status makes the queue of the server move."""
    station.server.script.append(handed_out("m1", "m2"))
    station.rest()
    assert station.server.calls[1] == Call((), (("m1", "UNSENT"), ("m2", "UNSENT")))
    assert station.bell.rings == 1


def test_a_message_is_on_the_disk_before_it_is_acknowledged(station: SyncStation) -> None:
    stored: list[int] = []
    count = "SELECT count(*) FROM outbound WHERE server_id = 'm1'"
    station.server.meanwhile = lambda: stored.append(station.db.value(count))
    station.server.script.append(handed_out("m1"))
    station.rest()
    assert stored == [0, 1]


def test_twenty_five_at_a_time_are_drained_without_waiting(station: SyncStation) -> None:
    for start in (0, 25, 50):
        ids = [f"m{number}" for number in range(start, start + 25)]
        station.server.script.append(handed_out(*ids))
    station.rest()
    told = [update for call in station.server.calls for update in call.updates]
    assert len(told) == 75
    assert all(len(call.updates) <= 20 for call in station.server.calls)


def test_a_message_handed_out_again_is_not_sent_again_but_told_again(
    station: SyncStation,
) -> None:
    station.server.script += [handed_out("m1"), Answer(), handed_out("m1")]
    station.live(60)
    assert station.db.value("SELECT count(*) FROM outbound") == 1
    told = [update for call in station.server.calls for update in call.updates]
    assert told == [("m1", "UNSENT"), ("m1", "UNSENT")]


def test_a_server_that_repeats_itself_for_ever_does_not_spin_us(station: SyncStation) -> None:
    station.server.otherwise = handed_out(*[f"m{number}" for number in range(25)])
    assert station.rest() >= station.pace.poll_min_s
    assert len(station.server.calls) < 10
    before = len(station.server.calls)
    station.live(300)
    assert len(station.server.calls) - before <= 300 / station.pace.poll_min_s * 4


def test_a_status_is_told_once(station: SyncStation) -> None:
    station.server.script.append(handed_out("m1"))
    station.live(600)
    assert sum(len(call.updates) for call in station.server.calls) == 1


def test_an_empty_message_stays_here_for_a_person_to_see(station: SyncStation) -> None:
    """The server would answer 200 and throw it away."""
    station.receive("lost", "N Jane")
    with station.db.transaction() as tx:
        tx.execute("UPDATE inbound SET text = '' WHERE text = 'lost'")
    station.rest()
    assert station.server.taken == ["N Jane"]
    ((_, reason),) = station.parked()
    assert reason.startswith("empty.content")


# --- when ---------------------------------------------------------------------------------------


def test_the_first_turn_exchanges_at_once(station: SyncStation) -> None:
    station.flow.step()
    assert len(station.server.calls) == 1


def test_between_polls_an_early_turn_asks_nothing(station: SyncStation) -> None:
    wait = station.rest()
    assert wait == 15
    station.clock.advance(5)
    assert station.flow.step() == pytest.approx(10)
    assert len(station.server.calls) == 1


def test_a_report_goes_up_the_moment_that_the_bell_rings(station: SyncStation) -> None:
    station.rest()
    station.clock.advance(1)
    station.receive("N Jane")
    station.flow.step()
    assert station.server.taken == ["N Jane"]


def test_a_quiet_station_polls_less_and_less_and_a_busy_one_often(station: SyncStation) -> None:
    station.live(7200)
    assert station.rest() == 300 or station.flow.step() > 100
    quiet = len(station.server.calls)
    station.receive("N Jane")
    assert station.rest() == 15
    assert quiet < 90


def test_a_slow_server_gets_smaller_batches_and_a_fast_one_larger(tmp_path: Path) -> None:
    station = open_station(tmp_path, limits=Limits(max_reports=40))
    station.receive(*[f"report {number}" for number in range(30)])
    station.rest()
    assert [len(call.reports) for call in station.server.calls] == [10, 20]
    station.server.takes_s = 60
    station.receive(*[f"more {number}" for number in range(80)])
    station.rest()
    assert [len(call.reports) for call in station.server.calls[2:]] == [40, 20, 10, 5, 2, 1, 1, 1]
    station.db.close()


# --- statuses linger ----------------------------------------------------------------------------

LINGER_S = Pace().linger_s


@pytest.fixture
def sending(station: SyncStation) -> SyncStation:
    """It has just acknowledged seven messages and sends them now."""
    station.server.script.append(handed_out(*[f"m{number}" for number in range(7)]))
    station.rest()
    station.server.calls.clear()
    return station


def deliver_one(station: SyncStation) -> None:
    """The next message is sent and delivered: three statuses."""
    station.send(Accepted(41), ReportDelivered(0))


def test_a_burst_of_statuses_travels_together(sending: SyncStation) -> None:
    for _ in range(3):
        deliver_one(sending)
        sending.clock.advance(LINGER_S / 4)
        sending.flow.step()
    assert sending.server.calls == []
    sending.live(LINGER_S)
    (call,) = sending.server.calls
    assert len(call.updates) == 9


def test_a_turn_that_holds_statuses_says_until_when(sending: SyncStation) -> None:
    sending.clock.advance(0.5)
    deliver_one(sending)
    assert sending.flow.step() == pytest.approx(LINGER_S - 0.5)


def test_statuses_after_a_longer_rest_are_not_held(sending: SyncStation) -> None:
    sending.clock.advance(LINGER_S)
    deliver_one(sending)
    sending.flow.step()
    assert len(sending.server.calls) == 1


def test_a_full_batch_of_statuses_waits_for_nothing(sending: SyncStation) -> None:
    for _ in range(6):
        deliver_one(sending)
    assert sending.flow.step() == LINGER_S
    deliver_one(sending)
    assert sending.rest() == LINGER_S
    assert [len(call.updates) for call in sending.server.calls] == [20]


def test_a_report_goes_at_once_and_takes_the_statuses_along(sending: SyncStation) -> None:
    deliver_one(sending)
    sending.receive("N Jane")
    sending.rest()
    (call,) = sending.server.calls
    assert call.reports == ("N Jane",)
    assert [status for _, status in call.updates] == ["PENDING", "SENT", "DELIVERED"]


def test_an_unsent_goes_at_once_and_takes_the_statuses_along(sending: SyncStation) -> None:
    """The queue of CHT moves when it hears of the message, whatever else waits."""
    sending.server.script.append(handed_out("next"))
    sending.server.meanwhile = lambda: deliver_one(sending) if not sending.bell.rings else None
    sending.bell.rings = 0
    sending.receive("N Jane")
    sending.rest()
    _, acknowledgement = sending.server.calls
    assert ("next", "UNSENT") in acknowledgement.updates
    assert len(acknowledgement.updates) == 4


def test_every_unsent_of_a_large_handout_goes_at_once(station: SyncStation) -> None:
    """Also the five for which the first request has no room."""
    station.server.script.append(handed_out(*[f"m{number}" for number in range(25)]))
    station.rest()
    assert [len(call.updates) for call in station.server.calls] == [0, 20, 5]


def test_what_is_handed_out_again_is_acknowledged_at_once(sending: SyncStation) -> None:
    """It is told with the status that it has by now, and the queue waits for that one."""
    deliver_one(sending)
    sending.live(LINGER_S + 1)
    sending.server.script.append(handed_out("m0"))
    sending.receive("N Jane")
    sending.rest()
    assert sending.server.calls[-1] == Call((), (("m0", "DELIVERED"),))


def test_no_status_is_held_longer_than_it_may_linger(sending: SyncStation) -> None:
    sending.server.script.append(handed_out(*[f"n{number}" for number in range(20)]))
    oldest = "SELECT min(created_at) FROM status_update WHERE told_at IS NULL"
    sending.live(30)
    sending.server.calls.clear()
    for _ in range(24):
        deliver_one(sending)
        sending.clock.advance(0.5)
        sending.flow.step()
        since = sending.db.value(oldest)
        assert since is None or sending.clock.now() - since <= LINGER_S * 1000
    assert len(sending.server.calls) <= 24 * 0.5 / LINGER_S + 1


def test_statuses_never_wait_longer_than_a_busy_stations_poll(tmp_path: Path) -> None:
    station = open_station(tmp_path, pace=Pace(poll_min_s=0.5))
    station.server.script.append(handed_out("m0"))
    station.rest()
    deliver_one(station)
    assert station.flow.step() == 0.5
    station.db.close()


def test_statuses_that_lingered_before_a_failure_go_right_after_it(sending: SyncStation) -> None:
    deliver_one(sending)
    sending.server.script.append(OFFLINE)
    sending.clock.advance(sending.rest())
    sending.clock.advance(sending.rest())
    sending.rest()
    assert [len(call.updates) for call in sending.server.calls] == [3, 3]


def test_each_message_is_told_in_order_however_its_statuses_travel(sending: SyncStation) -> None:
    for number in range(7):
        deliver_one(sending)
        if number % 3 == 0:
            sending.receive(f"report {number}")
        sending.clock.advance(0.7)
        sending.flow.step()
    sending.live(60)
    told = [update for call in sending.server.calls for update in call.updates]
    for number in range(7):
        mine = [status for id_, status in told if id_ == f"m{number}"]
        assert mine == ["PENDING", "SENT", "DELIVERED"]


# --- it is marked before it is sent --------------------------------------------------------------


def test_what_is_sent_is_marked_on_the_disk_before_its_first_byte(station: SyncStation) -> None:
    seen = []
    station.server.meanwhile = lambda: seen.append(station.exchanges.in_flight())
    station.receive("N Jane")
    station.rest()
    (flight,) = seen
    assert flight is not None
    assert len(flight.report_ids) == 1
    assert station.exchanges.in_flight() is None


# --- failures -----------------------------------------------------------------------------------

FAILURES = [
    OFFLINE,
    UNKNOWN,
    Unauthorised(401),
    Unauthorised(403),
    Rejected(301, "the server points to https://elsewhere"),
    Rejected(429, "", 10.0),
    Rejected(500),
    Rejected(502),
    Rejected(503),
    Rejected(504),
    BadReply("the answer is not JSON"),
]


@pytest.mark.parametrize("error", FAILURES, ids=str)
def test_after_any_failure_nothing_is_marked_and_everything_arrives_later(
    station: SyncStation, error: ServerError
) -> None:
    station.server.script.append(handed_out("m1"))
    station.rest()
    station.receive("N Jane", "N Mary")
    station.server.script += [error] * 5
    station.rest()
    assert station.waiting == 2
    station.live(7200)
    assert station.waiting == 0
    assert station.parked() == []
    assert station.code == "OK"


@pytest.mark.parametrize("error", FAILURES, ids=str)
def test_a_server_that_never_works_is_left_in_peace(
    station: SyncStation, error: ServerError
) -> None:
    station.receive(*[f"report {number}" for number in range(30)])
    station.server.otherwise = error
    station.live(3600)
    assert len(station.server.calls) < 80
    assert (station.waiting, station.parked()) == (30, [])


def test_during_a_backoff_the_bell_changes_nothing(station: SyncStation) -> None:
    station.server.otherwise = OFFLINE
    wait = station.rest()
    station.receive("N Jane")
    assert station.flow.step() == pytest.approx(wait)
    assert len(station.server.calls) == 1


def test_too_many_requests_are_followed_by_ten_seconds_of_peace(station: SyncStation) -> None:
    station.server.script.append(Rejected(429, "", 10.0))
    assert station.rest() >= 10


def test_the_server_may_ask_for_more_time(station: SyncStation) -> None:
    station.server.script.append(Rejected(503, "", 240.0))
    assert station.rest() == 240


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_login_is_not_hammered_and_said_loudly(
    station: SyncStation, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    station.server.otherwise = Unauthorised(status, "the server does not know this user")
    station.receive("N Jane")
    assert station.rest() >= 150
    assert station.code == f"AUTH_{status}"
    assert caplog.records[-1].levelno == logging.ERROR


def test_a_body_that_is_too_large_is_halved_at_once(station: SyncStation) -> None:
    def at_most_three(call: Call) -> None:
        if len(call.reports) > 3:
            raise Rejected(413)

    station.server.check_rows = at_most_three
    station.receive(*[f"report {number}" for number in range(10)])
    station.rest()
    assert (station.waiting, station.parked()) == (0, [])


# --- unknown outcomes ---------------------------------------------------------------------------

UNKNOWN_OUTCOMES = [UNKNOWN, Rejected(502), Rejected(504), BadReply("cut off")]


@pytest.mark.parametrize("error", UNKNOWN_OUTCOMES, ids=str)
def test_after_an_unknown_outcome_the_same_ids_wait_a_minute(
    station: SyncStation, error: ServerError
) -> None:
    """The server may still be at work on the first request, and would store them twice."""
    station.receive("N Jane")
    station.server.script.append(error)
    assert station.rest() >= 60
    station.clock.advance(59)
    station.flow.step()
    assert station.server.taken == ["N Jane"]
    station.clock.advance(1)
    station.rest()
    assert station.server.taken == ["N Jane", "N Jane"]
    assert station.waiting == 0


def test_an_idle_poll_of_unknown_outcome_is_an_ordinary_failure(station: SyncStation) -> None:
    station.server.script.append(UNKNOWN)
    assert station.rest() < 60
    assert station.exchanges.in_flight() is None


def test_what_was_not_sent_at_all_need_not_wait_a_minute(station: SyncStation) -> None:
    station.receive("N Jane")
    station.server.script.append(OFFLINE)
    assert station.rest() < 60


def test_a_power_cut_during_an_exchange_is_waited_out_by_the_next_process(
    station: SyncStation,
) -> None:
    station.receive("N Jane")
    station.server.script.append(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        station.flow.step()
    station.clock.advance(20)
    station.restart()
    assert station.flow.step() == pytest.approx(40)
    assert station.server.taken == ["N Jane"]
    station.clock.advance(40)
    station.rest()
    assert station.server.taken == ["N Jane", "N Jane"]


@pytest.mark.parametrize(("jump_s", "wait_s"), [(-86_400, 60), (86_400, None), (-1, 60)])
def test_the_wait_after_a_power_cut_is_never_longer_than_a_minute(
    station: SyncStation, jump_s: float, wait_s: float | None
) -> None:
    """A laptop without a clock battery comes back in another year."""
    station.receive("N Jane")
    station.server.script.append(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        station.flow.step()
    station.clock.step(jump_s)
    station.restart()
    wait = station.flow.step()
    if wait_s is not None:
        assert wait == wait_s
        station.clock.step(-jump_s * 3)
        station.clock.advance(60)
        station.rest()
    assert station.waiting == 0


def test_a_clock_that_jumps_during_the_wait_does_not_stretch_it(station: SyncStation) -> None:
    station.receive("N Jane")
    station.server.script.append(UNKNOWN)
    wait = station.rest()
    station.clock.step(-1_000_000)
    station.clock.advance(wait)
    station.rest()
    assert station.waiting == 0


def test_an_answer_that_cannot_be_stored_is_an_unknown_outcome(
    station: SyncStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreFull("relay.db")

    station.receive("N Jane")
    with monkeypatch.context() as patch:
        patch.setattr(Exchanges, "settle", full)
        with pytest.raises(StoreFull):
            station.flow.step()
    assert station.flow.step() == pytest.approx(60)
    station.clock.advance(60)
    station.rest()
    assert station.waiting == 0


@given(st.integers(-(10**12), 10**12))
def test_no_jump_of_the_clock_makes_a_wait_longer(jump_ms: int) -> None:
    assert 0 <= remaining_s(0, jump_ms, 60.0) <= 60


# --- facts and log ------------------------------------------------------------------------------


def test_success_leaves_its_time_and_the_offset_of_the_servers_clock(
    station: SyncStation,
) -> None:
    station.server.script.append(Answer((), station.clock.now() + 900_000))
    station.rest()
    assert station.code == "OK"
    assert station.fact("last_ok") == station.clock.now()
    assert station.fact("clock_offset_s") == 900


def test_a_failure_leaves_what_it_was_and_since_when(station: SyncStation) -> None:
    station.server.otherwise = OFFLINE
    began = station.clock.now()
    station.live(1000)
    assert station.fact("outcome") == {
        "code": "NET_DNS",
        "detail": "no internet",
        "since": began,
    }


def test_the_beginning_of_a_failure_is_remembered_over_a_restart(station: SyncStation) -> None:
    station.server.otherwise = OFFLINE
    began = station.clock.now()
    station.live(100)
    station.restart()
    station.live(100)
    outcome = station.fact("outcome")
    assert isinstance(outcome, dict)
    assert outcome["since"] == began


def test_the_size_of_a_batch_is_a_fact(station: SyncStation) -> None:
    station.rest()
    assert station.fact("batch") == {"reports": 10, "updates": 20, "stage": "together"}


def test_an_idle_station_hardly_writes(station: SyncStation) -> None:
    station.live(100)
    before = station.db.value("SELECT total_changes()")
    station.live(600)
    assert station.db.value("SELECT total_changes()") - before <= 11


def test_a_failure_that_goes_on_is_logged_when_it_begins_and_then_hourly(
    station: SyncStation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    station.server.otherwise = OFFLINE
    station.live(3 * 3600)
    assert len([record for record in caplog.records if "sync.failed" in str(record.msg)]) == 3
    station.server.otherwise = Answer()
    station.live(600)
    assert "sync.works" in str(caplog.records[-1].msg)


def test_no_text_and_no_number_is_logged(
    station: SyncStation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    station.receive("N Jane Doe")
    station.server.script += [handed_out("m1"), UNKNOWN]
    station.live(600)
    assert caplog.text
    for secret in ("Jane", MOTHER, "254700", "text of"):
        assert secret not in caplog.text
