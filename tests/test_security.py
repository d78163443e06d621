"""What docs/security.md promises: no shell near a text, nothing that steers a terminal, files for
their owner only, and no secret where a person or a program may read it."""

from __future__ import annotations

import ast
import functools
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from relay.cli.desk import Desk
from relay.cli.main import main
from relay.config import load
from relay.core.plain import printable
from tests.air import deliver
from tests.clinic import TOML, Clinic
from tests.station import Station

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "relay").rglob("*.py"))

# Escapes that set a title, clear a screen and answer back, as C0 and as C1, and what turns round
# the direction of what stands behind it.
STEERING = "\x1b]0;owned\x07\x1b[2J\x9b31m\x9d\x85\r\x08\x7f\u202e\u2066\u2028x"


# --- no shell, no evaluation ---------------------------------------------------------------------

FORBIDDEN = {
    "os.system", "os.popen", "os.execl", "os.execlp", "os.spawnl", "os.spawnlp",
    "subprocess.getoutput", "subprocess.getstatusoutput", "commands.getoutput",
    "asyncio.create_subprocess_shell", "eval", "exec", "pickle.loads", "pickle.load",
    "marshal.loads", "shelve.open", "tempfile.mktemp",
}  # fmt: skip
# Each of these starts programs by a list of words of its own; a new one is a decision.
STARTERS = {
    "relay/cli/log_sources.py",  # journalctl
    "relay/daemon.py",  # relay itself, begun anew with another configuration
    "relay/demo/stage.py",  # relay itself
    "relay/doctor/world.py",  # systemctl, lsusb and such
    "relay/modem/cures.py",  # uhubctl, or the administrator's own
    "relay/programs.py",  # the administrator's hooks
    "relay/cli/support_bundle.py",  # relay doctor
    "relay/support.py",  # what a support bundle asks the system
    "relay/installation/site.py",  # systemctl, udevadm and such
}


STARTING = re.compile(r"subprocess\.(run|Popen|call|check_\w+)|os\.(exec|spawn|posix_spawn)")


@functools.cache
def calls(path: Path) -> tuple[ast.Call, ...]:
    tree = ast.parse(path.read_text("utf-8"))
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.Call))


def name(call: ast.Call) -> str:
    return ast.unparse(call.func)


def test_no_shell_and_no_evaluation() -> None:
    for path in SOURCES:
        for call in calls(path):
            where = f"{path}:{call.lineno}: {ast.unparse(call)}"
            assert name(call) not in FORBIDDEN, where
            words = {word.arg: ast.unparse(word.value) for word in call.keywords}
            assert words.get("shell", "False") == "False", where
            assert "preexec_fn" not in words, f"unsafe beside threads: {where}"


def test_only_known_modules_start_programs() -> None:
    starting = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        for call in calls(path)
        if STARTING.match(name(call))
    }
    assert starting <= STARTERS


def test_sql_is_put_together_of_names_only() -> None:
    """A value is bound. What is put into SQL by an f-string is a word of the source, or made of
    `?`; here at least nothing that carries a text or a number of a stranger."""
    strangers = {"text", "sender", "recipient", "number", "body", "message"}
    for path in SOURCES:
        for call in calls(path):
            if name(call).rpartition(".")[2] in ("execute", "executemany", "query", "value"):
                assert strangers.isdisjoint(put_in(call)), f"{path}:{call.lineno}"


def test_a_placeholder_has_a_name_or_its_order() -> None:
    """`?1` with a row of values is deprecated in Python 3.12: an error in every test there."""
    for path in SOURCES:
        assert not re.search(r"[=(,] ?\?[0-9]", path.read_text("utf-8")), path


def put_in(call: ast.Call) -> Iterator[str]:
    """What the f-string that is the first argument of a call takes up."""
    for argument in call.args[:1]:
        for node in ast.walk(argument):
            if isinstance(node, ast.FormattedValue):
                yield ast.unparse(node.value)


# --- the terminal --------------------------------------------------------------------------------


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Clinic]:
    """A station where everything that comes from outside steers terminals."""
    with Clinic(tmp_path) as clinic:
        clinic.works()
        clinic.receives(deliver(STEERING), deliver("again " + STEERING))
        clinic.sends(STEERING, key=STEERING)
        clinic.sends("fails", to="+254700000002")
        with clinic.db.transaction() as tx:
            tx.execute(
                "UPDATE inbound SET sender = ?, text = text || ?", (STEERING, "nul \0 behind")
            )
            tx.execute("UPDATE outbound SET recipient = ?, reason = ?", (STEERING, STEERING))
            tx.execute("UPDATE outbound SET status = 'FAILED' WHERE text = 'fails'")
            tx.execute("UPDATE part SET reason = ?, attempts = 3", (STEERING,))
            tx.execute("UPDATE audit SET detail = ?", (STEERING,))
            tx.execute(
                "INSERT INTO hook_call (hook, created_at, tries, reason) VALUES (?, 0, 9, ?)",
                ("on_message", STEERING),
            )
        clinic.modem("LOST", STEERING)
        clinic.put(
            modem__usb1__identity={"manufacturer": STEERING, "model": STEERING, "iccid": STEERING},
            modem__usb1__balance_answer=STEERING,
            modem__usb1__balance={"amount": 1, "currency": STEERING},
        )
        clinic.modem("READY", STEERING, operator=STEERING, smsc=STEERING)
        clinic.server("BAD_REPLY", STEERING, since=1)
        yield clinic


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        yield path
        return
    context = click.Context(command)
    for word in command.list_commands(context):
        below = command.get_command(context, word)
        assert below is not None
        yield from leaves(below, (*path, word))


