"""The serial line: what the library's reader dies of or drops, and ours must not."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from relay.core.device import (
    DirectPdu,
    IncomingCall,
    LateReference,
    NewMessage,
    Restarted,
    Slot,
    Unsolicited,
)
from relay.errors import NoReply, PortLost, Refused
from relay.modem.wire import Wire
from tests.modem.peer import Peer, Reply

pytestmark = pytest.mark.pty

NOTICE = NewMessage(Slot("SM", 3))


@pytest.fixture
def line(peer: Callable[..., Peer]) -> Iterator[Callable[..., tuple[Peer, Wire]]]:
    wires: list[Wire] = []

    def make(script: dict[str, Reply] | None = None) -> tuple[Peer, Wire]:
        modem = peer(script)
        wires.append(Wire(modem.path, write_timeout_s=0.3, resync_timeout_s=0.2))
        wires[-1].open()
        return modem, wires[-1]

    yield make
    for wire in wires:
        wire.close()


def test_s1_a_byte_that_is_no_utf8_kills_nobody(line: Callable[..., tuple[Peer, Wire]]) -> None:
    """Noise and Latin-1 names are read, and the reader lives on."""
    modem, wire = line({"AT+COPS?": b'\r\n+COPS: 0,0,"T\xe9l\xff"\r\n\r\nOK\r\n'})
    modem.say(b"\xff\xfe\x80noise\r\n")
    assert wire.execute("AT+COPS?", 1)[-1] == '+COPS: 0,0,"Tél\xff"'
    assert wire.execute("AT", 1) == []


def test_s4_a_notification_inside_an_answer_is_kept(
    line: Callable[..., tuple[Peer, Wire]],
) -> None:
    """The answer has its own lines only, the notification goes to the queue."""
    _, wire = line({"AT+CSQ": '+CMTI: "SM",3\r\n+CSQ: 20,99\r\n^RSSI:20\r\nOK'})
    assert wire.execute("AT+CSQ", 1) == ["+CSQ: 20,99"]
    assert wire.take_urcs() == [NOTICE, Unsolicited("^RSSI:20")]


def test_s4_m14_m15_routed_pdus_inside_an_answer(line: Callable[..., tuple[Peer, Wire]]) -> None:
    """+CMT and +CDS lie nowhere else; both lines are taken out of the answer."""
    script = "+CDS: 3\r\n00AABBCC\r\n+CSQ: 20,99\r\n+CMT: ,2\r\n00DDEE\r\nOK"
    _, wire = line({"AT+CSQ": script})
    assert wire.execute("AT+CSQ", 1) == ["+CSQ: 20,99"]
    assert wire.take_urcs() == [DirectPdu("+CDS", "00AABBCC"), DirectPdu("+CMT", "00DDEE")]


def test_s5_a_burst_arrives_whole(line: Callable[..., tuple[Peer, Wire]]) -> None:
    """Fifty notifications in one write are fifty events in order."""
    modem, wire = line()
    modem.say("RING\r\n" + "".join(f'\r\n+CMTI: "SM",{n}\r\n' for n in range(50)) + "\r\nRDY\r\n")
    while not (urcs := wire.take_urcs()) or Restarted("RDY") not in urcs:
        assert wire.wait(5)
    assert urcs == [IncomingCall(), *(NewMessage(Slot("SM", n)) for n in range(50)), urcs[-1]]


@pytest.mark.parametrize(
    ("said", "family", "code"),
    [
        ("ERROR", "", None),
        ("+CMS ERROR:38 ", "CMS", 38),
        ("+CMS ERROR: SIM full", "CMS", 322),
        ("+CME ERROR: SIM not inserted", "CME", 10),
        ("+CME ERROR: something new", "CME", None),
        ("COMMAND NOT SUPPORT", "", None),
        ("NO CARRIER", "", None),
    ],
)
def test_s8_every_error_ends_the_answer(
    line: Callable[..., tuple[Peer, Wire]], said: str, family: str, code: int | None
) -> None:
    """Numeric, verbose and odd errors are refusals at once, not time-outs."""
    _, wire = line({"AT+X": said})
    with pytest.raises(Refused) as refused:
        wire.execute("AT+X", 5)
    assert (refused.value.family, refused.value.code) == (family, code)


def test_s9_a_late_answer_is_not_the_next_one(line: Callable[..., tuple[Peer, Wire]]) -> None:
    """After a time-out the stream is in step: nobody gets another's answer."""
    modem, wire = line({"AT+CSQ": None, "AT+CREG?": "+CREG: 0,1\r\nOK"})
    modem.script["AT+CMEE?"] = "+CSQ: 9,9\r\n\r\nOK\r\n\r\n+CMEE: 1\r\nOK"
    with pytest.raises(NoReply):
        wire.execute("AT+CSQ", 0.1)
    assert wire.execute("AT+CREG?", 1) == ["+CREG: 0,1"]


