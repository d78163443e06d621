"""Who can open a sealed file: the reader of such keys, and the section of files on a stick."""

# `setting` returns dataclasses.field(), made anew for each key

from __future__ import annotations

from dataclasses import dataclass

from relay.config_keys import setting
from relay.config_secrets import Unfit
from relay.config_values import Place, texts


def recipients(value: object, place: Place) -> tuple[str, ...]:
    """Public keys of age or SSH. A private one that was pasted here is not repeated."""
    found = tuple(one.strip() for one in texts(value, place))
    for one in found:
        if not one.startswith(("age1", "ssh-")):
            raise Unfit('has something that is no public key; write such as ["age1…"]')
    return found


@dataclass(frozen=True, slots=True)
class ExportConfig:
    """`recipients` are the relay keys of those who bring exports to the server."""

    recipients: tuple[str, ...] = setting((), recipients)
