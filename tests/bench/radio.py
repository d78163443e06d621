"""Radio and disk: what of a serial line is used, and how fast relay is when no line slows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import TypeVar

from relay.core.pdu import tpdu_octets
from tests.bench.far import FarSide
from tests.bench.rig import DISK, Daemon, Setting
from tests.bench.tables import Table
from tests.bench.uart import Traffic

T = TypeVar("T")

BAUD = 115_200
_BYTES_PER_S = BAUD / 10
_TRICKLE, _TRICKLE_S = 200, 0.02


@dataclass(frozen=True, slots=True)
class Run:
    """`least` are the bytes of the shortest dialogue that does this; `cpu_s` of the daemon."""

    messages: int
    seconds: float
    traffic: Traffic
    least: int
    cpu_s: float

    @property
    def per_s(self) -> float:
        return self.messages / self.seconds

    @property
    def wire_s(self) -> float:
        """How long the shortest dialogue occupies the line."""
        return self.least / _BYTES_PER_S

    @property
    def used(self) -> float:
        """The share of the time at which the line was busy with it, the modem's own time aside."""
        return self.wire_s / (self.seconds - self.traffic.modem_s)


def out(folder: Path, baud: int | None, setting: Setting, count: int) -> Run:
    with FarSide(folder, baud=baud) as far:
        far.ask("delivery_reports", setting.delivery_reports)
        daemon = Daemon(folder, far.link, far.ask("url"), setting)
        daemon.preload(0, count)
        with daemon:
            daemon.until_logged("link.open")
            cpu = daemon.cpu_s()
            far.until("submitted", count)
            traffic, cpu = far.ask("traffic"), daemon.cpu_s() - cpu
            sent = far.ask("submissions")
    seconds = (sent[-1][0] - sent[0][0]) / 1000
    dialogue = least_stored if setting.submission == "stored" else least_direct
    return Run(len(sent) - 1, seconds, traffic, sum(dialogue(pdu) for _, pdu in sent[1:]), cpu)


def into(folder: Path, baud: int | None, count: int) -> Run:
    with FarSide(folder, baud=baud) as far:
        daemon = Daemon(folder, far.link, far.ask("url"), Setting(server=False))
        with daemon:
            daemon.until_logged("link.open")
            far.ask("forget")
            cpu = daemon.cpu_s()
            far.ask("text_in", 0, count)
            far.until("freed", count)
            traffic, cpu = far.ask("traffic"), daemon.cpu_s() - cpu
            pdus = far.ask("delivered_pdus")
    seconds = traffic.last_at - traffic.first_at
    return Run(count, seconds, traffic, sum(least_in(pdu) for pdu in pdus), cpu)


# --- the shortest dialogues ---------------------------------------------------------------------


def _line(text: str) -> int:
    """A line of a modem: CR LF before and after it."""
    return len(f"\r\n{text}\r\n")


_OK = _line("OK")


def _pdu_entry(command: str, pdu: str) -> int:
    return len(f"{command}={tpdu_octets(pdu)}\r") + len("\r\n> ") + len(pdu) + 1


def least_direct(pdu: str) -> int:
    """AT+CMGS with its prompt, the PDU and Ctrl-Z, the reference, OK."""
    return _pdu_entry("AT+CMGS", pdu) + _line("+CMGS: 100") + _OK


def least_stored(pdu: str) -> int:
    """AT+CMGW, AT+CMSS and AT+CMGD, each with its answer."""
    written = _pdu_entry("AT+CMGW", pdu) + _line("+CMGW: 0") + _OK
    return written + len("AT+CMSS=0\r") + _line("+CMSS: 100") + _OK + len("AT+CMGD=0\r") + _OK


def least_in(pdu: str) -> int:
    """+CMTI, the entry in a listing, AT+CMGD with its OK."""
    entry = len(f"+CMGL: 10,0,,{tpdu_octets(pdu)}\r\n{pdu}\r\n")
    return _line('+CMTI: "ME",10') + entry + len("AT+CMGD=10\r") + _OK


