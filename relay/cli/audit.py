"""`relay audit`: everything that was received, and where each of it is."""

from __future__ import annotations

import getpass
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk, yes_option
from relay.cli.printing import data, emit, note
from relay.clock import local
from relay.core import plain
from relay.core.custody import Fault, Head
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
        "sudo relay audit --accept           a copy was restored on purpose",
    )
)
@click.option(
    "--head", "only_head", is_flag=True, help="Print how far the chain has come, no more."
)
@click.option("--since-head", "since", type=HeadType(), multiple=True,
              help="A head from earlier must be part of the chain.")  # fmt: skip
@click.option("--accept", is_flag=True,
              help="An older copy was restored, on purpose: go on from here.")  # fmt: skip
@yes_option
@json_option
@config_option
@pass_desk
def audit(
    desk: Desk, only_head: bool, since: tuple[Head, ...], accept: bool, yes: bool, as_json: bool
) -> int:
    """Account for everything that was received: by number, without gaps, each hash built on the
    one before.

    Exits with 2 if anything is missing or was changed. It only reads, with relay running or not.
    After a restoration --accept ends the alarm; what was accepted stays on record.
    """
    store = desk.config().store.path
    with Reader.open(store) as reader:
        if only_head:
            return _print_head(desk, store, reader, as_json)
        account = audited(reader, {**heads.read(store), **{one.no: one.chain for one in since}})
    if accept:
        account = _accepted(desk, account, yes=yes)
    accepted = heads.accepted(store)
    if as_json:
        emit(document(account) | {"accepted": [asdict(one) for one in accepted]})
    else:
        _print(account)
        for one in accepted:
            data(f"  accepted by {one.who} on {local(one.at)}: {one.what}")
    return 0 if account.sound else _BROKEN


def _accepted(desk: Desk, account: Account, *, yes: bool) -> Account:
    """Go on from the present head: those that were noted before bind no longer. Whatever else is
    wrong stays so."""
    from relay.store import journal
    from relay.store.facts import Facts

    broken = [fault for fault in account.faults if _of_head(fault)]
    if not broken:
        note("There is nothing to accept: no head that was noted speaks against the store.")
        return account
    for fault in broken:
        note(str(fault))
    if not yes:
        click.confirm(
            "Is this because a copy was restored, on purpose? Then it is accepted, and stays on "
            "record", abort=True, err=True,
        )  # fmt: skip
    config, now, who = desk.config(), desk.clock.now(), getpass.getuser()
    store, what = config.store.path, "; ".join(map(str, broken))
    with closing(desk.store(config)) as db:
        entry = journal.note(db, now, who, "audit --accept", what)
        heads.accept(store, account.head, now, who, what)
        journal.settle(db, entry, f"goes on from {account.head}")
        after = audited(db, heads.read(store))
        first = str(after.faults[0]) if after.faults else ""
        Facts(db).put(now, "custody.check", {"faults": after.n_faults, "first": first})
    return after


def _of_head(fault: Fault) -> bool:
    """What an older copy in the place of the store looks like; nothing else can be accepted."""
    return fault.code in ("OLDER", "FORKED")


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
    for line in _erasures(account):
        data(f"  {line}")
    for fault in account.faults[:_SHOWN]:
        data(f"  {'--' if not fault.no else fault}{fault.what if not fault.no else ''}")
    if account.n_faults > _SHOWN:
        data(f"  … and {account.n_faults - _SHOWN:,} more; relay audit --json names a thousand")
    if account.sound:
        data(f"Every link of the chain holds. Head: {account.head}")
    else:
        note(_NEXT + (_IF_RESTORED if any(map(_of_head, account.faults)) else "") + _MORE)


_NEXT = (
    "The chain of custody is broken. This command changes nothing; what the server has is "
    "safe there. Keep a copy of the database as it is (sudo relay backup FILE), compare with the "
    "last copy, and ask who had access to this computer."
)
_IF_RESTORED = " Was a copy restored on purpose? Then: sudo relay audit --accept."
_MORE = " See docs/custody.md"


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


def _erasures(account: Account) -> list[str]:
    """`3 erased by asha on 2026-11-24 18:05 (1, 4, 9)`, a line for each time."""
    times: dict[tuple[int, str], list[int]] = {}
    for no, at, who in account.erasures:
        times.setdefault((at, who), []).append(no)
    return [
        f"{len(nos):,} erased by {who or 'a person'} on {local(at)}"
        f" ({', '.join(f'{no:,}' for no in nos[:_SHOWN])}{', …' * (len(nos) > _SHOWN)})"
        for (at, who), nos in times.items()
    ]


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
