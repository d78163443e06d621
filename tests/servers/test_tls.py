"""Encrypted connections: whom relay believes, and what it says when it does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from relay.errors import ConfigError, Unreachable
from relay.servers.http import Timeouts
from relay.servers.tls import Trust
from relay.simulator.server import CentralServer
from tests.cht_rows import report
from tests.servers.conftest import PASSWORD, Certificate, Connect

Make = Callable[..., Certificate]


@pytest.fixture(scope="session")
def own(certificate: Make) -> Certificate:
    """The certificate that the server shows in most tests."""
    return certificate()


def https(certificate: Certificate) -> CentralServer:
    return CentralServer(password=PASSWORD, certificate=certificate.path, key=certificate.key)


def refusal(connect: Connect, certificate: Certificate, trust: Trust) -> Unreachable:
    with https(certificate) as server:
        with pytest.raises(Unreachable) as caught:
            connect(server, trust=trust).exchange([report()], [])
        assert server.reports == []
    assert not caught.value.maybe_processed
    return caught.value


def test_an_authority_of_ones_own_is_believed(connect: Connect, own: Certificate) -> None:
    with https(own) as server:
        connect(server, trust=Trust(ca_file=own.path)).exchange([report()], [])
        assert len(server.reports) == 1


def test_the_pinned_certificate_is_believed(connect: Connect, own: Certificate) -> None:
    for text in (own.fingerprint, own.fingerprint.replace(":", "").lower()):
        with https(own) as server:
            connect(server, trust=Trust(fingerprint=text)).check()


def test_another_certificate_than_the_pinned_one_is_not(
    connect: Connect, own: Certificate
) -> None:
    other = Trust(fingerprint="00" * 32)
    assert str(refusal(connect, own, other)).startswith("TLS_PIN: ")


def test_a_pin_does_not_weaken_the_authority(
    connect: Connect, own: Certificate, certificate: Make
) -> None:
    both = Trust(ca_file=certificate().path, fingerprint=own.fingerprint)
    assert str(refusal(connect, own, both)).startswith("TLS_UNTRUSTED: ")


def test_a_certificate_that_nobody_signed_is_not_believed(
    connect: Connect, own: Certificate
) -> None:
    assert str(refusal(connect, own, Trust())).startswith("TLS_UNTRUSTED: ")


def test_a_certificate_for_another_name_is_not_believed(
    connect: Connect, certificate: Make
) -> None:
    other = certificate(name="DNS:elsewhere.example.org")
    assert str(refusal(connect, other, Trust(ca_file=other.path))).startswith("TLS_NAME: ")


def test_an_expired_certificate_is_named(connect: Connect, certificate: Make) -> None:
    old = certificate(start="20200101000000Z", end="20210101000000Z")
    assert str(refusal(connect, old, Trust(ca_file=old.path))).startswith("TLS_EXPIRED: ")


def test_a_clock_that_is_behind_is_suspected_when_a_certificate_is_too_new(
    connect: Connect, certificate: Make
) -> None:
    new = certificate(start="20900101000000Z", end="20910101000000Z")
    words = str(refusal(connect, new, Trust(ca_file=new.path)))
    assert words.startswith("TLS_NOT_YET_VALID: ")
    assert "clock" in words


def test_a_port_that_speaks_no_tls_is_named(central: CentralServer, connect: Connect) -> None:
    url = central.url.replace("http://", "https://")
    with pytest.raises(Unreachable, match="TLS_FAILED") as caught:
        connect(url).exchange([report()], [])
    assert not caught.value.maybe_processed


def test_a_new_connection_resumes_the_session(connect: Connect, own: Certificate) -> None:
    with https(own) as server:
        client = connect(server, trust=Trust(ca_file=own.path))
        client.check()
        client.close()
        client.check()
        assert [entry.resumed for entry in server.requests] == [False, True]


def test_a_pin_is_checked_on_a_resumed_session_too(connect: Connect, own: Certificate) -> None:
    with https(own) as server:
        client = connect(server, trust=Trust(fingerprint=own.fingerprint))
        client.check()
        client.close()
        client.check()
        assert server.requests[-1].resumed


def test_the_deadline_cuts_an_encrypted_connection_too(connect: Connect, own: Certificate) -> None:
    with https(own) as server:
        server.queue("m1", "+254700000042", "x" * 500)
        server.faults.dribble(0.05)
        client = connect(server, trust=Trust(ca_file=own.path), timeouts=Timeouts(5, 5, 0.4))
        with pytest.raises(Unreachable, match="NET_TIMEOUT") as caught:
            client.exchange([report()], [])
        assert caught.value.maybe_processed
        client.check()


@pytest.mark.parametrize("pin", ["xyz", "00", "00" * 20])
def test_a_pin_that_is_no_sha256_is_a_mistake_in_the_configuration(
    connect: Connect, pin: str
) -> None:
    with pytest.raises(ConfigError, match="pin_sha256"):
        connect("https://127.0.0.1:1/api/sms", trust=Trust(fingerprint=pin))


def test_a_ca_file_that_cannot_be_read_is_a_mistake_in_the_configuration(
    connect: Connect, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(ConfigError, match="ca_file"):
            connect("https://127.0.0.1:1/api/sms", trust=Trust(ca_file=str(tmp_path / name)))
