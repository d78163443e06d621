"""What every test lives under: no network, no thread left behind, a known set of profiles."""

from __future__ import annotations

import importlib.metadata
import ipaddress
import os
import platform
import shutil
import signal
import socket
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

JOIN_S = 5.0
# Pools of the standard library and of pytest-timeout, which end with the process.
POOLS = ("ThreadPoolExecutor", "asyncio_", "pytest_timeout")
SHARED = ("tests/test_crash.py",)  # one death serves several tests
SHOWN = ("urllib3", "python-gsmmodem-new", "pyserial", "sqlite-utils", "apscheduler", "hypothesis")

hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("campaign", deadline=None, max_examples=20_000)
# For one more Python: what holds on the first is not to be proved again, only that it runs.
hypothesis.settings.register_profile("again", deadline=None, derandomize=True, max_examples=20)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev")
hypothesis.settings.load_profile(PROFILE)


def pytest_report_header() -> list[str]:
    """The versions that a bug report needs, before the first test."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in SHOWN)
    return [
        f"relay {importlib.metadata.version('relay-gateway')} on {platform.platform()}, "
        f"SQLite {sqlite3.sqlite_version}, {os.cpu_count()} CPUs",
        f"with {versions}; hypothesis profile {PROFILE}",
    ]


def pytest_configure() -> None:
    """A shell's background job is started deaf to Ctrl-C, and so would be all that it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class Longest(LoadScopeScheduling):  # type: ignore[misc]
    """The tests of a room stay together by file. Those of whole relays wait more than they
    compute and go one by one, but for a file that shares what it has brought about."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return nodeid if path.count("/") == 1 and path not in SHARED else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Longest:
    config.option.loadscopereorder = False  # it would begin with the most tests, not the longest
    return Longest(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Side by side the slow ones begin, so that nobody waits for one at the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def no_thread_survives() -> Iterator[None]:
    """A thread that a test started must be gone when the test is over."""
    before = set(threading.enumerate())
    yield
    started = [
        thread
        for thread in threading.enumerate()
        if thread not in before and not thread.name.startswith(POOLS)
    ]
    for thread in started:
        thread.join(JOIN_S / len(started))
    alive = [thread.name for thread in started if thread.is_alive()]
    assert not alive, f"the test left threads behind: {', '.join(alive)}"


@pytest.fixture(autouse=True, scope="session")
def no_network_but_loopback() -> Iterator[None]:
    """The tests must pass on a laptop in a field: any address but this machine's is refused."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


def _guarded(original: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any, /) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _loopback(address[0]):
            self.close()
            # Not an OSError: relay is made to survive those, and the test would pass.
            pytest.fail(f"a test tried to reach {address[0]}; only loopback is allowed")
        return original(self, address)

    return guarded


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a short name: the path of a socket has little room."""
    folder = tempfile.mkdtemp(prefix="relay-")
    yield Path(folder)
    shutil.rmtree(folder)
