"""The configuration: any file is read, or refused in words; never with a traceback."""

from __future__ import annotations

import tempfile
from pathlib import Path

from relay.config import load, show
from relay.config_keys import keys
from relay.config_sections import FAMILIES, SECTIONS
from relay.errors import ConfigError
from tests.fuzz.draw import Draw

_SECRET = "s3cr3t"
_KEYS = tuple(
    (f"{label}.x" if label in FAMILIES else label, key)
    for label, section in {**SECTIONS, **FAMILIES}.items()
    for key in keys(section)
)
_VALUES = (
    "0", "-1", "1", "99999999999999999999", "1e308", "nan", "inf", "true", '""', '"x"', "[]",
    '["x"]', "{}", "{x = {}}", "1979-05-27", '"\\u0000"', '"/"', '"~nobody/x"', '"$X"', '"é"',
    '"https://u:p@h:99999/"', '"http://[::1"', '"rfc2217://"', '"24:00"', '"\\n"', "[[[]]]",
)  # fmt: skip
_folder = tempfile.TemporaryDirectory(prefix="fuzz-")


def any_file(data: bytes) -> None:
    """Any bytes at all."""
    _loads(data)


def any_keys(data: bytes) -> None:
    """Keys that there are, with values that nobody would write."""
    draw = Draw(data)
    sections: dict[str, list[str]] = {"server.x": [f'password = "{_SECRET}"']}
    for _ in range(1 + draw.below(12)):
        label, key = draw.pick(_KEYS)
        if key != "password":
            sections.setdefault(label, []).append(f"{key} = {draw.pick(_VALUES)}")
    lines = [line for label, found in sections.items() for line in (f"[{label}]", *found)]
    _loads("\n".join([*lines, ""]).encode() + draw.rest())


def _loads(data: bytes) -> None:
    path = Path(_folder.name) / "relay.toml"
    path.write_bytes(data)
    try:
        config = load(path, {"HOME": _folder.name}, hostname=lambda: "clinic")
    except ConfigError as error:
        assert error.problems
        assert all(problem.startswith(str(path)) for problem in error.problems)
        said = str(error)
    else:
        said = show(config) + repr(config)
    assert _SECRET not in said, "a secret is shown"
