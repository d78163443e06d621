"""The control prompt: what a trainer types, and what happens."""

from __future__ import annotations

import pytest

from relay.core.pdu import Deliver, decode
from relay.simulator.console_server import told
from relay.simulator.prompt import VERBS, Console
from relay.simulator.server_state import StoredReport
from relay.simulator.terminal import Terminal
from tests.simulator.conftest import NURSE, Lab
from tests.simulator.sms import send, submit_pdu


@pytest.fixture
def console(lab: Lab) -> Console:
    """Two modems, the first plugged in somewhere."""
    modems = [lab.modem("huawei-e17x"), lab.modem("sim800", "+254711000001")]
    return Console(lab.network, modems, places=["/dev/one"])


def test_status_shows_every_modem(console: Console) -> None:
    """A line each, with its port, network, memories, and what waits."""
    first, second = console.execute("status").splitlines()
    assert first == (
        "modem1 +254711000000 huawei-e17x at /dev/one: plugged in, READY, home, signal 18, "
        "SM 0/20, ME 0/100, SR 0/50, 0 waiting in the network"
    )
    assert second.startswith("modem2 +254711000001 sim800 at no port: plugged in")
    assert console.execute("modem2").splitlines() == [first, second]


def test_a_handset_texts_the_modem_that_is_named(console: Console, lab: Lab) -> None:
    """The first by default."""
    assert console.execute(f"handset {NURSE} send Hello there") == f"{NURSE} texts modem1: 1 part"
    assert console.execute(f"modem2 handset {NURSE} flash Now").endswith("modem2 a flash message")
    assert console.execute(f"modem2 handset {NURSE} wap").startswith("modem2 gets")
    assert console.execute("modem2 junk voicemail 2 new") == "modem2 gets voicemail"
    assert "none of: mms, wap," in console.execute("junk mail")
    assert "SM: 1 of 20 used" in console.execute("storage")
    assert "SM: 2 of 10 used" in console.execute("modem2 storage SM list")


def test_a_handset_shows_its_inbox(console: Console, lab: Lab) -> None:
    """Who, in how many parts, what."""
    modem = lab.modem("sim800", "+254711000002")
    terminal = Terminal(modem)
    terminal.say("ATE0")
    assert console.execute(f"handset {NURSE}") == "empty"
    assert console.execute(f"handset {NURSE} off") == f"{NURSE} off, 0 received"
    send(terminal, submit_pdu("Habari"))
    assert console.execute(f"handset {NURSE} on") == f"{NURSE} on, 1 received"
    assert console.execute(f"handset {NURSE} inbox") == "+254711000002 (1 part): Habari"
    assert console.execute("handset list") == f"{NURSE} on, 1 received"
    assert console.execute("submissions") == f"1 accepted\n+254711000002 -> {NURSE} mr=0"


def test_the_network_obeys(console: Console, lab: Lab) -> None:
    """Reports, refusals, airtime, slowness, USSD."""
    network = lab.network
    console.execute("report delayed 60")
    assert network.reports.delay_s == 60
    console.execute(f"handset {NURSE} report failed 65")
    assert network.handset(NURSE).reports is not None
    assert console.execute("refuse 38 2") == "+CMS ERROR: 38 for the next 2 SMS"
    console.execute("slow 30")
    assert network.submit_delay_s == 30
    console.execute("relent")
    assert network.submit_delay_s == 0
    assert console.execute("credit 38.2 1.5") == "modem1 has 38.20; an SMS costs 1.50"
    assert console.execute("credit unlimited").startswith("modem1 has unlimited")
    console.execute("ussd *131# 'Bundle: 5 MB'")
    assert network.ussd_codes["*131#"].text == "Bundle: 5 MB"
    console.execute("ussd *144#,1,2 'K{credit}'")
    page = network.ussd_codes["*144#"].options["1"].options["2"]
    assert page.text == "K{credit}"
    console.execute("credit 0 0.2 38")
    assert network.no_credit_code == 38
    assert "20.00" in console.execute("topup 20")


