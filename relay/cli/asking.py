"""Asking operators for a balance: through the running daemon, or in its place."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from relay.assembly import airtime, credit_hold, driver, outbox_of
from relay.cli.printing import note
from relay.core.link import LinkState
from relay.errors import ModemError
from relay.flows.airtime import wanted
from relay.modem.discovery import Bus
from relay.status import lock_path
from relay.store.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relay.cli.desk import Desk
    from relay.config import Config


def ask_daemon(desk: Desk, config: Config, pause: Callable[[], object], patience_s: float) -> bool:
    """Write the wish down, which wakes the daemon, and wait until all modems have asked."""
    db = desk.store(config)
    names = [modem.name for modem in config.modems]
    wished_at, ends_at = desk.clock.now(), desk.clock.monotonic() + patience_s
    with closing(db):
        facts = Facts(db)
        facts.put_all(wished_at, {wanted(name): True for name in names}, "relay balance")
        while not all(_answered(facts, name, wished_at) for name in names):
            if desk.clock.monotonic() > ends_at:
                return False
            pause()
    return True


def _answered(facts: Facts, name: str, wished_at: int) -> bool:
    found = facts.get(f"modem.{name}.balance_check")
    return found is not None and found.at >= wished_at


def ask_operator(desk: Desk, config: Config) -> None:
    """Open each modem, ask, close it again; under the lock of the daemon that is not there."""
    db, bus = desk.store(config), Bus.of(desk.environ)
    with closing(db), in_place_of_the_daemon(config):
        for one in config.modems:
            modem = driver(one, db, desk.clock, bus)
            hold = credit_hold(one, config.airtime, db, desk.clock)
            outbox = outbox_of(db, config.sending, config.loops)
            flow = airtime(modem, one, config.airtime, db, outbox, desk.clock, hold)
            try:
                modem.open()
                if modem.link is not LinkState.READY:
                    note(f"{one.name}: it is {modem.link}; nothing was asked")
                    continue
                flow.opened()
                flow.check()
            except ModemError as error:
                note(f"{one.name}: {error}; nothing was asked")
            finally:
                modem.close()


def in_place_of_the_daemon(config: Config) -> AbstractContextManager[None]:
    return beside_no_daemon(config.store.path)


@contextmanager
def beside_no_daemon(store: Path) -> Iterator[None]:
    """Hold the lock of the daemon that is not there."""
    path = lock_path(store)
    with path.open("ab") as handle:
        if os.geteuid() == 0:  # the daemon's own user must be able to take it afterwards
            owner = path.parent.stat()
            os.chown(path, owner.st_uid, owner.st_gid)
        path.chmod(0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise click.ClickException(
                "relay is just being started. Nothing was asked. Try again in a minute."
            ) from None
        yield
