"""The whole chain, cheap checks first: each name, what it rests on, and who else may be to blame.

Whoever adds a check puts it behind all that it needs, and gives it a probe in relay/doctor.
"""

from __future__ import annotations

from collections.abc import Mapping

from relay.core.doctor import machine, radio, traffic, uplink
from relay.core.doctor.graph import Check, Each

_CLOCK = frozenset({"CLOCK_WRONG", "CLOCK_UNSURE"})
_NO_WRITING = frozenset({"DISK_FULL", "DISK_READONLY", "STORE_HELD"})
_UNREADABLE = frozenset(
    {"STORE_CORRUPT", "STORE_TOO_NEW", "STORE_OUTDATED", "STORE_UNREADABLE", "STORE_BUSY"}
)
_NO_START = _NO_WRITING | {"STORE_TOO_NEW"}

# Code -> the faults that bring it about.
CAUSES: Mapping[str, frozenset[str]] = {
    "TLS_NOT_YET_VALID": _CLOCK,
    "TLS_EXPIRED": _CLOCK,
    "TLS_EXPIRES_SOON": _CLOCK,
    "CLOCK_OFF": _CLOCK,
    "MODEM_UNKNOWN": _UNREADABLE | {"DAEMON_SILENT", "DAEMON_UNKNOWN"},
    "CHECK_FAILED": _UNREADABLE,
    "DAEMON_UNKNOWN": _UNREADABLE,
    "DAEMON_SILENT": _NO_WRITING,
    "DAEMON_STOPPED": _NO_START,
    "CONTROL_STALE": frozenset({"DISK_READONLY"}),
    "SERVICE_FAILED": _NO_START,
    "SERVICE_GIVEN_UP": _NO_START,
}

STATION: tuple[Check, ...] = (
    Check("power", "Laptop", "mains and battery", machine.power),
    Check("config", "Laptop", "the configuration can be read", machine.config),
    Check("disk", "Laptop", "room on the disk", machine.disk, ("config",)),
    Check("clock", "Laptop", "the clock, by all who tell the time", machine.clock, ("config",)),
    Check("store", "Laptop", "the database is whole", machine.store, ("disk",)),
    Check(
        "service", "relay", "it runs, and will again", machine.service, ("config",),
        after=("disk", "store"),
    ),
    Check(
        "socket", "relay", "no socket was left behind", machine.socket, ("config",),
        after=("disk",),
    ),
    Check("watchdog", "relay", "somebody notices when it hangs", machine.watchdog, ("config",)),
)  # fmt: skip

MODEM: tuple[Check, ...] = (
    Check("usb", "USB", "the modem is plugged in, as a modem", radio.usb, ("config",), Each.MODEM),
    Check("port", "Port", "its port is free, and may be opened", radio.port, ("usb",), Each.MODEM),
    Check("at", "AT", "it answers", radio.at, ("port",), Each.MODEM),
    Check("pin", "PIN", "the SIM is open, its tries", radio.pin, ("at",), Each.MODEM),
    Check("sim", "SIM", "it is the SIM that belongs here", radio.sim, ("pin",), Each.MODEM),
    Check("storage", "Storage", "room for SMS", traffic.storage, ("pin",), Each.MODEM),
    Check("network", "Network", "registered, where", traffic.network, ("pin",), Each.MODEM),
    Check(
        "signal", "Network", "against its own history", traffic.signal, ("network",), Each.MODEM
    ),
    Check("smsc", "SMSC", "the service centre, as before", traffic.smsc, ("pin",), Each.MODEM),
    Check("credit", "Credit", "as far as relay knows", traffic.credit, ("store",), Each.MODEM),
    Check(
        "send", "Send", "only with --send-test: it costs an SMS", traffic.send,
        ("network", "sim", "smsc", "credit"), Each.MODEM,
    ),
    Check("receive", "Receive", "the last SMS", traffic.receive, ("store", "network"), Each.MODEM),
)  # fmt: skip

SERVER: tuple[Check, ...] = (
    Check("link", "Link", "a network, and a way out of it", uplink.link, ("config",)),
    Check("dns", "DNS", "the server's name is found", uplink.name, ("link",), Each.SERVER),
    Check("captive", "Portal", "no login page", uplink.portal, ("dns",), Each.SERVER),
    Check("reach", "Reach", "the server takes calls", uplink.reach, ("captive",), Each.SERVER),
    Check("tls", "TLS", "its certificate", uplink.tls, ("reach",), Each.SERVER, ("clock",)),
    Check("login", "Login", "it lets relay in", uplink.login, ("reach", "tls"), Each.SERVER),
    Check(
        "trip", "Trip", "messages go there", uplink.trip, ("store", "service", "login"),
        Each.SERVER,
    ),
    Check(
        "server-clock", "Trip", "its clock and this one", uplink.clock, ("login",),
        Each.SERVER, ("clock",),
    ),
)  # fmt: skip

CHECKS: tuple[Check, ...] = (*STATION, *MODEM, *SERVER)