ALL = [("--text", "--show-numbers"), ("--json",)]
# What shows something of the store, with the words that it needs.
SHOWING: dict[tuple[str, ...], tuple[str, ...]] = {
    ("status",): (),
    ("inbox", "list"): (),
    ("inbox", "show"): ("1",),
    ("outbox", "list"): (),
    ("outbox", "show"): ("1",),
    ("sim", "list"): (),
    ("sim", "show"): (),
    ("trace", "in"): ("1",),
    ("trace", "out"): ("1",),
    ("trace",): ("1",),
    ("balance",): (),
    ("airtime",): (),
    ("alerts", "list"): (),
    ("history",): (),
    ("explain",): ("MODEM_LOST",),
    ("config", "show"): (),
    ("config", "check"): (),
    ("version",): (),
}


@pytest.mark.parametrize("words", [one for one in leaves(main) if one in SHOWING], ids=" ".join)
def test_nothing_that_came_in_steers_a_terminal(hostile: Clinic, words: tuple[str, ...]) -> None:
    desk = Desk(clock=hostile.clock, environ={"RELAY_CONFIG": str(hostile.path)})
    command: click.Command = main
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    known = {option for parameter in command.params for option in parameter.opts}
    for options in ALL:
        asked = [*words, *(one for one in options if one in known), *SHOWING[words]]
        result = CliRunner().invoke(main, asked, obj=desk)
        assert result.exception is None or isinstance(result.exception, SystemExit), asked
        steering = {c for c in result.output if c != "\n" and not c.isprintable()}
        assert steering == set(), asked


def test_what_is_printable() -> None:
    assert [c for c in printable(STEERING) if not c.isprintable()] == []


# --- files ---------------------------------------------------------------------------------------


@pytest.fixture
def careless() -> Iterator[None]:
    """An administrator whose umask lets everybody read and write."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_files(folder: Path, but: Callable[[Path], bool] = lambda _: False) -> dict[str, str]:
    """What lies below that others may read, write or enter."""
    return {
        str(path.relative_to(folder)): oct(stat.S_IMODE(path.lstat().st_mode))
        for path in folder.rglob("*")
        if path.lstat().st_mode & 0o077 and not path.is_symlink() and not but(path)
    }


@pytest.mark.pty
@pytest.mark.usefixtures("careless")
def test_what_relay_writes_is_for_its_owner_only(tmp_path: Path) -> None:
    """A real relay with a database, its log (WAL), lock, copy and log file, whatever the umask."""
    log = tmp_path / "logs" / "relay.log"
    with Station(tmp_path / "site", changes={"log": {"file": str(log)}}) as station:
        relay = station.start()
        station.text("Report 1")
        station.eventually(lambda: station.forwarded["Report 1"], "forwarded")
        state = station.store.parent
        assert open_files(state, but=is_the_socket) == {}
        assert state.stat().st_mode & 0o027 == 0
        assert {"relay.db", "relay.db-wal", "relay.db-shm", "relay.db.lock"} <= {
            path.name for path in state.iterdir()
        }
        relay.stop()
        assert open_files(log.parent) == {}


def is_the_socket(path: Path) -> bool:
    """The control socket is for the group as well."""
    return stat.S_ISSOCK(path.lstat().st_mode) and not path.lstat().st_mode & 0o007


@pytest.mark.usefixtures("careless")
def test_a_copy_is_for_its_owner_only(tmp_path: Path) -> None:
    with Clinic(tmp_path) as clinic:
        clinic.db.backup(tmp_path / "copies" / "one.db")
        assert open_files(tmp_path, but=lambda path: path == clinic.path) == {}


# --- secrets -------------------------------------------------------------------------------------

SECRETS = ("pass-canary", "4711", "uuid-canary")
SECRET_TOML = (
    TOML.replace('"secret"', f'"{SECRETS[0]}"').replace(
        "[server.main]", f'pin = "{SECRETS[1]}"\n[server.main]'
    )
    + f'[alerts]\nheartbeat_url = "https://hc-ping.com/{SECRETS[2]}"\n'
)


def shown(config: Any) -> str:
    return f"{config!r} {config!s} {config.servers!r} {config.modems!r} {config.alerts!r}"


def test_no_secret_in_what_a_configuration_says_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "relay.toml"
    path.write_text(SECRET_TOML, encoding="utf-8")
    config = load(path, {})
    desk = Desk(environ={"RELAY_CONFIG": str(path)})
    words = CliRunner().invoke(main, ["config", "show"], obj=desk).output + shown(config)
    assert [secret for secret in SECRETS if secret in words] == []
    assert config.servers[0].password is not None
    assert config.servers[0].password.reveal() == SECRETS[0]
