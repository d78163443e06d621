"""What is kept of recoveries: where each modem stands, what was done, what worked with its model.

All of it are facts: `modem.NAME.ladder`, `modem.NAME.recovery`, `ladder.MODEL`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relay.core.device import Identity
from relay.core.ladder import Ladder, LadderState, Record, Step, Tally, Trouble
from relay.store.facts import Facts

_STEPS_KEPT = 30


class Recoveries:
    """Of one modem."""

    def __init__(self, facts: Facts, modem: str) -> None:
        self._facts = facts
        self._key = f"modem.{modem}"

    # --- where it stands ------------------------------------------------------------------------

    def ladder(self) -> Ladder:
        return ladder_of(self._value(f"{self._key}.ladder"))

    def put_ladder(self, now: int, ladder: Ladder) -> None:
        self._facts.put(now, f"{self._key}.ladder", _told(ladder))

    def identity(self) -> Identity:
        """Who the modem was when it last said so."""
        known = _table(self._value(f"{self._key}.identity"))
        names = ("manufacturer", "model", "revision")
        return Identity(**{name: str(known.get(name, "")) for name in names})

    # --- what was done --------------------------------------------------------------------------

    def note(self, now: int, step: Step, trouble: Trouble) -> None:
        """A step was taken; whether it worked is not known yet."""
        taken = {"at": now, "step": step, "trouble": trouble, "worked": None}
        self._put_steps(now, [*self._steps(), taken])

    def judge(self, now: int, worked: bool) -> None:
        """The last step did or did not work."""
        if steps := self._steps():
            self._put_steps(now, [*steps[:-1], {**steps[-1], "worked": worked}])

    def _steps(self) -> list[dict[str, Any]]:
        found = self._value(f"{self._key}.recovery")
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    def _put_steps(self, now: int, steps: list[dict[str, Any]]) -> None:
        self._facts.put(now, f"{self._key}.recovery", steps[-_STEPS_KEPT:])

    # --- what worked ----------------------------------------------------------------------------

    def record(self, who: Identity, trouble: Trouble) -> Record:
        troubles = _table(self._value(_model_key(who)))
        return _record_of(_table(troubles.get(trouble)))

    def put_record(self, now: int, who: Identity, trouble: Trouble, record: Record) -> None:
        key = _model_key(who)
        told = {
            "higher": record.higher,
            "steps": {step: [t.tried, t.worked, t.at] for step, t in record.tallies.items()},
        }
        self._facts.put(now, key, {**_table(self._value(key)), trouble: told})

    def _value(self, key: str) -> Any:
        found = self._facts.get(key)
        return None if found is None else found.value


def _model_key(who: Identity) -> str:
    return f"ladder.{who.manufacturer}|{who.model}|{who.revision}"


# --- as JSON ------------------------------------------------------------------------------------


def _told(ladder: Ladder) -> dict[str, object]:
    return {
        "state": ladder.state,
        "trouble": ladder.trouble,
        "taken": ladder.taken,
        "at": ladder.at,
        "passes": ladder.passes,
        "since": ladder.since,
        "fell_at": ladder.fell_at,
        "up_at": ladder.up_at,
        "asked_at": ladder.asked_at,
        "losses": ladder.losses,
        "resets": ladder.resets,
        "lacking": dict(ladder.lacking),
    }


def ladder_of(value: object) -> Ladder:
    """The ladder that was kept; a well modem's where nothing, or nothing of sense, was."""
    told = _table(value)
    try:
        return Ladder(
            state=LadderState(told["state"]),
            trouble=Trouble(told["trouble"]),
            taken=tuple(Step(step) for step in told["taken"]),
            at=None if told["at"] is None else Step(told["at"]),
            passes=int(told["passes"]),
            since=int(told["since"]),
            fell_at=int(told["fell_at"]),
            up_at=int(told["up_at"]),
            asked_at=int(told["asked_at"]),
            losses=tuple(map(int, told["losses"])),
            resets=tuple(map(int, told["resets"])),
            lacking={Step(step): str(why) for step, why in told["lacking"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return Ladder()


def _record_of(told: Mapping[str, Any]) -> Record:
    try:
        tallies = {
            Step(step): Tally(float(tried), float(worked), int(at))
            for step, (tried, worked, at) in _table(told.get("steps")).items()
        }
        return Record(tallies, int(told.get("higher", 0)))
    except (TypeError, ValueError):
        return Record()


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
