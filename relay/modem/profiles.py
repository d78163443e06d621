"""What modem families do differently, as data. The first profile whose pattern fits is used.

From the AT command manuals of the manufacturers; everything that can be asked of the modem is
asked (memories, notifications), so that a profile only says what cannot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from relay.core.device import Identity


class Reports(StrEnum):
    """How status reports reach us: in a memory (+CDSI), or past it (+CDS)."""

    STORED = "CDSI"
    DIRECT = "CDS"


# <mode>,<mt>,<bm>,<ds>,<bfr> of +CNMI (TS 27.005 §3.4.1): new messages into memory with an
# indication; reports into memory (ds 2) or straight to us (ds 1); flush what was buffered.
_STORED = ("2,1,0,2,0", "1,1,0,2,0")
_DIRECT = ("2,1,0,1,0", "1,1,0,1,0")
_LEAST = ("2,1,0,0,0", "1,1,0,0,0", "2,1", "1,1")


@dataclass(frozen=True, slots=True)
class Profile:
    """`pattern` is sought in "manufacturer model".

    `receive` and `store` order the memories where sizes tie; `reports` says which way of status
    reports to try first; `tries_left` and `iccid` are the commands that tell, most likely first;
    `ussd_packed` where USSD codes are taken as packed septets.
    """

    name: str
    pattern: str = ""
    reports: Reports = Reports.STORED
    receive: tuple[str, ...] = ("ME", "SM")
    store: tuple[str, ...] = ("ME", "SM")
    init: tuple[str, ...] = ()
    tries_left: tuple[str, ...] = (
        'AT+CPINR="SIM PIN"', "AT^CPIN?", "AT+SPIC", 'AT+QPINC="SC"', "AT+ZPINPUK=?", "AT^SPIC",
        "AT#PCT", "AT+UPINCNT", "AT+CPINC?", "AT*EPIN?", "AT+EPINC?",
    )  # fmt: skip
    iccid: tuple[str, ...] = (
        "AT+CCID",
        "AT+ICCID",
        "AT^ICCID?",
        "AT+QCCID",
        "AT+CRSM=176,12258,0,0,10",
    )
    ussd_packed: bool = False

    @property
    def cnmi(self) -> tuple[str, ...]:
        """The +CNMI settings to try, best first."""
        first, second = _STORED, _DIRECT
        if self.reports is Reports.DIRECT:
            first, second = second, first
        return tuple(x for pair in zip(first, second, strict=True) for x in pair) + _LEAST


GENERIC = Profile("generic")

PROFILES: tuple[Profile, ...] = (
    Profile(
        "huawei",
        pattern=r"huawei",
        # ^CURC=0 silences ^RSSI, ^MODE, ^BOOT, which kept other programs from ever timing out;
        # ^USSDMODE=0 lets newer firmware take USSD codes as text.
        init=("AT^CURC=0", "AT^USSDMODE=0"),
        receive=("ME", "SM"),
        tries_left=("AT^CPIN?", 'AT+CPINR="SIM PIN"'),
        iccid=("AT^ICCID?", "AT+ICCID", "AT+CCID", "AT+CRSM=176,12258,0,0,10"),
        ussd_packed=True,
    ),
    Profile(
        "simcom",
        pattern=r"simcom|\bsim\d{3,4}",
        receive=("SM", "ME"),
        store=("SM", "ME"),
        # Sleep mode swallows the first command after a pause.
        init=("AT+CSCLK=0",),
        tries_left=("AT+SPIC", 'AT+CPINR="SIM PIN"'),
        iccid=("AT+CCID", "AT+CICCID", "AT+ICCID", "AT+CRSM=176,12258,0,0,10"),
        reports=Reports.DIRECT,
    ),
    Profile(
        "quectel",
        pattern=r"quectel|\b(?:ec2|eg2|eg9|ug9|bg9|m9)\d",
        init=("AT+QSCLK=0",),
        tries_left=('AT+QPINC="SC"', 'AT+CPINR="SIM PIN"'),
        iccid=("AT+QCCID", "AT+CCID", "AT+ICCID", "AT+CRSM=176,12258,0,0,10"),
    ),
    Profile("zte", pattern=r"\bzte\b", init=("AT+ZOPRT=5",)),
    Profile("cinterion", pattern=r"cinterion|siemens|thales"),
    Profile("sierra", pattern=r"sierra|wavecom"),
    Profile("telit", pattern=r"telit", iccid=("AT#CCID", "AT+CCID", "AT+ICCID")),
    Profile("u-blox", pattern=r"u-blox|ublox"),
)  # fmt: skip


def profile_of(identity: Identity) -> Profile:
    """The profile of a modem, by what it says of itself."""
    text = f"{identity.manufacturer} {identity.model}"
    fitting = (p for p in PROFILES if re.search(p.pattern, text, re.IGNORECASE))
    return next(fitting, GENERIC)
