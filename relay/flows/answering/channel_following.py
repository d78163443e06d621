"""JOIN, LEAVE, OFF, ON, AT, LANG, GET, LIST and WHO: what a follower says of himself.

Each returns whether the message was one of these: "at home" and "who is there" are no commands.
"""

from __future__ import annotations

from collections.abc import Sequence

from relay.community.channels.composing import text_for
from relay.community.channels.deciding import may_join
from relay.community.channels.rules import LANGUAGES, Channel
from relay.community.spelling import first_word, fold
from relay.core.people import Consent, Person, Place
from relay.core.posts import Post
from relay.flows.answering.channel_talk import Talk, shortened
from relay.store import channels, people, places, posts
from relay.store.channels import EVERYWHERE, Following

_LEFT = "POST_CANCELLED: he does not follow this channel now"
_LANGUAGE_NAMES = {
    fold(name): code
    for code, names in {
        "en": ("English",),
        "fr": ("French", "Français"),
        "sw": ("Swahili", "Kiswahili"),
        "es": ("Spanish", "Español"),
        "ne": ("Nepali", "नेपाली"),
        "hi": ("Hindi", "हिंदी", "हिन्दी"),
        "pt": ("Portuguese", "Português"),
    }.items()
    for name in names
}


# --- to follow ----------------------------------------------------------------------------------


def join(talk: Talk, rest: str) -> bool:
    """`PEACE`, `PEACE HURUMA`, `PEACE @Bura East`."""
    word, where = first_word(rest)
    if not word:
        return talk.reply("join_how", channels=talk.listed())
    where = where.lstrip("@＠ ")
    if channel := talk.channel(word):
        return join_channel(talk, channel, where)
    if near := talk.near_channel(word):
        return talk.did_you_mean(near.name, "join", {"channel": near.name, "where": where})
    return talk.no_channel(word)


def join_channel(talk: Talk, channel: Channel, where: str) -> bool:
    if why := may_join(channel, talk.turn.person):
        return talk.reply(why, channel=channel.name)
    if not (where and channel.places):
        return _follow(talk, channel, [])
    if found := talk.leading_place(where):
        return _follow(talk, channel, [found[0]])
    if near := talk.near_place(where):
        about = {"channel": channel.name, "where": near[0].name}
        return talk.did_you_mean(near[0].name, "join", about)
    return talk.reply("no_place", name=where[:30])


def _follow(talk: Talk, channel: Channel, at: Sequence[Place]) -> bool:
    """Without a place it is for those that he is known to be at, or else for all of it."""
    turn, person = talk.turn, talk.sender()
    before = channels.following(turn.tx, channel.name, person.id)
    _turn_on(talk, channel, person, before)
    if before and not at:
        return _already(talk, channel, before)
    wanted = [place.id for place in at]
    wanted = wanted or (list(person.places) if channel.places else []) or [EVERYWHERE]
    joined = [
        channels.follow(turn.tx, turn.now, channel.name, person.id, place, turn.source)
        for place in wanted
    ]
    if person.consent is not Consent.GIVEN:
        people.set_consent(turn.tx, turn.now, person.id, Consent.GIVEN, turn.source)
    talk.refresh()
    if not any(joined):
        return _already(talk, channel, Following(channel.name, tuple(wanted), False))
    if wanted == [EVERYWHERE]:
        return talk.reply("joined_all", channel=channel.name)
    return talk.reply("joined", channel=channel.name, place=_places(talk, wanted))


def _turn_on(talk: Talk, channel: Channel, person: Person, before: Following | None) -> None:
    """Who asks for it gets it, whatever he has switched off before."""
    turn = talk.turn
    people.set_paused(turn.tx, turn.now, person.id, False, turn.source)
    if before is not None and before.paused:
        channels.pause(turn.tx, turn.now, channel.name, person.id, False, turn.source)


def _already(talk: Talk, channel: Channel, how: Following) -> bool:
    if EVERYWHERE in how.places:
        return talk.reply("already_all", channel=channel.name)
    return talk.reply("already", channel=channel.name, place=_places(talk, how.places))


def _places(talk: Talk, ids: Sequence[int]) -> str:
    return shortened([talk.place_name(id) for id in ids], 30)


def leave(talk: Talk, rest: str) -> bool:
    """A channel by name; without one, the only one that he follows."""
    turn, person = talk.turn, talk.turn.person
    followed = channels.of_person(turn.tx, person.id) if person else []
    word, _ = first_word(rest)
    channel = talk.channel(word) if word else None
    if not word and len(followed) == 1:
        channel = talk.channels.get(followed[0].channel)
    if channel is None:
        if word and (near := talk.near_channel(word)):
            return talk.did_you_mean(near.name, "leave", {"channel": near.name})
        name = word.upper()[:20] or talk.listed()
        return talk.reply("not_in", channel=name)
    return leave_channel(talk, channel)


