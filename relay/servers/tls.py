"""Whom to believe when a server shows its certificate, and sessions that are resumed."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from typing import Any

from relay.errors import ConfigError

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to believe: the system's authorities, or `ca_file` (PEM), or one certificate.

    `fingerprint` is the SHA-256 of the server's certificate in hex; with it alone a
    self-signed certificate will do.
    """

    ca_file: str = ""
    fingerprint: str = ""


def pin(trust: Trust) -> str | None:
    """The fingerprint as 64 hex digits, or None. Raises `ConfigError`."""
    text = trust.fingerprint.strip().lower().removeprefix("sha256:")
    digits = text.replace(":", "").replace(" ", "")
    if digits and _FINGERPRINT.fullmatch(digits) is None:
        raise ConfigError(("pin_sha256 must be the 64 hex digits of a SHA-256 fingerprint",))
    return digits or None


def resuming_context(trust: Trust) -> ResumingContext:
    """Raises `ConfigError` when `ca_file` cannot be used."""
    context = ResumingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Private authorities seldom carry the extensions that RFC 5280 asks for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if trust.ca_file:
        _load(context, trust.ca_file)
    elif trust.fingerprint:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_default_certs()
    return context


def _load(context: ssl.SSLContext, ca_file: str) -> None:
    try:
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise ConfigError(
            (f"ca_file {ca_file} cannot be read as certificates in PEM form",)
        ) from None


class ResumingContext(ssl.SSLContext):
    """Offers the last session again, which saves half of the bytes of a short connection."""

    _session: ssl.SSLSession | None = None

    def remember(self, sock: object) -> None:
        if isinstance(sock, ssl.SSLSocket) and sock.session is not None:
            self._session = sock.session

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        return super().wrap_socket(*args, **{"session": self._session, **kwargs})
