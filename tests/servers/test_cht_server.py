"""The client against a server that behaves as cht-core 5.2.0, over real HTTP."""

from __future__ import annotations

import gzip
import json

import pytest

from relay.core.cht import Handout
from relay.errors import BadReply, Rejected, ServerError, Unauthorised, Unreachable
from relay.servers.cht import ChtServer
from relay.servers.http import Timeouts
from relay.simulator.server import CentralServer
from relay.simulator.server_state import names
from tests.cht_rows import REPORT_TEXTS, report, reports, update
from tests.servers.conftest import PASSWORD, Connect

MOTHER = "+254700000042"

# --- 1 the check --------------------------------------------------------------------------------


def test_the_check_passes_at_a_gateway_endpoint(client: ChtServer) -> None:
    client.check()


@pytest.mark.parametrize("body", [b"{}", b'{"medic-gateway":false}', b"[]", b"<html>", b""])
def test_the_check_accepts_nothing_else(
    central: CentralServer, client: ChtServer, body: bytes
) -> None:
    central.faults.every_method = True
    central.faults.reply(body)
    with pytest.raises(BadReply):
        client.check()


def test_the_check_says_so_when_the_path_is_missing(
    central: CentralServer, connect: Connect
) -> None:
    with pytest.raises(Rejected) as caught:
        connect(central.url.removesuffix("/api/sms")).check()
    assert caught.value.status == 404


@pytest.mark.parametrize("path", ["/api/sms/", "//api/sms", "/api//sms/"])
def test_slashes_too_many_do_no_harm(central: CentralServer, connect: Connect, path: str) -> None:
    connect(central.url.replace("/api/sms", path)).check()


# --- 2 headers ----------------------------------------------------------------------------------


def test_a_request_carries_exactly_the_headers_that_both_servers_want(
    central: CentralServer, client: ChtServer
) -> None:
    client.exchange([], [])
    headers = central.requests[-1].headers
    wanted = {
        "accept": "application/json",
        "accept-charset": "utf-8",
        "accept-encoding": "gzip",
        "cache-control": "no-cache",
        "content-type": "application/json",
        "content-length": "28",
    }
    assert wanted.items() <= headers.items()
    assert headers["user-agent"].startswith("relay/")
    assert headers.keys() <= {*wanted, "user-agent", "host", "authorization"}


def test_nothing_that_cht_cannot_replay_is_ever_sent(
    central: CentralServer, client: ChtServer
) -> None:
    """Chunked, Expect, Keep-Alive and Upgrade are a 500 where no nginx is in front."""
    client.exchange(reports(*["x" * 5000] * 20), [])
    sent = central.requests[-1].headers
    assert not sent.keys() & {"transfer-encoding", "expect", "keep-alive", "upgrade"}
    assert "content-length" in sent


# --- 3 login ------------------------------------------------------------------------------------


def test_a_password_outside_latin_letters_is_sent_as_utf8(
    central: CentralServer, connect: Connect
) -> None:
    central.rules.password = "पासवर्ड-ß-😀"
    connect(central, login=("gateway", "पासवर्ड-ß-😀")).check()


def test_a_login_in_the_url_works_raw_and_percent_encoded(
    central: CentralServer, connect: Connect
) -> None:
    central.rules.password = "p@ss:w/ö#d?"
    for login in ("gateway:p@ss:w/ö#d?@", "gateway:p%40ss%3Aw%2F%C3%B6%23d%3F@"):
        url = central.url.replace("://", f"://{login}")
        connect(url, login=("", "")).check()


def test_the_password_is_in_no_repr_and_no_error(connect: Connect, central: CentralServer) -> None:
    central.rules.password = "another one"
    client = connect(central)
    with pytest.raises(Unauthorised) as caught:
        client.check()
    for shown in (repr(client), repr(client.__dict__.values()), str(caught.value)):
        assert PASSWORD not in shown


def test_a_wrong_password_is_unauthorised(central: CentralServer, connect: Connect) -> None:
    with pytest.raises(Unauthorised) as caught:
        connect(central, login=("gateway", "wrong")).exchange([report()], [])
    assert caught.value.status == 401
    assert central.reports == []


def test_a_user_without_the_role_is_unauthorised(
    central: CentralServer, client: ChtServer
) -> None:
    central.rules.may_use_gateway = False
    with pytest.raises(Unauthorised, match="role `gateway`") as caught:
        client.exchange([report()], [])
    assert caught.value.status == 403


# --- 4 the body ---------------------------------------------------------------------------------


def test_the_body_has_both_arrays_and_only_texts_in_a_message(
    central: CentralServer, client: ChtServer
) -> None:
    client.exchange([], [])
    assert json.loads(central.requests[-1].body) == {"messages": [], "updates": []}
    client.exchange([report(1, "12345")], [])
    (message,) = json.loads(central.requests[-1].body)["messages"]
    assert {type(message[key]) for key in ("id", "from", "content")} == {str}


