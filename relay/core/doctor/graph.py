"""Checks that rest on one another, so that one fault is told once, at its root.

A check is only made where all that it rests on is sound; else it is skipped, and the check that
failed is to blame. A table of causes is the finer tie: a fault that only follows from another one,
although its check could be made.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Mark(StrEnum):
    """How a check came out; the word is what the screen shows. UNKNOWN is never a good sign."""

    OK = "ok"
    WARN = "WARN"
    FAIL = "FAIL"
    SKIP = "skip"
    UNKNOWN = "?"


class Each(StrEnum):
    """Of what a check is made: once, of each modem, of each server."""

    STATION = "station"
    MODEM = "modem"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    `words` are the evidence. `code` is stable and for `relay explain`, empty where nothing is
    wrong; `action` is what a person does next, one step a line; `fix` names what
    `relay doctor --fix` may do itself. `because` is the check to blame for one that was skipped.
    """

    mark: Mark
    words: str
    code: str = ""
    action: str = ""
    fix: str = ""
    because: str = ""

    @property
    def is_root(self) -> bool:
        """Whether this is a fault of its own. What is merely not known is none."""
        return bool(self.code) and self.mark in {Mark.WARN, Mark.FAIL, Mark.UNKNOWN}


def ok(words: str) -> Finding:
    return Finding(Mark.OK, words)


def warn(code: str, words: str, action: str, fix: str = "") -> Finding:
    return Finding(Mark.WARN, words, code, action, fix)


def fail(code: str, words: str, action: str, fix: str = "") -> Finding:
    return Finding(Mark.FAIL, words, code, action, fix)


def skip(words: str) -> Finding:
    """Not made, and nothing is wrong by that."""
    return Finding(Mark.SKIP, words)


def unknown(words: str, code: str = "", action: str = "") -> Finding:
    """With a `code` it is something that a person must see to before it can be told."""
    return Finding(Mark.UNKNOWN, words, code, action)


@dataclass(frozen=True, slots=True)
class Check:
    """One link of the chain. `judge` is pure: from what was seen to a finding.

    `title` is the name of its line on the screen, `asks` what it looks at, in words; what stands
    in `after` is looked at before, as it may be the cause of what is found here.
    """

    name: str
    title: str
    asks: str
    judge: Callable[[Any], Finding]
    needs: tuple[str, ...] = ()
    each: Each = Each.STATION
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """A check that was made, or skipped; `subject` is the modem or server, '' for the station."""

    check: Check
    subject: str
    finding: Finding

    @property
    def sound(self) -> bool:
        """Whether what rests on it may be looked at. What is merely not known is in no way."""
        finding = self.finding
        return not (finding.because or (finding.is_root and finding.mark is not Mark.WARN))


class Done:
    """What was found so far. `causes` says for a code which others, if found, explain it."""

    def __init__(self, causes: Mapping[str, frozenset[str]]) -> None:
        self.results: list[Result] = []
        self._causes = causes

    def of(self, name: str, subject: str) -> Result | None:
        """The result of a check for this subject, or of the station."""
        fitting = (r for r in self.results if r.check.name == name and r.subject in {subject, ""})
        return next(fitting, None)

    def barred(self, check: Check, subject: str) -> Finding | None:
        """Why a check is not made: the first thing it rests on that is not sound."""
        for name in check.needs:
            found = self.of(name, subject)
            if found is None or found.sound:
                continue
            root = found.finding.because or name
            return Finding(Mark.SKIP, f"needs {root}", because=root)
        return None

    def settle(self, check: Check, subject: str, finding: Finding) -> Result:
        """Keep a finding, unless it only follows from one that was made before."""
        cause = self._cause(finding.code, subject)
        if cause is not None:
            words = f"{finding.words}; it follows from {cause.check.name}"
            finding = Finding(Mark.SKIP, words, because=cause.check.name)
        result = Result(check, subject, finding)
        self.results.append(result)
        return result

    def _cause(self, code: str, subject: str) -> Result | None:
        explain = self._causes.get(code, frozenset())
        here = (r for r in self.results if r.subject in {subject, ""} and r.finding.is_root)
        return next((r for r in here if r.finding.code in explain), None)


def wanted(checks: Sequence[Check], names: Collection[str]) -> tuple[Check, ...]:
    """The checks of these names and all that they rest on, in order; all, without a name.

    Raises `KeyError` with a name that no check has.
    """
    if not names:
        return tuple(checks)
    known = {check.name: check for check in checks}
    chosen: set[str] = set()
    todo = list(names)
    while todo:
        check = known[todo.pop()]
        if check.name not in chosen:
            chosen.add(check.name)
            todo += [*check.needs, *check.after]
    return tuple(check for check in checks if check.name in chosen)


def roots(results: Iterable[Result]) -> tuple[Result, ...]:
    """The faults of their own: one of each code and subject."""
    found: dict[tuple[str, str], Result] = {}
    for result in results:
        if result.finding.is_root:
            found.setdefault((result.finding.code, result.subject), result)
    return tuple(found.values())


def exit_code(results: Iterable[Result]) -> int:
    """0 ok, 1 a warning, 2 a fault, 3 something that must be known is not: as Nagios plugins."""
    marks = {result.finding.mark for result in results if result.finding.is_root}
    for mark, code in ((Mark.FAIL, 2), (Mark.UNKNOWN, 3), (Mark.WARN, 1)):
        if mark in marks:
            return code
    return 0


def only(results: Iterable[Result], names: Collection[str]) -> tuple[Result, ...]:
    """What a person who asked for these checks is shown: they, and the faults under them."""
    return tuple(r for r in results if not names or r.check.name in names or r.finding.is_root)
