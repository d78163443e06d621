"""Draw the state diagrams of docs/architecture.md from the tables in relay/core.

    python docs/diagrams.py            write them into the document
    python docs/diagrams.py --check    exit 1 when the document shows something else

A diagram stands between `<!-- diagram: NAME -->` and `<!-- end of diagram -->`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from relay.core import callouts, inbound, ladder, link, outbound, posts, reminders
from relay.core.machine import Table

DOCUMENT = Path(__file__).parent / "architecture.md"

# Each table with the state in which its rows begin.
TABLES: Mapping[str, tuple[Table[Any], StrEnum]] = {
    "outbound part": (outbound.TRANSITIONS, outbound.PartState.QUEUED),
    "raw PDU": (inbound.RAW_TRANSITIONS, inbound.RawState.KEPT),
    "inbound message": (inbound.INBOUND_TRANSITIONS, inbound.InboundState.WAITING_PARTS),
    "modem link": (link.LINK_TRANSITIONS, link.LinkState.CLOSED),
    "call-out": (callouts.CALLOUT_TRANSITIONS, callouts.CallOutState.WAITING_CONFIRMATION),
    "appeal": (callouts.APPEAL_TRANSITIONS, callouts.AppealState.ASKED),
    "reminder": (reminders.REMINDER_TRANSITIONS, reminders.ReminderState.WAITING),
    "recovery of a modem": (ladder.LADDER_TRANSITIONS, ladder.LadderState.WELL),
    "post to a channel": (posts.POST_TRANSITIONS, posts.PostState.WAITING_APPROVAL),
}

_PLACE = re.compile(r"(<!-- diagram: (?P<name>.+?) -->\n).*?(<!-- end of diagram -->)", re.DOTALL)


def draw(table: Table[Any], start: StrEnum) -> str:
    """The table as mermaid: one arrow for all events that lead from a state to the same next one.

    Notes replace what would hide the rest: moves that (nearly) all states have, and states that
    move just as an earlier one does.
    """
    shared = _moves_of_nearly_all(table)
    own = {
        state: {event: target for event, target in row.items() if (event, target) not in shared}
        for state, row in table.items()
    }
    lines = ["stateDiagram-v2", f"    [*] --> {start.value}"]
    for state, row in own.items():
        twin = next(earlier for earlier in own if own[earlier] == row)
        if twin is not state and len(row) > 2:
            lines.append(f"    note right of {state.value} : moves as {twin.value} does")
        else:
            lines += _arrows(state, row)
    lines += [_note(table, event, target) for event, target in shared]
    lines += [f"    {state.value} --> [*]" for state, row in table.items() if not row]
    return "\n".join(["```mermaid", *lines, "```", ""])


def _arrows(state: StrEnum, row: Mapping[type, StrEnum]) -> list[str]:
    events: dict[StrEnum, list[str]] = {}
    for event, target in row.items():
        events.setdefault(target, []).append(event.__name__)
    return [
        f"    {state.value} --> {target.value} : {', '.join(names)}"
        for target, names in events.items()
    ]


def _moves_of_nearly_all(table: Table[Any]) -> list[tuple[type, StrEnum]]:
    moves = [move for row in table.values() for move in row.items()]
    return [move for move in dict.fromkeys(moves) if moves.count(move) >= max(4, len(table) - 1)]


def _note(table: Table[Any], event: type, target: StrEnum) -> str:
    without = [state.value for state, row in table.items() if event not in row]
    states = f"any state but {without[0]}" if without else "any state"
    return f"    note right of {target.value} : {event.__name__} leads here from {states}"


def redraw(document: str) -> str:
    """The document with its diagrams drawn anew; `KeyError` for a diagram without a table."""
    return _PLACE.sub(lambda m: m[1] + draw(*TABLES[m["name"]]) + m[3], document)


def main() -> int:
    parser = argparse.ArgumentParser(description="Draw the state diagrams of the documentation.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if outdated")
    check = parser.parse_args().check
    old = DOCUMENT.read_text(encoding="utf-8")
    new = redraw(old)
    if check and old != new:
        sys.stderr.write(f"{DOCUMENT} does not show the state tables. Run `make docs`.\n")
        return 1
    DOCUMENT.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