# --- 5 redirects --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_a_post_is_an_error_that_names_the_target(
    central: CentralServer, client: ChtServer, status: int
) -> None:
    central.faults.redirect("https://cht.example.org/api/sms", status=status)
    with pytest.raises(Rejected, match=r"cht\.example\.org/api/sms") as caught:
        client.exchange([report()], [])
    assert caught.value.status == status
    assert len(central.requests) == 1


def test_the_target_of_a_redirect_is_shown_without_a_login(
    central: CentralServer, client: ChtServer
) -> None:
    central.faults.redirect("https://gateway:secret@cht.example.org/api/sms")
    with pytest.raises(Rejected) as caught:
        client.exchange([], [])
    assert "secret" not in str(caught.value)


# --- 6 what success is --------------------------------------------------------------------------


def test_the_answer_of_a_check_to_a_post_is_an_error(
    central: CentralServer, client: ChtServer
) -> None:
    central.faults.check_answer()
    with pytest.raises(BadReply, match="redirect"):
        client.exchange([report()], [])


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'"ok"', b'{"messages":"none"}', b'{"error":"no"}', b"OK"]
)
def test_a_success_status_with_another_body_is_an_error(
    central: CentralServer, client: ChtServer, body: bytes
) -> None:
    central.faults.reply(body)
    with pytest.raises(BadReply):
        client.exchange([report()], [])


@pytest.mark.parametrize("body", [b"{}", b'{"messages":null}', b'{"messages":[]}'])
@pytest.mark.parametrize("status", [200, 201, 202])
def test_no_messages_in_any_form_is_success(
    central: CentralServer, client: ChtServer, body: bytes, status: int
) -> None:
    central.faults.reply(body, status=status)
    assert client.exchange([report()], []).messages == ()


# --- 7 what may have been processed -------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code"),
    [("close", "NET_RESET"), ("lose_answer", "NET_RESET"), ("cut", "NET_CUT")],
)
def test_a_connection_that_breaks_after_the_request_leaves_the_outcome_unknown(
    central: CentralServer, client: ChtServer, fault: str, code: str
) -> None:
    getattr(central.faults, fault)()
    with pytest.raises(Unreachable, match=code) as caught:
        client.exchange([report()], [])
    assert caught.value.maybe_processed


def test_a_server_that_hangs_trips_the_read_timeout(
    central: CentralServer, connect: Connect
) -> None:
    central.faults.hang()
    impatient = connect(central, timeouts=Timeouts(5, 0.2, 5))
    with pytest.raises(Unreachable, match="NET_TIMEOUT") as caught:
        impatient.exchange([report()], [])
    assert caught.value.maybe_processed


def test_a_server_that_dribbles_trips_the_deadline(
    central: CentralServer, connect: Connect
) -> None:
    """Each byte is in time for the read timeout; all of them are not."""
    central.queue("m1", MOTHER, "x" * 500)
    central.faults.dribble(0.05)
    impatient = connect(central, timeouts=Timeouts(5, 5, 0.4))
    with pytest.raises(Unreachable, match="NET_TIMEOUT") as caught:
        impatient.exchange([report()], [])
    assert caught.value.maybe_processed


def test_an_answer_without_end_is_cut_off(central: CentralServer, client: ChtServer) -> None:
    central.faults.huge()
    with pytest.raises(BadReply, match="longer than"):
        client.exchange([], [])


def test_a_packed_answer_without_end_is_cut_off(central: CentralServer, client: ChtServer) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    central.faults.reply(bomb, headers=(("Content-Encoding", "gzip"),))
    with pytest.raises(BadReply, match="longer than"):
        client.exchange([], [])


def test_a_server_that_is_down_has_seen_nothing(central: CentralServer, client: ChtServer) -> None:
    central.stop()
    with pytest.raises(Unreachable, match="NET_REFUSED") as caught:
        client.exchange([report()], [])
    assert not caught.value.maybe_processed


def test_a_failed_check_has_changed_nothing(central: CentralServer, client: ChtServer) -> None:
    central.faults.every_method = True
    central.faults.close()
    with pytest.raises(Unreachable) as caught:
        client.check()
    assert not caught.value.maybe_processed


def test_the_client_never_repeats_by_itself_what_may_have_arrived(
    central: CentralServer, client: ChtServer
) -> None:
    central.faults.lose_answer()
    with pytest.raises(Unreachable):
        client.exchange([report()], [])
    assert [stored.id for stored in central.reports] == ["uuid-1"]
    assert len(central.requests) == 1


# --- 8 to 10 hand-out and updates ---------------------------------------------------------------


def test_messages_come_down_and_statuses_go_up(central: CentralServer, client: ChtServer) -> None:
    central.queue("m1", MOTHER, "Karibu 😀")
    assert client.exchange([], []).messages == (Handout("m1", MOTHER, "Karibu 😀"),)
    client.exchange([], [update("m1", "UNSENT"), update("m1", "PENDING"), update("m1", "SENT")])
    assert names(central.history("m1")) == [
        "forwarded-to-gateway",
        "received-by-gateway",
        "forwarded-by-gateway",
        "sent",
    ]


