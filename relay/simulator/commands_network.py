"""Registration, operator, signal, USSD (TS 27.007 §7.2, §7.3, §7.15, §8.5, §10.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.simulator.atline import Call
from relay.simulator.charset import decoded, encoded
from relay.simulator.command import NOTHING, Answer, Command, Handler, Later, Table, accepted
from relay.simulator.radio import registration_fields
from relay.simulator.results import ERROR, Cme, Family, cme

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem

# A search for operators listens to every channel: half a minute and more on real modems.
SEARCH_S = 20.0
_CANCEL = 2


def _registration(name: str) -> Handler:
    def read(modem: SimulatedModem, call: Call) -> Answer:
        del call
        if name not in modem.profile.registration:
            raise ERROR()
        mode = modem.settings.registration.get(name, 0)
        fields = registration_fields(modem.radio, mode, modem.profile.access)
        return (f"{name}: {mode},{fields}",)

    return read


def _set_registration(name: str) -> Handler:
    def change(modem: SimulatedModem, call: Call) -> Answer:
        mode = call.number(0, 0)
        if name not in modem.profile.registration or mode not in (0, 1, 2):
            raise ERROR()
        modem.settings.registration[name] = mode
        return NOTHING

    return change


def _signal(modem: SimulatedModem, call: Call) -> Answer:
    del call
    return (f"+CSQ: {modem.radio.signal},{modem.radio.ber}",)


def _operator(modem: SimulatedModem, call: Call) -> Answer:
    del call
    mode, form = (2 if modem.radio.deregistered else 0), modem.settings.operator_format
    if not modem.radio.registered:
        return (f"+COPS: {mode}",)
    name = modem.network.plmn
    if form != 2:
        name = encoded(modem.network.operator, modem.settings.charset)
    access = "" if modem.profile.access is None else f",{modem.profile.access}"
    return (f'+COPS: {mode},{form},"{name}"{access}',)


def _set_operator(modem: SimulatedModem, call: Call) -> Answer:
    mode = call.number(0, 0)
    if mode == 3:
        modem.settings.operator_format = call.number(1, 0)
        return NOTHING
    if mode not in (0, 1, 2, 4):
        raise cme(Cme.INVALID)
    modem.radio.deregistered = mode == 2
    modem.interpreter.afterwards(modem.register_again)
    return NOTHING


def _search(modem: SimulatedModem, call: Call) -> Answer:
    del call
    network, later = modem.network, Later(abortable=True)
    line = (
        f'+COPS: (2,"{network.operator}","{network.operator[:8]}","{network.plmn}"),,(0-4),(0-2)'
    )
    network.scheduler.after(SEARCH_S, lambda: later((line,)))
    return later


def _attachment(modem: SimulatedModem, call: Call) -> Answer:
    """TS 27.007 §10.1.9: packet service; with a plain SIM, where there is a network."""
    del call
    return (f"+CGATT: {int(modem.radio.registered)}",)


def _set_ussd(modem: SimulatedModem, call: Call) -> Answer:
    mode, text = call.number(0, 0), call.arg(1)
    modem.settings.ussd = mode if mode != _CANCEL else modem.settings.ussd
    if mode == _CANCEL:
        modem.ussd.reset()
    elif text is not None:
        modem.ussd.request(decoded(text, modem.settings.charset))
    return NOTHING


def _ussd(modem: SimulatedModem, call: Call) -> Answer:
    del call
    return (f"+CUSD: {modem.settings.ussd}",)


def _registration_command(name: str) -> Command:
    return Command(read=_registration(name), set=_set_registration(name), test=f"{name}: (0-2)")


NETWORK: Table = {
    **{name: _registration_command(name) for name in ("+CREG", "+CGREG", "+CEREG")},
    "+CSQ": Command(run=_signal, test="+CSQ: (0-31,99),(0-7,99)"),
    "+COPS": Command(read=_operator, set=_set_operator, test=_search, sim=Family.CME),
    "+CGATT": Command(read=_attachment, set=accepted, test="+CGATT: (0,1)"),
    "+CUSD": Command(read=_ussd, set=_set_ussd, test="+CUSD: (0-2)", sim=Family.CME),
}
