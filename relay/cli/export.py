"""`relay export`: what the server lacks, in a file on a stick, where there is no internet."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit, note
from relay.cli.writing import NoPlace
from relay.clock import local
from relay.core.plain import many

if TYPE_CHECKING:
    from relay.bundles.leaving import Left
    from relay.config import Config, ServerConfig


@click.command(
    epilog=examples(
        "relay export --key                         what the office must know",
        "sudo relay export /media/usb               to [export] recipients",
        "sudo relay export /media/usb --to age1…+…  to this office",
        "sudo relay import relay-….receipt          when the stick is back",
    )
)
@click.argument("folder", metavar="[FOLDER]", required=False, type=click.Path(path_type=Path))
@click.option("--to", "recipients", metavar="KEY", multiple=True,
              help="Seal it to this key, which relay import --key shows at the office; may be "
              "given again. Else to those of [export] recipients.")  # fmt: skip
@click.option("--server", "name", metavar="NAME", help="What this server lacks.")
@click.option("--all-servers", is_flag=True, help="A file for each server.")
@click.option("--key", "show_key", is_flag=True, help="Print the public key of this station.")
@json_option
@config_option
@pass_desk
def export(
    desk: Desk,
    folder: Path | None,
    recipients: tuple[str, ...],
    name: str | None,
    all_servers: bool,
    show_key: bool,
    as_json: bool,
) -> None:
    """Write what the server lacks into a file on a stick, sealed and signed.

    At the office, relay import brings it to the server and writes a receipt beside it; the same
    command takes the receipt here. Until then everything waits as before, and goes over the
    internet if that comes first: the server has each message once.
    """
    config = desk.config()
    if show_key:
        _show_key(config.store.path, as_json)
        return
    if folder is None:
        raise click.UsageError("Where to? Give the folder of the stick.")
    servers = _chosen(config, name, all_servers)
    left = _left(desk, config, servers, recipients or config.export.recipients, folder)
    if as_json:
        emit({"files": [{**{key: getattr(one, key) for key in _SHOWN}, "path": str(one.path)}
                        for one in left]})  # fmt: skip
        return
    for one in left:
        _print(one)


_SHOWN = ("server", "messages", "statuses", "beyond")


def _show_key(store: Path, as_json: bool) -> None:
    from relay.bundles import keys

    with told_of(keys.path_of(store)):
        key = keys.own(store).public
    if as_json:
        emit({"key": key})
    else:
        data(key)


def _chosen(config: Config, name: str | None, all_servers: bool) -> Sequence[ServerConfig]:
    if all_servers or (name is None and len(config.servers) == 1):
        return config.servers
    names = ", ".join(one.name for one in config.servers) or "none"
    if name is None:
        raise click.UsageError(f"For which server? --server NAME or --all-servers ({names}).")
    found = [one for one in config.servers if one.name == name]
    if not found:
        raise click.UsageError(f"There is no server {name} in the configuration ({names}).")
    return found


def _left(
    desk: Desk,
    config: Config,
    servers: Sequence[ServerConfig],
    recipients: Sequence[str],
    folder: Path,
) -> list[Left]:
    from relay import sealing
    from relay.bundles import keys
    from relay.bundles.leaving import Sender, leave
    from relay.store import journal

    _check(folder, recipients)
    sealing.recipient_keys([keys.recipient(one) for one in recipients])
    # What is exported is in a database that is there: never in one that is made for the purpose.
    desk.reader().close()
    db = desk.store(config)
    store = config.store.path
    try:
        with told_of(folder):
            for key in filter(keys.is_whole, recipients):
                keys.believe(store, key, "recipient of an export")
            sender = Sender(config.gateway.name, keys.own(store), recipients)
            now = desk.clock.now()
            day = local(now)[:10]
            left = [leave(db, now, day, one, sender, folder.absolute()) for one in servers]
        for one in left:
            journal.note(db, now, getpass.getuser(), "export", _words(one), str(one.path))
        return left
    finally:
        db.close()


def _check(folder: Path, recipients: Sequence[str]) -> None:
    """A stick that is not plugged in must not become a folder on the disk of the laptop."""
    if not recipients:
        raise click.UsageError(
            "To whom? Give --to KEY, or write [export] recipients into the configuration. The "
            "office has its key from: relay import --key"
        )
    if not folder.is_dir():
        raise NoPlace(
            f"there is no folder {folder}. Nothing was exported. Is the stick plugged in and "
            "mounted?"
        )


@contextmanager
def told_of(path: Path) -> Iterator[None]:
    """What a disk or a stick says, in words."""
    try:
        yield
    except OSError as error:
        raise NoPlace(
            f"{error.filename or path}: {error.strerror or error}. Nothing half-written was left "
            "and nothing was marked. Is the stick full, write-protected or pulled out? "
            "Else try it with sudo; then the same command again"
        ) from error


def _words(one: Left) -> str:
    what = f"{many(one.messages, 'message')} and {many(one.statuses, 'status', 'statuses')}"
    return f"{what} for server {one.server}"


def _print(one: Left) -> None:
    data(f"{one.path}: {_words(one)}")
    if one.beyond:
        note(f"{many(one.beyond, 'more waits', 'more wait')}: for the next export, or to be "
             "looked at with relay inbox")  # fmt: skip
    if not one.messages and not one.statuses:
        note("The server lacks nothing; the file only fetches what it wants sent.")
