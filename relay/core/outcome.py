"""What became of an exchange, as a stable code and a sentence for a person."""

from __future__ import annotations

import re
from dataclasses import dataclass

from relay.errors import BadReply, Rejected, ServerError, Unauthorised, Unreachable

_CODED = re.compile(r"([A-Z][A-Z0-9]*_[A-Z0-9_]+): (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`code` is for programs and tests, `detail` for people."""

    code: str
    detail: str = ""


OK = Outcome("OK")


def outcome_of(error: ServerError) -> Outcome:
    """NET_…, TLS_…, AUTH_401, HTTP_503, BAD_REPLY: the same failure has the same code."""
    text = str(error)
    if (coded := _CODED.fullmatch(text)) is not None:
        return Outcome(coded[1], coded[2])
    if isinstance(error, Unauthorised):
        return Outcome(f"AUTH_{error.status}", text)
    if isinstance(error, Rejected):
        return Outcome(f"HTTP_{error.status}", text)
    return Outcome("BAD_REPLY" if isinstance(error, BadReply) else "SERVER", text)


def maybe_processed(error: ServerError) -> bool:
    """Whether the server may have taken, or may still be working on, what was sent.

    A gateway in front of the server (502, 504, 52x) gives up while the server goes on working.
    A 500 of CHT itself comes when it has finished, and 503 before it has begun.
    """
    if isinstance(error, Unreachable | BadReply):
        return error.maybe_processed
    if isinstance(error, Rejected):
        return error.status >= 500 and error.status not in {500, 501, 503, 505}
    return False


def may_blame_content(error: ServerError) -> bool:
    """Whether something in the batch may be the reason: then it is worth looking for.

    403 and other 4xx may come from a firewall that dislikes one text.
    """
    if isinstance(error, Unauthorised):
        return error.status == 403
    if isinstance(error, Rejected):
        return 400 <= error.status <= 501 and error.status not in {407, 408, 425, 429}
    return False
