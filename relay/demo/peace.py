"""A rumor is answered in one ward: not without a second person, and nobody gets it twice."""

from __future__ import annotations

from relay.demo.dialogue import Dialogue
from relay.demo.village import Known, open_clinic, power_cut

SETS = ("peace",)
WALL = "10:00:00"
_FOLLOWERS = {f"n{n:02}": f"+31{n:02}" for n in range(1, 23)}
CAST = {
    "Asha": "+3001", "Juma": "+3002", "Zuri": "+3005", "Baraka": "+4001",
    "Omar": "+9001", "Lucy": "+9002", **_FOLLOWERS,
}  # fmt: skip
_KNOWN = (
    Known("Omar", "+9001", "Tana", "peace-team"),
    Known("Lucy", "+9002", "Tana", "peace-team"),
)
_JOINED = "You will get PEACE messages for Huruma. To leave: LEAVE PEACE. To stop all: STOP"
_CALM = "Shops are open. The rumor is false. Stay calm."
_SUBMISSION_S = 0.3


def play(dialogue: Dialogue) -> None:
    """Omar and Lucy are the peace team; 25 people of Huruma follow, Baraka does not."""
    open_clinic(dialogue, _KNOWN)
    _join(dialogue)
    dialogue.asked("Baraka", "FOLOW PEACE", "Unknown command. Send HELP.")
    dialogue.asked("Baraka", "POST PEACE hello", "Only posters can post to PEACE.")
    number = dialogue.asked(
        "Baraka", "RUMOR HURUMA shops burning", "Noted R{number}. Verify before posting."
    )["number"]
    for name in ("Omar", "Lucy"):
        dialogue.gets(name, f"R{number} Huruma: shops burning")
    code = _post(dialogue)
    _while_it_goes_out(dialogue, code)
    _afterwards(dialogue, code)


def _join(dialogue: Dialogue) -> None:
    dialogue.asked("Asha", "JOIN PEACE HURUMA", _JOINED)
    dialogue.asked("Asha", "join peace huruma", "You are already in PEACE for Huruma.")
    dialogue.asked("Juma", "JOIN PEACE HURMA", "Did you mean {place}? Reply YES.")
    dialogue.asked("Juma", "yes", _JOINED)
    dialogue.tell("22 more people of Huruma join, and Zuri last of all.")
    for name in _FOLLOWERS:
        dialogue.texts(name, "Join Peace Huruma", aloud=False)
    for name in _FOLLOWERS:
        dialogue.gets(name, _JOINED, aloud=False)
    dialogue.asked("Zuri", "JOIN PEACE HURUMA", _JOINED)


def _post(dialogue: Dialogue) -> str:
    offer = dialogue.asked(
        "Omar",
        f"POST PEACE @HURUMA {_CALM}",
        "Post {code}: 25 people, 25 SMS, about {time}. A second person must send OK {again}",
    )
    code = offer["code"]
    dialogue.asked("Omar", f"OK {code}", "The author cannot approve.")
    return code


def _while_it_goes_out(dialogue: Dialogue, code: str) -> None:
    network = dialogue.stage.network
    network.submit_delay_s = _SUBMISSION_S
    before = len(network.submissions)
    dialogue.asked("Lucy", f"ok {code}", f"Post {code} is going out.")
    dialogue.until(lambda: len(network.submissions) > before + 3, "the post did not go out")
    dialogue.asked(
        "Zuri", "STOP", "You will get no more messages from us. To get them again, send START."
    )
    dialogue.until(lambda: len(network.submissions) > before + 10, "the post did not go on")
    power_cut(dialogue)
    network.submit_delay_s = 0.0


def _afterwards(dialogue: Dialogue, code: str) -> None:
    for name in ("Asha", "Juma", *_FOLLOWERS):
        dialogue.gets(name, _CALM, aloud=name in ("Asha", "Juma"))
    dialogue.settle()
    copies = [dialogue.got(name).count(_CALM) for name in ("Asha", "Juma", *_FOLLOWERS)]
    dialogue.check("copies for each of 24 followers", {1}, set(copies))
    dialogue.check(
        "copies for Zuri, who sent STOP before her turn", 0, dialogue.got("Zuri").count(_CALM)
    )
    dialogue.texts("Asha", "thank you it calmed us")
    dialogue.settle()
    dialogue.asked(
        "Omar",
        f"STATUS {code}",
        f"Post {code}: sent 24, delivered 24, failed 0, opted out 1, replies 1",
    )
