"""What a rule may do: reply to the sender, tell others, ask, and remember. In one transaction."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from relay.clock import wall
from relay.community.rulebook import RuleBook
from relay.core.caps import Cap
from relay.core.loops import is_short, same_number
from relay.core.people import Person
from relay.core.priority import Priority, is_urgent
from relay.core.quiet import Quiet
from relay.core.segment import segment
from relay.errors import TextError
from relay.store import allowances, answers, occasions, people, questions, trail
from relay.store.outbox import Outbox

SKIPPED = "SKIPPED_OPTED_OUT: this number has sent STOP"
# A number that a person can have: with its country, or as it is dialled at home.
_OF_A_PERSON = re.compile(r"\+?[0-9]{3,20}")


@dataclass(frozen=True, slots=True)
class Incoming:
    """The message that is answered. `kept_at` is epoch ms; `text` may be blank."""

    inbound_id: int
    number: str
    text: str
    kept_at: int


class Told(Enum):
    """What became of something that was to be told. All but the last two are final."""

    QUEUED = auto()
    ALREADY = auto()  # this number was told of this occasion of this rule
    OPTED_OUT = auto()
    UNREACHABLE = auto()  # a machine's number, or this station's own
    CAPPED = auto()  # not now: the day's or the month's SMS are used up
    UNSENDABLE = auto()  # no SMS can carry the text


class Turn:
    """One inbound SMS, or one slice of what is due; lives inside one transaction.

    `earliest` is certainly no later than now: whatever expires is measured by it.
    """

    def __init__(
        self,
        tx: sqlite3.Connection,
        now: int,
        rules: RuleBook,
        outbox: Outbox,
        sms: Incoming | None = None,
        *,
        earliest: int | None = None,
    ) -> None:
        self.tx = tx
        self.now = now
        self.earliest = now if earliest is None else earliest
        self.rules = rules
        self.sms = sms
        self.person: Person | None = people.by_number(tx, sms.number) if sms else None
        self.outbound_id: int | None = None  # of the reply
        self.wrote = False  # whether anything entered the outbox
        self.allowed = True  # whether the sender has an answer left
        self._replied = False
        self._outbox = outbox

    @property
    def number(self) -> str:
        """The sender, in the one way of writing that his rows have."""
        if self.sms is None:
            raise LookupError("nobody has written: this is work by the clock")
        return self.person.number if self.person else self.sms.number

    @property
    def source(self) -> str:
        """For the trail: what caused a change."""
        return f"sms in {self.sms.inbound_id}" if self.sms else "rules"

    def language(self, number: str) -> str:
        """The one that this person reads; the station's where nobody knows."""
        known = (
            self.person
            if self.person and self.person.number == number
            else (people.by_number(self.tx, number))
        )
        return (known.language if known else "") or self.rules.general.language

    def say(self, key: str, number: str, /, **fields: object) -> str:
        """A text of the wording, in the language of the one who is to read it."""
        return self.rules.wording.text(key, self.language(number), **fields)

    # --- to the sender --------------------------------------------------------------------------

    def reply(self, key: str, /, **fields: object) -> None:
        """Answer the sender, in his language. Once for each message."""
        self.reply_text(self.say(key, self.number, **fields))

    def reply_text(self, text: str, *, certainly: bool = False) -> None:
        """See `reply`. `certainly`: also where he has had more answers than an hour allows."""
        if self._replied:
            raise AssertionError("one SMS is answered once")
        self._replied = True
        if not self._may_write(self.number) or not (certainly or self._has_room(text)):
            trail.count(self.tx, self.now, "community_unanswered")
            return
        useful_until = self.now + self.rules.general.useful_ms
        self.outbound_id = self._enqueue(self.number, text, Priority.REPLY, None, useful_until)
        if not certainly:  # a STOP that follows takes it back
            self._note_answer()

    def _note_answer(self) -> None:
        if self.sms is not None:
            answered = str(self.sms.inbound_id)
            occasions.note(
                self.tx, self.now, occasions.ANSWER, answered, self.number, self.outbound_id
            )

    def silent(self) -> None:
        """Taken, and on purpose without an answer."""
        self._replied = True

    def _has_room(self, text: str) -> bool:
        if not self.allowed:
            return False
        return self._within_caps(Priority.REPLY, text) is Told.QUEUED

    # --- to others ------------------------------------------------------------------------------

    def tell(
        self,
        number: str,
        text: str,
        *,
        rule: str,
        occasion: str,
        priority: Priority,
        quiet: Quiet | None = None,
        not_before: int | None = None,
        useful_until: int | None = None,
        key: str | None = None,
    ) -> Told:
        """Put a message to somebody into the outbox: once for this rule, occasion and number.

        It does not go in `quiet` hours. What was only `CAPPED` may be tried again later.
        """
        person = people.by_number(self.tx, number)
        number = person.number if person else number
        if occasions.known(self.tx, rule, occasion, number):
            return Told.ALREADY
        if people.has_stopped(self.tx, person, number):
            return Told.OPTED_OUT
        if not self._may_write(number):
            return Told.UNREACHABLE
        if (room := self._within_caps(priority, text)) is not Told.QUEUED:
            return room
        begins = self._not_in(quiet, not_before)
        outbound_id = self._enqueue(number, text, priority, begins, useful_until, key)
        occasions.note(self.tx, self.now, rule, occasion, number, outbound_id)
        return Told.QUEUED

    def cancel(self, rule: str, occasion: str, reason: str) -> int:
        """Take back what has not left of an occasion; how many messages."""
        return self.take_back(occasions.waiting_of(self.tx, rule, occasion), reason)

    def take_back(self, outbound_ids: Sequence[int], reason: str) -> int:
        """Cancel messages that have not left; how many of them."""
        return sum(self._outbox.cancel(self.now, one, reason) for one in outbound_ids)

    @property
    def caps(self) -> tuple[Cap, ...]:
        """How much may leave in which time: of that it depends how long something takes."""
        return self._outbox.caps

    @property
    def national(self) -> tuple[str, ...]:
        """The language tables by which texts are cut into SMS here."""
        return self._outbox.national

    def _may_write(self, number: str) -> bool:
        """Whether a person can be at this number: no letters, no short code, not ourselves."""
        if not _OF_A_PERSON.fullmatch(number) or is_short(number):
            return False
        return not any(same_number(number, one) for one in self.rules.general.never)

    def _within_caps(self, priority: Priority, text: str) -> Told:
        try:
            parts = len(segment(text).parts)
        except TextError:
            return Told.UNSENDABLE
        general = self.rules.general
        if is_urgent(priority) or not (general.per_day or general.per_month):
            return Told.QUEUED
        today, month = allowances.community_sms(self.tx, self.now)
        for used, most in ((today, general.per_day), (month, general.per_month)):
            if most and used + parts > most:
                return Told.CAPPED
        return Told.QUEUED

    def _not_in(self, quiet: Quiet | None, not_before: int | None) -> int | None:
        begins = max(self.now, not_before or 0)
        if quiet is not None and (end := quiet.until(begins, wall)):
            begins = end
        return begins if begins > self.now else None

    def _enqueue(
        self,
        number: str,
        text: str,
        priority: Priority,
        not_before: int | None,
        useful_until: int | None,
        key: str | None = None,
    ) -> int:
        outbound_id = self._outbox.enqueue(
            self.now,
            recipient=number,
            text=text,
            priority=priority,
            not_before=not_before,
            useful_until=useful_until,
            key=key,
            by_machine=True,
        )
        trail.count(self.tx, self.now, "community_sms", len(segment(text).parts))
        self.wrote = True
        return outbound_id

    # --- questions ------------------------------------------------------------------------------

    def ask(
        self,
        number: str,
        owner: str,
        kind: str,
        about: Mapping[str, object],
        *,
        expires_at: int,
        code: int | None = None,
        choices: Sequence[str] = (),
    ) -> int:
        """Remember that this number was asked; the words are told, or replied, by the caller."""
        person = people.by_number(self.tx, number)
        return questions.ask(
            self.tx,
            self.now,
            person.number if person else number,
            owner,
            kind,
            about,
            expires_at=expires_at,
            code=code,
            choices=choices,
        )

    def close_questions(
        self, owner: str, *, code: int | None = None, number: str | None = None
    ) -> None:
        questions.close(self.tx, self.now, owner=owner, code=code, number=number)

    def new_code(self, owner: str) -> int:
        """The number by which people name a post or a request: one sequence for all."""
        return questions.new_code(self.tx, self.now, owner)

    # --- STOP -----------------------------------------------------------------------------------

    def empty(self, number: str) -> int:
        """Nothing that waits for this number goes out any more; how many messages."""
        every = self.rules.general.stop_all
        waiting = (occasions.waiting_at_all if every else occasions.waiting)(self.tx, number)
        questions.close(self.tx, self.now, number=number)
        return self.take_back(waiting, SKIPPED)

    def settle(self, by: str) -> None:
        """Write down which rule took the message."""
        if self.sms is not None:
            answers.settle(self.tx, self.sms.inbound_id, by, self.outbound_id)
