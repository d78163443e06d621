"""How often to ask a server that has nothing for us."""

from __future__ import annotations


def poll_s(quiet_s: float, *, min_s: float, max_s: float, chance: float) -> float:
    """Seconds until the next poll when nothing has moved for `quiet_s` seconds.

    A tenth of the quiet time: 15 s during work, 30 s five minutes after it, 5 min within an
    hour. `chance` (uniform in [0, 1)) spreads a fleet by a tenth up or down.
    """
    steady = min(max(quiet_s / 10, min_s), max_s)
    return steady * (0.9 + 0.2 * chance)


def remaining_s(since: int, now: int, wait_s: float) -> float:
    """Seconds left of a wait that began at `since` (epoch ms), never longer than the wait.

    A clock that was set back since then makes the wait start again.
    """
    passed_s = (now - since) / 1000
    if passed_s < 0:
        return wait_s
    return max(0.0, wait_s - passed_s)
