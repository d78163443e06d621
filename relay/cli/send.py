"""`relay send`: one message into the outbox, refused at the door if no SMS can carry it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import click

from relay.cli.desk import (
    Desk,
    LocalTime,
    config_option,
    examples,
    json_option,
    numbers_option,
    pass_desk,
)
from relay.cli.printing import data, emit, note, number
from relay.clock import local
from relay.config_sections import Config, SendingConfig
from relay.core import plain
from relay.core.number import dialable
from relay.core.priority import Priority
from relay.core.segment import Segments, segment
from relay.errors import NumberError, TextError
from relay.status import is_held

_STEPS = {step.name.lower(): int(step) for step in sorted(Priority, reverse=True)}
_LONGEST_KEY = 100
_ALPHABETS = {"gsm7": "GSM 7-bit", "ucs2": "UCS-2", "8bit": "8-bit"}


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that can be sent: whom to, what, and in how many SMS."""

    recipient: str
    text: str
    segments: Segments


@dataclass(frozen=True, slots=True)
class Wishes:
    """How it is to be sent. Times are epoch milliseconds."""

    priority: int
    not_before: int | None
    useful_until: int | None
    key: str | None

    def check(self, now: int) -> None:
        """Raises `click.UsageError` for times at which it could never be sent."""
        if self.not_before is not None and self.not_before < now:
            raise click.UsageError("--at lies in the past. Nothing was stored.")
        if self.useful_until is not None and self.useful_until <= max(now, self.not_before or 0):
            before = "--at" if self.not_before else "now"
            raise click.UsageError(f"--useful-until is not after {before}. Nothing was stored.")
        if self.key is not None and not 0 < len(self.key) <= _LONGEST_KEY:
            raise click.UsageError(f"--key has 1 to {_LONGEST_KEY} characters.")

    def words(self) -> str:
        start = f", not before {local(self.not_before)[:16]}" if self.not_before else ""
        end = f", not after {local(self.useful_until)[:16]}" if self.useful_until else ""
        return start + end


class _Send(click.Command):
    """`--priority` stood alone before it had a word behind it, and still may."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        said = [
            "--priority=alert" if word == "--priority" and not following.isalpha() else word
            for word, following in pairwise([*args, ""])
        ]
        return super().parse_args(ctx, said)


@click.command(
    cls=_Send,
    epilog=examples(
        "relay send +254700000001 'Come to the clinic today'",
        "relay send --dry-run +254700000001 'How many SMS is this?'",
        "relay send --priority +254700000001 - < urgent.txt",
        "relay send --priority reminder --at '2026-11-25 08:00' +254700000001 Come",
        "relay send --key stock --useful-until '2026-11-25 18:00' +254700000001 ORS",
    )
    + "\n\nExit codes: 65 the number or the text cannot be sent; 73, 74 it could not be stored.",
)
@click.argument("recipient", metavar="NUMBER")
@click.argument("words", metavar="TEXT|-", nargs=-1, required=True)
@click.option(
    "--priority",
    type=click.Choice(list(_STEPS)),
    default="reply",
    show_default=True,
    help="How urgent it is; without a word behind it: alert, before everything else that waits.",
)
@click.option("--at", type=LocalTime(), help="Not before this time.")
@click.option("--useful-until", type=LocalTime(), help="Not after this time: it fails instead.")
@click.option("--key", metavar="WORD", help="A newer message of this key replaces a waiting one.")
@click.option("--dry-run", is_flag=True, help="Only say what would be sent.")
@numbers_option
@json_option
@config_option
@pass_desk
def send(
    desk: Desk,
    recipient: str,
    words: tuple[str, ...],
    priority: str,
    at: int | None,
    useful_until: int | None,
    key: str | None,
    dry_run: bool,
    show_numbers: bool,
    as_json: bool,
) -> None:
    """Put a message into the outbox; "-" reads the text from the standard input.

    It goes out as soon as possible; if relay is not running, once it is started. Times are those
    of the clock on the wall: '2026-11-25 08:00'.
    """
    config = desk.config()
    letter = checked(recipient, _text(words), config.sending)
    wishes = Wishes(_STEPS[priority], at, useful_until, key)
    wishes.check(desk.clock.now())
    outbound_id = None if dry_run else _enqueue(desk, config, letter, wishes)
    if as_json:
        emit(_document(letter, outbound_id, show_numbers))
        return
    data(_words(letter, outbound_id, show_numbers) + wishes.words())
    if outbound_id is not None and is_held(config.store.path) is False:
        note("relay is not running: it goes out once relay is started.")


def _text(words: tuple[str, ...]) -> str:
    if len(words) > 1:
        raise click.UsageError("The text is one word to the shell: put it in 'quotes'.")
    if words[0] != "-":
        return words[0]
    try:
        text: str = click.open_file("-", encoding="utf-8").read()
    except UnicodeDecodeError:
        raise TextError(
            "text.encoding",
            "the text is not in UTF-8. Nothing was stored. Convert it first: iconv -t UTF-8",
        ) from None
    return text.removesuffix("\n")


def checked(recipient: str, text: str, sending: SendingConfig) -> Letter:
    """Raises `NumberError` or `TextError` for what could never be sent."""
    try:
        to = dialable(recipient)
    except NumberError as error:
        hint = "Nothing was stored. Write a phone number such as +254700000001."
        raise NumberError(error.code, f"{error.detail}. {hint}") from None
    if not text:
        raise TextError("text.empty", "there is no text. Nothing was stored.")
    try:
        segments = segment(text, national=sending.national)
    except TextError as error:
        raise TextError(error.code, f"{error.detail}. Nothing was stored.") from None
    if len(segments.parts) > sending.max_parts:
        raise TextError(
            "text.too_long",
            f"{len(segments.parts)} SMS; max_parts in the configuration allows "
            f"{sending.max_parts}. Nothing was stored.",
        )
    return Letter(to, text, segments)


def _enqueue(desk: Desk, config: Config, letter: Letter, wishes: Wishes) -> int:
    db = desk.store(config)
    try:
        return desk.outbox(config, db).enqueue(
            desk.clock.now(),
            recipient=letter.recipient,
            text=letter.text,
            priority=wishes.priority,
            not_before=wishes.not_before,
            useful_until=wishes.useful_until,
            key=wishes.key,
        )
    finally:
        db.close()


def _words(letter: Letter, outbound_id: int | None, show_numbers: bool) -> str:
    name = "Not sent" if outbound_id is None else f"out {outbound_id}"
    parts = plain.many(len(letter.segments.parts), "SMS", "SMS")
    return f"{name}: to {number(letter.recipient, show_numbers)}, {parts} ({_alphabet(letter)})"


def _alphabet(letter: Letter) -> str:
    name = _ALPHABETS.get(letter.segments.encoding, letter.segments.encoding)
    return f"{name}, {plain.many(letter.segments.units, 'character')}"


def _document(letter: Letter, outbound_id: int | None, show: bool) -> dict[str, object]:
    return {
        "id": outbound_id,
        "recipient": number(letter.recipient, show),
        "sms": len(letter.segments.parts),
        "alphabet": letter.segments.encoding.value,
        "units": letter.segments.units,
    }
