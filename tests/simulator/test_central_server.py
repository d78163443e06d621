"""The local central server: each measured habit of cht-core 5.2.0 and of the demo-server."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import threading
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from relay.simulator.server import CentralServer
from relay.simulator.server_state import CentralState, ServerTrouble, names

MOTHER = "+254700000042"
LOGIN = "Basic " + base64.b64encode("gateway:pässword".encode()).decode()


@dataclass(frozen=True)
class Got:
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


@pytest.fixture
def central() -> Iterator[CentralServer]:
    with CentralServer(user="gateway", password="pässword") as server:
        yield server


def ask(
    server: CentralServer,
    method: str = "POST",
    *,
    body: bytes | str | dict[str, Any] = b"{}",
    path: str = "/api/sms",
    drop: Collection[str] = (),
    **extra: str,
) -> Got:
    """One request of a well-behaved client, but for what the test changes."""
    headers = {
        "Accept": "application/json",
        "Authorization": LOGIN,
        "Content-Type": "application/json",
        "User-Agent": "relay/test",
    }
    headers |= {name.replace("_", "-"): value for name, value in extra.items()}
    wanted = {name: value for name, value in headers.items() if name not in drop}
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    conn = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        conn.request(method, path, data if method == "POST" else None, wanted)
        response = conn.getresponse()
        lower = {name.lower(): value for name, value in response.getheaders()}
        return Got(response.status, lower, response.read())
    finally:
        conn.close()


def message(
    id_: object = "a", content: object = "N Jane", sender: object = "+1"
) -> dict[str, Any]:
    return {"id": id_, "from": sender, "content": content}


def ids(server: CentralServer) -> list[object]:
    return [report.id for report in server.reports]


# --- requests -----------------------------------------------------------------------------------


def test_the_check_is_answered_to_get_and_head(central: CentralServer) -> None:
    assert ask(central, "GET").json == {"medic-gateway": True}
    assert (ask(central, "HEAD").status, ask(central, "HEAD").raw) == (200, b"")


@pytest.mark.parametrize("path", ["/api/sms/", "//api//sms"])
def test_slashes_too_many_lead_to_the_same_place(central: CentralServer, path: str) -> None:
    assert ask(central, path=path).status == 200


@pytest.mark.parametrize("path", ["/", "/api", "/api/smsx"])
def test_other_paths_are_not_found(central: CentralServer, path: str) -> None:
    assert ask(central, path=path).status == 404


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "text/plain", ""]
)
def test_the_content_type_must_be_exact(central: CentralServer, content_type: str) -> None:
    got = ask(central, Content_Type=content_type)
    assert got.status == 400
    assert got.json == {"code": 400, "error": "Content-Type must be application/json"}


def test_a_wrong_login_is_told_in_json_to_those_who_ask_for_it(central: CentralServer) -> None:
    got = ask(central, drop=("Authorization",))
    assert (got.status, got.json) == (401, {"code": 401, "error": "unauthorized"})


def test_without_accept_a_wrong_login_is_sent_to_the_login_page(central: CentralServer) -> None:
    got = ask(central, drop=("Authorization", "Accept"))
    assert (got.status, got.headers["location"].split("?")[0]) == (302, "/medic/login")


@pytest.mark.parametrize("agent", ["", "Dalvik/2.1.0 medic.gateway.alert.generic/v1.8.1"])
def test_the_android_gateway_is_never_sent_to_the_login_page(
    central: CentralServer, agent: str
) -> None:
    got = ask(central, drop=("Authorization", "Accept"), User_Agent=agent)
    assert (got.status, got.raw) == (401, b"not logged in")


def test_a_login_in_latin1_is_another_password(central: CentralServer) -> None:
    latin = "Basic " + base64.b64encode("gateway:pässword".encode("latin-1")).decode()
    assert ask(central, Authorization=latin).status == 401


def test_a_user_without_the_role_may_not(central: CentralServer) -> None:
    central.rules.may_use_gateway = False
    assert ask(central).json == {"code": 403, "error": "Insufficient privileges"}


def test_many_wrong_logins_shut_out_everybody_for_ten_seconds() -> None:
    clock = [100.0]
    with CentralServer(password="pässword", monotonic=lambda: clock[0]) as server:
        server.rules.limits_logins = True
        for _ in range(11):
            assert ask(server, Authorization="Basic eDp5").status == 401
        assert ask(server).status == 429
        clock[0] += 10
        assert ask(server).status == 200


@pytest.mark.parametrize(
    "header",
    [{"Expect": "100-continue"}, {"Keep_Alive": "timeout=5"}, {"Upgrade": "h2c"}],
)
def test_headers_that_cannot_be_replayed_are_a_500_without_nginx(
    central: CentralServer, header: dict[str, str]
) -> None:
    assert ask(central, **header).status == 500
    central.rules.behind_nginx = True
    assert ask(central, **header).status == 200


def test_a_chunked_request_is_a_500_without_nginx(central: CentralServer) -> None:
    chunked = {"Transfer_Encoding": "chunked"}
    assert ask(central, body="2\r\n{}\r\n0\r\n\r\n", **chunked).status == 500
    central.rules.behind_nginx = True
    assert ask(central, body="2\r\n{}\r\n0\r\n\r\n", **chunked).status == 200


@pytest.mark.parametrize("packing", ["gzip", "deflate"])
def test_packed_requests_are_understood_if_the_server_takes_them(
    central: CentralServer, packing: str
) -> None:
    body = json.dumps({"messages": [message()]}).encode()
    packed = gzip.compress(body) if packing == "gzip" else zlib.compress(body)
    assert ask(central, body=packed, Content_Encoding=packing).status == 200
    assert ids(central) == ["a"]
    central.rules.takes_gzip = False
    assert ask(central, body=packed, Content_Encoding=packing).status == 500


@pytest.mark.parametrize(("packing", "body"), [("gzip", b"no gzip"), ("zstd", b"{}")])
def test_what_cannot_be_unpacked_is_a_500(
    central: CentralServer, packing: str, body: bytes
) -> None:
    assert ask(central, body=body, Content_Encoding=packing).status == 500


@pytest.mark.parametrize("body", [b'{"messages":', b"hello", b"\xff"])
def test_malformed_json_is_a_500(central: CentralServer, body: bytes) -> None:
    assert ask(central, body=body).status == 500


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"updates":null}', b'{"messages":[]}'])
def test_saying_nothing_is_fine(central: CentralServer, body: bytes) -> None:
    assert ask(central, body=body).json == {"messages": []}


def test_a_body_over_32_mib_is_too_large(central: CentralServer) -> None:
    got = ask(central, body=b"", Content_Length=str(33 * 1024 * 1024))
    assert (got.status, got.json["error"]) == (413, "Payload Too Large")


def test_a_packed_body_over_32_mib_is_too_large(central: CentralServer) -> None:
    bomb = gzip.compress(b" " * (33 * 1024 * 1024))
    assert ask(central, body=bomb, Content_Encoding="gzip").status == 413


def test_long_answers_are_packed_for_those_who_ask(central: CentralServer) -> None:
    central.queue("m1", MOTHER, "Karibu " * 300)
    assert "content-encoding" not in ask(central).headers
    got = ask(central, Accept_Encoding="gzip")
    assert got.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(got.raw))["messages"][0]["id"] == "m1"


# --- messages -----------------------------------------------------------------------------------


def test_an_id_is_stored_once_over_many_posts(central: CentralServer) -> None:
    ask(central, body={"messages": [message("a", "first")]})
    ask(central, body={"messages": [message("a", "second"), message("b")]})
    assert ids(central) == ["a", "b"]
    assert central.reports[0].content == "first"


def test_the_same_id_twice_in_one_post_becomes_two_documents(central: CentralServer) -> None:
    ask(central, body={"messages": [message("a"), message("a")]})
    assert ids(central) == ["a", "a"]


def test_the_same_id_in_overlapping_posts_becomes_two_documents() -> None:
    both = threading.Barrier(2)

    def meet() -> None:
        both.wait(5)

    state = CentralState(pause=meet)
    posts = [
        threading.Thread(target=state.exchange, args=({"messages": [message()]},))
        for _ in range(2)
    ]
    for post in posts:
        post.start()
    for post in posts:
        post.join(5)
    assert [report.id for report in state.reports()] == ["a", "a"]


@pytest.mark.parametrize("missing", ["id", "from", "content"])
@pytest.mark.parametrize("value", ["", None, 0])
def test_a_message_without_something_required_is_dropped_with_a_200(
    central: CentralServer, missing: str, value: object
) -> None:
    got = ask(central, body={"messages": [message() | {missing: value}, message("b")]})
    assert (got.status, ids(central)) == (200, ["b"])


def test_blanks_are_a_content(central: CentralServer) -> None:
    ask(central, body={"messages": [message(content="   ")]})
    assert central.reports[0].content == "   "


def test_a_lone_surrogate_fails_the_post_but_the_others_are_stored(
    central: CentralServer,
) -> None:
    central.queue("m1", MOTHER, "Karibu")
    bad = {"messages": [message("a"), message("b", "\ud83d"), message("c")]}
    bad["updates"] = [{"id": "m1", "status": "SENT"}]
    assert ask(central, body=bad).status == 500
    assert ids(central) == ["a", "c"]
    assert central.state("m1") == "pending"


@pytest.mark.parametrize(
    "body",
    [{"messages": None}, {"messages": "x"}, {"messages": [None]}, {"updates": "x"},
     {"updates": [None]}],
)  # fmt: skip
def test_arrays_that_are_none_are_a_500(central: CentralServer, body: dict[str, Any]) -> None:
    assert ask(central, body=body).json == {"code": 500, "error": "Server error"}


def test_the_state_alone_raises_what_the_api_calls_a_server_error() -> None:
    with pytest.raises(ServerTrouble):
        CentralState().exchange({"messages": None})


# --- updates ------------------------------------------------------------------------------------


def tell(server: CentralServer, *statuses: str, id_: str = "m1", **extra: Any) -> Got:
    updates = [{"id": id_, "status": status, **extra} for status in statuses]
    return ask(server, body={"updates": updates})


def test_statuses_are_applied_in_order_and_never_compared(central: CentralServer) -> None:
    central.queue("m1", MOTHER, "Karibu")
    tell(central, "DELIVERED", "SENT", "UNSENT", "PENDING")
    assert names(central.history("m1")) == [
        "delivered",
        "sent",
        "received-by-gateway",
        "forwarded-by-gateway",
    ]


def test_a_repeated_status_is_ignored_but_not_a_failure_with_a_reason(
    central: CentralServer,
) -> None:
    central.queue("m1", MOTHER, "Karibu")
    tell(central, "SENT", "SENT")
    tell(central, "FAILED", "FAILED", reason="no-service")
    assert names(central.history("m1")) == ["sent", "failed", "failed"]
    assert central.history("m1")[-1].details == {"reason": "no-service"}


@pytest.mark.parametrize("status", ["sent", "", "WHATEVER"])
def test_an_unknown_status_is_unrecognised_and_ends_the_hand_out(
    central: CentralServer, status: str
) -> None:
    central.queue("m1", MOTHER, "Karibu")
    tell(central, status)
    assert central.state("m1") == "unrecognised"
    assert ask(central).json == {"messages": []}


def test_unknown_and_missing_ids_are_ignored(central: CentralServer) -> None:
    assert tell(central, "SENT", id_="nobody").status == 200
    assert ask(central, body={"updates": [{"status": "SENT"}, 5]}).status == 200


def test_messages_of_one_task_share_their_state(central: CentralServer) -> None:
    for id_ in ("m1", "m2"):
        central.queue(id_, MOTHER, "Karibu", task="visit")
    tell(central, "UNSENT")
    assert central.states == {"m1": "received-by-gateway", "m2": "received-by-gateway"}


# --- hand-out -----------------------------------------------------------------------------------


def test_the_first_25_are_handed_out_until_they_are_acknowledged(central: CentralServer) -> None:
    for number in range(30):
        central.queue(f"m{number}", MOTHER, "Karibu")
    first = [handout["id"] for handout in ask(central).json["messages"]]
    again = [handout["id"] for handout in ask(central).json["messages"]]
    assert first == again == [f"m{number}" for number in range(25)]
    updates = [{"id": id_, "status": "UNSENT"} for id_ in first[:20]]
    then = ask(central, body={"updates": updates}).json["messages"]
    assert [handout["id"] for handout in then] == [f"m{number}" for number in range(20, 30)]


def test_someone_at_the_server_may_have_a_message_sent_again(central: CentralServer) -> None:
    central.queue("m1", MOTHER, "Karibu")
    tell(central, "FAILED", reason="no-service")
    central.resend("m1")
    assert ask(central).json["messages"] == [{"id": "m1", "to": MOTHER, "content": "Karibu"}]


# --- being a server -----------------------------------------------------------------------------


def test_it_keeps_its_port_and_its_memory_over_a_restart(central: CentralServer) -> None:
    ask(central, body={"messages": [message()]})
    url = central.url
    central.restart()
    assert central.url == url
    assert ids(central) == ["a"]
    assert ask(central).status == 200


def test_stopped_it_refuses_connections(central: CentralServer) -> None:
    central.stop()
    with pytest.raises(ConnectionRefusedError):
        ask(central)


def test_stopping_releases_a_request_that_hangs(central: CentralServer) -> None:
    central.faults.hang()
    seen: list[type] = []

    def hang() -> None:
        try:
            ask(central)
        except (OSError, http.client.HTTPException) as error:
            seen.append(type(error))

    client = threading.Thread(target=hang)
    client.start()
    central.wait_for_request()
    central.stop()
    client.join(5)
    assert len(seen) == 1


def test_every_request_is_logged_with_its_bytes(central: CentralServer) -> None:
    ask(central, body={"messages": [message()]})
    (entry,) = central.requests
    assert (entry.method, entry.path, entry.status) == ("POST", "/api/sms", 200)
    assert json.loads(entry.body)["messages"][0]["id"] == "a"
    assert entry.bytes_in > len(entry.body)
    assert entry.bytes_out > len(b'{"messages": []}')
    central.forget_requests()
    assert central.requests == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"code": 500, "error": "Server error"}),
        (502, {"type": "ERROR", "error": "502 Bad Gateway", "server": "nginx"}),
        (503, {"error": "Service unavailable"}),
    ],
)
def test_errors_look_as_those_of_core_and_of_its_nginx(
    central: CentralServer, status: int, body: dict[str, Any]
) -> None:
    central.faults.status(status, times=1)
    got = ask(central)
    assert (got.status, got.json) == (status, body)
    assert ask(central).status == 200


# --- the demo-server -----------------------------------------------------------------------------


@pytest.fixture
def demo() -> Iterator[CentralServer]:
    with CentralServer(user="gateway", password="pässword", demo_server=True) as server:
        yield server


FIVE = {"Accept_Charset": "utf-8", "Accept_Encoding": "gzip", "Cache_Control": "no-cache"}


@pytest.mark.parametrize("missing", sorted(FIVE))
def test_the_demo_server_insists_on_five_headers(demo: CentralServer, missing: str) -> None:
    fewer = {name: value for name, value in FIVE.items() if name != missing}
    # http.client adds an Accept-Encoding of its own.
    got = ask(demo, path="/app", **fewer)
    assert got.status == 500
    assert missing.replace("_", "-") in got.json["err"]
    assert ask(demo, path="/app", **FIVE).status == 200


def test_the_demo_server_compares_no_ids(demo: CentralServer) -> None:
    for _ in range(2):
        ask(demo, path="/app", body={"messages": [message()]}, **FIVE)
    assert ids(demo) == ["a", "a"]


def test_the_demo_server_hands_out_once(demo: CentralServer) -> None:
    demo.queue("m1", MOTHER, "Karibu")
    assert len(ask(demo, path="/app", **FIVE).json["messages"]) == 1
    assert ask(demo, path="/app", **FIVE).json["messages"] == []


def test_the_demo_server_fails_on_order(demo: CentralServer) -> None:
    assert ask(demo, path="/error", body=b'"boom"').status == 200
    assert ask(demo, path="/app", **FIVE).json["err"] == "boom"
    assert ask(demo, path="/app", **FIVE).status == 200


def test_the_demo_server_names_no_content_type(demo: CentralServer) -> None:
    assert "content-type" not in ask(demo, "GET", path="/app").headers


def test_the_demo_server_cannot_unpack(demo: CentralServer) -> None:
    body = gzip.compress(b"{}")
    assert ask(demo, path="/app", body=body, Content_Encoding="gzip", **FIVE).status == 500
