"""What the TAB key offers, in the shells themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from relay.cli.completion import SHELLS, script
from relay.cli.main import main
from tests.clinic import Clinic

# Each prints, line by line, what the shell would offer for the words in $@.
_BASH = """
source "$SCRIPT"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
compopt() { :; }
_relay_completion relay
printf '%s\\n' "${COMPREPLY[@]}"
"""
_FISH = """
source $SCRIPT
complete --do-complete "$argv"
"""
_ZSH = """
compdef() { :; }
_describe() { print -rl -- ${${(P)3}%%:*}; }
compadd() { print -rl -- ${(P)@[-1]}; }
source "$SCRIPT"
words=("$@"); CURRENT=$#
_relay_completion
"""


@pytest.fixture
def press_tab(clinic: Clinic, tmp_path: Path):
    """Runs a real shell with the real script of relay, and gives what it would offer."""
    shim = tmp_path / "bin" / "relay"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m relay "$@"\n')
    shim.chmod(0o755)

    def press(shell: str, *words: str) -> list[str]:
        program = shutil.which(shell)
        if program is None:
            pytest.skip(f"no {shell} here")
        source = tmp_path / f"relay.{shell}"
        source.write_text(script(shell))
        environ = {
            **os.environ,
            "PATH": f"{shim.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "RELAY_CONFIG": str(clinic.path),
            "SCRIPT": str(source),
            "HOME": str(tmp_path),
        }
        typed = ["relay", *words]
        commands = {
            "bash": ["--norc", "-c", _BASH, "bash", *typed],
            "fish": ["--no-config", "-c", _FISH, " ".join(typed)],
            "zsh": ["-f", "-c", _ZSH, "zsh", *typed],
        }
        done = subprocess.run(
            [program, *commands[shell]],
            capture_output=True, text=True, check=False, timeout=60, env=environ,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [line.partition("\t")[0] for line in done.stdout.splitlines() if line]

    return press


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_commands_and_codes(shell: str, press_tab) -> None:
    """In a real shell, with the script as it is installed."""
    assert press_tab(shell, "sta") == ["status"]
    assert press_tab(shell, "explain", "SIM_NO_C") == ["SIM_NO_CREDIT"]


def _commands() -> set[str]:
    return set(main.list_commands(click.Context(main)))


def test_bash_completes_all_commands_options_and_subcommands(press_tab) -> None:
    """Whatever can be typed next."""
    assert {"status", "send", "completion"} <= set(press_tab("bash", "")) <= _commands()
    assert "--show-numbers" in press_tab("bash", "sim", "list", "--")
    assert press_tab("bash", "completion", "") == list(SHELLS)


def test_bash_completes_modems_and_messages(clinic: Clinic, press_tab) -> None:
    """The names of the configuration, and the numbers of the latest messages."""
    clinic.sends("+254700000001")
    clinic.sends("+254700000002")
    assert press_tab("bash", "sim", "show", "--modem", "") == ["usb1"]
    assert press_tab("bash", "trace", "") == ["in", "out"]
    assert press_tab("bash", "trace", "out", "") == ["2", "1"]
    assert press_tab("bash", "outbox", "show", "") == ["2", "1"]
    assert press_tab("bash", "inbox", "show", "") == []


def test_without_a_configuration_nothing_is_said(clinic: Clinic, press_tab) -> None:
    """Not a word of complaint into the middle of a line."""
    clinic.path.unlink()
    assert press_tab("bash", "sim", "show", "--modem", "") == []
    assert press_tab("bash", "inbox", "show", "") == []


def _all(command: click.Command, path: str):
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _all(child, f"{path} {name}")


@pytest.mark.parametrize(("path", "command"), [*_all(main, "relay")], ids=str)
def test_every_help_has_an_example(path: str, command: click.Command) -> None:
    """A line to copy, also for a group of commands."""
    shown = command.get_help(click.Context(command, info_name=path))
    assert path in shown.partition("Example")[2]
