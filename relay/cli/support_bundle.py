"""`relay support-bundle`: one file for those who help, without anything of the patients."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit, note
from relay.cli.writing import NoPlace
from relay.clock import local
from relay.core.plain import size
from relay.errors import ConfigError

if TYPE_CHECKING:
    from relay.config import Config

_LINES = 3_000
_DOCTOR_S = 120
_SURVEY_S = 15


@click.command(
    "support-bundle",
    epilog=examples("sudo relay support-bundle", "sudo relay support-bundle --out /media/usb"),
)
@click.option(
    "--out",
    "folder",
    metavar="FOLDER",
    default=Path(),
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the file goes; else here.",
)
@click.option("--no-doctor", is_flag=True, help="Do not run relay doctor for it (a minute).")
@json_option
@config_option
@pass_desk
def support_bundle(desk: Desk, folder: Path, no_doctor: bool, as_json: bool) -> None:
    """Collect what others need to help: one small file, to be sent by e-mail.

    Works with relay running or not, also with a broken database or configuration. No number, name,
    text, password, PIN or card number should be in it; look through it before you send it.
    """
    from relay import support
    from relay.core.redaction import mistakes

    wrong: list[str] = []
    config: Config | None = None
    try:
        config = desk.config()
    except ConfigError as error:
        wrong = mistakes(error.problems)
    now = desk.clock.now()
    files = support.gathered(
        config,
        wrong,
        now,
        log=lambda: _log(desk, config),
        doctor=lambda: {"not_run": True} if no_doctor else _doctor(desk),
        survey=lambda: _survey(config),
    )
    stamp = local(now)[:16].replace("-", "").replace(":", "").replace(" ", "-")
    target = folder.absolute() / f"relay-support-{stamp}.tar.gz"
    try:
        octets = support.pack(files, target)
    except OSError as error:
        raise NoPlace(
            f"{target} cannot be written: {error.strerror}. Choose another folder with --out."
        ) from error
    if as_json:
        emit({"path": str(target), "octets": octets, "files": sorted(files)})
        return
    data(f"{target}: {size(octets)}")
    note(f"In it: {', '.join(files)}.")
    note("Look through it before you send it: it should hold nothing of patients or secrets.")


def _log(desk: Desk, config: Config | None) -> str:
    from relay.cli.log_sources import Growing, Journal, of_growing
    from relay.core.redaction import log_line

    path = config.log.file if config else None
    if path is not None:
        growing = Growing(path)
        try:
            lines = deque(of_growing([*growing.before(), *growing.more()]), _LINES)
        finally:
            growing.close()
    else:
        journal = Journal.found(desk.environ)
        if journal is None:
            return "There is no journal here, and [log] file names no file.\n"
        lines = deque(journal.lines(None, _LINES, follow=False), _LINES)
    return "".join(f"{line.at} {line.level} {log_line(line.text)}\n" for line in lines)


def _doctor(desk: Desk) -> Any:
    """In a process of its own: it must not hang here, whatever hangs there. With -P, as root is
    in a folder where anybody may have put a `relay`."""
    chosen = ["--config", desk.config_path] if desk.config_path else []
    done = subprocess.run(  # noqa: S603  # relay itself
        [sys.executable, "-P", "-m", "relay", "doctor", "--json", *chosen],
        capture_output=True, text=True, timeout=_DOCTOR_S, check=False, env=dict(desk.environ),
    )  # fmt: skip
    return json.loads(done.stdout)


def _survey(config: Config | None) -> Any:
    from relay.control.client import ask

    if config is None:
        return {}
    return {
        modem.name: ask(config.control.path, "survey", timeout_s=_SURVEY_S, modem=modem.name)
        for modem in config.modems
    }
