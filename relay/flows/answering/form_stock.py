"""Reports of stock: what was said is reckoned with what was there, item by item."""

from __future__ import annotations

from dataclasses import dataclass, replace

from relay.community.forms import stock
from relay.community.forms.form import Form
from relay.community.forms.stock import Misread, Movement
from relay.core.form_report import Outcome
from relay.flows.answering.turn import Turn
from relay.store import form_reports, registry
from relay.store.form_reports import Earlier, Kept


@dataclass(frozen=True, slots=True)
class StockKept:
    """What was written down: the movements and the report, or where it could not be read."""

    kept: Kept
    movements: tuple[Movement, ...] = ()
    taken: Earlier | None = None
    misread: Misread | None = None


def keep_stock(turn: Turn, form: Form, kept: Kept) -> StockKept:
    """Either every item counts, or none does."""
    assert turn.sms is not None
    assert form.stock is not None
    lines = stock.read(form.stock, stock.body(turn.sms.text, form.code))
    if isinstance(lines, Misread):
        form_reports.keep(turn.tx, replace(kept, outcome=Outcome.INCOMPLETE))
        return StockKept(kept, misread=lines)
    holder = (kept.place_id, "") if kept.place_id else (0, kept.number)
    movements = tuple(
        stock.settle(line, registry.pieces(turn.tx, holder, line.item)) for line in lines
    )
    kept = replace(kept, fields={one.item: _field(one) for one in movements})
    taken = form_reports.keep(turn.tx, kept)
    for one in movements:
        registry.put_pieces(turn.tx, turn.now, holder, one.item, one.count, taken.id)
    return StockKept(kept, movements, taken)


def _field(one: Movement) -> dict[str, int | None]:
    return {
        "before": one.before,
        "received": one.received,
        "count": one.count,
        "used": one.used,
    }
