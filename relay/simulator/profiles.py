"""What a family of modems does in its own way, as data.

From the manufacturers' AT manuals and from logs that users published. Where a family leaves a
choice, the harder one for relay was taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CNMI_QUIET = (0, 0, 0, 0, 0)
CNMI_INDICATE = (2, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Chatter:
    """A line that the modem says by itself every `period_s`. May hold {rssi} and {uptime}."""

    period_s: float
    line: str


@dataclass(frozen=True, slots=True)
class Profile:
    """One family. Lines may hold the names in braces that `SimulatedModem.phrase` fills in."""

    name: str
    manufacturer: str
    model: str
    revision: str
    information: tuple[str, ...]  # ATI
    imei: str
    memories: Mapping[str, int]  # of the modem itself; SM is the SIM's
    default_memories: tuple[str, str, str]
    boot: tuple[str, ...]  # as soon as the modem has power
    ready: tuple[str, ...]  # when the SIM can be used: at boot, or after the PIN
    boot_s: float
    memory_alias: Mapping[str, str] = field(default_factory=dict)
    sim_capacity: int = 25
    first_index: int = 1
    cnmi: tuple[int, int, int, int, int] = CNMI_QUIET
    cnmi_choices: tuple[frozenset[int], ...] = (
        frozenset({0, 1, 2, 3}),
        frozenset({0, 1, 2, 3}),
        frozenset({0, 2}),
        frozenset({0, 1, 2}),
        frozenset({0, 1}),
    )
    services: tuple[int, ...] = (
        0,
        1,
    )  # <service> of AT+CSMS that it takes; the first is the start's
    revision_prefix: str = ""
    iccid_commands: Mapping[str, str] = field(default_factory=dict)
    pin_counters: Mapping[str, str] = field(default_factory=dict)
    lists_commands: bool = True  # AT+CLAC
    registration: tuple[str, ...] = ("+CREG", "+CGREG", "+CEREG")
    access: int | None = None  # <AcT> in +CREG, +CEREG and +COPS
    packed_ussd: bool = False  # +CUSD strings are hex of packed septets
    cms_always: bool = True  # +CMS ERROR: n even under AT+CMEE=0
    empty_alpha: str = ""
    empty_slot_is_error: bool = False
    class_0_direct: bool = True
    marks_sent: bool = True  # AT+CMSS turns STO UNSENT into STO SENT
    abort_says: str = "OK"  # after ESC at the prompt
    reference_survives: bool = True  # TP-MR goes on after a restart
    holds_urcs: bool = False  # unsolicited results wait while a command runs
    reset_drops_port: bool = True
    memory_full: str = ""
    call_ended: str = "NO CARRIER"
    max_line: int = 556
    chatter: tuple[Chatter, ...] = ()
    fixed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default_cmee: int = 0


HUAWEI_E17X = Profile(
    name="huawei-e17x",
    manufacturer="huawei",
    model="E173",
    revision="11.126.85.00.209",
    information=(
        "Manufacturer: huawei",
        "Model: E173",
        "Revision: 11.126.85.00.209",
        "IMEI: {imei}",
        "+GCAP: +CGSM,+DS,+ES",
    ),
    imei="353142039999993",
    memories={"ME": 100, "SR": 50},
    memory_alias={"MT": "ME"},
    default_memories=("SM", "SM", "SM"),
    boot=("^SRVST:0", "^SIMST:{simst}"),
    ready=("^SRVST:2", "^MODE:5,4", "^RSSI:{rssi}"),
    boot_s=12.0,
    sim_capacity=20,
    first_index=0,
    cnmi_choices=(
        frozenset({0, 1, 2}),
        frozenset({0, 1, 2, 3}),
        frozenset({0, 2, 3}),
        frozenset({0, 1, 2}),
        frozenset({0, 1}),
    ),
    iccid_commands={"^ICCID": "^ICCID: {iccid}"},
    pin_counters={"^CPIN": "^CPIN: {cpin},,{puk},{pin},10,3"},
    registration=("+CREG", "+CGREG"),
    packed_ussd=True,
    empty_slot_is_error=True,
    memory_full='^SMMEMFULL: "{memory}"',
    call_ended="^CEND:1,0,104,16",
    chatter=(Chatter(20.0, "^BOOT:{uptime},0,0,0,75"), Chatter(31.0, "^RSSI:{rssi}")),
    fixed={
        "^CURC": (),
        "^SYSINFO": ("^SYSINFO:2,3,0,5,1,,4",),
        "^HCSQ": (),
        "^DSFLOWCLR": (),
        "^U2DIAG": (),
        "^SYSCFG": ("^SYSCFG:2,0,3FFFFFFF,1,2",),
    },
)

SIM800 = Profile(
    name="sim800",
    manufacturer="SIMCOM_Ltd",
    model="SIMCOM_SIM800L",
    revision="1418B05SIM800L24",
    revision_prefix="Revision:",
    information=("SIM800 R14.18",),
    imei="865067029999995",
    memories={"ME": 5},
    default_memories=("SM", "SM", "SM"),
    boot=("RDY", "+CFUN: 1", "+CPIN: {cpin}"),
    ready=(
        "Call Ready",
        "SMS Ready",
        "*PSUTTZ: {psuttz}",
        "DST: 0",
        '+CIEV: 10,"{plmn}","{operator}","{operator}", 0, 0',
    ),
    boot_s=4.0,
    sim_capacity=10,
    cnmi=CNMI_INDICATE,
    iccid_commands={"+CCID": "{iccid}f"},
    pin_counters={"+SPIC": "+SPIC: {pin},{puk},3,10"},
    registration=("+CREG", "+CGREG"),
    cms_always=False,
    empty_alpha='""',
    class_0_direct=True,
    marks_sent=False,
    reference_survives=False,
    holds_urcs=True,
    reset_drops_port=False,
    fixed={
        "+CBC": ("+CBC: 0,82,4012",),
        "+CSCLK": (),
        "+CIURC": (),
        "+CLTS": (),
        "+EXUNSOL": (),
        "+CSMINS": ("+CSMINS: 0,1",),
    },
)

QUECTEL_EC2X = Profile(
    name="quectel-ec2x",
    manufacturer="Quectel",
    model="EC25",
    revision="EC25EFAR06A06M4G",
    information=("Quectel", "EC25", "Revision: EC25EFAR06A06M4G"),
    imei="861107039999991",
    memories={"ME": 255, "SR": 50},
    memory_alias={"MT": "ME"},
    default_memories=("ME", "ME", "ME"),
    boot=("RDY", "+CFUN: 1", "+CPIN: {cpin}"),
    ready=("+QUSIM: 1", "+QIND: SMS DONE", "+QIND: PB DONE"),
    boot_s=10.0,
    sim_capacity=50,
    first_index=0,
    cnmi=CNMI_INDICATE,
    iccid_commands={"+QCCID": "+QCCID: {iccid}", "+CCID": "+CCID: {iccid}"},
    pin_counters={
        "+CPINR": "+CPINR: SIM PIN,{pin},3\r\n+CPINR: SIM PUK,{puk},10",
        "+QPINC": '+QPINC: "SC",{pin},{puk}',
    },
    access=7,
    class_0_direct=False,
    memory_full='+QIND: "smsfull","{memory}"',
    fixed={
        "+CBC": ("+CBC: 0,0,3852",),
        "+QCFG": (),
        "+QURCCFG": (),
        "+QINISTAT": ("+QINISTAT: 7",),
        "+QNWINFO": ('+QNWINFO: "FDD LTE","{plmn}","LTE BAND 3",1650',),
    },
)

PROFILES = {profile.name: profile for profile in (HUAWEI_E17X, SIM800, QUECTEL_EC2X)}


def profile_named(name: str) -> Profile:
    """A profile by its name. Raises ValueError with the names that there are."""
    try:
        return PROFILES[name]
    except KeyError:
        known = ", ".join(PROFILES)
        raise ValueError(f"no modem profile {name!r}; there are: {known}") from None
