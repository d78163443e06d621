"""Verdicts: from frozen facts to a word, a sentence and what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.health import Verdict, judge
from relay.core.link import LinkState
from relay.core.plain import DAY, HOUR, MINUTE
from relay.core.port_health import IN_THE_WAY
from relay.core.station import (
    ClockFacts,
    DaemonFacts,
    InwardFacts,
    MemoryFacts,
    ModemFacts,
    OutwardFacts,
    Reason,
    Running,
    ServerFacts,
    Station,
    StoreFacts,
)
from relay.core.working import PauseFacts, WorkerFacts

NOW = 1_780_000_000_000
DAEMON = DaemonFacts(Running.YES, pid=7, version="1", started_at=NOW - 3 * DAY, beat_at=NOW)
MODEM = ModemFacts("usb1", LinkState.READY, seen_at=NOW - 12_000, signal_dbm=-71)
SERVER = ServerFacts("main", "OK", since=NOW - DAY, last_ok=NOW - 30_000)
STORE = StoreFacts(path="relay.db", free=18 * 10**9, backup_at=NOW - HOUR, backup_there=True)
WELL = Station(
    NOW,
    name="Mwase clinic",
    daemon=DAEMON,
    store=STORE,
    modems=(MODEM,),
    servers=(SERVER,),
    inward=InwardFacts(),
    outward=OutwardFacts(),
)


def modem(state: LinkState | None, **more: Any) -> Station:
    return replace(WELL, modems=(replace(MODEM, state=state, **more),))


def server(code: str, **more: Any) -> Station:
    return replace(WELL, servers=(replace(SERVER, code=code, **more),))


def codes(station: Station) -> list[str]:
    return [problem.code for problem in judge(station).problems]


def verdict(station: Station) -> Verdict:
    return judge(station).verdict


# --- what is not true ---------------------------------------------------------------------------


def test_a_modem_that_was_up_is_not_called_new() -> None:
    """It lost the network shortly after the start of relay: that is what is the matter."""
    young = replace(DAEMON, started_at=NOW - 150_000)
    lost = modem(LinkState.SEARCHING, opened_at=NOW - 140_000, since=NOW - 20_000)
    assert codes(replace(lost, daemon=young)) == ["NET_SEARCHING"]
    coming = modem(LinkState.SEARCHING, opened_at=NOW - 40_000, since=NOW - 40_000)
    assert codes(replace(coming, daemon=young)) == ["MODEM_UNKNOWN"]


@pytest.mark.parametrize(
    "fault", [{"held_since": NOW - MINUTE, "held_sim": "…044"}, {"smsc": ""}], ids=["held", "smsc"]
)
def test_nothing_goes_out_by_a_sim_that_may_not_send(fault: dict[str, Any]) -> None:
    """The first line says so, whatever stands below."""
    health = judge(modem(LinkState.READY, **fault))
    assert health.sentence.startswith("SMS come in, but none go out: the SIM is to blame;")


def test_a_database_that_cannot_be_read_says_nothing_of_modems_and_servers() -> None:
    """That none is set up there would be false."""
    unread = replace(WELL, store=replace(STORE, trouble="STORE_CORRUPT"), modems=(), servers=())
    assert codes(unread) == ["STORE_CORRUPT"]


def test_a_network_that_refuses_everybody_is_said_at_once() -> None:
    """Before anything fails, and before it has lasted for an hour."""
    refused = OutwardFacts(
        waiting=3,
        oldest_at=NOW - 2 * HOUR,
        backoff=3,
        backoff_reasons=(Reason("NET_OUT_OF_ORDER", "Network out of order", 3),),
        refused_people=3,
    )
    health = judge(replace(WELL, outward=refused))
    assert [problem.code for problem in health.problems] == ["OUT_REFUSED"]
    assert "go out and" not in health.sentence
    few = replace(WELL, outward=replace(refused, oldest_at=NOW - MINUTE, refused_people=2))
    assert codes(few) == []
    assert codes(replace(modem(LinkState.SIM_ABSENT), outward=refused)) == ["SIM_ABSENT"]


def test_a_server_that_was_never_reached_is_not_well() -> None:
    """Who has just typed its address stands beside it."""
    assert codes(server("NET_DNS", last_ok=None, since=NOW - 30_000)) == []
    assert codes(server("NET_DNS", last_ok=None, since=NOW - 2 * MINUTE)) == ["NET_DNS"]
    assert codes(server("NET_DNS", last_ok=NOW - 2 * MINUTE, since=NOW - 2 * MINUTE)) == []


# --- verdicts -----------------------------------------------------------------------------------


def test_all_is_well() -> None:
    """Nothing to do, and a nurse reads why."""
    health = judge(WELL)
    assert health.verdict is Verdict.OK
    assert health.sentence == "SMS come in, go out and reach the server."
    assert health.problems == ()


@pytest.mark.parametrize(("word", "code"), [("OK", 0), ("WARN", 1), ("CRIT", 2), ("UNKNOWN", 3)])
def test_exit_codes_are_those_of_nagios(word: str, code: int) -> None:
    """Programs that watch need no table of their own."""
    assert Verdict(word).exit_code == code


def test_the_most_blocking_comes_first() -> None:
    """A technician who does only the first line does the right one."""
    both = replace(
        modem(LinkState.SIM_ABSENT), store=replace(STORE, free=400_000_000, backup_at=None)
    )
    assert codes(both) == ["SIM_ABSENT", "DISK_LOW", "BACKUP_LATE"]


def test_a_relay_that_does_not_run_is_unknown() -> None:
    """Old facts are no verdict: neither on the modem nor on the server."""
    dead = replace(
        server("AUTH_401"),
        daemon=DaemonFacts(Running.NO, beat_at=NOW - HOUR),
        inward=InwardFacts(),
    )
    assert verdict(dead) is Verdict.UNKNOWN
    assert codes(dead) == ["DAEMON_STOPPED"]
    assert judge(dead).sentence == (
        "relay is not running; it was last alive 1 h ago. Nothing is lost."
    )


def test_a_relay_that_was_stopped_says_so() -> None:
    """Somebody did that on purpose."""
    stopped = replace(
        WELL, daemon=DaemonFacts(Running.NO, beat_at=NOW - HOUR, stopped_cleanly=True)
    )
    assert judge(stopped).sentence.startswith("relay was stopped 1 h ago.")


def test_a_relay_that_hangs_is_unknown() -> None:
    """It has its lock, and does nothing."""
    silent = replace(WELL, daemon=replace(DAEMON, running=Running.SILENT, beat_at=NOW - HOUR))
    assert verdict(silent) is Verdict.UNKNOWN
    assert codes(silent) == ["DAEMON_SILENT"]


def test_a_full_disk_explains_the_silence() -> None:
    """Without room no sign of life can be written: one cause, one action."""
    full = replace(
        WELL,
        daemon=replace(DAEMON, running=Running.SILENT, beat_at=NOW - HOUR),
        store=replace(STORE, free=1_000),
    )
    assert verdict(full) is Verdict.CRIT
    assert codes(full) == ["DISK_FULL"]
    assert "disk is full" in judge(full).sentence


@pytest.mark.parametrize("running", [Running.NEVER, Running.SILENT, Running.NO])
def test_a_disk_that_takes_no_writing_is_told_before_all_else(running: Running) -> None:
    """relay can neither start nor give a sign of life on it, and no room that is made helps."""
    daemon = replace(DAEMON, running=running, beat_at=NOW - HOUR)
    locked = replace(WELL, daemon=daemon, store=replace(STORE, free=1_000, read_only=True))
    assert verdict(locked) is Verdict.CRIT
    assert codes(locked) == ["DISK_READONLY"]
    assert judge(locked).sentence.startswith("The disk takes no writing")
    unreadable = replace(locked, store=replace(locked.store, trouble="STORE_UNREADABLE"))
    assert judge(unreadable).sentence.startswith("The disk takes no writing")


@pytest.mark.parametrize(
    ("store", "expected", "says"),
    [
        (replace(STORE, free=1_000, reserve=True), Verdict.CRIT, "in reserve"),
        (replace(STORE, free=40_000_000), Verdict.CRIT, "SMS wait on the SIM"),
        (replace(STORE, free=300_000_000, days_left=20), Verdict.WARN, "enough for 20 days"),
        (replace(STORE, days_left=5), Verdict.WARN, "enough for 5 days"),
    ],
)
def test_a_disk_that_fills_up_is_told_early(
    store: StoreFacts, expected: Verdict, says: str
) -> None:
    (problem,) = judge(replace(WELL, store=store)).problems
    assert (problem.code, problem.verdict) == ("DISK_LOW", expected)
    assert says in problem.what


def test_another_program_in_the_database_explains_the_silence() -> None:
    silent = replace(DAEMON, running=Running.SILENT, beat_at=NOW - HOUR)
    held = replace(WELL, daemon=silent, store=replace(STORE, holder="sqlite3 (process 4711)"))
    (problem,) = judge(held).problems
    assert problem.code == "STORE_HELD"
    assert "process 4711" in problem.what


@pytest.mark.parametrize(
    ("how", "code"),
    [("deleted or moved away", "STORE_RESCUED"), ("replaced by another file", "STORE_REPLACED")],
)
def test_a_database_that_was_moved_is_told_for_a_week(how: str, code: str) -> None:
    moved = replace(STORE, moved_at=NOW - HOUR, moved_how=how, moved_copy="relay.db.rescued-1")
    assert codes(replace(WELL, store=moved)) == [code]
    assert codes(replace(WELL, store=replace(moved, moved_at=NOW - 9 * DAY))) == []


def test_what_a_salvage_lost_is_named() -> None:
    lost = replace(STORE, salvaged_at=NOW - HOUR, lost_in=(17, 18), lost_out=(4,))
    (problem,) = judge(replace(WELL, store=lost)).problems
    assert "inbox 17, inbox 18, outbox 4" in problem.action


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        ("STORE_CORRUPT", Verdict.CRIT),
        ("STORE_TOO_NEW", Verdict.CRIT),
        ("STORE_OUTDATED", Verdict.UNKNOWN),
        ("STORE_UNREADABLE", Verdict.UNKNOWN),
        ("STORE_BUSY", Verdict.UNKNOWN),
    ],
)
def test_a_database_that_cannot_be_read_is_the_only_problem(
    trouble: str, expected: Verdict
) -> None:
    """Nothing else can be said then, and nothing is said to be safe."""
    station = Station(
        NOW,
        daemon=DaemonFacts(Running.NO),
        store=StoreFacts(trouble=trouble, detail="it is so", free=10**10),
    )
    health = judge(station)
    assert health.verdict is expected
    assert [problem.code for problem in health.problems] == [trouble]
    assert "lost" not in health.sentence


@pytest.mark.parametrize(
    ("problem", "code"),
    [("/etc/relay/relay.toml: there is no such file; let it be written", "CONFIG_MISSING"),
     ("relay.toml:3: [modem.a] prot: unknown key", "CONFIG_BAD")],
)  # fmt: skip
def test_a_bad_configuration_is_the_only_problem(problem: str, code: str) -> None:
    """relay cannot have started with it, so nothing is known."""
    station = Station(NOW, config_problems=(problem,))
    assert verdict(station) is Verdict.UNKNOWN
    assert codes(station) == [code]


# --- modems -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (LinkState.LOST, "MODEM_LOST"),
        (LinkState.SIM_ABSENT, "SIM_ABSENT"),
        (LinkState.PIN_REQUIRED, "PIN_REQUIRED"),
        (LinkState.PIN_REFUSED, "PIN_REFUSED"),
        (LinkState.PUK_BLOCKED, "PUK_BLOCKED"),
        (LinkState.SEARCHING, "NET_SEARCHING"),
        (LinkState.DENIED, "NET_DENIED"),
    ],
)
def test_a_modem_that_does_not_work_needs_a_person(state: LinkState, code: str) -> None:
    """Each state has a code, words with the modem's name, and an action."""
    health = judge(modem(state, since=NOW - 2 * HOUR))
    (problem,) = health.problems
    assert (health.verdict, problem.code, problem.subject) == (Verdict.CRIT, code, "usb1")
    assert "usb1" in problem.what
    assert problem.action
    assert health.sentence.startswith("SMS neither come in nor go out")


