"""What SIM, network and operator mean for messages: room, registration, signal, centre, credit."""

from __future__ import annotations

from relay.core import plain
from relay.core.doctor.graph import Finding, fail, ok, skip, unknown, warn
from relay.core.doctor.radio import when
from relay.core.doctor.seen import CreditSeen, RadioSeen, ReceiveSeen, SendSeen
from relay.core.link import LinkState
from relay.core.money import money
from relay.core.number import masked
from relay.core.rhythm import Silent
from relay.core.room import is_short

_FAINT_DBM = -105
# A change of the antenna's place shows as so much; less is weather and people in the room.
_WORSE_DB = 14
_DENIED, _ROAMING = 3, 5  # <stat> of +CREG (TS 27.007 §7.2)


def storage(seen: RadioSeen) -> Finding:
    memories = seen.survey.memories if seen.survey is not None else ()
    if not memories:
        return unknown("the modem does not say how full its memory is")
    if seen.stuck:
        memory, slots, error = seen.stuck[0]
        return warn(
            "SIM_STUCK",
            f"{plain.many(slots, 'SMS', 'SMS')} cannot be deleted from {memory} ({error})",
            "Put the SIM into a phone and delete its messages there. If it stays: another SIM",
        )
    for use in memories:
        words = f"memory {use.memory} {use.used} of {use.total} used"
        if seen.junk:
            words += f"; {seen.junk}"
        if 0 < use.total <= use.used:
            return fail("SIM_FULL", f"{words}: no SMS comes in", *_empty(seen))
        if is_short(use.used, use.total):
            return warn("SIM_FILLING", words, *_empty(seen))
    return ok(", ".join(f"{use.memory} {use.used} of {use.total}" for use in memories))


def _empty(seen: RadioSeen) -> tuple[str, str]:
    if seen.daemon:
        return (
            "relay keeps what is there and empties it by itself. If it stays for ten minutes: "
            "delete messages in a phone",
            "",
        )
    return "Keep them here and make room: relay doctor --fix storage", "storage"


# --- network ------------------------------------------------------------------------------------


def network(seen: RadioSeen) -> Finding:
    survey = seen.survey
    stat = None if survey is None else survey.registration
    operator = (survey.operator if survey is not None else None) or "an operator"
    if seen.state is LinkState.DENIED or stat == _DENIED:
        return fail(
            "NET_DENIED",
            "the network refuses this SIM",
            "Ask the operator: is the SIM blocked, registered in a name, paid for?",
        )
    if seen.state is LinkState.SEARCHING:
        return fail(
            "NET_SEARCHING",
            "it finds no network",
            "Move it to a window, on a USB lead. Try the SIM in a phone at the same place: an "
            "operator may be down for hours",
        )
    access = f", {survey.access}" if survey is not None and survey.access else ""
    if stat == _ROAMING:
        return warn(
            "NET_ROAMING",
            f"in a foreign network ({operator}{access}): SMS may cost more",
            "If this is not meant: move the antenna, or ask the operator why its own network "
            "is not there",
        )
    if seen.state is not LinkState.READY:
        return unknown("it is not known whether there is a network")
    return ok(f"{operator}{access}{when(seen)}")


def signal(seen: RadioSeen) -> Finding:
    """Against what is usual here: a place can be weak and well, or strong and failing."""
    dbm = seen.survey.signal_dbm if seen.survey is not None else None
    if dbm is None:
        return unknown("the modem does not say how strong the signal is")
    usual = "" if seen.usual_dbm is None else f" (usual: {seen.usual_dbm})"
    words = f"{plain.signal(dbm)}{usual}"
    if seen.usual_dbm is not None and dbm <= seen.usual_dbm - _WORSE_DB:
        return warn(
            "SIGNAL_WORSE",
            words,
            "Something has changed: is the antenna or the lead loose, was the modem moved?",
        )
    if dbm <= _FAINT_DBM:
        return warn(
            "SIGNAL_WEAK", words, "Move it to a window or higher up, on a USB lead, off metal."
        )
    return ok(words)


