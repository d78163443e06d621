"""What the engine asks of forms, channels, call-outs and reminders, in this order."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from relay.core.form_report import FormReport
from relay.core.question import Question
from relay.flows.answering.turn import Turn


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a question: `word` is yes, no or ok, or '' where it was one of the choices.

    `rest` is what stands behind it, as written, without the code.
    """

    word: str
    choice: str = ""
    code: int | None = None
    rest: str = ""


class Primitive:
    """Takes nothing and has nothing due; the four primitives say where they differ.

    What returns a bool says whether the message was taken: then no other is asked, and either
    `turn.reply` or `turn.silent` was called.
    """

    name = ""

    def answer(self, turn: Turn, question: Question, reply: Reply) -> bool:
        """The answer to a question of its own."""
        return False

    def coded(self, turn: Turn, word: str, code: int, rest: str) -> bool:
        """A word and a code of its own, as in `OK 37`, from whoever sends it."""
        return False

    def command(self, turn: Turn, command: str, rest: str) -> bool:
        """One of its own command words; `command` is its key."""
        return False

    def plain(self, turn: Turn) -> bool:
        """A text that is no command: a report, a reply to a post."""
        return False

    def fallback(self, turn: Turn) -> bool:
        """A text that nobody took."""
        return False

    def opted_out(self, turn: Turn, number: str) -> None:
        """This number has sent STOP. What waited for it in the outbox is cancelled already."""

    def reported(self, turn: Turn, report: FormReport) -> Mapping[str, object]:
        """A report was accepted. What is returned may stand in its receipt."""
        return {}

    def due(self, turn: Turn, limit: int) -> int:
        """Do what is due, at most `limit` things; how many were done."""
        return 0

    def next_due_at(self, tx: sqlite3.Connection, now: int) -> int | None:
        """When something is due next (epoch ms), None for never."""
        return None
