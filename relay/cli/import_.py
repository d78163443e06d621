"""`relay import`: a file from a stick, at the office or back at the station."""

from __future__ import annotations

import getpass
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.export import told_of
from relay.cli.printing import data, emit, note
from relay.core.plain import count, many
from relay.errors import ConfigError

if TYPE_CHECKING:
    from relay.bundles.bringing import Brought
    from relay.bundles.keys import Keys
    from relay.config import Config
    from relay.core.bundle import Export, Receipt
    from relay.servers.cht import ChtServer
    from relay.store.database import Database


@click.command(
    "import",
    epilog=examples(
        "relay import --key                      what the stations must know",
        "relay import relay-….export --user gateway \\",
        "    --to-server https://cht.example.org/api/sms",
        "relay import relay-….export --server main   one of the configuration",
        "sudo relay import relay-….receipt       back at the station",
    ),
)
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--to-server", "url", metavar="URL", help="The address of the CHT server.")
@click.option("--user", help="The server's user for the gateway.")
@click.option("--password-file", type=click.Path(path_type=Path),
              help="A file with the password; else it is asked for.")  # fmt: skip
@click.option("--server", "name", metavar="NAME", help="A server of the configuration instead.")
@click.option("--station", "stations", metavar="KEY", multiple=True,
              help="Believe the station whose key this is; there: relay export --key")  # fmt: skip
@click.option("--trust", is_flag=True, help="Believe whoever signed this file, from now on.")
@click.option("--no-handouts", is_flag=True,
              help="Leave what the server wants sent to other gateways.")  # fmt: skip
@click.option("--receipt", "receipts", metavar="FOLDER", type=click.Path(path_type=Path),
              help="Where the receipt goes; else beside FILE.")  # fmt: skip
@click.option("--journal", metavar="FILE", type=click.Path(path_type=Path),
              help="What has been imported here; else in ~/.local/share/relay.")  # fmt: skip
@click.option("--key", "show_key", is_flag=True, help="Print the public key of this office.")
@json_option
@config_option
@pass_desk
def import_(
    desk: Desk,
    path: Path | None,
    url: str | None,
    user: str | None,
    password_file: Path | None,
    name: str | None,
    stations: tuple[str, ...],
    trust: bool,
    no_handouts: bool,
    receipts: Path | None,
    journal: Path | None,
    show_key: bool,
    as_json: bool,
) -> int:
    """Bring an export to the server, or take its receipt at the station.

    Which of the two, the file says. It is taken wholly or not at all, and the same file again,
    older ones later, or a power cut in between do no harm. At the office the receipt is written
    beside the file: take it back on the same stick.
    """
    from relay.bundles import files
    from relay.core.bundle import Receipt

    store = journal or _usual(desk)
    if show_key:
        _show_key(store, as_json)
        return 0
    if path is None:
        raise click.UsageError("Which file? See them with: ls /media/*")
    config = _config(desk)
    with told_of(path):
        found, digest = files.opened(path, _own(store, config))
    if isinstance(found, Receipt):
        _take(desk, found, digest, path, as_json)
        return 0
    _require_known(store, found, stations, trust)
    login = _Login(url, user, password_file, name)
    done = _bring(desk, found, store, _server(config, login), _receipt(path, receipts),
                  handouts=not no_handouts)  # fmt: skip
    _report(done, as_json)
    return 1 if done.trouble else 0


def _usual(desk: Desk) -> Path:
    home = desk.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    return Path(home, "relay", "imports.db")


def _config(desk: Desk) -> Config | None:
    """None at an office, which has no station."""
    try:
        return desk.config()
    except ConfigError:
        return None


def _show_key(store: Path, as_json: bool) -> None:
    from relay.bundles import keys

    with told_of(store):
        store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = keys.own(store).public
    if as_json:
        emit({"key": key})
    else:
        data(key)


def _own(store: Path, config: Config | None) -> list[Keys]:
    """The keys of the office and of the station, as far as this computer is either."""
    from relay.bundles import keys

    places = [store] if config is None else [store, config.store.path]
    found = [keys.own(place) for place in places if keys.path_of(place).exists()]
    if not found:
        raise keys.KeyTrouble(
            "this computer has no key yet, so no file can be meant for it. Nothing was done. "
            "Make one and tell the station: relay import --key"
        )
    return found


# --- at the office ------------------------------------------------------------------------------


def _require_known(store: Path, export: Export, stations: tuple[str, ...], trust: bool) -> None:
    """Who can write a file to this office is not yet a station of it."""
    from relay.bundles import keys

    key, name = export.header.key, export.header.name
    with told_of(store):
        for one in stations:
            keys.signer(one)  # a slip is told before anything is believed
            keys.believe(store, one, "named by a person")
        if keys.signer(key) in keys.believed(store):
            return
        if not trust:
            raise keys.KeyTrouble(
                f"the file is signed by a station that is not known here ({name or 'no name'}). "
                f"Nothing of it was applied. Compare its key\n  {key}\nwith what relay export "
                "--key shows there. If it is the same, add: --station KEY; or --trust for this one"
            )
        keys.believe(store, key, name)
    note(f"From now on files of {name} are believed here.")


