"""Channels as a part of the engine: which words are theirs, and who takes them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from functools import partial

from relay.community.channels.deciding import may_steer
from relay.community.channels.rules import Channel
from relay.community.rulebook import RuleBook
from relay.community.spelling import first_word, nearest
from relay.core.plain import HOUR
from relay.core.posts import OPEN
from relay.core.priority import Priority
from relay.core.question import Question
from relay.flows.answering import channel_following as following
from relay.flows.answering import channel_posting as posting
from relay.flows.answering import channel_posts as work
from relay.flows.answering import channel_spreading as spreading
from relay.flows.answering.channel_talk import OWNER, Talk
from relay.flows.answering.primitive import Primitive, Reply
from relay.flows.answering.turn import Turn
from relay.store import people, post_replies, posts, rumors

_STEERING = ("status", "pause", "resume", "cancel")
_ANSWERS = ("ok", "no", "yes")
_LONGEST_CODE = 9
_MISSPELT = 2  # so short a text that begins nearly like a command is one, and no reply
_MOST_TOLD = 20
_MOST_LETTERS = 160  # of a rumor that phones are told; all of it is in the inbox
# In an hour, of one sender and of all.
_MOST_OF_ONE = 3
_MOST_RUMORS = 12

Command = Callable[[Talk, str], bool]


class Channels(Primitive):
    """The channels of all rule sets together.

    A turn puts `at_once` messages of a post into the outbox, where `most_waiting` of it wait.
    """

    name = OWNER

    def __init__(
        self,
        book: RuleBook,
        at_once: int = spreading.AT_ONCE,
        most_waiting: int = spreading.MOST_WAITING,
    ) -> None:
        self._pace = spreading.Pace(at_once, most_waiting)
        self._book = book
        self._channels: Mapping[str, Channel] = book.rules("channel")
        self._words = frozenset(
            word
            for key in book.wording.commands
            if key.startswith(f"{OWNER}.")
            for word in book.wording.words(key)
        )
        self._commands: Mapping[str, Command] = {
            "join": following.join,
            "leave": following.leave,
            "off": partial(following.pause, paused=True),
            "on": partial(following.pause, paused=False),
            "get": following.last,
            "list": following.list_,
            "who": following.who,
            "lang": following.language,
            "at": following.at,
            "post": posting.post,
            "rumor": _rumor,
        }

    def _talk(self, turn: Turn) -> Talk:
        return Talk(turn, self._channels)

    def command(self, turn: Turn, command: str, rest: str) -> bool:
        if command in _STEERING:  # of a post that there is, the engine gives it to `coded`
            return self._no_post(turn, rest)
        act = self._commands.get(command)
        return act is not None and act(self._talk(turn), rest)

    def coded(self, turn: Turn, word: str, code: int, rest: str) -> bool:
        one = posts.get(turn.tx, code)
        channel = self._channels.get(one.channel) if one else None
        if one is None or channel is None:
            return False
        talk = self._talk(turn)
        if word in ("ok", "yes"):
            return posting.ok(talk, channel, one)
        if word == "no":
            return posting.no(talk, channel, one)
        return word in _STEERING and posting.steer(talk, word, channel, one)

    def answer(self, turn: Turn, question: Question, reply: Reply) -> bool:
        """YES to "Did you mean HURUMA?"; a NO needs no answer."""
        if reply.word == "no":
            turn.silent()
            return True
        about = {key: str(value) for key, value in question.about.items()}
        return _meant(self._talk(turn), question.kind, about)

    def plain(self, turn: Turn) -> bool:
        """A reply to a post that he got within a day is filed under it, and not answered."""
        if turn.sms is None or turn.person is None:
            return False
        said = self._book.wording.command(turn.sms.text)
        if said is not None and said[0] in _ANSWERS and self._no_post(turn, said[1]):
            return True
        if self._is_misspelt(turn.sms.text):
            return False
        code = post_replies.answered_post(turn.tx, turn.now, turn.number)
        one = posts.get(turn.tx, code) if code is not None else None
        channel = self._channels.get(one.channel) if one else None
        if one is None or channel is None:
            return False
        digest_at = turn.now + channel.digest_ms if channel.digest_ms else None
        post_replies.file(turn.tx, one.code, turn.sms.inbound_id, digest_at)
        turn.silent()
        return True

    def _no_post(self, turn: Turn, rest: str) -> bool:
        """The team hears of a slip in the number; others learn nothing of numbers."""
        code, _ = first_word(rest)
        team = any(may_steer(one, turn.person) for one in self._channels.values())
        if not team or not code.isdecimal() or len(code) > _LONGEST_CODE:
            return False
        return self._talk(turn).reply("no_post", code=code)

    def _is_misspelt(self, text: str) -> bool:
        """What is nearly a command is no reply: he hears that relay did not understand it."""
        word, rest = first_word(text)
        near = nearest(word, self._words) if len(rest.split()) < _MISSPELT else None
        return near not in {None, word}

    def opted_out(self, turn: Turn, number: str) -> None:
        """Posts whose turn for him would have come count him as one who did not want them."""
        person = people.by_number(turn.tx, number)
        for one in (one for state in OPEN for one in posts.in_state(turn.tx, state)):
            channel = self._channels.get(one.channel)
            if person is None or channel is None or (person.consent_at or 0) < one.created_at:
                continue
            if posts.is_ahead(turn.tx, one, work.audience_of(turn.tx, channel, one), person.id):
                posts.note_opted_out(turn.tx, turn.now, one, number)

    def due(self, turn: Turn, limit: int) -> int:
        return spreading.due(self._talk(turn), limit, self._pace)

    def next_due_at(self, tx: sqlite3.Connection, now: int) -> int | None:
        return spreading.next_due_at(tx, now, self._book, self._channels)


def _meant(talk: Talk, kind: str, about: Mapping[str, str]) -> bool:
    """Do what was asked back. What has gone meanwhile is said as if it had been written so."""
    if kind == "at":
        place = following.named_place(talk, about["where"])
        return following.move_to(talk, place) if place else False
    channel = talk.channel(about["channel"])
    if channel is None:
        return talk.no_channel(about["channel"])
    if kind == "join":
        return following.join_channel(talk, channel, about["where"])
    if kind == "leave":
        return following.leave_channel(talk, channel)
    return kind == "post" and posting.post_to(talk, channel, about["text"])


def _rumor(talk: Talk, rest: str) -> bool:
    """To the team's inbox, and to the team's phones where a channel says so; to nobody else."""
    if not rest:
        return talk.reply("rumor_how")
    turn = talk.turn
    found = talk.leading_place(rest.lstrip("@＠ "))
    place, text = found if found and found[1] else (None, rest)
    number = rumors.add(
        turn.tx, turn.now, inbound_id=turn.sms.inbound_id if turn.sms else None,
        sender=turn.number, place_id=place.id if place else None, text=text, source=turn.source,
    )  # fmt: skip
    for team in _team(talk):
        said = turn.say(
            f"{OWNER}.rumor_heard", team, number=number, place=place.name if place else "",
            text=text[:_MOST_LETTERS],
        )  # fmt: skip
        turn.tell(
            team, said, rule=f"{OWNER}.rumor", occasion=f"R{number}", priority=Priority.REPLY,
            useful_until=turn.now + turn.rules.general.useful_ms,
        )  # fmt: skip
    return talk.reply("rumor", number=number)


def _team(talk: Talk) -> list[str]:
    """Who hears of a rumor, without the one who told it. Of a flood of them nobody does: they
    are in the team's inbox all the same."""
    since = talk.turn.now - HOUR
    if (
        rumors.count(talk.turn.tx, since, talk.turn.number) > _MOST_OF_ONE
        or rumors.count(talk.turn.tx, since) > _MOST_RUMORS
    ):
        return []
    tags = {tag for channel in talk.channels.values() for tag in channel.rumors_to}
    found = {
        person.number: None
        for tag in sorted(tags)
        for person in people.with_tag(talk.turn.tx, tag)
    }
    return [number for number in found if number != talk.turn.number][:_MOST_TOLD]
