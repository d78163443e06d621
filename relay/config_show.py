"""The configuration as it is in force, as TOML: secrets masked, every value with its source."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from relay.config_keys import keys
from relay.config_secrets import MASK, Secret
from relay.config_sections import SECTIONS, Config


def show(config: Config) -> str:
    """TOML that can be read back; behind each value stands where it came from."""
    sections = [(label, getattr(config, label)) for label in SECTIONS]
    sections += [(f"modem.{modem.name}", modem) for modem in config.modems]
    sections += [(f"server.{server.name}", server) for server in config.servers]
    blocks = ["\n".join(_block(config, label, section)) for label, section in sections]
    return "\n\n".join([f"# {config.path}", *blocks]) + "\n"


def _block(config: Config, label: str, section: Any) -> Iterator[str]:
    yield f"[{label}]"
    for key in keys(type(section)):
        value = f"{key} = {_literal(getattr(section, key))}"
        yield f"{value:<40} # {config.sources.get(f'{label}.{key}', 'default')}"


def _literal(value: object) -> str:
    if value is None:
        return '""'
    if isinstance(value, tuple):
        return "[" + ", ".join(_literal(one) for one in value) + "]"
    if isinstance(value, (bool, int)):
        return json.dumps(value)
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (Path, Secret)):
        value = MASK if isinstance(value, Secret) else str(value)
    return json.dumps(value, ensure_ascii=False)
