"""When a technician is written to: from the problems of status to a few SMS, never a hundred.

A `Watch` follows one problem from its first sight until it is over. Watches are rows, so that a
reboot neither forgets a problem nor tells it twice. Everything here is pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from relay.core.alert_kinds import BY_NAME, kind_of, subject_of
from relay.core.plain import DAY, HOUR, MINUTE
from relay.core.verdict import Problem

# Nobody looked in between: the computer slept, or was off.
_LONGEST_GAP = 5 * MINUTE
# An old problem that a start finds again may heal by itself within this time.
_SETTLED = 15 * MINUTE
# What begins together is told together.
_GATHERED = 2 * MINUTE

Key = tuple[str, str]


class Told(StrEnum):
    """What the technician knows of a problem: nothing, that it began, or that it is over too."""

    NOTHING = ""
    BEGUN = "begun"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Watch:
    """One problem. `kind` and `subject` name it, `code` is how status calls it at the moment.

    `seen_at` is the last look that found it, `bad_ms` how long it was there in looks that were
    not far apart; `away_at` is since when it is gone. It was `raised_at` when it had lasted long
    enough, and `over_at` when it had been gone long enough. Times are epoch ms.
    """

    kind: str
    subject: str
    code: str
    began_at: int
    seen_at: int
    bad_ms: int = 0
    away_at: int | None = None
    raised_at: int | None = None
    over_at: int | None = None
    told: Told = Told.NOTHING
    told_at: int | None = None

    @property
    def key(self) -> Key:
        return self.kind, self.subject


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """`patience` is how long a problem of each kind must last (ms); other kinds are not told.

    It is over when it was gone for `calm_ms`, and told again every `again_ms` while it lasts (0:
    once). No recipient gets more than `per_hour` and `per_day` SMS, whatever happens.
    """

    patience: Mapping[str, int] = field(default_factory=dict)
    calm_ms: int = 30 * MINUTE
    again_ms: int = DAY
    solved: bool = True
    per_hour: int = 3
    per_day: int = 10
    wanted: bool = True  # whether there is anybody to write to


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look at the station found. `blind` are keys of which it could see nothing."""

    now: int
    problems: tuple[Problem, ...]
    blind: frozenset[Key] = frozenset()
    wholly_blind: bool = False


# --- following the problems ---------------------------------------------------------------------


def follow(watches: Sequence[Watch], sight: Sight, policy: AlertPolicy) -> tuple[Watch, ...]:
    """The watches after one more look; what is over, and need not be told, is left out."""
    found = _found(sight.problems, policy)
    watches = [_dated(watch, sight.now) for watch in watches]
    known = {watch.key: watch for watch in watches}
    after = [
        _present(known.get(key), key, problem, sight.now) for key, problem in found.items()
    ] + [
        _absent(watch, found, sight, policy)
        for watch in watches
        if watch.key not in found and watch.kind in policy.patience
    ]
    raised = (_raised(watch, sight, policy) for watch in after)
    return tuple(watch for watch in raised if not _done_with(watch, sight.now, policy))


def _dated(watch: Watch, now: int) -> Watch:
    """After a step back of the clock nothing may have happened in the years to come."""
    if max(watch.began_at, watch.seen_at, watch.told_at or 0, watch.away_at or 0) <= now:
        return watch
    return replace(
        watch,
        began_at=min(watch.began_at, now),
        seen_at=min(watch.seen_at, now),
        told_at=None if watch.told_at is None else min(watch.told_at, now),
        away_at=None if watch.away_at is None else min(watch.away_at, now),
    )


def _found(problems: Sequence[Problem], policy: AlertPolicy) -> dict[Key, Problem]:
    """The first problem of each kind and subject: status names the most blocking first."""
    found: dict[Key, Problem] = {}
    for problem in problems:
        kind = kind_of(problem)
        if kind is not None and kind.name in policy.patience:
            found.setdefault((kind.name, subject_of(kind, problem)), problem)
    return found


def _present(watch: Watch | None, key: Key, problem: Problem, now: int) -> Watch:
    kind = BY_NAME[key[0]]
    if watch is None or (kind.unbroken and watch.away_at is not None and not watch.raised_at):
        since = problem.since if kind.unbroken else None
        return Watch(*key, problem.code, min(now, since or now), now)
    gap = min(max(0, now - watch.seen_at), _LONGEST_GAP) if watch.away_at is None else 0
    return replace(
        watch,
        code=problem.code,
        seen_at=now,
        bad_ms=watch.bad_ms + gap,
        away_at=None,
        over_at=None,
    )


