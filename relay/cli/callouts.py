"""`relay callouts`: who is asked for what, who comes; asking, confirming and closing by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from relay.cli.callouts_volunteers import volunteers
from relay.cli.desk import (
    EX_DATAERR,
    Desk,
    F,
    config_option,
    examples,
    json_option,
    numbers_option,
    pass_desk,
)
from relay.cli.lists import opened, source, viewed
from relay.cli.people_found import place_names, require
from relay.cli.printing import data, emit, note, number, table
from relay.clock import local
from relay.core.callouts import AppealState, CallOut

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from relay.community.callouts.rules import Rule
    from relay.core.callouts import Appeal
    from relay.flows.answering.callouts.by_hand import ByHand

_EPILOG = examples(
    "relay callouts                                    what is asked for",
    "relay callouts show 31                            who comes",
    "relay callouts ask BLOOD O- 2 maternity --by +254700008001",
    "relay callouts confirm 31 --by +254700008002      somebody else",
    "relay callouts volunteers list BLOOD              who is in the register",
)
# Whose name and number staff may see: they have said yes.
_SAID_YES = (AppealState.COMING, AppealState.CAME, AppealState.MISSED)


@click.group(invoke_without_command=True, epilog=_EPILOG)
@config_option
@click.pass_context
def callouts(context: click.Context) -> None:
    """Call-outs: volunteers are asked in waves until enough have said yes; and pledges.

    The kinds stand in the rule sets, such as blood and pledge of [community] sets.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_)


callouts.add_command(volunteers)


@callouts.command("list", epilog=examples("relay callouts list", "relay callouts list --limit 99"))
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most.")
@json_option
@config_option
@pass_desk
def list_(desk: Desk, limit: int = 20, as_json: bool = False) -> None:
    """List the call-outs, the latest first."""
    from relay.store import callouts as store

    with viewed(desk) as view:
        found, named = store.latest(view, limit), place_names(view)
    if as_json:
        emit({"callouts": [_document(one, named) for one in found]})
    elif found:
        table(
            ("code", "kind", "for", "place", "state", "taken", "until"),
            [_row(one, named) for one in found],
        )
    else:
        note("Nothing was asked for yet. Staff ask by SMS, or here: relay callouts ask")


def _row(call: CallOut, named: dict[int, str]) -> list[str]:
    return [
        str(call.code),
        call.rule,
        _what(call),
        named.get(call.place_id or 0, ""),
        call.state.lower().replace("_", " "),
        f"{call.taken} of {call.target}",
        local(call.finished_at or call.ends_at)[:16],
    ]


def _what(call: CallOut) -> str:
    return " ".join(call.wants.values()) or call.topic


def _document(call: CallOut, named: dict[int, str]) -> dict[str, Any]:
    return {
        "code": call.code,
        "kind": call.rule,
        "for": _what(call),
        "place": named.get(call.place_id or 0),
        "spot": call.spot,
        "state": call.state,
        "taken": call.taken,
        "target": call.target,
        "wave": call.wave,
        "started_at": call.started_at,
        "ends_at": call.ends_at,
        "finished_at": call.finished_at,
    }


@callouts.command(epilog=examples("relay callouts show 31", "relay callouts show 31 --json"))
@click.argument("code", type=click.IntRange(1, 2**63 - 1))
@numbers_option
@json_option
@config_option
@pass_desk
def show(desk: Desk, code: int, show_numbers: bool, as_json: bool) -> None:
    """Show one call-out: who comes, how many were asked, and what was done when and by whom.

    Who was asked and has not said yes is only counted.
    """
    from relay.store import callouts as store
    from relay.store import pledges, trail

    with viewed(desk) as view:
        call, named = _found(view, code), place_names(view)
        appeals = store.appeals(view, code)
        coming = [_one(view, call, one, show_numbers) for one in appeals if one.ref is not None
                  and one.state in _SAID_YES]  # fmt: skip
        pledged = [one.amount for one in pledges.everyone(view, code)]
        changes = [dict(row) for row in trail.of(view, "callout", code)]
    counts = Counter(one.state.lower() for one in appeals)
    if as_json:
        emit(_document(call, named) | {"appeals": counts, "coming": coming,
                                       "pledges": len(pledged), "changes": changes})  # fmt: skip
        return
    data("  ".join(_row(call, named)))
    if pledged:
        data(f"  pledges     {len(pledged)}")
    for state, count in sorted(counts.items()):
        data(f"  {state.replace('_', ' '):11} {count}")
    for one in coming:
        data(f"  {one['ref']}  {one['number']} {one['name']}  {one['state'].lower()}")
    for one in changes:
        data(f"  {local(one['at'])}  {one['event']}  ({one['detail']})")