def test_s9_time_out_of_the_marker_itself(line: Callable[..., tuple[Peer, Wire]]) -> None:
    """The late answer of a marker's twin is not counted as the marker's."""
    modem, wire = line({"AT+CMEE?": None, "AT+CMGF?": "+CMEE: 1\r\nOK\r\n\r\n+CMGF: 0\r\nOK"})
    with pytest.raises(NoReply):
        wire.execute("AT+CMEE?", 0.1)
    assert wire.execute("AT", 1) == []
    assert modem.heard[-2:] == ["AT+CMGF?", "AT"]


def test_s9_resync_under_a_flood_of_notifications(
    line: Callable[..., tuple[Peer, Wire]],
) -> None:
    """Getting into step does not wait for silence, which a busy modem never gives."""
    modem, wire = line({"AT+CSQ": None})
    stop = threading.Event()

    def chatter() -> None:
        while not stop.wait(0.005):
            modem.urc("^RSSI:20")

    talker = threading.Thread(target=chatter)
    talker.start()
    try:
        with pytest.raises(NoReply):
            wire.execute("AT+CSQ", 0.1)
        assert wire.in_step
        assert wire.execute("AT", 1) == []
    finally:
        stop.set()
        talker.join()


def test_s9_a_modem_that_refuses_the_marker(line: Callable[..., tuple[Peer, Wire]]) -> None:
    """Where the marker itself is refused, a pause in final results is the next best sign."""
    _, wire = line({"AT+CSQ": None, "AT+CMEE?": "ERROR"})
    with pytest.raises(NoReply):
        wire.execute("AT+CSQ", 0.1)
    assert wire.in_step


def test_silence_is_an_error_each_time_until_the_modem_speaks(
    line: Callable[..., tuple[Peer, Wire]],
) -> None:
    """A modem that hangs gives NoReply; when it comes back, so does the conversation."""
    modem, wire = line({"AT": None, "AT+CMEE?": None})
    for _ in range(2):
        with pytest.raises(NoReply):
            wire.execute("AT", 0.05)
    modem.script |= {"AT": "OK", "AT+CMEE?": "+CMEE: 1\r\nOK"}
    assert wire.execute("AT", 1) == []


def test_s10_a_modem_that_takes_no_bytes_is_lost(peer: Callable[..., Peer]) -> None:
    """A write that cannot go on ends in PortLost within its time-out."""
    listener = socket.create_server(("127.0.0.1", 0))
    wire = Wire(f"socket://127.0.0.1:{listener.getsockname()[1]}", write_timeout_s=0.2)
    wire.open()
    quiet, _ = listener.accept()
    try:
        with pytest.raises(PortLost):
            wire.execute("A" * 20_000_000, 1)
    finally:
        wire.close()
        quiet.close()
        listener.close()


def test_s11_a_port_that_is_held_names_the_reason(line: Callable[..., tuple[Peer, Wire]]) -> None:
    """A second opener is turned away, so that nobody steals bytes."""
    modem, _ = line()
    with pytest.raises(PortLost, match="held by"):
        Wire(modem.path).open()


