"""Read the rule sets that are switched on, from the files that come with relay and from others.

A file with a mistake stops nothing but the rules in it: the others hold, and status names the
file, the line and the remedy.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

from relay.community.rulebook import General, RuleBook
from relay.community.wording import Wording
from relay.community_words import wording
from relay.config_community import CommunityConfig
from relay.config_lines import lines
from relay.core.quiet import Quiet
from relay.errors import RuleError

Reader = Callable[[Mapping[str, object]], Mapping[str, Any]]

# Sections that are no rules of a primitive.
_SET, _OWN_WORDS = "set", "words"
# A key that stands above all sections.
_APP_SETTINGS = "forms_from"
_LARGEST = 2_000_000
_AS_SHIPPED = "write it as the shipped sets in config/community do"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a rule set does not hold. `line` is 0 where it is not known."""

    name: str
    file: str
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.what}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds, and what does not and why. `fingerprint` changes with any of the files."""

    book: RuleBook
    faults: tuple[Fault, ...] = ()
    fingerprint: str = ""


@dataclass
class _Gathering:
    wording: Wording
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    sets: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)  # of every file that was read

    def fails(self, name: str, path: Path, error: RuleError, line: int = 0) -> None:
        self.faults.append(Fault(name, str(path), line, error.what, error.remedy))

    def text(self, name: str, path: Path) -> str:
        """What stands in a file. Raises `RuleError`."""
        text = _text(name, path)
        self.marks.append(sha256(text.encode()).hexdigest())
        return text


def shipped() -> Path:
    """The folder of the sets and words that come with relay."""
    return Path(str(resources.files("relay") / "data" / "community"))


def shipped_sets() -> tuple[str, ...]:
    """Their names, as they stand in `[community] sets`."""
    return tuple(sorted(path.stem for path in shipped().glob("*.toml")))


def path_of(name: str) -> Path:
    """The file of a set, as it stands in `[community] sets`."""
    return Path(name) if "/" in name or name.endswith(".toml") else shipped() / f"{name}.toml"


def load(
    config: CommunityConfig, readers: Mapping[str, Reader], never: Sequence[str] = ()
) -> Rules:
    """The rules of all sets of the configuration. `readers` by kind of table (`form`, …).

    `never` are numbers that no rule may write to.
    """
    gathering = _Gathering(wording(config.language))
    for wished in config.sets:
        _take(gathering, path_of(wished), readers)
    book = RuleBook(
        gathering.wording, general(config, never), gathering.tables, tuple(gathering.sets)
    )
    marks = (*gathering.marks, *map(str, gathering.faults))
    return Rules(book, tuple(gathering.faults), " ".join(marks))


def _take(gathering: _Gathering, path: Path, readers: Mapping[str, Reader]) -> None:
    """One set: what it says holds, or it is among the faults."""
    name, text = path.stem, ""
    try:
        text = gathering.text(name, path)
        _add(gathering, name, path.parent, tomllib.loads(text), readers)
    except RuleError as error:
        label = ".".join(str(key) for key in error.keys)
        what = f"{label}: {error.what}" if label else error.what
        told = RuleError(error.keys, what, error.remedy)
        gathering.fails(name, path, told, line_of(text, error.keys))
    except tomllib.TOMLDecodeError as error:
        gathering.fails(name, path, RuleError((), str(error), _AS_SHIPPED), _line_of(error))
    except Exception as error:  # noqa: BLE001  # whatever a file holds, the other sets hold
        what = f"relay cannot read it ({type(error).__name__})"
        gathering.fails(name, path, RuleError((), what, _AS_SHIPPED))


def general(config: CommunityConfig, never: Sequence[str] = ()) -> General:
    """What of the section every rule keeps to."""
    return General(
        language=config.language,
        quiet=Quiet(config.quiet_from, config.quiet_until) if config.quiet_from else None,
        per_hour=config.replies_per_hour,
        per_day=config.max_per_day,
        per_month=config.max_per_month,
        useful_ms=config.reply_useful_h * 3_600_000,
        stop_all=config.stop_holds == "all",
        default_reply=config.default_reply,
        never=tuple(never),
    )


# --- one set ------------------------------------------------------------------------------------


def _text(name: str, path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise RuleError((), "is larger than 2 MB", "a rule set has a few kilobytes")
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        known = ", ".join(shipped_sets())
        raise RuleError(
            (), f"there is no rule set {name}", f"write one of {known}, or the path of a file"
        ) from None
    except OSError as error:
        raise RuleError(
            (), f"cannot be read ({error.strerror})", "let the user that runs relay read it"
        ) from None
    except UnicodeDecodeError as error:
        raise RuleError(
            (), f"is not UTF-8 text (from byte {error.start} on)", "save it again as UTF-8"
        ) from None


def _add(
    gathering: _Gathering,
    name: str,
    folder: Path,
    tables: Mapping[str, Any],
    readers: Mapping[str, Reader],
) -> None:
    """All of the set, or nothing of it. Raises `RuleError`."""
    read: dict[str, dict[str, Any]] = {}
    for kind, table in tables.items():
        if kind == _APP_SETTINGS:
            read.setdefault("form", {}).update(_app_settings(gathering, table, folder, readers))
        elif kind not in (_SET, _OWN_WORDS):
            read.setdefault(kind, {}).update(_section(kind, table, readers))
    _once(read, gathering.tables)
    words = gathering.wording.but(tables[_OWN_WORDS]) if _OWN_WORDS in tables else None
    for kind, rules in read.items():
        gathering.tables.setdefault(kind, {}).update(rules)
    gathering.wording = words or gathering.wording
    gathering.sets.append(name)


def _section(kind: str, table: object, readers: Mapping[str, Reader]) -> Mapping[str, Any]:
    if kind not in readers:
        known = ", ".join(sorted(readers))
        raise RuleError((kind,), "is an unknown section", f"there are: {known}")
    if not isinstance(table, dict):
        raise RuleError((kind,), "is no section", f"write [{kind}.NAME]")
    return readers[kind](table)


def _once(read: Mapping[str, Mapping[str, Any]], known: Mapping[str, Mapping[str, Any]]) -> None:
    for kind, rules in read.items():
        for rule in rules:
            if rule in known.get(kind, {}):
                raise RuleError(
                    (kind, rule), "stands in another set too", "remove it from one of the two"
                )


def _app_settings(
    gathering: _Gathering, name: object, folder: Path, readers: Mapping[str, Reader]
) -> Mapping[str, Any]:
    """`forms_from`: the forms of a CHT app_settings.json, found from the folder of the set."""
    where = (_APP_SETTINGS,)
    if not isinstance(name, str):
        remedy = f'write {_APP_SETTINGS} = "app_settings.json"'
        raise RuleError(where, "is no name of a file", remedy)
    path = folder / name
    try:
        settings = json.loads(gathering.text(name, path))
    except ValueError as error:
        raise RuleError(where, f"{path} is not JSON ({error})", "export it again") from None
    except RuleError as error:
        raise RuleError(where, f"{path} {error.what}", error.remedy) from None
    if not isinstance(settings, dict):
        raise RuleError(where, f"{path} holds no settings", "export it again")
    return readers["app_settings"](settings)


def line_of(text: str, keys: Sequence[object]) -> int:
    """Where the mistake stands: the deepest of the keys that can be found."""
    found = lines(text)
    path = ".".join(map(str, keys)).split(".")
    for end in range(len(path), 0, -1):
        for cut in range(end, -1, -1):
            if line := found.get((".".join(path[:cut]), ".".join(path[cut:end]))):
                return line
    return 0


def _line_of(error: tomllib.TOMLDecodeError) -> int:
    digits = str(error).rpartition("at line ")[2].partition(",")[0]
    return int(digits) if digits.isdecimal() else 0
