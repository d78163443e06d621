"""Antenatal care with the cable unplugged: registered, reminded, escalated, counted."""

from __future__ import annotations

from relay.demo.dialogue import Dialogue
from relay.demo.village import Known, open_clinic, power_cut

SETS = ("antenatal", "stock")
# Reminders go from 08:00 on: a pregnancy of 16 weeks that is registered now is due in a moment.
WALL = "07:59:20"
CAST = {"Grace": "+1001", "Daudi": "+2001"}
_KNOWN = (
    Known("Grace", "+1001", "Bura", "chw"),
    Known("Daudi", "+2001", "Tana", "supervisor"),
)
_REGISTERED = (
    "Thank you for registering {name}. Patient ID is {id}. Next visit is in {weeks} {unit}. "
    "Ref {ref}"
)


def play(dialogue: Dialogue) -> None:
    """Grace is a health worker in Bura, Daudi her supervisor."""
    open_clinic(dialogue, _KNOWN)
    due = dialogue.asked("Grace", "ORPT Zawadi 16", _REGISTERED)["id"]
    seen = dialogue.asked("Grace", "orpt  Neema 16", _REGISTERED)["id"]
    early = dialogue.asked("Grace", "ORPT Amina 12", _REGISTERED)
    dialogue.check("weeks until Amina's next visit", "4", early["weeks"])
    amina = early["id"]
    visit = f"Recorded: ANC visit of {seen}. Ref {{ref}}"
    ref = dialogue.asked("Grace", f"OANC {seen}", visit)["ref"]
    dialogue.asked("Grace", f"oanc  {seen}", f"Already have it: {ref}. No need to send again.")
    _mistakes(dialogue, amina)
    _danger(dialogue, amina)
    _stock(dialogue)
    power_cut(dialogue)
    dialogue.tell("It is nearly eight. Zawadi is due today; Neema was seen, Amina has time.")
    reminder = f"Zawadi ({due}) is due for an ANC visit this week."
    dialogue.gets("Grace", reminder, seconds=45)
    power_cut(dialogue)
    dialogue.settle()
    dialogue.check(
        "reminders of Zawadi, over two power cuts", 1, dialogue.got("Grace").count(reminder)
    )
    _kept(dialogue)


def _mistakes(dialogue: Dialogue, known: str) -> None:
    wrong = known[:-1] + str((int(known[-1]) + 1) % 10)
    unknown = f"No patient with id {wrong}. Please check and send again."
    dialogue.asked("Grace", f"OANC {wrong}", unknown)
    dialogue.asked(
        "Grace",
        "ORPT Amina 72",
        "ORPT not complete: weeks must be 0 to 42, you sent 72. Send: ORPT name weeks",
    )


def _danger(dialogue: Dialogue, patient: str) -> None:
    dialogue.asked("Grace", f"ODGR {patient} bleeding", "Danger sign recorded. Ref {ref}")
    dialogue.gets("Daudi", f"{{sender}} reports bleeding, patient {patient}. Please follow up.")


def _stock(dialogue: Dialogue) -> None:
    dialogue.asked("Grace", "SOH LA 10", "LA 10 recorded. Ref {ref}")
    dialogue.asked("Grace", "SOH LA 20 R LA 30", "LA 20 recorded, used 20. Ref {ref}")


def _kept(dialogue: Dialogue) -> None:
    """Every report waits for the server, as it was sent."""
    dialogue.check("reports that wait for the server", 10, dialogue.waiting())
