"""Who may do what with a channel and its posts. A refusal is the key of its words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from relay.community.channels.rules import Channel
from relay.core.people import Consent, Person, same_person
from relay.core.posts import Post, PostState

_TWO_AT_NIGHT = 2
_SHORTEST_NUMBER = 4


def is_poster(channel: Channel, person: Person | None) -> bool:
    return person is not None and bool(person.tags & channel.posters)


def is_approver(channel: Channel, person: Person | None) -> bool:
    return person is not None and bool(person.tags & channel.approvers)


def may_steer(channel: Channel, person: Person | None) -> bool:
    """Pause, resume, cancel, and ask for its figures."""
    return is_poster(channel, person) or is_approver(channel, person)


def may_join(channel: Channel, person: Person | None) -> str | None:
    """Why not, or None. Who has said STOP says START first: no other word undoes it."""
    if person is not None and person.consent is Consent.STOPPED:
        return "stopped_before"
    if channel.join and not (person is not None and person.tags & channel.join):
        return "members_only"
    return None


def may_post(channel: Channel, person: Person | None, posted_today: int) -> str | None:
    """Why not, or None."""
    if not is_poster(channel, person):
        return "only_posters"
    if channel.posts_per_day and posted_today >= channel.posts_per_day:
        return "too_many"
    return None


def may_reach(channel: Channel, level: str | None) -> str | None:
    """Why a post may not go to a place of this level, None for everybody; or None."""
    if not channel.reach or (level is not None and level.casefold() in channel.reach):
        return None
    return "too_wide" if level is not None else "name_a_place"


def needed(channel: Channel, *, quiet: bool) -> int:
    """How many must approve: two in quiet hours, where anybody must."""
    return max(channel.approvals, _TWO_AT_NIGHT) if channel.approvals and quiet else (
        channel.approvals
    )  # fmt: skip


# --- an approval --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hand:
    """Who has written or approved a post: a number or an account, and the person, if known.

    `desk`: it is somebody at this computer, who may approve like staff by SMS.
    """

    number: str
    person: Person | None = None
    desk: bool = False


def same_hand(one: Hand, other: Hand) -> bool:
    """Whether it is one human being: the same row, the same number however it is spelled, or a
    second number that staff wrote down as an attribute."""
    if one.person and other.person and one.person.id == other.person.id:
        return True
    return any(
        same_person(a, b) for a in _numbers(one) for b in _numbers(other) if a and b
    )  # fmt: skip


def _numbers(hand: Hand) -> Collection[str]:
    known = list(hand.person.attributes.values()) if hand.person else []
    own = [hand.number, *([hand.person.number] if hand.person else [])]
    return {*own, *filter(_is_number, known)}


def _is_number(text: str) -> bool:
    digits = text.removeprefix("+")
    return digits.isdigit() and len(digits) > _SHORTEST_NUMBER


class Effect(Enum):
    """What an OK does."""

    NONE = auto()
    COUNTED = auto()  # it is one of those that are needed, and not the last
    GOES = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`key` of the words for the one who sent it."""

    effect: Effect
    key: str


# What an OK to a post is told that does not wait for one.
_LATE: Mapping[PostState, str] = {
    PostState.GOING: "already_going",
    PostState.PAUSED: "is_paused",
    PostState.DONE: "has_gone",
    PostState.CANCELLED: "was_cancelled",
    PostState.EXPIRED: "expired",
}


def approval(
    channel: Channel,
    post: Post,
    author: Hand,
    approver: Hand,
    others: Collection[Hand],
    now: int,
    *,
    quiet: bool,
) -> Verdict:
    """What an OK of `approver` does, after those of `others`.

    Who is no approver hears that first, whatever the post is: a stranger learns nothing of it.
    """
    if not (approver.desk or is_approver(channel, approver.person)):
        return Verdict(Effect.NONE, "not_approver")
    if post.state is not PostState.WAITING_APPROVAL:
        return Verdict(Effect.NONE, _LATE[post.state])
    if same_hand(author, approver):
        return Verdict(Effect.NONE, "author_cannot")
    if now >= post.expires_at:
        return Verdict(Effect.NONE, "expired")
    if any(same_hand(approver, one) for one in others):
        return Verdict(Effect.NONE, "approved_twice")
    if len(others) + 1 < needed(channel, quiet=quiet):
        return Verdict(Effect.COUNTED, "one_more")
    return Verdict(Effect.GOES, "going")


def state_words(state: PostState) -> str:
    """The key of the words for what is no longer possible."""
    return _LATE.get(state, "waits_for_ok")
