"""The names in braces that the lines of a profile may hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from relay.simulator.simcard import SimState

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem


def phrase(modem: SimulatedModem, line: str) -> str:
    """A line with its names filled in; a line without braces is left alone."""
    if "{" not in line:
        return line
    sim, network = modem.sim, modem.network
    absent = sim.state is SimState.ABSENT
    return line.format(
        imei=modem.imei,
        iccid=sim.iccid,
        cpin="NOT INSERTED" if absent else sim.state.value,
        pin=sim.pin_tries,
        puk=sim.puk_tries,
        simst=1 if sim.state is SimState.READY else 0,
        rssi=modem.radio.signal,
        uptime=round((network.scheduler.timer() - modem.started_at) * 1000),
        plmn=network.plmn,
        operator=network.operator,
        psuttz=_psuttz(modem),
    )


def _psuttz(modem: SimulatedModem) -> str:
    at = datetime.fromtimestamp(modem.network.now() // 1000, UTC)
    zone = f"{modem.network.zone_quarters:+d}"
    return f'{at.year},{at.month},{at.day},{at.hour},{at.minute},{at.second},"{zone}",0'


def clock_text(modem: SimulatedModem) -> str:
    """+CCLK: local time with its zone in quarters of an hour (TS 27.007 §8.15)."""
    quarters = modem.network.zone_quarters
    local = datetime.fromtimestamp(modem.network.now() // 1000 + 900 * quarters, UTC)
    return f"{local:%y/%m/%d,%H:%M:%S}{'-' if quarters < 0 else '+'}{abs(quarters):02d}"
