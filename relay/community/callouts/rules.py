"""What a kind of call-out is: `[callout.NAME]` of a rule set, read and checked.

What may match whom is written by staff, value by value. relay compares and never infers: that
one blood group could be given to another it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from relay.community.callouts.reading import Table
from relay.community.spelling import fold
from relay.core.plain import DAY, HOUR, MINUTE

Texts = Mapping[str, Mapping[str, str]]


class Target(StrEnum):
    """What is counted until it is enough."""

    PEOPLE = "people"
    SUM = "sum"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing that a volunteer says of himself. `values` has the folded spellings of each value;
    a spelling of several values is asked back."""

    name: str
    values: Mapping[str, tuple[str, ...]]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Register:
    """How one becomes a volunteer: by `word` and the attributes in their order. Those who are in
    it have the tag."""

    word: str
    tag: str
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of call-out. Those with a tag of `asked_by` may ask; with `confirmed_by`, somebody
    with such a tag, who is not the asker, must confirm it first.

    A volunteer fits whose every attribute of `match` is what was asked for, or one of the values
    that `accepts` lists for it. `waves` times what is missing are asked at once, and the next ones
    when `wave_wait_ms` have passed. After a yes one is left alone for `rest_ms`, after an appeal
    for `appeal_every_ms`. A sum is pledged by `pledge`, by those with a tag of `pledged_by`, or
    by anybody.
    """

    name: str
    asked_by: frozenset[str]
    confirmed_by: frozenset[str] = frozenset()
    target: Target = Target.PEOPLE
    most: int = 20
    register: Register | None = None
    match: tuple[str, ...] = ()
    accepts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    waves: int = 3
    wave_wait_ms: int = 20 * MINUTE
    rest_ms: int = 0
    appeal_every_ms: int = 7 * DAY
    confirm_within_ms: int = 2 * HOUR
    lasts_ms: int = 12 * HOUR
    quiet_hours: bool = True
    pledge: str = ""
    pledged_by: frozenset[str] = frozenset()
    texts: Texts = field(default_factory=dict)

    @property
    def word(self) -> str:
        """What staff send to ask."""
        return fold(self.name)

    @property
    def tag(self) -> str:
        """Of the volunteers; '' where nobody is asked, and people pledge of themselves."""
        return self.register.tag if self.register else ""

    @property
    def matched(self) -> tuple[Attribute, ...]:
        known = {one.name: one for one in self.register.attributes} if self.register else {}
        return tuple(known[name] for name in self.match)

    def fitting(self, wants: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        """Of each attribute that was asked for, the values that fit: its own, unless staff's
        table says otherwise."""
        return {name: self.accepts.get(value, (value,)) for name, value in wants.items()}


# --- reading ------------------------------------------------------------------------------------


def read(section: Mapping[str, object]) -> dict[str, Rule]:
    """The tables `[callout.NAME]`. Raises `RuleError` for the first mistake."""
    whole = Table(section, ("callout",))
    rules = {name: _rule(name, whole.table(name)) for name in section}
    _no_word_twice(whole, rules)
    return rules


def _rule(name: str, table: Table) -> Rule:
    target = Target(table.one_of("target", tuple(Target), Target.PEOPLE))
    register = _register(table.table("register")) if "register" in table else None
    rule = Rule(
        name=name,
        asked_by=table.tags("asked_by", required=True),
        confirmed_by=table.tags("confirmed_by"),
        target=target,
        most=table.whole("most", 1, 10**9, 20 if target is Target.PEOPLE else 10**9),
        register=register,
        match=table.words("match"),
        accepts=table.lists("accepts"),
        waves=table.whole("waves", 1, 20, 3),
        wave_wait_ms=table.duration("wave_wait", 20 * MINUTE, MINUTE, 7 * DAY),
        rest_ms=table.duration("rest", 0, 0, 3650 * DAY),
        appeal_every_ms=table.duration("appeal_every", 7 * DAY, 0, 3650 * DAY),
        confirm_within_ms=table.duration("confirm_within", 2 * HOUR, MINUTE, 30 * DAY),
        lasts_ms=table.duration("lasts", 12 * HOUR, MINUTE, 366 * DAY),
        quiet_hours=table.flag("quiet_hours", True),
        pledge=fold(table.text("pledge", "")),
        pledged_by=table.tags("pledged_by"),
        texts=table.texts(FIELDS),
    )
    table.nothing_else()
    _agree(table, rule)
    return rule


def _register(table: Table) -> Register:
    register = Register(
        word=fold(table.text("word")),
        tag=table.tag("tag"),
        attributes=tuple(_attribute(one) for one in table.tables("attributes")),
    )
    table.nothing_else()
    return register


def _attribute(table: Table) -> Attribute:
    values = table.lists("values")
    if not values:
        raise table.mistake("values", "has no values", 'write values = { "O-" = ["O neg"], … }')
    attribute = Attribute(
        name=table.tag("name"),
        values={
            value: tuple(dict.fromkeys(map(fold, (value, *spellings))))
            for value, spellings in values.items()
        },
        required=table.flag("required", True),
    )
    table.nothing_else()
    return attribute


def _agree(table: Table, rule: Rule) -> None:
    """What one key says of another."""
    known = {one.name for one in rule.register.attributes} if rule.register else set()
    for name in rule.match:
        if name not in known:
            raise table.mistake(
                "match", f'names "{name}"', "name an attribute of the register, or remove it"
            )
    values = {value for one in rule.matched for value in one.values}
    for wanted, fitting in rule.accepts.items():
        for value in (wanted, *fitting):
            if value not in values:
                raise table.mistake(
                    "accepts", f'names "{value}"', "name a value of an attribute of match"
                )
    if rule.target is Target.PEOPLE and rule.register is None:
        raise table.mistake("register", "is missing", "say how one becomes a volunteer")
    if (rule.target is Target.SUM) != bool(rule.pledge):
        raise table.mistake(
            "pledge", "goes with a sum and with nothing else", 'write target = "sum", or remove it'
        )


def _no_word_twice(whole: Table, rules: Mapping[str, Rule]) -> None:
    taken: dict[str, str] = {}
    for name, rule in rules.items():
        register = rule.register.word if rule.register else ""
        words = [word for word in (rule.word, rule.pledge, register) if word]
        for word in words:
            if " " in word:
                raise whole.mistake(name, f'has the words "{word}"', "choose one word")
            # Several kinds may share a register, and nothing else.
            other = taken.setdefault(word, name)
            if words.count(word) > 1 or (other != name and word != register):
                what = f'uses the word "{word}" twice, in {other} and here'
                raise whole.mistake(name, what, "choose another word")


# --- texts --------------------------------------------------------------------------------------

# A volunteer's number and name (`who`) are for staff, and stand in no text for anybody else.
_ALL = frozenset({"code", "what", "where", "place", "site", "topic", "target"})
_STAFF = _ALL | {"taken", "people", "until"}
_SUM = _ALL | {"taken", "amount"}
_TEXTS = (
    (frozenset({"place"}), "site"),
    (_ALL, "stranger appeal again enough declined over pledge_none"),
    (_ALL | {"ref"}, "come"),
    (frozenset({"what"}), "registered left"),
    (_SUM, "pledged pledged_part pledge_full pledge_withdrawn reached unreached"),
    (_ALL | {"pledge"}, "appeal_sum"),
    (
        _STAFF,
        "request request_sum asking asking_sum confirmed own_confirm nobody filled_sum exhausted"
        " expired unconfirmed closed",
    ),
    (_STAFF | {"who"}, "coming filled withdrew"),
    (_STAFF | {"state", "asked", "declined"}, "status"),
    (_STAFF | {"ref"}, "came missed"),
)
FIELDS: Mapping[str, frozenset[str]] = {
    key: fields for fields, keys in _TEXTS for key in keys.split()
}
