"""The commands as a whole: exit codes, help, plain text, what they import, the page of them."""

from __future__ import annotations

import json
import os
import pty
import runpy
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from relay import __version__
from relay.cli.desk import Desk, program
from relay.cli.main import main
from tests.clinic import Clinic

Relay = Callable[..., Result]
Said = Callable[..., dict[str, Any]]
ROOT = Path(__file__).parents[2]
SERVICES = {("run",), ("simulate",), ("monitor",)}
SCRIPTS = {("completion",)}


def process(clinic: Clinic, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A real `relay`, with nothing of this process in it."""
    return subprocess.run(
        [sys.executable, "-m", "relay", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env={**os.environ, "RELAY_CONFIG": str(clinic.path), **environ},
    )


# --- status -------------------------------------------------------------------------------------


def test_status_ends_with_the_verdict(clinic: Clinic, relay: Relay) -> None:
    """Exit 0, 1, 2 and 3."""
    assert relay("status").exit_code == 3
    clinic.works()
    assert relay("status").exit_code == 0
    clinic.receives("00FFFF")
    assert relay("status").exit_code == 1
    clinic.modem("SIM_ABSENT")
    result = relay("status")
    assert result.exit_code == 2
    assert result.stdout.startswith("CRIT ")
    assert result.stderr == ""


def test_status_in_one_line_and_as_json(clinic: Clinic, relay: Relay, said: Said) -> None:
    """The same verdict for programs."""
    clinic.works()
    assert relay("status", "-q").stdout == "OK in=0 here=0 out=0 uncertain=0\n"
    assert said("status")["verdict"] == "ok"
    assert said("status", "--show-numbers")["modems"][0]["smsc"] == "+260970000042"


def test_status_with_a_bad_configuration(clinic: Clinic, relay: Relay, said: Said) -> None:
    """Exit 78; the verdict is unknown, and the mistakes are told."""
    clinic.path.write_text("[modem.usb1]\nprot = 1\n")
    result = relay("status")
    assert result.exit_code == 78
    assert result.stdout.startswith("UNKNOWN relay cannot start: its configuration has a mistake.")
    assert "relay config check" in result.stdout
    assert "has not run" not in result.stdout  # nobody has looked
    assert len(said("status")["config_problems"]) == 2


def test_status_before_anything_is_set_up(clinic: Clinic, relay: Relay) -> None:
    """No configuration at all."""
    clinic.path.unlink()
    result = relay("status")
    assert result.exit_code == 78
    assert "relay is not set up on this computer yet." in result.stdout


def test_status_can_be_watched(clinic: Clinic) -> None:
    """It shows the screen again until Ctrl-C."""
    clinic.works()
    with subprocess.Popen(
        [sys.executable, "-m", "relay", "status", "-q", "--watch"],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "RELAY_CONFIG": str(clinic.path), "PYTHONUNBUFFERED": "1"},
    ) as watching:  # fmt: skip
        assert watching.stdout is not None
        lines = [watching.stdout.readline() for _ in range(2)]
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 130
    assert all("uncertain=0" in line for line in lines)


def test_status_writes_nothing(clinic: Clinic, relay: Relay) -> None:
    """Not a byte of the store changes, and no file appears."""
    clinic.db.close()
    folder = clinic.config.store.path.parent
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    relay("status")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


# --- a real process -----------------------------------------------------------------------------

HEAVY = ("rich", "urllib3", "apscheduler", "sqlite_utils", "gsmmodem", "serial", "relay.daemon")


def test_status_imports_nothing_heavy(clinic: Clinic) -> None:
    """It must answer in a blink on an old laptop."""
    clinic.works()
    program = (
        "import sys\n"
        "from relay.cli.main import main\n"
        "try: main(['status'])\n"
        "finally: print(*[name for name in sys.argv[1:] if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *HEAVY],
        capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
        env={**os.environ, "RELAY_CONFIG": str(clinic.path)},
    )  # fmt: skip
    assert done.stderr == "\n"
    assert "SMS" in done.stdout


def test_plain_text_where_nobody_looks(clinic: Clinic) -> None:
    """No colours in a pipe, and a terminal without umlauts is no reason to fail."""
    clinic.works()
    done = process(clinic, "status", PYTHONIOENCODING="ascii")
    assert "\x1b" not in done.stdout
    assert "Mwase clinic" in done.stdout
    assert done.returncode in (0, 1, 2, 3)


def terminal(clinic: Clinic, *words: str, **environ: str) -> str:
    """What a terminal would be given."""
    pid, screen = pty.fork()
    if pid == 0:  # pragma: no cover  # the child
        os.chdir(ROOT)
        os.environ.update({"RELAY_CONFIG": str(clinic.path), "TERM": "xterm", **environ})
        os.execv(sys.executable, [sys.executable, "-m", "relay", *words])
    shown = b"".join(_until_closed(screen))
    os.close(screen)
    os.waitpid(pid, 0)
    return shown.decode()


def _until_closed(screen: int) -> Iterator[bytes]:
    try:
        while piece := os.read(screen, 4096):
            yield piece
    except OSError:
        return


@pytest.mark.pty
@pytest.mark.parametrize("words", [["status"], ["outbox", "list", "--text"]])
def test_colours_on_a_terminal_unless_refused(clinic: Clinic, words: list[str]) -> None:
    """NO_COLOR is obeyed; words say the same without colour."""
    clinic.sends("[bold]no markup[/bold]")
    environ = {"COLUMNS": "100"}
    assert "\x1b[" in terminal(clinic, *words, **environ)
    plain = terminal(clinic, *words, NO_COLOR="1", **environ)
    assert "\x1b[" not in plain
    if words[0] == "outbox":
        assert "[bold]no markup[/bold]" in plain
        assert "[bold]" in terminal(clinic, *words, **environ)


def test_a_real_process_answers_beside_a_writer(clinic: Clinic) -> None:
    """The daemon holds a transaction open, and another process reads."""
    clinic.works()
    with clinic.db.transaction() as tx:
        tx.execute("DELETE FROM outbound")
        began = time.perf_counter()
        done = process(clinic, "status", "--json")
    print(f"relay status, cold: {time.perf_counter() - began:.2f} s")  # noqa: T201  # for the report
    assert json.loads(done.stdout)["schema"] == 1


# --- config, version, run, backup ---------------------------------------------------------------


def test_a_good_configuration_is_ok(relay: Relay, said: Said) -> None:
    """Exit 0 and a line."""
    result = relay("config", "check")
    assert result.exit_code == 0
    assert "OK (1 modem, 1 server)" in result.stdout
    assert said("config", "check")["ok"] is True


def test_warnings_do_not_fail_a_check(clinic: Clinic, relay: Relay) -> None:
    """They go to stderr."""
    clinic.path.chmod(0o644)
    result = relay("config", "check")
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: ")


def test_every_mistake_is_told_at_once(clinic: Clinic, relay: Relay, said: Said) -> None:
    """Exit 78, one line each."""
    clinic.path.write_text("[modem.usb1]\nprot = 1\n[modems]\n")
    result = relay("config", "check")
    assert (result.exit_code, result.stdout) == (78, "")
    assert len(result.stderr.splitlines()) == 3
    assert len(said("config", "check")["problems"]) == 3


def test_what_holds_is_shown_without_secrets(relay: Relay, said: Said) -> None:
    """Every value with its source."""
    text = relay("config", "show").stdout
    assert "secret" not in text
    assert "validity_h = 72" in text
    found = said("config", "show")
    assert found["settings"]["server"]["main"]["password"] == "********"
    assert found["sources"]["modem.usb1.port"] == "file"


def test_a_configuration_is_found_by_option(clinic: Clinic, tmp_path: Path) -> None:
    """Before and behind the command."""
    desk = Desk(clinic.clock, {})
    for words in (["--config", str(clinic.path), "config", "check"],
                  ["config", "check", "--config", str(clinic.path)]):  # fmt: skip
        assert CliRunner().invoke(main, words, obj=desk).exit_code == 0
    assert CliRunner().invoke(main, ["config", "check"], obj=Desk(clinic.clock, {})).exit_code != 0


def test_the_version(relay: Relay, said: Said) -> None:
    """What a bug report begins with."""
    assert relay("version").stdout.startswith(f"relay {__version__} (Python ")
    assert said("version")["sqlite"] == sqlite3.sqlite_version


def test_run_hands_the_configuration_to_the_daemon(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And gives back its exit code."""
    seen = []

    def daemon(config: Any) -> int:
        seen.append(config.gateway.name)
        return 75

    monkeypatch.setattr("relay.daemon.main", daemon)
    assert relay("run").exit_code == 75
    assert seen == ["Mwase clinic"]


def test_run_does_not_start_with_a_bad_configuration(clinic: Clinic, relay: Relay) -> None:
    """78 keeps systemd from trying again."""
    clinic.path.write_text("[modem.usb1]\n")
    result = relay("run")
    assert result.exit_code == 78
    assert "does not say which modem it means" in result.stderr


def test_a_copy_by_hand(clinic: Clinic, relay: Relay, said: Said, tmp_path: Path) -> None:
    """Whole, private, and with the daemon running."""
    clinic.works()
    clinic.sends("kept")
    result = relay("backup", tmp_path / "copy.db")
    assert result.exit_code == 0
    with sqlite3.connect(tmp_path / "copy.db") as conn:
        assert conn.execute("SELECT text FROM outbound").fetchone() == ("kept",)
    conn.close()
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    assert said("backup", tmp_path / "copy.db")["octets"] > 0


def test_no_copy_of_nothing(clinic: Clinic, relay: Relay, tmp_path: Path) -> None:
    """A copy is of a database that is there."""
    clinic.db.close()
    clinic.config.store.path.unlink()
    assert relay("backup", tmp_path / "copy.db").exit_code == 74
    assert not clinic.config.store.path.exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [("stick/copy.db", "there is no folder"), ("state/relay.db", "the database itself"),
     ("state/relay.db-wal", "the database itself")],
)  # fmt: skip
def test_a_copy_is_not_made_in_a_wrong_place(
    clinic: Clinic, relay: Relay, tmp_path: Path, name: str, words: str
) -> None:
    """A stick that is not mounted is no folder, and no copy replaces the original."""
    clinic.sends("a")
    result = relay("backup", tmp_path / name)
    assert result.exit_code == 73
    assert words in result.stderr
    assert not (tmp_path / "stick").exists()
    assert clinic.db.value("SELECT count(*) FROM outbound") == 1


