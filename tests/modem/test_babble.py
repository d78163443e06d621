"""A modem that never stops talking: what it says is bounded, what must not be lost is kept."""

from __future__ import annotations

from relay.core.at import Running
from relay.core.device import DirectPdu
from relay.modem.answer import Answer
from relay.modem.reader import Reader

PDU = "07917238010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37"


def test_an_answer_without_an_end_stops_growing():
    """Until the time-out a USB modem can say gigabytes."""
    reader, answer = Reader("nowhere"), Answer(Running.of("AT+CMGL=4"))
    reader._answer = answer
    for _ in range(100):
        reader._take(b"+CMGL: 1,0,,24\r\n" * 6000)
    reader._take(b"\r\nOK\r\n")
    assert answer.final is not None
    assert sum(map(len, answer.lines)) <= 4 * 1024 * 1024


def test_hints_without_an_end_stop_growing_and_messages_do_not():
    """A routed PDU lies nowhere else, so it is kept among any number of hints."""
    reader = Reader("nowhere")
    for number in range(50):
        reader._take(b'+CMTI: "SM",%d\r\nRING\r\n' % number * 100)
        reader._take(f"+CMT: ,28\r\n{PDU}\r\n".encode())
    heard = reader.take_urcs()
    assert heard.count(DirectPdu("+CMT", PDU)) == 50
    assert len(heard) < 1100