@pytest.mark.parametrize("state", LinkState)
def test_every_state_of_the_link_has_words(state: LinkState) -> None:
    """Whatever the modem is in, status does not stumble, and only READY is good."""
    found = judge(modem(state, since=NOW - HOUR))
    assert (found.verdict is Verdict.OK) is (state is LinkState.READY)


def test_a_lost_modem_says_for_how_long() -> None:
    """From its last answer, where nobody wrote down when it went."""
    (problem,) = judge(modem(LinkState.LOST, answered_at=NOW - 2 * HOUR)).problems
    assert "for 2 h" in problem.what
    assert problem.since == NOW - 2 * HOUR


@pytest.mark.parametrize("code", IN_THE_WAY)
def test_what_is_in_the_way_of_a_port_has_a_code_of_its_own(code):
    """With what the machine says about it, and what becomes of the messages."""
    (problem,) = judge(modem(LinkState.LOST, code=code, detail="so and so; do this")).problems
    assert problem.code == code
    assert "waits here" in problem.what
    assert problem.action.startswith("So and so; do this.")


def test_the_reason_of_a_lost_port_is_an_action() -> None:
    """The driver knows whether it is permission, another program or the cable."""
    (problem,) = judge(modem(LinkState.LOST, detail="it is held by ModemManager")).problems
    assert problem.action.startswith("It is held by ModemManager.\n")


