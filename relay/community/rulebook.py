"""The rules that are switched on: what all primitives share, and each one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from relay.community.wording import Wording
from relay.core.quiet import Quiet


@dataclass(frozen=True, slots=True)
class General:
    """What holds for every rule; see [community] of the configuration.

    `per_hour` answers to one sender, `per_day` and `per_month` SMS of all rules together; 0 is no
    limit. An answer that has not left after `useful_ms` is of no use any more. `never` are numbers
    that are not written to: this station's own, and those of the configuration.
    """

    language: str = "en"
    quiet: Quiet | None = None
    per_hour: int = 60
    per_day: int = 0
    per_month: int = 0
    useful_ms: int = 24 * 3_600_000
    stop_all: bool = False
    default_reply: bool = False
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rules of all sets together: by kind of table (`form`, `channel`, …), then by name."""

    wording: Wording
    general: General = field(default_factory=General)
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sets: tuple[str, ...] = ()

    def rules(self, kind: str) -> Mapping[str, Any]:
        return self.tables.get(kind, {})
