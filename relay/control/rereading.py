"""Reading the configuration of a running relay again: whole and right, or not at all."""

from __future__ import annotations

from collections.abc import Mapping

from relay.config import Config, ConfigError, load
from relay.config_changes import FIXED, changes
from relay.control.words import ControlRefused


def reread(before: Config, environ: Mapping[str, str]) -> Config:
    """Raises `ControlRefused` for one with mistakes, or that only a restart can take up."""
    try:
        after = load(before.path, environ)
    except ConfigError as error:
        raise ControlRefused(
            "CONFIG_BAD",
            "The configuration has mistakes; the old one holds on: " + "; ".join(error.problems),
            "Correct it, and see: relay config check",
        ) from None
    if fixed := [key for key in changes(before, after) if key in FIXED]:
        raise ControlRefused(
            "NEEDS_RESTART",
            f"{', '.join(fixed)} cannot change while relay runs; the old configuration holds on.",
            "sudo systemctl restart relay",
        )
    return after
