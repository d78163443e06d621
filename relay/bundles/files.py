"""A bundle as a file: sealed and whole, or not there; opened wholly, or not at all."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

from relay import sealing
from relay.bundles import keys
from relay.core.bundle import BadBundle, Export, Receipt, read
from relay.errors import RelayError

# Far more than any station writes, and little enough for an old laptop.
_MOST = 256 * 1024 * 1024


class NotOurs(RelayError):
    """None of the keys of this computer opens the file, or it is damaged: age tells neither."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} cannot be opened here: it is sealed to another computer's key, or cut or "
            "changed. Nothing of it was applied. Take another copy, or bring it to the "
            "computer whose key was named when it was written"
        )


def write(target: Path, octets: bytes, recipients: Sequence[str]) -> None:
    """Seal it to these keys. Raises `SealingError` and OSError; then nothing new is there."""
    wanted = [keys.recipient(one) for one in recipients]
    sealing.seal(io.BytesIO(octets), target, list(dict.fromkeys(wanted)))


def opened(path: Path, own: Sequence[keys.Keys]) -> tuple[Export | Receipt, str]:
    """What the file holds, and its SHA-256.

    The signature is right; whether its signer is believed is the caller's question. Raises
    `NotOurs`, `BadBundle` and OSError.
    """
    if path.stat().st_size > _MOST:
        raise BadBundle(f"{path} is too large to be a bundle of relay")
    sealed = path.read_bytes()
    if not sealed.startswith(sealing.MAGIC):
        raise BadBundle(f"{path} is cut, or it is no bundle of relay")
    try:
        octets = sealing.opened(sealed, [one.identity for one in own])
    except sealing.CannotUnseal:
        raise NotOurs(path) from None
    return read(octets, keys.verify), hashlib.sha256(octets).hexdigest()