def _absent(
    watch: Watch, found: Mapping[Key, Problem], sight: Sight, policy: AlertPolicy
) -> Watch:
    if _unseen(watch, found, sight):
        return watch
    away = sight.now if watch.away_at is None else watch.away_at
    over = watch.over_at
    if over is None and watch.raised_at is not None and sight.now - away >= policy.calm_ms:
        over = sight.now
    return replace(watch, away_at=away, over_at=over)


def _unseen(watch: Watch, found: Mapping[Key, Problem], sight: Sight) -> bool:
    """Whether another trouble hides it, so that it only looks as if it were over."""
    if sight.wholly_blind or watch.key in sight.blind:
        return True
    kind = BY_NAME[watch.kind]
    return any(
        other in kind.hidden_by and (not kind.apart or subject in ("", watch.subject))
        for other, subject in found
    )


def _raised(watch: Watch, sight: Sight, policy: AlertPolicy) -> Watch:
    if watch.raised_at is not None or watch.away_at is not None:
        return watch
    patience = policy.patience[watch.kind]
    lasted = watch.bad_ms
    if BY_NAME[watch.kind].unbroken and watch.bad_ms >= min(patience, _SETTLED):
        lasted = sight.now - watch.began_at
    return watch if lasted < patience else replace(watch, raised_at=sight.now)


def _done_with(watch: Watch, now: int, policy: AlertPolicy) -> bool:
    if watch.away_at is None:
        return False
    if watch.raised_at is None:
        return BY_NAME[watch.kind].unbroken or now - watch.away_at >= policy.calm_ms
    if watch.over_at is None:
        return False
    unheard = watch.told is Told.NOTHING or (watch.told is Told.BEGUN and policy.solved)
    return not (unheard and policy.wanted)


def changes(before: Sequence[Watch], after: Sequence[Watch]) -> tuple[tuple[str, Watch], ...]:
    """What programs are told at once: `raised` and `solved`, each with the watch."""
    then = {watch.key: watch for watch in before}
    now = {watch.key: watch for watch in after}
    raised = [
        ("raised", watch)
        for watch in after
        if _lasting(watch) and not ((was := then.get(watch.key)) and _lasting(was))
    ]
    solved = [
        ("solved", watch)
        for watch in before
        if _lasting(watch) and not ((now_ := now.get(watch.key)) and _lasting(now_))
    ]
    return (*raised, *solved)


def _lasting(watch: Watch) -> bool:
    return watch.raised_at is not None and watch.over_at is None


# --- telling them -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outlook:
    """What allows an SMS at this moment: whether a modem sends, whether it is a quiet hour, and
    when the last ones were written."""

    can_send: bool = True
    quiet: bool = False
    written: tuple[int, ...] = ()


def to_tell(
    watches: Sequence[Watch], now: int, policy: AlertPolicy, outlook: Outlook
) -> tuple[Watch, ...]:
    """What goes into one SMS now; nothing while it could not be sent, and may be told later."""
    if not (policy.wanted and outlook.can_send and _room(outlook.written, now, policy)):
        return ()
    worth = [watch for watch in watches if _worth(watch, now, policy)]
    if outlook.quiet:
        worth = [watch for watch in worth if _urgent(watch)]
    return tuple(worth) if any(_waited(watch, now) for watch in worth) else ()


def _room(written: Sequence[int], now: int, policy: AlertPolicy) -> bool:
    """Times that lie ahead were written before the clock was set back: they count."""
    return (
        sum(now - at < HOUR for at in written) < policy.per_hour
        and sum(now - at < DAY for at in written) < policy.per_day
    )


def _worth(watch: Watch, now: int, policy: AlertPolicy) -> bool:
    if watch.raised_at is None:
        return False
    if watch.told is Told.NOTHING:
        return True
    if watch.over_at is not None:
        return watch.told is Told.BEGUN and policy.solved
    if watch.away_at is not None or not policy.again_ms or watch.told_at is None:
        return False
    return now - watch.told_at >= policy.again_ms


def _urgent(watch: Watch) -> bool:
    return BY_NAME[watch.kind].urgent and watch.away_at is None


def _waited(watch: Watch, now: int) -> bool:
    fresh = watch.told is Told.NOTHING and watch.raised_at is not None and not _urgent(watch)
    return not fresh or not 0 <= now - (watch.raised_at or 0) < _GATHERED


def told(watch: Watch, now: int) -> Watch:
    """After an SMS with it was written."""
    how = Told.BEGUN if watch.away_at is None else Told.OVER
    return replace(watch, told=how, told_at=now)
