"""The control socket against clients of every kind, over real sockets."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.control.client import Conversation, NobodyThere, ask
from relay.control.place import bind
from relay.control.words import LINE_LIMIT, ControlRefused
from tests.control.conftest import hear

PING = b'{"v":1,"ask":"ping"}\n'
SURVEY = b'{"v":1,"ask":"survey"}\n'


def test_a_question_is_answered(running):
    one = running()
    assert ask(one.path, "ping") == {"pong": True}


def test_several_questions_go_over_one_connection(running):
    one = running()
    with Conversation(one.path) as conversation:
        assert [conversation.ask("ping") for _ in range(3)] == [{"pong": True}] * 3


def test_the_kernel_says_who_asks(running):
    one = running()
    ask(one.path, "ping")
    assert (one.clerk.peers[0].uid, one.clerk.peers[0].pid) == (os.getuid(), os.getpid())


def test_a_promise_is_kept_and_others_are_answered_meanwhile(running):
    one = running()
    waiting = one.client(SURVEY)
    assert ask(one.path, "ping") == {"pong": True}
    one.clerk.promised[0].set_result({"signal": -71})
    assert hear(waiting)["answer"] == {"signal": -71}


def test_a_promise_that_is_not_kept_in_time_is_taken_back(running):
    """What has not begun is cancelled: nothing is done for somebody who was told no."""
    one = running()
    one.clerk.promise_s = 0.05
    assert hear(one.client(SURVEY))["error"]["code"] == "BUSY"
    assert one.clerk.promised[0].cancelled()


def test_what_is_at_work_when_the_time_is_over_is_said_to_be(running):
    one = running()
    one.clerk.promise_s = 0.3
    client = one.client(SURVEY)
    ask(one.path, "ping")
    assert one.clerk.promised[0].set_running_or_notify_cancel()
    assert hear(client)["error"]["code"] == "STILL_AT_IT"


def test_who_hangs_up_is_forgotten(running):
    one = running()
    one.client(PING).close()
    assert one.clerk.gone.acquire(timeout=20)


# --- bad clients --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [b"hello\n", b"\0\xff\xfe\n", b"GET / HTTP/1.1\r\n", b"[" * 9000 + b"\n", b'{"v":1}\n'],
)
def test_garbage_is_refused_and_the_connection_stays(running, line):
    one = running()
    client = one.client(line)
    assert hear(client)["ok"] is False
    client.sendall(PING)
    assert hear(client)["ok"] is True


def test_a_line_that_is_too_long_ends_the_connection(running):
    one = running()
    client = one.client()
    with pytest.raises(OSError):  # which one depends on when it looks
        for _ in range(200):
            client.sendall(b"x" * LINE_LIMIT)
    assert ask(one.path, "ping") == {"pong": True}


def test_half_a_line_is_not_waited_for_without_end(running):
    one = running(line_s=0.1)
    client = one.client(b'{"v":1,')
    assert hear(client)["error"]["code"] == "TOO_SLOW"
    assert hear(client) == {}


def test_who_says_nothing_is_hung_up_on(running):
    one = running(line_s=0.1)
    assert hear(one.client()) == {}


def test_a_client_that_never_reads_loses_its_place(running):
    """And costs no more memory than the answer that it does not take."""
    one = running(line_s=0.2)
    one.clerk.answers = {"text": "x" * 4_000_000}
    client = one.client(PING * 100)
    assert one.clerk.gone.acquire(timeout=20)
    one.clerk.answers = {"pong": True}
    assert ask(one.path, "ping") == {"pong": True}
    assert len(one.clerk.asked) <= 3
    client.close()


def test_many_requests_at_once_are_answered_in_order(running):
    one = running()
    client = one.client(PING * 2000)
    got = b""
    while got.count(b"\n") < 2000:
        got += client.recv(65_536)
    assert got.count(b'"ok": true') == 2000


def test_a_thousand_connections_leave_it_alive(running):
    """Those beyond the places are told so, and who comes when there is room is let in."""
    one = running(line_s=5)
    crowd = [one.client() for _ in range(200)]
    for _ in range(800):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(one.path))
    assert hear(crowd[-1])["error"]["code"] == "TOO_MANY"
    for client in crowd:
        client.close()
    for _ in range(16):
        assert one.clerk.gone.acquire(timeout=20)
    assert ask(one.path, "ping") == {"pong": True}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.binary(max_size=200) | st.just(PING), max_size=5))
def test_whatever_is_sent_the_next_one_is_answered(running_for_all, pieces):
    one = running_for_all
    client = one.client()
    for piece in pieces:
        client.sendall(piece)
    client.close()
    assert ask(one.path, "ping") == {"pong": True}


@pytest.fixture
def running_for_all(running):
    return running(places=64)


# --- the place ----------------------------------------------------------------------------------


def test_only_the_owner_and_the_group_may_speak(running):
    mode = stat.S_IMODE(running().path.stat().st_mode)
    assert mode in {0o600, 0o660}


def test_the_socket_goes_with_the_listener(place):
    line = bind(place / "control.sock")
    line.close()
    assert (place / "control.sock").exists()  # as after kill -9
    with pytest.raises(NobodyThere):
        ask(place / "control.sock", "ping")


def test_a_stale_socket_is_replaced(place, running):
    """After a power cut the file is still there, and nobody listens."""
    dead = "import socket,sys; s=socket.socket(1); s.bind(sys.argv[1]); s.listen()"
    subprocess.run([sys.executable, "-c", dead, str(place / "control.sock")], check=True)
    assert ask(running().path, "ping") == {"pong": True}


def test_a_socket_at_which_another_listens_is_not_taken(running):
    one = running()
    with pytest.raises(ControlRefused, match="another program listens"):
        bind(one.path)
    assert ask(one.path, "ping") == {"pong": True}


def test_a_file_is_never_deleted(place):
    (place / "control.sock").write_text("notes")
    with pytest.raises(ControlRefused, match="no socket"):
        bind(place / "control.sock")
    assert (place / "control.sock").read_text() == "notes"


def test_a_path_that_is_too_long_is_named(place):
    with pytest.raises(ControlRefused, match="107 octets"):
        bind(place / ("x" * 120))
    with pytest.raises(NobodyThere):
        ask(place / ("x" * 120), "ping")


# --- the client ---------------------------------------------------------------------------------


def test_nobody_there_says_how_to_start_it(place):
    with pytest.raises(NobodyThere, match="systemctl start relay"):
        ask(place / "control.sock", "ping")


def test_a_daemon_that_does_not_answer_is_not_waited_for(running):
    with pytest.raises(ControlRefused) as error:
        ask(running().path, "survey", timeout_s=0.1)
    assert error.value.code == "TIMEOUT"
