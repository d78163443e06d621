"""A local central server, and clients that are impatient enough for tests."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from relay.servers.cht import ChtServer
from relay.servers.credentials import read_credentials
from relay.servers.http import Timeouts
from relay.simulator.server import CentralServer

PASSWORD = "pässwörd:@/#? %41"
TIMEOUTS = Timeouts(connect_s=5, read_s=5, total_s=10)

Connect = Callable[..., ChtServer]


@pytest.fixture
def central() -> Iterator[CentralServer]:
    with CentralServer(user="gateway", password=PASSWORD) as server:
        yield server


@pytest.fixture
def demo() -> Iterator[CentralServer]:
    with CentralServer(user="gateway", password=PASSWORD, demo_server=True) as server:
        yield server


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes clients of a server, with its right login if none is given; closes them."""
    with ExitStack() as clients:

        def make(
            server: CentralServer | str, *, login: tuple[str, str] | None = None, **options: Any
        ) -> ChtServer:
            url = server if isinstance(server, str) else server.url
            user, password = login or ("gateway", PASSWORD)
            credentials = read_credentials(url, user=user, password=password)
            client = ChtServer("main", credentials, **{"timeouts": TIMEOUTS, **options})
            clients.callback(client.close)
            return client

        yield make


@pytest.fixture
def client(central: CentralServer, connect: Connect) -> ChtServer:
    return connect(central)


@dataclass(frozen=True)
class Certificate:
    path: str
    key: str
    fingerprint: str


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Certificate]:
    """Makes self-signed certificates with the openssl command."""

    def make(*, name: str = "IP:127.0.0.1", start: str = "", end: str = "") -> Certificate:
        folder = tmp_path_factory.mktemp("tls")
        cert, key = folder / "cert.pem", folder / "key.pem"
        _openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-subj", "/CN=central", "-addext", f"subjectAltName={name}",
            "-keyout", key, "-out", cert, "-days", "30",
        )  # fmt: skip
        if start:
            _redate(folder, cert, key, name, start, end)
        shown = _openssl("x509", "-in", cert, "-noout", "-fingerprint", "-sha256")
        return Certificate(str(cert), str(key), shown.partition("=")[2].strip())

    return make


def _redate(folder: Path, cert: Path, key: Path, name: str, start: str, end: str) -> None:
    """`openssl req` cannot sign for another time; `openssl ca` can."""
    (folder / "index").touch()
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nnew_certs_dir=.\nserial=serial\n"
        f"default_md=sha256\npolicy=p\nx509_extensions=e\n[p]\nCN=supplied\n"
        f"[e]\nsubjectAltName={name}\n"
    )
    (folder / "serial").write_text("01")
    _openssl("req", "-new", "-key", key, "-subj", "/CN=central", "-out", folder / "csr.pem")
    _openssl(
        "ca", "-batch", "-config", "ca.cnf", "-selfsign", "-keyfile", key, "-in", "csr.pem",
        "-out", cert, "-notext", "-startdate", start, "-enddate", end, cwd=folder,
    )  # fmt: skip


def _openssl(*args: object, cwd: Path | None = None) -> str:
    done = subprocess.run(
        ["openssl", *map(str, args)], check=True, capture_output=True, text=True, cwd=cwd
    )
    return done.stdout
