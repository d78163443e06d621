"""+CUSD: balances, menus, encodings, garbage, silence."""

from __future__ import annotations

from typing import Any

from relay.simulator.terminal import lines
from relay.simulator.ussd import UssdAnswer
from relay.simulator.wire import pack_septets
from tests.simulator.conftest import MODEM, Lab


def packed(text: str) -> str:
    """Hex of packed septets, as Huawei sticks speak USSD."""
    return pack_septets([ord(char) for char in text]).hex().upper()


def test_the_balance(lab: Lab, quiet: Any) -> None:
    """OK at once, then the answer as a URC; it follows the airtime."""
    _, terminal = quiet()
    lab.network.account(MODEM).credit = 38.2
    assert terminal.say('AT+CUSD=1,"*144#",15') == [
        "OK",
        '+CUSD: 0,"Your balance is 38.20.",15',
    ]


def test_a_menu_wants_a_reply(quiet: Any) -> None:
    """<m> 1, then the choice; anything else ends the session."""
    _, terminal = quiet()
    assert terminal.say('AT+CUSD=1,"*100#",15')[1] == '+CUSD: 1,"1 Balance'
    assert terminal.say('AT+CUSD=1,"2",15')[1] == '+CUSD: 0,"Call 100.",15'
    terminal.say('AT+CUSD=1,"*100#",15')
    assert terminal.say('AT+CUSD=1,"9",15')[1] == '+CUSD: 2,"Invalid choice.",15'
    terminal.say('AT+CUSD=1,"*100#",15')
    assert terminal.say("AT+CUSD=2") == ["OK"]
    assert terminal.say('AT+CUSD=1,"2",15')[1] == "+CUSD: 4"


def test_huawei_speaks_packed_hex(quiet: Any) -> None:
    """Both ways, for GSM text; UCS2 is plain hex."""
    modem, terminal = quiet("huawei-e17x")
    said = terminal.say(f'AT+CUSD=1,"{packed("*144#")}",15')
    assert said[1] == f'+CUSD: 0,"{packed("Your balance is unlimited.")}",15'
    modem.network.ussd_codes["*1#"] = UssdAnswer("Pesa ₦5", ucs2=True)
    said = terminal.say(f'AT+CUSD=1,"{packed("*1#")}",15')
    assert said[1] == f'+CUSD: 0,"{"Pesa ₦5".encode("utf-16-be").hex().upper()}",72'


def test_the_character_set_of_the_host_applies(quiet: Any) -> None:
    """AT+CSCS="UCS2": codes and answers are hex."""
    _, terminal = quiet()
    terminal.say('AT+CSCS="UCS2"')
    said = terminal.say(f'AT+CUSD=1,"{"*144#".encode("utf-16-be").hex()}",15')
    assert said[1].startswith(f'+CUSD: 0,"{"Your".encode("utf-16-be").hex().upper()}')


def test_garbage_silence_and_unknown_codes(lab: Lab, quiet: Any) -> None:
    """What broken networks do."""
    _, terminal = quiet()
    lab.network.ussd_codes |= {
        "*1#": UssdAnswer(raw='\x00\xff"broken'),
        "*2#": UssdAnswer(silent=True),
        "*3#": UssdAnswer("at last", delay_s=12),
    }
    assert terminal.type(b'AT+CUSD=1,"*1#",15\r').endswith(b'+CUSD: 0,"\x00\xff"broken",15\r\n')
    assert terminal.say('AT+CUSD=1,"*2#",15') == ["OK"]
    lab.pass_time(30)
    assert lines(terminal.heard()) == ["+CUSD: 5"]
    assert terminal.say('AT+CUSD=1,"*3#",15') == ["OK"]
    lab.pass_time(12)
    assert lines(terminal.heard()) == ['+CUSD: 0,"at last",15']
    assert terminal.say('AT+CUSD=1,"*9#",15') == ["OK", "+CUSD: 4"]


def test_the_network_speaks_first(quiet: Any) -> None:
    """A notice that nobody asked for."""
    modem, terminal = quiet()
    modem.ussd.push("Bundle expires today")
    assert lines(terminal.heard()) == ['+CUSD: 0,"Bundle expires today",15']


def test_no_network_no_ussd(quiet: Any) -> None:
    """+CME ERROR: 30."""
    modem, terminal = quiet()
    terminal.say("AT+CMEE=1")
    modem.register(2)
    assert terminal.say('AT+CUSD=1,"*144#",15') == ["+CME ERROR: 30"]
