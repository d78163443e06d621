"""The machine that relay is put into: each step is noted, and done unless it is a rehearsal."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from relay.installation.pieces import RECORD, Fate, Piece, digest, fate, ours

_COMMAND_S = 300.0
_SHARED = PurePosixPath("/usr/local/share")
_SYSUSERS = PurePosixPath("/etc/sysusers.d")
Runs = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Done:
    """One step: a verb, what it is about, and what was wrong; empty if nothing was."""

    verb: str
    what: str
    wrong: str = ""


def run(words: Sequence[str]) -> str:
    """What went wrong with a command, in its own last line; empty if nothing did."""
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=_COMMAND_S, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{words[0]}: {error}"
    if not done.returncode:
        return ""
    said = (done.stderr or done.stdout).strip().splitlines()
    return said[-1] if said else f"it ended with {done.returncode}"


@dataclass
class Site:
    """`root` is the machine's /, or a folder in its place; `rehearse` changes nothing."""

    root: Path
    rehearse: bool
    runs: Runs = run
    done: list[Done] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        """Whether systemd runs here, and not only its files are."""
        return self.root == Path("/") and Path("/run/systemd/system").is_dir()

    @property
    def hears_plugs(self) -> bool:
        """Whether udev runs here: a container has systemd without it."""
        return self.alive and Path("/run/udev/control").exists()

    @property
    def failed(self) -> bool:
        return any(step.wrong for step in self.done)

    def at(self, path: PurePosixPath) -> Path:
        return self.root / path.relative_to("/")

    def command(self, *words: str) -> None:
        """Run it and note how it went."""
        self._note("run", " ".join(words), "" if self.rehearse else self.runs(words))

    def offline(self, *words: str) -> None:
        """A command that can also work on the files of a machine that is not running."""
        elsewhere = [] if self.root == Path("/") else [f"--root={self.root}"]
        self.command(words[0], *elsewhere, *words[1:])

    def put(self, piece: Piece) -> None:
        """Write it, unless the administrator has made it his own: then beside it, as .new."""
        target = self.at(piece.path)
        what = fate(piece.content, _read(target), self._record().get(str(piece.path)))
        if what is Fate.SAME:
            self._note(Fate.SAME.value, str(piece.path))
            self._remember(piece)
            return
        path = piece.path
        if what is Fate.ASIDE:
            path = piece.path.with_name(piece.path.name + ".new")
            target = self.at(path)
        self._note("write" if what is Fate.ASIDE else what.value, self._words(what, path),
                   self._write(target, piece.content))  # fmt: skip
        if what is not Fate.ASIDE:
            self._remember(piece)

    def link(self, path: PurePosixPath, target: Path) -> None:
        """Let `path` lead to the program, where nothing else is there."""
        at = self.at(path)
        if at.is_symlink() and at.readlink() == target:
            self._note(Fate.SAME.value, str(path))
        elif at.exists() and not at.is_symlink():
            self._note("leave", f"{path}: it is a program of its own")
        else:
            self._note("link", f"{path} to {target}", self._tried(lambda: _link(at, target)))

    def take(self, piece: Piece) -> None:
        """Remove it, unless somebody else has written into it."""
        target = self.at(piece.path)
        here = _read(target)
        with_new = self.at(piece.path.with_name(piece.path.name + ".new"))
        if with_new.exists():
            self._note("remove", f"{piece.path}.new", self._tried(with_new.unlink))
        if here is None:
            return
        if ours(here, piece.content, self._record().get(str(piece.path))):
            self._note("remove", str(piece.path), self._tried(target.unlink))
            self._leave_no_empty_folder(piece.path)
        else:
            self._note("leave", f"{piece.path}: it was changed here")

    def _leave_no_empty_folder(self, path: PurePosixPath) -> None:
        """Of those that a clean machine does not have; the others were there before."""
        for parent in path.parents:
            if self.rehearse or not (parent == _SYSUSERS or _SHARED in parent.parents):
                return
            with suppress(OSError):  # somebody else's file is in it
                self.at(parent).rmdir()

    def unlink(self, path: PurePosixPath, target: Path) -> None:
        at = self.at(path)
        if at.is_symlink() and at.readlink() == target:
            self._note("remove", str(path), self._tried(at.unlink))

    def forget(self) -> None:
        """The record of what was written."""
        record = self.at(RECORD)
        if record.exists():
            self._note("remove", str(RECORD), self._tried(record.unlink))

    def remove_tree(self, path: PurePosixPath) -> None:
        at = self.at(path)
        if at.exists():
            self._note("remove", f"{path} and all in it", self._tried(lambda: shutil.rmtree(at)))

    def check(self, parts: Iterable[Piece]) -> None:
        """Read again what was written."""
        if self.rehearse:
            return
        wrong = [str(one.path) for one in parts if _read(self.at(one.path)) is None]
        self._note("check", "every file is in its place", ", ".join(wrong) and f"not {wrong}")

    def _note(self, verb: str, what: str, wrong: str = "") -> None:
        self.done.append(Done(verb, what, wrong))

    def _words(self, what: Fate, path: PurePosixPath) -> str:
        return f"{path} ({what.value})" if what is Fate.ASIDE else str(path)

    def _tried(self, act: Callable[[], object]) -> str:
        if self.rehearse:
            return ""
        try:
            act()
        except OSError as error:
            return str(error)
        return ""

    def _write(self, target: Path, content: bytes) -> str:
        return self._tried(lambda: _replace(target, content))

    def _record(self) -> dict[str, str]:
        with suppress(OSError, ValueError):
            found = json.loads(self.at(RECORD).read_text("utf-8"))
            return found if isinstance(found, dict) else {}
        return {}

    def _remember(self, piece: Piece) -> None:
        known = {**self._record(), str(piece.path): digest(piece.content)}
        wrong = self._write(self.at(RECORD), json.dumps(known, indent=1).encode())
        if wrong:
            self._note("write", str(RECORD), wrong)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _replace(target: Path, content: bytes) -> None:
    """Whole or not at all; readable by all, as nothing of it is secret."""
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.draft")
    draft.write_bytes(content)
    draft.chmod(0o644)
    draft.replace(target)


def _link(at: Path, target: Path) -> None:
    at.parent.mkdir(parents=True, exist_ok=True)
    at.unlink(missing_ok=True)
    at.symlink_to(target)
