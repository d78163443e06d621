"""Words that remember what they are made of."""

from __future__ import annotations

import copy
import json

from relay.core import plain
from relay.core.said import Said, figure, joined, say, some, spoken


class Backwards:
    """A tongue that says everything backwards, but for its placeholders."""

    thousands = " "

    def gettext(self, message: str) -> str:
        return {"Modem {modem} waits for {time}.": "{time} waits {modem} Modem"}.get(
            message, message.replace("{n} min", "min {n}")
        )

    def ngettext(self, one: str, many: str, n: int) -> str:
        return f"<{one if n < 2 else many}>"


def test_it_is_its_english_text() -> None:
    """Whoever knows nothing of languages sees a string."""
    words = say("Modem {modem} waits for {time}.", modem="usb1", time=plain.duration(120_000))
    assert words == "Modem usb1 waits for 2 min."
    assert json.dumps(words) == '"Modem usb1 waits for 2 min."'
    assert copy.deepcopy(words) is words


def test_another_tongue_says_it_whole() -> None:
    """The values in it as well, in the order of that language."""
    words = say("Modem {modem} waits for {time}.", modem="usb1", time=plain.duration(120_000))
    assert words.by(Backwards()) == "min 2 waits usb1 Modem"


def test_numbers_and_plurals_are_those_of_the_tongue() -> None:
    assert some(2000, "{n} SMS", "{n} SMSes") == "2,000 SMSes"
    assert some(2000, "{n} SMS", "{n} SMSes").by(Backwards()) == "<2 000 SMSes>"
    assert some(0, "{n} SMS", "{n} SMSes").by(Backwards()) == "<0 SMS>"
    assert figure(12_345).by(Backwards()) == "12 345"


def test_what_is_joined_can_still_be_said() -> None:
    words = joined(["a", "", say("{n} min", n="7")], ", ")
    assert isinstance(words, Said)
    assert (words, words.by(Backwards())) == ("a, 7 min", "a, min 7")


def test_plain_words_stay_as_they_are() -> None:
    """What a modem or a file system has said; a brace in it is no placeholder."""
    assert spoken("{x}", Backwards()) == "{x}"
    assert say("{why}", why="{x} %s").by(Backwards()) == "{x} %s"
