"""What the probes of `relay doctor` bring home: frozen facts, None where nobody can tell.

Times are epoch milliseconds, lengths milliseconds where they end in `_ms`.
"""

from __future__ import annotations

from dataclasses import dataclass

from relay.core.device import Identity, Survey
from relay.core.link import LinkState
from relay.core.station import AirtimeFacts, ModemFacts, ServerFacts, Station

# --- the computer -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConfigSeen:
    """`open_to` names who else may read a file that holds a secret."""

    path: str
    problems: tuple[str, ...] = ()
    missing: bool = False
    open_to: str = ""
    modems: int = 1
    servers: int = 1


@dataclass(frozen=True, slots=True)
class DiskSeen:
    folder: str
    free: int | None = None
    read_only: bool = False
    inodes: int | None = None  # that are free; None where the file system does not count them
    days_left: int | None = None
    mount: str = "/"


@dataclass(frozen=True, slots=True)
class StoreSeen:
    """`trouble` is a code when it cannot be opened; `damage` what the quick check said, None
    where it did not end in time; `log` the bytes that are not folded into it (its WAL)."""

    path: str
    exists: bool = True
    trouble: str = ""
    detail: str = ""
    damage: str | None = ""
    log: int = 0
    held: bool = False
    holder: str = ""


@dataclass(frozen=True, slots=True)
class ServiceSeen:
    """The unit as `systemctl show` has it, without `systemd` nothing of it; `alive` is whether a
    daemon holds the store, `silent` that it does and does not move."""

    systemd: bool = False
    load: str = ""
    active: str = ""
    result: str = ""
    enabled: str = ""
    watchdog_ms: int | None = None
    alive: bool | None = None
    silent: bool = False
    ran: bool = True
    stopped_cleanly: bool | None = None
    beat_at: int | None = None
    now: int = 0
    stale_socket: str = ""


# --- a modem ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UsbSeen:
    """`binding` is what the section says; `code` and `detail` why there is no port."""

    binding: str
    network: bool = False  # a port of another computer: there is nothing to look at here
    name: str = ""
    usb: str = ""
    socket: str = ""
    ports: int = 0
    code: str = ""
    detail: str = ""
    sleeps: bool = False  # the kernel may put it to sleep
    control: str = ""  # the file that lets it


@dataclass(frozen=True, slots=True)
class PortSeen:
    path: str
    by_relay: bool = False
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RadioSeen:
    """What the modem said, just now or (`at`) when relay asked it last.

    `code` and `detail` are why it cannot be asked; `usual_dbm` is what its signal is as a rule;
    `junk` says what lies in its memory and is no person's SMS.
    """

    name: str
    state: LinkState | None = None
    code: str = ""
    detail: str = ""
    asked: bool = False
    at: int | None = None
    now: int = 0
    took_ms: int | None = None
    identity: Identity = Identity()  # noqa: RUF009  # frozen
    survey: Survey | None = None
    tries: int | None = None
    pin_set: bool = False
    usual_dbm: int | None = None
    smsc_before: str = ""
    smsc_changed: bool = False
    smsc_wanted: str = ""
    held_sim: bool = False
    sim: str = ""
    sim_accepted: str = ""
    junk: str = ""
    stuck: tuple[tuple[str, int, str], ...] = ()
    daemon: bool = False


@dataclass(frozen=True, slots=True)
class CreditSeen:
    """`purse` is None where relay has not looked yet; `needed` where the SIM is prepaid."""

    purse: AirtimeFacts | None
    now: int
    asks: bool = True


@dataclass(frozen=True, slots=True)
class SendSeen:
    """`asked` is whether a test was wished; `outcome` is accepted, delivered, refused, silent."""

    asked: bool = False
    number: str = ""
    outcome: str = ""
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReceiveSeen:
    modem: ModemFacts | None
    last_at: int | None
    now: int


# --- the way to the server ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """`up` and `down` are interfaces, without that of this computer itself; `route` whether one
    leads out of here; `local` that all servers are on this computer or a cable beside it."""

    up: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    route: str = ""
    local: bool = False
    known: bool = True


@dataclass(frozen=True, slots=True)
class NameSeen:
    host: str
    literal: bool = False
    addresses: tuple[str, ...] = ()
    error: str = ""
    took_ms: int | None = None


@dataclass(frozen=True, slots=True)
class PortalSeen:
    """What answers where nobody but a login page would: `towards` is where it points to."""

    host: str
    asked: bool = True
    status: int | None = None
    towards: str = ""
    page: bool = False


@dataclass(frozen=True, slots=True)
class ReachSeen:
    """A connection, with TLS or without: `code` and `detail` are why there is none."""

    host: str
    port: int = 0
    code: str = ""
    detail: str = ""
    took_ms: int | None = None
    encrypted: bool = True
    expires_at: int | None = None
    now: int = 0


@dataclass(frozen=True, slots=True)
class LoginSeen:
    host: str
    user: str = ""
    code: str = ""
    detail: str = ""
    took_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TripSeen:
    server: ServerFacts | None
    station: Station


@dataclass(frozen=True, slots=True)
class ServerClockSeen:
    """`ahead_ms`: the server's clock minus relay's own."""

    ahead_ms: int | None = None
