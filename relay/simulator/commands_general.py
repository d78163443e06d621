"""Who the modem is, and how it talks (V.250 §6, TS 27.007 §5, §8.2, §9.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.simulator.atline import Call
from relay.simulator.charset import CHARSETS
from relay.simulator.command import NOTHING, Answer, Command, Handler, Table, accepted
from relay.simulator.phrases import clock_text, phrase
from relay.simulator.results import ERROR, Cme, cme
from relay.simulator.settings import Settings

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem


def _flag(attribute: str) -> Handler:
    def change(modem: SimulatedModem, call: Call) -> Answer:
        value = call.number(0, 0)
        if value not in (0, 1):
            raise ERROR()
        setattr(modem.settings, attribute, bool(value))
        return NOTHING

    return change


def _restore(modem: SimulatedModem, call: Call) -> Answer:
    """ATZ and AT&F: the settings of the start; the chosen memories and the service stay."""
    del call
    kept = modem.settings
    modem.settings = Settings.fresh(modem.profile)
    modem.settings.memories, modem.settings.service = kept.memories, kept.service
    return NOTHING


def _information(modem: SimulatedModem, call: Call) -> Answer:
    del call
    return tuple(phrase(modem, line) for line in modem.profile.information)


def _manufacturer(modem: SimulatedModem, call: Call) -> Answer:
    del call
    return (modem.profile.manufacturer,)


def _model(modem: SimulatedModem, call: Call) -> Answer:
    del call
    return (modem.profile.model,)


def _revision(modem: SimulatedModem, call: Call) -> Answer:
    del call
    return (modem.profile.revision_prefix + modem.profile.revision,)


def _serial_number(modem: SimulatedModem, call: Call) -> Answer:
    del call
    return (modem.imei,)


def _set_cmee(modem: SimulatedModem, call: Call) -> Answer:
    value = call.number(0, 0)
    if value not in (0, 1, 2):
        raise cme(Cme.INVALID)
    modem.settings.cmee = value
    return NOTHING


def _cmee(modem: SimulatedModem, call: Call) -> Answer:
    del call
    return (f"+CMEE: {modem.settings.cmee}",)


def _set_charset(modem: SimulatedModem, call: Call) -> Answer:
    name = (call.arg(0) or "").upper()
    if name not in CHARSETS:
        raise cme(Cme.INVALID)
    modem.settings.charset = name
    return NOTHING


def _charset(modem: SimulatedModem, call: Call) -> Answer:
    del call
    return (f'+CSCS: "{modem.settings.charset}"',)


def _functionality(modem: SimulatedModem, call: Call) -> Answer:
    del call
    return (f"+CFUN: {modem.radio.function}",)


def _set_functionality(modem: SimulatedModem, call: Call) -> Answer:
    function = call.number(0, 1)
    if function not in (0, 1, 4):
        raise cme(Cme.INVALID)
    if call.number(1, 0) == 1:
        drops = modem.profile.reset_drops_port
        modem.interpreter.afterwards(lambda: modem.restart(port_loss=drops))
        return NOTHING
    modem.radio.function = function
    modem.interpreter.afterwards(modem.register_again)
    return NOTHING


def _clock(modem: SimulatedModem, call: Call) -> Answer:
    del call
    return (f'+CCLK: "{clock_text(modem)}"',)


def _listed(modem: SimulatedModem, call: Call) -> Answer:
    from relay.simulator.commands import TABLE

    del call
    if not modem.profile.lists_commands:
        raise ERROR()
    profile = modem.profile
    own = (*profile.iccid_commands, *profile.pin_counters, *profile.fixed)
    return tuple(sorted({*(name for name in TABLE if name[0] in "+^*"), *own}))


GENERAL: Table = {
    "E": Command(set=_flag("echo")),
    "V": Command(set=_flag("verbose")),
    "Q": Command(set=_flag("quiet")),
    "Z": Command(set=_restore),
    "&F": Command(set=_restore),
    "&W": Command(set=accepted),
    "&C": Command(set=accepted),
    "&D": Command(set=accepted),
    "&K": Command(set=accepted),
    "X": Command(set=accepted),
    "S": Command(set=accepted),
    "I": Command(set=_information),
    "+CGMI": Command(run=_manufacturer),
    "+GMI": Command(run=_manufacturer),
    "+CGMM": Command(run=_model),
    "+GMM": Command(run=_model),
    "+CGMR": Command(run=_revision),
    "+GMR": Command(run=_revision),
    "+CGSN": Command(run=_serial_number),
    "+GSN": Command(run=_serial_number),
    "+CMEE": Command(read=_cmee, set=_set_cmee, test="+CMEE: (0-2)"),
    "+CSCS": Command(read=_charset, set=_set_charset, test='+CSCS: ("IRA","GSM","UCS2")'),
    "+CFUN": Command(read=_functionality, set=_set_functionality, test="+CFUN: (0,1,4),(0,1)"),
    "+CCLK": Command(read=_clock, set=accepted),
    "+CLAC": Command(run=_listed),
    "+GCAP": Command(run=lambda modem, call: ("+GCAP: +CGSM",)),
    "+IPR": Command(read=lambda modem, call: ("+IPR: 0",), set=accepted),
    "+IFC": Command(read=lambda modem, call: ("+IFC: 0,0",), set=accepted),
}