# --- tables -------------------------------------------------------------------------------------


def paced(count: int, repeats: int) -> Table:
    """The line of a real modem."""
    kinds = {
        "send, direct (AT+CMGS)": lambda at: out(at, BAUD, Setting(server=False), count),
        "send, stored (AT+CMGW, AT+CMSS, AT+CMGD)": lambda at: out(
            at, BAUD, Setting(submission="stored", server=False), count
        ),
        "receive (+CMTI, AT+CMGL, AT+CMGD)": lambda at: into(at, BAUD, count),
    }
    rows = []
    for what, measure in kinds.items():
        runs = [_fresh(measure) for _ in range(repeats)]
        run = min(runs, key=lambda run: run.used)
        rows.append((
            what, run.messages, run.seconds, run.per_s, run.least / run.messages,
            run.traffic.total / run.messages, run.traffic.host_s / run.messages * 1000,
            f"{run.used:.1%}",
            f"{max(run.used for run in runs):.1%}",
        ))  # fmt: skip
    return Table(
        "paced",
        (
            "what", "messages", "seconds", "per second", "bytes needed each", "bytes used each",
            "relay's own ms each", "line used (worse run)", "better run",
        ),
        tuple(rows),
        f"{BAUD:,} baud, ten bits a byte, both directions; {repeats} runs each. Needed is the "
        "shortest dialogue of the mode, byte by byte; used is all that crossed, the bring-up too. "
        "relay's own time is that from the last byte that it hears to the first one that it says, "
        "commits included. The simulated modem's own time is not counted.",
    )  # fmt: skip


def unpaced(count: int, repeats: int) -> Table:
    """No line at all: relay and the disk."""
    kinds = {
        "send, direct": lambda at: out(at, None, Setting(server=False), count),
        "send, direct, with delivery reports": lambda at: out(
            at, None, Setting(delivery_reports=True, server=False), count
        ),
        "send, stored": lambda at: out(
            at, None, Setting(submission="stored", server=False), count
        ),
        "receive": lambda at: into(at, None, 2 * count),
    }
    rows = []
    for what, measure in kinds.items():
        runs = [_fresh(measure) for _ in range(repeats)]
        run = sorted(runs, key=lambda run: run.per_s)[len(runs) // 2]
        best = max(run.per_s for run in runs)
        rows.append(
            (what, run.messages, run.seconds, run.per_s, best, run.cpu_s / run.messages * 1000)
        )
    return Table(
        "unpaced",
        ("what", "messages", "seconds", "per second (median)", "best", "processor s per 1,000"),
        tuple(rows),
        "`synchronous=FULL`: two commits for each part sent, and one for each batch received "
        "before the first slot of it is freed.",
    )


def latency() -> Table:
    """Messages one by one: from +CMTI to the deletion that follows the commit."""

    def measure(folder: Path) -> list[float]:
        with (
            FarSide(folder, baud=None) as far,
            Daemon(folder, far.link, far.ask("url"), Setting(server=False)) as daemon,
        ):
            daemon.until_logged("link.open")
            return list(far.ask("trickle", 0, _TRICKLE, _TRICKLE_S))

    took = [seconds * 1000 for seconds in _fresh(measure)]
    return Table(
        "latency",
        ("what", "messages", "median ms", "99 % ms", "longest ms"),
        (("+CMTI to AT+CMGD", len(took), median(took), quantiles(took, n=100)[98], max(took)),),
        "Seen from the modem: relay reads the slot, commits, and only then gives AT+CMGD, so the "
        "commit is earlier than this. One message every "
        f"{_TRICKLE_S * 1000:.0f} ms, a line without a speed.",
    )


def _fresh(measure: Callable[[Path], T]) -> T:
    with TemporaryDirectory(prefix="bench-", dir=DISK) as name:
        return measure(Path(name))
