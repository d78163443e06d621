"""What the commands of channels share: the channel and the place that somebody means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relay.clock import wall
from relay.community.channels.composing import names
from relay.community.channels.deciding import may_join
from relay.community.channels.rules import Channel
from relay.community.spelling import first_word, fold, nearest
from relay.core.people import Person, Place
from relay.core.plain import DAY
from relay.flows.answering.turn import Turn
from relay.store import people, places

OWNER = "channels"  # of wording, questions and codes
_LISTED = 60  # letters: so that the sentence around them fits one SMS


@dataclass(frozen=True, slots=True)
class Talk:
    """One turn, with the channels by name."""

    turn: Turn
    channels: Mapping[str, Channel]

    def reply(self, key: str, /, **fields: object) -> bool:
        """Answer the sender; True, so that a command can end with it."""
        self.turn.reply(f"{OWNER}.{key}", **fields)
        return True

    # --- what is meant --------------------------------------------------------------------------

    def channel(self, word: str) -> Channel | None:
        """By its name, folded or not."""
        return self._by_word().get(fold(word))

    def near_channel(self, word: str) -> Channel | None:
        by_word = self._by_word()
        near = nearest(fold(word), by_word)
        return by_word[near] if near else None

    def _by_word(self) -> dict[str, Channel]:
        return {fold(name): channel for name, channel in self.channels.items()}

    def leading_place(self, text: str) -> tuple[Place, str] | None:
        """The place with whose name a text begins, the longest that there is, and the rest."""
        for phrase, rest in names(text):
            if place := places.find(self.turn.tx, fold(phrase)):
                return place, rest
        return None

    def near_place(self, text: str) -> tuple[Place, str] | None:
        """The place that was nearly written, as the whole text or as its first word."""
        known = places.names(self.turn.tx)
        word, rest = first_word(text)
        for meant, left in ((fold(text), ""), (word, rest)):
            if (near := nearest(meant, known)) and (place := places.find(self.turn.tx, near)):
                return place, left
        return None

    def place_name(self, place_id: int) -> str:
        try:
            return places.get(self.turn.tx, place_id).name
        except KeyError:
            return "?"

    # --- asking back ----------------------------------------------------------------------------

    def did_you_mean(
        self, name: str, kind: str, about: Mapping[str, object], lives_ms: int = DAY
    ) -> bool:
        """Ask whether that was meant: YES does what `kind` says with `about`."""
        turn = self.turn
        turn.ask(turn.number, OWNER, kind, about, expires_at=turn.now + lives_ms)
        turn.reply("did_you_mean", name=name.upper())
        return True

    def no_channel(self, word: str) -> bool:
        return self.reply("no_channel", name=word.upper()[:20], channels=self.listed())

    def listed(self) -> str:
        """The names of the channels that the sender may follow."""
        turn = self.turn
        open_ones = [
            name
            for name, channel in sorted(self.channels.items())
            if may_join(channel, turn.person) != "members_only"
        ]
        return shortened(open_ones) or "-"

    # --- the sender -----------------------------------------------------------------------------

    def sender(self) -> Person:
        """As a row, which is made where there is none."""
        turn = self.turn
        if turn.person is None:
            turn.person = people.ensure(turn.tx, turn.now, turn.number, turn.source)
        return turn.person

    def refresh(self) -> None:
        """What is known of him has changed: the answer is in his new language."""
        self.turn.person = people.by_number(self.turn.tx, self.turn.number)

    def quiet_until(self, channel: Channel) -> int | None:
        """When this channel's quiet hours end that it is now; None if it is none."""
        return quiet_until(self.turn, channel)


def quiet_until(turn: Turn, channel: Channel) -> int | None:
    quiet = channel.quiet or turn.rules.general.quiet
    return quiet.until(turn.now, wall) if quiet else None


def shortened(listed: list[str], room: int = _LISTED) -> str:
    """As many names as there is room for, and dots for the others."""
    said = ", ".join(listed)
    return said if len(said) <= room else said[:room].rpartition(", ")[0] + ", ..."
