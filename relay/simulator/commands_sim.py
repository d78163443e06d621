"""The SIM: who it is, and its PIN (TS 27.007 §5.6, §7.1, §7.4, §8.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.simulator.atline import Call
from relay.simulator.command import NOTHING, Answer, Command, Table
from relay.simulator.results import Cme, Family, cme
from relay.simulator.simcard import SimState

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem

_READ_ONLY = 2


def _pin_state(modem: SimulatedModem, call: Call) -> Answer:
    del call
    state = modem.sim.state
    if not modem.booted or modem.faults.commands.sim_is_busy():
        raise cme(Cme.SIM_BUSY)
    if state is SimState.ABSENT:
        raise cme(Cme.NO_SIM)
    if state is SimState.BLOCKED:
        raise cme(Cme.SIM_FAILURE)
    return (f"+CPIN: {state.value}",)


def _enter(modem: SimulatedModem, call: Call) -> Answer:
    sim, first, second = modem.sim, call.arg(0, ""), call.arg(1)
    if not modem.booted or modem.faults.commands.sim_is_busy():
        raise cme(Cme.SIM_BUSY)
    if sim.state is SimState.PIN and first and second is None:
        right = sim.enter_pin(first)
    elif sim.state is SimState.PUK and first and second:
        right = sim.enter_puk(first, second)
    elif sim.state is SimState.PUK:
        raise cme(Cme.SIM_PUK)
    else:
        raise cme(Cme.NO_SIM if sim.state is SimState.ABSENT else Cme.NOT_ALLOWED)
    if not right:
        blocked = sim.state is SimState.PUK and second is None
        raise cme(Cme.SIM_PUK if blocked else Cme.WRONG_PASSWORD)
    modem.sim_unlocked()
    return NOTHING


def _lock(modem: SimulatedModem, call: Call) -> Answer:
    facility, mode = call.arg(0, ""), call.number(1, _READ_ONLY)
    if facility != "SC":
        raise cme(Cme.NOT_SUPPORTED)
    if mode == _READ_ONLY:
        return (f"+CLCK: {0 if modem.sim.pin is None else 1}",)
    modem.need_sim(Family.CME)
    wanted = call.arg(2, "") or ""
    if modem.sim.pin is None:
        modem.sim.pin, modem.sim.unlocked = wanted, True
    elif not modem.sim.enter_pin(wanted):
        raise cme(Cme.WRONG_PASSWORD)
    elif mode == 0:
        modem.sim.pin = None
    return NOTHING


def _change_pin(modem: SimulatedModem, call: Call) -> Answer:
    if call.arg(0) != "SC" or modem.sim.pin is None:
        raise cme(Cme.NOT_ALLOWED)
    if not modem.sim.enter_pin(call.arg(1, "") or ""):
        raise cme(Cme.WRONG_PASSWORD)
    modem.sim.pin = call.arg(2, "")
    return NOTHING


def _imsi(modem: SimulatedModem, call: Call) -> Answer:
    del call
    return (modem.sim.imsi,)


def _own_number(modem: SimulatedModem, call: Call) -> Answer:
    del call
    toa = 145 if modem.number.startswith("+") else 129
    return (f'+CNUM: "","{modem.number}",{toa}',)


SIM: Table = {
    "+CPIN": Command(read=_pin_state, set=_enter),
    "+CLCK": Command(set=_lock, test='+CLCK: ("SC")'),
    "+CPWD": Command(set=_change_pin, test='+CPWD: ("SC",8)'),
    "+CIMI": Command(run=_imsi, sim=Family.CME),
    "+CNUM": Command(run=_own_number, sim=Family.CME),
}
