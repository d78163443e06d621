"""How a section declares its keys: the default and the reader of each stand together."""

from __future__ import annotations

from dataclasses import Field, field, fields
from typing import Any, TypeVar

from relay.config_secrets import Secret
from relay.config_values import Reader

V = TypeVar("V")


def setting(default: V, read: Reader) -> V:
    """A key that may be left out."""
    made: V = field(default=default, metadata={"read": read})
    return made


def required(read: Reader, example: str) -> Any:
    """A key that must be there; `example` is what the complaint shows."""
    return field(metadata={"read": read, "example": example})


def secret(read: Reader, *, needed: bool = False) -> Secret | None:
    """A key that may also come from the environment, from systemd or from `<key>_file`."""
    made: Secret | None = field(
        default=None, metadata={"read": read, "secret": True, "needed": needed}
    )
    return made


def keys(section: type) -> dict[str, Field[Any]]:
    """The keys that a section may have, in the order of the reference."""
    return {one.name: one for one in fields(section) if "read" in one.metadata}