def test_a_failure_arrives_with_its_reason(central: CentralServer, client: ChtServer) -> None:
    central.queue("m1", MOTHER, "Karibu")
    client.exchange([], [update("m1", "FAILED", "destination.invalid")])
    assert central.history("m1")[-1].details == {"reason": "destination.invalid"}


# --- 13 refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 404, 413, 429, 500, 502, 503, 504])
def test_a_refusal_keeps_its_status_and_the_servers_words(
    central: CentralServer, client: ChtServer, status: int
) -> None:
    central.faults.status(status)
    with pytest.raises(Rejected) as caught:
        client.exchange([report()], [])
    assert caught.value.status == status
    assert caught.value.text
    assert central.reports == []


@pytest.mark.parametrize(
    ("retry_after", "seconds"), [("", 10), ("3", 10), ("120", 120), ("soon", 10)]
)
def test_too_many_requests_are_answered_with_ten_seconds_at_least(
    central: CentralServer, client: ChtServer, retry_after: str, seconds: float
) -> None:
    central.faults.status(429, retry_after=retry_after)
    with pytest.raises(Rejected) as caught:
        client.exchange([], [])
    assert caught.value.retry_after_s == seconds


def test_retry_after_may_be_a_date_by_the_servers_own_clock(connect: Connect) -> None:
    with CentralServer(password=PASSWORD, now=lambda: 1_780_000_000_000) as server:
        server.faults.status(503, retry_after="Thu, 28 May 2026 20:28:20 GMT")
        with pytest.raises(Rejected) as caught:
            connect(server).exchange([], [])
    assert caught.value.retry_after_s == 100


def test_ten_wrong_logins_shut_out_the_right_one_too(
    central: CentralServer, connect: Connect
) -> None:
    central.rules.limits_logins = True
    stranger = connect(central, login=("gateway", "wrong"))
    for _ in range(11):
        with pytest.raises(Unauthorised):
            stranger.check()
    with pytest.raises(Rejected) as caught:
        connect(central).check()
    assert caught.value.status == 429


@pytest.mark.parametrize("status", [200, 511])
def test_the_login_page_of_a_network_is_no_server(
    central: CentralServer, client: ChtServer, status: int
) -> None:
    central.faults.portal(status=status)
    with pytest.raises(ServerError, match="Free WiFi"):
        client.exchange([report()], [])


def test_half_an_answer_is_no_answer(central: CentralServer, client: ChtServer) -> None:
    central.queue("m1", MOTHER, "Karibu")
    central.faults.truncate()
    with pytest.raises(BadReply, match="cut off") as caught:
        client.exchange([report()], [])
    assert caught.value.maybe_processed


# --- 14 byte-exact ------------------------------------------------------------------------------


@pytest.mark.parametrize("text", REPORT_TEXTS)
@pytest.mark.parametrize("request_gzip", ["yes", "no"])
def test_every_known_report_is_stored_byte_for_byte(
    central: CentralServer, connect: Connect, text: str, request_gzip: str
) -> None:
    connect(central, request_gzip=request_gzip).exchange([report(1, text)], [])
    (stored,) = central.reports
    assert stored.content.encode() == text.encode()


@pytest.mark.parametrize("text", [*REPORT_TEXTS, "a\0b", "\u200b\ufeffx ", "é" * 5000])
def test_every_text_comes_down_byte_for_byte(
    central: CentralServer, client: ChtServer, text: str
) -> None:
    central.queue("m1", MOTHER, text)
    (handout,) = client.exchange([], []).messages
    assert handout.content.encode() == text.encode()


# --- the connection and the clock ---------------------------------------------------------------


def test_one_connection_serves_many_exchanges(central: CentralServer, client: ChtServer) -> None:
    for _ in range(3):
        client.exchange([], [])
    assert len({entry.peer for entry in central.requests}) == 1


def test_a_connection_that_the_server_closed_is_made_again(
    central: CentralServer, client: ChtServer
) -> None:
    client.exchange([], [])
    central.restart()
    client.exchange([report()], [])
    assert len(central.reports) == 1


def test_the_servers_clock_comes_with_the_answer(connect: Connect) -> None:
    with CentralServer(password=PASSWORD, now=lambda: 1_780_000_000_000) as server:
        assert connect(server).exchange([], []).server_time == 1_780_000_000_000


def test_an_idle_poll_on_an_open_connection_is_small(
    central: CentralServer, client: ChtServer
) -> None:
    client.exchange([], [])
    poll = central.requests[-1]
    assert poll.bytes_in + poll.bytes_out < 600


def test_ten_reports_in_one_packed_request_cost_less_than_a_hundred_bytes_each(
    central: CentralServer, connect: Connect
) -> None:
    connect(central, request_gzip="yes").exchange(
        reports(*[f"J1!ANCR!Jane Doe {n}#24#2026-03-{n:02}" for n in range(10, 20)]), []
    )
    assert central.requests[-1].bytes_in < 1000
