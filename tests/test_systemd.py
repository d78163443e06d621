"""What systemd hears from relay, over a real socket."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import uuid
from importlib import resources
from pathlib import Path

import pytest

from relay import systemd


def _verifies() -> bool:
    if shutil.which("udevadm") is None:
        return False
    asked = ["udevadm", "verify", "--help"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


ROOT = Path(__file__).parents[1]
SYSTEMD = ROOT / "systemd"
UNIT = (SYSTEMD / "relay.service").read_text(encoding="utf-8")


@pytest.fixture(params=["path", "abstract"])
def listener(request, tmp_path):
    """A socket like the one of systemd, and its address as $NOTIFY_SOCKET has it."""
    address = str(tmp_path / "notify")
    if request.param == "abstract":
        address = f"@relay-test-{uuid.uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.settimeout(5)
        line.bind(address.replace("@", "\0", 1))
        yield line, address


def test_states_arrive_in_one_datagram(listener):
    """Both at sockets of the file system and at abstract ones."""
    line, address = listener
    said = systemd.notify(
        systemd.READY, systemd.status("2 modems"), environ={"NOTIFY_SOCKET": address}
    )
    assert said
    assert line.recv(1000) == b"READY=1\nSTATUS=2 modems"


@pytest.mark.parametrize("address", ["", "/no/such/socket", "@nobody-listens-here", "vsock:2:1"])
def test_without_a_listener_nothing_happens(address):
    """relay runs as well from a terminal."""
    assert not systemd.notify(systemd.ALIVE, environ={"NOTIFY_SOCKET": address})


def test_a_listener_that_does_not_listen_does_not_hold_us_up(listener):
    """A full queue is no reason to stop the messages."""
    _, address = listener
    said = [systemd.notify(systemd.ALIVE, environ={"NOTIFY_SOCKET": address}) for _ in range(5000)]
    assert not all(said)


def test_a_status_is_one_line():
    """A line break would begin another state."""
    assert systemd.status("a\nREADY=1") == "STATUS=a READY=1"


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_known_by_the_environment(environ, seconds):
    """And is none of ours when it watches another process."""
    assert systemd.watchdog_s(environ, pid=7) == seconds


@pytest.mark.parametrize(
    "line",
    [
        "Type=notify",
        "Restart=always",
        "RestartPreventExitStatus=78",
        "StateDirectory=relay",
        "LoadCredential=relay:/etc/relay/secrets",
        "ExecStart=/usr/local/bin/relay run",
        "RuntimeDirectory=relay",
        "RuntimeDirectoryMode=0750",
        "UMask=0077",
        "ConditionPathExists=/etc/relay/relay.toml",
    ],
)
def test_the_unit_says_what_relay_counts_on(line):
    """These lines and the program belong together."""
    assert line in UNIT.splitlines()


def test_the_unit_pleases_systemd(tmp_path):
    """No unknown key and no wrong value, where systemd is there to ask."""
    unit = tmp_path / "relay.service"
    unit.write_text(UNIT.replace("/usr/local/bin/relay", "/bin/true"))
    done = systemd_analyze("verify", str(unit))
    assert unit.name not in done.stderr, done.stderr


def systemd_analyze(*words: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    return subprocess.run(
        ["systemd-analyze", *words],
        capture_output=True, text=True, check=False, timeout=60,
        env={"PATH": os.environ.get("PATH", "")},
    )  # fmt: skip


def test_the_service_is_locked_in(tmp_path):
    """systemd's own figure for what a broken relay could do to the laptop stays under 2.0."""
    unit = tmp_path / "relay.service"
    unit.write_text(UNIT)
    done = systemd_analyze("security", "--offline=true", str(unit))
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze cannot judge a unit that is not loaded (systemd 250)")
    figure = re.search(r"Overall exposure level for relay.service: ([0-9.]+)", done.stdout)
    assert figure is not None, done.stderr
    assert float(figure[1]) < 2.0
    assert f"**{figure[1]}**" in (ROOT / "docs" / "install.md").read_text("utf-8")


def test_what_is_shipped_is_what_is_kept_here():
    """A package of relay carries these files; there is no second copy that could differ."""
    shipped = resources.files("relay") / "data" / "systemd"
    assert {one.name for one in shipped.iterdir()} == {one.name for one in SYSTEMD.iterdir()}
    for one in SYSTEMD.iterdir():
        assert (shipped / one.name).read_bytes() == one.read_bytes()
    reference = ROOT / "config" / "relay.toml"
    assert (resources.files("relay") / "data/relay.toml").read_bytes() == reference.read_bytes()


def test_everything_that_a_modem_needs_names_the_same_group():
    """The user, its folders and the rules agree."""
    assert "m relay dialout" in (SYSTEMD / "relay.sysusers").read_text("utf-8")
    rules = RULES.read_text("utf-8")
    assert 'RUN+="/bin/chgrp relay /sys%p/authorized"' in rules
    assert 'ENV{SYSTEMD_WANTS}+="relay.service"' in rules


RULES = SYSTEMD / "60-relay.rules"
_TOKEN = re.compile(r'[A-Z_]+(\{[A-Za-z_/]+\})?(==|!=|=|\+=|:=)"[^"]*"')


def test_the_rules_are_keys_operators_and_values():
    """One typo and udev ignores the line: it says so only in its log."""
    lines = [one for one in RULES.read_text("utf-8").splitlines() if one and one[0] != "#"]
    assert all(_TOKEN.fullmatch(token) for line in lines for token in line.split(", "))
    ignored = [line for line in lines if "ID_MM_DEVICE_IGNORE" in line]
    assert all(re.match(r'ATTRS\{idVendor\}=="[0-9a-f]{4}"', line) for line in ignored)


@pytest.mark.skipif(not _verifies(), reason="no udevadm that can verify rules (systemd 254)")
def test_udev_takes_the_rules():
    """As the program itself reads them."""
    done = subprocess.run(
        ["udevadm", "verify", RULES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
