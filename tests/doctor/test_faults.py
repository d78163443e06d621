"""Every fault by itself: exactly one root cause, with the right code and something to do.

`UP` faults are seen beside a relay that runs, through what it has written down; `DOWN` ones by
doctor itself, at a real simulated modem on a pty.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from typing import Any

import pytest

from relay.cli.explain import explanations
from relay.core import machine_health
from relay.core.device import Identity
from relay.core.doctor.graph import Finding, Mark, exit_code, roots
from relay.core.doctor.phone_code import call_of, read, write
from relay.core.station import Station, StoreFacts
from relay.doctor.screen import screen
from relay.simulator.faults import Hang
from relay.simulator.simcard import SimCard
from relay.simulator.usb_tree import HUAWEI_AS_DISK, Interface, UsbModel
from relay.status import mount_of
from relay.store.database import Database
from relay.store.sims import Sims
from relay.timekeeper import Timekeeper
from tests.air import deliver
from tests.doctor.ward import ROUTES, Now, Ward, nobody, room

pytestmark = pytest.mark.pty

Break = Callable[[Ward], object]
FAR = "https://cht.example.org/api/sms"


# --- the computer -------------------------------------------------------------------------------


def no_config(ward: Ward) -> None:
    ward.clinic.path.unlink()


def wrong_key(ward: Ward) -> None:
    ward.rewrite(ward.toml().replace("user =", "usr ="))


def open_config(ward: Ward) -> None:
    ward.clinic.path.chmod(0o644)


def no_modem_section(ward: Ward) -> None:
    ward.rewrite('[store]\npath = "state/relay.db"\n[server.main]\nurl = "https://localhost/"\n'
                 'user = "gateway"\npassword = "secret"\n')  # fmt: skip


def no_server_section(ward: Ward) -> None:
    ward.rewrite(ward.toml().partition("[server.main]")[0])


def disk_full(ward: Ward) -> None:
    ward.room = room(f_bavail=1)


def disk_low(ward: Ward) -> None:
    ward.room = room(f_bavail=300)


def no_inodes(ward: Ward) -> None:
    ward.room = room(f_favail=3)


def read_only(ward: Ward) -> None:
    ward.room = room(f_flag=os.ST_RDONLY)


def damaged(ward: Ward) -> None:
    """A page in the middle, which nothing reads at its opening."""
    path = ward.clinic.config.store.path
    with ward.clinic.db.transaction() as tx:
        tx.execute("INSERT INTO meta VALUES ('filler', ?)", ("x" * 40_000,))
    ward.clinic.db.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size - size % 4096 - 3 * 4096)
        file.write(b"\xff" * 8192)
    ward.clinic.db = Database.open(ward.folder / "other.db")


def newer_store(ward: Ward) -> None:
    with ward.clinic.db.transaction() as tx:
        tx.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('relay', 'm999_future', '2030-01-01')"
        )


def no_database(ward: Ward) -> None:
    path = ward.clinic.config.store.path
    ward.clinic.db.close()
    path.write_bytes(b"this is no database" * 1000)
    ward.clinic.db = Database.open(ward.folder / "other.db")


def clock_unset(ward: Ward) -> None:
    ward.clinic.put(clock=Timekeeper(Now()).fact())
    ward.clinic.clock.now = lambda: 86_400_000  # type: ignore[method-assign]


def clock_disputed(ward: Ward) -> None:
    known = Timekeeper(Now()).fact()
    ward.clinic.put(clock={**known, "confidence": "unknown", "against": ["server main"]})


def on_battery(ward: Ward) -> None:
    ward.write("sys/class/power_supply/AC/online", "0")


def battery_low(ward: Ward) -> None:
    on_battery(ward)
    ward.write("sys/class/power_supply/BAT0/capacity", "7")


def stopped(ward: Ward) -> None:
    ward.clinic.beats(state="stopped")
    ward.clinic.dies()
    # Of a unit that was not started systemd knows no watchdog.
    ward.unit = {**(ward.unit or {}), "ActiveState": "inactive", "WatchdogUSec": "infinity"}


def failed(ward: Ward) -> None:
    stopped(ward)
    ward.unit = {**(ward.unit or {}), "ActiveState": "failed", "Result": "exit-code"}


def given_up(ward: Ward) -> None:
    stopped(ward)
    ward.unit = {**(ward.unit or {}), "ActiveState": "failed", "Result": "start-limit-hit"}


def masked_unit(ward: Ward) -> None:
    stopped(ward)
    ward.unit = {**(ward.unit or {}), "LoadState": "masked"}


def not_enabled(ward: Ward) -> None:
    ward.unit = {**(ward.unit or {}), "UnitFileState": "disabled"}


def hanging(ward: Ward) -> None:
    then = ward.clinic.clock.now() - 600_000
    ward.clinic.facts.put(then, "daemon.beat", {"pid": os.getpid(), "state": "running"})


def no_watchdog(ward: Ward) -> None:
    ward.unit = {**(ward.unit or {}), "WatchdogUSec": "infinity"}


def disk_of(ward: Ward) -> Finding:
    (found,) = (one for one in ward.examine().results if one.check.name == "disk")
    return found.finding


@pytest.mark.parametrize("break_it", [disk_full, disk_low, read_only])
def test_of_the_disk_doctor_says_what_status_says(ward, break_it: Break) -> None:
    """And names the disk that the database is on, as status does."""
    station = ward(runs=True)
    break_it(station)
    folder = station.clinic.config.store.path.parent
    found, facts = disk_of(station), station.room(folder)
    seen = StoreFacts(
        mount=mount_of(folder),
        free=facts.f_bavail * facts.f_frsize,
        read_only=bool(facts.f_flag & os.ST_RDONLY),
    )
    (problem,) = machine_health.disk(Station(0, store=seen))
    assert (found.words, found.action) == (problem.what, problem.action)


COMPUTER: dict[str, tuple[Break, str]] = {
    "no configuration": (no_config, "CONFIG_MISSING"),
    "a mistake in the configuration": (wrong_key, "CONFIG_BAD"),
    "everybody may read the password": (open_config, "CONFIG_OPEN"),
    "no section of a modem": (no_modem_section, "MODEM_NONE"),
    "no section of a server": (no_server_section, "SERVER_NONE"),
    "the disk is full": (disk_full, "DISK_FULL"),
    "the disk fills up": (disk_low, "DISK_LOW"),
    "no more files on the disk": (no_inodes, "DISK_FULL"),
    "the disk is read-only": (read_only, "DISK_READONLY"),
    "a damaged page": (damaged, "STORE_DAMAGED"),
    "the store of a newer relay": (newer_store, "STORE_TOO_NEW"),
    "no database at all": (no_database, "STORE_CORRUPT"),
    "the clock is in 1970": (clock_unset, "CLOCK_WRONG"),
    "the clock is disputed": (clock_disputed, "CLOCK_UNSURE"),
    "no mains": (on_battery, "ON_BATTERY"),
    "the battery is nearly empty": (battery_low, "BATTERY_LOW"),
    "relay is stopped": (stopped, "DAEMON_STOPPED"),
    "the service failed": (failed, "SERVICE_FAILED"),
    "systemd has given up": (given_up, "SERVICE_GIVEN_UP"),
    "the service is masked": (masked_unit, "SERVICE_MASKED"),
    "the service is not enabled": (not_enabled, "SERVICE_DISABLED"),
    "relay hangs": (hanging, "DAEMON_SILENT"),
    "nobody watches relay": (no_watchdog, "WATCHDOG_OFF"),
}

# --- the modem, as doctor finds it --------------------------------------------------------------


def unplugged(ward: Ward) -> None:
    ward.stick.hang_up()


def as_disk(ward: Ward) -> None:
    unplugged(ward)
    ward.bus.plug(HUAWEI_AS_DISK, "1-1.2", {})


def no_driver(ward: Ward) -> None:
    unplugged(ward)
    bare = UsbModel("12d1", "1001", "HUAWEI", "Mobile", (Interface(0, driver=""),))
    ward.bus.plug(bare, "1-1.2", {})


def sleeps(ward: Ward) -> None:
    ward.device("power/control", "auto")


def other_modem(ward: Ward) -> None:
    ward.modem_keys[0] = 'imei = "356938035643809"'
    ward.rewrite()


def silent(ward: Ward) -> None:
    ward.modem.faults.hang(Hang.SILENT)


def refuses_all(ward: Ward) -> None:
    ward.modem.faults.refuse("+CMGF", times=None)


def no_sim(ward: Ward) -> None:
    ward.modem.faults.swap_sim(SimCard.none())


def locked(ward: Ward) -> None:
    ward.modem.sim.pin = "1234"
    ward.modem.sim.power_up()


def blocked(ward: Ward) -> None:
    locked(ward)
    ward.modem.sim.pin_tries = 0


def few_tries(ward: Ward) -> None:
    ward.modem.sim.pin_tries = 1


def wrong_pin(ward: Ward) -> None:
    """The one of the configuration was refused when relay ran."""
    locked(ward)
    ward.modem.sim.pin_tries = 2
    ward.modem_keys.append('pin = "9999"')
    ward.rewrite()
    ward.clinic.put(modem__usb1__link={"state": "PIN_REFUSED"})


def network_lock(ward: Ward) -> None:
    ward.modem.faults.refuse("+CPIN", "CME 5", times=None)


def other_sim(ward: Ward) -> None:
    card = Identity(iccid="8925499000000000777", imsi="639990000000777")
    Sims(ward.clinic.db).see(ward.clinic.clock.now(), "usb1", card)


def full(ward: Ward) -> None:
    for memory in ("SM", "ME"):
        ward.modem.faults.fill(memory)


def filling(ward: Ward) -> None:
    ward.modem.faults.fill("ME", leave=5)


def searching(ward: Ward) -> None:
    ward.modem.register(2)


def denied(ward: Ward) -> None:
    ward.modem.register(3)


def roaming(ward: Ward) -> None:
    ward.modem.register(5)


def faint(ward: Ward) -> None:
    ward.modem.radio.rssi = 2


def no_centre(ward: Ward) -> None:
    ward.modem.faults.lose_smsc()


def held_by(program: str) -> Break:
    return lambda ward: ward.holds_port(program)


def forbidden(ward: Ward) -> None:
    ward.may_use = lambda _: False


MODEM: dict[str, tuple[Break, str]] = {
    "unplugged": (unplugged, "PORT_MISSING"),
    "still a disk": (as_disk, "USB_MASS_STORAGE"),
    "without a driver": (no_driver, "PORT_NO_DRIVER"),
    "put to sleep by the kernel": (sleeps, "USB_AUTOSUSPEND"),
    "held by minicom": (held_by("minicom"), "PORT_BUSY"),
    "held by gammu-smsd": (held_by("gammu-smsd"), "PORT_BUSY"),
    "held by ModemManager": (held_by("ModemManager"), "PORT_MODEMMANAGER"),
    "not ours to open": (forbidden, "PORT_PERMISSION"),
    "another modem": (other_modem, "MODEM_OTHER_IMEI"),
    "silent": (silent, "MODEM_SILENT"),
    "no PDU mode": (refuses_all, "MODEM_ERROR"),
    "no SIM": (no_sim, "SIM_ABSENT"),
    "a PIN and none configured": (locked, "PIN_REQUIRED"),
    "a wrong PIN": (wrong_pin, "PIN_REFUSED"),
    "the last PIN try": (few_tries, "PIN_TRIES_FEW"),
    "blocked by three PINs": (blocked, "PUK_BLOCKED"),
    "locked to an operator": (network_lock, "MODEM_NETWORK_LOCKED"),
    "another SIM": (other_sim, "SIM_CHANGED"),
    "memory full": (full, "SIM_FULL"),
    "memory nearly full": (filling, "SIM_FILLING"),
    "no network": (searching, "NET_SEARCHING"),
    "refused by the network": (denied, "NET_DENIED"),
    "roaming": (roaming, "NET_ROAMING"),
    "a weak signal": (faint, "SIGNAL_WEAK"),
    "no service centre": (no_centre, "SMSC_UNKNOWN"),
}

# --- the modem, as relay has seen it ------------------------------------------------------------


def link(state: str, **more: str) -> Break:
    def see(ward: Ward) -> None:
        ward.clinic.put(modem__usb1__link={"state": state, "detail": "", **more})

    return see


def survey(**values: Any) -> Break:
    return lambda ward: ward.clinic.modem(**values)


def no_credit(ward: Ward) -> None:
    ward.clinic.put(
        modem__usb1__credit={"out_since": ward.clinic.clock.now(), "why": "CMS 21"},
        modem__usb1__balance={"amount": 0, "currency": "ZMW"},
    )


def garbled_balance(ward: Ward) -> None:
    ward.clinic.put(modem__usb1__balance_check={"state": "unreadable", "ussd": "*114#"})


def stuck(ward: Ward) -> None:
    ward.clinic.put(modem__usb1__stuck={"SM": {"slots": 3, "error": "+CMS ERROR: 321"}})


def deaf(ward: Ward) -> None:
    ward.clinic.put(modem__usb1__silence={"who": "MODEM", "missing": 14.0, "since": 1,
                                          "changed_at": 1})  # fmt: skip


def exchanged(ward: Ward) -> None:
    """Relay has accepted one SIM, and sees another."""
    for end in ("017", "777"):
        card = Identity(iccid=f"8925499000000000{end}", imsi=f"639990000000{end}")
        Sims(ward.clinic.db).see(ward.clinic.clock.now(), "usb1", card)


def weaker(ward: Ward) -> None:
    """Fourteen dB less than in all the samples of the last hours."""
    now = ward.clinic.clock.now()
    with ward.clinic.db.transaction() as tx:
        tx.executemany(
            "INSERT INTO sample (at, what, n) VALUES (?, 'signal:usb1', -71)",
            [(now - n * 600_000,) for n in range(20, 0, -1)],
        )
    ward.clinic.modem(signal_dbm=-95)


KNOWN: dict[str, tuple[Break, str]] = {
    "relay finds no SIM": (link("SIM_ABSENT"), "SIM_ABSENT"),
    "relay lacks the PIN": (link("PIN_REQUIRED"), "PIN_REQUIRED"),
    "the PIN was refused": (link("PIN_REFUSED"), "PIN_REFUSED"),
    "the SIM is blocked": (link("PUK_BLOCKED"), "PUK_BLOCKED"),
    "relay searches": (link("SEARCHING"), "NET_SEARCHING"),
    "the network refuses": (link("DENIED"), "NET_DENIED"),
    "relay lost it": (link("LOST", detail="no answer to AT within 15 s"), "MODEM_SILENT"),
    "relay finds two": (link("LOST", code="MODEM_AMBIGUOUS", detail="2 modems fit"),
                        "MODEM_AMBIGUOUS"),
    "full beside relay": (survey(memories=[{"memory": "SM", "used": 20, "total": 20}]),
                          "SIM_FULL"),
    "slots that stay": (stuck, "SIM_STUCK"),
    "no centre beside relay": (survey(smsc=""), "SMSC_UNKNOWN"),
    "roaming beside relay": (survey(registration=5), "NET_ROAMING"),
    "another SIM beside relay": (exchanged, "SIM_CHANGED"),
    "weaker than usual": (weaker, "SIGNAL_WORSE"),
    "no credit": (no_credit, "SIM_NO_CREDIT"),
    "a balance that nobody reads": (garbled_balance, "BALANCE_UNREADABLE"),
    "the canary did not come": (deaf, "MODEM_DEAF"),
}  # fmt: skip

# --- the way to the server ----------------------------------------------------------------------


def far(ward: Ward) -> None:
    ward.url, ward.ca = FAR, ""
    ward.rewrite()


def cable_out(ward: Ward) -> None:
    far(ward)
    ward.write("sys/class/net/wlan0/operstate", "down")


def no_router(ward: Ward) -> None:
    far(ward)
    ward.write("proc/net/route", ROUTES.splitlines()[0])


def no_name(ward: Ward) -> None:
    ward.resolve = nobody(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))


def slow_name(ward: Ward) -> None:
    ward.resolve = nobody(TimeoutError("no answer within 5 s"))


def server_off(ward: Ward) -> None:
    ward.server.stop()


def unreachable(ward: Ward) -> None:
    ward.call = nobody(OSError(errno.EHOSTUNREACH, "No route to host"))
    ward.server.stop()


def answers(**how: object) -> Break:
    def fault(ward: Ward) -> None:
        ward.server.faults.every_method = True
        ward.server.faults.status(**how)  # type: ignore[arg-type]

    return fault


def wrong_password(ward: Ward) -> None:
    ward.server.rules.password = "another"


def moved(ward: Ward) -> None:
    ward.server.faults.every_method = True
    ward.server.faults.redirect("https://new.example.org/api/sms")


def page(ward: Ward) -> None:
    ward.server.faults.every_method = True
    ward.server.faults.portal()


def wrong_path(ward: Ward) -> None:
    ward.url = ward.server.url.replace("127.0.0.1", "localhost").replace("/api/sms", "/medic")
    ward.rewrite()


def set_aside(ward: Ward) -> None:
    ward.clinic.receives(deliver("Fever in ward 2"))
    with ward.clinic.db.transaction() as tx:
        tx.execute("UPDATE forwarding SET state = 'PARKED'")
        tx.execute("UPDATE inbound SET state = 'PARKED'")


def refuses_messages(ward: Ward) -> None:
    """What relay was told; a GET of the same address is answered."""
    ward.clinic.server("HTTP_413", "Payload Too Large")


SERVER: dict[str, tuple[Break, str]] = {
    "no cable, no Wi-Fi": (cable_out, "NET_LINK_DOWN"),
    "no router": (no_router, "NET_NO_ROUTE"),
    "no such name": (no_name, "NET_DNS"),
    "name servers that are silent": (slow_name, "NET_DNS"),
    "the server is off": (server_off, "NET_REFUSED"),
    "no way there": (unreachable, "NET_UNREACHABLE"),
    "a wrong password": (wrong_password, "AUTH_401"),
    "an account without the role": (answers(status=403), "AUTH_403"),
    "nothing at that address": (answers(status=404), "HTTP_404"),
    "no GET there": (answers(status=405), "HTTP_405"),
    "a fault of the server": (answers(status=500), "HTTP_500"),
    "a gateway before it": (answers(status=502), "HTTP_502"),
    "the server has moved": (moved, "HTTP_301"),
    "a page in place of the answer": (page, "BAD_REPLY"),
    "messages refused": (set_aside, "PARKED"),
    "a POST that is refused": (refuses_messages, "HTTP_413"),
}

UP = {**COMPUTER, **KNOWN, **SERVER}


def check(ward: Ward, code: str) -> None:
    found = ward.roots()
    assert [one.finding.code for one in found] == [code], [one.finding for one in found]
    (root,) = found
    assert root.finding.action.strip()
    assert exit_code(found) == {Mark.FAIL: 2, Mark.UNKNOWN: 3, Mark.WARN: 1}[root.finding.mark]


@pytest.mark.parametrize(("breaks", "code"), UP.values(), ids=UP.keys())
def test_a_fault_beside_a_running_relay_has_one_root(ward, breaks, code):
    station = ward(runs=True)
    breaks(station)
    check(station, code)


def test_every_fault_can_be_shown_and_read_out(ward):
    """In 80 columns and in one SMS: all at once, so that nothing hides behind another."""
    station = ward(runs=True)
    for breaks in (open_config, disk_low, on_battery, not_enabled, no_watchdog, no_credit,
                   survey(smsc="", registration=5), wrong_password):  # fmt: skip
        breaks(station)
    report = station.examine()
    heard = write(call_of(report.station, report.results))
    lines = screen(report, report.results, code=heard)
    assert max(map(len, lines)) <= 80
    shown = "\n".join(lines)
    wanted = [root.finding.code for root in roots(report.results)]
    assert len(wanted) == 9
    assert all(code in shown for code in wanted)
    assert [fault.code for fault in read(heard, explanations()).faults] == wanted


@pytest.mark.parametrize(("breaks", "code"), MODEM.values(), ids=MODEM.keys())
def test_a_fault_that_doctor_finds_itself_has_one_root(ward, breaks, code):
    """And no PIN try and no SMS is spent on finding it."""
    station = ward(runs=False)
    breaks(station)
    tries = station.modem.sim.pin_tries
    check(station, code)
    assert station.modem.sim.pin_tries == tries
    assert station.network.submissions == []


TWO: dict[str, tuple[Break, Break, str, str]] = {
    "no credit, no internet": (no_credit, cable_out, "SIM_NO_CREDIT", "NET_LINK_DOWN"),
    "battery and name": (battery_low, no_name, "BATTERY_LOW", "NET_DNS"),
    "no centre, wrong password": (survey(smsc=""), wrong_password, "SMSC_UNKNOWN", "AUTH_401"),
    "searching, disk low": (link("SEARCHING"), disk_low, "DISK_LOW", "NET_SEARCHING"),
    "another SIM, server off": (exchanged, server_off, "SIM_CHANGED", "NET_REFUSED"),
    "not enabled, no watchdog": (not_enabled, no_watchdog, "SERVICE_DISABLED", "WATCHDOG_OFF"),
}


@pytest.mark.parametrize(("one", "other", "first", "second"), TWO.values(), ids=TWO.keys())
def test_two_faults_that_have_nothing_to_do_with_one_another_are_two(
    ward, one, other, first, second
):
    station = ward(runs=True)
    one(station)
    other(station)
    assert [root.finding.code for root in station.roots()] == [first, second]


FOLLOWS: dict[str, tuple[Break, Break, str]] = {
    "the disk is full, so relay hangs": (disk_full, hanging, "DISK_FULL"),
    "the disk is locked, so the service failed": (read_only, failed, "DISK_READONLY"),
    "a newer store, so relay gave up": (newer_store, given_up, "STORE_TOO_NEW"),
}


@pytest.mark.parametrize(("root", "follows", "code"), FOLLOWS.values(), ids=FOLLOWS.keys())
def test_what_only_follows_is_not_told_a_second_time(ward, root, follows, code):
    station = ward(runs=True)
    follows(station)
    root(station)
    check(station, code)


def test_a_network_that_is_back_is_no_fault_any_more(ward):
    """Though relay has not tried again since."""
    station = ward(runs=True)
    station.clinic.server("NET_DNS", "the name was not found")
    assert station.roots() == []


@pytest.mark.parametrize("runs", [True, False])
def test_a_station_that_is_well_has_nothing_to_do(ward, runs):
    assert ward(runs=runs).roots() == []
