"""Passwords and PINs: a type that never shows itself, and the places where one may be kept.

Nothing here puts a secret into a message: not even a wrong one, which may be nearly right.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

MASK = "********"

# `LoadCredential=relay:/etc/relay/secrets` loads a whole folder and puts this in front of
# each file's name (systemd.exec(5)); a single `LoadCredential=modem-usb1-pin:…` does not.
_FOLDER_PREFIX = "relay_"


class Unfit(ValueError):
    """A value that cannot stand where it stands; the text goes to the person who wrote it."""


class Secret:
    """A text that prints as a mask. `reveal()` is the only way to the text itself."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[type, tuple[str]]:
        raise TypeError("a secret is not written down")


@dataclass(frozen=True, slots=True)
class Found:
    """A secret and where it came from, in words for `relay config show`."""

    text: str
    source: str


def variable(label: str, key: str) -> str:
    """`server.main`, `password` → RELAY_SERVER_MAIN_PASSWORD."""
    return "_".join(("relay", *label.split("."), key)).replace("-", "_").upper()


def credential(label: str, key: str) -> str:
    """`server.main`, `password` → server-main-password."""
    return "-".join((*label.split("."), key))


def outside(label: str, key: str, environ: Mapping[str, str], folder: Path) -> Found | None:
    """The secret `key` of section `label` from systemd, else from the environment, else None.

    The commands of root, which systemd hands nothing, find it where systemd takes it from: in
    the folder `secrets` beside the configuration, which is in `folder`. Raises `Unfit` for a
    credential that cannot be read.
    """
    for path in _credentials(label, key, environ, folder):
        if _is_there(path):
            return Found(read_secret(path), f"systemd credential {path.name}")
    name = variable(label, key)
    return Found(environ[name], f"environment variable {name}") if environ.get(name) else None


def _credentials(label: str, key: str, environ: Mapping[str, str], folder: Path) -> Iterator[Path]:
    name = credential(label, key)
    if handed := environ.get("CREDENTIALS_DIRECTORY"):
        yield Path(handed, name)
        yield Path(handed, _FOLDER_PREFIX + name)
    else:
        yield folder / "secrets" / name


def _is_there(path: Path) -> bool:
    """Not for those who may not look."""
    try:
        return path.exists()
    except OSError:
        return False


def read_secret(path: Path) -> str:
    """The first line of a file that holds one secret. Raises `Unfit` in words."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Unfit(
            f"cannot read {path} ({error.strerror}); let the user that runs relay read it"
        ) from None
    except UnicodeDecodeError:
        raise Unfit(f"{path} is no UTF-8 text; write plain text into it") from None
    lines = text.splitlines()
    if not lines or not lines[0]:
        raise Unfit(f"{path} is empty; write the secret on its first line")
    if any(line.strip() for line in lines[1:]):
        raise Unfit(f"{path} has several lines; leave only the one with the secret")
    return lines[0]


def open_to_others(path: Path) -> bool:
    """Whether any user of this computer may read the file, or write to it."""
    try:
        return bool(path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH))
    except OSError:
        return False
