"""A whole station: a network with modems, a central server, and relay as a process."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Self

from relay.clock import SystemClock
from relay.core.pdu import Submit, decode
from relay.core.usb import check_digit
from relay.simulator.handset import Handset
from relay.simulator.modem import SimulatedModem
from relay.simulator.network import Network
from relay.simulator.port import PtyPort, TcpPort
from relay.simulator.profiles import profile_named
from relay.simulator.server import CentralServer
from relay.simulator.simcard import SimCard
from relay.simulator.stick import Stick
from relay.simulator.usb_tree import MODELS, UsbTree

GATEWAY = "+254711000000"
GATEWAY_TOO = "+254711000001"
NURSE = "+254700000001"
MOTHER = "+254700000042"
PASSWORD = "pässword"
ROOT = Path(__file__).resolve().parent.parent

# What CHT makes of the statuses, in the order in which they may come (sms-gateway.js:11-17).
CLIMB = (
    "pending",
    "forwarded-to-gateway",
    "received-by-gateway",
    "forwarded-by-gateway",
    "sent",
    "delivered",
)

Sections = dict[str, dict[str, Any]]


class RelayProcess:
    """A running `relay run`. `begun` when it was started by `Station.start`."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def tell(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, seconds: float = 20) -> int:
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"relay did not end within {seconds} s:\n{self.log}") from None

    def stop(self) -> int:
        self.tell(signal.SIGTERM)
        return self.wait()

    def kill(self) -> int:
        """A power cut: nothing in the process gets a chance."""
        self.tell(signal.SIGKILL)
        return self.wait()


