"""Why no answer came, as a stable code and plain words.

`Unreachable.cause` is always `CODE: words`. The code says where it broke (NET_… the network,
TLS_… the certificate), the words what a person can do about it.
"""

from __future__ import annotations

import errno
import http.client
import ssl

from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from relay.errors import Unreachable

# What can go wrong between us and the server; anything else is a bug of ours.
NETWORK_ERRORS = (OSError, HTTPError, http.client.HTTPException)


class AnswerCut(ConnectionError):
    """The status came, and then not all of the body."""


_NO_ROUTE = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EACCES}
)
_OTHER_NAME = ("TLS_NAME", "its certificate is for another name: is the name in the URL right?")
# X509_V_ERR_… of OpenSSL's x509_vfy.h.
_VERIFY = {
    9: (
        "TLS_NOT_YET_VALID",
        "its certificate is not valid yet: is the clock of this computer set?",
    ),
    10: ("TLS_EXPIRED", "its certificate has expired; whoever runs the server must renew it"),
    62: _OTHER_NAME,
    64: _OTHER_NAME,
}
_UNTRUSTED = (
    "TLS_UNTRUSTED",
    "nobody this computer trusts has signed its certificate: give ca_file or pin_sha256, or sign "
    "in to the network first if it shows a login page",
)


def not_connected(error: Exception, host: str) -> Unreachable:
    """No connection, so nothing was sent: the same may be tried again at any time."""
    code, words = _connecting(error)
    return Unreachable(f"{code}: {host}: {words}. Nothing was sent; relay tries again")


def no_answer(error: Exception, host: str, *, expired: bool, sent: bool) -> Unreachable:
    """The request was on its way; with `sent` the server may have processed it."""
    if expired or isinstance(error, TimeoutError | ReadTimeoutError):
        code, words = "NET_TIMEOUT", "it did not answer in time"
    elif isinstance(error, AnswerCut):
        code, words = "NET_CUT", "the connection broke in the middle of its answer"
    else:
        code, words = "NET_RESET", "the connection broke before its answer came"
    after = (
        "It may have arrived; relay waits before it repeats it" if sent else "Relay tries again"
    )
    return Unreachable(f"{code}: {host}: {words}. {after}", maybe_processed=sent)


def _connecting(error: Exception) -> tuple[str, str]:
    if isinstance(error, NameResolutionError):
        return "NET_DNS", "the name was not found: no internet, or a mistake in the URL"
    cause = error.__cause__ if isinstance(error, NewConnectionError) else error
    # In some versions of urllib3 a refused connection is a kind of timeout too.
    if cause is error and isinstance(error, ConnectTimeoutError | TimeoutError):
        return "NET_TIMEOUT", "it does not answer: no internet, a firewall, or the server is off"
    if isinstance(error, ssl.SSLError | SSLError):
        return _tls(error)
    if isinstance(cause, ConnectionRefusedError):
        return "NET_REFUSED", "the computer answers, but no server runs on that port"
    if isinstance(cause, OSError) and cause.errno in _NO_ROUTE:
        return "NET_UNREACHABLE", "no way there: this computer is not on the internet"
    if isinstance(cause, ConnectionError):
        return "NET_RESET", "the connection broke while it was set up"
    return "NET_FAILED", f"no connection ({type(cause).__name__})"


def _tls(error: ssl.SSLError | SSLError) -> tuple[str, str]:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY.get(error.verify_code, _UNTRUSTED)
    if "ingerprint" in str(error):
        return "TLS_PIN", "its certificate is not the one of pin_sha256: was it renewed?"
    return "TLS_FAILED", "it does not speak TLS as we do: is https right for this port?"
