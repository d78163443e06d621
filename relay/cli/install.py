"""`relay install`: makes a service of a relay that pip installed."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath

import click

from relay.cli.completion import SHELLS, script
from relay.cli.desk import examples, json_option
from relay.cli.printing import data, emit, note
from relay.installation.pieces import COMMAND, CONFIG, Piece, hindrance, pieces
from relay.installation.site import Site

root_option = click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("/"),
    metavar="DIR",
    help="Another machine's files, such as a mounted disk; nothing is started.",
)
dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Say what would be done; do nothing."
)


@click.command(
    epilog=examples(
        "sudo relay install --dry-run",
        "sudo relay install",
        "sudo relay install --root /mnt/new-laptop",
    )
)
@dry_run_option
@root_option
@json_option
def install(dry_run: bool, root: Path, as_json: bool) -> int:
    """Make this relay a service that starts with the laptop.

    Writes the unit, the user, the rules for modems, the completion of the shells and an example
    of the configuration, and starts relay if it is configured. It may be run again at any time,
    as after an upgrade: what is as it should be is left alone, and a file that you have changed
    stays, with the new one beside it as .new. The Debian package does all this by itself.
    """
    refuse(root, dry_run)
    site = Site(root.absolute(), dry_run)
    parts = own_pieces()
    for piece in parts:
        site.put(piece)
    if (program := in_venv()) is not None:
        site.link(COMMAND, program)
    # By their bare names: a whole path would be looked for on this machine, whatever the root.
    site.offline("systemd-sysusers", "relay.conf")
    site.offline("systemd-tmpfiles", "--create", "relay.conf")
    if site.alive:
        site.command("systemctl", "daemon-reload")
    if site.hears_plugs:
        site.command("udevadm", "control", "--reload")
        site.command(
            "udevadm", "trigger", "--action=change",
            "--subsystem-match=usb", "--subsystem-match=tty",
        )  # fmt: skip
    site.offline("systemctl", "enable", "relay.service")
    configured = site.at(CONFIG / "relay.toml").exists()
    if site.alive and configured:
        site.command("systemctl", "restart", "relay.service")
    site.check(parts)
    report(site, as_json)
    if not site.failed and not configured and not as_json:
        note("relay has no configuration yet. Next: sudo relay setup")
    return 1 if site.failed else 0


def refuse(root: Path, dry_run: bool) -> None:
    """Raises `click.ClickException` where it cannot work."""
    if why := hindrance(PurePosixPath(sys.prefix)) if root == Path("/") else "":
        raise click.ClickException(why)
    if root == Path("/") and os.geteuid() != 0 and not dry_run:
        raise click.ClickException(
            "Only root may change the machine. Nothing was done. Type sudo in front of it."
        )


def own_pieces() -> list[Piece]:
    return pieces({shell: script(shell) for shell in SHELLS})


def in_venv() -> Path | None:
    """The program, where it is in an environment of its own and no shell would find it."""
    program = Path(sys.prefix) / "bin" / "relay"
    return program if sys.prefix != sys.base_prefix and program.exists() else None


def report(site: Site, as_json: bool) -> None:
    if as_json:
        steps = [{"do": one.verb, "what": one.what, "wrong": one.wrong} for one in site.done]
        emit({"dry_run": site.rehearse, "ok": not site.failed, "steps": steps})
        return
    for one in site.done:
        data(f"{one.verb:<9} {one.what}")
        if one.wrong:
            note(f"  that did not work: {one.wrong}")
    if site.rehearse:
        note("Nothing was done: this was a rehearsal.")
