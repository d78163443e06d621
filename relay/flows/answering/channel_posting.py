"""POST, OK, NO, STATUS, PAUSE, RESUME and CANCEL: what the team of a channel writes."""

from __future__ import annotations

from collections.abc import Mapping

from relay.clock import local, wall
from relay.community.channels.composing import addressed, text_for, texts_of
from relay.community.channels.deciding import (
    Effect,
    Hand,
    approval,
    is_approver,
    is_poster,
    may_post,
    may_reach,
    may_steer,
    needed,
    same_hand,
    state_words,
)
from relay.community.channels.rules import Channel
from relay.community.spelling import first_word
from relay.core.people import Place
from relay.core.posts import (
    OPEN,
    POST_TRANSITIONS,
    Cancelled,
    Event,
    Paused,
    Post,
    PostState,
    Resumed,
)
from relay.core.priority import Priority
from relay.errors import TextError
from relay.flows.answering import channel_posts as work
from relay.flows.answering.channel_talk import OWNER, Talk
from relay.store import post_figures, posts

_TWO = 2
_SHOWN = 60  # letters of a post that waits


# --- to post ------------------------------------------------------------------------------------


def post(talk: Talk, rest: str) -> bool:
    """`PEACE @HURUMA Shops are open.`, `PEACE en: Stay calm. sw: Tulieni.`"""
    word, text = first_word(rest)
    if not word:
        return _how(talk)
    channel = talk.channel(word)
    if channel is None:
        near = talk.near_channel(word)
        if near and is_poster(near, talk.turn.person):
            about = {"channel": near.name, "text": text}
            return talk.did_you_mean(near.name, "post", about, near.approval_ms)
        return talk.no_channel(word)
    return post_to(talk, channel, text)


def _how(talk: Talk) -> bool:
    """POST and no more: how it is done, for the first channel of theirs."""
    own = [one for _, one in sorted(talk.channels.items()) if is_poster(one, talk.turn.person)]
    if own:
        return talk.reply("post_how", channel=own[0].name)
    talk.turn.reply("unknown_command")
    return True


def post_to(talk: Talk, channel: Channel, text: str) -> bool:
    if why := _may_not(talk, channel):
        return talk.reply(why, channel=channel.name, most=channel.posts_per_day)
    place: Place | None = None
    if channel.places and (behind := addressed(text)) is not None:
        if (found := talk.leading_place(behind)) is None:
            return _ask_place(talk, channel, behind)
        place, text = found
    return post_at(talk, channel, place, text)


def _may_not(talk: Talk, channel: Channel) -> str | None:
    turn, person = talk.turn, talk.turn.person
    if person is None:
        return "only_posters"
    today = wall(turn.now, "00:00", 0)
    written = posts.posted_since(turn.tx, channel.name, person.id, today)
    return may_post(channel, person, written)


def _ask_place(talk: Talk, channel: Channel, behind: str) -> bool:
    if near := talk.near_place(behind):
        about = {"channel": channel.name, "text": f"@{near[0].name} {near[1]}"}
        return talk.did_you_mean(near[0].name, "post", about, channel.approval_ms)
    return talk.reply("no_place", name=first_word(behind)[0].upper()[:30])


def post_at(talk: Talk, channel: Channel, place: Place | None, text: str) -> bool:
    if why := may_reach(channel, place.level if place else None):
        return talk.reply(why, channel=channel.name, level=place.level if place else "")
    texts = texts_of(text, channel.languages)
    if not texts:
        return talk.reply("post_how", channel=channel.name)
    turn = talk.turn
    try:
        one = work.draft(
            turn.tx, turn.now, channel, place.id if place else None, texts,
            language=turn.rules.general.language, limits=turn.caps, national=turn.national,
        )  # fmt: skip
    except TextError:
        return talk.reply("too_long", parts="?", most=channel.max_sms)
    if one.cost.most_parts > channel.max_sms:
        return talk.reply("too_long", parts=one.cost.most_parts, most=channel.max_sms)
    if not one.cost.people:
        return talk.reply("nobody")
    return _posted(talk, one)


def _posted(talk: Talk, one: work.Draft) -> bool:
    turn, channel, author = talk.turn, one.channel, talk.sender()
    code = turn.new_code(OWNER)
    work.add(turn.tx, turn.now, code, one, author.number, author.id, turn.source)
    fields = {
        "code": code, "people": one.cost.people, "sms": one.cost.sms, "time": one.cost.time,
    }  # fmt: skip
    until = talk.quiet_until(channel)
    if not channel.approvals:
        if until is not None:
            return talk.reply("going_later", code=code, time=_at(until))
        return talk.reply("posted_going", **fields)
    two = needed(channel, quiet=until is not None) >= _TWO
    return talk.reply("posted_two" if two else "posted", **fields)


