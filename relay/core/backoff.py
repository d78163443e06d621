"""When to try again. Full jitter: a fleet that lost its server must not come back in step."""

from __future__ import annotations

from relay.core.causes import Retry

# cht-gateway's schedule for soft errors (WoMessage.java:74-131): 60 s times n to the 1.5,
# twenty times, 12.7 hours in all.
SOFT_RETRIES = 20

# Something is busy: ten tries within half an hour, before it is taken for more than that.
_SOON_TRIES = 10
_SOON_MS = 5_000
_SOON_CAP_MS = 5 * 60_000

# A bill that is paid in a week: every two hours once the schedule above is over.
_DAYS_TRIES = 80
_DAYS_MS = 2 * 3600 * 1000

# The SIM or the network as a whole. The modem is asked again at this pace, for all messages.
HELD_MS = 60_000

LONGEST_WAIT_MS = _DAYS_MS

_LONGEST_DOUBT_MS = 24 * 3600 * 1000


def delay_s(attempt: int, *, base_s: float, cap_s: float, chance: float) -> float:
    """Seconds to wait after failure number `attempt` (1, 2, …); `chance` is uniform in [0, 1).

    `uniform(0, min(cap, base·2ⁿ))`, with a floor of half a base so that nothing spins.
    """
    ceiling = min(cap_s, base_s * 2.0 ** min(attempt, 60))
    return max(base_s / 2, chance * ceiling)


def soft_retry_ms(attempt: int) -> int | None:
    """Milliseconds until the next try of a refused part, or None when it has had enough."""
    if attempt > SOFT_RETRIES:
        return None
    return int(60_000 * float(attempt) ** 1.5)


def retry_ms(retry: Retry, attempt: int, tries: int = SOFT_RETRIES) -> int | None:
    """Milliseconds until the next try after refusal number `attempt` (1, 2, …); None is never.

    `tries` is how many a passing refusal gets (0 to 20); 0 is none at all. What the SIM or the
    network as a whole is to blame for ends with its cause and not with a number of tries.
    """
    if retry is Retry.HELD:
        return HELD_MS
    if retry is Retry.NEVER or not tries:
        return None
    if retry is Retry.SOON and attempt <= _SOON_TRIES:
        return min(_SOON_CAP_MS, _SOON_MS << (attempt - 1))
    if retry is Retry.SOON:
        attempt -= _SOON_TRIES
    if attempt <= tries:
        return soft_retry_ms(attempt)
    patient = retry is Retry.DAYS and attempt <= tries + _DAYS_TRIES
    return _DAYS_MS if patient else None


def doubt_ms(wait_ms: int, times: int) -> int:
    """Milliseconds until a part is sent once more that was in doubt so many times (1, 2, …).

    A double is better than a loss; a thousand are not, of a modem that never says that it sent.
    """
    return max(wait_ms, min(_LONGEST_DOUBT_MS, wait_ms << min(max(times, 1) - 1, 30)))
