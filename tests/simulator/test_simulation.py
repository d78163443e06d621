"""The simulation as a program: its folder, its prompt, its socket, its end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

from relay.config import load
from relay.simulator.conversation import Conversation
from relay.simulator.simulation import Options, Simulation, number_after, run

pytestmark = pytest.mark.pty


@contextmanager
def running(options: Options) -> Iterator[tuple[list[str], int]]:
    """The simulation in a thread: what it said, and the descriptor of its prompt."""
    read_end, write_end = os.pipe()
    said: list[str] = []
    up = threading.Event()

    def ask() -> None:
        up.set()

    thread = threading.Thread(
        target=run,
        args=(options, lambda: 1_700_000_000_000),
        kwargs={"person": read_end, "say": said.append, "ask": ask},
    )
    thread.start()
    try:
        assert up.wait(10)
        yield said, write_end
    finally:
        os.write(write_end, b"quit\n")
        thread.join(10)
        os.close(write_end)
        os.close(read_end)


def test_it_writes_a_configuration_that_relay_understands(tmp_path: Path) -> None:
    """Each modem with its port, the server, the database."""
    options = Options(tmp_path / "lab", modems=2, profile="sim800", boot_s=0)
    with Simulation(options, lambda: 0) as simulation:
        config = load(str(simulation.config), {})
        assert simulation.places == [str(tmp_path / "lab" / f"modem{n}") for n in (1, 2)]
        assert [modem.number for modem in simulation.modems] == ["+254711000000", "+254711000001"]
        assert simulation.server is not None
        assert simulation.server.url in simulation.config.read_text()
        assert str(config.store.path).startswith(str(tmp_path))
        assert config.servers[0].poll_max_s <= 5  # who learns does not wait for minutes
        assert simulation.config.stat().st_mode & 0o077 == 0
        with serial.Serial(simulation.places[1], timeout=10) as host:
            host.write(b"AT\r")
            assert host.read_until(b"OK\r\n").endswith(b"OK\r\n")
    assert not Path(simulation.places[0]).is_symlink()


def test_modems_on_a_usb_bus_are_bound_by_imei(tmp_path: Path) -> None:
    """With the ports of its family; in another socket it has other numbers."""
    options = Options(tmp_path / "lab", modems=2, boot_s=0, usb=True, server=False)
    with Simulation(options, lambda: 0) as simulation:
        config = load(str(simulation.config), {})
        assert [modem.imei for modem in config.modems] == [m.imei for m in simulation.modems]
        assert len({modem.imei for modem in simulation.modems}) == 2
        assert f"RELAY_DEVICES={tmp_path / 'lab' / 'usb'}" in simulation.poster()
        console = simulation.console()
        first = simulation.places[0]
        console.execute("unplug")
        assert not Path(first).is_symlink()
        said = console.execute("replug 1-9")
        assert "socket 1-9" in said and first not in said
        assert Path(simulation.places[0]).is_symlink()


def test_two_simulations_do_not_share_a_folder(tmp_path: Path) -> None:
    """The second says so, and takes nothing down."""
    options = Options(tmp_path, server=False)
    with (
        Simulation(options, lambda: 0) as first,
        pytest.raises(BlockingIOError, match="another simulation runs in"),
        Simulation(options, lambda: 0),
    ):
        pass
    assert first.places


def test_the_prompt_takes_lines(tmp_path: Path) -> None:
    """And answers them in order, until quit."""
    with running(Options(tmp_path, server=False)) as (said, prompt):
        os.write(prompt, b"handset +254700000001 send Hello\nstor")
        os.write(prompt, b"age\n")
    assert said[0].startswith("Modem    +254711000000 (huawei-e17x) at ")
    assert said[1] == "+254700000001 texts modem1: 1 part"
    assert said[2].startswith("SM: 1 of 20 used")
    assert said[3] == "bye"


def test_a_socket_takes_lines_and_json(tmp_path: Path) -> None:
    """Text is ended by a dot, JSON is one line."""
    control = tmp_path / "network.sock"
    with running(Options(tmp_path / "lab", server=False, control=control)):
        assert control.stat().st_mode & 0o077 == 0
        with socket.socket(socket.AF_UNIX) as line, line.makefile("r") as answers:
            line.settimeout(10)
            line.connect(str(control))
            line.sendall(b"signal 9\n")
            assert [answers.readline() for _ in range(2)] == ["modem1 has signal 9\n", ".\n"]
            line.sendall(b'{"command": "handset list"}\n{"nonsense": 1}\n')
            assert json.loads(answers.readline()) == {"output": "none"}
            assert "expected" in json.loads(answers.readline())["error"]
    assert not control.exists()


def test_quit_over_the_socket_ends_it(tmp_path: Path) -> None:
    """Even while nobody sits at the prompt."""
    control = tmp_path / "network.sock"
    options = Options(tmp_path / "lab", server=False, control=control)
    with Simulation(options, lambda: 0) as simulation:
        talk = Conversation(simulation.console(), say=lambda _: None, control=control)
        thread = threading.Thread(target=talk.run)
        thread.start()
        while not control.exists():
            threading.Event().wait(0.01)
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(10)
            line.connect(str(control))
            line.sendall(b"quit\n")
            assert line.recv(100) == b"bye\n.\n"
        thread.join(10)
        assert not thread.is_alive()


@pytest.mark.parametrize("end", [b"quit\n", signal.SIGTERM, signal.SIGINT])
def test_the_command_ends_cleanly(tmp_path: Path, end: bytes | signal.Signals) -> None:
    """By quit, and by signals: exit code 0, and no port is left behind."""
    command = [sys.executable, "-m", "relay", "simulate", "--link", str(tmp_path), "--no-server"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        assert b"Modem " in program.stdout.readline()
        while b"relay run" not in program.stdout.readline():
            pass
        if isinstance(end, bytes):
            program.stdin.write(end)
            program.stdin.flush()
        else:
            program.send_signal(end)
        assert program.wait(20) == 0
    assert not (tmp_path / "modem1").is_symlink()


def test_a_number_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    """Exit code 64, and what to write instead."""
    done = subprocess.run(
        [sys.executable, "-m", "relay", "simulate", "--number", "nurse"],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 64
    assert b"+254711000000" in done.stderr


def test_numbers_count_on() -> None:
    """With their zeros and their +."""
    assert number_after("+254711000009", 1) == "+254711000010"
    assert number_after("0711000009", 2) == "0711000011"
