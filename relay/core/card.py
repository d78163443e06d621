"""Whether the SIM in a modem is the one that this station was set up with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

# ITU-T E.118: 19 digits, of which modems leave out the last (a check digit), or add a filler.
_ICCID_SURE = 18


@dataclass(frozen=True, slots=True)
class Card:
    """A SIM by the numbers that it tells; empty is: it would not say."""

    iccid: str = ""
    imsi: str = ""

    @property
    def known(self) -> bool:
        return bool(self.iccid or self.imsi)

    def is_same(self, other: Card) -> bool:
        """By ICCID where both tell it, else by IMSI; what tells neither is nobody's."""
        if self.iccid and other.iccid:
            length = max(_ICCID_SURE, min(len(self.iccid), len(other.iccid)))
            return self.iccid[:length] == other.iccid[:length]
        return bool(self.imsi) and self.imsi == other.imsi


NO_CARD = Card()


@dataclass(frozen=True, slots=True)
class Accepted:
    """A SIM that was accepted for one modem, and the modem in which it was seen last."""

    card: Card
    accepted_in: str
    seen_in: str


class Standing(StrEnum):
    """What a SIM is to a modem."""

    UNKNOWN = "unknown"  # it tells nothing: nothing can be said, and nothing is held
    ACCEPTED = "accepted"
    FIRST = "first"  # no SIM was ever accepted here: this one is, by itself
    CHANGED = "changed"  # receiving goes on, sending waits for a person


def standing(card: Card, modem: str, accepted: Sequence[Accepted]) -> Standing:
    """A SIM that was accepted in any modem of this station may sit in any of them.

    So a modem may be replaced, and two may be swapped, and nobody has to say so.
    """
    if not card.known:
        return Standing.UNKNOWN
    if any(one.card.is_same(card) for one in accepted):
        return Standing.ACCEPTED
    mine = [one for one in accepted if modem in (one.accepted_in, one.seen_in)]
    return Standing.CHANGED if mine else Standing.FIRST
