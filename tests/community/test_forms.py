"""Forms as rule sets describe them, what is wrong with a report, ids and stock: tables."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.community.forms import patient_id, reading, stock
from relay.community.forms.app_settings import forms_of
from relay.community.forms.bikram_sambat import gregorian
from relay.community.forms.checking import Fault, right_form
from relay.community.forms.form import Form, ReplyOwner, Stock
from relay.community.forms.rules import read, read_app_settings
from relay.community.forms.stock import Line, Misread, Movement
from relay.community.forms.writing import rule_set
from relay.errors import RuleError

DATA = Path(__file__).parents[1] / "data"
SETS = Path(__file__).parents[2] / "config" / "community"
FORM = {
    "title": "Test",
    "fields": [
        {"name": "name", "required": True, "length": [2, 10]},
        {"name": "weeks", "type": "integer", "required": True, "range": [0, 42]},
        {"name": "sex", "type": "list", "choices": {"F": "female", "M": "male"}},
        {"name": "born", "type": "date"},
        {"name": "phone", "type": "phone_number"},
        {"name": "ill", "type": "boolean"},
        {"name": "month", "type": "month"},
        {"name": "code", "type": "integer", "length": [4, 4]},
        {"name": "id", "type": "patient"},
        {"name": "year", "type": "year"},
    ],
}


def form(**table: Any) -> Form:
    return read({"TEST": table or FORM})["TEST"]


# --- rule sets ----------------------------------------------------------------------------------


def test_a_cht_form_named_by_a_translation_that_is_not_there_is_a_rule_set_all_the_same() -> None:
    """CHT 3 keeps translations in files of their own, not in the settings."""
    short = {"translation_key": "form.p.weeks"}
    field = {"type": "integer", "labels": {"tiny": "W", "short": short}}
    meta = {"code": "P", "translation_key": "form.p.title"}
    forms = read_app_settings({"forms": {"P": {"meta": meta, "fields": {"weeks": field}}}})
    written = tomllib.loads(rule_set(forms.values()))["form"]
    assert read(written)["P"].title("en") == "P"
    assert read(written)["P"].fields[0].shown("en") == "weeks"


@pytest.mark.parametrize("path", sorted(SETS.glob("*.toml")), ids=lambda path: path.stem)
def test_the_forms_of_every_shipped_set_are_read(path: Path) -> None:
    table = tomllib.loads(path.read_text(encoding="utf-8")).get("form", {})
    assert set(read(table)) == set(table)


@pytest.mark.parametrize(
    ("table", "keys", "said"),
    [
        ({"A B": {}}, ("form", "A B"), "no code"),
        ({"A": {"fieldz": []}}, ("form", "A", "fieldz"), "did you mean fields"),
        ({"A": {"fields": [{"type": "integer"}]}}, ("form", "A", "fields", "1"), "no name"),
        ({"A": {"fields": [{"name": "x", "type": "int"}]}}, ("form", "A", "fields", "1", "type"),
         "no type"),
        ({"A": {"fields": [{"name": "x"}, {"name": "x"}]}}, ("form", "A", "fields", "2"), "twice"),
        ({"A": {"fields": [{"name": "x", "range": [5, 1]}]}},
         ("form", "A", "fields", "1", "range"), "pair"),
        ({"A": {"registers": "patient"}}, ("form", "A", "registers"), "field called name"),
        ({"A": {"reply_owner": "me"}}, ("form", "A", "reply_owner"), "local"),
        ({"A": {"received": {"en": "Hello {name"}}}, ("form", "A", "received", "en"), "{"),
        ({"A": {}, "a": {}}, ("form", "a"), "another form"),
        ({"A": {"stock": {"low": {"LA": -1}}}}, ("form", "A", "stock", "low", "LA"), "pieces"),
    ],
)  # fmt: skip
def test_a_mistake_says_where_and_what_to_do(
    table: Mapping[str, object], keys: tuple[str, ...], said: str
) -> None:
    with pytest.raises(RuleError) as raised:
        read(table)
    assert raised.value.keys == keys
    assert said in str(raised.value)
    assert raised.value.remedy


def test_a_chts_forms_are_answered_by_whoever_has_the_words_for_it() -> None:
    """Where CHT has answers configured, relay gives none: nobody gets two, hours apart."""
    fields = {"x": {"type": "integer", "labels": {"tiny": "X", "short": "Ex"}}}
    settings = {
        "forms": {
            "A": {"meta": {"code": "A"}, "fields": fields},
            "B": {"meta": {"code": "B"}, "fields": fields},
            "C": {"meta": {"code": "C"}, "fields": fields},
        },
        "registrations": [{"form": "A", "messages": [{"message": [], "recipient": "from"}]}],
        "patient_reports": [{"form": "B", "messages": []}],
    }
    found = read_app_settings(settings)
    assert {code: one.reply_owner for code, one in found.items()} == {
        "A": ReplyOwner.SERVER, "B": ReplyOwner.LOCAL, "C": ReplyOwner.LOCAL,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "no object `forms`"),
        ([], "no object `forms`"),
        ({"forms": {"A": {"meta": {"code": "B"}, "fields": {}}}}, "meta.code is B"),
        ({"forms": {"A": {"fields": []}}}, "no object"),
        ({"forms": {"A": {"fields": {"x": {"length": "5"}}}}}, "pair"),
        ({"forms": {"A": {"fields": {"x": {"list": [1]}}}}}, "list"),
    ],
)
def test_what_cannot_be_imported_is_said(settings: object, said: str) -> None:
    (problem,) = forms_of(settings).problems
    assert said in problem
    with pytest.raises(RuleError):
        read_app_settings(settings)


def written_again(forms: Mapping[str, Form]) -> Mapping[str, Form]:
    return read(tomllib.loads(rule_set(forms.values())).get("form", {}))


@pytest.mark.parametrize("path", sorted(SETS.glob("*.toml")), ids=lambda path: path.stem)
def test_what_export_writes_is_read_as_the_same_forms(path: Path) -> None:
    known = read(tomllib.loads(path.read_text(encoding="utf-8")).get("form", {}))
    assert written_again(known) == known


def test_the_forms_of_a_cht_app_become_a_rule_set() -> None:
    """Codes of signs and of other scripts, quotes and lists, fields without a label."""
    settings = json.loads((DATA / "report_spellings.json").read_text(encoding="utf-8"))
    settings["forms"]["ODD"] = {
        "meta": {"code": "ODD", "label": 'a "quoted" \\ name'},
        "fields": {"x.y": {"type": "string", "list": [["a b", "A"], ["2", {"en": "B"}]]}},
    }
    known = forms_of(settings).forms
    assert set(known) == set(settings["forms"])
    assert written_again(known) == known


# --- what is wrong with a report ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fault", "field", "sent"),
    [
        ("TEST Amina 12", None, "", ""),
        ("TEST Amina १२ f", None, "", ""),
        ("TEST", Fault.MISSING, "name", ""),
        ("TEST Amina", Fault.MISSING, "weeks", ""),
        ("TEST Amina many", Fault.NUMBER, "weeks", "many"),
        ("TEST Amina 1.5", Fault.WHOLE, "weeks", "1.5"),
        ("TEST Amina 72", Fault.RANGE, "weeks", "72"),
        ("TEST Amina -1", Fault.RANGE, "weeks", "-1"),
        ("TEST A 12", Fault.LENGTH, "name", "A"),
        ("TEST Amina 12 X", Fault.CHOICE, "sex", "X"),
        ("TEST Amina 12 F 31/12/2026", Fault.DATE, "born", "31/12/2026"),
        ("TEST Amina 12 F 2026-02-30", Fault.DATE, "born", "2026-02-30"),
        ("TEST Amina 12 F 2026-02-03 no", Fault.PHONE, "phone", "no"),
        ("TEST Amina 12 F 2026-02-03 0712345678 yes", Fault.BOOLEAN, "ill", "yes"),
        ("TEST Amina 12 F 2026-02-03 0712345678 1 13", Fault.RANGE, "month", "13"),
        ("TEST Amina 12 F 2026-02-03 0712345678 1 12 123", Fault.DIGITS, "code", "123"),
        ("TEST Amina 12 F 2026-02-03 0712345678 1 12 1234 x5", Fault.ID, "id", "x5"),
        ("TEST Amina 12 F 2026-02-03 0712345678 1 12 1234 12348 26", Fault.RANGE, "year", "26"),
        ("TEST Amina " + "9" * 100, Fault.NUMBER, "weeks", "9" * 17 + "..."),
    ],
)
def test_the_first_mistake_is_named(text: str, fault: Fault | None, field: str, sent: str) -> None:
    bad = reading.read(form(), text, "en").bad
    assert (bad.fault if bad else None) == fault
    if bad is not None:
        assert (bad.field.name, bad.sent) == (field, sent)


def test_the_right_form_of_a_report_is_told() -> None:
    """In parentheses stands what may be left out."""
    short = form(fields=[{"name": "name", "required": True}, {"name": "note"}])
    assert right_form(short, "en") == "TEST name (note)"
    assert right_form(form(stock={"items": ["LA", "ORS"]}), "en") == "TEST LA 20 R LA 30"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("OANC 84217", "oanc  84217", True),
        ("OANC 84217", " OANC ८४२१७.", True),
        ("OANC 84217", "OANC\u200b 84217", True),
        ("OANC 84217", "OANC 84218", False),
    ],
)
def test_the_same_report_is_known_again(one: str, other: str, same: bool) -> None:
    assert (reading.digest(one) == reading.digest(other)) == same


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("OANX 84217", True),
        ("1!XYZ!12", True),
        ("XYZ#12", True),
        ("XYZ 12", True),
        ("thank you", False),
        ("I come at 12", False),
        ("", False),
    ],
)
def test_a_report_of_no_form_is_told_from_talk(text: str, meant: bool) -> None:
    assert reading.looks_like_report(text, ["OANC", "ORPT"]) == meant


# --- ids ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", ["12348", "13249", "00371"])
def test_the_check_digit_is_chts(known: str) -> None:
    """Two of CHT's source, and one of its documentation."""
    assert patient_id.with_check_digit(known[:-1]) == known
    assert patient_id.is_id(known)


