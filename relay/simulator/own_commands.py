"""The commands that only one family has, as its profile lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.simulator.atline import Call, Op
from relay.simulator.command import NOTHING, Answer
from relay.simulator.phrases import phrase
from relay.simulator.results import ERROR, Family

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem


def own_command(modem: SimulatedModem, call: Call) -> Answer:
    """The answer of this family. Raises `Fault` for a command that it does not know."""
    profile = modem.profile
    if call.name in profile.iccid_commands:
        modem.need_sim(Family.CME)
        return (phrase(modem, profile.iccid_commands[call.name]),)
    if call.name in profile.pin_counters:
        return (phrase(modem, profile.pin_counters[call.name]),)
    if call.name not in profile.fixed:
        raise ERROR()
    if call.name == "^CURC" and call.op is Op.SET:
        modem.settings.chatter = call.number(0, 1) > 0
    lines = profile.fixed[call.name]
    return NOTHING if call.op is Op.SET else tuple(phrase(modem, line) for line in lines)
