"""Forms: a report is read, checked, written down and acknowledged, in one commit.

A report is written down whatever becomes of it. The server gets it as it was sent in any case:
that is the inbox's work, and nothing here touches it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from relay.clock import local
from relay.community.forms import patient_id as ids
from relay.community.forms import reading
from relay.community.forms.code import form_code
from relay.community.forms.form import FieldType, Form, ReplyOwner
from relay.core.form_report import FormReport, Outcome, first_name
from relay.flows.answering.form_receipts import (
    incomplete,
    not_found,
    receipt,
    stock_misread,
    stock_receipt,
)
from relay.flows.answering.form_stock import keep_stock
from relay.flows.answering.primitive import Primitive
from relay.flows.answering.turn import Turn
from relay.store import form_reports, registry
from relay.store.form_reports import Earlier, Kept
from relay.store.registry import Patient

# Of what somebody wrote in the place of an id, so that the answer is one SMS.
_LONGEST_ID = 20


class Forms(Primitive):
    """`heard_by` are told of every accepted report, and may add to its receipt; `digits` gives
    so many random ones."""

    name = "forms"

    def __init__(
        self, forms: Mapping[str, Form], heard_by: Sequence[Primitive], digits: ids.Digits
    ) -> None:
        self._forms = forms
        self._heard_by = tuple(heard_by)
        self._digits = digits
        self._registers = any(form.registers for form in forms.values())
        self._tags = frozenset(tag for form in forms.values() for tag in form.senders)

    # --- a report -------------------------------------------------------------------------------

    def plain(self, turn: Turn) -> bool:
        """Takes every message that names a form there is."""
        assert turn.sms is not None
        form = self._forms.get(form_code(turn.sms.text))
        if form is None:
            return self._misspelt(turn)
        answer = self._take(turn, form, _kept(turn, form.code))
        if form.reply_owner is ReplyOwner.SERVER:
            turn.silent()
        else:
            turn.reply_text(answer)
        return True

    def _misspelt(self, turn: Turn) -> bool:
        """A report of a form that is nearly there is no reply to a post, which nobody answers."""
        assert turn.sms is not None
        text = turn.sms.text
        near = reading.is_nearly_report(text, self._forms)
        if not near or not self._may_report(turn, turn.number):
            return False
        self._not_found(turn, text)
        return True

    def _not_found(self, turn: Turn, text: str) -> None:
        kept = replace(_kept(turn, ""), numbered=False, outcome=Outcome.NOT_FOUND)
        form_reports.keep(turn.tx, kept)
        turn.reply_text(not_found(turn, self._forms, form_code(text)))

    def _take(self, turn: Turn, form: Form, kept: Kept) -> str:
        """Write the report down; what its sender is told."""
        tags = turn.person.tags if turn.person else frozenset()
        if form.senders and not tags.intersection(form.senders):
            form_reports.keep(turn.tx, replace(kept, outcome=Outcome.NOT_ALLOWED, numbered=False))
            return turn.say("forms.not_allowed", turn.number, code=form.code)
        earlier = form_reports.same(turn.tx, kept.number, kept.digest, turn.now)
        if earlier is not None:
            again = replace(kept, outcome=Outcome.DUPLICATE, first_id=earlier.id)
            form_reports.keep(turn.tx, again)
            return turn.say("forms.already", turn.number, ref=earlier.ref)
        if form.stock is not None:
            return self._take_stock(turn, form, kept)
        return self._take_fields(turn, form, kept)

    def _take_fields(self, turn: Turn, form: Form, kept: Kept) -> str:
        assert turn.sms is not None
        found = reading.read(form, turn.sms.text, turn.rules.general.language)
        kept = replace(kept, fields=found.fields)
        if found.bad is not None:
            form_reports.keep(turn.tx, replace(kept, outcome=Outcome.INCOMPLETE))
            return incomplete(turn, form, found.bad)
        named = reading.patient_field(form)
        patient_id = str(found.fields.get(named.name) or "").strip() if named else ""
        if patient_id:
            kept = replace(kept, patient_id=patient_id)
        patient = registry.find(turn.tx, patient_id) if patient_id else None
        if named and patient_id and patient is None and self._must_be_known(form, patient_id):
            form_reports.keep(turn.tx, replace(kept, outcome=Outcome.UNKNOWN_PATIENT))
            shown = patient_id[:_LONGEST_ID]
            return turn.say("forms.unknown_patient", turn.number, patient_id=shown)
        taken = form_reports.keep(turn.tx, kept)
        if form.registers:
            patient = self._register(turn, kept, taken)
        return self._accept(turn, form, kept, taken, patient)

    def _must_be_known(self, form: Form, patient_id: str) -> bool:
        """Of an id that another system hands out, only the check digit must be right."""
        if all(one.type is not FieldType.PATIENT for one in form.fields):
            return False
        return self._registers or not ids.is_id(patient_id)

    def _register(self, turn: Turn, kept: Kept, taken: Earlier) -> Patient:
        new = registry.free_id(
            turn.tx,
            lambda length, count: ids.candidates(self._digits, length, count),
            ids.SHORTEST,
            ids.LONGEST,
        )
        patient = Patient(
            id=new,
            name=first_name(kept.fields.get("name")),
            number=kept.number,
            place_id=kept.place_id,
            report_id=taken.id,
            source=turn.source,
            registered_at=turn.now,
        )
        registry.register(turn.tx, patient)
        form_reports.name_patient(turn.tx, taken.id, new)
        return patient

    def _accept(
        self, turn: Turn, form: Form, kept: Kept, taken: Earlier, patient: Patient | None
    ) -> str:
        """Others hear of it, with no more of a name than may stand in an SMS."""
        fields = dict(kept.fields)
        if patient is not None and patient.name:
            fields["name"] = patient.name
        elif "name" in fields:
            fields["name"] = first_name(fields["name"])
        report = FormReport(
            id=taken.id,
            form=form.code,
            number=kept.number,
            person_id=kept.person_id,
            place_id=kept.place_id,
            fields=fields,
            patient_id=patient.id if patient else kept.patient_id,
            ref=taken.ref,
            reported_at=kept.reported_at,
        )
        more: dict[str, object] = {}
        for one in self._heard_by:
            more |= one.reported(turn, report)
        return receipt(turn, form, report, more)

    def _take_stock(self, turn: Turn, form: Form, kept: Kept) -> str:
        said = keep_stock(turn, form, kept)
        if said.misread is not None:
            return stock_misread(turn, form, said.misread)
        assert said.taken is not None
        self._accept(turn, form, said.kept, said.taken, None)
        return stock_receipt(turn, form, said.movements, said.taken.ref)

    # --- what is no report of a form that there is ----------------------------------------------

    def fallback(self, turn: Turn) -> bool:
        """Only for people who report: nobody else has asked relay to talk."""
        assert turn.sms is not None
        kept = replace(_kept(turn, ""), numbered=False)
        if not self._forms or not self._may_report(turn, kept.number):
            return False
        text = turn.sms.text
        if not text.strip():
            form_reports.keep(turn.tx, replace(kept, outcome=Outcome.EMPTY))
            turn.reply("forms.empty")
        elif reading.looks_like_report(text, self._forms):
            self._not_found(turn, text)
        else:
            form_reports.keep(turn.tx, replace(kept, outcome=Outcome.PLAIN))
            self._answer_plain_talk(turn)
        return True

    def _answer_plain_talk(self, turn: Turn) -> None:
        if turn.rules.general.default_reply:
            turn.reply("forms.plain")
        else:
            turn.silent()

    def _may_report(self, turn: Turn, number: str) -> bool:
        tags = turn.person.tags if turn.person else frozenset()
        return bool(tags & self._tags) or form_reports.has_reported(turn.tx, number)


def _kept(turn: Turn, code: str) -> Kept:
    assert turn.sms is not None
    person = turn.person
    return Kept(
        inbound_id=turn.sms.inbound_id,
        form=code,
        number=turn.number,
        outcome=Outcome.RECEIVED,
        day=local(turn.now)[:10],
        digest=reading.digest(turn.sms.text),
        reported_at=turn.now,
        person_id=person.id if person else None,
        place_id=person.places[0] if person and person.places else None,
    )
