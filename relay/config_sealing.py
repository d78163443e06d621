"""The reader of keys that name who can open a sealed file."""

from __future__ import annotations

from relay.config_secrets import Unfit
from relay.config_values import Place, texts


def recipients(value: object, place: Place) -> tuple[str, ...]:
    """Public keys of age or SSH. A private one that was pasted here is not repeated."""
    found = tuple(one.strip() for one in texts(value, place))
    for one in found:
        if not one.startswith(("age1", "ssh-")):
            raise Unfit('has something that is no public key; write such as ["age1…"]')
    return found
