"""How messages are handled: format, centre, service, routing (TS 27.005 §3.2, §3.3, §3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.simulator.atline import Call, Op
from relay.simulator.charset import decoded, encoded
from relay.simulator.command import NOTHING, Answer, Command, Table, accepted
from relay.simulator.results import Cms, Family, cms

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem


def _format(modem: SimulatedModem, call: Call) -> Answer:
    del call
    return (f"+CMGF: {int(modem.settings.text_mode)}",)


def _set_format(modem: SimulatedModem, call: Call) -> Answer:
    # Text mode can be chosen, as on every modem; its message commands are refused here.
    mode = call.number(0, 0)
    if mode not in (0, 1):
        raise cms(Cms.INVALID_PARAMETER)
    modem.settings.text_mode = mode == 1
    return NOTHING


def _centre(modem: SimulatedModem, call: Call) -> Answer:
    del call
    number = modem.sim.smsc
    toa = 145 if number.startswith("+") else 129
    return (f'+CSCA: "{encoded(number, modem.settings.charset)}",{toa}',)


def _set_centre(modem: SimulatedModem, call: Call) -> Answer:
    number = decoded(call.arg(0, "") or "", modem.settings.charset)
    if not number.removeprefix("+").isdigit():
        raise cms(Cms.INVALID_PARAMETER)
    international = call.number(1, 129) == 145 and not number.startswith("+")
    modem.sim.smsc = f"+{number}" if international else number
    return NOTHING


def _service(modem: SimulatedModem, call: Call) -> Answer:
    if call.op is Op.SET:
        wanted = call.number(0, 0)
        if wanted not in modem.profile.services:
            raise cms(Cms.NOT_SUPPORTED)
        modem.settings.service = wanted
        return ("+CSMS: 1,1,1",)
    return (f"+CSMS: {modem.settings.service},1,1,1",)


def _indications(modem: SimulatedModem, call: Call) -> Answer:
    del call
    return ("+CNMI: " + ",".join(map(str, modem.settings.cnmi)),)


def _set_indications(modem: SimulatedModem, call: Call) -> Answer:
    before = modem.settings.cnmi
    values = [call.number(place, before[place]) for place in range(5)]
    choices = modem.profile.cnmi_choices
    if len(call.args) > 5 or any(v not in c for v, c in zip(values, choices, strict=True)):
        raise cms(Cms.NOT_ALLOWED)
    mode, mt, bm, ds, buffer = values
    modem.settings.cnmi = (mode, mt, bm, ds, buffer)
    modem.interpreter.afterwards(modem.incoming.indicate_buffered)
    return NOTHING


def _indication_choices(modem: SimulatedModem, call: Call) -> Answer:
    del call
    groups = (",".join(map(str, sorted(choice))) for choice in modem.profile.cnmi_choices)
    return ("+CNMI: " + ",".join(f"({group})" for group in groups),)


def _acknowledge(modem: SimulatedModem, call: Call) -> Answer:
    answer = call.number(0, 0) if call.op is Op.SET else 0
    if answer not in (0, 1, 2):
        raise cms(Cms.NOT_SUPPORTED)
    modem.incoming.acknowledge(taken=answer != 2)
    return NOTHING


SMS: Table = {
    "+CMGF": Command(read=_format, set=_set_format, test="+CMGF: (0,1)", sim=Family.CMS),
    "+CSCA": Command(read=_centre, set=_set_centre, sim=Family.CMS),
    "+CSMS": Command(read=_service, set=_service, test="+CSMS: (0,1)", sim=Family.CMS),
    "+CNMI": Command(
        read=_indications, set=_set_indications, test=_indication_choices, sim=Family.CMS
    ),
    "+CNMA": Command(run=_acknowledge, set=_acknowledge, test="+CNMA: (0-2)", sim=Family.CMS),
    "+CMMS": Command(read=lambda modem, call: ("+CMMS: 0",), set=accepted, test="+CMMS: (0-2)"),
    "+CSDH": Command(read=lambda modem, call: ("+CSDH: 0",), set=accepted, test="+CSDH: (0,1)"),
    "+CSMP": Command(read=lambda modem, call: ("+CSMP: 17,167,0,0",), set=accepted),
    "+CSCB": Command(read=lambda modem, call: ('+CSCB: 0,"",""',), set=accepted),
}
