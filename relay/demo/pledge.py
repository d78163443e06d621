"""A pump by many small promises: the sum is reached exactly, and no money moves by SMS."""

from __future__ import annotations

from relay.demo.dialogue import Dialogue
from relay.demo.village import Known, open_clinic, power_cut

SETS = ("pledge",)
WALL = "10:00:00"
CAST = {
    "Asha": "+6001", "Juma": "+6002", "Zuri": "+6003", "Baraka": "+6004",
    "Omar": "+9001", "Lucy": "+9002",
}  # fmt: skip
_KNOWN = (
    Known("Omar", "+9001", "Bura", "organiser"),
    Known("Lucy", "+9002", "Bura", "organiser"),
    Known("Asha", "+6001", "Bura", "giver"),
    Known("Juma", "+6002", "Bura", "giver"),
)
_NO_MONEY = "No money is taken by SMS."


def play(dialogue: Dialogue) -> None:
    """Omar and Lucy collect for a pump; Asha and Juma are asked, Zuri has heard of it."""
    open_clinic(dialogue, _KNOWN)
    code = dialogue.asked(
        "Omar",
        "COLLECT pump 100",
        "Request {code}: 100 for pump, 2 people to ask. "
        "A second staff member must send OK {again}",
    )["code"]
    dialogue.texts("Lucy", f"OK {code}")
    for name in ("Asha", "Juma"):
        dialogue.gets(name, f"We collect 100 for pump. {{ask}} {_NO_MONEY}")
    _promise(dialogue, "Asha", 25, "You promise 25 for pump: 25 of 100 so far.")
    _promise(dialogue, "Zuri", 50, "You promise 50 for pump: 75 of 100 so far.")
    power_cut(dialogue)
    dialogue.asked(
        "Juma",
        "pledge pump 40",
        f"Thank you! Only 25 was missing for pump, so 25 is noted: 100 of 100. {_NO_MONEY}",
    )
    dialogue.gets("Omar", f"{code} filled: 100 of 100 pledged for pump")
    for name, amount in (("Asha", 25), ("Zuri", 50), ("Juma", 25)):
        dialogue.gets(
            name,
            f"pump: all 100 are promised. Please bring your {amount} to {{where}}. {_NO_MONEY}",
        )
    dialogue.asked("Baraka", "PLEDGE pump 10", "Thank you! pump has all that it needs.")
    dialogue.settle()


def _promise(dialogue: Dialogue, who: str, amount: int, said: str) -> None:
    dialogue.asked(who, f"PLEDGE pump {amount}", f"Thank you. {said} {_NO_MONEY}")
