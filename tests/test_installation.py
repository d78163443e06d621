"""`relay install` and `relay uninstall`, on a machine that is a folder."""

from __future__ import annotations

import json
import os
from pathlib import Path, PurePosixPath

import pytest
from click.testing import CliRunner, Result

from relay.cli.main import main
from relay.installation.pieces import Fate, digest, fate, hindrance, ours

UNIT = "etc/systemd/system/relay.service"
RULES = "etc/udev/rules.d/60-relay.rules"
RECORD = "etc/relay/.installed.json"


class Machine:
    """A folder in the place of /, with programs that write down how they were called."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "machine"
        self.root.mkdir()
        self._journal = folder / "journal"
        self.programs = folder / "programs"
        self.programs.mkdir()
        for name in ("systemctl", "systemd-sysusers", "systemd-tmpfiles", "udevadm", "userdel"):
            self.program(name, f'echo "{name} $*" >> {self._journal}')

    def program(self, name: str, body: str) -> None:
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    @property
    def ran(self) -> list[str]:
        where = f"--root={self.root} "
        return [line.replace(where, "") for line in self._journal.read_text().splitlines()]

    def relay(self, *words: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, [*words, "--root", str(self.root)], input=stdin)

    def files(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.root)): path.read_text("utf-8")
            for path in self.root.rglob("*")
            if path.is_file() and not path.is_symlink()
        }


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    monkeypatch.setenv("PATH", f"{machine.programs}:{os.environ['PATH']}")
    return machine


@pytest.mark.parametrize(
    ("here", "written", "expected"),
    [
        (None, None, Fate.WRITE),
        (None, digest(b"old"), Fate.WRITE),
        (b"new", None, Fate.SAME),
        (b"new", digest(b"old"), Fate.SAME),
        (b"old", digest(b"old"), Fate.UPDATE),
        (b"mine", digest(b"old"), Fate.ASIDE),
        (b"mine", None, Fate.ASIDE),
    ],
)
def test_what_becomes_of_a_file(here, written, expected) -> None:
    """What nobody but relay has written is replaced; anything else stays."""
    assert fate(b"new", here, written) is expected
    assert here is None or ours(here, b"new", written) is (expected is not Fate.ASIDE)


def test_installing_puts_every_file_and_makes_user_folders_and_service(machine: Machine) -> None:
    """In the order in which one needs the other."""
    result = machine.relay("install")
    assert result.exit_code == 0, result.output
    files = machine.files()
    assert {UNIT, RULES, "etc/relay/relay.toml.example"} <= set(files)
    assert "/usr/local/share/fish/vendor_completions.d/relay.fish"[1:] in files
    assert files[UNIT] == Path("systemd/relay.service").read_text("utf-8")
    assert machine.ran == [
        "systemd-sysusers relay.conf",
        "systemd-tmpfiles --create relay.conf",
        "systemctl enable relay.service",
    ]
    assert "relay setup" in result.stderr


def test_installing_again_changes_nothing(machine: Machine) -> None:
    """It may be run at any time."""
    machine.relay("install")
    before = machine.files()
    result = machine.relay("install", "--json")
    assert machine.files() == before
    verbs = {step["do"] for step in json.loads(result.stdout)["steps"]}
    assert verbs <= {"as it is", "run", "check"}


def test_a_rehearsal_says_all_and_does_nothing(machine: Machine) -> None:
    """--dry-run shows the very steps."""
    rehearsed = machine.relay("install", "--dry-run", "--json")
    assert machine.files() == {}
    done = machine.relay("install", "--json")
    steps = [json.loads(result.stdout)["steps"] for result in (rehearsed, done)]
    assert steps[0] == [step for step in steps[1] if step["do"] != "check"]


def test_an_upgrade_replaces_what_relay_wrote(machine: Machine) -> None:
    """The unit of an older relay, as its record tells."""
    machine.relay("install")
    (machine.root / UNIT).write_text("of an older relay")
    record = json.loads((machine.root / RECORD).read_text())
    record[f"/{UNIT}"] = digest(b"of an older relay")
    (machine.root / RECORD).write_text(json.dumps(record))
    assert f"update    /{UNIT}" in machine.relay("install").stdout
    assert machine.files()[UNIT] == Path("systemd/relay.service").read_text("utf-8")


def test_what_the_administrator_changed_stays(machine: Machine) -> None:
    """The new file lies beside it; uninstalling takes only that one away."""
    machine.relay("install")
    (machine.root / RULES).write_text("# mine")
    result = machine.relay("install")
    assert "changed here" in result.stdout
    assert machine.files()[RULES] == "# mine"
    assert f"{RULES}.new" in machine.files()
    machine.relay("uninstall")
    assert machine.files() == {RULES: "# mine"}


def test_uninstalling_leaves_messages_and_configuration(machine: Machine) -> None:
    """And takes everything else; doing so twice is no mistake."""
    machine.relay("install")
    kept = {"etc/relay/relay.toml": "[gateway]\n", "var/lib/relay/relay.db": "messages"}
    for path, text in kept.items():
        (machine.root / path).parent.mkdir(parents=True, exist_ok=True)
        (machine.root / path).write_text(text)
    result = machine.relay("uninstall")
    assert result.exit_code == 0, result.output
    assert machine.files() == kept
    assert "/var/lib/relay" in result.stderr
    assert machine.relay("uninstall").exit_code == 0
    assert machine.files() == kept


def test_a_purge_asks_first(machine: Machine) -> None:
    """No is no; yes removes all."""
    machine.relay("install")
    (machine.root / "var/lib/relay").mkdir(parents=True)
    (machine.root / "var/lib/relay/relay.db").write_text("messages")
    assert machine.relay("uninstall", "--purge", stdin="n\n").exit_code == 130
    assert "var/lib/relay/relay.db" in machine.files()
    assert machine.relay("uninstall", "--purge", stdin="y\n").exit_code == 0
    assert machine.files() == {}


def test_a_step_that_fails_is_named_and_the_others_are_done(machine: Machine) -> None:
    """With exit 1, in the words of the program that failed."""
    machine.program("systemd-sysusers", "echo 'no room on the disk' >&2; exit 1")
    result = machine.relay("install")
    assert result.exit_code == 1
    assert "that did not work: no room on the disk" in result.stderr
    assert "systemctl enable relay.service" in machine.ran


@pytest.mark.parametrize(
    ("prefix", "word"),
    [("/home/amina/relay/.venv", "/opt/relay"), ("/usr/lib/relay", "apt"), ("/opt/relay", "")],
)
def test_a_relay_that_the_service_could_not_see_is_not_installed(prefix: str, word: str) -> None:
    """Nor one that the Debian package has brought."""
    why = hindrance(PurePosixPath(prefix))
    assert word in why
    assert bool(why) is bool(word)
