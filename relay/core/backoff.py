"""When to try again. Full jitter: a fleet that lost its server must not come back in step."""

from __future__ import annotations

# cht-gateway's schedule for soft errors (WoMessage.java:74-131): 60 s times n to the 1.5,
# twenty times, 12.7 hours in all.
SOFT_RETRIES = 20


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
