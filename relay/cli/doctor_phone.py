"""The other end of the phone: what a code of `relay doctor --sms` says."""

from __future__ import annotations

from collections.abc import Iterator

from relay.cli.desk import EX_DATAERR
from relay.cli.explain import document, explanations
from relay.cli.printing import data, emit, note
from relay.core import plain
from relay.core.doctor.graph import Mark
from relay.core.doctor.phone_code import BadCode, Call, Fault, read
from relay.core.explained import Meaning
from relay.core.station import Running

_RUNNING = {
    Running.YES: "relay runs",
    Running.NO: "relay does not run",
    Running.SILENT: "relay hangs",
    Running.NEVER: "relay has not run there yet",
}
_MARKS = {Mark.WARN: "WARN", Mark.FAIL: "FAIL", Mark.UNKNOWN: "?"}


def read_out(heard: str, *, as_json: bool) -> int:
    try:
        call = read(heard, explanations())
    except BadCode as error:
        note(f"The code cannot be read: {error}.")
        return EX_DATAERR
    if as_json:
        emit(_document(call))
    else:
        data("\n".join(_lines(call)))
    return 0


def _lines(call: Call) -> Iterator[str]:
    yield f"{call.day}: {_RUNNING[call.running]}; exit {call.exit}"
    yield f"  to send      {plain.count(call.waiting)}"
    yield f"  only there   {plain.count(call.here)}"
    yield f"  signal       {plain.signal(_dbm(call))}"
    for fault in call.faults:
        yield from _fault(fault)
    if call.more:
        yield "and more, for which the code has no room"
    if not call.faults:
        yield "Nothing is wrong there."


def _fault(fault: Fault) -> Iterator[str]:
    which = f" (number {fault.subject + 1})" if fault.subject else ""
    if not fault.code:
        unknown = f"a fault that this relay does not know ({fault.number})"
        yield f"{_MARKS[fault.mark]:5}{unknown}{which}"
        return
    said = document(explanations(), Meaning(fault.code))
    yield f"{_MARKS[fault.mark]:5}{fault.code}{which}: {said['what']}"
    yield from (f"     do: {step}" for step in said["do"].split("\n") if step)


def _dbm(call: Call) -> int | None:
    return None if call.rssi is None else -113 + 2 * call.rssi


def _document(call: Call) -> dict[str, object]:
    return {
        "day": call.day,
        "exit": call.exit,
        "running": call.running,
        "waiting": call.waiting,
        "here_only": call.here,
        "signal_dbm": _dbm(call),
        "roots": [
            {"code": fault.code or None, "number": fault.number, "mark": fault.mark.name.lower(),
             "subject": fault.subject}
            for fault in call.faults
        ],
        "more": call.more,
    }  # fmt: skip