def test_the_modem_obeys(console: Console, lab: Lab) -> None:
    """Coverage, power, SIM, calls."""
    console.execute("register searching")
    assert "searching" in console.execute("status").splitlines()[0]
    console.execute("signal 5")
    console.execute("unplug")
    assert "unplugged" in console.execute("status")
    console.execute("replug")
    console.execute("modem2 reboot")
    console.execute("sim 0711000077 4321")
    assert "+254711000077 huawei-e17x at /dev/one: plugged in, SIM PIN" in console.execute(
        "status"
    )
    assert console.execute("sim remove") == "modem1 has no SIM"
    assert console.execute("sim 0711000077") == "modem1 has the SIM, +254711000077"
    assert console.execute("sim remove") == "modem1 has no SIM"
    assert console.execute("modem2 ring 40404").startswith("40404 calls modem2")
    assert console.execute("modem2 hangup") == "the caller gave up"
    assert "10 of 10 used" in console.execute("modem2 storage SM fill")
    assert "0 of 10 used" in console.execute("modem2 storage SM empty")


@pytest.mark.parametrize(
    "fault",
    [
        "silence 30",
        "silence atz",
        "garbage",
        "dribble 0.5",
        "lineends",
        "cut 12",
        "refuse +CMGS 38 2",
        "refuse +CMGS",
        "swallow +CMGS",
        "late +CMGS 30",
        'inside +CMGR +CMTI: "SM",4',
        "slowprompt 3",
        "noprompt",
        "bareprompt",
        "simbusy 4",
        "simbusy",
        "losesmsc",
    ],
)
def test_every_fault_has_words(console: Console, lab: Lab, fault: str) -> None:
    """And clear ends it."""
    assert console.execute(f"modem2 fault {fault}").startswith("modem2: ")
    assert console.execute("modem2 fault clear") == "modem2: clear"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dance", "There is no 'dance' here"),
        ("handset", "something is missing"),
        (f"handset {NURSE} send", "the text is missing"),
        (f"handset {NURSE} dance", "a handset cannot dance"),
        (f"handset {NURSE} pdu xyz", "a PDU is hexadecimal"),
        ("signal 77", "a signal is 0 to 31"),
        ("slow down", "down is not a number"),
        ("register moon", "moon is none of: none, home"),
        ("fault gremlins", "gremlins is none of: silence"),
        ("storage XX", "modem1 has no memory XX"),
        ("storage SM dance", "a memory cannot dance"),
        ("server states", "there is no server"),
    ],
)
def test_what_makes_no_sense_changes_nothing_and_says_so(
    console: Console, line: str, said: str
) -> None:
    """With what would make sense."""
    answer = console.execute(line)
    assert said in answer
    assert "Nothing was done" in answer


@pytest.mark.parametrize("word", VERBS)
def test_the_help_of_a_verb_tells_every_way_to_write_it(console: Console, word: str) -> None:
    """On a screen of 80 columns, and no word is broken."""
    shown = console.execute(f"help {word}")
    assert max(map(len, shown.splitlines())) < 80
    assert " ".join(shown.split()).endswith(VERBS[word].usage)


def test_a_report_at_the_server_is_told_in_words() -> None:
    """Who wrote what, and under which id."""
    assert told(StoredReport("3f2a91c0", NURSE, "Twins born")) == f"{NURSE}: Twins born (3f2a91c0)"


def test_help_and_quit(console: Console) -> None:
    """One line for every verb; comments and empty lines are nothing."""
    shown = console.execute("help").splitlines()
    assert [line.split()[0] for line in shown[:-1]] == [*VERBS, "quit"]
    assert max(map(len, shown)) < 80
    assert console.execute("help signal") == ("the strength that +CSQ tells\n  signal 0-31|99")
    assert console.execute("  # just a note") == ""
    assert not console.over
    assert console.execute("quit") == "bye"
    assert console.over


def test_a_text_keeps_its_alphabet(console: Console, lab: Lab) -> None:
    """What is typed is what arrives."""
    modem = lab.modem("sim800", "+254711000002")
    talk = Console(lab.network, [modem])
    talk.execute(f'handset {NURSE} send  don\'t forget: #7  नमस्ते 👍\\n"ok"')
    (part,) = [decode(stored.pdu) for _, stored in modem.memory("SM").listed()]
    assert isinstance(part, Deliver)
    assert part.text == 'don\'t forget: #7  नमस्ते 👍\n"ok"'
