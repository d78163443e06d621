"""Why no answer came: every cause has a stable code, and says what was or was not sent."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from relay.core.outcome import outcome_of
from relay.servers.failures import AnswerCut, no_answer, not_connected

CONN = HTTPConnection("cht.example.org")


def new_connection_error(cause: Exception) -> NewConnectionError:
    error = NewConnectionError(CONN, "Failed")
    error.__cause__ = cause
    return error


def os_error(number: int) -> OSError:
    return OSError(number, errno.errorcode[number])


def verification(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NameResolutionError("cht.example.org", CONN, socket.gaierror()), "NET_DNS"),
        (ConnectTimeoutError(CONN, "timed out"), "NET_TIMEOUT"),
        (TimeoutError("the handshake"), "NET_TIMEOUT"),
        (new_connection_error(os_error(errno.ECONNREFUSED)), "NET_REFUSED"),
        (new_connection_error(os_error(errno.ENETUNREACH)), "NET_UNREACHABLE"),
        (new_connection_error(os_error(errno.EHOSTUNREACH)), "NET_UNREACHABLE"),
        (new_connection_error(os_error(errno.EMFILE)), "NET_FAILED"),
        (ConnectionResetError(), "NET_RESET"),
        (verification(9), "TLS_NOT_YET_VALID"),
        (verification(10), "TLS_EXPIRED"),
        (verification(19), "TLS_UNTRUSTED"),
        (verification(62), "TLS_NAME"),
        (ssl.SSLError(1, "wrong version number"), "TLS_FAILED"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_connection_that_was_not_made_has_sent_nothing(error: Exception, code: str) -> None:
    failure = not_connected(error, "cht.example.org")
    assert outcome_of(failure).code == code
    assert "cht.example.org" in str(failure)
    assert not failure.maybe_processed


@pytest.mark.parametrize(
    ("error", "expired", "code"),
    [
        (TimeoutError(), False, "NET_TIMEOUT"),
        (ReadTimeoutError(CONN, "/", "read timed out"), False, "NET_TIMEOUT"),  # type: ignore[arg-type]  # any pool
        (ConnectionResetError(), True, "NET_TIMEOUT"),
        (ConnectionResetError(), False, "NET_RESET"),
        (ProtocolError("broken"), False, "NET_RESET"),
        (AnswerCut(), False, "NET_CUT"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_request_that_had_left_may_have_arrived(
    error: Exception, expired: bool, code: str
) -> None:
    failure = no_answer(error, "cht.example.org", expired=expired, sent=True)
    assert outcome_of(failure).code == code
    assert failure.maybe_processed


def test_a_question_that_carries_nothing_may_be_asked_again() -> None:
    assert not no_answer(TimeoutError(), "h", expired=False, sent=False).maybe_processed