class Station:
    """Everything around one store. A context manager; what it started ends with it.

    `server` is "cht", "demo" or "" for none. The modems are `usb`, `usb2`, … With
    `port=Stick` they are on a USB bus, in the sockets 1-1, 1-2, …, and bound by their IMEI.
    """

    def __init__(
        self,
        folder: Path,
        *,
        profile: str = "huawei-e17x",
        modems: int = 1,
        port: type[PtyPort] | type[TcpPort] | type[Stick] = PtyPort,
        server: str = "cht",
        changes: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.clock = SystemClock()
        self.network = Network(self.clock.now)
        self.modems = [
            SimulatedModem(
                self.network,
                number,
                profile=profile,
                sim=new_sim(number, profile),
                imei=imei(number),
            )
            for number in (GATEWAY, GATEWAY_TOO)[:modems]
        ]
        self.bus = UsbTree(folder / "devices")
        self.ports: list[PtyPort | TcpPort] = [self._port(port, modem) for modem in self.modems]
        self.server = CentralServer(
            user="gateway", password=PASSWORD, demo_server=server == "demo"
        )
        self._serves = bool(server)
        self._changes = changes or {}
        self._processes: list[RelayProcess] = []
        self._open = ExitStack()
        self._tick = threading.Event()  # never set: waited for instead of sleeping

    def _port(
        self, port: type[PtyPort] | type[TcpPort] | type[Stick], modem: SimulatedModem
    ) -> PtyPort | TcpPort:
        if port is TcpPort:
            return TcpPort(modem)
        if port is Stick:
            socket = f"1-{self.modems.index(modem) + 1}"
            return Stick(modem, self.bus, socket, MODELS[modem.profile.name])
        return PtyPort(modem, link=self.folder / f"tty{modem.number[-2:]}")

    def __enter__(self) -> Self:
        self._open.enter_context(self.network)
        for port in self.ports:
            self._open.enter_context(port)
        if self._serves:
            self._open.enter_context(self.server)
        return self

    def __exit__(self, *_: object) -> None:
        for relay in self._processes:
            if relay.exit_code is None:
                relay.kill()
        self._open.close()

    # --- parts ----------------------------------------------------------------------------------

    @property
    def modem(self) -> SimulatedModem:
        return self.modems[0]

    @property
    def store(self) -> Path:
        return self.folder / "state" / "relay.db"

    def handset(self, number: str = NURSE) -> Handset:
        return self.network.handset(number)

    def text(self, text: str, *, sender: str = NURSE, to: str = GATEWAY, **how: Any) -> None:
        """An SMS from a handset to the gateway."""
        self.handset(sender).send(text, to=to, **how)

    @property
    def relays(self) -> tuple[RelayProcess, ...]:
        """Every process so far, the last one last."""
        return tuple(self._processes)

    # --- configuration --------------------------------------------------------------------------

    def sections(self) -> Sections:
        """The configuration, with waits for people who have no time."""
        sections: Sections = {
            "gateway": {"name": "test"},
            "store": {"path": str(self.store)},
            "sending": {"uncertain_wait_s": 1},
        }
        for number, port in enumerate(self.ports, 1):
            sections[f"modem.usb{number if number > 1 else ''}"] = {
                **_binding(port),
                "answer_timeout_s": 1,
                "prompt_timeout_s": 2,
                "sweep_s": 1,
                "survey_s": 2,
            }
        if self._serves:
            sections["server.cht"] = {
                "url": self.server.url,
                "user": "gateway",
                "password": PASSWORD,
                "poll_min_s": 0.05,
                "poll_max_s": 0.2,
                "connect_timeout_s": 2,
                "read_timeout_s": 5,
                "ambiguous_wait_s": 0.3,
            }
        for section, values in self._changes.items():
            sections.setdefault(section, {}).update(values)
        return sections

    def change(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Beside what was changed before; it is written with the next command or start."""
        self._changes = {**self._changes, **changes}

    def write_config(self) -> Path:
        path = self.folder / "relay.toml"
        lines = []
        for section, values in self.sections().items():
            lines.append(f"[{section}]")
            lines += [f"{key} = {_toml(value)}" for key, value in values.items()]
        path.write_text("\n".join(lines) + "\n", "utf-8")
        path.chmod(0o600)
        return path

    # --- relay ----------------------------------------------------------------------------------

    def start(self, *, die: str = "", environ: Mapping[str, str] | None = None) -> RelayProcess:
        """Start the daemon. `die` is a crash point of tests/crash_main.py."""
        config = str(self.write_config())
        how = ["tests.crash_main", config, die] if die else ["relay", "run", "--config", config]
        log = self.folder / f"relay-{len(self._processes)}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", *how],
                cwd=ROOT, stdout=file, stderr=file, env=self._environ(environ),
            )  # fmt: skip
        self._processes.append(RelayProcess(process, log))
        return self._processes[-1]

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another `relay` command, beside the daemon: `station.command("send", …)`."""
        verb, *rest = words
        return subprocess.run(
            [sys.executable, "-m", "relay", verb, "--config", str(self.write_config()), *rest],
            cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
            env=self._environ(),
        )  # fmt: skip

    def _environ(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {**os.environ, "RELAY_DEVICES": str(self.bus.folder), **(more or {})}

    def eventually(
        self, happens: Callable[[], object], what: str, *, within_s: float = 20
    ) -> None:
        """Wait until it is so; a daemon that died meanwhile is an error at once."""
        deadline = self.clock.monotonic() + within_s
        while not happens():
            relay = self._processes[-1] if self._processes else None
            gone = relay is not None and relay.exit_code is not None
            if gone or self.clock.monotonic() > deadline:
                assert happens(), f"{what}: not within {within_s} s.\n{self._story()}"
                return
            self._tick.wait(0.01)

    def passes(self, number: int, within_s: float = 40) -> None:
        """A text in and a text out make their whole way, once."""
        self.text(f"report {number}")
        self.server.queue(f"m{number}", MOTHER, f"reply {number}")
        self.eventually(
            lambda: (
                self.forwarded[f"report {number}"] == 1
                and self.server.state(f"m{number}") == "delivered"
            ),
            f"message {number} passes",
            within_s=within_s,
        )
        assert self.screen()[f"reply {number}"] == 1

    def pass_time(self, seconds: float) -> None:
        """Let real time pass: only for what must not happen."""
        self._tick.wait(seconds)

    def _story(self) -> str:
        logs = "\n--- restart ---\n".join(relay.log[-4000:] for relay in self._processes)
        parts = self.query("SELECT * FROM part") if self.store.exists() else []
        return f"server: {self.server.states}\nparts: {[tuple(part) for part in parts]}\n{logs}"

    # --- what is on the disk --------------------------------------------------------------------

    def query(self, sql: str, *params: object) -> list[sqlite3.Row]:
        """A look into the store from outside, as `relay status` takes it; [] without a store."""
        if not self.store.exists():
            return []
        with closing(sqlite3.connect(self.store, timeout=10)) as conn:
            conn.row_factory = sqlite3.Row
            try:
                return conn.execute(sql, params).fetchall()
            except sqlite3.DatabaseError as error:
                # Not there yet, or not salvaged yet.
                if "no such table" in str(error) or "malformed" in str(error):
                    return []
                raise

    def fact(self, key: str) -> Any:
        rows = self.query("SELECT value FROM fact WHERE key = ?", key)
        return json.loads(rows[0][0]) if rows else None

    # --- what the world has seen ----------------------------------------------------------------

    @property
    def forwarded(self) -> Counter[str]:
        """The texts that the server has, with how often."""
        return Counter(str(report.content) for report in self.server.reports)

    def on_air(self, text: str) -> int:
        """How often the network was given the message (its first part)."""
        submits = [decode(submission.pdu) for submission in self.network.submissions]
        return sum(
            isinstance(pdu, Submit)
            and (pdu.concat is None or pdu.concat.seq == 1)
            and text.startswith(pdu.text or "\0")
            for pdu in submits
        )

    def screen(self, number: str = MOTHER) -> Counter[str]:
        """The texts on a handset, with how often."""
        return Counter(message.text or "" for message in self.handset(number).inbox)

    def left_in_memory(self) -> int:
        """Messages in the SIMs and the modems."""
        return sum(
            modem.memory(name).used
            for modem in self.modems
            for name in modem.memory_names
            if name not in modem.profile.memory_alias
        )

    def climbed(self, message_id: str) -> list[str]:
        """The states that the server went through for a message."""
        return [change.state for change in self.server.history(message_id)]

    def all_told(self, state: str) -> bool:
        return set(self.server.states.values()) <= {state}

    def at_rest(self) -> bool:
        """Nothing is under way any more, inside relay or between it and its neighbours."""
        return not self.left_in_memory() and not any(
            self.query(sql)
            for sql in (
                "SELECT 1 FROM raw_pdu WHERE state = 'KEPT'",
                "SELECT 1 FROM forwarding WHERE state = 'WAITING'",
                "SELECT 1 FROM part WHERE state IN ('QUEUED', 'SUBMITTING', 'UNCERTAIN')",
                "SELECT 1 FROM status_update WHERE told_at IS NULL AND parked = 0",
                "SELECT 1 FROM cursor WHERE in_flight_since IS NOT NULL",
            )
        )


def never_fell(states: list[str]) -> bool:
    """Whether the statuses of a message only ever climbed."""
    ranks = [CLIMB.index(state) for state in states]
    return ranks == sorted(ranks)


def new_sim(number: str, profile: str) -> SimCard:
    """A SIM of its own: what came in over another one is another message."""
    digits = number.removeprefix("+")
    capacity = profile_named(profile).sim_capacity
    return SimCard(number, f"8925499{digits:0>12}", f"639990{digits[-9:]}", capacity=capacity)


def imei(number: str) -> str:
    """Of the modem that has this number's SIM."""
    digits = f"35314203{number[-6:]}"
    return f"{digits}{check_digit(digits)}"


def _binding(port: PtyPort | TcpPort) -> dict[str, str]:
    return {"imei": port.modem.imei} if isinstance(port, Stick) else {"port": port.path}


def _toml(value: object) -> str:
    text = json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)
    return re.sub(r"\bnull\b", '""', text)
