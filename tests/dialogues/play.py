"""A page is played: what is said is said; what comes must be what stands there, and no more."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from relay.clock import wall
from tests.dialogues.people import add_people, add_place
from tests.dialogues.script import BEFORE, Line, Names, about, read
from tests.dialogues.stage import HERE, Stage, Unrest, stage

_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Otherwise(AssertionError):
    """The dialogue went otherwise than it stands there."""


@dataclass(slots=True)
class Arrival:
    """An SMS on a phone. `line` is the one that it was meant by, 0 if none."""

    at: int
    number: str
    text: str
    line: int = 0


def play(page: Path) -> Stage:
    """The whole page, on a stage that is closed when this returns. Raises `Otherwise`."""
    lines = read(page)
    with stage(settings(lines, page.parent), blocks(lines)) as made:
        Player(page.name, made).play(lines)
        return made


def settings(lines: Sequence[Line], folder: Path) -> str:
    """What the lines before the first word add to the configuration."""
    tables: dict[str, list[str]] = defaultdict(list)
    own = {line.words["name"] for line in lines if line.kind == "rules"}
    for line in lines:
        if line.kind == "sets":
            names = [_set(name, own, folder) for name in line.words["names"].split()]
            tables["community"].append(f"sets = [{', '.join(names)}]")
        elif line.kind == "config":
            words = line.words
            tables[words["section"]].append(f"{words['key']} = {words['value']}")
    return "".join(f"[{name}]\n" + "\n".join(rows) + "\n" for name, rows in tables.items())


def _set(name: str, own: set[str], folder: Path) -> str:
    """A set that comes with relay, one that the page has brought, or a file beside the page."""
    if name in own:
        return f'"{HERE}/{name}"'
    if (folder / name).is_file():
        return f'"{folder / name}"'
    return f'"{name}"'


def blocks(lines: Sequence[Line]) -> dict[str, str]:
    return {line.words["name"]: line.block for line in lines if line.block}


class Player:
    """One dialogue as it goes. `went` is what is shown when it goes wrong."""

    def __init__(self, name: str, made: Stage) -> None:
        self._name = name
        self._stage = made
        self._names = Names()
        self._seen: dict[str, int] = defaultdict(int)
        self._came: list[Arrival] = []
        self._last: list[Arrival] = []
        self._output = ""
        self._speaking = False  # this line and the next are of one moment
        self._rests = False  # nothing has happened since relay came to rest
        self._loose = False  # relay was left at work: nobody can say yet what will come
        self.went: list[tuple[int, int, str] | Arrival] = []  # time, line, words

    def play(self, lines: Sequence[Line]) -> None:
        for line in lines:
            if line.kind in BEFORE:
                continue
            try:
                self._play(line)
            except (Unrest, LookupError, ValueError) as error:
                self._wrong(line.number, str(error))
        self._look()
        self._all_was_said(lines[-1].number if lines else 0)

    def _play(self, line: Line) -> None:
        if line.kind in _SPEAKS and not self._speaking and not self._loose:
            self._look()
            self._all_was_said(line.number)
        elif line.kind not in _FREE:
            self._look()
            if line.kind not in ("hears", "hear"):
                self._all_was_said(line.number)
        self._speaking = line.kind in _SPEAKS
        if line.kind not in ("hears", "hear"):
            self.went.append((self._stage.time.now(), line.number, self._names.filled(line.text)))
        self._rests = self._rests and line.kind in _LOOKS
        getattr(self, f"_{line.kind}")(line)

    # --- what there is --------------------------------------------------------------------------

    def _place(self, line: Line) -> None:
        with self._stage.writing() as tx:
            add_place(tx, self._stage.time.now(), line.words)

    def _person(self, line: Line) -> None:
        self._people(line)

    def _people(self, line: Line) -> None:
        first = line.words["number"]
        count = int(line.words.get("count", 1))
        width = len(first) - 1
        numbers = [f"+{int(first[1:]) + n:0{width}}" for n in range(count)]
        with self._stage.writing() as tx:
            add_people(tx, self._stage.time.now(), numbers, about(line.words.get("about", "")))

    # --- what is said ---------------------------------------------------------------------------

    def _says(self, line: Line) -> None:
        self._stage.say(line.words["number"], self._names.filled(line.words.get("text", "")))

    def _hears(self, line: Line) -> None:
        number, meant = line.words["number"], line.words["text"]
        unread = [one for one in self._unread() if one.number == number]
        if not unread or not self._names.matches(meant, unread[0].text):
            got = unread[0].text if unread else "(nothing)"
            self._otherwise(line.number, f"{number} was to get", meant, "and got", got)
        unread[0].line = line.number
        self._last = unread[:1]

    def _hear(self, line: Line) -> None:
        """So many people, whoever they are, each once."""
        meant, count = line.words["text"], int(line.words["count"])
        first: dict[str, Arrival] = {}
        for one in self._unread():
            first.setdefault(one.number, one)
        self._last = [one for one in first.values() if self._names.matches(meant, one.text)]
        for one in self._last:
            one.line = line.number
        if len(self._last) != count:
            got = f"{len(self._last)} people"
            self._otherwise(line.number, f"{count} people were to get", meant, "and got it", got)

    def _between(self, line: Line) -> None:
        for one in self._last:
            if not line.words["start"] <= _wall(one.at)[-5:] <= line.words["end"]:
                self._wrong(line.number, f"it came to {one.number} at {_wall(one.at)}")

    def _nothing(self, line: Line) -> None:
        """That nothing came is looked at before every line that goes on."""

    # --- what happens ---------------------------------------------------------------------------

    def _clock(self, line: Line) -> None:
        words = line.words
        if "amount" in words:
            self._stage.leap(int(words["amount"]) * _SECONDS[words["unit"]])
        else:
            now = self._stage.time.now()
            self._stage.leap((_next(now, words.get("day"), words["time"]) - now) / 1000)

    def _until(self, line: Line) -> None:
        self._loose = True
        self._stage.until_sent(int(line.words["count"]))

    def _kill(self, line: Line) -> None:
        self._stage.kill()

    def _server(self, line: Line) -> None:
        self._stage.hub.down = line.words["state"] == "down"

    def _phone(self, line: Line) -> None:
        phone = self._stage.network.handset(line.words["number"])
        (phone.switch_on if line.words["state"] == "on" else phone.switch_off)()

    def _asks(self, line: Line) -> None:
        self._stage.sends(line.words["number"], self._names.filled(line.words["text"]))

    def _has(self, line: Line) -> None:
        count, found = int(line.words["count"]), self._stage.reports
        if len(found) != count:
            self._wrong(line.number, f"the server has {len(found)} reports:\n{_listed(found)}")
        if "as_sent" in line.words and _by_sender(found) != _by_sender(self._stage.texts):
            said = _listed(self._stage.texts)
            self._wrong(line.number, f"it has\n{_listed(found)}\nand what was sent is\n{said}")

    def _relay(self, line: Line, *, refused: bool = False) -> None:
        words = shlex.split(self._names.filled(line.words["words"]))
        code, self._output = self._stage.run(*words)
        now = self._stage.time.now()
        self.went.extend((now, 0, f"  {row}") for row in self._output.splitlines())
        if (code != 0) is not refused:
            self._wrong(line.number, f"relay {' '.join(words)} ended with {code}")

    def _refused(self, line: Line) -> None:
        self._relay(line, refused=True)

    def _shows(self, line: Line) -> None:
        if not self._names.stands_in(line.words["text"], self._output):
            self._wrong(line.number, f"this is not in what relay said: {line.words['text']}")

    # --- what came ------------------------------------------------------------------------------

    def _look(self) -> None:
        """Let relay come to rest, and see what is on the phones."""
        if not self._rests:
            self._stage.come_to_rest()
        self._rests, self._loose = True, False
        self._gather()

    def _gather(self) -> None:
        fresh = []
        for phone, screen in self._stage.screens().items():
            fresh += [Arrival(at, phone, text) for at, text in screen[self._seen[phone] :]]
            self._seen[phone] = len(screen)
        fresh.sort(key=lambda one: one.at)
        self._came += fresh
        self.went += fresh

    def _unread(self) -> Iterator[Arrival]:
        return (one for one in self._came if not one.line)

    def _all_was_said(self, number: int) -> None:
        if odd := next(self._unread(), None):
            self._wrong(number, f"{odd.number} got what was not said:\n    {odd.text}")

    def _otherwise(self, number: int, who: str, meant: str, but: str, got: str) -> None:
        self._wrong(number, f"{who}\n    {self._names.filled(meant)}\n{but}\n    {got}")

    def _wrong(self, number: int, what: str) -> NoReturn:
        self._gather()
        raise Otherwise(f"{self._name}:{number}: {what}\n\nIt went so:\n{self._story()}")

    def _story(self) -> str:
        rows = []
        for event in self.went:
            if isinstance(event, Arrival):
                sign = f"{event.line:4}" if event.line else "   ?"
                rows.append(f"{_wall(event.at)} {sign}  << {event.number} {event.text}")
            else:
                at, line, words = event
                rows.append(f"{_wall(at)} {line or '':>4}  {words}")
        return "\n".join(rows) + "\n(? in place of a line's number: it was not said)"


# What is said in lines that follow one another is said in one moment.
_SPEAKS = frozenset({"says", "asks"})
# These look at what is, and change nothing.
_LOOKS = frozenset({"hears", "hear", "between", "nothing", "has", "shows"})
# These do not wait until relay has come to rest. Before the others all that came must be said.
_FREE = frozenset({"place", "person", "people", "until", "kill", "between", "shows"}) | _SPEAKS


def _wall(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, tz=UTC).astimezone().strftime("%a %d %b %H:%M")


def _next(now: int, day: str | None, time: str) -> int:
    """When the clock shows `time` the next time, on that day of the week."""
    for later in range(8):
        at = wall(now, time, later)
        name = datetime.fromtimestamp(at / 1000, tz=UTC).astimezone().strftime("%A")
        if at > now and day in (None, name):
            return at
    raise Otherwise(f"there is no {day}; the days are {', '.join(_DAYS)}")


def _listed(texts: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"    {number} {text}" for number, text in texts)


def _by_sender(texts: Sequence[tuple[str, str]]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for number, text in texts:
        found[number].append(text)
    return found