def _at(moment: int) -> str:
    return local(moment)[11:16]


# --- to approve ---------------------------------------------------------------------------------


def ok(talk: Talk, channel: Channel, one: Post) -> bool:
    turn = talk.turn
    until = talk.quiet_until(channel)
    given = work.approvers(turn.tx, one)
    verdict = approval(
        channel, one, work.author(turn.tx, one), Hand(turn.number, turn.person), given,
        turn.earliest, quiet=until is not None,
    )  # fmt: skip
    if verdict.effect is Effect.NONE:
        return talk.reply(verdict.key, **_fields(talk, channel, one))
    posts.approve(turn.tx, turn.now, one.code, turn.number, talk.sender().id)
    if verdict.effect is Effect.GOES:
        asked = needed(channel, quiet=until is not None)
        work.start(turn.tx, turn.now, channel, one, asked, turn.source)
        if until is not None and not (channel.night and asked >= _TWO):
            return talk.reply("going_later", code=one.code, time=_at(until))
    return talk.reply(verdict.key, code=one.code)


def no(talk: Talk, channel: Channel, one: Post) -> bool:
    """An approver says that it must not go. Its author hears of it."""
    turn = talk.turn
    if not is_approver(channel, turn.person):
        return talk.reply("not_approver", channel=channel.name)
    if one.state is not PostState.WAITING_APPROVAL:
        return talk.reply(state_words(one.state), **_fields(talk, channel, one))
    posts.move(turn.tx, turn.now, one, Cancelled(), turn.source, "not approved")
    author = work.author(turn.tx, one)
    if not same_hand(author, Hand(turn.number, turn.person)):
        tell_author(talk, one, "refused", f"{one.code} refused", {"code": one.code})
    return talk.reply("was_cancelled", code=one.code)


def tell_author(
    talk: Talk, one: Post, key: str, occasion: str, fields: Mapping[str, object]
) -> None:
    """Something that he did not ask for; whoever posts at the station itself sees it there."""
    if one.author_id is None:
        return
    turn = talk.turn
    turn.tell(
        one.author, turn.say(f"{OWNER}.{key}", one.author, **fields), rule=f"{OWNER}.author",
        occasion=occasion, priority=Priority.REPLY,
        useful_until=turn.now + turn.rules.general.useful_ms,
    )  # fmt: skip


# --- to steer -----------------------------------------------------------------------------------


def steer(talk: Talk, word: str, channel: Channel, one: Post) -> bool:
    """`word` is status, pause, resume or cancel."""
    turn = talk.turn
    if not may_steer(channel, turn.person):
        return talk.reply("only_team", channel=channel.name)
    if word == "status":
        return status(talk, channel, one)
    event = _EVENTS[word]
    if type(event) not in POST_TRANSITIONS[one.state]:
        return talk.reply(state_words(one.state), **_fields(talk, channel, one))
    moved = posts.move(turn.tx, turn.now, one, event, turn.source)
    if word == "cancel":
        turn.take_back(posts.waiting(turn.tx, one), work.CANCELLED)
    figures = post_figures.figures(turn.tx, moved, work.audience_of(turn.tx, channel, moved))
    left = figures.left + figures.waiting
    return talk.reply(_DONE[word], code=one.code, left=left, sent=figures.sent)


_EVENTS: Mapping[str, Event] = {"pause": Paused(), "resume": Resumed(), "cancel": Cancelled()}
_DONE = {"pause": "paused", "resume": "resumed", "cancel": "cancelled"}


def status(talk: Talk, channel: Channel, one: Post) -> bool:
    if one.state is PostState.WAITING_APPROVAL:
        return talk.reply("waits_for_ok", **_fields(talk, channel, one))
    turn = talk.turn
    figures = post_figures.figures(turn.tx, one, work.audience_of(turn.tx, channel, one))
    going = one.state in OPEN
    return talk.reply(
        "status_going" if going else "status",
        code=one.code, sent=figures.sent, delivered=figures.delivered, failed=figures.failed,
        opted_out=figures.opted_out, replies=figures.replies,
        **({"left": figures.left + figures.waiting} if going else {}),
    )  # fmt: skip


def _fields(talk: Talk, channel: Channel, one: Post) -> dict[str, object]:
    text = text_for(one.texts, talk.turn.language(talk.turn.number))
    return {"code": one.code, "channel": channel.name, "text": text[:_SHOWN]}
