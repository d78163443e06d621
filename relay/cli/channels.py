"""`relay channels`: what is posted to whom, and what staff decide about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from relay.cli.channels_followers import followers
from relay.cli.channels_found import (
    hers,
    known_channel,
    known_place,
    known_post,
    place_name,
    rules,
)
from relay.cli.channels_rumors import rumor, rumors
from relay.cli.channels_steering import approve, cancel, pause, resume
from relay.cli.desk import (
    Desk,
    config_option,
    examples,
    json_option,
    pass_desk,
    text_option,
    yes_option,
)
from relay.cli.lists import opened, source, viewed
from relay.cli.printing import data, emit, note, table
from relay.clock import local
from relay.core.plain import many

if TYPE_CHECKING:
    from relay.community.channels.rules import Channel
    from relay.core.posts import Figures, Post
    from relay.flows.answering.channel_posts import Draft

_EPILOG = examples(
    "relay channels                       which there are, and how many follow",
    "relay channels post PEACE --place Huruma 'Shops are open.'",
    "relay channels approve 37            somebody else than its author",
    "relay channels show 37               what became of it",
    "relay channels rumors                what people have heard",
)


@click.group(invoke_without_command=True, epilog=_EPILOG)
@config_option
@click.pass_context
def channels(context: click.Context) -> None:
    """Channels: people join by SMS, and posts go to them by place and in their language.

    A post goes out when a second person has approved it, where its channel asks for that.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_)


@channels.command("list", epilog=examples("relay channels list", "relay channels list --json"))
@json_option
@config_option
@pass_desk
def list_(desk: Desk, as_json: bool = False) -> None:
    """List the channels of the rule sets that are switched on."""
    from relay.store import channels as store

    known = rules(desk)
    with viewed(desk) as view:
        counts = {name: store.count(view, name) for name in known}
    if as_json:
        emit({"channels": [_document(known[name], counts[name]) for name in sorted(known)]})
    elif known:
        table(
            ("name", "followers", "posters", "approvals", "join", "mode"),
            [_row(known[name], counts[name]) for name in sorted(known)],
        )
    else:
        note("There are none. Switch a rule set on: [community] sets, such as peace or notices")


def _row(channel: Channel, count: int) -> list[str]:
    return [
        channel.name,
        f"{count:,}",
        " ".join(sorted(channel.posters)),
        str(channel.approvals),
        " ".join(sorted(channel.join)) or "anyone",
        "latest" if channel.latest else "all",
    ]


def _document(channel: Channel, count: int) -> dict[str, Any]:
    return {
        "name": channel.name,
        "titles": dict(channel.titles),
        "followers": count,
        "posters": sorted(channel.posters),
        "approvers": sorted(channel.approvers),
        "approvals": channel.approvals,
        "join": sorted(channel.join),
        "places": channel.places,
        "mode": "latest" if channel.latest else "all",
    }


# --- posts --------------------------------------------------------------------------------------


@channels.command(
    epilog=examples("relay channels posts", "relay channels posts --channel PEACE --text")
)
@click.option("--channel", "name", metavar="NAME", help="Only of this one.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most.")
@text_option
@json_option
@config_option
@pass_desk
def posts(desk: Desk, name: str | None, limit: int, show_text: bool, as_json: bool) -> None:
    """List posts, the newest first."""
    from relay.store import posts as store

    with viewed(desk) as view:
        wanted = known_channel(desk, name).name if name else None
        found = store.newest(view, wanted, limit)
        named = {one.code: place_name(view, one.place_id) for one in found}
    if as_json:
        emit({"posts": [_post_document(one, named[one.code], show_text) for one in found]})
    elif found:
        columns = ["post", "written", "channel", "place", "state", "people",
                   *(["text"] if show_text else [])]  # fmt: skip
        table(columns, [_post_row(one, named[one.code], show_text) for one in found])
    else:
        note("There are none.")


def _post_row(one: Post, place: str, show_text: bool) -> list[str]:
    text = next(iter(one.texts.values()), "")
    return [
        str(one.code), local(one.created_at), one.channel, place, one.state,
        f"{one.people:,}", *([text] if show_text else []),
    ]  # fmt: skip


def _post_document(one: Post, place: str, show_text: bool) -> dict[str, Any]:
    return {
        "post": one.code, "channel": one.channel, "place": place, "state": one.state,
        "people": one.people, "sms": one.sms, "created_at": one.created_at,
        "approved_at": one.approved_at, "finished_at": one.finished_at, "reason": one.reason,
        **({"texts": dict(one.texts)} if show_text else {}),
    }  # fmt: skip