def test_a_search_of_a_minute_is_no_alarm() -> None:
    """Every modem searches when it comes up."""
    assert verdict(modem(LinkState.SEARCHING, since=NOW - MINUTE)) is Verdict.WARN


def test_a_modem_of_which_nothing_is_heard_is_unknown() -> None:
    """READY of an hour ago is not READY."""
    health = judge(modem(LinkState.READY, seen_at=NOW - HOUR))
    assert health.verdict is Verdict.UNKNOWN
    assert health.sentence.startswith("It is not known yet whether SMS come in")


def test_a_slow_survey_is_waited_for() -> None:
    """Who asks the modem once an hour hears of it once an hour."""
    assert verdict(modem(LinkState.READY, seen_at=NOW - HOUR, survey_s=3600)) is Verdict.OK


def test_right_after_the_start_nothing_is_known() -> None:
    """Facts from before the last power cut do not count."""
    young = replace(
        modem(LinkState.READY, seen_at=NOW - DAY),
        daemon=replace(DAEMON, started_at=NOW - 5_000),
    )
    assert verdict(young) is Verdict.UNKNOWN
    assert "just been started" in judge(young).problems[0].what


def test_a_modem_on_its_way_up_is_unknown() -> None:
    """After a start it searches like any other; that is neither good nor bad."""
    young = replace(modem(LinkState.SEARCHING), daemon=replace(DAEMON, started_at=NOW - 5_000))
    assert verdict(young) is Verdict.UNKNOWN


