"""How many answers one sender may have: as many at once as an hour allows, then one by one."""

from __future__ import annotations

from dataclasses import dataclass

from relay.core.plain import HOUR

# One answer, in the unit in which they grow back.
_ONE = 1000


@dataclass(frozen=True, slots=True)
class Allowance:
    """`used` thousandths of an answer at `at` (epoch ms); they grow back with time."""

    used: int = 0
    at: int = 0

    def spend(self, now: int, per_hour: int) -> Allowance | None:
        """What is left after one more answer; None if there is none left. 0 `per_hour`: no limit.

        A clock that was set back gives nothing back, and takes nothing.
        """
        grown = max(0, now - self.at) * per_hour * _ONE // HOUR
        used = max(0, self.used - grown) + _ONE
        if per_hour and used > per_hour * _ONE:
            return None
        return Allowance(used, now)
