"""What the verbs of the control prompt are made of, and what they see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem
    from relay.simulator.network import Network
    from relay.simulator.server import CentralServer


Chosen = TypeVar("Chosen")


class Misunderstood(ValueError):
    """A line that makes no sense; says what would."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that can be said."""

    say: Callable[[Scene], str]
    usage: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What a verb sees: the network, the modem that is meant, and the words after the verb."""

    network: Network
    modems: Mapping[str, SimulatedModem]
    places: Mapping[str, str]
    server: CentralServer | None
    name: str
    line: str

    @property
    def words(self) -> list[str]:
        return self.line.split()

    @property
    def modem(self) -> SimulatedModem:
        return self.modems[self.name]

    def word(self, place: int, default: str | None = None) -> str:
        """A word by its place. Raises `Misunderstood` if it is missing."""
        if place < len(self.words):
            return self.words[place]
        if default is None:
            raise Misunderstood("something is missing")
        return default

    def rest(self, place: int) -> str:
        r"""The text from word `place` on, as it was typed; \n in it begins a new line.

        Quotes around the whole of it are not part of it. Raises `Misunderstood` if it is missing.
        """
        if place >= len(self.words):
            raise Misunderstood("the text is missing")
        text = self.line.split(maxsplit=place)[place].strip()
        if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
            text = text[1:-1]
        return text.replace("\\n", "\n")

    def number(self, place: int, default: float | None = None) -> float:
        """A word that is a number. Raises `Misunderstood` if it is none."""
        word = self.word(place, None if default is None else str(default))
        try:
            return float(word)
        except ValueError:
            raise Misunderstood(f"{word} is not a number") from None

    def choice(self, place: int, choices: Mapping[str, Chosen]) -> Chosen:
        """A word out of a few. Raises `Misunderstood` that names them."""
        word = self.word(place)
        if word not in choices:
            raise Misunderstood(f"{word} is none of: {', '.join(choices)}")
        return choices[word]