def test_while_one_modem_works_the_other_is_a_warning() -> None:
    """SMS come in and go out: it can wait for the week's visit."""
    two = replace(WELL, modems=(MODEM, replace(MODEM, name="usb2", state=LinkState.SIM_ABSENT)))
    assert verdict(two) is Verdict.WARN
    assert judge(two).sentence == (
        "SMS come in, go out and reach the server. 1 thing for a person to look at."
    )


def test_a_station_without_a_modem_says_so() -> None:
    """A fresh installation is not well."""
    assert codes(replace(WELL, modems=())) == ["MODEM_NONE"]
    assert verdict(replace(WELL, modems=())) is Verdict.CRIT


def test_a_full_sim_and_a_faint_signal_are_told() -> None:
    """Both stop messages while the modem says READY."""
    assert codes(modem(LinkState.READY, memories=(MemoryFacts("SM", 20, 20),))) == ["SIM_FULL"]
    assert codes(modem(LinkState.READY, signal_dbm=-109)) == ["SIGNAL_WEAK"]
    assert codes(modem(LinkState.READY, memories=(MemoryFacts("SM", 9, 20),))) == []


# --- servers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lasted", "expected"),
    [(5 * MINUTE, Verdict.OK), (HOUR, Verdict.WARN), (2 * DAY, Verdict.CRIT)],
)
def test_an_outage_grows_graver(lasted: int, expected: Verdict) -> None:
    """Minutes are ordinary in a clinic, a day needs somebody."""
    assert verdict(server("NET_DNS", last_ok=NOW - lasted)) is expected


