"""Which channel, place and post a command means, and who gives it."""

from __future__ import annotations

import getpass
import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from relay.cli.desk import Desk
    from relay.community.channels.rules import Channel
    from relay.community.rulebook import RuleBook
    from relay.core.people import Place
    from relay.core.posts import Post


def book(desk: Desk) -> RuleBook:
    """What the sets that are switched on say."""
    from relay.assembly_community import rules as found

    return found(desk.config()).book


def rules(desk: Desk) -> Mapping[str, Channel]:
    """The channels of them, by name."""
    return book(desk).rules("channel")


def known_channel(desk: Desk, name: str) -> Channel:
    from relay.community.spelling import fold, nearest

    by_word = {fold(one): channel for one, channel in rules(desk).items()}
    if (channel := by_word.get(fold(name))) is not None:
        return channel
    near = nearest(fold(name), by_word)
    hint = f"did you mean {by_word[near].name}?" if near else "see them: relay channels list"
    raise click.ClickException(f"there is no channel {name!r}; {hint}")


def known_place(view: sqlite3.Connection, written: str) -> Place:
    from relay.community.lists import unknown_place
    from relay.community.spelling import fold
    from relay.store import places

    found = places.find(view, fold(written))
    if found is None:
        error = unknown_place(0, written, places.names(view))
        raise click.ClickException(f"{error.cause}; {error.remedy}")
    return found


def place_name(view: sqlite3.Connection, place_id: int | None) -> str:
    """Empty for everywhere, and for a place that there is no more."""
    from relay.store import places

    try:
        return places.get(view, place_id).name if place_id else ""
    except KeyError:
        return "?"


def known_post(view: sqlite3.Connection, code: int) -> Post:
    from relay.store import posts

    found = posts.get(view, code)
    if found is None:
        raise click.ClickException(f"there is no post {code}; see them with: relay channels posts")
    return found


def hers() -> str:
    """The account by which somebody at this computer writes and approves."""
    return f"@{getpass.getuser()}"
