"""Files that only their recipients can open, in the age format (https://age-encryption.org/v1).

A recipient is a public key, age1… or a line of an SSH key; the identity that opens the file is the
private one. A gateway has no need of its own private key: who steals the laptop cannot open what
it has sealed. pyrage is the format's Rust library; it is imported when it is needed.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from relay.errors import RelayError
from relay.whole_file import written_whole

MAGIC = b"age-encryption.org/v1"


class SealingError(RelayError):
    """A file cannot be sealed to its recipients, or opened with the keys at hand."""


class NoSealing(SealingError):
    """The package `pyrage` is not installed."""

    def __str__(self) -> str:
        return (
            "sealed files need the package pyrage, which is not installed. Nothing was written. "
            "Install it: pip install 'relay-gateway[field]'"
        )


@dataclass(eq=False)
class CannotUnseal(SealingError):
    """No key fits, or the file is cut or changed."""

    cause: str

    def __str__(self) -> str:
        return (
            f"the sealed file cannot be opened: {self.cause}. Nothing was written. "
            "It was sealed to another key, or it is cut or changed: take another copy of it."
        )


def available() -> bool:
    """Whether this computer can seal at all."""
    return importlib.util.find_spec("pyrage") is not None


def is_sealed(path: Path) -> bool:
    """Whether the file is one of age. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def seal(source: BinaryIO, target: Path, recipients: Sequence[str]) -> None:
    """Write what `source` holds so that any one of the recipients can open it, and nobody else.

    `target` is whole or not there, and only its owner may read it. Raises `SealingError` for a
    recipient that is none, and OSError.
    """
    keys = recipient_keys(recipients)
    with written_whole(target) as file:
        _piped(_pyrage().encrypt_io, source, file, keys)


def unseal(source: BinaryIO, target: Path, identities: Sequence[str]) -> None:
    """Write what was sealed to `target`, whole or not at all.

    Raises `CannotUnseal` where no identity fits, or the file is cut or changed anywhere, and
    OSError.
    """
    keys = identity_keys(identities)
    with written_whole(target) as file:
        _piped(_pyrage().decrypt_io, source, file, keys)


def opened(sealed: bytes, identities: Sequence[str]) -> bytes:
    """What was sealed, in memory alone: nothing of it comes onto a disk. Raises like `unseal`."""
    into = io.BytesIO()
    _piped(_pyrage().decrypt_io, io.BytesIO(sealed), into, identity_keys(identities))
    return into.getvalue()


def _piped(crypt: Any, source: BinaryIO, file: BinaryIO, keys: list[Any]) -> None:
    pyrage, ends = _pyrage(), (_End(source), _End(file))
    try:
        crypt(*ends, keys)
    except (pyrage.EncryptError, pyrage.DecryptError, OSError) as error:
        for end in ends:
            if end.trouble is not None:
                raise end.trouble from error
        raise CannotUnseal(str(error)) from error


class _End:
    """One end of the pipe: pyrage says in its own words that the disk is full, and loses the
    number of the error."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.trouble: OSError | None = None

    def read(self, size: int = -1) -> bytes:
        with self._remembered():
            return self._file.read(size)

    def write(self, octets: bytes) -> int:
        with self._remembered():
            return self._file.write(octets)

    def flush(self) -> None:
        with self._remembered():
            self._file.flush()

    @contextmanager
    def _remembered(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.trouble = error
            raise


def recipient_keys(recipients: Sequence[str]) -> list[Any]:
    """The keys of pyrage. Raises `SealingError` for the first that is none, or for no key."""
    if not recipients:
        raise SealingError("no recipient is named, so nobody could open the file")
    return [_key(one, "age1", "Recipient", "a public key (age1… or ssh-…)") for one in recipients]


def identity_keys(identities: Sequence[str]) -> list[Any]:
    if not identities:
        raise SealingError("no private key is given")
    what = "a private key (AGE-SECRET-KEY-1… or that of SSH)"
    return [_key(one, "AGE-SECRET-KEY-1", "Identity", what) for one in identities]


def read_identities(path: Path) -> tuple[str, ...]:
    """The private keys in a file as age-keygen writes it, or the one of SSH. Raises OSError."""
    text = path.read_text("utf-8", "replace")
    if "PRIVATE KEY" in text:
        return (text,)
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def new_identity() -> tuple[str, str]:
    """A new private key and its public one."""
    made = _pyrage().x25519.Identity.generate()
    return str(made), str(made.to_public())


def _key(text: str, own: str, kind: str, what: str) -> Any:
    pyrage = _pyrage()
    try:
        if text.startswith(own):
            return getattr(pyrage.x25519, kind).from_str(text)
        made = getattr(pyrage.ssh, kind)
        return made.from_str(text) if kind == "Recipient" else made.from_buffer(text.encode())
    except (pyrage.RecipientError, pyrage.IdentityError, ValueError):
        # Never the text itself: it may be a private key.
        raise SealingError(f"what is given as {what} is none") from None


def _pyrage() -> Any:
    """Raises `NoSealing` where the package is not installed."""
    try:
        import pyrage
    except ImportError as error:
        raise NoSealing from error
    return pyrage