def test_an_outage_says_what_is_safe() -> None:
    """The nurse's question is whether her reports are lost."""
    out = replace(server("NET_DNS", last_ok=NOW - 52 * HOUR), inward=InwardFacts(here_only=119))
    assert judge(out).sentence == (
        "SMS come in and go out, but the server was not reached for 2 d 4 h. "
        "119 messages are safe here."
    )


@pytest.mark.parametrize("code", ["AUTH_401", "AUTH_403", "TLS_PIN", "TLS_UNTRUSTED", "HTTP_404"])
def test_what_time_does_not_heal_needs_a_person_at_once(code: str) -> None:
    """Waiting would not help."""
    station = server(code, last_ok=NOW - MINUTE)
    assert verdict(station) is Verdict.CRIT
    assert codes(station) == [code]


@pytest.mark.parametrize(
    "code",
    ["NET_DNS", "NET_UNREACHABLE", "NET_TIMEOUT", "NET_REFUSED", "NET_RESET", "NET_CUT",
     "NET_FAILED", "TLS_NOT_YET_VALID", "TLS_EXPIRED", "TLS_NAME", "TLS_UNTRUSTED", "TLS_PIN",
     "TLS_FAILED", "AUTH_401", "AUTH_403", "HTTP_400", "HTTP_404", "HTTP_429", "HTTP_502",
     "BAD_REPLY", "SERVER"],
)  # fmt: skip
def test_every_outcome_has_words_and_an_action(code: str) -> None:
    """A code alone helps nobody; an unknown one brings the server's own words."""
    (problem,) = judge(server(code, last_ok=NOW - 2 * DAY, detail="HTTP 400: no.")).problems
    assert problem.code == code
    assert problem.action
    assert "main" in problem.what


def test_a_server_that_was_never_reached_is_told_apart() -> None:
    """That is a mistake in the configuration more often than an outage."""
    health = judge(server("NET_DNS", last_ok=None, since=NOW - HOUR))
    assert "never been reached" in health.sentence
    assert "tried for 1 h" in health.problems[0].what


def test_a_server_of_which_nothing_is_heard_is_unknown() -> None:
    """OK of three hours ago, with a daemon that runs, is not OK."""
    assert codes(server("OK", last_ok=NOW - 3 * HOUR)) == ["SERVER_UNKNOWN"]
    assert verdict(server("OK", last_ok=NOW - 3 * HOUR)) is Verdict.UNKNOWN


def test_a_server_that_has_not_answered_since_the_start_is_unknown() -> None:
    """Its last word is from before the power cut."""
    young = replace(
        server("OK", last_ok=NOW - DAY), daemon=replace(DAEMON, started_at=NOW - 5_000)
    )
    assert verdict(young) is Verdict.UNKNOWN
    assert "has not answered yet" in judge(young).problems[0].what


def test_no_server_is_a_warning() -> None:
    """A station may be used alone, but nobody should do so by oversight."""
    assert codes(replace(WELL, servers=())) == ["SERVER_NONE"]
    assert verdict(replace(WELL, servers=())) is Verdict.WARN


def test_one_of_two_servers_is_named() -> None:
    """The person must know which one."""
    two = replace(WELL, servers=(SERVER, replace(SERVER, name="copy", code="AUTH_403")))
    assert "server copy does not let relay in" in judge(two).sentence


def test_a_refused_message_names_its_commands() -> None:
    """It is set aside; the others go on."""
    (problem,) = judge(server("OK", parked=1, parked_ids=(12,))).problems
    assert (problem.code, problem.verdict) == ("PARKED", Verdict.WARN)
    assert "relay inbox show 12" in problem.action
    assert "relay inbox release 12" in problem.action