def test_s11_the_program_that_holds_the_port_is_named(peer: Callable[..., Peer]) -> None:
    """A person learns which program to stop."""
    modem = peer()
    script = (
        "import fcntl, os, sys; fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY);"
        "fcntl.flock(fd, fcntl.LOCK_EX); print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, modem.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        holder.stdout.readline()
        with pytest.raises(PortLost, match=rf"pid {holder.pid}"):
            Wire(modem.path).open()
        holder.stdin.close()


def test_a_port_without_a_descriptor() -> None:
    """loop:// (like rfc2217://) is read by polling, and closes as promptly."""
    wire = Wire("loop://")
    wire.open()
    try:
        wire.send_raw(b'+CMTI: "SM",3\r\n')
        assert wire.wait(5)
        assert wire.take_urcs() == [NOTICE]
    finally:
        wire.close()
    assert wire.rxThread is not None
    assert not wire.rxThread.is_alive()


def test_s13_closing_is_safe_in_any_state() -> None:
    """Close before open, and twice, does nothing."""
    wire = Wire("/dev/nonexistent")
    wire.close()
    wire.close()
    with pytest.raises(PortLost, match="no such device"):
        Wire("/dev/nonexistent").open()


def test_s2_s14_unplugging_wakes_whoever_waits(line: Callable[..., tuple[Peer, Wire]]) -> None:
    """A command that waits ends at once, and so does the next; nothing hangs for its time-out."""
    modem, wire = line({"AT+CSQ": None})
    puller = threading.Timer(0.05, modem.unplug)
    puller.start()
    with pytest.raises(PortLost):
        wire.execute("AT+CSQ", 30)
    puller.join()
    with pytest.raises(PortLost):
        wire.execute("AT", 30)
    assert wire.wait(0)


def test_s12_threads_and_descriptors_are_freed(line: Callable[..., tuple[Peer, Wire]]) -> None:
    """After close no reader is left."""
    _, wire = line()
    wire.close()
    assert wire.rxThread is not None
    assert not wire.rxThread.is_alive()


def test_wait_ends_with_a_ring_or_a_result(line: Callable[..., tuple[Peer, Wire]]) -> None:
    """A bell from another thread and a notification both end a wait; small talk does not."""
    modem, wire = line()
    wire.ring()
    assert wire.wait(0)
    assert not wire.wait(0)
    modem.urc("^RSSI:20")
    modem.urc('+CMTI: "SM",3')
    assert wire.wait(5)
    assert wire.take_urcs()[-1] == NOTICE


def test_a_restart_ends_the_wait_for_an_answer(line: Callable[..., tuple[Peer, Wire]]) -> None:
    """M28: after RDY no answer will come to what was asked before."""
    _, wire = line({"AT+CSQ": "RDY"})
    with pytest.raises(NoReply):
        wire.execute("AT+CSQ", 30)
    assert wire.take_urcs() == [Restarted("RDY")]


def test_m6_a_late_reference_is_an_event(line: Callable[..., tuple[Peer, Wire]]) -> None:
    """M5: +CMGS with no submission outstanding is kept."""
    _, wire = line({"AT+CSQ": "+CMGS: 17\r\n+CSQ: 1,99\r\nOK"})
    wire.execute("AT+CSQ", 1)
    assert wire.take_urcs() == [LateReference(17)]


def test_m1_the_library_properties_work_and_its_senders_do_not(
    line: Callable[..., tuple[Peer, Wire]],
) -> None:
    """What the package does right is used; what loses messages cannot be called by mistake."""
    _, wire = line()
    assert wire.manufacturer == "Acme"
    assert wire.imei == "861234567890123"
    with pytest.raises(NotImplementedError):
        wire.sendSms("+254700000001", "text")


def test_socket_url() -> None:
    """A modem behind a serial server (socket://) works the same; its hanging up is a loss."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = Wire(f"socket://127.0.0.1:{server.getsockname()[1]}")
        wire.open()
        there, _ = server.accept()

        def answer() -> None:
            there.recv(100)
            there.sendall(b"\r\n+CSQ: 7,99\r\n\r\nOK\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            assert wire.execute("AT+CSQ", 5) == ["+CSQ: 7,99"]
            thread.join()
            there.close()
            assert wire.wait(5)
            with pytest.raises(PortLost):
                wire.execute("AT", 5)
        finally:
            there.close()
            wire.close()
