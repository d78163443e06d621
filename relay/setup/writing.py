"""Writing configuration and secrets: whole or not at all, and the former ones are kept."""

from __future__ import annotations

import grp
import os
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from relay.config import load
from relay.config_secrets import variable
from relay.errors import ConfigError, RelayError

_GROUP = "relay"
_STOPS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class CannotWrite(RelayError):
    """The files cannot be made where they belong; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Papers:
    """What is to be written. `secrets` are by (section, key), as (modem.usb1, pin)."""

    path: Path
    text: str
    secrets: Mapping[tuple[str, str], str]

    def secret_path(self, section: str, key: str) -> Path:
        """Where systemd takes it from and the commands of root find it."""
        return self.path.parent / "secrets" / f"{section}.{key}".replace(".", "-")


def check(papers: Papers, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Read the configuration as relay would; its warnings. Raises `ConfigError`.

    Writes nothing into the folder but a draft, which goes again.
    """
    known = {variable(*place): secret for place, secret in papers.secrets.items()}
    with ExitStack() as open_:
        folder = papers.path.parent
        if not folder.is_dir():
            folder = Path(open_.enter_context(tempfile.TemporaryDirectory()))
        try:
            draft = open_.enter_context(_draft(folder / papers.path.name, papers.text))
        except OSError as error:
            raise _cannot(error, papers.path) from error
        try:
            found = load(draft, {**environ, **known}).warnings
            return tuple(one.replace(str(draft), str(papers.path)) for one in found)
        except ConfigError as error:
            named = (one.replace(str(draft), str(papers.path)) for one in error.problems)
            raise ConfigError(tuple(named)) from None


def write(papers: Papers, stamp: str) -> Path | None:
    """Put everything in its place; where the former configuration is kept, if there was one.
    `stamp` becomes a part of that one's name.

    Raises `CannotWrite`. A signal waits until it is done; what was begun is taken back when
    something fails in between.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    undo: list[tuple[Path, bytes | None]] = []
    try:
        kept = _keep(papers.path, stamp)
        for (section, key), secret in papers.secrets.items():
            path = papers.secret_path(section, key)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            undo.append((path, _content(path)))
            _put(path, secret + "\n", 0o600)
        _put(papers.path, papers.text, 0o600)
    except OSError as error:
        for path, content in undo:
            _take_back(path, content)
        raise _cannot(error, papers.path) from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return kept


def _cannot(error: OSError, path: Path) -> CannotWrite:
    return CannotWrite(
        f"{error.filename or path} cannot be written: {error.strerror}. Nothing was changed. Try "
        "it with sudo, or name another place with --config"
    )


def _keep(path: Path, stamp: str) -> Path | None:
    content = _content(path)
    if content is None:
        return None
    kept = path.with_name(f"{path.name}.before-{stamp}")
    _put(kept, content.decode("utf-8", "surrogateescape"), 0o600)
    return kept


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _take_back(path: Path, content: bytes | None) -> None:
    with suppress(OSError):
        if content is None:
            path.unlink(missing_ok=True)
        else:
            _put(path, content.decode("utf-8", "surrogateescape"), 0o600)


def _put(path: Path, text: str, mode: int) -> None:
    """Replace a file in one step, so that a power cut leaves the old one or the new one."""
    with _draft(path, text) as draft:
        draft.chmod(mode)
        draft.replace(path)
        _share(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _share(path: Path) -> None:
    """The service's user must be able to read the configuration that root writes; it holds no
    secret, as those lie in files of their own."""
    if os.geteuid() != 0 or path.parent.name == "secrets" or ".before-" in path.name:
        return
    with suppress(KeyError, OSError):
        os.chown(path, 0, grp.getgrnam(_GROUP).gr_gid)
        path.chmod(0o640)


@contextmanager
def _draft(path: Path, text: str) -> Iterator[Path]:
    """The text in a file beside its place, on the disk. It is gone afterwards, unless moved."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        handle = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
            file.flush()
            os.fsync(handle)
        yield draft
    finally:
        draft.unlink(missing_ok=True)
