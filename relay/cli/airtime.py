"""`relay airtime`: the bill of a month, as a table or as CSV for whoever pays it back."""

from __future__ import annotations

import csv
import re
import sys
from datetime import date

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit, note, table
from relay.clock import from_local, local
from relay.core.money import MICROS, money
from relay.store.ledger import Line, bill

_COLUMNS = (
    "month",
    "server",
    "modem",
    "prefix",
    "sms",
    "in_doubt",
    "unpriced",
    "cost",
    "currency",
)


class Month(click.ParamType[str]):
    """`2026-11`, as the first days of that month and of the next."""

    name = "month"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        found = re.fullmatch(r"(\d{4})-(\d{1,2})", str(value).strip())
        if found is None or not 1 <= int(found[2]) <= 12 or int(found[1]) < 1970:
            self.fail(f"{value} is no month; write it as 2026-11", param, ctx)
        return f"{found[1]}-{int(found[2]):02}"


@click.command(
    epilog=examples(
        "relay airtime                            this month",
        "relay airtime --month 2026-11",
        "relay airtime --month 2026-11 --csv > november.csv",
    )
)
@click.option("--month", type=Month(), help="As 2026-11; else the month of today.")
@click.option("--csv", "as_csv", is_flag=True, help="For a spreadsheet.")
@json_option
@config_option
@pass_desk
def airtime(desk: Desk, month: str | None, as_csv: bool, as_json: bool) -> None:
    """Say what the SMS of a month have cost, by server, modem and country.

    Each SMS that the network took counts once, however often relay was restarted. Of those in
    doubt nobody knows whether they were charged; they are not in the cost. Of numbers only the
    beginning is kept, which tells country and operator.
    """
    chosen = month or local(desk.clock.now())[:7]
    since, until = _bounds(chosen)
    with desk.reader() as reader:
        lines = bill(reader, since, until)
    if as_json:
        emit({"month": chosen, "lines": [_document(chosen, line) for line in lines]})
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_document(chosen, line) for line in lines)
    elif lines:
        _print(lines)
    else:
        note(f"No SMS went out in {chosen}.")


def _bounds(month: str) -> tuple[int, int]:
    """From local midnight of the first day to that of the next month (epoch ms)."""
    first = date.fromisoformat(f"{month}-01")
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return from_local(f"{first} 00:00"), from_local(f"{following} 00:00")


def _document(month: str, line: Line) -> dict[str, object]:
    return {
        "month": month,
        "server": line.server or "this machine",
        "modem": line.modem,
        "prefix": line.prefix,
        "sms": line.segments,
        "in_doubt": line.doubtful,
        "unpriced": line.unpriced,
        "cost": line.cost / MICROS,
        "currency": line.currency,
    }


def _print(lines: list[Line]) -> None:
    table(
        ["server", "modem", "to", "SMS", "in doubt", "cost"],
        [
            [
                line.server or "this machine",
                line.modem,
                line.prefix,
                str(line.segments),
                str(line.doubtful),
                "not known" if line.unpriced else money(line.cost, line.currency),
            ]
            for line in lines
        ],
    )
    for currency in sorted({line.currency for line in lines}):
        mine = [line for line in lines if line.currency == currency]
        cost = sum(line.cost for line in mine)
        sms = sum(line.segments for line in mine)
        open_ = sum(line.unpriced for line in mine)
        rest = f"; the price of {open_:,} was not known then" if open_ else ""
        data(f"In all {sms:,} SMS, {money(cost, currency)}{rest}")
