"""Reminders, escalation and completeness as they are written in a rule file."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from relay.community.reminders import rules
from relay.community.reminders.rules import Cancelling, Origin
from relay.core.plain import DAY, HOUR, MINUTE
from relay.core.quiet import Quiet
from relay.errors import RuleError

SET = """
[reminder.anc]
after = "ORPT"
counted_from = { field = "weeks", unit = "weeks" }
at = ["16w", "24w", "32w", "36w"]
to = "sender"
between = ["08:00", "18:00"]
text.en = "{name} ({patient_id}) is due for an ANC visit this week."
cancelled_by = [ { form = "OANC", due_within = "21d" } ]
muted_by = "OLOST"
[reminder.pnc]
after = ["OBIR", "OHOM"]
counted_from = { field = "born" }
at = ["1d", "3d", "7d"]
to = "tag:chw"
text.en = "See {name}."
text.sw = "Mtembelee {name}."
[escalation.danger]
after = "ODGR"
when = { field = "sign", is = ["bleeding", "fits"] }
to = "supervisor"
fallback = "+254700000009"
text.en = "{sender} reports {sign}, patient {patient_id}. Please follow up."
again = "30min"
[completeness.idsr]
form = "IDSR"
tag = "reporter"
prompt = "monday 08:00"
nag = "wed 09:00"
text.en = "Please send the report of {place} for week {week}."
nag_text.en = "The report of {place} for week {week} is missing."
"""


def tables(toml: str) -> dict[str, dict[str, Any]]:
    found = tomllib.loads(toml)
    return {kind: dict(rules.READERS[kind](section)) for kind, section in found.items()}


def test_a_set_is_read_as_it_is_meant() -> None:
    """The set of the manual."""
    found = tables(SET)
    anc, pnc = found["reminder"]["anc"], found["reminder"]["pnc"]
    assert anc.after == ("ORPT",)
    assert anc.origin == Origin("weeks", 7)
    assert anc.at == tuple(weeks * 7 * DAY for weeks in (16, 24, 32, 36))
    assert anc.closed == Quiet(start="18:00", end="08:00")
    assert anc.cancelled_by == (Cancelling("OANC", 21),)
    assert anc.muted_by == ("OLOST",)
    assert anc.useful_ms == 7 * DAY
    assert (pnc.origin, pnc.to) == (Origin("born", 0), "tag:chw")
    danger = found["escalation"]["danger"]
    assert (danger.tag, danger.fallback) == ("supervisor", "+254700000009")
    assert (danger.field, danger.among) == ("sign", ("bleeding", "fits"))
    assert (danger.again_ms, danger.times) == (30 * MINUTE, 3)
    idsr = found["completeness"]["idsr"]
    assert (idsr.prompt, idsr.nag) == ((0, "08:00"), (2, "09:00"))
    assert (idsr.about_last, idsr.begins, idsr.opens_ms) == (True, 0, 48 * HOUR)


REMINDER = '[reminder.x]\nafter = "A"\nat = ["1d"]\ntext.en = "hi"\n'


@pytest.mark.parametrize(
    ("toml", "place", "said"),
    [
        (REMINDER + "too = 'sender'", "too", "did you mean to?"),
        (REMINDER.replace("1d", "1 fortnight"), "at", 'write "3d"'),
        (REMINDER.replace('["1d"]', '["3d", "1d"]'), "at", "write them in order: 1d, 3d"),
        (REMINDER + 'counted_from = { field = "w", unit = "years" }', "unit", "days, weeks"),
        (REMINDER + 'counted_from = "weeks"', "counted_from", "is no section"),
        (REMINDER + 'to = "field:"', "to", "is nobody"),
        (REMINDER + 'between = ["18:00", "08:00"]', "between", "ends before"),
        (REMINDER + 'between = ["8:00", "18:00"]', "between", "no part of a day"),
        (REMINDER + "cancelled_by = [ 3 ]", "cancelled_by", "is no section"),
        (
            REMINDER + 'cancelled_by = [ { form = "B", due_within = "3h" } ]',
            "due_within",
            "whole number of days",
        ),
        (REMINDER.replace('text.en = "hi"', ""), "text", "one for each language"),
        (REMINDER.replace('"hi"', "7"), "text.en", "is no text"),
        (REMINDER.replace("hi", "{name is due"), "text.en", "belongs to no"),
        (REMINDER.replace('after = "A"', ""), "after", "is missing"),
        (
            '[reminder.x]\nafter = "A"\nat = ["5h"]\ntext.en = "x"\n'
            'counted_from = { field = "d" }',
            "at",
            "whole days or weeks",
        ),
        ('[escalation.x]\nafter = "A"\ntext.en = "x"', "to", "is missing"),
        ('[escalation.x]\nafter = "A"\nto = "s"\ntext.en = "x"\ntimes = 99', "times", "0 to 20"),
        (
            '[completeness.x]\nform = "A"\ntag = "t"\nprompt = "someday 08:00"\ntext.en = "x"',
            "prompt",
            'write prompt = "monday 08:00"',
        ),
        (
            '[completeness.x]\nform = "A"\ntag = "t"\nprompt = "mon 08:00"\nnag = "tue 08:00"\n'
            'text.en = "x"',
            "nag_text",
            "is missing",
        ),
        ("[reminder]\nx = 5", "x", "is no section"),
    ],
)
def test_a_mistake_names_its_place_and_a_remedy(toml: str, place: str, said: str) -> None:
    """What stands in the file, and what to write instead."""
    with pytest.raises(RuleError) as error:
        tables(toml)
    assert place in error.value.keys
    assert said in f"{error.value.what}; {error.value.remedy}"
