"""Sending: at once, or written to memory first and sent from there (TS 27.005 §3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.core.device import REC_UNREAD, STO_SENT, STO_UNSENT
from relay.errors import PduError
from relay.simulator import wire
from relay.simulator.atline import Call
from relay.simulator.command import Answer, Command, Later, Lines, Prompt, Table
from relay.simulator.commands_storage import pdu_mode_only, writing_memory
from relay.simulator.memory import StoredSms
from relay.simulator.results import Cms, Family, Fault, cms
from relay.simulator.rules import Outcome

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem

# 23.040 §9.2.2: the longest TPDU with a 12-octet address and absolute validity period
_LONGEST_TPDU = 176
_OUT_OF_ORDER = 38


def _send(modem: SimulatedModem, call: Call) -> Answer:
    length = _length(modem, call)

    def on_body(pdu: str) -> Answer:
        _check_submit(pdu, length)
        return _submit(modem, pdu, "+CMGS", None)

    return Prompt(on_body)


def _write(modem: SimulatedModem, call: Call) -> Answer:
    length, stat = _length(modem, call), call.number(1, STO_UNSENT)
    if stat not in range(4):
        raise cms(Cms.INVALID_PARAMETER)

    def on_body(pdu: str) -> Answer:
        if stat >= STO_UNSENT:
            _check_submit(pdu, length)
        else:
            _check_length(pdu, length)
        index = writing_memory(modem).put(pdu, stat)
        if index is None:
            raise cms(Cms.MEMORY_FULL)
        return (f"+CMGW: {index}",)

    return Prompt(on_body)


def _send_stored(modem: SimulatedModem, call: Call) -> Answer:
    pdu_mode_only(modem)
    stored = writing_memory(modem).slots.get(call.number(0, -1))
    if stored is None:
        raise cms(Cms.INVALID_INDEX)
    if stored.stat <= REC_UNREAD + 1:
        raise cms(Cms.INVALID_PDU)
    return _submit(modem, stored.pdu, "+CMSS", stored)


def _send_command(modem: SimulatedModem, call: Call) -> Answer:
    del modem, call
    raise cms(Cms.NOT_SUPPORTED)


def _length(modem: SimulatedModem, call: Call) -> int:
    pdu_mode_only(modem)
    length = call.number(0, 0)
    if not 1 <= length <= _LONGEST_TPDU:
        raise cms(Cms.INVALID_PDU)
    return length


def _check_length(pdu: str, length: int) -> None:
    try:
        octets = bytes.fromhex(pdu)
    except ValueError:
        raise cms(Cms.INVALID_PDU) from None
    if not octets or len(octets) - 1 - octets[0] != length:
        raise cms(Cms.INVALID_PDU)


def _check_submit(pdu: str, length: int) -> None:
    _check_length(pdu, length)
    try:
        wire.read_submit(pdu)
    except PduError:
        raise cms(Cms.INVALID_PDU) from None


def _submit(modem: SimulatedModem, pdu: str, command: str, stored: StoredSms | None) -> Answer:
    if not modem.radio.registered:
        raise cms(Cms.NO_NETWORK)
    if modem.calls.caller is not None and modem.faults.while_ringing is not None:
        raise cms(modem.faults.while_ringing)
    if pdu.startswith("00"):
        _check_centre(modem)
    mr, later, power_ups = modem.next_reference(), Later(), modem.power_ups

    def done(outcome: Outcome) -> None:
        # Marked before it is answered; a modem without power marks nothing.
        writes = modem.profile.marks_sent and modem.power_ups == power_ups
        if stored and outcome.refused is None and writes:
            stored.stat = STO_SENT
        if outcome.refused is None:
            modem.interpreter.afterwards(modem.calls.hears_again)
        later(_result(outcome, f"{command}: {mr}"))

    modem.network.submit(modem.number, wire.with_reference(pdu, mr), mr, done)
    return later


def _check_centre(modem: SimulatedModem) -> None:
    if not modem.sim.smsc:
        raise cms(Cms.SMSC_UNKNOWN)
    if modem.sim.smsc != modem.network.smsc.number:
        raise cms(_OUT_OF_ORDER)


def _result(outcome: Outcome, line: str) -> Lines | Fault:
    return (line,) if outcome.refused is None else cms(outcome.refused)


SENDING: Table = {
    "+CMGS": Command(set=_send, sim=Family.CMS),
    "+CMGW": Command(set=_write, sim=Family.CMS),
    "+CMSS": Command(set=_send_stored, sim=Family.CMS),
    "+CMGC": Command(set=_send_command, sim=Family.CMS),
}
