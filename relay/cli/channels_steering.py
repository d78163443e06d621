"""`relay channels approve|pause|resume|cancel`: what staff decide about a post."""

from __future__ import annotations

import click

from relay.cli.channels_found import book, hers, known_channel, known_post
from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.lists import source
from relay.cli.printing import data, emit
from relay.core.posts import POST_TRANSITIONS, Cancelled, Event, Paused, Resumed

_code = click.argument("code", metavar="POST", type=click.IntRange(1))
_REFUSED = {
    "author_cannot": "its author cannot approve it",
    "expired": "it has expired; post it again",
    "approved_twice": "you have approved it already; it takes somebody else",
    "already_going": "it is going out already",
    "is_paused": "it is paused; relay channels resume lets it go on",
    "has_gone": "it has gone out already",
    "was_cancelled": "it was cancelled",
}


@click.command(epilog=examples("relay channels approve 37"))
@_code
@json_option
@config_option
@pass_desk
def approve(desk: Desk, code: int, as_json: bool) -> None:
    """Approve a post that somebody else has written. It then goes out."""
    from relay.clock import wall
    from relay.community.channels.deciding import Effect, Hand, approval, needed
    from relay.flows.answering import channel_posts as work
    from relay.store import posts

    config = desk.config()
    db = desk.store(config)
    now = desk.clock.now()
    try:
        with db.transaction() as tx:
            one = known_post(tx, code)
            channel = known_channel(desk, one.channel)
            quiet = channel.quiet or book(desk).general.quiet
            is_quiet = quiet is not None and quiet.until(now, wall) is not None
            verdict = approval(
                channel, one, work.author(tx, one), Hand(hers(), desk=True),
                work.approvers(tx, one), desk.clock.earliest(), quiet=is_quiet,
            )  # fmt: skip
            if verdict.effect is Effect.NONE:
                raise click.ClickException(f"post {code}: {_REFUSED[verdict.key]}")
            posts.approve(tx, now, code, hers(), None)
            if verdict.effect is Effect.GOES:
                asked = needed(channel, quiet=is_quiet)
                work.start(tx, now, channel, one, asked, source("channels approve"))
            state = known_post(tx, code).state
    finally:
        db.close()
    if as_json:
        emit({"post": code, "state": state})
    elif verdict.effect is Effect.COUNTED:
        data(f"Noted. One more person must send OK {code}.")
    else:
        held = " once quiet hours are over" if is_quiet and not channel.night else ""
        data(f"Post {code} is going out{held}.")


@click.command(epilog=examples("relay channels pause 37"))
@_code
@json_option
@config_option
@pass_desk
def pause(desk: Desk, code: int, as_json: bool) -> None:
    """Hold a post: nobody else gets it until it is resumed."""
    _steer(desk, code, Paused(), as_json, "channels pause")


@click.command(epilog=examples("relay channels resume 37"))
@_code
@json_option
@config_option
@pass_desk
def resume(desk: Desk, code: int, as_json: bool) -> None:
    """Let a paused post go on where it was."""
    _steer(desk, code, Resumed(), as_json, "channels resume")


@click.command(epilog=examples("relay channels cancel 37"))
@_code
@json_option
@config_option
@pass_desk
def cancel(desk: Desk, code: int, as_json: bool) -> None:
    """Stop a post for good; what has left cannot be taken back."""
    _steer(desk, code, Cancelled(), as_json, "channels cancel")


def _steer(
    desk: Desk,
    code: int,
    event: Event,
    as_json: bool,
    command: str,
) -> None:
    from relay.flows.answering.channel_posts import CANCELLED
    from relay.store import posts

    config, now = desk.config(), desk.clock.now()
    db = desk.store(config)
    try:
        with db.transaction() as tx:
            one = known_post(tx, code)
            if type(event) not in POST_TRANSITIONS[one.state]:
                raise click.ClickException(
                    f"post {code} is {one.state}. Nothing was changed. "
                    f"See it: relay channels show {code}"
                )
            moved = posts.move(tx, now, one, event, source(command))
            if isinstance(event, Cancelled):
                outbox = desk.outbox(config, db)
                for outbound_id in posts.waiting(tx, one):
                    outbox.cancel(now, outbound_id, CANCELLED)
    finally:
        db.close()
    if as_json:
        emit({"post": code, "state": moved.state})
    else:
        data(f"Post {code}: {moved.state}")