def test_messages_that_stay_though_the_server_answers_are_told() -> None:
    """Otherwise nobody would ever look."""
    stuck = replace(
        server("OK", waiting=3), inward=InwardFacts(here_only=3, oldest_here_at=NOW - 2 * HOUR)
    )
    assert codes(stuck) == ["FORWARDING_SLOW"]


# --- messages -----------------------------------------------------------------------------------


def test_doubt_is_a_persons_only_where_it_was_asked_for() -> None:
    """With `resend` relay decides; with `hold` it waits."""
    doubt = replace(WELL, outward=OutwardFacts(waiting=1, uncertain=1, uncertain_ids=(7,)))
    assert verdict(doubt) is Verdict.OK
    held = judge(replace(doubt, on_uncertain="hold"))
    assert held.verdict is Verdict.CRIT
    assert "relay outbox retry --uncertain 7" in held.problems[0].action


@pytest.mark.parametrize(("sent", "expected"), [(0, Verdict.CRIT), (5, Verdict.WARN)])
def test_rejections_point_at_the_credit(sent: int, expected: Verdict) -> None:
    """Most networks say nothing better when the airtime is used up."""
    refused = OutwardFacts(
        sent_today=sent, failed_today=3, failed=(Reason("NET_REJECTED", "+CMS ERROR: 21", 3),)
    )
    station = replace(WELL, outward=refused)
    assert verdict(station) is expected
    assert "credit" in judge(station).problems[0].what


def test_what_is_refused_and_tried_again_points_at_the_credit_too() -> None:
    """relay gives up after half a day; until then line one may not say that all is well."""
    waiting = OutwardFacts(waiting=2, backoff=2, backoff_reasons=(Reason("NET_REJECTED", "", 2),))
    health = judge(replace(WELL, outward=waiting))
    assert [problem.code for problem in health.problems] == ["SMS_REJECTED"]
    assert health.sentence.startswith(
        "SMS come in, but the network refuses some that go out; the server is reached."
    )


def test_a_single_wrong_number_is_no_alarm() -> None:
    """The server hears of it; nobody here can mend it."""
    one = OutwardFacts(
        sent_today=9, failed_today=1, failed=(Reason("destination.invalid", "", 1),)
    )
    assert verdict(replace(WELL, outward=one)) is Verdict.OK


def test_many_failures_are_told_with_the_commonest_reason() -> None:
    """When more fails than goes out."""
    many = OutwardFacts(failed_today=6, failed=(Reason("SMSC_FAILURE", "SC system failure", 6),))
    (problem,) = judge(replace(WELL, outward=many)).problems
    assert problem.code == "SMS_FAILING"
    assert "SMSC_FAILURE" in problem.what


def test_a_queue_that_does_not_move_says_why() -> None:
    """With the network's last words."""
    slow = OutwardFacts(
        waiting=4,
        oldest_at=NOW - 2 * HOUR,
        backoff_reasons=(Reason("NET_CONGESTION", "Congestion", 4),),
    )
    (problem,) = judge(replace(WELL, outward=slow)).problems
    assert problem.code == "OUT_SLOW"
    assert "NET_CONGESTION" in problem.what
    silent = replace(WELL, outward=replace(slow, backoff_reasons=()))
    assert codes(silent) == ["OUT_SLOW"]


def test_a_queue_behind_a_lost_modem_is_not_a_second_problem() -> None:
    """One root cause, one action."""
    queue = OutwardFacts(waiting=4, oldest_at=NOW - 2 * HOUR)
    assert codes(replace(modem(LinkState.SIM_ABSENT), outward=queue)) == ["SIM_ABSENT"]


def test_unreadable_messages_are_told_for_a_week() -> None:
    """After that everybody knows, and nobody can do anything."""
    for days, expected in ((1, ["UNDECODABLE"]), (30, [])):
        inward = InwardFacts(undecodable=1, undecodable_at=NOW - days * DAY)
        assert codes(replace(WELL, inward=inward)) == expected


