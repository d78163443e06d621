"""`relay audit`: everything that was received, and where each of it is."""

from __future__ import annotations

from pathlib import Path

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit, note
from relay.clock import local
from relay.core import plain
from relay.core.custody import Head
from relay.store import heads
from relay.store.auditing import Account
from relay.store.auditing import audit as audited
from relay.store.reading import Reader

_BROKEN = 2
_SHOWN = 50


class HeadType(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.2 on
    """A head as `relay audit --head` prints it."""

    name = "no:hash"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Head:
        if isinstance(value, Head):
            return value
        try:
            return Head.parse(str(value))
        except ValueError:
            self.fail(
                f"{value!r} is no head; it looks as `relay audit --head` prints it", param, ctx
            )


@click.command(
    epilog=examples(
        "relay audit                              what came in, and where it is",
        "relay audit --head                       a line to write down or to send",
        "relay audit --since-head 4821:9f3c…      is this still the same station?",
    )
)
@click.option(
    "--head", "only_head", is_flag=True, help="Print how far the chain has come, no more."
)
@click.option("--since-head", "since", type=HeadType(), multiple=True,
              help="A head from earlier must be part of the chain.")  # fmt: skip
@json_option
@config_option
@pass_desk
def audit(desk: Desk, only_head: bool, since: tuple[Head, ...], as_json: bool) -> int:
    """Account for everything that was received: by number, without gaps, each hash built on the
    one before.

    Exits with 2 if anything is missing or was changed. It only reads, with relay running or not.
    """
    store = desk.config().store.path
    with Reader.open(store) as reader:
        if only_head:
            return _print_head(desk, store, reader, as_json)
        account = audited(reader, {**heads.read(store), **{one.no: one.chain for one in since}})
    if as_json:
        emit(document(account))
    else:
        _print(account)
    return 0 if account.sound else _BROKEN


def _print_head(desk: Desk, store: Path, reader: Reader, as_json: bool) -> int:
    """What is written down elsewhere shows later whether the store was taken back."""
    row = reader.row("SELECT no, chain FROM custody ORDER BY no DESC LIMIT 1")
    head = Head(row["no"], row["chain"]) if row is not None else Head(0, bytes(32))
    if as_json:
        emit({"no": head.no, "chain": head.chain.hex()})
    else:
        data(str(head))
    try:
        heads.note(store, head, desk.clock.now(), "printed")
    except OSError as error:
        note(f"it was not noted beside the store: {error.strerror}")
    return 0


# --- in words -----------------------------------------------------------------------------------


def _print(account: Account) -> None:
    data(summary(account))
    for line in _details(account):
        data(f"  {line}")
    for no, at, who in account.erasures[:_SHOWN]:
        data(f"  {no:,}: erased by {who or 'a person'} on {local(at)}")
    for fault in account.faults[:_SHOWN]:
        data(f"  {'--' if not fault.no else fault}{fault.what if not fault.no else ''}")
    if account.n_faults > _SHOWN:
        data(f"  … and {account.n_faults - _SHOWN:,} more; relay audit --json names a thousand")
    if account.sound:
        data(f"Every link of the chain holds. Head: {account.head}")
    else:
        note(_NEXT)


_NEXT = (
    "The chain of custody is broken. This command changes nothing; what the server has is "
    "safe there. Keep a copy of the database as it is (sudo relay backup FILE), compare with the "
    "last copy, and ask who had access to this computer. See docs/custody.md"
)


def summary(account: Account) -> str:
    """`1 to 4,821 received, 4,809 at the server, 12 here (3 set aside), 0 missing`."""
    if not account.received:
        return "Nothing has been received yet, 0 missing"
    words = [
        f"1 to {account.received:,} received",
        f"{account.at_server:,} at the server",
        f"{account.here:,} here{_apart(account)}",
    ]
    if account.forgotten:
        words.append(f"{account.forgotten:,} set aside and forgotten after their time")
    if account.erased:
        words.append(f"{account.erased:,} erased")
    if account.again:
        words.append(f"{account.again:,} read again")
    return ", ".join([*words, f"{account.missing:,} missing"])


def _apart(account: Account) -> str:
    kinds = (
        (account.parked, "parked or set aside"),
        (account.unread, "not readable"),
        (account.exported, "exported on a stick"),
    )
    words = [f"{n:,} {what}" for n, what in kinds if n]
    return f" ({', '.join(words)})" if words else ""


def _details(account: Account) -> list[str]:
    lines = []
    if account.parts:
        lines.append(f"{plain.many(account.parts, 'message waits', 'messages wait')} for parts, "
                     "without a number yet")  # fmt: skip
    if account.again:
        lines.append("what was lost with a damaged database and read again has two numbers")
    return lines


def document(account: Account) -> dict[str, object]:
    """Counts that add up to `received`, and every fault by its number."""
    names = ("received", "at_server", "here", "waiting", "exported", "parked", "unread",
             "forgotten", "erased", "again", "missing", "parts", "sound")  # fmt: skip
    return {
        **{name: getattr(account, name) for name in names},
        "head": {"no": account.head.no, "chain": account.head.chain.hex()},
        "n_faults": account.n_faults,
        "faults": [
            {"no": one.no, "last": max(one.no, one.last), "code": one.code, "what": one.what}
            for one in account.faults
        ],
        "erasures": [{"no": no, "at": at, "by": who} for no, at, who in account.erasures],
    }
