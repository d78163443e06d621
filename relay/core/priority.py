"""How urgent a message is. The higher number goes first; what lies between two names is allowed.

The order is that of the community rules: alert before reply before ask before reminder before
broadcast. What a server hands out is a reply unless it says otherwise.
"""

from __future__ import annotations

from enum import IntEnum


class Priority(IntEnum):
    """The named steps. `ALERT` and above is urgent: it may use what is kept in reserve."""

    BROADCAST = -20
    REMINDER = -10
    ASK = -5
    REPLY = 0
    ALERT = 10


def is_urgent(priority: int) -> bool:
    """Whether a message may pass caps, quiet hours and the reserve of airtime."""
    return priority >= Priority.ALERT
