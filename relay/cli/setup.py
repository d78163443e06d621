"""`relay setup`: the guided first run; with flags, for scripts."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relay.cli.desk import EX_DATAERR, Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import emit, note
from relay.cli.setup_talk import Talk, bound, meet_modem, meet_server
from relay.clock import local
from relay.config_secrets import Unfit, read_secret
from relay.status import is_held

if TYPE_CHECKING:
    from relay.setup.known import Choice, Known
    from relay.setup.writing import Papers


@click.command(
    epilog=examples(
        "sudo relay setup",
        "relay setup --dry-run            ask and try, and write nothing",
        "sudo relay setup --yes --server-url URL --user gateway --password-file FILE",
    )
)
@click.option("--modem", metavar="WHICH", help="IMEI, port, vendor:product, USB socket, or auto.")
@click.option("--number", metavar="NUMBER", help="The SIM's own, with its country.")
@click.option("--pin-file", type=click.Path(dir_okay=False), help="The SIM's PIN, on one line.")
@click.option("--server-url", metavar="URL", help="The gateway's entrance; '' for no server.")
@click.option("--user", metavar="NAME", help="The account of this gateway at the server.")
@click.option("--password-file", type=click.Path(dir_okay=False), help="Its password.")
@click.option("--yes", is_flag=True, help="Ask nothing: take flags and what is proposed.")
@click.option("--untested", is_flag=True, help="Write also what did not work when it was tried.")
@click.option("--dry-run", is_flag=True, help="Ask and try, and write nothing.")
@json_option
@config_option
@pass_desk
def setup(
    desk: Desk,
    /,
    yes: bool,
    untested: bool,
    dry_run: bool,
    as_json: bool,
    pin_file: str | None,
    password_file: str | None,
    **flags: str | None,
) -> int:
    """Set relay up: find the modem, open its SIM, reach the server, write the configuration.

    Everything is tried before it is written; nothing is written before the end, and what was there
    is kept beside it. PIN and password get files of their own. A PIN is only tried where the SIM
    has two tries left or more. On a station that is set up already its values are proposed.
    """
    from relay.config import USUAL_PATH
    from relay.setup.known import Known

    path = Path(desk.config_path or desk.environ.get("RELAY_CONFIG") or USUAL_PATH).absolute()
    try:
        known = Known(path, desk.environ)
        given = {**flags, "pin": _read(pin_file), "password": _read(password_file)}
    except (Unfit, OSError) as error:
        note(f"{error}. Nothing was changed.")
        return EX_DATAERR
    if is_held(known.store):
        raise click.ClickException(
            "relay is running and has the modem. Nothing was changed. Stop it, and try again: "
            "sudo systemctl stop relay && sudo relay setup"
        )
    talk = Talk(given, yes=yes, untested=untested)
    with _alone(known.store):
        choice = _choice(desk, talk, known)
    return _finish(desk, talk, known, choice, dry_run, as_json)


def _read(file: str | None) -> str | None:
    return None if file is None else read_secret(Path(file))


def _alone(store: Path) -> AbstractContextManager[Any]:
    """No daemon may start while the modem is tried."""
    if not store.parent.is_dir():
        return nullcontext()
    from relay.cli.asking import beside_no_daemon

    return beside_no_daemon(store)


def _choice(desk: Desk, talk: Talk, known: Known) -> Choice:
    from relay.modem.discovery import Bus
    from relay.setup.known import Choice

    bus = Bus.of(desk.environ)
    binding = bound(talk.modem(bus, known.binding))
    met, pin = meet_modem(talk, bus, binding, known.pin)
    if binding == ("port", "auto") and met.identity.imei:
        binding = ("imei", met.identity.imei)
    number = talk.number(known.number or met.identity.number)
    url, user, password = meet_server(talk, known)
    return Choice(
        known.modem, binding, number, pin or None, known.server, url, user, password or None
    )


def _finish(
    desk: Desk, talk: Talk, known: Known, choice: Choice, dry_run: bool, as_json: bool
) -> int:
    from relay.setup.writing import Papers, check, write

    secrets: dict[tuple[str, str], str] = {}
    if choice.pin:
        secrets[f"modem.{choice.modem}", "pin"] = choice.pin
    if choice.url and choice.password:
        secrets[f"server.{choice.server}", "password"] = choice.password
    papers = Papers(known.path, known.changed(choice), secrets)
    for warning in check(papers, desk.environ):
        note(f"Mind: {warning}")
    kept = None
    written = not dry_run and talk.agree(f"Write {papers.path}?")
    if written:
        kept = write(papers, local(desk.clock.now()).translate(_STAMP))
    if as_json:
        emit(_document(papers, kept, written, talk))
    else:
        _tell(papers, kept, written)
    return 0 if written or dry_run else 1


_STAMP = {ord("-"): None, ord(":"): None, ord(" "): "-"}


def _document(papers: Papers, kept: Path | None, written: bool, talk: Talk) -> dict[str, Any]:
    return {
        "path": str(papers.path),
        "written": written,
        "secrets": [str(papers.secret_path(*place)) for place in papers.secrets],
        "kept": None if kept is None else str(kept),
        "warnings": talk.warnings,
    }


def _tell(papers: Papers, kept: Path | None, written: bool) -> None:
    if not written:
        note("Nothing was written.")
        return
    note(f"Written: {papers.path}")
    for place in papers.secrets:
        note(f"Written: {papers.secret_path(*place)}")
    if kept is not None:
        note(f"The former configuration is kept: {kept}")
    note("Start relay: sudo systemctl restart relay\nThen see: relay status")
