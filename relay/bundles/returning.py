"""Back at the station: the receipt of what was brought to the server."""

from __future__ import annotations

from pathlib import Path

from relay.bundles.leaving import station_id
from relay.core import bundle
from relay.errors import RelayError
from relay.store import carried, custody, returned
from relay.store.database import Database
from relay.store.exchanges import Exchanges, Settled
from relay.store.outbox import Outbox


class OtherStation(RelayError):
    """The receipt of another station."""

    def __init__(self) -> None:
        super().__init__(
            "this receipt is for another station. Nothing of it was applied. "
            "Bring it to the station whose name is in the name of the file"
        )


def apply(
    db: Database,
    now: int,
    outbox: Outbox,
    present: list[str],
    receipt: bundle.Receipt,
    digest: str,
    path: Path,
) -> Settled:
    """What an exchange with the server would have done; `present` are the servers that there are.

    Raises `OtherStation` and `StoreError`; then nothing was applied.
    """
    header = receipt.header
    if header.station != station_id(db):
        raise OtherStation
    exchanges = Exchanges(db, header.server, outbox, present)
    with db.transaction() as tx:
        settled = returned.apply(db, now, exchanges, outbox, receipt, digest)
        head = custody.head(tx)
        carried.note(
            db, now,
            (digest, bundle.RECEIPT, header.station, header.server, header.made_at, head.no,
             str(head), str(path)),
        )  # fmt: skip
    return settled