def leave_channel(talk: Talk, channel: Channel) -> bool:
    turn, person = talk.turn, talk.turn.person
    if person is None or not channels.leave(
        turn.tx, turn.now, channel.name, person.id, turn.source
    ):
        return talk.reply("not_in", channel=channel.name)
    _take_back(talk, person, channel.name)
    return talk.reply("left", channel=channel.name)


def _take_back(talk: Talk, person: Person, channel: str | None) -> None:
    """Posts that wait for him do not go any more."""
    waiting = posts.waiting_for(talk.turn.tx, person.number, channel)
    talk.turn.take_back(waiting, _LEFT)


# --- for a while --------------------------------------------------------------------------------


def pause(talk: Talk, rest: str, *, paused: bool) -> bool:
    """`OFF` and `ON`, of everything or of one channel. What is missed does not come later."""
    turn, person = talk.turn, talk.turn.person
    word, more = first_word(rest)
    channel = talk.channel(word) if word else None
    if more or (word and channel is None) or person is None:
        return False
    key = "off" if paused else "on"
    if channel is None:
        people.set_paused(turn.tx, turn.now, person.id, paused, turn.source)
    elif not channels.pause(turn.tx, turn.now, channel.name, person.id, paused, turn.source):
        return talk.reply("not_in", channel=channel.name)
    if paused:
        _take_back(talk, person, channel.name if channel else None)
    return talk.reply(key)


def at(talk: Talk, rest: str) -> bool:
    """Where he is from now on: what he follows for a place he follows for this one."""
    text = rest.lstrip("@＠ ")
    found = talk.leading_place(text)
    if found and not found[1]:
        return move_to(talk, found[0])
    if not found and (near := talk.near_place(text)) and not near[1]:
        return talk.did_you_mean(near[0].name, "at", {"where": near[0].name})
    return False


def move_to(talk: Talk, place: Place) -> bool:
    """Where staff have put him they have put him: his own place is set where he had none."""
    turn, person = talk.turn, talk.sender()
    channels.move(turn.tx, turn.now, person.id, place.id, turn.source)
    if not person.places:
        people.put_in(turn.tx, turn.now, person.id, place.id, turn.source)
    return talk.reply("at", place=place.name)


def language(talk: Talk, rest: str) -> bool:
    word, more = first_word(rest)
    chosen = _LANGUAGE_NAMES.get(word, word)
    if more:
        return False
    if chosen not in LANGUAGES:
        return talk.reply("lang_how", languages=" ".join(LANGUAGES))
    turn, person = talk.turn, talk.sender()
    people.set_language(turn.tx, turn.now, person.id, chosen, turn.source)
    talk.refresh()
    return talk.reply("lang")


# --- to ask -------------------------------------------------------------------------------------


def last(talk: Talk, rest: str) -> bool:
    """`GET PEACE`: the last post that went to where he is."""
    word, more = first_word(rest)
    channel = talk.channel(word) if word else _only(talk)
    if more or channel is None:
        return False
    turn = talk.turn
    if why := may_join(channel, turn.person):
        return talk.reply(why, channel=channel.name)
    for post in posts.latest(turn.tx, channel.name):
        if _concerns(talk, post):
            turn.reply_text(text_for(post.texts, turn.language(turn.number)))
            return True
    return talk.reply("nothing_yet", channel=channel.name)


def _only(talk: Talk) -> Channel | None:
    return next(iter(talk.channels.values())) if len(talk.channels) == 1 else None


def _concerns(talk: Talk, post: Post) -> bool:
    """Whether a post went to where he follows its channel; who follows nothing may see it."""
    person = talk.turn.person
    mine = channels.following(talk.turn.tx, post.channel, person.id) if person else None
    if post.place_id is None or mine is None or EVERYWHERE in mine.places:
        return bool(post.texts)
    return bool(set(mine.places) & set(places.within(talk.turn.tx, post.place_id)))


def list_(talk: Talk, rest: str) -> bool:
    return not rest and talk.reply("list", channels=talk.listed())


def who(talk: Talk, rest: str) -> bool:
    """Alone: what is known of him. With a channel: how many follow it."""
    word, more = first_word(rest)
    channel = talk.channel(word) if word else None
    if more or (word and channel is None):
        return False
    turn = talk.turn
    if channel is not None:
        return talk.reply(
            "who", channel=channel.name, people=channels.count(turn.tx, channel.name)
        )
    followed = channels.of_person(turn.tx, turn.person.id) if turn.person else []
    told = [_told(talk, one) for one in followed if one.channel in talk.channels]
    return talk.reply("you", channels=shortened(told) or "-", language=turn.language(turn.number))


def _told(talk: Talk, one: Following) -> str:
    off = " OFF" if one.paused or (talk.turn.person and talk.turn.person.paused) else ""
    if EVERYWHERE in one.places:
        return one.channel + off
    return f"{one.channel} ({_places(talk, one.places)}){off}"


def named_place(talk: Talk, name: str) -> Place | None:
    """One that was asked back: it may have gone since."""
    return places.find(talk.turn.tx, fold(name))
