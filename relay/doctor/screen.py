"""`relay doctor` as text: one line a check, 80 columns, the word and not the colour says it."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from relay.core import plain
from relay.core.doctor.graph import Finding, Mark, Result, exit_code, roots
from relay.core.health import safe
from relay.doctor.examination import Report

WIDTH = 80
_WORDS = 16  # where the words begin: blank, title, mark
_COMMAND = "relay doctor --fix"


def screen(report: Report, shown: Sequence[Result], *, code: str = "") -> list[str]:
    """All lines. `shown` are the results that were asked for, `code` the one for the phone."""
    return [
        _headline(report, shown),
        *_lines(shown),
        *_end(report, code),
    ]


def _headline(report: Report, shown: Sequence[Result]) -> str:
    made = sum(r.finding.mark is not Mark.SKIP for r in shown)
    took = plain.duration(max(1000, round(report.took_s) * 1000))
    tail = f"({plain.many(made, 'check')}, {took})"
    name = report.station.name or "relay doctor"
    return f"{name}{tail.rjust(WIDTH - len(name))}"


# --- one line a check ---------------------------------------------------------------------------


def _lines(shown: Sequence[Result]) -> Iterator[str]:
    several = _several(shown)
    for (mark, because, title), group in groupby(shown, key=_alike):
        found = list(group)
        if mark is Mark.SKIP and because:
            yield from _wrapped(_skipped(found), f" {'':9}{'skip':6}")
        elif mark is Mark.OK:
            words = "; ".join(_named(one, several) for one in found)
            yield from _wrapped(words, _label(title, mark))
        else:
            for one in found:
                yield from _line(one, several)


def _several(shown: Sequence[Result]) -> frozenset[str]:
    """Subjects that must be named, because there is another of their kind."""
    kinds = {(r.check.each, r.subject) for r in shown if r.subject}
    counted = Counter(kind for kind, _ in kinds)
    return frozenset(subject for kind, subject in kinds if counted[kind] > 1)


def _alike(result: Result) -> tuple[Mark, str, str]:
    """What stands on one line: sound checks of one title, and what is skipped for one reason."""
    finding, title = result.finding, result.check.title
    if finding.mark is Mark.SKIP and finding.because:
        return finding.mark, finding.because, ""
    return finding.mark, "", title if finding.mark is Mark.OK else result.check.name


def _skipped(found: Sequence[Result]) -> str:
    names = dict.fromkeys(r.check.name for r in found)
    return f"{', '.join(names)}: needs {found[0].finding.because}"


def _named(result: Result, several: frozenset[str]) -> str:
    prefix = f"{result.subject}: " if result.subject in several else ""
    return prefix + result.finding.words


def _line(result: Result, several: frozenset[str]) -> Iterator[str]:
    finding = result.finding
    lines = _wrapped(_named(result, several), _label(result.check.title, finding.mark))
    yield from _with_tail(lines, finding.code)
    yield from advice(finding)


def advice(finding: Finding) -> Iterator[str]:
    """What a person does, one step a line, and what relay can do itself."""
    steps = [step for step in finding.action.splitlines() if step]
    for step in steps:
        label = "fix:" if _COMMAND in step else "do:"
        yield from _wrapped(step, f"{'':{_WORDS}}{label:<5}")
    if finding.fix and not any(_COMMAND in step for step in steps):
        yield f"{'':{_WORDS}}{'fix:':<5}{_COMMAND} {finding.fix}"


def _label(title: str, mark: Mark) -> str:
    return f" {title:<9}{mark.value:<6}"


def _wrapped(words: str, first: str) -> list[str]:
    return textwrap.wrap(
        words, WIDTH, initial_indent=first, subsequent_indent=" " * len(first),
        break_on_hyphens=False,
    ) or [first.rstrip()]  # fmt: skip


def _with_tail(lines: list[str], tail: str) -> Iterator[str]:
    """The code at the right edge of the last line, or on one of its own."""
    *before, last = lines
    yield from before
    room = WIDTH - len(last) - len(tail)
    if tail and room < 2:
        yield last
        yield tail.rjust(WIDTH)
    else:
        yield last + " " * room + tail if tail else last


# --- what follows from all of it ----------------------------------------------------------------


def _end(report: Report, code: str) -> Iterator[str]:
    found = roots(report.results)
    if not found:
        yield " Nothing to do: the whole chain holds."
    else:
        names = ", ".join(dict.fromkeys(r.finding.code for r in found))
        yield from _wrapped(f"Root causes: {len(found)} ({names}).", " ")
    if words := safe(report.station):
        yield from _wrapped(words, " ")
    fixes = dict.fromkeys(r.finding.fix for r in found if r.finding.fix)
    if fixes:
        yield f" Safe fixes: {len(fixes)}. Make them all: {_COMMAND}"
    if code:
        yield from _wrapped(f"Code for support, to read out on the phone: {code}", " ")
    if found:
        yield f" exit {exit_code(report.results)}"