# --- the machine --------------------------------------------------------------------------------


def test_a_clock_that_was_never_set_is_told() -> None:
    """A laptop with a dead battery starts in 1970 or in its factory year."""
    early = replace(WELL, now=1_600_000_000_000)
    assert "CLOCK_WRONG" in codes(early)


@pytest.mark.parametrize(("offset", "side"), [(7_200, "behind"), (-7_200, "ahead of")])
def test_a_clock_that_disagrees_is_told(offset: int, side: str) -> None:
    """Two hours are a wrong zone or a wrong day."""
    (problem,) = judge(server("OK", clock_offset_s=offset)).problems
    assert problem.code == "CLOCK_OFF"
    assert side in problem.what


@pytest.mark.parametrize(
    ("facts", "code", "says"),
    [
        (ClockFacts(ahead_s=-7_200, by=("server main",)), "CLOCK_WRONG", "goes by server main"),
        (ClockFacts(ahead_s=-1_770_000_000, known=False), "CLOCK_WRONG", "counts on from when"),
        (ClockFacts(ahead_s=1_577_000_000, known=False), "CLOCK_UNSURE", "Nothing expires"),
        (ClockFacts(known=False, against=("server main",)), "CLOCK_UNSURE", "what server main"),
        (ClockFacts(known=False), "CLOCK_UNSURE", "is right is not known"),
    ],
)
def test_who_says_what_time_it_is_is_told(facts: ClockFacts, code: str, says: str) -> None:
    """By how much, who says so, and what relay does with the messages meanwhile."""
    (problem,) = judge(replace(WELL, clock=facts)).problems
    assert (problem.code, problem.verdict) == (code, Verdict.WARN)
    assert says in problem.what
    assert "timedatectl" in problem.action


def test_a_server_that_is_wrong_alone_is_the_one_to_mend() -> None:
    facts = ClockFacts(by=("the service centre",), against=("server main",))
    (problem,) = judge(replace(server("OK", clock_offset_s=7_200), clock=facts)).problems
    assert problem.code == "CLOCK_OFF"
    assert "administrator" in problem.action


@pytest.mark.parametrize(
    "store",
    [replace(STORE, backup_at=None), replace(STORE, backup_at=NOW - 5 * DAY),
     replace(STORE, backup_there=False, backup_path="/media/usb/relay.db")],
)  # fmt: skip
def test_a_missing_copy_is_a_warning(store: StoreFacts) -> None:
    """None yet, too old, or on a stick that was pulled out."""
    assert codes(replace(WELL, store=store)) == ["BACKUP_LATE"]


def test_a_young_relay_owes_no_copy() -> None:
    """The night has to come first."""
    young = replace(DAEMON, started_at=NOW - HOUR)
    assert verdict(replace(WELL, daemon=young, store=replace(STORE, backup_at=None))) is Verdict.OK


def test_damage_and_its_repair_are_told() -> None:
    """The one at once, the other for a week."""
    assert codes(replace(WELL, store=replace(STORE, damaged="page 7"))) == ["STORE_DAMAGED"]
    mended = replace(STORE, salvaged_at=NOW - HOUR, salvaged_aside="relay.db.damaged-1")
    (problem,) = judge(replace(WELL, store=mended)).problems
    assert "relay.db.damaged-1" in problem.what
    counted = replace(mended, salvaged_in=126, salvaged_out=1)
    (problem,) = judge(replace(WELL, store=counted)).problems
    assert "126 messages that came in, 1 that go out" in problem.what
    assert verdict(replace(WELL, store=replace(mended, salvaged_at=NOW - 9 * DAY))) is Verdict.OK


def test_after_damage_nobody_says_that_nothing_is_lost() -> None:
    """Rows that could not be read may have been messages."""
    salvaged = replace(
        modem(LinkState.SIM_ABSENT), store=replace(STORE, salvaged_at=NOW - HOUR, salvaged_in=0)
    )
    sentence = judge(salvaged).sentence
    assert "Nothing is lost" not in sentence
    assert sentence.endswith("Messages may be missing: the database was damaged.")