@given(st.text("0123456789", min_size=4, max_size=12))
def test_two_digits_that_change_places_are_noticed(digits: str) -> None:
    """Unless the sum's tenth remainder, which shares its digit with the noughth, hides it."""
    good = patient_id.with_check_digit(digits)
    assert patient_id.is_id(good)
    for place in range(len(digits) - 1):
        left, right = digits[place], digits[place + 1]
        swapped = digits[:place] + right + left + digits[place + 2 :]
        other = patient_id.with_check_digit(swapped)
        if left != right and other[-1] != "0" and good[-1] != "0":
            assert other[-1] != good[-1]


@pytest.mark.parametrize("text", ["", "1234", "12345", "1234a", "12345678901234", "१२३४८"])
def test_what_is_no_id(text: str) -> None:
    assert not patient_id.is_id(text)


# --- stock --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("LA 20 R LA 30", (Line("LA", 20, 30),)),
        ("R LA 30 LA 20", (Line("LA", 20, 30),)),
        ("R LA 30 ORS 5 LA 20 ORS 9", (Line("LA", 20, 30), Line("ORS", 9, 5))),
        ("R LA 30 R LA 20", (Line("LA", None, 50),)),
        ("LA 20 R LA 30 LA 5", (Line("LA", 20, 35),)),
        ("la20 ors 5", (Line("LA", 20), Line("ORS", 5))),
        ("LA 20, ORS 5. R LA 30", (Line("LA", 20, 30), Line("ORS", 5))),
        ("LA=२०", (Line("LA", 20),)),
        ("LA", Misread("LA")),
        ("LA 20 ORS", Misread("ORS")),
        ("LA ORS 5", Misread("LA")),
        ("LA -5", Misread("LA")),
        ("LA ²", Misread("LA")),
        ("LA 99999999", Misread("LA")),
        ("", Misread("")),
        ("20", Misread("20")),
    ],
)
def test_a_report_of_stock_is_read(body: str, lines: object) -> None:
    assert stock.read(Stock(), body) == lines


