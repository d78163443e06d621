"""What the three families answer, as tables: what is typed, and every line that comes back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.conftest import FAMILIES, Lab

Dialogue = list[tuple[str, list[str]]]

HUAWEI: Dialogue = [
    ("AT+CGMI", ["huawei", "OK"]),
    ("AT+CGMM", ["E173", "OK"]),
    (
        "ATI",
        [
            "Manufacturer: huawei",
            "Model: E173",
            "Revision: 11.126.85.00.209",
            "IMEI: 353142039999993",
            "+GCAP: +CGSM,+DS,+ES",
            "OK",
        ],
    ),
    ("AT^ICCID?", ["^ICCID: 8925499900000000001", "OK"]),
    ("AT+CCID", ["ERROR"]),
    ("AT^CPIN?", ["^CPIN: READY,,10,3,10,3", "OK"]),
    ("AT+CPMS=?", ["+CPMS: " + ",".join(['("ME","MT","SM","SR")'] * 3), "OK"]),
    ("AT+CPMS?", ['+CPMS: "SM",0,20,"SM",0,20,"SM",0,20', "OK"]),
    ('AT+CPMS="ME","ME","ME"', ["+CPMS: 0,100,0,100,0,100", "OK"]),
    ("AT+CNMI?", ["+CNMI: 0,0,0,0,0", "OK"]),
    ("AT+CNMI=?", ["+CNMI: (0,1,2),(0,1,2,3),(0,2,3),(0,1,2),(0,1)", "OK"]),
    ("AT+CREG?", ["+CREG: 0,1", "OK"]),
    ("AT+CREG=2;+CREG?", ['+CREG: 2,1,"2E81","06B4A101"', "OK"]),
    ("AT+CEREG?", ["ERROR"]),
    ("AT+COPS?", ['+COPS: 0,0,"Virtual Mobile"', "OK"]),
    ("AT+CMGR=0", ["+CMS ERROR: 321"]),
    ("AT^CURC=0", ["OK"]),
    ("AT+NONSENSE", ["ERROR"]),
]

SIMCOM: Dialogue = [
    ("AT+CGMI", ["SIMCOM_Ltd", "OK"]),
    ("AT+CGMR", ["Revision:1418B05SIM800L24", "OK"]),
    ("ATI", ["SIM800 R14.18", "OK"]),
    ("AT+CCID", ["8925499900000000001f", "OK"]),
    ("AT+SPIC", ["+SPIC: 3,10,3,10", "OK"]),
    ("AT+CPINR", ["ERROR"]),
    ("AT+CPMS?", ['+CPMS: "SM",0,10,"SM",0,10,"SM",0,10', "OK"]),
    ('AT+CPMS="SR"', ["ERROR"]),
    ("AT+CNMI?", ["+CNMI: 2,1,0,0,0", "OK"]),
    ("AT+CMGR=1", ["OK"]),
    ("AT+CMGR=11", ["ERROR"]),
    ("AT+CMEE=1", ["OK"]),
    ("AT+CMGR=11", ["+CMS ERROR: 321"]),
    ("AT+CBC", ["+CBC: 0,82,4012", "OK"]),
    ("AT+CSCLK=0", ["OK"]),
]

QUECTEL: Dialogue = [
    ("ATI", ["Quectel", "EC25", "Revision: EC25EFAR06A06M4G", "OK"]),
    ("AT+QCCID", ["+QCCID: 8925499900000000001", "OK"]),
    ("AT+CPINR", ["+CPINR: SIM PIN,3,3", "+CPINR: SIM PUK,10,10", "OK"]),
    ("AT+QPINC?", ['+QPINC: "SC",3,10', "OK"]),
    ("AT+CPMS?", ['+CPMS: "ME",0,255,"ME",0,255,"ME",0,255', "OK"]),
    ('AT+CPMS="SM"', ["+CPMS: 0,50,0,255,0,255", "OK"]),
    ('AT+CPMS="SM","SM","MT"', ["+CPMS: 0,50,0,50,0,255", "OK"]),
    ("AT+CEREG=2", ["OK"]),
    ("AT+CEREG?", ['+CEREG: 2,1,"2E81","06B4A101",7', "OK"]),
    ("AT+COPS=3,2;+COPS?", ['+COPS: 0,2,"63999",7', "OK"]),
    ("AT+CMGR=0", ["OK"]),
    ("AT+CMGR=255", ["+CMS ERROR: 321"]),
    ('AT+QURCCFG="urcport","usbat"', ["OK"]),
]

ANY: Dialogue = [
    ("AT", ["OK"]),
    ("at", ["OK"]),
    ("ATE0V1Q0", ["OK"]),
    ('ATE0+CMEE=1;+CMGF=0;+CSCS="GSM"', ["OK"]),
    ("AT+CMEE?;+CMGF?;+CSCS?", ["+CMEE: 1", "+CMGF: 0", '+CSCS: "GSM"', "OK"]),
    ("AT+CSQ", ["+CSQ: 18,0", "OK"]),
    ("AT+CSQ;+FOO;+CSQ", ["+CSQ: 18,0", "ERROR"]),
    ("AT+CGATT?", ["+CGATT: 1", "OK"]),
    ("AT+CPIN?", ["+CPIN: READY", "OK"]),
    ('AT+CLCK="SC",2', ["+CLCK: 0", "OK"]),
    ("AT+CIMI", ["639990000000001", "OK"]),
    ("AT+CNUM", ['+CNUM: "","+254711000000",145', "OK"]),
    ("AT+CSCA?", ['+CSCA: "+254700000999",145', "OK"]),
    ('AT+CSCA="254700000998",145;+CSCA?', ['+CSCA: "+254700000998",145', "OK"]),
    ("AT+CSMS?", ["+CSMS: 0,1,1,1", "OK"]),
    ("AT+CSMS=1", ["+CSMS: 1,1,1", "OK"]),
    ("AT+CNMI=2,1,0,1,0;+CNMI?", ["+CNMI: 2,1,0,1,0", "OK"]),
    ("AT+CNMI=9", ["+CMS ERROR: 302"]),
    ("AT+CMGL=4", ["OK"]),
    ("AT+CMGL=7", ["+CMS ERROR: 305"]),
    ("AT+CMGD=999", ["+CMS ERROR: 321"]),
    ("AT+CNMA", ["+CMS ERROR: 340"]),
    ("AT+CMGC=1,1", ["+CMS ERROR: 303"]),
    ("AT+CMGF=1", ["OK"]),
    ('AT+CMGL="ALL"', ["+CMS ERROR: 303"]),
    ("AT+CMGF=0", ["OK"]),
    ("AT+CFUN?", ["+CFUN: 1", "OK"]),
    ("AT+CLCC", ["OK"]),
    ("ATD123;", ["NO CARRIER"]),
    ("ATH", ["OK"]),
]

TABLES = {"huawei-e17x": HUAWEI, "sim800": SIMCOM, "quectel-ec2x": QUECTEL}


@pytest.mark.parametrize("profile", FAMILIES)
def test_a_family_answers_in_its_own_way(profile: str, quiet: Any) -> None:
    """Identity, memories, counters and error forms of each family."""
    _, terminal = quiet(profile)
    for typed, answered in TABLES[profile]:
        assert terminal.say(typed) == answered, typed


def test_all_families_share_the_standard(family: str, quiet: Any) -> None:
    """What 27.005 and 27.007 leave no choice about."""
    _, terminal = quiet(family)
    for typed, answered in ANY:
        assert terminal.say(typed) == answered, typed


def test_the_words_of_an_error_follow_cmee(quiet: Any) -> None:
    """AT+CMEE=0 hides a +CME ERROR, 1 numbers it, 2 spells it."""
    _, terminal = quiet(pin="1234")
    said = [terminal.say(f"AT+CMEE={mode};+COPS?") for mode in (0, 1, 2)]
    assert said == [["ERROR"], ["+CME ERROR: 11"], ["+CME ERROR: SIM PIN required"]]


def test_a_cms_error_has_a_number_even_without_cmee_where_the_family_says_so(quiet: Any) -> None:
    """Quectel tells the code, SIM800 says ERROR."""
    _, quectel = quiet("quectel-ec2x")
    _, simcom = quiet("sim800", number="+254711000009")
    assert quectel.say("AT+CMGD=999") == ["+CMS ERROR: 321"]
    assert simcom.say("AT+CMGD=999") == ["ERROR"]
    assert quectel.say("AT+CMEE=2;+CMGD=999") == ["+CMS ERROR: Invalid memory index"]


def test_atz_forgets_what_was_told(quiet: Any, family: str) -> None:
    """Echo, error form and indications are those of the start again."""
    _, terminal = quiet(family)
    before = terminal.say("AT+CNMI?;+CMEE?")
    terminal.say("AT+CMEE=2;+CNMI=2,2,0,1,0;+CMGF=1")
    assert terminal.say("ATZ") == ["OK"]
    assert terminal.say("AT+CNMI?;+CMEE?")[1:] == before
    assert terminal.say("AT+CMGF?")[1:] == ["+CMGF: 0", "OK"]


def test_clac_names_what_there_is(quiet: Any) -> None:
    """Every command that AT+CLAC lists is answered by something other than ERROR to =?."""
    _, terminal = quiet("huawei-e17x")
    *names, final = terminal.say("AT+CLAC")
    assert final == "OK"
    assert {"+CMGS", "+CMSS", "^ICCID", "+CUSD"} <= set(names)


def test_numeric_and_quiet_results(quiet: Any) -> None:
    """ATV0 answers with digits, ATQ1 not at all."""
    _, terminal = quiet()
    assert terminal.type(b"ATV0\r") == b"0\r"
    assert terminal.type(b"AT+FOO\r") == b"4\r"
    assert terminal.type(b"ATQ1\r") == b""


def test_the_network_search_is_slow_and_can_be_aborted(lab: Lab, quiet: Any) -> None:
    """AT+COPS=? takes its time; any byte ends it (V.250 §5.6.1)."""
    _, terminal = quiet()
    assert terminal.type(b"AT+COPS=?\r") == b""
    lab.pass_time(21)
    assert b'+COPS: (2,"Virtual Mobile"' in terminal.heard()
    terminal.type(b"AT+COPS=?\r")
    assert terminal.type(b"A") == b"\r\nOK\r\n"
    assert terminal.say("AT") == ["OK"]


MALFORMED = [
    "AT+CMEE=7",
    "AT+CFUN=9",
    'AT+CSCS="KLINGON"',
    "AT+CREG=x",
    "AT+CPMS=",
    'AT+CPMS="XX"',
    "AT+CNMI=1,2,3,4,5,6",
    "AT+CMGF=5",
    "AT+CSMS=9",
    'AT+CSCA="nowhere"',
    "AT+CNMA=7",
    "AT+CMGR=",
    "AT+CMGS=x",
    "AT+CMGS=9999",
    "AT+CMGW=20,9",
    "AT+CMSS",
    'AT+CLCK="AO",2',
    'AT+CPIN="1234"',
    'AT+CPWD="SC","1","2"',
    "AT+CSQ=?x",
    "AT+",
    "AT%",
    "ATE7",
    "ATY",
    "AT+CSQ?5",
]


@pytest.mark.parametrize("line", MALFORMED)
def test_what_no_modem_understands_is_an_error(quiet: Any, line: str) -> None:
    """And the next command works."""
    _, terminal = quiet()
    terminal.say("AT+CMEE=1")
    assert "ERROR" in terminal.say(line)[-1]
    assert terminal.say("AT") == ["OK"]


def test_settings_that_change_nothing_are_accepted(quiet: Any, family: str) -> None:
    """Drivers of all ages send them."""
    _, terminal = quiet(family)
    line = "AT&C1&D2&K0&W+IPR=0;+IFC=0,0;+CMMS=1;+CSDH=1;+CVHU=1;X4S0=0S7?"
    assert terminal.say(line) == ["OK"]
    assert terminal.say("AT+CNMI=?;+CPMS=?;+CMEE=?;+CUSD=?;+CMGF=?;+CSMS=?")[-1] == "OK"
    assert terminal.say("AT+CMGD=?")[0].startswith("+CMGD: (),(0-4)")


def test_the_clock_is_the_networks(quiet: Any) -> None:
    """Local time, with its zone in quarters."""
    _, terminal = quiet()
    assert terminal.say("AT+CCLK?") == ['+CCLK: "23/11/15,01:13:20+12"', "OK"]
