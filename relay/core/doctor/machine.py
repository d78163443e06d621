"""What the computer's share of the chain means: configuration, disk, database, clock, service."""

from __future__ import annotations

from relay.core import clock_health, machine_health, plain, power_health, store_health
from relay.core.doctor.graph import Finding, Mark, fail, ok, skip, unknown, warn
from relay.core.doctor.seen import ConfigSeen, DiskSeen, ServiceSeen, StoreSeen
from relay.core.station import Station, StoreFacts
from relay.core.verdict import Problem, Verdict

# A log that was not folded back for so long that start-up and disk suffer from it.
_LOG_LARGE = 64_000_000
_INODES_FEW = 1_000
_MARKS = {
    Verdict.CRIT: Mark.FAIL,
    Verdict.WARN: Mark.WARN,
    Verdict.UNKNOWN: Mark.UNKNOWN,
    Verdict.OK: Mark.OK,
}


def of_problem(problem: Problem) -> Finding:
    """A problem as `relay status` words it."""
    return Finding(_MARKS[problem.verdict], problem.what, problem.code, problem.action)


def config(seen: ConfigSeen) -> Finding:
    if seen.missing:
        return fail(
            "CONFIG_MISSING",
            f"there is no {seen.path}",
            "Let relay set itself up: sudo relay setup\n"
            "Or name another file: relay --config FILE doctor",
        )
    if seen.problems and "cannot be read (" in seen.problems[0]:
        return fail("CONFIG_BAD", seen.problems[0].partition(";")[0], _AS_ROOT)
    if seen.problems:
        more = f" (and {len(seen.problems) - 1} more)" if len(seen.problems) > 1 else ""
        return fail(
            "CONFIG_BAD",
            f"{seen.problems[0]}{more}",
            "See them all: relay config check\n"
            "When they are corrected: sudo systemctl restart relay",
        )
    if not seen.modems:
        return fail(
            "MODEM_NONE",
            "no modem is set up, so no SMS can come in or go out",
            "Write a section for it: relay modems prints the lines",
        )
    if seen.open_to:
        return warn(
            "CONFIG_OPEN",
            f"{seen.open_to} may read {seen.path}, and a password is in it",
            f"sudo chmod o= {seen.path}",
            "config",
        )
    if not seen.servers:
        return warn(
            "SERVER_NONE",
            "no server is set up: what comes in stays on this computer",
            "Write a section [server.main] into the configuration",
        )
    return ok("configuration ok")


def disk(seen: DiskSeen) -> Finding:
    few_files = seen.inodes is not None and seen.inodes < _INODES_FEW
    if few_files and not seen.read_only:
        return fail(
            "DISK_FULL",
            f"the disk of {seen.folder} has room, but can take only {seen.inodes} more files",
            "Delete many small files. Where they are: sudo du --inodes -x / | sort -n | tail",
        )
    for problem in machine_health.disk(Station(0, store=_facts(seen))):
        return of_problem(problem)
    if seen.free is None:
        return unknown(f"nobody can tell how much room {seen.folder} has")
    return ok(f"disk {plain.size(seen.free)} free")


def _facts(seen: DiskSeen) -> StoreFacts:
    """As `relay status` knows the disk, so that both say the same of it."""
    return StoreFacts(
        mount=seen.mount, free=seen.free, read_only=seen.read_only, days_left=seen.days_left
    )


def store(seen: StoreSeen) -> Finding:
    if seen.held:
        return fail(
            "STORE_HELD",
            f"{seen.holder} holds the database, so relay cannot write",
            "End that program, or what it is doing with the database",
        )
    if seen.trouble:
        return _unusable(seen)
    if not seen.exists:
        return skip("no database yet")
    if seen.damage:
        return fail(
            "STORE_DAMAGED",
            f"the database is damaged: {seen.damage}",
            "Restart relay, it sets the damaged file aside and saves what can be read: "
            "sudo systemctl restart relay",
        )
    if seen.log > _LOG_LARGE:
        return warn(
            "STORE_LOG_LARGE",
            f"the log of the database has grown to {plain.size(seen.log)}",
            "Fold it back: relay doctor --fix store",
            "store",
        )
    if seen.damage is None:
        return unknown("database opens; too large to be checked in this time")
    return ok("database whole")


def _unusable(seen: StoreSeen) -> Finding:
    facts = StoreFacts(path=seen.path, trouble=seen.trouble, detail=seen.detail)
    (problem,) = store_health.database(Station(0, store=facts))
    return of_problem(problem)


