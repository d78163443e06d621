"""Looking at the way to a server: interfaces, name, login page, connection, certificate, login."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import relay
from relay.config import Config, ServerConfig
from relay.core.doctor.seen import (
    LinkSeen,
    LoginSeen,
    NameSeen,
    PortalSeen,
    ReachSeen,
    ServerClockSeen,
)
from relay.core.outcome import Outcome, outcome_of
from relay.doctor.world import World
from relay.errors import ConfigError, ServerError
from relay.servers.cht import ChtServer
from relay.servers.credentials import Credentials
from relay.servers.failures import not_connected
from relay.servers.http import Timeouts
from relay.servers.tls import Trust

_TIMEOUTS = Timeouts(connect_s=5.0, read_s=10.0, total_s=15.0)
_PAGE_MAX = 4096
_UP, _GATEWAY, _REJECT = 0x1, 0x2, 0x200  # RTF_… of linux/route.h
_ANYWHERE = "0" * 32


# --- the network of this computer ---------------------------------------------------------------


def link(world: World, config: Config) -> LinkSeen:
    folder = world.machine.sys / "class" / "net"
    if not folder.is_dir():
        return LinkSeen(known=False)
    others = sorted(one.name for one in folder.glob("*") if one.name != "lo")
    up = tuple(name for name in others if _is_up(folder / name))
    routes = tuple(_routes(world.machine.proc / "net"))
    return LinkSeen(
        up,
        tuple(name for name in others if name not in up),
        _way_out(world.machine.proc / "net", routes),
        bool(config.servers) and all(_is_near(s.url, routes) for s in config.servers),
    )


def _is_up(interface: Path) -> bool:
    """ppp and the like do not know of an operstate; they are there only while they are up."""
    state = _text(interface / "operstate")
    return state == "up" or (state == "unknown" and _text(interface / "carrier") != "0")


@dataclass(frozen=True, slots=True)
class _Route:
    network: ipaddress.IPv4Network
    gateway: ipaddress.IPv4Address


def _routes(folder: Path) -> Iterator[_Route]:
    """/proc/net/route: addresses are hexadecimal and in the byte order of the processor."""
    for line in _text(folder / "route").splitlines()[1:]:
        fields = line.split()
        if len(fields) > 7 and int(fields[3], 16) & _UP:
            to, gateway, mask = (_address(fields[n]) for n in (1, 2, 7))
            yield _Route(ipaddress.IPv4Network(f"{to}/{mask}", strict=False), gateway)


def _address(hexadecimal: str) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(bytes.fromhex(hexadecimal)[::-1])


def _way_out(folder: Path, routes: tuple[_Route, ...]) -> str:
    for route in routes:
        if route.network.prefixlen == 0:
            return str(route.gateway) if int(route.gateway) else "without an address"
    for line in _text(folder / "ipv6_route").splitlines():
        fields = line.split()
        if len(fields) > 9 and (fields[0], fields[1]) == (_ANYWHERE, "00") and fields[9] != "lo":
            flags = int(fields[8], 16)
            if flags & _UP and not flags & _REJECT:
                return f"by IPv6 ({fields[9]})"
    return ""


def _is_near(url: str, routes: tuple[_Route, ...]) -> bool:
    host = urlsplit(url).hostname or ""
    address = _literal(host)
    if address is None:
        return host == "localhost"
    beside = (route.network for route in routes if route.network.prefixlen)
    return address.is_loopback or any(address in network for network in beside)


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


# --- one server ---------------------------------------------------------------------------------


class Uplink:
    """One server as doctor sees it. Each step uses what the one before has found."""

    def __init__(self, world: World, config: ServerConfig) -> None:
        self._world = world
        self._config = config
        split = urlsplit(config.url)
        self.host = split.hostname or ""
        self.encrypted = split.scheme == "https"
        self.port = split.port or (443 if self.encrypted else 80)
        self._client: ChtServer | None = None
        self._connected: ReachSeen | None = None
        self._date: int | None = None

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def name(self) -> NameSeen:
        if _literal(self.host) is not None:
            return NameSeen(self.host, literal=True)
        began = self._world.clock.monotonic()
        try:
            addresses = self._world.resolve(self.host, self.port)
        except OSError as error:
            return NameSeen(self.host, error=_words(error))
        return NameSeen(self.host, addresses=addresses, took_ms=self._since(began))

    def portal(self) -> PortalSeen:
        """Only where the server itself does not answer: else there is nothing to suspect."""
        if not self.encrypted:
            return PortalSeen(self.host, asked=False)
        if not self.tls().code:
            return PortalSeen(self.host)
        try:
            return self._page()
        except (OSError, http.client.HTTPException):
            return PortalSeen(self.host)

    def _page(self) -> PortalSeen:
        """What plain HTTP gets in the place of the server; a real one has nothing to say there."""
        sock = self._world.call(self.host, self._world.http_port)
        try:
            request = (
                f"GET / HTTP/1.1\r\nHost: {self.host}\r\n"
                f"User-Agent: relay/{relay.__version__}\r\nConnection: close\r\n\r\n"
            )
            sock.sendall(request.encode("ascii", "replace"))
            answer = http.client.HTTPResponse(sock, method="GET")
            answer.begin()
            towards = urlsplit(answer.getheader("Location") or "").hostname or ""
            return PortalSeen(
                self.host, status=answer.status, towards="" if self._is_own(towards) else towards
            )
        finally:
            sock.close()

    def _is_own(self, other: str) -> bool:
        return other.removeprefix("www.") in {"", self.host.removeprefix("www.")}

    def reach(self) -> ReachSeen:
        began = self._world.clock.monotonic()
        try:
            self._world.call(self.host, self.port).close()
        except OSError as error:
            return self._failed(outcome_of(not_connected(error, self.host)))
        return ReachSeen(self.host, self.port, took_ms=self._since(began))

    def tls(self) -> ReachSeen:
        if self._connected is None:
            self._connected = self._handshake()
        return self._connected

    def _handshake(self) -> ReachSeen:
        if not self.encrypted:
            return ReachSeen(self.host, self.port, encrypted=False)
        try:
            certificate = self._made().connect()
        except ServerError as error:
            return self._failed(outcome_of(error))
        except ConfigError as error:
            return self._failed(Outcome("TLS_FAILED", str(error)))
        until = certificate.get("notAfter")
        expires = None if not isinstance(until, str) else ssl.cert_time_to_seconds(until) * 1000
        return ReachSeen(self.host, self.port, expires_at=expires, now=self._world.clock.now())

    def login(self) -> LoginSeen:
        began = self._world.clock.monotonic()
        seen = LoginSeen(self.host, self._config.user)
        try:
            self._date = self._made().clock()
        except ServerError as error:
            outcome = outcome_of(error)
            return LoginSeen(self.host, self._config.user, outcome.code, outcome.detail)
        return LoginSeen(seen.host, seen.user, took_ms=self._since(began))

    def clock(self, now: int) -> ServerClockSeen:
        return ServerClockSeen(None if self._date is None else self._date - now)

    def _made(self) -> ChtServer:
        if self._client is None:
            config = self._config
            self._client = ChtServer(
                config.name,
                Credentials(
                    config.url, config.user, config.password.reveal() if config.password else ""
                ),
                timeouts=_TIMEOUTS,
                trust=Trust(str(config.ca_file or ""), config.pin_sha256),
            )
        return self._client

    def _failed(self, outcome: Outcome) -> ReachSeen:
        return ReachSeen(self.host, self.port, outcome.code, outcome.detail)

    def _since(self, began: float) -> int:
        return round((self._world.clock.monotonic() - began) * 1000)


def _words(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "no such name" if error.errno == socket.EAI_NONAME else "the name servers fail"
    return str(error)
