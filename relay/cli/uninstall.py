"""`relay uninstall`: takes away what `relay install` has put into the machine."""

from __future__ import annotations

import sys
from pathlib import Path, PurePosixPath

import click

from relay.cli.desk import examples, json_option
from relay.cli.install import dry_run_option, own_pieces, refuse, report, root_option
from relay.cli.printing import note
from relay.installation.pieces import COMMAND, CONFIG, DATA
from relay.installation.site import Site


@click.command(
    epilog=examples(
        "sudo relay uninstall --dry-run",
        "sudo relay uninstall",
        "sudo relay uninstall --purge      the messages too",
    )
)
@dry_run_option
@click.option("--purge", is_flag=True, help="Delete the messages and the configuration as well.")
@click.option("--yes", is_flag=True, help="Do not ask before messages are deleted.")
@root_option
@json_option
def uninstall(dry_run: bool, purge: bool, yes: bool, root: Path, as_json: bool) -> int:
    """Stop relay and take away what `relay install` has put into the machine.

    The messages, the configuration and the user stay unless --purge is given. The program itself
    stays too: it lies where pip has put it. Files that you have changed are left.
    """
    refuse(root, dry_run)
    if purge and not dry_run and not yes:
        click.confirm(f"Delete all messages in {DATA}, and {CONFIG}, for good?", abort=True)
    site = Site(root.absolute(), dry_run)
    if site.alive:
        site.command("systemctl", "stop", "relay.service")
    if site.at(PurePosixPath("/etc/systemd/system/relay.service")).exists():
        site.offline("systemctl", "disable", "relay.service")
    for piece in own_pieces():
        site.take(piece)
    site.unlink(COMMAND, Path(sys.prefix) / "bin" / "relay")
    site.forget()
    if site.alive:
        site.command("systemctl", "daemon-reload")
    if site.hears_plugs:
        site.command("udevadm", "control", "--reload")
    if purge:
        _purge(site)
    report(site, as_json)
    if not purge and not as_json:
        note(f"The messages stay in {DATA}, the configuration in {CONFIG}.")
    return 1 if site.failed else 0


def _purge(site: Site) -> None:
    """Copies elsewhere (`backup_dir`) are nobody's business here."""
    for path in (DATA, CONFIG):
        site.remove_tree(path)
    if site.root == Path("/"):
        site.command("userdel", "relay")
