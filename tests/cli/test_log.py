"""`relay log`: from the file or from the journal, as it grows."""

from __future__ import annotations

import json
import logging
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from relay.cli import log as log_command
from relay.cli.desk import Desk
from relay.cli.log_sources import Growing
from relay.cli.main import main
from relay.log import _Lines, event
from relay.log_file import BoundedFile
from tests.clinic import TOML, Clinic
from tests.fakes import FakeClock

FILE = TOML + '[log]\nfile = "relay.log"\n'
Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Clinic(tmp_path, FILE) as clinic:
        clinic.works()
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    def run(*words: str, config: bool = True) -> Result:
        environ = {"PATH": str(folder / "bin")}
        if config:
            environ["RELAY_CONFIG"] = str(folder / "relay.toml")
        desk = Desk(clock=FakeClock(), environ=environ)
        return CliRunner().invoke(main, ["log", *words], obj=desk)

    return run


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("relay.test_log_file")
    logger.propagate = False
    yield logger
    for handler in logger.handlers[:]:
        logger.removeHandler(handler)
        handler.close()


def written_by(logger: logging.Logger, path: Path, most: int = 1_000_000) -> BoundedFile:
    handler = BoundedFile(path, most)
    handler.setFormatter(_Lines())
    logger.addHandler(handler)
    return handler


# --- the file -----------------------------------------------------------------------------------


def test_a_disk_that_fails_under_the_log_stops_nothing(
    tmp_path: Path, logger: logging.Logger
) -> None:
    """Even to ask whether the file is there may fail: a stick was pulled out."""
    handler = written_by(logger, tmp_path / "relay.log")
    logger.warning(event("x.y"))
    handler.baseFilename = str(tmp_path / ("x" * 300))  # which no file system can look up
    logger.warning(event("x.z"))
    assert "x.y" in (tmp_path / "relay.log").read_text()


def test_what_relay_writes_is_told(folder: Path, run: Run, logger: logging.Logger) -> None:
    """Time, level and event in words; a number masked that came in by a debug line."""
    written_by(logger, folder / "relay.log")
    logger.warning(event("link.down", modem="usb1", error="it hung up"))
    logger.warning(event("x.y", caller="+254700000001"))
    first, second = run().stdout.splitlines()
    assert first[4] == "-"
    assert first[20:] == "warning  usb1: the modem is away: it hung up"
    assert second[20:] == "warning  x: y (caller …001)"


def test_the_level_and_the_number_of_lines(folder: Path, run: Run, logger: logging.Logger) -> None:
    """A traceback goes with the line that it belongs to."""
    written_by(logger, folder / "relay.log")
    for n in range(5):
        logger.info(event("inbox.incomplete", messages=n))
    try:
        int("x")
    except ValueError:
        logger.exception(event("worker.crashed", worker="modem-usb1"))
    logger.info(event("daemon.stopping"))
    assert len(run("-n", "2").stdout.splitlines()) == 2
    lines = run("--level", "error").stdout.splitlines()
    assert "worker: crashed" in lines[0] or "has crashed" in lines[0]
    assert "ValueError" in lines[-1]
    assert "being stopped" not in "".join(lines)


def test_since(folder: Path, run: Run) -> None:
    """A moment, or how long ago; what is before it is not shown."""
    (folder / "relay.log").write_text(
        "2026-11-24 08:00:00 INFO    daemon.stopping\n"
        "2026-11-24 09:00:00 INFO    daemon.stopped\n  and more\n"
    )
    lines = run("--since", "2026-11-24 08:30").stdout.splitlines()
    assert [line[29:] for line in lines] == ["relay has stopped in good order", "  and more"]
    assert run("--since", "2h").exit_code == 0
    assert run("--since", "yesterday").exit_code == 64


def test_for_programs_a_line_is_an_object(folder: Path, run: Run) -> None:
    """Its fields are as masked as the words."""
    (folder / "relay.log").write_text(
        "2026-11-24 08:00:00 INFO    call.came modem=usb1 caller=+254700000001\n"
    )
    found = json.loads(run("--json").stdout)
    assert (found["schema"], found["event"], found["level"]) == (1, "call.came", "info")
    assert found["fields"] == {"modem": "usb1", "caller": "…001"}
    assert isinstance(found["at"], int)


def test_garbage_is_shown_and_steers_no_terminal(folder: Path, run: Run) -> None:
    """As a power cut leaves it."""
    (folder / "relay.log").write_bytes(
        b"\0" * 300 + b"\n\xff\xfe\x1b[31mred\n" + b"2026-11-24 08:00:00 INFO    daemon.stopped\n"
    )
    result = run()
    assert "\x1b" not in result.stdout
    assert result.stdout.splitlines()[-1].endswith("relay has stopped in good order")


def test_a_file_that_is_not_there_yet(run: Run) -> None:
    """Said, and no mistake."""
    result = run()
    assert result.exit_code == 0
    assert "has nothing yet" in result.stderr


# --- as it grows --------------------------------------------------------------------------------


