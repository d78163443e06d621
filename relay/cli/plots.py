"""Series as plots of characters. All that relay knows of plotext; without colours."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from itertools import groupby

import plotext

from relay.clock import local
from relay.core.history import Series, unbroken
from relay.core.plain import printable

_WIDEST, _HEIGHT = 100, 13
_GAP_MS = 2 * 3600 * 1000  # an hour between two samples is usual after a week
_LABELS = 7  # times below a plot


def drawn(found: Sequence[Series], columns: int | None = None) -> Iterator[str]:
    """A plot for each signal and each credit; traffic and queue have one for all of theirs.

    As wide as the terminal, if `columns` does not say.
    """
    for (topic, _), group in groupby(found, key=_together):
        series = list(group)
        _begin(series, columns or shutil.get_terminal_size().columns)
        if topic == "traffic":
            _bars(series)
        else:
            _lines(series)
        yield printable(plotext.uncolorize(plotext.build()))


def _together(series: Series) -> tuple[str, str]:
    return series.topic, series.name if series.topic in ("signal", "credit") else ""


def _begin(series: Sequence[Series], columns: int) -> None:
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(max(40, min(columns, _WIDEST)) - 1, _HEIGHT)
    name = f" {series[0].name}" if len(series) == 1 else ""
    plotext.title(f"{series[0].topic}{name}, {series[0].unit}")


def _lines(series: Sequence[Series]) -> None:
    """Where nothing is known there is a gap. Several are told apart by their marks."""
    for one, mark in zip(series, ("*", "o", "+", "x") * len(series), strict=False):
        label = one.name if len(series) > 1 else None
        for stretch in unbroken(one, _GAP_MS if one.topic != "credit" else 10**15):
            times, values = zip(*stretch, strict=True)
            plotext.plot(times, values, marker=mark, label=label)
            label = None
    _times([at for one in series for at, _ in one.points])


def _times(all_of_them: Sequence[int]) -> None:
    first, last = min(all_of_them), max(all_of_them)
    step = max(1, (last - first) // (_LABELS - 1))
    places = [first + step * n for n in range(_LABELS)]
    long = last - first > 2 * 24 * 3600 * 1000
    plotext.xticks(places, [local(at)[5:10] if long else local(at)[11:16] for at in places])


def _bars(series: Sequence[Series]) -> None:
    marks = ("#", "=", "-", "x")[: len(series)]
    days = [local(at)[5:10] for at, _ in series[0].points]
    plotext.multiple_bar(
        days,
        [[value or 0 for _, value in one.points] for one in series],
        labels=[one.name for one in series],
        marker=list(marks),
    )
