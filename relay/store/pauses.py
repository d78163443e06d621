"""What a person has paused: facts, so that a restart does not resume it."""

from __future__ import annotations

from typing import Any

from relay.store.facts import Facts

SENDING, SYNC = "sending", "sync"
_KEY = "pause."


class Pauses:
    """Written by the control socket's thread, read by all; reading costs nothing."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        found = facts.prefix(_KEY)
        self._held = {key.removeprefix(_KEY): fact.value for key, fact in found.items()}

    def holds(self, what: str) -> bool:
        return what in self._held

    def pause(self, now: int, what: str, who: str) -> bool:
        """Whether it was not paused before: the first one's name and time stay."""
        if self.holds(what):
            return False
        value: dict[str, Any] = {"since": now, "who": who}
        self._facts.put(now, _KEY + what, value, "relay pause")
        self._held = {**self._held, what: value}
        return True

    def resume(self, what: str) -> bool:
        """Whether it was paused."""
        if not self.holds(what):
            return False
        self._facts.forget(_KEY + what)
        self._held = {key: value for key, value in self._held.items() if key != what}
        return True

    def held(self) -> dict[str, Any]:
        """What is paused: since when (epoch ms) and by whom."""
        return dict(self._held)