# --- usage --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [["nosuch"], ["send"], ["outbox", "show", "x"], ["status", "--nosuch"],
              ["inbox", "list", "--state", "gone"]]
)  # fmt: skip
def test_a_command_typed_wrongly_is_exit_64(relay: Relay, words: list[str]) -> None:
    """EX_USAGE, and how it is typed."""
    result = relay(*words)
    assert result.exit_code == 64
    assert "Usage: relay" in result.stderr
    assert result.stdout == ""


def test_a_slip_of_the_finger_is_understood(relay: Relay) -> None:
    """The nearest command is named, not run."""
    result = relay("sttus")
    assert result.exit_code == 64
    assert "Did you mean status?" in result.stderr


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (f"{sys.prefix}/bin/relay", f"{sys.prefix}/bin/relay"),
        ("/usr/local/bin/relay", "relay"),
        ("/somewhere/relay/__main__.py", f"{sys.executable} -m relay"),
    ],
)
def test_a_hint_for_another_terminal_can_be_typed_there(
    monkeypatch: pytest.MonkeyPatch, typed: str, told: str
) -> None:
    """A virtual environment that is active here is not active there."""
    monkeypatch.setattr(sys, "argv", [typed])
    assert program() == told


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from commands(child, (*path, name))


@pytest.mark.parametrize("words", list(commands(main)), ids=" ".join)
def test_help_fits_the_screen(relay: Relay, words: tuple[str, ...]) -> None:
    """80 columns, and exit 0."""
    result = relay(*words, "--help")
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    "words", [words for words in commands(main) if words not in SERVICES | SCRIPTS], ids=" ".join
)
def test_every_command_speaks_json(words: tuple[str, ...]) -> None:
    """For programs; groups and what runs until it is stopped have nothing to say themselves."""
    context = click.Context(main)
    command: click.Command | None = main
    for name in words:
        assert isinstance(command, click.Group)
        command = command.get_command(context, name)
    assert command is not None
    options = {name for parameter in command.params for name in parameter.opts}
    assert isinstance(command, click.Group) or "--json" in options


def test_the_page_of_commands_is_that_of_the_commands() -> None:
    """`make docs` would change nothing."""
    page = runpy.run_path(str(ROOT / "docs" / "cli.py"))["page"]
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == page()
