"""What the stories of the community share: a clinic that is open, and who and where there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from relay.demo.dialogue import Dialogue
from relay.demo.stage import Stage

PLACES = """\
name,level,parent
Tana,ward,
Bura,village,Tana
Huruma,village,Tana
"""


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody whom staff have written down."""

    name: str
    number: str
    place: str = ""
    tags: str = ""


def open_clinic(dialogue: Dialogue, known: Iterable[Known] = ()) -> None:
    """Start relay without a server, and import places and people as a technician would."""
    stage = dialogue.stage
    pid = stage.start_relay()
    dialogue.tell(f"relay runs (process {pid}): a modem on a serial line, and no internet at all.")
    dialogue.until(lambda: _listens(stage), "relay never came to its modem")
    _import(stage, "places", PLACES)
    rows = [f"{one.number},{one.name},{one.place},{one.tags}" for one in known]
    if rows:
        _import(stage, "people", "\n".join(["number,name,places,tags", *rows, ""]))


def power_cut(dialogue: Dialogue) -> None:
    """The daemon is killed, whatever it is at, and starts again."""
    stage = dialogue.stage
    stage.kill_relay()
    dialogue.tell(f"Power cut! kill -9. relay starts again (process {stage.start_relay()}).")


def _listens(stage: Stage) -> bool:
    return "link.open " in stage.log.read_text("utf-8", errors="replace")


def _import(stage: Stage, what: str, csv: str) -> None:
    file = stage.folder / f"{what}.csv"
    file.write_text(csv, "utf-8")
    stage.do(what, "import", str(file))