@pytest.mark.parametrize("text", ["SOH LA 20", "soh#LA#20", "1!SOH!LA#20", "J1!soh!LA#20"])
def test_stock_has_the_headers_of_other_reports(text: str) -> None:
    assert stock.read(Stock(), stock.body(text, "SOH")) == (Line("LA", 20),)


def test_an_item_that_there_is_not_is_named() -> None:
    assert stock.read(Stock(items=("LA",)), "LA 5 XX 3") == Misread("XX", known=False)


@pytest.mark.parametrize(
    ("line", "before", "movement"),
    [
        (Line("LA", 20, 30), 10, Movement("LA", 10, 30, 20, 20)),
        (Line("LA", 20, 30), None, Movement("LA", None, 30, 20, None)),
        (Line("LA", 20), 25, Movement("LA", 25, 0, 20, 5)),
        (Line("LA", 30), 25, Movement("LA", 25, 0, 30, 0)),
        (Line("LA", None, 30), 10, Movement("LA", 10, 30, 40, None)),
        (Line("LA", None, 30), None, Movement("LA", None, 30, 30, None)),
        (Line("LA", 0), 7, Movement("LA", 7, 0, 0, 7)),
    ],
)
def test_receipts_come_before_what_is_on_hand(
    line: Line, before: int | None, movement: Movement
) -> None:
    assert stock.settle(line, before) == movement


@given(st.text(max_size=200))
def test_no_text_makes_the_stock_reader_fail(body: str) -> None:
    found = stock.read(Stock(items=("LA",)), body)
    assert isinstance(found, Misread) or all(line.item == "LA" for line in found)


@given(st.integers(1900, 2200), st.integers(-1, 14), st.integers(-1, 34))
def test_days_of_the_nepali_calendar_come_in_their_order(year: int, month: int, day: int) -> None:
    """The day after one is the next of the same calendar."""
    first, second = gregorian(year, month, day), gregorian(year, month, day + 1)
    if first and second:
        assert (second - first).days == 1
