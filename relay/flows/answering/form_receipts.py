"""What the sender of a report is told, in his language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relay.community.forms.checking import Bad, right_form
from relay.community.forms.form import Form, Stock, in_language
from relay.community.forms.reading import for_sms, near, shown
from relay.community.forms.stock import Misread, Movement, is_low
from relay.community.wording import fill
from relay.core.form_report import FormReport
from relay.core.segment import segment
from relay.flows.answering.turn import Turn

# At most so many codes are named to somebody who has sent an unknown one.
_NAMED = 30


def receipt(turn: Turn, form: Form, report: FormReport, more: Mapping[str, object]) -> str:
    """The form's own words, or those of all forms; `more` is what reminders know of it."""
    language = turn.language(turn.number)
    fields: dict[str, object] = {
        **for_sms(report.fields),
        **{name: shown(value) for name, value in more.items()},
        "code": form.code,
        "title": form.title(language),
        "ref": report.ref,
        "patient_id": report.patient_id or "",
    }
    own = in_language(form.received, language)
    return fill(own, fields) if own else turn.say("forms.received", turn.number, **fields)


def incomplete(turn: Turn, form: Form, bad: Bad) -> str:
    language = turn.language(turn.number)
    what = turn.say(
        f"forms.{bad.fault}",
        turn.number,
        field=bad.field.shown(language),
        sent=bad.sent,
        low=bad.low,
        high=bad.high,
        choices=", ".join(bad.field.choices),
    )
    return _incomplete(turn, form, what)


def _incomplete(turn: Turn, form: Form, what: str) -> str:
    right = right_form(form, turn.language(turn.number))
    return turn.say("forms.incomplete", turn.number, code=form.code, what=what, right=right)


def not_found(turn: Turn, forms: Mapping[str, Form], code: str) -> str:
    meant = near(code, forms)
    if meant is None:
        return _listing(turn, _short(code), sorted(forms))
    right = right_form(forms[meant], turn.language(turn.number))
    return turn.say(
        "forms.not_found_near", turn.number, code=_short(code), near=meant, right=right
    )


def _listing(turn: Turn, code: str, codes: Sequence[str]) -> str:
    """As many codes as one SMS has room for, and dots for the others."""
    for named in range(min(len(codes), _NAMED), -1, -1):
        listed = ", ".join((*codes[:named], *(["..."] if named < len(codes) else [])))
        said = turn.say("forms.not_found", turn.number, code=code, codes=listed)
        if len(segment(said).parts) == 1:
            break
    return said


def _short(code: str) -> str:
    return "".join(c for c in code if c.isprintable())[:12]


# --- stock --------------------------------------------------------------------------------------


def stock_misread(turn: Turn, form: Form, misread: Misread) -> str:
    key = "forms.stock_no_number" if misread.known else "forms.stock_no_item"
    if not misread.word:
        item = form.stock.items[0] if form.stock and form.stock.items else form.code
        what = turn.say("forms.stock_no_number", turn.number, item=item)
    else:
        what = turn.say(key, turn.number, item=_short(misread.word))
    return _incomplete(turn, form, what)


def stock_receipt(turn: Turn, form: Form, movements: Sequence[Movement], ref: str) -> str:
    assert form.stock is not None
    if len(movements) == 1:
        told = _movement(turn, movements[0], "stock_first", "stock_used", ref)
    else:
        items = ", ".join(_movement(turn, m, "stock_item", "stock_item_used") for m in movements)
        told = turn.say("forms.stock_many", turn.number, items=items, ref=ref)
    return " ".join([told, *_low(turn, form.stock, movements)])


def _movement(turn: Turn, one: Movement, first: str, used: str, ref: str = "") -> str:
    key = f"forms.{first if one.used is None else used}"
    fields = {"item": _short(one.item), "count": one.count, "used": one.used, "ref": ref}
    return turn.say(key, turn.number, **fields)


def _low(turn: Turn, stock: Stock, movements: Sequence[Movement]) -> list[str]:
    text = in_language(stock.low_text, turn.language(turn.number))
    low = [one for one in movements if is_low(stock, one)]
    return [fill(text, {"item": one.item, "count": one.count}) for one in low] if text else []
