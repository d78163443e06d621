"""`relay monitor` as a program on a terminal: it starts, quits, and gives the terminal back."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.clinic import Clinic
from tests.station import ROOT

pytestmark = pytest.mark.pty
SLOWER = [pytest.param(how, marks=pytest.mark.slow) for how in (b"\x03", signal.SIGHUP)]


class Terminal:
    """A program on a pseudo-terminal of 80x24, and what it has written there."""

    def __init__(self, *words: str) -> None:
        self.master, self._slave = pty.openpty()
        termios.tcsetwinsize(self._slave, (24, 80))
        self.before = self.settings()
        self.written = b""
        self.program = subprocess.Popen(
            [sys.executable, "-m", "relay", "monitor", *words],
            stdin=self._slave, stdout=self._slave, stderr=self._slave,
            cwd=ROOT, start_new_session=True, env={**os.environ, "TERM": "xterm-256color"},
        )  # fmt: skip

    def settings(self) -> list[object]:
        return termios.tcgetattr(self._slave)

    def until(self, words: bytes) -> None:
        while words not in self.written:
            ready, _, _ = select.select([self.master], [], [], 60)
            assert ready, self.written[-2000:]
            self.written += os.read(self.master, 65_536)

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def ends(self) -> int:
        """What it still writes is read meanwhile."""
        while self.program.poll() is None:
            if select.select([self.master], [], [], 0.05)[0]:
                self.written += os.read(self.master, 65_536)
        while select.select([self.master], [], [], 0)[0]:
            self.written += os.read(self.master, 65_536)
        return self.program.returncode

    def close(self) -> None:
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait()
        os.close(self.master)
        os.close(self._slave)


@contextmanager
def terminal(*words: str) -> Iterator[Terminal]:
    one = Terminal(*words)
    try:
        yield one
    finally:
        one.close()


@pytest.fixture
def config(tmp_path: Path) -> str:
    with Clinic(tmp_path) as clinic:
        clinic.works()
    return str(tmp_path / "relay.toml")


@pytest.mark.parametrize("how", [b"q", signal.SIGTERM, *SLOWER])
def test_it_gives_the_terminal_back(config: str, how: bytes | signal.Signals) -> None:
    """However it is ended: echo and lines are as before, and so is the screen."""
    with terminal("--config", config) as screen:
        screen.until(b"Mwase clinic")
        assert screen.settings() != screen.before
        if isinstance(how, bytes):
            screen.press(how)
        else:
            screen.program.send_signal(how)
        assert screen.ends() == 0
        assert screen.settings() == screen.before
        assert screen.written.rindex(b"\x1b[?1049l") > screen.written.rindex(b"\x1b[?1049h")


def test_without_a_terminal_it_says_what_does(config: str) -> None:
    """For a pipe there is status."""
    ran = subprocess.run(
        [sys.executable, "-m", "relay", "monitor", "--config", config],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 1
    assert "relay status --watch" in ran.stderr


def test_without_textual_it_says_what_is_missing(config: str) -> None:
    """And never shows a traceback."""
    code = "import sys; sys.modules['textual'] = None\n" \
        "from relay.cli.main import main; main(['monitor', *sys.argv[1:]])"  # fmt: skip
    master, slave = pty.openpty()
    try:
        ran = subprocess.run(
            [sys.executable, "-c", code, "--config", config],
            cwd=ROOT, stdin=slave, stdout=slave, stderr=subprocess.PIPE, text=True, check=False,
            env={**os.environ, "TERM": "xterm"},
        )  # fmt: skip
    finally:
        os.close(master)
        os.close(slave)
    assert ran.returncode == 1
    assert "the package textual is missing" in ran.stderr
