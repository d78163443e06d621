"""Programs that read what strangers wrote: no shell, no secrets, no way to hold relay up."""

from __future__ import annotations

import json
import os
import select
import stat
from pathlib import Path

import pytest

from relay import programs
from relay.flows.hooking import message_document
from relay.store.hooks import ReceivedMessage

LIMIT_S = 20.0
HOSTILE = (
    "$(reboot)",
    "`reboot`",
    "'; rm -rf / #",
    '"\\"$HOME\\n"',
    "a\nb\r\n.\n",
    "nul \0 in the middle",
    "\x1b]0;title\x07\x1b[2J",
    "%s %n {0} ${IFS}",
    "\N{RIGHT-TO-LEFT OVERRIDE}cod.exe\U0001f4a9",
    "x" * 100_000,
)


def message(text: str, sender: str = "+254700000001") -> ReceivedMessage:
    return ReceivedMessage(7, "u", "text", sender, text, None, 1_780_000_000_000, "usb1", True)


def script(folder: Path, body: str, mode: int = 0o755) -> Path:
    path = folder / "hook"
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_text_arrives_as_it_is_and_nothing_else_happens(tmp_path: Path, text: str) -> None:
    hook = script(tmp_path, f'cat > "{tmp_path}/got"; echo "$# $*" > "{tmp_path}/words"')
    document = message_document(message(text, sender=text[:40]))
    assert programs.run([str(hook), "--flag"], "on_message", document, LIMIT_S) == programs.Ran()
    got = json.loads((tmp_path / "got").read_bytes())
    assert got["text"] == text
    assert got["from"] == text[:40]
    assert (tmp_path / "words").read_text() == "1 --flag\n"


def test_no_secret_and_no_descriptor_is_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_SERVER_MAIN_PASSWORD", "canary")
    with (tmp_path / "relay.db").open("w") as ours:
        os.set_inheritable(ours.fileno(), True)
        hook = script(tmp_path, f'env > "{tmp_path}/env"; ls -l /proc/self/fd > "{tmp_path}/fds"')
        assert programs.run([str(hook)], "on_alert", b"{}", LIMIT_S).reason == ""
    environment = (tmp_path / "env").read_text()
    assert "canary" not in environment
    assert "RELAY_HOOK=on_alert" in environment
    assert "relay.db" not in (tmp_path / "fds").read_text()


def test_what_a_hook_writes_is_for_its_owner_only(tmp_path: Path) -> None:
    hook = script(tmp_path, f'cat > "{tmp_path}/got"')
    programs.run([str(hook)], "on_message", b"{}", LIMIT_S)
    assert stat.S_IMODE((tmp_path / "got").stat().st_mode) == 0o600


def test_a_hook_that_never_ends_is_killed_with_its_children(tmp_path: Path) -> None:
    hook = script(tmp_path, f'sleep 600 & echo $! > "{tmp_path}/child"; echo begun; sleep 600')
    ran = programs.run([str(hook)], "on_message", b"{}", 1.0)
    assert ran.reason.startswith("HOOK_TIMEOUT: ")
    assert ran.said == "begun"
    assert is_gone(int((tmp_path / "child").read_text()))


def test_children_that_stay_behind_do_not_hold_up_relay(tmp_path: Path) -> None:
    """They have the pipe still, and are killed as soon as the program has ended."""
    hook = script(tmp_path, f'sleep 600 & echo $! > "{tmp_path}/child"')
    assert programs.run([str(hook)], "on_message", b"{}", LIMIT_S) == programs.Ran()
    assert is_gone(int((tmp_path / "child").read_text()))


def is_gone(pid: int) -> bool:
    """A kill takes a moment to arrive."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], LIMIT_S)[0])
    finally:
        os.close(handle)


def test_a_hook_that_does_not_read_and_one_that_talks_without_end(tmp_path: Path) -> None:
    large = b"x" * 1_000_000
    assert programs.run([str(script(tmp_path, ":"))], "on_message", large, LIMIT_S).reason == ""
    hook = script(tmp_path, "head -c 3000000 /dev/zero | tr '\\0' y; echo; echo end")
    ran = programs.run([str(hook)], "on_message", large, LIMIT_S)
    assert ran.reason == ""
    assert ran.said == "y" * 200


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("exit 3", "HOOK_FAILED: exit code 3"),
        ("kill -9 $$", "HOOK_FAILED: signal 9"),
    ],
)
def test_how_it_failed_is_said(tmp_path: Path, body: str, reason: str) -> None:
    assert programs.run([str(script(tmp_path, body))], "on_alert", b"{}", LIMIT_S).reason == reason


def test_relay_that_is_stopped_waits_for_no_hook(tmp_path: Path) -> None:
    hook = script(tmp_path, "sleep 600")
    ran = programs.run([str(hook)], "on_alert", b"{}", LIMIT_S, stopping=lambda: True)
    assert ran.reason == programs.STOPPED


def test_what_may_not_be_run(tmp_path: Path) -> None:
    assert programs.obstacle(str(tmp_path / "no")).startswith("HOOK_MISSING: ")
    assert programs.obstacle(str(tmp_path)).startswith("HOOK_MISSING: ")
    assert programs.obstacle(str(script(tmp_path, ":", 0o644))).startswith("HOOK_NOT_EXECUTABLE: ")
    writable = script(tmp_path, ":", 0o757)
    assert programs.obstacle(str(writable)).startswith("HOOK_WRITABLE: ")
    assert programs.run([str(writable)], "on_alert", b"{}", LIMIT_S).reason.startswith("HOOK_WR")
    writable.chmod(0o755)
    link = tmp_path / "link"
    link.symlink_to(writable)
    assert programs.obstacle(str(link)) == ""
    tmp_path.chmod(0o777)
    assert programs.obstacle(str(writable)).startswith("HOOK_WRITABLE: ")
    tmp_path.chmod(0o700)


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    path = tmp_path / "hook"
    path.write_bytes(b"\x7fELF nothing")
    path.chmod(0o755)
    assert programs.run([str(path)], "on_alert", b"{}", LIMIT_S).reason.startswith(
        "HOOK_NOT_STARTED: "
    )
