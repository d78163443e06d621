"""Cut the power at the moments of a dialogue, and start relay on what the disk may hold then.

The process that runs this must have been started with shim.c preloaded (`powered.py` sees to it).
"""

from __future__ import annotations

import ctypes
import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from relay.simulator.profiles import HUAWEI_E17X
from relay.store import database
from relay.store.database import Database
from relay.store.salvage import open_or_salvage
from tests.campaign import cut
from tests.campaign.cut import Cases, Setup, Verdict
from tests.campaign.still import Moment, StillDisk, World
from tests.powercut.disk import Fate, after

JOURNAL, FOLDER = "POWERCUT_JOURNAL", "POWERCUT_FOLDER"
_DIALOGUES = {**cut.INWARD, **cut.OUTWARD}
SETUPS = (
    Setup(HUAWEI_E17X, "stored", True, _DIALOGUES),
    Setup(HUAWEI_E17X, "direct", False, cut.OUTWARD),
)
LIMIT_S = 1200.0
_CHECKPOINT_PAGES = 12  # so small that the log is folded back in the middle of every dialogue


class FileWorld(World):
    """A world whose store is files, opened as the daemon opens them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._graves: list[object] = []  # never closed: they are of a dead process
        self._journal = Path(os.environ[JOURNAL])
        self._journal.write_bytes(b"")
        self.mark = self.mark_before = 0
        super().__init__(*args, **kwargs)

    def new_disk(self) -> StillDisk:
        StillDisk.world = self
        db = self.open_store()
        return db._conn  # type: ignore[return-value]

    def open_store(self) -> Database:
        connect = partial(sqlite3.connect, factory=StillDisk)
        with patch("sqlite3.connect", connect):
            db, salvage = open_or_salvage(self.config.store.path, self.time.now())
        if salvage is not None:
            self.crashes.append("the database was damaged")
        self.disk = db._conn  # type: ignore[assignment]
        self._graves.append(db)
        return db

    def end(self) -> None:
        self._graves.append(self.relay)
        super().end()

    def moment(self, what: Moment) -> None:
        self.mark_before, self.mark = self.mark, self._journal.stat().st_size
        if what is not Moment.COMMIT:
            self.mark_before = self.mark  # the world has moved since
        super().moment(what)

    def lose_power(self, fate: Fate, number: int) -> None:
        """The computer's power, and with it the modem's at every other time."""
        chance = Random(f"{number} {fate}")
        ctypes.CDLL(None).powercut_stop()
        journal = self._journal.read_bytes()[: chance.randint(self.mark_before, self.mark)]
        old, new = self.config.store.path.parent, self.config.store.path.parent / f"{os.getpid()}"
        new.mkdir()
        for name, content in after(journal, fate, chance).items():
            (new / Path(name).relative_to(old)).write_bytes(content)
        store = replace(self.config.store, path=new / self.config.store.path.name)
        self.config = replace(self.config, store=store)
        self.kill()
        if number % 2:
            self.break_off(self._modem_off)

    def _modem_off(self) -> None:
        self.powerless_on_air = self.modem.interpreter.busy
        self.modem.restart(port_loss=False)


def _cut(fate: Fate) -> Callable[[World, int], None]:
    def blow(world: World, number: int) -> None:
        assert isinstance(world, FileWorld)
        world.lose_power(fate, number)

    return blow


BLOWS = {f"power cut, {fate.value}": _cut(fate) for fate in Fate}


def run(
    setup: Setup,
    dialogue: str,
    wanted: Callable[[str, int], bool],
    jobs: int = 1,
    pragmas: Sequence[str] = (),
) -> list[tuple[str, int, Verdict]]:
    """What came of the wanted cases, the undisturbed one first."""
    more = [f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}", *pragmas]
    with patch("relay.store.database._PRAGMAS", (*database._PRAGMAS, *more)):
        cases = Cases(
            setup, dialogue, tuple(BLOWS), wanted, jobs, LIMIT_S, blows=BLOWS, kind=FileWorld
        )
        return cases.run()
