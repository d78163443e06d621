"""The size of an exchange, and the search for the row that a server refuses."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.batching import Batching, Limits, Load, Stage

FULL = Load(10, 20)


def start(**limits: int) -> Batching:
    return Batching.start(Limits(**limits))


# --- how much -----------------------------------------------------------------------------------


def test_the_first_exchange_is_as_large_as_the_android_gateways() -> None:
    assert start(max_reports=100, max_updates=200).take() == Load(10, 20)


def test_a_fast_link_doubles_a_full_batch_up_to_the_limit() -> None:
    batching = start(max_reports=30, max_updates=200)
    for expected in (20, 30, 30):
        batching = batching.accepted(batching.take(), took_s=1)
        assert batching.reports == expected


def test_a_batch_that_was_not_full_says_nothing_about_larger_ones() -> None:
    batching = start(max_reports=100)
    assert batching.accepted(Load(3, 0), took_s=0.1) == batching


def test_a_link_of_middling_speed_keeps_the_size() -> None:
    batching = start(max_reports=100)
    assert batching.accepted(FULL, took_s=10) == batching


def test_a_slow_link_halves_what_was_sent() -> None:
    assert start().accepted(Load(8, 0), took_s=30).reports == 4


def test_a_failing_link_halves_down_to_one_row() -> None:
    batching = start()
    for expected in (5, 2, 1, 1):
        batching = batching.lost(batching.take())
        assert batching.reports == expected


def test_the_single_report_that_got_lost_lets_the_next_one_go_first() -> None:
    """What a server dies of must not stand in the way of the others for ever."""
    batching = start(max_reports=1).lost(Load(1, 0))
    assert batching.take().skip == 1
    assert batching.accepted(Load(1, 0), took_s=1).take().skip == 0


def test_a_lost_idle_poll_changes_nothing() -> None:
    assert start().lost(Load(0, 0)) == start()


def test_a_body_that_was_too_large_is_never_tried_again() -> None:
    batching = start().too_large(Load(10, 20))
    assert (batching.stage, batching.take()) == (Stage.TOGETHER, Load(5, 10))
    for _ in range(5):
        batching = batching.accepted(batching.take(), took_s=0.1)
    assert batching.take() == Load(5, 10)


def test_one_row_that_is_too_large_by_itself_is_a_refused_row() -> None:
    assert start().too_large(Load(1, 0)).searching


# --- the order of the search --------------------------------------------------------------------


def test_after_a_refusal_the_updates_go_alone() -> None:
    assert start().refused(FULL).take() == Load(0, 20)


def test_if_the_updates_are_taken_the_reports_are_halved() -> None:
    batching = start().refused(FULL).accepted(Load(0, 20), 1)
    assert (batching.stage, batching.take()) == (Stage.REPORTS_SUSPECT, Load(5, 0))


def test_if_the_updates_are_refused_too_an_empty_exchange_asks_for_the_server_itself() -> None:
    batching = start().refused(FULL).refused(Load(0, 20))
    assert (batching.stage, batching.take()) == (Stage.NOTHING, Load(0, 0))


def test_if_even_nothing_is_refused_it_is_the_servers_trouble() -> None:
    batching = start().refused(FULL).refused(Load(0, 20)).refused(Load(0, 0))
    assert (batching.searching, batching.take()) == (False, FULL)


def test_if_nothing_is_taken_the_updates_are_halved() -> None:
    batching = start().refused(FULL).refused(Load(0, 20)).accepted(Load(0, 0), 1)
    assert (batching.stage, batching.take()) == (Stage.UPDATES_SUSPECT, Load(0, 10))


def test_reports_without_updates_are_cleared_by_an_empty_exchange() -> None:
    batching = start().refused(Load(4, 0))
    assert batching.take().reports == 0
    assert batching.accepted(Load(0, 0), 1).take() == Load(2, 0)


def test_a_refused_idle_poll_starts_no_search() -> None:
    assert not start().refused(Load(0, 0)).searching


def test_updates_flow_between_the_tries_of_suspect_reports() -> None:
    batching = start().refused(FULL).accepted(Load(0, 20), 1).refused(Load(5, 0))
    assert batching.take() == Load(0, 20)
    assert batching.accepted(Load(0, 3), 1).take() == Load(2, 0)


def test_others_that_are_refused_as_well_are_left_out_of_the_search() -> None:
    batching = start().refused(FULL).accepted(Load(0, 20), 1).refused(Load(5, 0))
    batching = batching.refused(Load(0, 3))
    assert batching.take() == Load(0, 0)


def test_only_a_single_suspect_stands_alone() -> None:
    suspect = start().refused(Load(4, 2)).accepted(Load(0, 2), 1)
    assert not suspect.alone(Load(2, 0))
    assert suspect.alone(Load(1, 0))
    assert not suspect.others_first().alone(Load(0, 1))


# --- the whole search ----------------------------------------------------------------------------


@dataclass
class StrictServer:
    """Refuses any exchange with a bad row in it; `ill` refuses everything."""

    bad: set[str]
    ill: bool = False

    def takes(self, rows: list[str]) -> bool:
        return not self.ill and not self.bad & set(rows)


@dataclass
class Queue:
    reports: list[str]
    updates: list[str]
    batching: Batching = field(default_factory=start)
    taken: list[str] = field(default_factory=list)
    parked: list[str] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    exchanges: int = 0

    def exchange(self, server: StrictServer) -> None:
        self.exchanges += 1
        load = self.batching.take()
        first = load.skip % len(self.reports) if self.reports else 0
        reports = self.reports[first : first + load.reports]
        updates = self.updates[: load.updates]
        sent = Load(len(reports), len(updates))
        if server.takes(reports + updates):
            self._took(reports + updates)
            self.batching = self.batching.accepted(sent, 1)
            return
        alone = self.batching.alone(sent)
        self.batching = self.batching.refused(sent)
        if alone:
            self._refused_alone((reports + updates)[0])

    def _took(self, rows: list[str]) -> None:
        self.taken += rows
        self.reports = [row for row in self.reports if row not in rows]
        self.updates = [row for row in self.updates if row not in rows]

    def _refused_alone(self, row: str) -> None:
        self.refusals[row] = self.refusals.get(row, 0) + 1
        if self.refusals[row] < 3:
            return
        if not self.batching.may_park():
            self.batching = self.batching.passed_over()
            return
        self.parked.append(row)
        self.reports = [other for other in self.reports if other != row]
        self.updates = [other for other in self.updates if other != row]
        self.batching = self.batching.parked()


def names(kind: str, count: int) -> list[str]:
    return [f"{kind}{number}" for number in range(count)]


def drain(queue: Queue, server: StrictServer, most: int = 1000) -> Queue:
    for _ in range(most):
        if not queue.reports and not queue.updates:
            break
        queue.exchange(server)
    return queue


BAD_ROWS = st.sets(
    st.sampled_from(names("report", 25)[::3] + names("update", 40)[::7]), max_size=8
)


@given(BAD_ROWS, st.integers(0, 25), st.integers(0, 40))
def test_exactly_the_bad_rows_are_parked_and_all_others_arrive(
    bad: set[str], reports: int, updates: int
) -> None:
    queue = Queue(names("report", reports), names("update", updates))
    all_rows = {*queue.reports, *queue.updates}
    drain(queue, StrictServer(bad))
    assert set(queue.parked) == bad & all_rows
    assert set(queue.taken) == all_rows - bad


@given(BAD_ROWS, st.integers(0, 25), st.integers(0, 40))
def test_rows_keep_their_order_through_a_search(bad: set[str], reports: int, updates: int) -> None:
    queue = drain(Queue(names("report", reports), names("update", updates)), StrictServer(bad))
    for kind in ("report", "update"):
        order = [int(row.removeprefix(kind)) for row in queue.taken if row.startswith(kind)]
        assert order == sorted(order)


def test_one_bad_report_among_ten_costs_few_exchanges() -> None:
    queue = drain(Queue(names("report", 10), names("update", 20)), StrictServer({"report6"}))
    assert queue.parked == ["report6"]
    assert queue.exchanges <= 20


def test_an_ill_server_makes_nobody_a_suspect() -> None:
    queue = drain(Queue(names("report", 10), names("update", 5)), StrictServer(set(), ill=True))
    assert (queue.parked, queue.refusals) == ([], {})


def test_a_server_that_takes_no_report_at_all_costs_three_of_them_at_most() -> None:
    """That is its trouble and not theirs: the others stay in the queue, and the updates flow."""
    queue = Queue(names("report", 10), names("update", 50))
    drain(queue, StrictServer(set(names("report", 10))), most=200)
    assert len(queue.parked) == 3
    assert queue.updates == []


@pytest.mark.parametrize("good", [4, 7, 9])
def test_one_good_report_behind_many_bad_ones_gets_through(good: int) -> None:
    bad = set(names("report", 10)) - {f"report{good}"}
    queue = drain(Queue(names("report", 10), []), StrictServer(bad), most=200)
    assert queue.taken == [f"report{good}"]


def test_after_the_search_batches_grow_back() -> None:
    queue = drain(Queue(names("report", 60), []), StrictServer({"report0"}))
    assert queue.batching.take().reports == 10


def suspecting_reports() -> Batching:
    """A batch was refused, and the updates alone were accepted."""
    return Batching.start(Limits()).refused(Load(10, 5)).accepted(Load(0, 5), 1.0)


def test_a_server_that_refuses_an_empty_exchange_is_itself_in_trouble() -> None:
    """Nothing was in it that could be to blame: the search is called off."""
    others = suspecting_reports().refused(Load(5, 0))
    closed = others.refused(Load(0, 5))
    assert closed.suspecting
    assert closed.take() == Load(0, 0)
    assert closed.refused(Load(0, 0)).stage is Stage.TOGETHER


def test_suspects_that_are_gone_end_the_search() -> None:
    """A person took them away meanwhile: what was refused was empty."""
    assert suspecting_reports().refused(Load(0, 0)).stage is Stage.TOGETHER
