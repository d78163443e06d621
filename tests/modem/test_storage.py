"""The message memories: nothing unseen is ever deleted, nothing seen costs more than it must."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from relay.core.device import ListedPdu, NewMessage, Slot
from relay.errors import NoReply, Refused
from relay.modem.driver import GsmDriver
from relay.modem.storage import may_be_replaced
from tests.modem.peer import Peer, Reply

pytestmark = pytest.mark.pty

ONE = "07915274000000F0040B915274365F7F100004621010101010000141"
TWO = ONE[:-2] + "42"
THREE = ONE[:-2] + "43"
REPLACE = ONE.replace("100004", "104104")


class Memories:
    """SM and ME of a scripted modem, with their faults."""

    def __init__(self) -> None:
        self.slots: dict[tuple[str, int], str] = {}
        self.current = "ME"
        self.lists = True
        self.switches = True
        self.hidden: set[int] = set()
        self.garbled: dict[int, str] = {}

    def script(self) -> dict[str, Reply]:
        script: dict[str, Reply] = {"AT+CMGL=4": self._list}
        script |= {f'AT+CPMS="{memory}"': self._select for memory in ("SM", "ME")}
        for index in range(30):
            script[f"AT+CMGR={index}"] = self._read
            script[f"AT+CMGD={index}"] = self._delete
        return script

    def _mine(self) -> dict[int, str]:
        return {
            index: pdu for (memory, index), pdu in self.slots.items() if memory == self.current
        }

    def _select(self, command: str) -> str:
        if self.switches:
            self.current = command[-3:-1]
        total = 10 if self.current == "SM" else 23
        return f"+CPMS: {len(self._mine())},{total},0,23,0,23\r\nOK"

    def _list(self, _: str) -> str:
        if not self.lists:
            return "+CMS ERROR: 302"
        shown = {n: pdu for n, pdu in self._mine().items() if n not in self.hidden}
        return "".join(
            f"+CMGL: {n},0,,{len(pdu) // 2 - 8}\r\n{self.garbled.get(n, pdu)}\r\n"
            for n, pdu in shown.items()
        ) + "OK"  # fmt: skip

    def _read(self, command: str) -> str:
        pdu = self._mine().get(_index(command))
        return (
            "+CMS ERROR: 321" if pdu is None else f"+CMGR: 1,,{len(pdu) // 2 - 8}\r\n{pdu}\r\nOK"
        )

    def _delete(self, command: str) -> str:
        del self.slots[self.current, _index(command)]
        return "OK"


def _index(command: str) -> int:
    found = re.search(r"\d+$", command)
    assert found is not None
    return int(found[0])


@pytest.fixture
def memories() -> Memories:
    return Memories()


@pytest.fixture
def modem(
    memories: Memories, opened: Callable[..., tuple[Peer, GsmDriver]]
) -> tuple[Peer, GsmDriver]:
    peer, gsm = opened(memories.script())
    peer.heard.clear()
    return peer, gsm


Modem = tuple[Peer, GsmDriver]


def test_m24_all_memories_are_swept(modem: Modem, memories: Memories) -> None:
    """SM and ME are both listed each time, the one that receives last."""
    memories.slots = {("SM", 1): ONE, ("ME", 0): TWO}
    assert modem[1].list_pdus() == [
        ListedPdu(Slot("SM", 1), 0, ONE),
        ListedPdu(Slot("ME", 0), 0, TWO),
    ]
    assert memories.current == "ME"


def test_one_message_costs_one_read_and_one_delete(modem: Modem, memories: Memories) -> None:
    """The usual case: +CMTI, AT+CMGR, AT+CMGD and nothing else on the line."""
    peer, gsm = modem
    memories.slots = {("ME", 3): ONE}
    peer.urc('+CMTI: "ME",3')
    assert gsm.wait(5)
    listed = gsm.read_pdu(Slot("ME", 3))
    assert listed is not None
    assert gsm.delete(listed)
    assert peer.heard == ["AT+CMGR=3", "AT+CMGD=3"]
    assert gsm.take_urcs() == [NewMessage(Slot("ME", 3))]


def test_a_burst_costs_one_delete_a_message(modem: Modem, memories: Memories) -> None:
    """After a listing every slot of the receiving memory is freed by one command."""
    peer, gsm = modem
    memories.slots = {("ME", n): ONE for n in range(10)}
    for listed in gsm.list_pdus():
        assert gsm.delete(listed)
    assert peer.heard[-10:] == [f"AT+CMGD={n}" for n in range(10)]
    assert memories.slots == {}


def test_m17_another_message_in_the_slot_is_left_alone(modem: Modem, memories: Memories) -> None:
    """Freed and filled again behind our back, with a notification: looked at, not deleted."""
    peer, gsm = modem
    memories.slots = {("ME", 3): ONE}
    (listed,) = gsm.list_pdus()
    memories.slots["ME", 3] = TWO
    peer.urc('+CMTI: "ME",3')
    assert gsm.wait(5)
    assert not gsm.delete(listed)
    assert memories.slots == {("ME", 3): TWO}


def test_one_sight_pays_for_one_deletion(modem: Modem, memories: Memories) -> None:
    """Deleting the same listing twice cannot hit the message that came in between."""
    _, gsm = modem
    memories.slots = {("ME", 3): ONE}
    (listed,) = gsm.list_pdus()
    assert gsm.delete(listed)
    memories.slots["ME", 3] = TWO
    assert not gsm.delete(listed)
    assert memories.slots == {("ME", 3): TWO}


def test_a_replaced_message_is_left_alone(modem: Modem, memories: Memories) -> None:
    """TP-PID 41 to 47: the network may overwrite the slot without a word."""
    _, gsm = modem
    memories.slots = {("ME", 3): REPLACE}
    (listed,) = gsm.list_pdus()
    memories.slots["ME", 3] = REPLACE[:-2] + "44"
    assert not gsm.delete(listed)
    assert len(memories.slots) == 1


def test_a_time_out_makes_everything_unseen(modem: Modem, memories: Memories) -> None:
    """After a time-out the modem may be another one inside: look again."""
    peer, gsm = modem
    memories.slots = {("ME", 3): ONE}
    (listed,) = gsm.list_pdus()
    peer.script['AT+CUSD=1,"*1#",15'] = None
    with pytest.raises(NoReply):
        gsm.ussd("*1#")
    memories.slots["ME", 3] = TWO
    assert not gsm.delete(listed)


def test_m28_an_echo_betrays_a_silent_restart(modem: Modem, memories: Memories) -> None:
    """A modem that echoes has forgotten ATE0, and with it which memory we chose."""
    peer, gsm = modem
    memories.slots = {("ME", 3): ONE, ("SM", 3): TWO}
    in_sm, in_me = gsm.list_pdus()
    memories.current = "SM"
    peer.script["AT+CSQ"] = "AT+CSQ\r\n+CSQ: 9,9\r\nOK"
    gsm.survey()
    assert not gsm.check()
    assert gsm.delete(in_me)
    assert memories.slots == {("SM", 3): TWO}
    assert gsm.delete(in_sm)


def test_after_a_pause_the_slot_is_looked_at_again(
    opened: Callable[..., Modem], memories: Memories
) -> None:
    """What was seen more than two seconds ago is read again before it is deleted."""
    now = [0.0]
    peer, gsm = opened(memories.script(), monotonic=lambda: now[0])
    memories.slots = {("ME", 3): ONE, ("ME", 4): TWO}
    first, second = gsm.list_pdus()
    now[0] = 5
    assert gsm.delete(first)
    assert gsm.delete(second)
    assert peer.heard[-3:] == ["AT+CMGR=3", "AT+CMGD=3", "AT+CMGD=4"]


def test_a_switch_that_did_nothing_deletes_nothing_else(modem: Modem, memories: Memories) -> None:
    """AT+CPMS answered OK and stayed in ME: the SM slot of the same number is not touched."""
    _, gsm = modem
    memories.slots = {("SM", 3): ONE, ("ME", 3): TWO}
    in_sm, in_me = gsm.list_pdus()
    memories.switches = False
    assert not gsm.delete(in_sm)
    assert gsm.delete(in_me)
    assert memories.slots == {("SM", 3): ONE}


def test_m20_a_garbled_entry_shifts_nothing(modem: Modem, memories: Memories) -> None:
    """A PDU line that is no hex is read again by itself; every PDU keeps its own index."""
    _, gsm = modem
    memories.slots = {("ME", 1): ONE, ("ME", 2): TWO, ("ME", 3): THREE}
    memories.garbled = {2: "07915274\xff0000"}
    found = {listed.slot.index: listed.pdu for listed in gsm.list_pdus()}
    assert found == {1: ONE, 2: TWO, 3: THREE}


def test_a_shortened_pdu_is_read_again(modem: Modem, memories: Memories) -> None:
    """Characters lost on the line leave valid hex: the announced length shows it."""
    _, gsm = modem
    memories.slots = {("ME", 1): ONE}
    memories.garbled = {1: ONE[:-4]}
    assert [listed.pdu for listed in gsm.list_pdus()] == [ONE]


def test_lists_are_refused(modem: Modem, memories: Memories) -> None:
    """Where AT+CMGL fails, slots are read one by one as far as the memory is used."""
    _, gsm = modem
    memories.lists = False
    memories.slots = {("ME", 2): ONE, ("SM", 9): TWO}
    assert {listed.slot for listed in gsm.list_pdus()} == {Slot("ME", 2), Slot("SM", 9)}


def test_a_listing_that_hides_messages(modem: Modem, memories: Memories) -> None:
    """+CPMS counts more than +CMGL shows: the rest is sought slot by slot."""
    _, gsm = modem
    memories.slots = {("ME", 2): ONE, ("ME", 5): TWO}
    memories.hidden = {5}
    assert {listed.slot.index for listed in gsm.list_pdus()} == {2, 5}


def test_a_count_that_is_wrong_is_sought_once(modem: Modem, memories: Memories) -> None:
    """Slots in use that nothing shows are not searched for in every sweep."""
    peer, gsm = modem
    peer.script['AT+CPMS="ME"'] = "+CPMS: 2,23,0,23,0,23\r\nOK"
    memories.current = "ME"
    gsm.list_pdus()
    peer.heard.clear()
    gsm.list_pdus()
    assert not [command for command in peer.heard if command.startswith("AT+CMGR")]


def test_an_empty_slot_is_none(modem: Modem) -> None:
    """+CMS ERROR: 321 and an empty answer both mean: nothing there."""
    peer, gsm = modem
    assert gsm.read_pdu(Slot("ME", 1)) is None
    peer.script["AT+CMGR=2"] = "+CMGR: 0,,0\r\n\r\nOK"
    assert gsm.read_pdu(Slot("ME", 2)) is None


def test_all_memories_refuse(modem: Modem) -> None:
    """Only when no memory can be read at all is the sweep a failure."""
    peer, gsm = modem
    peer.script |= {'AT+CPMS="SM"': "ERROR", 'AT+CPMS="ME"': "+CMS ERROR: 313"}
    with pytest.raises(Refused):
        gsm.list_pdus()


def test_m21_never_all_at_once(modem: Modem, memories: Memories) -> None:
    """No AT+CMGD with a flag is ever written."""
    peer, gsm = modem
    memories.slots = {("ME", n): ONE for n in range(5)}
    for listed in gsm.list_pdus():
        gsm.delete(listed)
    assert not [command for command in peer.heard if re.match(r"AT\+CMGD=\d+,", command)]


@pytest.mark.parametrize(
    ("pdu", "replaceable"),
    [(ONE, False), (REPLACE, True), ("", True), ("00", True), ("07915274000000F00601", False)],
)
def test_replaceable_types(pdu: str, replaceable: bool) -> None:
    """Only an SMS-DELIVER of a replace type, or a PDU that cannot be read."""
    assert may_be_replaced(pdu) is replaceable