@dataclass(frozen=True, slots=True)
class _Login:
    """How the server was named on the command line."""

    url: str | None
    user: str | None
    password_file: Path | None
    name: str | None


def _server(config: Config | None, login: _Login) -> ChtServer:
    """The server goes by its address: the journal must know it again under another name."""
    from relay.servers.cht import ChtServer
    from relay.servers.credentials import Credentials, read_credentials
    from relay.servers.tls import Trust

    if login.name is not None:
        known = [one for one in (config.servers if config else ()) if one.name == login.name]
        if not known:
            raise click.UsageError(f"There is no server {login.name} in the configuration.")
        password = known[0].password.reveal() if known[0].password else ""
        trust = Trust(str(known[0].ca_file or ""), known[0].pin_sha256)
        return ChtServer(
            known[0].url, Credentials(known[0].url, known[0].user, password), trust=trust
        )
    if login.url is None:
        raise click.UsageError("To which server? --to-server URL --user NAME, or --server NAME.")
    given = read_credentials(login.url, user=login.user or "", password_file=login.password_file)
    if not given.user:
        raise click.UsageError("As which user of the server? --user NAME.")
    password = given.password or click.prompt(
        f"Password of {given.user}", hide_input=True, err=True
    )
    return ChtServer(given.url, Credentials(given.url, given.user, password))


def _receipt(path: Path, folder: Path | None) -> Path:
    path = path.absolute()
    name = path.name.removesuffix(".export") + ".receipt"
    return (folder.absolute() if folder else path.parent) / name


def _bring(
    desk: Desk,
    export: Export,
    store: Path,
    server: ChtServer,
    receipt: Path,
    *,
    handouts: bool,
) -> Brought:
    from relay import holding
    from relay.bundles import keys
    from relay.bundles.bringing import Office, bring
    from relay.store.database import Database

    if export.header.url and export.header.url != server.name:
        note(f"The station itself sends to {export.header.url}.")
    lock = holding.lock(store)
    try:
        db = Database.open(store)
        try:
            office = Office(db, keys.own(store), desk.clock, _wait)
            with told_of(receipt):
                return bring(office, server, export, receipt, handouts=handouts)
        finally:
            db.close()
    finally:
        server.close()
        lock.close()


def _wait(seconds: float, why: str) -> None:
    if why:
        note(f"{why} Waiting {seconds:.0f} s.")
    threading.Event().wait(seconds)


def _report(done: Brought, as_json: bool) -> None:
    if as_json:
        names = ("messages", "forwarded", "refused", "statuses", "told", "handouts", "trouble")
        emit({**{name: getattr(done, name) for name in names}, "receipt": str(done.receipt)})
        return
    data(
        f"{count(done.forwarded)} of {many(done.messages, 'message')} and {count(done.told)} of "
        f"{many(done.statuses, 'status', 'statuses')} are at the server."
    )
    data(f"Receipt, with {many(done.handouts, 'message')} to send: {done.receipt}")
    if done.refused:
        note(f"The server refuses {many(done.refused, 'message')}: they stay at the station.")
    if done.trouble:
        note(f"It is not all: {done.trouble}. The rest is kept here; the same command again goes "
             "on, and writes a new receipt.")  # fmt: skip


# --- at the station -----------------------------------------------------------------------------


def _take(desk: Desk, receipt: Receipt, digest: str, path: Path, as_json: bool) -> None:
    from relay.bundles import keys
    from relay.bundles.returning import apply
    from relay.store import journal

    config = desk.config()
    store = config.store.path
    with told_of(store):
        known = keys.believed(store) | keys.signers(config.export.recipients)
    if keys.signer(receipt.header.key) not in known:
        raise keys.KeyTrouble(
            "the receipt is signed by an office to which this station exports nothing. Nothing of "
            "it was applied. Is its whole key (age1…+…) in [export] recipients?"
        )
    db: Database = desk.store(config)
    try:
        present = [one.name for one in config.servers]
        outbox = desk.outbox(config, db)
        now = desk.clock.now()
        done = apply(db, now, outbox, present, receipt, digest, path.absolute())
        words = (
            f"{many(done.forwarded, 'more message is', 'more messages are')} at the server, "
            f"{many(done.told, 'status', 'statuses')} told, "
            f"{many(done.new, 'new message')} to send"
        )
        journal.note(db, now, getpass.getuser(), "import", path.name, words)
    finally:
        db.close()
    if as_json:
        emit({"forwarded": done.forwarded, "told": done.told, "new": done.new,
              "known": done.known})  # fmt: skip
        return
    data(f"{words}.")
