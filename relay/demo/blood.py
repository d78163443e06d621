"""Donors for a patient who bleeds now: two places, one person each, and the others may stay."""

from __future__ import annotations

from relay.demo.dialogue import Dialogue
from relay.demo.village import Known, open_clinic, power_cut

SETS = ("blood",)
WALL = "10:00:00"
# In Bura, and two who are further away.
_NEAR = {"Asha": "+5001", "Bakari": "+5002", "Chiku": "+5003", "Dalila": "+5004",
         "Eshe": "+5005", "Faraji": "+5006"}  # fmt: skip
_FAR = {"Gathoni": "+5007", "Hamisi": "+5008"}
CAST = {**_NEAR, **_FAR, "Imani": "+5009", "Rehema": "+8001", "Peter": "+8002", "Musa": "+7001"}
_KNOWN = (
    Known("Rehema", "+8001", "Bura", "nurse"),
    Known("Peter", "+8002", "Bura", "nurse"),
    Known("Asha", "+5001"),
)
_APPEAL = "Bura clinic needs O- blood today. Can you come? Reply YES {code} or NO {again}"
_COME = "Thank you. Please come to Bura clinic, maternity, now. Ref {ref}"
_ENOUGH = "Thank you! Enough donors for now."


def play(dialogue: Dialogue) -> None:
    """Rehema and Peter are nurses in Bura, Musa is a stranger, all others are donors."""
    open_clinic(dialogue, _KNOWN)
    _register(dialogue)
    dialogue.asked("Musa", "BLOOD O- 2 maternity", "Please call the clinic.")
    code = _ask(dialogue)
    dialogue.asked("Asha", "yes", _COME)
    dialogue.gets("Rehema", f"{code}: Asha +5001 is coming (1 of 2)")
    _race(dialogue)
    dialogue.gets("Rehema", f"{code} filled: 2 of 2. {{who}} is coming")
    power_cut(dialogue)
    dialogue.asked("Rehema", f"CAME {code}-1", f"Noted: {code}-1 came.")
    dialogue.asked("Faraji", f"YES {code}", _ENOUGH)
    dialogue.settle()
    asked = [name for name in CAST if any("needs O- blood" in one for one in dialogue.got(name))]
    dialogue.check("asked, all of them in Bura", sorted(_NEAR), sorted(asked))
    places = sum("Please come" in one for name in CAST for one in dialogue.got(name))
    dialogue.check("donors who were asked to come", 2, places)


def _register(dialogue: Dialogue) -> None:
    dialogue.asked("Asha", "DONOR O neg Bura", "Registered: O- Bura. To leave: STOP")
    dialogue.asked("Bakari", "DONOR O Bura", "O+ or O-? Reply O+ or O-")
    dialogue.asked("Bakari", "o-", "Registered: O- Bura. To leave: STOP")
    dialogue.tell("The others register too: four more of Bura, two of Huruma, one with A+.")
    for name in _NEAR:
        if name not in ("Asha", "Bakari"):
            dialogue.texts(name, "donor o- bura", aloud=False)
    for name in _FAR:
        dialogue.texts(name, "DONOR O neg Huruma", aloud=False)
    dialogue.texts("Imani", "DONOR A+ Bura", aloud=False)
    for name in (*_NEAR, *_FAR):
        place = "Huruma" if name in _FAR else "Bura"
        if name not in ("Asha", "Bakari"):
            dialogue.gets(name, f"Registered: O- {place}. To leave: STOP", aloud=False)
    dialogue.gets("Imani", "Registered: A+ Bura. To leave: STOP", aloud=False)


def _ask(dialogue: Dialogue) -> str:
    code = dialogue.asked(
        "Rehema",
        "BLOOD O- 2 maternity",
        "Request {code}: 2 x O-, 8 donors. A second staff member must send OK {again}",
    )["code"]
    dialogue.asked(
        "Rehema",
        f"OK {code}",
        f"The author cannot confirm. A second staff member must send OK {code}",
    )
    dialogue.texts("Peter", f"OK {code}")
    for name in _NEAR:
        dialogue.gets(name, _APPEAL)
    return code


def _race(dialogue: Dialogue) -> None:
    """Two say yes in the same second, and one place is left."""
    dialogue.texts("Bakari", "YES")
    dialogue.texts("Chiku", "YES")
    answers = {name: dialogue.next(name, aloud=True) for name in ("Bakari", "Chiku")}
    told = sorted("Enough" if text == _ENOUGH else text[:9] for text in answers.values())
    dialogue.check("the last place is one person's", ["Enough", "Thank you"], told)
