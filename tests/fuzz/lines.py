"""The serial line: noise of any kind in pieces of any size, and what is said after it is heard."""

from __future__ import annotations

from relay.core import replies, sim, urc, ussd
from relay.core.at import LINE_CAP, Feed, Running
from relay.core.balance import is_top_up, read_balance
from relay.core.device import DirectPdu, NewMessage, Slot
from relay.modem.answer import Answer, Markers
from relay.modem.reader import Reader
from relay.operators import known
from tests.fuzz.draw import Draw

COMMANDS = (
    "AT", "AT+CMGL=4", "AT+CMGR=3", "AT+CMGS=20", "AT+CMSS=1", "AT+CPMS=?", "AT+CUSD=1",
    "AT+CREG?", "AT+CCID", "ATI", "AT+CMGF?",
)  # fmt: skip
_MANNERS = tuple(one.manner for one in known())
ARRIVAL = b'\r\n+CMTI: "SM",7\r\n'
_ROUTED = "0791527400009099040C915274000000100000621142615490210141"
ROUTED = f"\r\n+CMT: ,20\r\n{_ROUTED}\r\n".encode()


def stream(data: bytes) -> None:
    """A modem's reader without a port: any bytes, then two arrivals, in any pieces."""
    draw = Draw(data)
    command, prompt, running = draw.pick(COMMANDS), bool(draw.below(2)), draw.below(3)
    size, noise = 1 + draw.byte() // 8, draw.rest()
    whole = _heard([noise], _answer(command, running), prompt)
    assert _heard(_cut(noise, size), _answer(command, running), prompt) == whole


def _answer(command: str, running: int) -> Answer | None:
    if running == 2:
        return Markers("AT+CMGF?")
    return Answer(Running.of(command)) if running else None


def _cut(noise: bytes, size: int) -> list[bytes]:
    return [noise[at : at + size] for at in range(0, len(noise), size)]


def _heard(pieces: list[bytes], answer: Answer | None, prompt: bool) -> list[object]:
    reader = Reader("nowhere")
    reader._feed.expect_prompt = prompt
    reader._answer = answer
    for piece in (*pieces, ARRIVAL, ROUTED):
        reader._take(piece)
    assert len(reader._feed._tail) <= LINE_CAP
    heard = reader.take_urcs()
    assert NewMessage(Slot("SM", 7)) in heard, "an arrival after the noise was not heard"
    assert DirectPdu("+CMT", _ROUTED) in heard, "a message after the noise was lost"
    return [*heard, answer and answer.done]


def feed(data: bytes) -> None:
    """Lines come out the same under any chunking."""
    draw = Draw(data)
    expect, pieces = bool(draw.below(2)), draw.pieces(draw.rest())
    one, many = Feed(), Feed()
    one.expect_prompt = many.expect_prompt = expect
    tokens = [token for piece in pieces for token in many.push(piece)]
    assert tokens == one.push(b"".join(pieces))
    assert all(0 < len(token) <= LINE_CAP for token in tokens)


def readers(data: bytes) -> None:
    """Every reader of an answer, with every line that there is."""
    lines = [line for line in data.decode("latin-1").split("\n") if line]
    entries = (*replies.listing(lines), replies.reading(lines, 1))
    assert all(bytes.fromhex(entry.pdu) for entry in entries if entry)
    for read in (
        replies.reference, replies.written_index, replies.memory_choices, replies.chosen_use,
        replies.memories_in_use, replies.registration, replies.signal_dbm, replies.operator,
        replies.service_centre, sim.pin_state, sim.tries_left, sim.iccid,
    ):  # fmt: skip
        read(lines)
    assert len(replies.used_indexes(lines) or ()) <= 100_000
    replies.flag(lines, "+CFUN")
    for line in lines:
        urc.read_urc(line)
        ussd.read_cusd(line)
        sim.said(line)
        sim.digits_of(line)


def balance(data: bytes) -> None:
    """What an operator may say of the airtime, to each of the operators' patterns."""
    draw = Draw(data)
    manner, text = draw.pick(_MANNERS), draw.rest().decode("utf-8", "replace")
    found = read_balance(text, manner)
    is_top_up(text, manner)
    if found and found.amount is not None:
        assert found.amount >= 0 or "-" in text
