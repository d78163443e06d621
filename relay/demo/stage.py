"""The stage: a virtual operator with handsets, a modem on a pty, a local server, and relay."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from relay.clock import SystemClock
from relay.simulator.modem import SimulatedModem
from relay.simulator.network import Network
from relay.simulator.port import PtyPort
from relay.simulator.server import CentralServer
from relay.store.reading import Reader

STATION = "+254711000000"
PASSWORD = "demo-pässword"  # noqa: S105  # of a server of this computer, for a minute

_CONFIG = """\
# Written by `relay demo`. The key names are explained in config/relay.toml.
[gateway]
name = "Demo clinic"

[store]
path = "{store}"

[modem.usb]
port = "{port}"
sweep_s = 5
answer_timeout_s = 5

[sending]
uncertain_wait_s = 10
"""
_SERVER = """
[server.cht]
url = "{url}"
user = "gateway"
password = "{password}"
poll_min_s = 0.5
poll_max_s = 2
ambiguous_wait_s = 2
"""
_COMMUNITY = """
[community]
sets = [{sets}]
"""
_DAY_S = 86_400


class StageFright(Exception):
    """A step of the story did not come about in time."""


class Stage:
    """Everything of the demonstration that must be put up and taken down.

    With rule `sets` there is no server at all. `wall` is what the clock on the wall of this
    clinic shows now, HH:MM:SS, whatever hour it is here: its time zone is chosen accordingly.
    """

    def __init__(self, *, sets: Sequence[str] = (), wall: str = "") -> None:
        self._clock = SystemClock()
        self._stack = ExitStack()
        self._daemon: subprocess.Popen[bytes] | None = None
        self._sets = tuple(sets)
        self._environ = _without_overrides()
        if wall:
            self._environ["TZ"] = zone_in_which(wall, self._clock.now() // 1000)
        self.folder = Path(tempfile.mkdtemp(prefix="relay-demo-"))
        self.config = self.folder / "relay.toml"
        self.log = self.folder / "relay.log"
        self._store = self.folder / "state" / "relay.db"
        self.network = Network(self._clock.now)
        self.modem = SimulatedModem(self.network, STATION, profile="huawei-e17x")
        self.server = CentralServer(user="gateway", password=PASSWORD)

    def __enter__(self) -> Self:
        self._stack.enter_context(self.network)
        port = self._stack.enter_context(PtyPort(self.modem, link=self.folder / "ttyMODEM"))
        text = _CONFIG.format(store=self._store, port=port.path)
        if self._sets:
            text += _COMMUNITY.format(sets=", ".join(f'"{one}"' for one in self._sets))
        else:
            self._stack.enter_context(self.server)
            text += _SERVER.format(url=self.server.url, password=PASSWORD)
        self.config.touch(mode=0o600)
        self.config.write_text(text, encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_relay()
        self._stack.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- relay ----------------------------------------------------------------------------------

    def start_relay(self) -> int:
        """Start `relay run` in a process of its own; its process id."""
        with self.log.open("ab") as log:
            self._daemon = subprocess.Popen(
                [sys.executable, "-m", "relay", "run", "--config", str(self.config)],
                stdout=log,
                stderr=log,
                env=self._environ,
            )
        return self._daemon.pid

    def kill_relay(self) -> None:
        """As a power cut would: no chance to tidy up."""
        if self._daemon is not None:
            self._daemon.send_signal(signal.SIGKILL)
            self._daemon.wait()
            self._daemon = None

    def stop_relay(self) -> None:
        if self._daemon is None:
            return
        self._daemon.terminate()
        try:
            self._daemon.wait(20)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            self._daemon.wait()
        self._daemon = None

    def relay_lives(self) -> bool:
        return self._daemon is not None and self._daemon.poll() is None

    def ask(self, *words: str) -> str:
        """What a `relay` command answers about this station."""
        return self._command(words).stdout.decode()

    def do(self, *words: str) -> None:
        """A `relay` command that must succeed; raises `StageFright` with what it said."""
        done = self._command(words)
        if done.returncode:
            raise StageFright(f"relay {' '.join(words[:2])}: {done.stderr.decode().strip()}")

    def _command(self, words: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "relay", *words, "--config", str(self.config)],
            capture_output=True,
            env=self._environ,
            check=False,
            timeout=30,
        )

    def count(self, sql: str) -> int:
        """A figure of the station's own store."""
        with Reader.open(self._store) as reader:
            return int(reader.value(sql))

    def sim_is_empty(self) -> bool:
        with self.modem.lock:
            return all(not self.modem.memory(name).used for name in self.modem.memory_names)

    # --- time -----------------------------------------------------------------------------------

    def wait_until(self, reached: Callable[[], bool], seconds: float = 40) -> bool:
        """Wait for something to happen in the other process; whether it did."""
        end = self._clock.monotonic() + seconds
        pause = threading.Event()
        while not reached():
            if self._clock.monotonic() > end or not (self.relay_lives() or self._daemon is None):
                return reached()
            pause.wait(0.02)
        return True

    def next_second(self) -> None:
        """Time stamps of the network count whole seconds: let the next one begin."""
        begun = self._clock.now() // 1000
        self.wait_until(lambda: self._clock.now() // 1000 > begun)

    def pause(self, seconds: float) -> None:
        """Let the other process go on for a moment."""
        threading.Event().wait(seconds)

    def now(self) -> float:
        return self._clock.monotonic()


def zone_in_which(wall: str, now_s: int) -> str:
    """A time zone (POSIX TZ) in which it is `wall` now; what it is called says what it is."""
    hours, minutes, seconds = map(int, wall.split(":"))
    behind = (now_s - (hours * 3600 + minutes * 60 + seconds)) % _DAY_S
    if behind > _DAY_S // 2:
        behind -= _DAY_S
    ahead, offset = ("-" if behind < 0 else ""), abs(behind)
    return f"DEMO{ahead}{offset // 3600}:{offset // 60 % 60:02}:{offset % 60:02}"


def _without_overrides() -> dict[str, str]:
    """The environment, less what would make relay read another configuration."""
    return {key: value for key, value in os.environ.items() if not key.startswith("RELAY_")}
