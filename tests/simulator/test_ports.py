"""The cable: real pseudo-terminals and sockets, with pyserial at the other end."""

from __future__ import annotations

import os
import resource
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import serial

from relay.simulator.faults import Cure
from relay.simulator.modem import SimulatedModem
from relay.simulator.network import Network
from relay.simulator.port import PtyPort, TcpPort
from tests.simulator.conftest import MODEM, NURSE
from tests.simulator.sms import length, submit_pdu

pytestmark = pytest.mark.pty
PATIENCE_S = 10.0


@pytest.fixture
def network() -> Network:
    """In real time: these tests are about threads and descriptors."""
    return Network(lambda: 1_700_000_000_000)


@pytest.fixture
def modem(network: Network) -> SimulatedModem:
    return SimulatedModem(network, MODEM, profile="quectel-ec2x")


@pytest.fixture
def port(modem: SimulatedModem, tmp_path: Path) -> Iterator[PtyPort]:
    with PtyPort(modem, link=tmp_path / "ttyMODEM") as port:
        yield port


def opened(path: str, **options: Any) -> serial.SerialBase:
    """As a driver opens it."""
    return serial.serial_for_url(path, timeout=PATIENCE_S, **options)


def ask(host: serial.SerialBase, line: str, until: bytes = b"OK\r\n") -> bytes:
    """A command and its reply."""
    host.write(line.encode() + b"\r")
    return bytes(host.read_until(until))


def send(host: serial.SerialBase, pdu: str) -> bytes:
    ask(host, f"AT+CMGS={length(pdu)}", b"> ")
    host.write(pdu.encode() + b"\x1a")
    return bytes(host.read_until(b"OK\r\n"))


def test_pyserial_talks_to_a_modem(port: PtyPort, network: Network) -> None:
    """A dialogue, a submission, an arrival, over a real pty."""
    with opened(port.path, baudrate=115200, exclusive=True) as host:
        assert ask(host, "ATE0") == b"ATE0\r\r\nOK\r\n"
        assert send(host, submit_pdu("Habari")) == b"\r\n+CMGS: 0\r\n\r\nOK\r\n"
        network.handset(NURSE).send("Hello", to=MODEM)
        assert host.read_until(b",0\r\n") == b'\r\n+CMTI: "ME",0\r\n'
    assert [message.text for message in network.handset(NURSE).inbox] == ["Habari"]


def test_the_line_is_raw(port: PtyPort) -> None:
    """Control characters pass both ways, nothing is translated."""
    with opened(port.path) as host:
        ask(host, "ATE0")
        ask(host, "AT+CMGS=20", b"> ")
        host.write(b"\x03\x04\x11\x13\x1b")
        assert host.read_until(b"OK\r\n") == b"\r\nOK\r\n"


