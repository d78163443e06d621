"""Out of the station: what its server lacks, in one file on a stick."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relay.bundles import files
from relay.bundles.keys import Keys
from relay.config_sections import ServerConfig
from relay.core import bundle
from relay.core.cht import unsendable
from relay.store import carried, custody
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.outbox import Outbox

# In one file, of each kind; the next one carries what is left when these are acknowledged.
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Left:
    """What lies on the stick now; `beyond` waits for the next one."""

    path: Path
    server: str
    messages: int
    statuses: int
    beyond: int


@dataclass(frozen=True, slots=True)
class Sender:
    """Who exports: the name for people, the private keys, and to whom."""

    name: str
    own: Keys
    recipients: Sequence[str]


def leave(
    db: Database, now: int, day: str, server: ServerConfig, by: Sender, folder: Path
) -> Left:
    """Write the file, and only then note on the rows that they are on it.

    They wait as before, for the net or for the receipt. Raises `SealingError` and OSError; then
    nothing is there and nothing was noted.
    """
    exchanges = Exchanges(db, server.name, Outbox(db))
    exchanges.adopt()
    reports = [one for one in exchanges.waiting(_MOST) if unsendable(one) is None]
    updates = exchanges.updates(_MOST)
    header = _header(db, now, server, by)
    octets = bundle.export(header, reports, [(one, one.at) for one in updates], by.own.sign)
    path = folder / f"relay-{_plain(by.name)}-{_plain(server.name)}-{day}-{header.id[:8]}.export"
    files.write(path, octets, by.recipients)
    with db.transaction() as tx:
        exchanges.exported(now, [one.inbound_id for one in reports], [one.id for one in updates])
        no, head = custody.head(tx).no, header.head
        digest = hashlib.sha256(octets).hexdigest()
        carried.note(db, now, (digest, bundle.EXPORT, header.station, server.name, now, no, head,
                               str(path)))  # fmt: skip
    beyond = sum(exchanges.pending()) - len(reports) - len(updates)
    return Left(path, server.name, len(reports), len(updates), beyond)


def _header(db: Database, now: int, server: ServerConfig, by: Sender) -> bundle.Header:
    with db.transaction() as tx:
        head = str(custody.head(tx))
    return bundle.Header(
        kind=bundle.EXPORT,
        id=secrets.token_hex(16),
        station=station_id(db),
        server=server.name,
        key=by.own.public,
        made_at=now,
        name=by.name,
        url=server.url,
        head=head,
    )


def station_id(db: Database) -> str:
    return str(db.value("SELECT value FROM meta WHERE key = 'gateway_id'"))


def _plain(name: str) -> str:
    """A piece of a file's name that every file system takes."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:40] or "station"