@channels.command(epilog=examples("relay channels show 37", "relay channels show 37 --json"))
@click.argument("code", metavar="POST", type=click.IntRange(1))
@json_option
@config_option
@pass_desk
def show(desk: Desk, code: int, as_json: bool) -> None:
    """Show one post: its text, who approved it, what became of it, what people answered."""
    from relay.flows.answering.channel_posts import audience_of
    from relay.store import post_figures, post_replies
    from relay.store import posts as store

    known = rules(desk)
    with viewed(desk) as view:
        one = known_post(view, code)
        channel = known.get(one.channel)
        given = [row["at"] for row in store.approvals(view, code)]
        place = place_name(view, one.place_id)
        replies = post_replies.texts(view, code, _REPLIES)
        figures = (
            post_figures.figures(view, one, audience_of(view, channel, one)) if channel else None
        )
    if as_json:
        figured = {"figures": _figures(figures)} if figures else {}
        emit({**_post_document(one, place, True), "approved_at_all": given, **figured,
              "replies": list(replies)})  # fmt: skip
        return
    data(f"post {one.code} to {one.channel}{f', {place}' if place else ''}: {one.state}")
    data(f"  written   {local(one.created_at)}")
    data(f"  approved  {', '.join(map(local, given)) or '-'}")
    data(f"  cost      {many(one.people, 'person', 'people')}, {one.sms:,} SMS")
    for key, value in _figures(figures).items() if figures else ():
        data(f"  {key:9} {value:,}")
    if one.reason:
        data(f"  reason    {one.reason}")
    for language, text in one.texts.items():
        data(f"\n{language + ': ' if language else ''}{text}")
    for text in replies:
        data(f"\n> {text}")


_REPLIES = 20


def _figures(figures: Figures) -> Mapping[str, int]:
    return {
        "sent": figures.sent, "delivered": figures.delivered, "failed": figures.failed,
        "opted out": figures.opted_out, "dropped": figures.dropped, "replies": figures.replies,
        "left": figures.left + figures.waiting,
    }  # fmt: skip


# --- to post ------------------------------------------------------------------------------------


@channels.command(
    epilog=examples(
        "relay channels post PEACE --place Huruma 'Stay calm.'",
        "relay channels post NOTICES 'en: Market today. sw: Soko leo.'",
    )
)
@click.argument("name", metavar="CHANNEL")
@click.argument("text", metavar="TEXT")
@click.option("--place", metavar="PLACE", help="Only to those there, or in what lies in it.")
@yes_option
@json_option
@config_option
@pass_desk
def post(desk: Desk, name: str, text: str, place: str | None, yes: bool, as_json: bool) -> None:
    """Write a post, once you have seen what it costs; somebody else approves it.

    The text may be in several languages, each behind its code: 'en: … sw: …'.
    """
    from relay.flows.answering import channel_posts as work
    from relay.store import questions

    channel = known_channel(desk, name)
    now = desk.clock.now()
    with opened(desk) as db:
        with viewed(desk) as view:  # a daemon that has an SMS to keep waits for nobody's yes
            one = _draft(desk, view, channel, text, place)
        _tell_cost(one)
        if not yes:
            click.confirm("Post it?", abort=True, err=True)
        with db.transaction() as tx:
            code = questions.new_code(tx, now, "channels")
            work.add(tx, now, code, one, hers(), None, source("channels post"))
    if as_json:
        emit({"post": code, "people": one.cost.people, "sms": one.cost.sms,
              "minutes": one.cost.minutes, "measured": one.cost.pace.measured})  # fmt: skip
    elif channel.approvals:
        data(f"Post {code} waits. Somebody else sends OK {code}: relay channels approve {code}")
    else:
        data(f"Post {code} is going out.")


def _draft(
    desk: Desk, view: sqlite3.Connection, channel: Channel, text: str, place: str | None
) -> Draft:
    from relay.community.channels.composing import texts_of
    from relay.community.channels.deciding import may_reach
    from relay.flows.answering.channel_posts import draft

    config = desk.config()
    at = known_place(view, place) if place else None
    if why := may_reach(channel, at.level if at else None):
        raise click.ClickException(
            f"{channel.name} posts to a {' or a '.join(channel.reach)} only. Nothing was posted."
            + (" Name one with --place." if why == "name_a_place" else "")
        )
    texts = texts_of(text, channel.languages)
    if not texts:
        raise click.UsageError("The post has no text.")
    one = draft(
        view, desk.clock.now(), channel, at.id if at else None, texts,
        language=config.community.language, limits=config.sending.rules.caps,
        national=config.sending.national,
    )  # fmt: skip
    if one.cost.most_parts > channel.max_sms:
        raise click.ClickException(
            f"it takes {one.cost.most_parts} SMS for each person, {channel.max_sms} is the most "
            f"of {channel.name}. Nothing was posted. Shorten it."
        )
    if not one.cost.people:
        raise click.ClickException("nobody would get it. Nothing was posted.")
    return one


def _tell_cost(one: Draft) -> None:
    cost = one.cost
    how = "as measured here" if cost.pace.measured else "assumed, nothing was measured yet"
    note(
        f"{many(cost.people, 'person', 'people')}, {cost.sms:,} SMS, about {cost.time} "
        f"({cost.pace.per_minute:.0f} SMS a minute, {how}; quiet hours come on top)."
    )


for command in (approve, pause, resume, cancel, followers, rumors, rumor):
    channels.add_command(command)
