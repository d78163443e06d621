"""`relay send`: one message into the outbox, refused at the door if no SMS can carry it."""

from __future__ import annotations

from dataclasses import dataclass

import click

from relay.cli.desk import (
    Desk,
    config_option,
    examples,
    json_option,
    numbers_option,
    pass_desk,
)
from relay.cli.printing import data, emit, note, number
from relay.config_sections import Config, SendingConfig
from relay.core import plain
from relay.core.number import dialable
from relay.core.priority import Priority
from relay.core.segment import Segments, segment
from relay.errors import NumberError, TextError
from relay.status import is_held

_ALPHABETS = {"gsm7": "GSM 7-bit", "ucs2": "UCS-2", "8bit": "8-bit"}


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that can be sent: whom to, what, and in how many SMS."""

    recipient: str
    text: str
    segments: Segments


@click.command(
    epilog=examples(
        "relay send +254700000001 'Come to the clinic today'",
        "relay send --dry-run +254700000001 'How many SMS is this?'",
        "relay send --priority +254700000001 - < urgent.txt",
    )
    + "\n\nExit codes: 65 the number or the text cannot be sent; 73, 74 it could not be stored."
)
@click.argument("recipient", metavar="NUMBER")
@click.argument("words", metavar="TEXT|-", nargs=-1, required=True)
@click.option("--priority", is_flag=True, help="Before everything else that waits.")
@click.option("--dry-run", is_flag=True, help="Only say what would be sent.")
@numbers_option
@json_option
@config_option
@pass_desk
def send(
    desk: Desk,
    recipient: str,
    words: tuple[str, ...],
    priority: bool,
    dry_run: bool,
    show_numbers: bool,
    as_json: bool,
) -> None:
    """Put a message into the outbox; "-" reads the text from the standard input.

    It goes out as soon as possible; if relay is not running, once it is started.
    """
    config = desk.config()
    letter = checked(recipient, _text(words), config.sending)
    outbound_id = None if dry_run else _enqueue(desk, config, letter, priority)
    if as_json:
        emit(_document(letter, outbound_id, show_numbers))
        return
    data(_words(letter, outbound_id, show_numbers))
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


def _enqueue(desk: Desk, config: Config, letter: Letter, priority: bool) -> int:
    db = desk.store(config)
    try:
        return desk.outbox(config, db).enqueue(
            desk.clock.now(),
            recipient=letter.recipient,
            text=letter.text,
            priority=Priority.ALERT if priority else 0,
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
