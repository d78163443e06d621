"""The words files that relay is shipped with: config/community/words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from relay.community.wording import ENGLISH, Wording


@cache
def shipped() -> Mapping[str, Mapping[str, Any]]:
    """Each file as it is read, by its name without suffix."""
    folder = files("relay").joinpath("data", "community", "words")
    found = sorted(folder.iterdir(), key=lambda file: file.name)
    return {
        file.name.removesuffix(".toml"): tomllib.loads(file.read_text("utf-8"))
        for file in found
        if file.name.endswith(".toml")
    }


@cache
def wording(language: str = ENGLISH) -> Wording:
    """All that relay can say and understand, at a station of this language."""
    return Wording.of(shipped(), language)