def clock(seen: Station) -> Finding:
    """A clock that is a day wrong breaks what rests on certificates; an hour does not."""
    for problem in clock_health.clock(seen):
        if problem.code == "CLOCK_OFF":
            continue  # that is told of the server
        far = seen.clock is not None and abs(seen.clock.ahead_s) * 1000 > plain.DAY
        unset = problem.what.startswith("The clock of this computer is not set")
        mark = Mark.FAIL if far or unset else Mark.WARN
        return Finding(mark, problem.what, problem.code, problem.action)
    if seen.clock is None or not seen.clock.by:
        return ok("clock plausible")
    return ok(f"clock agrees with {' and '.join(seen.clock.by)}")


def power(seen: Station) -> Finding:
    for problem in power_health.power(seen):
        return of_problem(problem)
    if not seen.power.known:
        return ok("no battery to watch")
    battery = "" if seen.power.percent is None else f"battery {seen.power.percent} %"
    return ok(", ".join(filter(None, ("on mains", battery))))


# --- the service --------------------------------------------------------------------------------


def service(seen: ServiceSeen) -> Finding:
    """Whether relay runs now, and will after the next power cut."""
    if seen.silent:
        return fail(
            "DAEMON_SILENT",
            f"relay is there, but last gave a sign of life {_ago(seen)}",
            "Restart it: sudo systemctl restart relay\nWhy: journalctl -u relay -n 50",
            "service",
        )
    if not seen.alive:
        return _not_running(seen)
    if seen.stale_socket:
        return ok("running")
    if seen.systemd and seen.load == "loaded" and seen.enabled in {"disabled", "masked"}:
        return warn(
            "SERVICE_DISABLED",
            "relay runs, and will not after the next start of the computer",
            "sudo systemctl enable relay",
            "service",
        )
    if seen.systemd and seen.load == "loaded" and seen.active == "active":
        return ok("running, starts with the computer")
    return ok("running, not as a service")


def _not_running(seen: ServiceSeen) -> Finding:
    if seen.alive is None:
        return unknown("this user may not see whether relay runs", "DAEMON_UNKNOWN", _AS_ROOT)
    if seen.systemd and seen.load == "masked":
        return fail(
            "SERVICE_MASKED",
            "the service is locked (masked), so nothing can start it",
            "sudo systemctl unmask relay && sudo systemctl enable --now relay",
        )
    if seen.result == "start-limit-hit":
        return fail(
            "SERVICE_GIVEN_UP",
            "relay failed so often that systemd has given it up",
            "Why: journalctl -u relay -n 50\n"
            "sudo systemctl reset-failed relay && sudo systemctl start relay",
            "service",
        )
    if seen.active == "failed":
        return fail(
            "SERVICE_FAILED",
            f"the service failed ({seen.result or 'no reason given'})",
            "Why: journalctl -u relay -n 50\nsudo systemctl restart relay",
            "service",
        )
    if seen.active in {"activating", "deactivating", "reloading"}:
        return unknown("relay is just being started", "DAEMON_UNKNOWN", "Ask again in a minute.")
    return _stopped(seen)


def _stopped(seen: ServiceSeen) -> Finding:
    here = seen.systemd and seen.load == "loaded"
    start = "sudo systemctl enable --now relay" if here else "relay run"
    if not seen.ran:
        return fail("DAEMON_NEVER", "relay has not run on this computer yet", start,
                    "service" if here else "")  # fmt: skip
    how = "was stopped" if seen.stopped_cleanly else "ended without being stopped"
    why = "" if seen.stopped_cleanly else "\nWhy: journalctl -u relay -n 50"
    return fail(
        "DAEMON_STOPPED",
        f"relay {how} {_ago(seen)}",
        f"Start it: {start}{why}",
        "service" if here else "",
    )


_AS_ROOT = "Ask as another user: sudo relay doctor"


def _ago(seen: ServiceSeen) -> str:
    return plain.age(seen.beat_at, seen.now) if seen.beat_at is not None else "at an unknown time"


def socket(seen: ServiceSeen) -> Finding:
    """A socket that a killed relay left behind: commands knock, and nobody opens."""
    if not seen.stale_socket:
        return ok("no socket left behind")
    return warn(
        "CONTROL_STALE",
        f"{seen.stale_socket} was left behind by a relay that is gone",
        "relay doctor --fix socket",
        "socket",
    )


def watchdog(seen: ServiceSeen) -> Finding:
    """Whether somebody starts relay again when it hangs."""
    if not seen.systemd or seen.load != "loaded":
        return skip("no service: nobody starts relay again when it hangs")
    if seen.active != "active":  # until its start systemd says that there is none
        return skip("the service does not run: its watchdog cannot be seen")
    if not seen.watchdog_ms:
        return warn(
            "WATCHDOG_OFF",
            "nobody notices when relay hangs: the service has no WatchdogSec",
            "sudo systemctl edit relay, and write: [Service], then WatchdogSec=60",
        )
    return ok(f"watchdog after {plain.duration(seen.watchdog_ms)}")
