"""Voice calls, as far as a gateway meets them (V.250 §6.3, TS 27.007 §6.5, §7.6, §7.18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.simulator.atline import Call
from relay.simulator.command import NOTHING, Answer, Command, Table, accepted
from relay.simulator.results import Family, Fault

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem


def _hang_up(modem: SimulatedModem, call: Call) -> Answer:
    del call
    modem.calls.hang_up()
    return NOTHING


def _pick_up(modem: SimulatedModem, call: Call) -> Answer:
    del call
    if not modem.calls.answer():
        raise Fault(literal="NO CARRIER")
    return NOTHING


def _dial(modem: SimulatedModem, call: Call) -> Answer:
    del modem, call
    raise Fault(literal="NO CARRIER")  # nobody to talk to: this network carries messages only


def _calls(modem: SimulatedModem, call: Call) -> Answer:
    del call
    return modem.calls.listed()


def _show_callers(modem: SimulatedModem, call: Call) -> Answer:
    modem.settings.clip = call.number(0, 0) == 1
    return NOTHING


def _callers(modem: SimulatedModem, call: Call) -> Answer:
    del call
    return (f"+CLIP: {int(modem.settings.clip)},1",)


def _extend_ring(modem: SimulatedModem, call: Call) -> Answer:
    modem.settings.extended_ring = call.number(0, 0) == 1
    return NOTHING


VOICE: Table = {
    "H": Command(set=_hang_up),
    "A": Command(set=_pick_up),
    "D": Command(set=_dial),
    "+CHUP": Command(run=_hang_up),
    "+CLCC": Command(run=_calls),
    "+CLIP": Command(read=_callers, set=_show_callers, test="+CLIP: (0,1)", sim=Family.CME),
    "+CRC": Command(set=_extend_ring, test="+CRC: (0,1)"),
    "+COLP": Command(set=accepted),
    "+CVHU": Command(set=accepted),
}
