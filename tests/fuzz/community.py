"""What people text and what staff write as rules: each is understood, or refused in words."""

from __future__ import annotations

import logging
import tempfile
from functools import cache
from pathlib import Path

from relay import assembly_community, community_rules
from relay.community.spelling import first_word, fold, nearest
from relay.community.wording import Wording
from relay.community_words import wording
from relay.config_community import CommunityConfig
from tests.dialogues.stage import Failures, empty_store
from tests.fuzz.draw import Draw
from tests.village import Village, shipped

_ROUNDS = 500  # then a new village, so that it stays small
_VALUES = (
    b"0", b"-1", b"99999999999999999999", b"1e308", b"nan", b"true", b'""', b'"x"', b"[]", b"{}",
    b'["x"]', b"[1, 0]", b'{ en = "{x}" }', b"1979-05-27", b'"\\u0000"', b'"{"', b'"{0}"', b'"9d"',
    b'"24:00"', b'"-1w"', b'[["08:00"]]', b'["18:00", "08:00"]', b"[{ name = 1 }]", b"[[[]]]",
)  # fmt: skip
_folder = tempfile.TemporaryDirectory(prefix="fuzz-")


@cache
def _words() -> Wording:
    return wording()


def words(data: bytes) -> None:
    """Any text, as a phone could send it."""
    text = data.decode("utf-8", "replace")
    folded = fold(text)
    assert fold(folded) == folded, "folding twice folds more"
    word, rest = first_word(text)
    assert rest in text, "what stands behind the first word is changed"
    assert nearest(word, _words().commands) is None or word
    if found := _words().command(text):
        assert found[0] in _words().commands
        # YES37 is YES 37: there a blank is put in.
        assert found[1] in text or set(found[1]) <= set(text) | {" "}


def rules_file(data: bytes) -> None:
    """Any bytes at all as a rule set."""
    _loads(data)


def rules_keys(data: bytes) -> None:
    """A set that comes with relay, with values that nobody would write."""
    draw = Draw(data)
    path = community_rules.shipped() / f"{draw.pick(shipped())}.toml"
    lines = path.read_bytes().splitlines()
    for _ in range(1 + draw.below(4)):
        at = (draw.below(256) * 256 + draw.below(256)) % len(lines)
        key, equals, _ = lines[at].partition(b" = ")
        if equals and not key.startswith((b"#", b" ")):
            lines[at] = key + b" = " + draw.pick(_VALUES)
        elif draw.below(4) == 0:
            del lines[at]
    _loads(b"\n".join([*lines, draw.rest()]))


def _loads(data: bytes) -> None:
    path = Path(_folder.name) / "own.toml"
    path.write_bytes(data)
    section = CommunityConfig(sets=(str(path), "peace"))
    found = community_rules.load(section, assembly_community.READERS)
    for fault in found.faults:
        assert fault.what, "a fault that says nothing"
        assert fault.remedy, "a fault without a remedy"
        assert fault.line >= 0
    own = [fault for fault in found.faults if fault.name == path.stem]
    assert bool(own) is (path.stem not in found.book.sets), "half a set holds"
    assembly_community.primitives(found.book)


class Crowd:
    """A village with all sets that is used for many inputs."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fuzz-")
        folder = Path(self._folder.name)
        (folder / "state").mkdir(mode=0o700)
        (folder / "state/relay.db").write_bytes(empty_store())
        self.village = Village(folder, sets=shipped(), settings="replies_per_hour = 0")
        self.village.db.query("PRAGMA synchronous = OFF")
        self.failures = Failures()
        logging.getLogger("relay.answering").addHandler(self.failures)
        self.rounds = 0

    def close(self) -> None:
        logging.getLogger("relay.answering").removeHandler(self.failures)
        self.village.db.close()
        self._folder.cleanup()


_crowds: list[Crowd] = []


def answered(data: bytes) -> None:
    """Any text to all the rules: at most one answer, and no rule fails."""
    if _crowds and _crowds[0].rounds >= _ROUNDS:
        close()
    if not _crowds:
        _crowds.append(Crowd())
    crowd = _crowds[0]
    crowd.rounds += 1
    text = data.decode("utf-8", "replace").replace("\0", "")[:60]
    number = f"+2547000{crowd.rounds % 7:05d}"
    heard = [one for one in crowd.village.says(number, text) if one.number == number]
    assert len(heard) <= 1, "two answers to one SMS"
    assert crowd.failures.words == [], crowd.failures.words


def close() -> None:
    """Give the store back."""
    while _crowds:
        _crowds.pop().close()
