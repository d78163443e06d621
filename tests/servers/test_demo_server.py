"""The client against cht-gateway's own demo-server, whose oddities differ from core's."""

from __future__ import annotations

import pytest

from relay.core.cht import Handout
from relay.errors import Rejected, Unauthorised
from relay.simulator.server import CentralServer
from tests.cht_rows import REPORT_TEXTS, report, reports
from tests.servers.conftest import Connect

MOTHER = "+254700000042"


def test_the_check_passes(demo: CentralServer, connect: Connect) -> None:
    connect(demo).check()


def test_its_five_headers_are_always_sent(demo: CentralServer, connect: Connect) -> None:
    demo.queue("m1", MOTHER, "Karibu")
    got = connect(demo).exchange([report(1, "N Jane")], [])
    assert got.messages == (Handout("m1", MOTHER, "Karibu"),)
    assert [stored.content for stored in demo.reports] == ["N Jane"]


def test_a_packed_request_falls_back_and_nothing_arrives_twice(
    demo: CentralServer, connect: Connect
) -> None:
    """It compares no ids: a repetition of what it understood would be stored twice."""
    client = connect(demo)
    client.exchange(reports(*REPORT_TEXTS), [])
    assert [stored.content for stored in demo.reports] == REPORT_TEXTS
    assert client.takes_gzip is False


def test_its_ordered_error_is_a_refusal_with_its_words(
    demo: CentralServer, connect: Connect
) -> None:
    demo.refuse_next("out of order")
    with pytest.raises(Rejected, match="out of order") as caught:
        connect(demo).exchange([], [])
    assert caught.value.status == 500


def test_a_wrong_login_is_unauthorised(demo: CentralServer, connect: Connect) -> None:
    with pytest.raises(Unauthorised):
        connect(demo, login=("gateway", "wrong")).check()


def test_another_path_is_a_refusal(demo: CentralServer, connect: Connect) -> None:
    with pytest.raises(Rejected):
        connect(demo.url + "le").check()