def test_a_host_may_die_and_another_open(port: PtyPort, network: Network) -> None:
    """kill -9 in the middle of a PDU: the next host finds a modem in PDU entry, as in life."""
    program = (
        "import os, serial, sys, signal\n"
        "host = serial.Serial(sys.argv[1], timeout=10)\n"
        "host.write(b'AT+CMGS=20\\r')\n"
        "host.read_until(b'> ')\n"
        "host.write(b'0011')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    dead = subprocess.run([sys.executable, "-c", program, port.path], timeout=60, check=False)
    assert dead.returncode == -9
    with opened(port.path) as host:
        host.write(b"\x1b")
        assert host.read_until(b"OK\r\n").endswith(b"\r\nOK\r\n")
        assert ask(host, "ATE0").endswith(b"OK\r\n")
    assert network.submissions == []


def test_what_is_said_to_nobody_is_lost(port: PtyPort, modem: SimulatedModem) -> None:
    """Indications while the port is closed do not wait in it."""
    with opened(port.path) as host:
        ask(host, "ATE0")
    modem.say("^RSSI:18")
    descriptor = os.open(port.path, os.O_RDWR | os.O_NOCTTY)  # pyserial would flush its input
    try:
        os.write(descriptor, b"AT\r")
        select.select([descriptor], [], [], PATIENCE_S)
        assert os.read(descriptor, 100) == b"\r\nOK\r\n"
    finally:
        os.close(descriptor)


def test_reopening_cures_what_it_is_said_to_cure(port: PtyPort, modem: SimulatedModem) -> None:
    """The port notices that it was closed."""
    with opened(port.path) as host:
        ask(host, "ATE0")
        modem.faults.silence(cured_by=Cure.REOPEN)
    with opened(port.path) as host:
        host.write(b"AT\r")
        host.write(b"AT\r")
        assert host.read_until(b"OK\r\n") == b"\r\nOK\r\n"


def test_unplugged_the_port_hangs_up_and_its_name_goes(port: PtyPort) -> None:
    """The host sees an end of file or an error, as with a USB stick."""
    with opened(port.path) as host:
        ask(host, "AT")
        port.unplug()
        with pytest.raises(serial.SerialException):
            while host.read(1):
                pass
            raise serial.SerialException("end of file")
    assert not Path(port.path).is_symlink()


def test_plugged_in_again_it_is_another_pty_under_the_same_name(port: PtyPort) -> None:
    """As ttyUSB0 comes back as ttyUSB1, and by-id finds it."""
    with opened(port.path) as host:
        before = port.device
        port.unplug()
        port.replug()
        assert port.device != before
        assert not host.closed
    with opened(port.path) as host:
        assert ask(host, "AT") == b"AT\r\r\nOK\r\n"


def test_it_is_another_pty_even_if_nobody_had_it_open(port: PtyPort) -> None:
    """The kernel would give the same number again."""
    before = port.device
    port.unplug()
    port.replug()
    assert port.device != before
    with opened(port.path) as host:
        assert ask(host, "AT").endswith(b"OK\r\n")


def test_a_usb_stick_resets_with_its_port(port: PtyPort) -> None:
    """AT+CFUN=1,1 is answered, then the port is another one."""
    before = port.device
    with opened(port.path) as host:
        host.write(b"AT+CFUN=1,1\r")
        with pytest.raises(serial.SerialException):
            while host.read(1):
                pass
            raise serial.SerialException("end of file")
    with port.modem.lock:  # the modem is done with its reset
        assert port.device != before
    with opened(port.path) as host:
        assert ask(host, "AT").endswith(b"OK\r\n")


def test_several_modems_at_once(network: Network, tmp_path: Path) -> None:
    """Each on its own pty; they text one another."""
    numbers = [f"+25471100000{place}" for place in range(4)]
    modems = [SimulatedModem(network, number, profile="sim800") for number in numbers]
    ports = [PtyPort(modem, tmp_path / f"modem{at}") for at, modem in enumerate(modems)]
    for port in ports:
        port.start()
    try:
        hosts = [opened(port.path) for port in ports]
        for host in hosts:
            ask(host, "ATE0")
        for at, host in enumerate(hosts):
            assert b"+CMGS: 0" in send(host, submit_pdu("Hello", to=numbers[at - 1]))
        for host in hosts:
            host.close()
        assert [modem.memory("SM").used for modem in modems] == [1, 1, 1, 1]
    finally:
        for port in ports:
            port.close()
    assert len(network.submissions) == 4


def test_nothing_is_left_behind(modem: SimulatedModem, tmp_path: Path) -> None:
    """Descriptors and links; threads are looked for after every test."""

    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    for _ in range(4):
        with PtyPort(modem, tmp_path / "modem") as port, opened(port.path) as host:
            ask(host, "AT")
            port.unplug()
            port.replug()
        with TcpPort(modem) as tcp, opened(tcp.path) as host:
            ask(host, "AT")
    assert descriptors() == before
    assert list(tmp_path.iterdir()) == []


def test_a_link_of_a_dead_simulator_is_replaced(modem: SimulatedModem, tmp_path: Path) -> None:
    """After a power cut the old name points nowhere."""
    link = tmp_path / "modem"
    link.symlink_to("/dev/pts/nowhere")
    with PtyPort(modem, link) as port, opened(port.path) as host:
        assert ask(host, "AT").endswith(b"OK\r\n")


def test_a_name_that_another_took_over_is_left_alone(
    modem: SimulatedModem, tmp_path: Path
) -> None:
    """The last one who links, owns the link."""
    link = tmp_path / "modem"
    with PtyPort(modem, link):
        link.unlink()
        link.symlink_to("/dev/null")
    assert str(link.readlink()) == "/dev/null"


def test_an_idle_port_costs_nothing(port: PtyPort) -> None:
    """Open or closed: no polling. Measured in processor time, not on the clock."""

    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    with opened(port.path) as host:
        ask(host, "AT")
        before = spent()
        threading.Event().wait(0.5)
    threading.Event().wait(0.5)
    assert spent() - before < 0.1


def test_a_slow_line_carries_everything(modem: SimulatedModem) -> None:
    """At 115200 baud in both directions; how fast is arithmetic, tested elsewhere."""
    with PtyPort(modem, baud=115200) as port, opened(port.path) as host:
        ask(host, "ATE0")
        host.write(b"AT+CSQ\r" * 200)
        assert host.read(200 * 20) == b"\r\n+CSQ: 18,0\r\n\r\nOK\r\n" * 200


def test_a_host_that_does_not_read_stops_nothing(port: PtyPort, modem: SimulatedModem) -> None:
    """What does not fit is lost; the modem goes on, and answers when somebody listens."""
    descriptor = os.open(port.path, os.O_RDWR | os.O_NOCTTY)
    os.write(descriptor, b"ATE0\r")
    for _ in range(300):
        modem.say("x" * 4000)
    os.close(descriptor)
    with opened(port.path) as host:
        assert ask(host, "AT").endswith(b"OK\r\n")


def test_a_line_that_stops_taking_bytes_blocks_the_host(port: PtyPort) -> None:
    """As a USB stick does that crashed inside; what fitted is read later."""
    with opened(port.path, write_timeout=0.2) as host:
        ask(host, "ATE0")
        port.stop_reading()
        with pytest.raises(serial.SerialTimeoutException):
            while True:
                host.write(b"AT" + b" " * 998)
        host.write_timeout = PATIENCE_S
        port.read_on()
        host.write(b"\r\rAT+CSQ\r")
        assert host.read_until(b"+CSQ: 18,0\r\n\r\nOK\r\n").endswith(b"OK\r\n")


def test_tcp_serves_pyserial_urls(modem: SimulatedModem, network: Network) -> None:
    """socket://, one host at a time, and unplugging cuts it."""
    with TcpPort(modem) as port:
        with opened(port.path) as host:
            ask(host, "ATE0")
            assert send(host, submit_pdu()) == b"\r\n+CMGS: 0\r\n\r\nOK\r\n"
            with socket.create_connection((port.host, port.port), timeout=5) as second:
                assert second.recv(1) == b""
            port.unplug()
            with pytest.raises(serial.SerialException):
                host.read(1)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((port.host, port.port), timeout=5)
        port.replug()
        with opened(port.path) as host:
            host.read_until(b"PB DONE\r\n") if host.in_waiting else None
            assert ask(host, "AT").endswith(b"OK\r\n")
    assert len(network.submissions) == 1


def test_the_last_words_of_a_tcp_host_are_heard(modem: SimulatedModem, network: Network) -> None:
    """A host that writes and closes has been understood."""
    pdu = submit_pdu()
    with TcpPort(modem) as port:
        with socket.create_connection((port.host, port.port), timeout=5) as host:
            host.sendall(f"AT+CMGS={length(pdu)}\r{pdu}\x1a".encode())
        with socket.create_connection((port.host, port.port), timeout=5) as host:
            host.settimeout(PATIENCE_S)
            host.sendall(b"AT\r")
            assert host.recv(10)
    assert len(network.submissions) == 1
