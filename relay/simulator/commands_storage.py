"""Messages in memory: choose, list, read, delete (TS 27.005 §3.2.2, §3.4.2, §3.4.3, §3.5.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.core.device import REC_READ, STO_SENT, STO_UNSENT
from relay.simulator import wire
from relay.simulator.atline import Call
from relay.simulator.command import NOTHING, Answer, Command, Table
from relay.simulator.memory import Memory, StoredSms
from relay.simulator.results import Cms, Family, cms

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem

ALL = 4
# <delflag> of +CMGD: all read; and sent; and unsent; everything
_DELETED_BY = {
    1: frozenset({REC_READ}),
    2: frozenset({REC_READ, STO_SENT}),
    3: frozenset({REC_READ, STO_SENT, STO_UNSENT}),
    4: frozenset({0, REC_READ, STO_SENT, STO_UNSENT}),
}


def reading_memory(modem: SimulatedModem) -> Memory:
    """<mem1>: where +CMGL, +CMGR and +CMGD look."""
    return modem.memory(modem.settings.memories[0])


def writing_memory(modem: SimulatedModem) -> Memory:
    """<mem2>: where +CMGW writes and +CMSS sends from."""
    return modem.memory(modem.settings.memories[1])


def pdu_mode_only(modem: SimulatedModem) -> None:
    """Raises `Fault`: this modem has no text mode, and says so instead of guessing."""
    if modem.settings.text_mode:
        raise cms(Cms.NOT_SUPPORTED)


def _memories(modem: SimulatedModem, call: Call) -> Answer:
    del call
    chosen = modem.settings.memories
    return ("+CPMS: " + ",".join(f'"{name}",{_use(modem.memory(name))}' for name in chosen),)


def _memory_choices(modem: SimulatedModem, call: Call) -> Answer:
    del call
    names = "(" + ",".join(f'"{name}"' for name in sorted(modem.memory_names)) + ")"
    return (f"+CPMS: {names},{names},{names}",)


def _set_memories(modem: SimulatedModem, call: Call) -> Answer:
    chosen = list(modem.settings.memories)
    if not 1 <= len(call.args) <= 3:
        raise cms(Cms.INVALID_PARAMETER)
    for place, name in enumerate(call.args):
        if name:
            modem.memory(name.upper())
            chosen[place] = name.upper()
    first, second, third = chosen
    modem.settings.memories = (first, second, third)
    return ("+CPMS: " + ",".join(_use(modem.memory(name)) for name in chosen),)


def _use(memory: Memory) -> str:
    return f"{memory.used},{memory.capacity}"


def _list(modem: SimulatedModem, call: Call) -> Answer:
    pdu_mode_only(modem)
    stat = call.number(0, 0)
    if not 0 <= stat <= ALL:
        raise cms(Cms.INVALID_PARAMETER)
    memory, lines = reading_memory(modem), []
    for index, stored in memory.listed(None if stat == ALL else stat):
        lines += [f"+CMGL: {index},{_fields(modem, stored)}", stored.pdu]
        memory.mark_read(index)
    return lines


def _read(modem: SimulatedModem, call: Call) -> Answer:
    pdu_mode_only(modem)
    index, memory = call.number(0, -1), reading_memory(modem)
    if index not in memory.indexes:
        raise cms(Cms.INVALID_INDEX)
    stored = memory.slots.get(index)
    if stored is None:
        if modem.profile.empty_slot_is_error:
            raise cms(Cms.INVALID_INDEX)
        return NOTHING
    lines = (f"+CMGR: {_fields(modem, stored)}", stored.pdu)
    memory.mark_read(index)
    return lines


def _fields(modem: SimulatedModem, stored: StoredSms) -> str:
    return f"{stored.stat},{modem.profile.empty_alpha},{wire.tpdu_octets(stored.pdu)}"


def _delete(modem: SimulatedModem, call: Call) -> Answer:
    index, flag, memory = call.number(0, -1), call.number(1, 0), reading_memory(modem)
    if flag in _DELETED_BY:
        memory.delete_stats(_DELETED_BY[flag])
    elif flag or index not in memory.indexes:
        raise cms(Cms.INVALID_INDEX)
    else:
        memory.delete(index)
    # There may be room again: the modem tells the network (RP-SMMA), which sends what it kept.
    modem.interpreter.afterwards(lambda: modem.network.available(modem.number))
    return NOTHING


def _deletable(modem: SimulatedModem, call: Call) -> Answer:
    del call
    used = ",".join(str(index) for index, _ in reading_memory(modem).listed())
    return (f"+CMGD: ({used}),(0-4)",)


STORAGE: Table = {
    "+CPMS": Command(read=_memories, set=_set_memories, test=_memory_choices, sim=Family.CMS),
    "+CMGL": Command(run=_list, set=_list, test="+CMGL: (0-4)", sim=Family.CMS),
    "+CMGR": Command(set=_read, sim=Family.CMS),
    "+CMGD": Command(set=_delete, test=_deletable, sim=Family.CMS),
}
