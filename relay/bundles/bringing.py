"""To the server: what came from a station on a stick, by the same exchanges as over the net."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relay.bundles import files
from relay.bundles.keys import Keys
from relay.core import bundle
from relay.core.batching import Limits
from relay.flows.ports import Clock, Server
from relay.flows.syncing import Syncing
from relay.store.carried import Carried
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.outbox import Outbox

# A pause that is part of the exchange of messages; what is longer waits for a person.
_SHORT_S = 3.0


@dataclass(frozen=True, slots=True)
class Brought:
    """Of `messages` so many are `forwarded`, of `statuses` so many `told`; `refused` were by the
    server. `trouble` says why it is not all."""

    messages: int
    forwarded: int
    refused: int
    statuses: int
    told: int
    handouts: int
    trouble: str
    receipt: Path


@dataclass(frozen=True, slots=True)
class Office:
    """Who imports: the database that remembers, the keys, the clock, and how to wait for a while
    (seconds) with a reason for people."""

    db: Database
    own: Keys
    clock: Clock
    wait: Callable[[float, str], None]


def bring(
    office: Office, server: Server, export: bundle.Export, receipt: Path, *, handouts: bool
) -> Brought:
    """Keep what the file holds, bring it to the server, and write the receipt.

    Where it ends in between, also by a power cut, the same again goes on from there. Raises
    `StoreError`, and OSError where the receipt cannot be written.
    """
    station = export.header.station
    carried = Carried(office.db, server.name, Outbox(office.db), station, handouts=handouts)
    began = office.clock.now()
    carried.put(began, export)
    trouble = _exchange(office, server, carried)
    carried.forget_texts()
    answer = bundle.Receipt(
        _header(office, export.header),
        tuple(carried.acknowledged(export)),
        tuple(carried.told(export)),
        tuple(carried.handed_out(began)),
    )
    files.write(receipt, bundle.receipt(answer, office.own.sign), [export.header.key])
    return Brought(
        len(export.reports), len(answer.acknowledged), carried.refused(export),
        len(export.statuses), len(answer.told), len(answer.handouts), trouble, receipt,
    )  # fmt: skip


def _header(office: Office, of: bundle.Header) -> bundle.Header:
    return bundle.Header(
        kind=bundle.RECEIPT,
        id=secrets.token_hex(16),
        station=of.station,
        server=of.server,
        key=office.own.public,
        made_at=office.clock.now(),
        of=of.id,
    )


def _exchange(office: Office, server: Server, carried: Carried) -> str:
    """Exchange until nothing waits or it goes no further; why it does not, or nothing."""
    facts = Facts(office.db)
    syncing = Syncing(
        server, carried, facts, office.clock, chance=random.random, limits=Limits(50, 50)
    )
    while True:
        tries = syncing.tries
        delay = syncing.step()
        failed = _failure(facts, server.name) if syncing.tries > tries else ""
        if syncing.tries and not any(carried.pending()):
            return failed
        if delay <= _SHORT_S:
            office.wait(delay, "")
        elif not syncing.tries:
            office.wait(delay, _CUT_OFF)
        else:
            return failed or _failure(facts, server.name) or _STUCK


_CUT_OFF = (
    "An earlier import was cut off while the server was at work on it; "
    "it must have finished before the same is sent again."
)
_STUCK = "the server refuses some of it"


def _failure(facts: Facts, server: str) -> str:
    """In words what the last exchange met with; nothing where it went well."""
    found = facts.get(f"server.{server}.outcome")
    value: Any = found.value if found is not None else {}
    if not isinstance(value, Mapping) or value.get("code") == "OK":
        return ""
    return str(value.get("detail") or value.get("code") or "")
