"""A village noticeboard on a slow line: the newest notice goes out, not twenty old ones."""

from __future__ import annotations

from relay.demo.dialogue import Dialogue
from relay.demo.village import Known, open_clinic, power_cut

SETS = ("notices",)
WALL = "10:00:00"
_FOLLOWERS = {f"n{n:02}": f"+32{n:02}" for n in range(1, 9)}
CAST = {"Asha": "+3001", "Juma": "+3002", "Omar": "+9001", **_FOLLOWERS}
_KNOWN = (Known("Omar", "+9001", "Tana", "notices-team"),)
_JOINED = "You will get all NOTICES messages. To leave: LEAVE NOTICES. To stop all: STOP"
_OLD = "Vaccination on Monday from 9."
_NEW = "Vaccination on Tuesday, not Monday."
_GOES = (
    "Post {code} is going out: {people} people, {sms} SMS, about {time}. "
    "To stop it: CANCEL {again}"
)
_SUBMISSION_S = 0.7


def play(dialogue: Dialogue) -> None:
    """Omar writes the notices; ten people read them."""
    open_clinic(dialogue, _KNOWN)
    dialogue.asked("Asha", "GET NOTICES", "There is no NOTICES message yet.")
    everyone = ("Asha", "Juma", *_FOLLOWERS)
    for name in everyone:
        dialogue.texts(name, "JOIN NOTICES", aloud=name == "Asha")
    for name in everyone:
        dialogue.gets(name, _JOINED, aloud=name == "Asha")
    dialogue.asked("Juma", "off", "Channel messages are off. To get new ones again: ON")
    _two_posts(dialogue)
    power_cut(dialogue)
    dialogue.settle()
    readers = [name for name in everyone if name != "Juma"]
    old = sum(dialogue.got(name).count(_OLD) for name in readers)
    dialogue.check("some had the old notice before the new one came", True, 0 < old < len(readers))
    new = [dialogue.got(name).count(_NEW) for name in readers]
    dialogue.check("copies of the newest for each of 9 readers", {1}, set(new))
    dialogue.check("copies for Juma, who is away", 0, dialogue.got("Juma").count(_NEW))
    for name in readers:
        dialogue.read(name)
    dialogue.asked(
        "Juma",
        "on",
        "Channel messages are on. What came meanwhile is not sent again; the last one: GET name",
    )
    dialogue.asked("Juma", "GET NOTICES", _NEW)


def _two_posts(dialogue: Dialogue) -> None:
    """The second is written while the first is still going out."""
    network = dialogue.stage.network
    network.submit_delay_s = _SUBMISSION_S
    before = len(network.submissions)
    dialogue.asked("Omar", f"POST NOTICES {_OLD}", _GOES)
    dialogue.until(lambda: len(network.submissions) > before + 2, "the post did not go out")
    dialogue.asked("Omar", f"POST NOTICES {_NEW}", _GOES)
    network.submit_delay_s = 0.0
