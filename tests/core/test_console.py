"""What may be typed at the AT console, what must be meant, and what is never let through."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.console import Danger, judge, masked_digits, masked_line

ASKS = (
    "AT", "at", "ATI", "ATI9", "AT+CSQ", "at+csq", "AT+CPIN?", "AT+CMGF?", "AT+CNMI=?", "AT+CPMS?",
    "AT+CSCA?", "AT+COPS=?", "AT+CFUN?", "AT^SYSINFOEX", "AT+CSQ;+CREG?", "AT+CMGL=4", "AT+CMGR=1",
    'AT+CLCK="SC",2', "ATS3?", "AT^ANYTHING?", "AT+CIMI;", "AT&V",
)  # fmt: skip
SETS = ("ATE1", "AT+CREG=2", "AT+CMEE=2", "AT+COPS=3,2", "ATH", "ATE0X4", "AT+CSQ;+CREG=1")
FORCE = (
    "AT+CMGD=1", "AT+CMGD=1,4", "AT+CSQ;+CMGD=1", "AT+CSQ+CMGD=1", "AT +CMGD=1", "AT+CMGD =1",
    'AT+CPIN="1234"', "AT+CPIN=1234", 'AT+CPWD="SC","1","2"', 'AT+CLCK="SC",1,"1234"',
    "AT+CMGF=1", "at+cmgf=1", "AT+CNMI=0", 'AT+CPMS="ME"', 'AT+CSCA="+254700"', "AT+IPR=9600",
    "AT+CFUN=1,1", "ATZ", "ATE0Z", "ATE0&F", "AT&F", "AT&W", "ATV0", "ATQ1", "ATE0V0",
    "ATD+254700000001;", "ATE0D123;", "ATA", "AT+CMSS=3", "AT+CUSD=1,\"*100#\"", "AT+COPS=2",
    "AT^RESET", "AT!RESET", "AT#REBOOT", "AT+QCFG=\"x\",1", "AT$QCRMCALL=1,1", "ATS3=10", "AT\\Q3",
    "AT+CRSM=214,28486,0,0,1,\"00\"", "AT+CPBW=1", "AT+WHATEVER", "AT+CGACT=1,1",
    "AT+CREG?+CMGD=1",     'AT+CSCS="GSM"+CMGD=1', "ATP", "AT=1",
)  # fmt: skip
NEVER = (
    "", "A/", "hello", "AT+CMGS=20", "AT+CMGW=20", "AT+CMGC=3", "AT+CSQ;+CMGS=20", "ATD*99#",
    "ATD123", "ATO", "AT+CMUX=0", "AT+CSQ\rAT+CMGD=1", "AT+CSQ\x1a", "AT\u00e9", "AT" + "I" * 600,
    "+++",
)  # fmt: skip
ALL = [
    *((line, Danger.ASKS) for line in ASKS),
    *((line, Danger.SETS) for line in SETS),
    *((line, Danger.FORCE) for line in FORCE),
    *((line, Danger.NEVER) for line in NEVER),
]


@pytest.mark.parametrize(("line", "danger"), ALL)
def test_each_line_is_as_dangerous_as_its_worst_command(line, danger):
    found = judge(line)
    assert found.danger is danger
    assert bool(found.why) == (danger >= Danger.FORCE)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_judged(line):
    judge(line)


@given(st.sampled_from(ASKS[2:]).filter(lambda line: "=" not in line), st.sampled_from(FORCE[:1]))
def test_what_is_hidden_behind_a_question_is_found(asks, dangerous):
    assert judge(f"{asks};{dangerous[2:]}").danger is Danger.FORCE


def test_the_journal_has_no_pin_no_number_and_no_message():
    assert masked_line('AT+CPIN="1234"') == "AT+CPIN=…"
    assert masked_line('AT+CPWD="SC","0000","1234"') == "AT+CPWD=…"
    assert masked_line('AT+CSCA="+254700000001"') == 'AT+CSCA="…001"'
    assert masked_line("AT+CMGD=1,4") == "AT+CMGD=1,4"
    assert masked_line('AT+CUSD=1,"AA180C36",15') == 'AT+CUSD=1,"…C36",15'


@given(st.text(max_size=80))
def test_no_long_number_survives(text):
    assert not re.search(r"[0-9]{5}", masked_digits(text))