def smsc(seen: RadioSeen) -> Finding:
    number = seen.survey.smsc if seen.survey is not None else None
    if number is None:
        return unknown("the modem does not say its service centre")
    if number == "":
        return _without_centre(seen)
    if seen.smsc_changed and not seen.smsc_wanted:
        return warn(
            "SMSC_CHANGED",
            f"{masked(number)} since a short while, it was {masked(seen.smsc_before)}",
            "If SMS go out, nothing is wrong. If not, write the operator's number as smsc of "
            f"[modem.{seen.name}] into the configuration",
        )
    same = ", same as before" if seen.smsc_before == number else ""
    return ok(f"{masked(number)}{same}")


def _without_centre(seen: RadioSeen) -> Finding:
    can = bool(seen.smsc_before) and not seen.daemon
    action = (
        f"Give it back the one it had, {masked(seen.smsc_before)}: relay doctor --fix smsc"
        if can
        else "Ask the operator for its SMSC number, and write it as smsc of "
        f"[modem.{seen.name}] into the configuration, then: sudo systemctl restart relay"
    )
    return fail(
        "SMSC_UNKNOWN",
        "the SIM has no number of a service centre, so no SMS can go out",
        action,
        "smsc" if can else "",
    )


# --- what it costs, and what came of it ---------------------------------------------------------


def credit(seen: CreditSeen) -> Finding:
    """From what relay knows; doctor asks no operator unless it is told to."""
    purse = seen.purse
    if purse is None or (not purse.known and purse.out_since is None):
        if purse is not None and purse.check == "unreadable":
            return warn(
                "BALANCE_UNREADABLE",
                f"the operator answers {purse.ussd or 'the SMS'}, and relay does not understand "
                "what it says",
                "See the answer: relay balance\nThen set balance_pattern of the modem",
            )
        return unknown("not known; ask the operator: relay balance --check")
    if purse.out_since is not None:
        return fail(
            "SIM_NO_CREDIT",
            f"{_amount(seen)}: {purse.why or 'the network refuses what goes out'}",
            "Top it up; relay sees it by itself. At once: relay balance --check",
        )
    reach = purse.reach
    if reach.sms_left == 0 or reach.lacking:
        return warn("CREDIT_LOW", purse.words(), "Top it up in time.")
    return ok(f"{purse.words()} ({plain.age(purse.at, seen.now)})")


def _amount(seen: CreditSeen) -> str:
    purse = seen.purse
    if purse is None or purse.amount is None:
        return "no credit"
    return f"{money(purse.amount, purse.currency)} ({plain.age(purse.at, seen.now)})"


def send(seen: SendSeen) -> Finding:
    if not seen.asked:
        return skip("not tested, it would cost an SMS; run: relay doctor --send-test")
    if seen.outcome == "delivered":
        return ok(f"a test SMS to {masked(seen.number)} was delivered")
    if seen.outcome == "accepted":
        return ok(f"the network took a test SMS to {masked(seen.number)}")
    if seen.outcome == "refused":
        return fail(
            seen.code or "SMS_REJECTED",
            f"the network refused a test SMS: {seen.detail}",
            f"What it means: relay explain {seen.code or 'SMS_REJECTED'}",
        )
    return fail(
        "SEND_SILENT",
        f"nobody knows yet whether a test SMS went out ({seen.detail or 'no answer'})",
        "Look in some minutes: relay outbox list",
    )


def receive(seen: ReceiveSeen) -> Finding:
    quiet = seen.modem.quiet if seen.modem is not None else None
    if quiet is not None and quiet.who is Silent.MODEM:
        return fail(
            "MODEM_DEAF",
            "an SMS that relay sent to itself did not come in",
            "Unplug the modem, count to ten, plug it in again.",
        )
    if seen.last_at is None:
        return unknown("no SMS has come in yet; send one from a phone")
    return ok(f"last SMS {plain.age(seen.last_at, seen.now)}")
