"""One bad row must not stop the line: it is found, set aside, and everything else goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.errors import Rejected, ServerError, Unauthorised
from relay.store.forwarding import release
from tests.flows.sync_station import Call, SyncStation, handed_out, open_station, refusing

POISON = Rejected(500, "Server error")


@pytest.fixture
def station(tmp_path: Path) -> Iterator[SyncStation]:
    station = open_station(tmp_path)
    yield station
    station.db.close()


def texts(count: int) -> list[str]:
    return [f"report {number}" for number in range(count)]


@pytest.mark.parametrize("bad", [0, 4, 9])
@pytest.mark.parametrize("error", [POISON, Rejected(400), Unauthorised(403)], ids=str)
def test_one_bad_report_is_parked_and_the_others_arrive(
    station: SyncStation, bad: int, error: ServerError
) -> None:
    station.receive(*texts(10))
    station.server.check_rows = refusing(f"report {bad}", error=error)
    station.live(7200)
    ((text, reason),) = station.parked()
    assert text == f"report {bad}"
    assert "refuses" in reason
    assert station.waiting == 0


def test_a_bad_report_that_is_alone_in_the_queue_is_parked_too(station: SyncStation) -> None:
    station.receive("poison")
    station.server.check_rows = refusing("poison", error=POISON)
    station.live(600)
    assert [text for text, _ in station.parked()] == ["poison"]
    assert station.code == "OK"


def test_it_takes_three_refusals_alone(station: SyncStation) -> None:
    station.receive("poison")
    station.server.check_rows = refusing("poison", error=POISON)
    station.live(600)
    # The first time it stood in an ordinary batch, with nothing else to put there.
    assert station.server.taken == ["poison"] * 4


def test_two_refusals_are_forgiven(station: SyncStation) -> None:
    station.receive("N Jane")
    station.server.script += [POISON]
    refusals = iter([POISON, POISON])

    def sometimes(call: Call) -> None:
        if call.reports and (error := next(refusals, None)):
            raise error

    station.server.check_rows = sometimes
    station.live(600)
    assert (station.waiting, station.parked()) == (0, [])


def test_statuses_and_new_messages_flow_during_the_search(station: SyncStation) -> None:
    station.receive(*texts(10))
    station.server.check_rows = refusing(*texts(10), error=POISON)
    station.rest()
    station.server.script.append(handed_out("m1"))
    station.live(30)
    told = [update for call in station.server.calls for update in call.updates]
    assert told == [("m1", "UNSENT")]


def test_the_search_is_quick_but_a_single_row_gets_time_between_its_tries(
    station: SyncStation,
) -> None:
    station.receive(*texts(10))
    station.server.check_rows = refusing("report 0", error=POISON)
    station.rest()
    alone = [call for call in station.server.calls if call.reports == ("report 0",)]
    assert len(alone) == 1
    station.live(600)
    assert len(station.parked()) == 1


def test_a_bad_status_is_parked_and_the_others_are_told(station: SyncStation) -> None:
    station.server.script.append(handed_out("m1", "m2", "m3"))
    station.server.check_rows = refusing("m2 UNSENT", error=POISON)
    station.live(600)
    parked = station.db.query(
        "SELECT server_id FROM status_update JOIN outbound ON outbound.id = outbound_id"
        " WHERE parked = 1"
    )
    assert [row[0] for row in parked] == ["m2"]
    assert station.exchanges.pending() == (0, 0)


def test_reports_flow_while_a_bad_status_is_looked_for(station: SyncStation) -> None:
    station.server.script.append(handed_out("m1"))
    station.server.check_rows = refusing("m1 UNSENT", error=POISON)
    station.rest()
    station.receive("N Jane")
    station.flow.step()
    station.flow.step()
    assert station.waiting == 0


def test_a_bad_report_and_a_bad_status_at_once_are_both_found(station: SyncStation) -> None:
    station.server.script.append(handed_out("m1", "m2"))
    station.server.check_rows = refusing("m2 UNSENT", "report 3", error=POISON)
    station.receive(*texts(6))
    station.live(7200)
    assert [text for text, _ in station.parked()] == ["report 3"]
    assert station.exchanges.pending() == (0, 0)


def test_a_server_in_trouble_is_not_blamed_on_anybody(station: SyncStation) -> None:
    station.receive(*texts(10))
    station.server.otherwise = POISON
    station.live(7200)
    station.server.otherwise = handed_out()
    station.live(600)
    assert (station.waiting, station.parked()) == (0, [])


def test_a_server_that_takes_no_report_at_all_costs_at_most_three_of_them(
    station: SyncStation,
) -> None:
    station.receive(*texts(10))
    station.server.check_rows = refusing(*texts(10), error=POISON)
    station.live(24 * 3600)
    assert (len(station.parked()), station.waiting) == (3, 7)
    station.server.check_rows = lambda call: None
    station.live(600)
    assert station.waiting == 0


def test_such_a_server_is_not_hammered_either(station: SyncStation) -> None:
    station.receive(*texts(10))
    station.server.check_rows = refusing(*texts(10), error=POISON)
    station.live(3600)
    before = len(station.server.calls)
    station.live(3600)
    assert len(station.server.calls) - before < 100


def test_a_server_that_dies_of_one_report_gets_the_others(station: SyncStation) -> None:
    """Behind nginx its death shows as 502, and nobody can say whether anything arrived."""
    station.receive(*texts(5))
    station.server.check_rows = refusing("report 1", error=Rejected(502))
    station.live(6 * 3600)
    assert station.waiting <= 1


def test_a_parked_report_may_be_released_by_hand(station: SyncStation) -> None:
    station.receive("poison")
    station.server.check_rows = refusing("poison", error=POISON)
    station.live(600)
    station.server.check_rows = lambda call: None
    assert release(station.db, station.clock.now(), 1, ("cht",))
    station.live(600)
    assert (station.waiting, station.parked()) == (0, [])
