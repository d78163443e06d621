"""When to turn to a server: how often to a quiet one, how rarely to one in trouble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relay.core.backoff import delay_s
from relay.core.fold import ChtStatus
from relay.errors import Rejected, ServerError, Unauthorised

_RETRY_AFTER_MAX_S = 3600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. `ambiguous_wait_s`: how long a server may still work on what broke off.
    `linger_s`: for how long statuses gather, so that several share one request.

    `chance` in the methods is uniform in [0, 1): a fleet must not move in step.
    """

    poll_min_s: float = 15.0
    poll_max_s: float = 300.0
    ambiguous_wait_s: float = 60.0
    backoff_s: float = 5.0
    backoff_max_s: float = 300.0
    login_backoff_s: float = 300.0
    login_backoff_max_s: float = 900.0
    linger_s: float = 2.0

    def poll(self, quiet_s: float, chance: float) -> float:
        """Until the next poll when nothing has moved for `quiet_s` seconds.

        A tenth of the quiet time: 15 s during work, 30 s five minutes after it, 5 min within
        the hour.
        """
        steady = min(max(quiet_s / 10, self.poll_min_s), self.poll_max_s)
        return steady * (0.9 + 0.2 * chance)

    def linger(self) -> float:
        """After an exchange: how long statuses alone are no reason for the next one."""
        return min(self.linger_s, self.poll_min_s)

    def backoff(self, error: ServerError, failures: int, chance: float) -> float:
        """After failure number `failures` in a row; a wish of the server counts as well.

        A wrong login is tried rarely: CHT locks a whole address out after ten in ten seconds.
        """
        if isinstance(error, Unauthorised):
            base_s, cap_s = self.login_backoff_s, self.login_backoff_max_s
        else:
            base_s, cap_s = self.backoff_s, self.backoff_max_s
        wait = delay_s(failures, base_s=base_s, cap_s=cap_s, chance=chance)
        wish = error.retry_after_s if isinstance(error, Rejected) else None
        return max(wait, min(wish or 0.0, _RETRY_AFTER_MAX_S))

    def rest(self, refusals: int, chance: float) -> float:
        """Until a refused row is tried again, after `refusals` lone refusals in a row."""
        return delay_s(refusals, base_s=self.backoff_s, cap_s=self.backoff_max_s, chance=chance)


def may_linger(statuses: Sequence[str], room: int) -> bool:
    """Whether these statuses may wait for others that would fill the `room` of a request.

    Not with an UNSENT among them: the queue of CHT moves when it hears that one.
    """
    return len(statuses) < room and ChtStatus.UNSENT not in statuses


def remaining_s(since: int, now: int, wait_s: float) -> float:
    """Seconds left of a wait that began at `since` (epoch ms), never longer than the wait.

    A clock that was set back since then makes the wait start again.
    """
    passed_s = (now - since) / 1000
    if passed_s < 0:
        return wait_s
    return max(0.0, wait_s - passed_s)