def test_a_part_that_keeps_crashing_is_told() -> None:
    """Three times is a bug; once and well again is not worth a line."""
    sick = WorkerFacts("modem-usb1", crashes=3, trouble="crashed: KeyError in urc.py:7")
    assert codes(replace(WELL, workers=(sick,))) == ["WORKER_CRASHES"]
    assert verdict(replace(WELL, workers=(replace(sick, trouble=""),))) is Verdict.OK


# --- whatever the facts -------------------------------------------------------------------------

_TIME = st.none() | st.integers(min_value=0, max_value=2 * NOW)
_STATIONS = st.builds(
    Station,
    now=st.integers(min_value=0, max_value=2 * NOW),
    on_uncertain=st.sampled_from(["resend", "hold"]),
    daemon=st.builds(DaemonFacts, running=st.sampled_from(Running), beat_at=_TIME,
                     started_at=_TIME),
    store=st.builds(StoreFacts, free=st.none() | st.integers(0, 10**12), backup_at=_TIME,
                    salvaged_at=_TIME),
    modems=st.lists(st.builds(ModemFacts, name=st.just("a"),
                              state=st.none() | st.sampled_from(LinkState), seen_at=_TIME,
                              since=_TIME, answered_at=_TIME, opened_at=_TIME),
                    max_size=2).map(tuple),
    servers=st.lists(st.builds(ServerFacts, name=st.just("b"),
                               code=st.none() | st.sampled_from(["OK", "NET_DNS", "AUTH_401"]),
                               since=_TIME, last_ok=_TIME, waiting=st.integers(0, 5)),
                     max_size=2).map(tuple),
    inward=st.none() | st.builds(InwardFacts, here_only=st.integers(0, 9), oldest_here_at=_TIME,
                                 undecodable=st.integers(0, 3), undecodable_at=_TIME),
    outward=st.none() | st.builds(OutwardFacts, waiting=st.integers(0, 9), oldest_at=_TIME,
                                  uncertain=st.integers(0, 3)),
)  # fmt: skip


@given(_STATIONS)
def test_any_facts_have_a_verdict(station: Station) -> None:
    """Broken clocks and half-known stations included; OK only where nothing is the matter."""
    health = judge(station)
    assert health.sentence
    assert (health.verdict is Verdict.OK) == (not health.problems)
    assert all(problem.what and problem.action for problem in health.problems)


@given(_STATIONS)
def test_unknown_is_never_ok(station: Station) -> None:
    """OK is only said of a relay that runs, with a modem that was heard of lately."""
    if judge(station).verdict is Verdict.OK:
        assert station.daemon.running is Running.YES
        assert any(modem.state is LinkState.READY for modem in station.modems)


# --- the place of the database ------------------------------------------------------------------


def test_room_is_looked_for_on_the_disk_of_the_database() -> None:
    """Which need not be that of the system."""
    low = replace(STORE, free=100_000_000, mount="/media/usb")
    (problem,) = judge(replace(WELL, store=low)).problems
    assert "sudo du -xh /media/usb |" in problem.action


def test_who_holds_the_database_is_named_as_soon_as_a_beat_is_missed() -> None:
    """Before relay counts as hanging; a program that writes for a moment is no trouble."""
    held = replace(WELL, store=replace(STORE, holder="sqlite3 (process 4711)"))
    assert codes(held) == []
    late = replace(held, daemon=replace(DAEMON, beat_at=NOW - 50_000))
    assert codes(late) == ["STORE_HELD"]


@pytest.mark.parametrize(("what", "says"), [("sending", "sending is paused"), ("sync", "paused")])
def test_what_is_paused_is_not_said_to_work(what: str, says: str) -> None:
    """It was meant, so it is a warning; and it must not be forgotten."""
    health = judge(replace(WELL, pauses=(PauseFacts(what, NOW - HOUR, "amina"),)))
    (problem,) = health.problems
    assert (problem.code, problem.verdict, problem.since) == ("PAUSED", Verdict.WARN, NOW - HOUR)
    assert "amina" in problem.what
    assert says in health.sentence
