"""What belongs where, and what becomes of a file that is there. Reads only our own data."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePosixPath

CONFIG = PurePosixPath("/etc/relay")
DATA = PurePosixPath("/var/lib/relay")
COMMAND = PurePosixPath("/usr/local/bin/relay")
RECORD = CONFIG / ".installed.json"

_SHIPPED = {
    "/etc/systemd/system/relay.service": "systemd/relay.service",
    "/etc/sysusers.d/relay.conf": "systemd/relay.sysusers",
    "/etc/tmpfiles.d/relay.conf": "systemd/relay.tmpfiles",
    "/etc/udev/rules.d/60-relay.rules": "systemd/60-relay.rules",
    "/etc/relay/relay.toml.example": "relay.toml",
}
_COMPLETIONS = {
    "bash": "/usr/local/share/bash-completion/completions/relay",
    "zsh": "/usr/local/share/zsh/site-functions/_relay",
    "fish": "/usr/local/share/fish/vendor_completions.d/relay.fish",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of relay's; `path` is where it lies on the machine."""

    path: PurePosixPath
    content: bytes


class Fate(enum.Enum):
    """What becomes of a piece, in the words that a person reads."""

    WRITE = "write"
    SAME = "as it is"
    UPDATE = "update"
    ASIDE = "changed here, so the new one goes beside it"


def pieces(completions: Mapping[str, str]) -> list[Piece]:
    """All of them; `completions` is the script of each shell."""
    shipped = resources.files("relay") / "data"
    found = [
        Piece(PurePosixPath(path), shipped.joinpath(name).read_bytes())
        for path, name in _SHIPPED.items()
    ]
    return found + [
        Piece(PurePosixPath(_COMPLETIONS[shell]), text.encode())
        for shell, text in completions.items()
    ]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def fate(new: bytes, here: bytes | None, written: str | None) -> Fate:
    """`here` is what lies there now, `written` the digest of what relay put there last."""
    if here is None:
        return Fate.WRITE
    if here == new:
        return Fate.SAME
    return Fate.UPDATE if digest(here) == written else Fate.ASIDE


def ours(here: bytes, new: bytes, written: str | None) -> bool:
    """Whether a file may go: nobody but relay has written what is in it."""
    return here == new or digest(here) == written


def hindrance(prefix: PurePosixPath) -> str:
    """Why the relay in `prefix` cannot be a service as it is; empty if it can."""
    if prefix == PurePosixPath("/usr/lib/relay"):
        return (
            "The Debian package has installed this relay with everything that belongs to it. "
            "Nothing was done. To take it away: sudo apt remove relay"
        )
    if any(prefix.is_relative_to(home) for home in ("/home", "/root", "/run/user", "/tmp")):  # noqa: S108
        return (
            f"This relay is in {prefix}, where the service may not look. Nothing was done. "
            "Install it for all: sudo python3 -m venv /opt/relay/.venv, then "
            "sudo /opt/relay/.venv/bin/pip install . and sudo /opt/relay/.venv/bin/relay install"
        )
    return ""
