"""The keys of a station or an office, and whom it believes: two files beside its database.

A relay key is `age1…+…`: who holds its private half can open what is sealed to the first part,
and signs with the second (Ed25519, RFC 8032; PyNaCl holds all contact with libsodium).
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relay import sealing
from relay.errors import RelayError
from relay.whole_file import sync

_KEY = re.compile(r"(age1[0-9a-z]{20,})\+([0-9a-f]{64})")
_ABOUT = (
    "# The private keys of this relay for files on a stick. Whoever has them reads and signs in\n"
    "# its name. Without them it makes new ones, and must be made known to the other side again.\n"
)


class KeyTrouble(RelayError):
    """A key is missing, is none, or is not believed."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Private; never shown."""

    identity: str = field(repr=False)
    seed: bytes = field(repr=False)
    public: str

    def sign(self, octets: bytes) -> bytes:
        signed: bytes = _nacl().SigningKey(self.seed).sign(octets).signature
        return signed


def verify(key: str, octets: bytes, signature: bytes) -> bool:
    """Whether the signature is that of the relay key."""
    nacl = _nacl()
    if not is_whole(key):
        return False
    try:
        nacl.VerifyKey(bytes.fromhex(signer(key))).verify(octets, signature)
    except (ValueError, nacl.exc.BadSignatureError):
        return False
    return True


def recipient(key: str) -> str:
    """The part of a relay key, or of a key of age alone, that files are sealed to."""
    return key.partition("+")[0]


def signer(key: str) -> str:
    """The part of a relay key that signs. Raises `KeyTrouble`."""
    found = _KEY.fullmatch(key)
    if found is None:
        raise KeyTrouble(
            "what is given as the key of a relay is none. It looks like age1…+…; "
            "relay export --key and relay import --key print it"
        )
    return found[2]


def is_whole(key: str) -> bool:
    """Whether it can also sign: a key of age alone can only read."""
    return _KEY.fullmatch(key) is not None


# --- one's own ----------------------------------------------------------------------------------


def path_of(store: Path) -> Path:
    return store.with_name(store.name + ".key")


def own(store: Path) -> Keys:
    """The keys beside this database, made at first use. Raises `KeyTrouble` and OSError."""
    path = path_of(store)
    if not path.exists():
        _make(path)
    lines = [line for line in path.read_text("ascii", "replace").splitlines() if line[:1] != "#"]
    try:
        identity, seed, public = lines
        return Keys(identity, bytes.fromhex(seed), public)
    except ValueError:
        raise KeyTrouble(
            f"{path} is not the file of keys that relay wrote. Nothing was done. Put it back from "
            "a copy; or move it away, and make the new keys known to the other side"
        ) from None


def _make(path: Path) -> None:
    """Two commands at once must not use two pairs: the first file to stand there stays."""
    identity, public = sealing.new_identity()
    made = _nacl().SigningKey.generate()
    key = f"{public}+{bytes(made.verify_key).hex()}"
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{_ABOUT}{identity}\n{bytes(made).hex()}\n{key}\n")
            file.flush()
            os.fsync(file.fileno())
            _hand_over(file.fileno(), path.parent)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
    sync(path.parent)


def _hand_over(handle: int, folder: Path) -> None:
    """What root makes is the daemon's, like the folder."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(handle, owner.st_uid, owner.st_gid)


# --- whom it believes ---------------------------------------------------------------------------


def believed_path(store: Path) -> Path:
    return store.with_name(store.name + ".trusted")


def believed(store: Path) -> frozenset[str]:
    """The signers that a person has named here. Raises OSError."""
    try:
        text = believed_path(store).read_text("ascii", "replace")
    except FileNotFoundError:
        return frozenset()
    words = (line.split(" ")[0] for line in text.splitlines())
    return signers(words)


def signers(words: Iterable[str]) -> frozenset[str]:
    return frozenset(signer(word) for word in words if is_whole(word))


def believe(store: Path, key: str, name: str) -> None:
    """Believe this signer from now on; on the disk when it returns. Raises OSError."""
    if signer(key) in believed(store):
        return
    path = believed_path(store)
    handle = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        _hand_over(handle, path.parent)
        os.write(handle, f"\n{key} {name!a}\n".encode("ascii"))
        os.fsync(handle)
    finally:
        os.close(handle)


def _nacl() -> Any:
    """nacl.signing. Raises `KeyTrouble` where the package is not installed."""
    try:
        import nacl.signing
    except ImportError as error:
        raise KeyTrouble(
            "files on a stick are signed with the package pynacl, which is not installed. "
            "Nothing was done. Install it: pip install 'relay-gateway[field]'"
        ) from error
    return nacl.signing