def _one(
    view: sqlite3.Connection, call: CallOut, appeal: Appeal, show_numbers: bool
) -> dict[str, Any]:
    from relay.store import people

    said = {"ref": f"{call.code}-{appeal.ref}", "state": appeal.state}
    try:
        person = people.get(view, appeal.person_id)
    except KeyError:
        return said | {"number": "", "name": ""}
    return said | {"number": number(person.number, show_numbers), "name": person.name}


def _found(view: sqlite3.Connection, code: int) -> CallOut:
    from relay.store import callouts as store

    if (call := store.get(view, code)) is None:
        raise click.ClickException(f"there is no call-out {code}. See: relay callouts list")
    return call


# --- by hand ------------------------------------------------------------------------------------


def by_option(command: F) -> F:
    return click.option(
        "--by",
        metavar="NUMBER",
        required=True,
        help="The member of staff who does it, and who hears who comes.",
    )(command)


@contextmanager
def _at_the_desk(desk: Desk, by: str, command: str) -> Iterator[ByHand]:
    """One transaction, in which this member of staff does something."""
    from relay.assembly_community import rules
    from relay.flows.answering.callouts.by_hand import ByHand

    config = desk.config()
    book = rules(config).book
    with opened(desk) as db, db.transaction() as tx:
        person = require(tx, by)
        outbox = desk.outbox(config, db)
        yield ByHand(tx, desk.clock.now(), book, outbox, person, source(command))


def _rule(turn: ByHand, kind: str) -> Rule:
    """By its name, whatever the case."""
    known: dict[str, Rule] = {name.upper(): one for name, one in
                              turn.rules.rules("callout").items()}  # fmt: skip
    if kind.upper() not in known:
        names = ", ".join(known) or "none: no rule set with one is switched on"
        raise click.ClickException(f"there is no kind {kind!r}. Nothing was changed; there are "
                                   f"{names}")  # fmt: skip
    return known[kind.upper()]


def _ended(done: CallOut | None, said: str, well: str, as_json: bool) -> int:
    if as_json:
        state = done.state if done else None
        emit({"code": done.code if done else None, "state": state, "said": said})
    elif done is None:
        note(said)
    else:
        data(said or well.format(code=done.code))
    return 0 if done else EX_DATAERR


@callouts.command(epilog=examples("relay callouts ask BLOOD O- 2 maternity --by +254700008001"))
@click.argument("kind", metavar="KIND")
@click.argument("words", metavar="WORDS…", nargs=-1, required=True)
@by_option
@json_option
@config_option
@pass_desk
def ask(desk: Desk, kind: str, words: tuple[str, ...], by: str, as_json: bool) -> int:
    """Ask, as this member of staff would by SMS: the same words, and the same second one."""
    from relay.flows.answering.callouts import by_hand

    with _at_the_desk(desk, by, "callouts ask") as turn:
        done = by_hand.ask(turn, _rule(turn, kind), " ".join(words))
    return _ended(done, turn.said, "", as_json)


@callouts.command(epilog=examples("relay callouts confirm 31 --by +254700008002"))
@click.argument("code", type=click.IntRange(1, 2**63 - 1))
@by_option
@json_option
@config_option
@pass_desk
def confirm(desk: Desk, code: int, by: str, as_json: bool) -> int:
    """Confirm a request, as a second member of staff: from then on people are asked."""
    from relay.flows.answering.callouts import by_hand

    return _done(desk, code, by, "confirm", by_hand.confirm, "{code} is asking.", as_json)


@callouts.command(epilog=examples("relay callouts close 31 --by +254700008001"))
@click.argument("code", type=click.IntRange(1, 2**63 - 1))
@by_option
@json_option
@config_option
@pass_desk
def close(desk: Desk, code: int, by: str, as_json: bool) -> int:
    """End a call-out: nobody is asked any more; who has said yes is still expected."""
    from relay.flows.answering.callouts import by_hand

    return _done(desk, code, by, "close", by_hand.close, "{code} is closed.", as_json)


def _done(
    desk: Desk,
    code: int,
    by: str,
    command: str,
    act: Callable[[ByHand, Rule, CallOut], CallOut | None],
    well: str,
    as_json: bool,
) -> int:
    with _at_the_desk(desk, by, f"callouts {command}") as turn:
        call = _found(turn.tx, code)
        done = act(turn, _rule(turn, call.rule), call)
    return _ended(done, turn.said, well, as_json)
