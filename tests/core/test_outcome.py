"""What became of an exchange: the codes, and what they say about repeating it."""

from __future__ import annotations

import pytest

from relay.core.outcome import Outcome, may_blame_content, maybe_processed, outcome_of
from relay.errors import BadReply, Rejected, ServerError, Unauthorised, Unreachable


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unreachable("NET_DNS: the name was not found"), "NET_DNS"),
        (Unreachable("something odd"), "SERVER"),
        (Unauthorised(401), "AUTH_401"),
        (Rejected(503), "HTTP_503"),
        (BadReply("not JSON"), "BAD_REPLY"),
    ],
)
def test_every_failure_has_a_stable_code(error: ServerError, code: str) -> None:
    assert outcome_of(error).code == code


def test_the_code_is_not_repeated_in_the_words() -> None:
    assert outcome_of(Unreachable("NET_DNS: not found")) == Outcome("NET_DNS", "not found")


@pytest.mark.parametrize(
    "error",
    [Unreachable("x", maybe_processed=True), BadReply("cut"), Rejected(502), Rejected(504),
     Rejected(524)],
)  # fmt: skip
def test_a_server_that_may_still_work_on_it_must_be_waited_for(error: ServerError) -> None:
    assert maybe_processed(error)


@pytest.mark.parametrize(
    "error",
    [Unreachable("x"), Rejected(500), Rejected(503), Rejected(429), Rejected(302),
     Unauthorised(401)],
)  # fmt: skip
def test_a_server_that_has_finished_need_not_be_waited_for(error: ServerError) -> None:
    assert not maybe_processed(error)


@pytest.mark.parametrize("error", [Rejected(400), Rejected(413), Rejected(500), Unauthorised(403)])
def test_a_refusal_may_be_about_what_was_sent(error: ServerError) -> None:
    assert may_blame_content(error)


@pytest.mark.parametrize(
    "error",
    [Rejected(301), Rejected(429), Rejected(503), Rejected(504), Unauthorised(401),
     BadReply("x"), Unreachable("x")],
)  # fmt: skip
def test_other_failures_are_never_about_what_was_sent(error: ServerError) -> None:
    assert not may_blame_content(error)
