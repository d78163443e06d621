"""What people write is understood in every language, and what is said is filled in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.community.wording import Wording, fill, placeholders
from relay.community_words import wording
from relay.errors import RuleError

WORDS = wording()


@pytest.mark.parametrize(
    "written",
    [
        "STOP", "stop", "Stop.", "STOP!!!", "StopAll", "stop all", "Unsubscribe", "ARRET", "arrêt",
        "ACHA", "PARAR", "pare", "ALTO", "बन्द", "बंद", "रोक", "रोक।", "बन्द गर्नुहोस्", "ＳＴＯＰ",
        "S\u200bTOP", "SТOP", "ST0P", '"STOP"', "  stop  ",
        "STOP ...", "stop !", "STOP 🙏", "stop!!! 😡", "🙂 STOP", "STOP🙏🏽", "STOP ❤️",
        "👩‍⚕️ stop 👩‍⚕️",
    ],
)  # fmt: skip
def test_stop_works_in_every_language(written: str) -> None:
    assert WORDS.says("stop", written)


@pytest.mark.parametrize(
    ("written", "command"),
    [
        ("YES 31", ("yes", "31")),
        ("yes31", ("yes", "31")),
        ("OK३७", ("ok", "37")),
        ("ok37 please", ("ok", "37 please")),
        ("Ndiyo", ("yes", "")),
        ("yes 👍", ("yes", "")),
        ("YES 31 👍🏾", ("yes", "31 👍🏾")),
        ("sim 31 👍", ("yes", "31 👍")),
        ("no ...", ("no", "")),
        ("हजुर 31", ("yes", "31")),
        ("sí", ("yes", "")),
        ("si 31", ("yes", "31")),
        ("D'ACCORD", ("ok", "")),
        ("d\u2019accord 37", ("ok", "37")),
        ("No puedo venir", ("no", "puedo venir")),
        ("não", ("no", "")),
        ("ठीक है 37", ("ok", "37")),
        ("MSAADA", ("help", "")),
        ("stop the money", ("stop", "the money")),
        # words of one language that mean something else in another
        ("si wezi kuja", None),
        ("sim card lost", None),
        ("vale la pena", None),
        ("ha ha", None),
        # neither commands nor crashes
        ("", None),
        ("\x00", None),
        ("hello", None),
        ("yesterday", None),
        ("НЕLP", None),  # looks like HELP; only STOP is that generous
        ("stop1", None),
    ],
)
def test_a_command_and_what_follows_it(written: str, command: tuple[str, str] | None) -> None:
    assert WORDS.command(written) == command


@given(st.text())
def test_any_text_is_a_command_or_none(text: str) -> None:
    found = WORDS.command(text)
    assert found is None or (found[0] in WORDS.commands and found[1] == found[1].strip())


@pytest.mark.timeout(20)
@pytest.mark.parametrize("bomb", ["stop " * 8_000, "yes" + "1" * 40_000, "a1" * 20_000])
def test_hostile_texts_take_no_longer_than_others(bomb: str) -> None:
    WORDS.command(bomb)


def test_a_text_is_said_in_the_language_of_the_reader() -> None:
    assert WORDS.text("did_you_mean", "en", name="HURUMA") == "Did you mean HURUMA? Reply YES."
    assert WORDS.text("did_you_mean", "sw", name="HURUMA").startswith("Ulimaanisha HURUMA?")
    assert wording("fr").text("unknown_command", "de") == WORDS.text("unknown_command", "fr")
    assert WORDS.text("unknown_command", "") == WORDS.text("unknown_command", "en")
    with pytest.raises(KeyError):
        WORDS.text("no_such_key", "en")


def test_what_is_filled_in_is_not_looked_into() -> None:
    """Names come from SMS."""
    assert fill("{name}: {text}", {"name": "{text}", "text": "{0.__class__}"}) == (
        "{text}: {0.__class__}"
    )
    assert fill("{unknown}!", {}) == "!"


@pytest.mark.parametrize(
    ("weeks", "said"),
    [(1, "in 1 week"), ("1", "in 1 week"), (4, "in 4 weeks"), (0, "in 0 weeks"), ("", "")],
)
def test_one_is_said_otherwise_than_several(weeks: object, said: str) -> None:
    assert fill("[[in {weeks} {weeks|week|weeks}]]", {"weeks": weeks}) == said
    assert placeholders("{weeks} {weeks|week|weeks}") == {"weeks"}
    with pytest.raises(ValueError, match="belongs to no"):
        placeholders("{weeks|week}")


def test_a_sentence_about_nothing_is_left_out() -> None:
    said = "Thank you.[[ Next visit in {weeks} weeks.]] Ref {ref}"
    assert fill(said, {"weeks": 4, "ref": 1}) == "Thank you. Next visit in 4 weeks. Ref 1"
    assert fill(said, {"weeks": "", "ref": 1}) == fill(said, {"ref": 1}) == "Thank you. Ref 1"
    assert fill("{text}", {"text": "[[ {weeks} ]]"}) == "[[ {weeks} ]]"


def test_keys_have_the_name_of_their_file() -> None:
    files: dict[str, Any] = {
        "general": {"text": {"help": {"en": "Help"}}},
        "channels": {
            "text": {"joined": {"en": "In"}, "post": {"gone": {"en": "Gone"}}},
            "command": {"join": {"en": ["JOIN"]}, "channels": {"leave": {"en": ["LEAVE"]}}},
        },
    }
    said = Wording.of(files)
    assert set(said.texts) == {"help", "channels.joined", "channels.post.gone"}
    assert said.command("join peace") == ("channels.join", "peace")
    assert said.command("leave peace") == ("channels.leave", "peace")


# --- what a rule set says otherwise -------------------------------------------------------------


def test_a_rule_set_says_it_in_its_own_way() -> None:
    own = WORDS.but(
        {
            "text": {"did_you_mean": {"en": "{name}? YES or NO", "de": "{name}? JA"}},
            "command": {"stop": {"sw": ["SITISHA"], "de": ["HALT"]}},
        }
    )
    assert own.text("did_you_mean", "en", name="A") == "A? YES or NO"
    assert own.text("did_you_mean", "de", name="A") == "A? JA"
    assert own.text("did_you_mean", "sw", name="A").startswith("Ulimaanisha")
    assert own.command("acha") is None
    assert own.says("stop", "halt")
    assert own.says("stop", "arret")
    assert WORDS.says("stop", "acha")  # the shipped words are as they were
    assert "de" in own.languages


@pytest.mark.parametrize(
    ("table", "keys", "said"),
    [
        ({"text": {"helpp": {"en": "x"}}}, ("text", "helpp"), "did you mean help?"),
        ({"text": {"xyz": {"en": "x"}}}, ("text", "xyz"), "docs/community.md"),
        ({"text": {"help": {"english": "x"}}}, ("text", "help", "english"), "write its code"),
        ({"text": {"help": {"en": 1}}}, ("text", "help", "en"), "in quotes"),
        ({"text": {"help": {"en": " "}}}, ("text", "help", "en"), "in quotes"),
        ({"text": {"help": {"en": "{"}}}, ("text", "help", "en"), "belongs to no {name}"),
        ({"text": {"help": {"en": "{n}"}}}, ("text", "help", "en"), "no field"),
        ({"text": {"did_you_mean": {"en": "{n}"}}}, ("text", "did_you_mean", "en"), "{name}"),
        ({"text": {"help": "x"}}, ("text", "help"), "write its code"),
        ({"text": "x"}, ("text",), "write [text]"),
        ({"command": {"stop": {"en": "STOP"}}}, ("command", "stop", "en"), "a list of words"),
        ({"command": {"stop": {"en": ["!"]}}}, ("command", "stop", "en"), "a list of words"),
        ({"command": {"stop": {"en": ["YES"]}}}, ("command", "yes", "en"), "also a word of stop"),
        ({"command": {"halt": {"en": ["HALT"]}}}, ("command", "halt"), "no command"),
    ],
)
def test_a_mistake_says_where_it_is_and_what_to_write(table, keys, said: str) -> None:
    with pytest.raises(RuleError) as caught:
        WORDS.but(table)
    assert caught.value.keys == ("words", *keys)
    assert said in str(caught.value)