def test_it_is_followed_over_a_rotation(folder: Path, logger: logging.Logger) -> None:
    """No line is missed or shown twice, and the file stays within its bounds."""
    path = folder / "relay.log"
    written_by(logger, path, most=20_000)
    growing, seen = Growing(path), []
    for n in range(500):
        logger.warning("line %d %s", n, "x" * 80)
        if n % 7 == 0:
            seen += growing.more()
    seen += growing.more()
    assert [int(line.split()[4]) for line in seen] == list(range(500))
    assert sum(file.stat().st_size for file in folder.glob("relay.log*")) <= 20_000
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.glob("relay.log*")} == {0o600}
    growing.close()


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    """A letter of several octets is not cut either."""
    path = tmp_path / "relay.log"
    growing = Growing(path)
    assert growing.more() == []
    path.write_bytes("grü".encode()[:-1])
    assert growing.more() == []
    with path.open("ab") as file:
        file.write("grü".encode()[-1:] + b"\nnext")
    assert growing.more() == ["grü".encode()]
    path.write_bytes(b"new\n")  # cut off and begun anew
    assert growing.more()[-1] == b"new"
    path.unlink()
    assert growing.more() == []
    growing.close()


def test_following_ends_with_ctrl_c(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And shows what came meanwhile."""
    path = folder / "relay.log"
    path.write_text("2026-11-24 08:00:00 INFO    daemon.stopping\n")

    def follow(look: Callable[[], None], *, follow: bool) -> None:
        assert follow
        with path.open("a") as file:
            file.write("2026-11-24 08:00:01 INFO    daemon.stopped\n")
        look()
        raise KeyboardInterrupt

    monkeypatch.setattr(log_command, "_follow", follow)
    result = run("-f")
    assert [line[29:] for line in result.stdout.splitlines()] == [
        "relay is being stopped",
        "relay has stopped in good order",
    ]
    assert result.exit_code == 130


def test_a_file_that_cannot_be_written_stops_nobody(
    tmp_path: Path, logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full or dead disk costs lines, and no message."""
    (tmp_path / "file").write_text("")
    written_by(logger, tmp_path / "file" / "relay.log")
    logger.warning("lost")
    assert capsys.readouterr().err == ""


def test_a_file_that_somebody_deletes_is_begun_anew(
    tmp_path: Path, logger: logging.Logger
) -> None:
    """Instead of a file that has no name any more."""
    path = tmp_path / "relay.log"
    written_by(logger, path)
    logger.warning("one")
    path.unlink()
    logger.warning("two")
    assert path.read_text().endswith("two\n")


# --- the journal --------------------------------------------------------------------------------


def journalctl(folder: Path, says: str, *, err: str = "", code: int = 0) -> None:
    """A program of that name, which notes how it was called."""
    program = folder / "bin" / "journalctl"
    program.parent.mkdir(exist_ok=True)
    program.write_text(
        f"#!{sys.executable}\nimport sys\n"
        f"open({str(folder / 'asked')!r}, 'w').write(' '.join(sys.argv[1:]))\n"
        f"sys.stdout.write({says!r}); sys.stderr.write({err!r}); sys.exit({code})\n"
    )
    program.chmod(0o755)


def entry(message: str, priority: int = 6) -> str:
    at = "1700000000000000"
    found = {"MESSAGE": message, "PRIORITY": str(priority), "__REALTIME_TIMESTAMP": at}
    return json.dumps(found) + "\n"


@pytest.fixture
def journal(folder: Path) -> Path:
    with Clinic(folder, TOML):
        return folder


def test_without_a_file_it_is_the_journal(journal: Path, run: Run) -> None:
    """Asked for the unit, as JSON, and for so much of it."""
    journalctl(journal, entry("daemon.stopped") + entry("x.y caller=+254700000001", 3))
    lines = run("-n", "7").stdout.splitlines()
    assert [line[20:] for line in lines] == [
        "note     relay has stopped in good order",
        "ERROR    x: y (caller …001)",
    ]
    assert (journal / "asked").read_text() == "-u relay -o json --no-pager -n 7"
    run("--since", "2h", "-f")
    assert "--since @1699992800 -f" in (journal / "asked").read_text()


def test_a_configuration_that_cannot_be_read_hides_no_log(journal: Path, run: Run) -> None:
    """It is when the log is needed most."""
    journalctl(journal, entry("daemon.stopped"))
    (journal / "relay.toml").write_text("[gateway")
    assert "good order" in run().stdout


def test_whoever_may_not_read_the_journal_is_told_how(journal: Path, run: Run) -> None:
    """Instead of an empty screen."""
    journalctl(journal, "", err="No journal files were opened due to insufficient permissions.")
    result = run()
    assert result.exit_code == 1
    assert "systemd-journal" in result.stderr


def test_a_journal_without_relay(journal: Path, run: Run) -> None:
    """Says where else the log may be."""
    journalctl(journal, "")
    assert "set file in [log]" in run().stderr


def test_no_journal_and_no_file(journal: Path, run: Run) -> None:
    """Words, and exit 1."""
    result = run()
    assert result.exit_code == 1
    assert "there is no journal" in result.stderr
