"""Recovery: what is done about a modem that fails, one step of the ladder after the other.

The decisions are those of `relay.core.ladder`; here they are taken, told and remembered. Where a
modem stands is a fact, so that a restart of relay begins nothing from the start.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass

from relay.core.device import Identity
from relay.core.ladder import (
    RESETS,
    STEPS,
    CameUp,
    Event,
    Fell,
    GaveUp,
    Gone,
    LadderState,
    Proved,
    Rested,
    Step,
    Took,
    Trouble,
    advance,
    climb,
)
from relay.core.link import READABLE
from relay.errors import (
    Ailing,
    CannotCure,
    ModemError,
    NoReply,
    PortLost,
    PortShut,
    Refused,
    SimProblem,
)
from relay.flows.ports import Clock, Modem
from relay.log import Event as LogEvent
from relay.log import Repeated, event
from relay.store.facts import Facts
from relay.store.recoveries import Recoveries

_log = logging.getLogger("relay.recovery")

_AFTER_STEP_S = 1.0
_LOOK_S = 2.0  # while a modem starts anew
_DAY_S = 86_400.0
# What only the work itself can prove; a day without such work must do as well.
_PROVED_BY_WORK = frozenset({Trouble.UNANSWERED, Trouble.DEAF})


@dataclass(frozen=True, slots=True)
class RecoveryPolicy:
    """`steps` may be taken. After a reset the modem has `settle_s` to come back, after any step
    it must work for `proof_s`; when none helped, all are tried again after `again_s`."""

    steps: Collection[Step] = STEPS
    settle_s: float = 45.0
    proof_s: float = 300.0
    again_s: float = 3_600.0


class Recovery:
    """Of one modem. Only used by that modem's thread."""

    def __init__(
        self, modem: Modem, facts: Facts, clock: Clock, policy: RecoveryPolicy | None = None
    ) -> None:
        self._modem = modem
        self._clock = clock
        self._policy = policy or RecoveryPolicy()
        self._memory = Recoveries(facts, modem.name)
        self._ladder = self._memory.ladder()
        self._on_trial = self._unproven()
        self._settle_until = 0.0  # monotonic
        self._up_since = clock.monotonic()
        self._said = Repeated()

    # --- what happened --------------------------------------------------------------------------

    def treat(self, error: ModemError) -> float | None:
        """Do what may help; seconds until the port is opened, 0 when it is open, None when there
        is no hurry. It never raises for what the modem does."""
        if isinstance(error, SimProblem):
            self._shut()
            self.came_up()  # it answers: the rest is for whoever put the SIM in
            return None
        if self._clock.monotonic() < self._settle_until:
            self._shut()
            return _LOOK_S
        if _in_the_way(error) or not self._modem.present:
            return self._gone()
        return self._fallen(trouble_of(error))

    def came_up(self) -> float | None:
        """The modem is open. As `treat` where it must be cured all the same."""
        now = self._clock.now()
        loops = self._ladder.state is LadderState.ABSENT and self._ladder.loops(now)
        self._up_since = self._clock.monotonic()
        if not loops:
            self._move(CameUp())
            return None
        wait = self._fallen(Trouble.RESTARTING)
        if wait is None:
            self._move(CameUp())
        return wait

    def fine(self) -> None:
        """A whole turn went well."""
        ladder = self._ladder
        if ladder.state is not LadderState.PROVING:
            return
        limit = _DAY_S if ladder.trouble in _PROVED_BY_WORK else self._policy.proof_s
        if self._clock.monotonic() - self._up_since >= limit:
            self._prove()

    def worked(self, trouble: Trouble) -> None:
        """It did what it had failed to do: something was accepted, or something came in."""
        if self.proves(trouble):
            self._prove()

    def proves(self, trouble: Trouble) -> bool:
        """Whether it was cured of this, and has yet to show it."""
        return self._ladder.state is LadderState.PROVING and self._ladder.trouble is trouble

    # --- what is done about it ------------------------------------------------------------------

    def _fallen(self, trouble: Trouble) -> float | None:
        rested = self._rested()
        if self._ladder.state is LadderState.ASKING and not rested:
            self._shut()
            return None
        self._judge(False)
        if self._ladder.state is not LadderState.ASKING:
            self._move(Fell(trouble))
        if rested:
            self._move(Rested())
        return self._climb()

    def _rested(self) -> bool:
        """Whether a person was asked so long ago that all steps are tried again."""
        asked_at, now = self._ladder.asked_at, self._clock.now()
        return asked_at > 0 and not 0 <= now - asked_at < 1000 * self._policy.again_s

    def _gone(self) -> float | None:
        """Nothing can be cured where no port is; unless a reset of ours took it away."""
        self._shut()
        ours = self._ladder.at in RESETS and self._ladder.state is LadderState.CURING
        if ours and self._ladder.taken[-1:] == (self._ladder.at,):
            return self._fallen(self._ladder.trouble)
        self._on_trial = None
        self._move(Gone())
        return None

    def _climb(self) -> float | None:
        while (step := self._choose()) is not None:
            try:
                self._modem.cure(step)
            except CannotCure as error:
                self._move(Took(step, error.cause))
                _log.info(self._event("recovery.no_step", step=step, why=error.cause))
                continue
            except PortShut:
                return self._gone()
            except ModemError as error:
                self._took(step)
                if step is not Step.ESC:
                    _log.info(self._event("recovery.step_failed", step=step, error=str(error)))
                    return self._wait_after(step)
                self._judge(False)
                continue
            self._took(step)
            if step is Step.ESC:
                self.came_up()
            return self._wait_after(step)
        self._ask()
        return None

    def _choose(self) -> Step | None:
        record = self._memory.record(self._who(), self._ladder.trouble)
        self._ladder, step = climb(self._ladder, record, self._means(), self._clock.now())
        return step

    def _means(self) -> Collection[Step]:
        """A prompt can only be left on a line that is open; opening tries it by itself."""
        usable = self._modem.link in READABLE
        return [step for step in STEPS if step in self._policy.steps and (usable or step != "ESC")]

    def _took(self, step: Step) -> None:
        self._on_trial = step
        self._move(Took(step))
        self._memory.note(self._clock.now(), step, self._ladder.trouble)
        _log.info(self._event("recovery.step", step=step, trouble=self._ladder.trouble))

    def _wait_after(self, step: Step) -> float:
        if step is Step.ESC:
            return 0.0
        if step in RESETS:
            self._settle_until = self._clock.monotonic() + self._policy.settle_s
            return _LOOK_S
        return _AFTER_STEP_S

    def _ask(self) -> None:
        self._shut()
        self._move(GaveUp())
        if self._said.worth(self._ladder.trouble, self._clock.monotonic()):
            tried = ",".join(self._ladder.taken)
            _log.error(self._event("recovery.failed", trouble=self._ladder.trouble, tried=tried))

    def _shut(self) -> None:
        """Close what is open; a port that was lost keeps that word."""
        if self._modem.link in READABLE:
            self._modem.close()

    def _unproven(self) -> Step | None:
        """The step whose effect was not known yet when relay was stopped."""
        under_way = self._ladder.state in {LadderState.CURING, LadderState.PROVING}
        return self._ladder.taken[-1] if under_way and self._ladder.taken else None

    # --- what is remembered ---------------------------------------------------------------------

    def _prove(self) -> None:
        ladder, now = self._ladder, self._clock.now()
        if self._on_trial is not None:
            who = self._who()
            record = self._memory.record(who, ladder.trouble)
            self._memory.put_record(
                now, who, ladder.trouble, record.cured(ladder, self._policy.steps, now)
            )
            self._memory.judge(now, True)
            took = round((ladder.up_at - ladder.fell_at) / 1000)
            _log.info(self._event("recovery.cured", by=self._on_trial, seconds=took))
        self._on_trial = None
        self._said.over()
        self._move(Proved())

    def _judge(self, worked: bool) -> None:
        """The step on trial did not help, as the modem fails again."""
        if self._on_trial is None:
            return
        now, who, trouble = self._clock.now(), self._who(), self._ladder.trouble
        record = self._memory.record(who, trouble).after(self._on_trial, worked, now)
        self._memory.put_record(now, who, trouble, record)
        self._memory.judge(now, worked)
        self._on_trial = None

    def _who(self) -> Identity:
        """A modem that has not answered since the start of relay is the one that it was."""
        return self._modem.identity if self._modem.identity.model else self._memory.identity()

    def _move(self, happened: Event) -> None:
        before = self._ladder
        self._ladder = advance(before, happened, self._clock.now())
        if self._ladder != before:
            self._memory.put_ladder(self._clock.now(), self._ladder)

    def _event(self, name: str, **fields: object) -> LogEvent:
        return event(name, modem=self._modem.name, **fields)


def _in_the_way(error: ModemError) -> bool:
    """Whether it is no illness of our modem: its port is shut, or another modem's."""
    return isinstance(error, PortShut) or (isinstance(error, PortLost) and error.code != "")


def trouble_of(error: ModemError) -> Trouble:
    """What kind of failing an error is."""
    match error:
        case Ailing():
            return Trouble(error.trouble)
        case NoReply():
            return Trouble.SILENT
        case Refused():
            return Trouble.MAD
        case PortLost():
            return Trouble.RESTARTING
        case _:
            return Trouble.SILENT
