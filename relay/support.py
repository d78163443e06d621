"""What a stranger needs to help this station, and nothing that is its patients': a few files.

Each file is made by itself: where one cannot be made (a broken store, no permission), it says so,
and the others are there.
"""

from __future__ import annotations

import io
import json
import os
import platform
import re
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import relay
from relay.config import Config, show
from relay.core.health import judge
from relay.core.redaction import kept, veiled
from relay.status import free_space, is_held, observe
from relay.status_json import document
from relay.store.reading import Reader
from relay.whole_file import written_whole

Files = dict[str, bytes]

_MOST = 60_000  # octets of one file
_MOST_LOG = 300_000
_FACTS = ("modem.", "server.", "worker.", "daemon", "store.", "job.", "clock", "disk.", "ladder.")
_PATIENCE_S = 10
_README = """\
What is in here was made by `relay support-bundle` for those who help with relay.

{list}

It should have nobody's phone number, name, message, password, PIN or card number in it: numbers,
codes and words of relay's own were let through, and of everything else only the length. A program
can be mistaken. LOOK THROUGH THE FILES BEFORE YOU SEND THEM: they are plain text.
"""
_ABOUT = {
    "status.json": "what relay status says, codes and counts",
    "doctor.json": "what relay doctor found",
    "config.json": "the configuration: numbers and choices; texts, names and secrets left out",
    "facts.json": "what relay knows of modems and servers, with times",
    "store.json": "the database: schema, how many rows of each kind, whether it is sound",
    "survey.json": "what a running relay says of its modems",
    "log.txt": "the last lines of the log: events and codes; of the dialogue the commands only",
    "system.json": "kernel, Python, packages, disk, USB, the service",
}


def gathered(
    config: Config | None,
    mistakes: list[str],
    now: int,
    *,
    log: Callable[[], str],
    doctor: Callable[[], Any],
    survey: Callable[[], Any],
) -> Files:
    """The files, by name. Raises nothing."""
    path = config.store.path if config else None
    made: dict[str, Callable[[], Any]] = {
        "status.json": lambda: _status(config, now),
        "doctor.json": lambda: kept(doctor()),
        "config.json": lambda: _configuration(config, mistakes),
        "facts.json": lambda: _facts(path),
        "store.json": lambda: _store(path),
        "survey.json": lambda: kept(survey()),
        "system.json": lambda: _system(path),
        "log.txt": log,
    }
    files = {name: _written(name, make) for name, make in made.items()}
    listed = "\n".join(f"{name:14}{_ABOUT[name]}" for name in files)
    return {"README.txt": _README.format(list=listed).encode(), **files}


def pack(files: Files, target: Path) -> int:
    """Write them as a .tar.gz for its owner only; its size. Raises OSError."""
    with written_whole(target) as file, tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"relay-support/{name}")
            entry.size, entry.mode = len(content), 0o600
            tar.addfile(entry, io.BytesIO(content))
    return target.stat().st_size


def _written(name: str, make: Callable[[], Any]) -> bytes:
    try:
        made = make()
    except Exception as error:  # noqa: BLE001  # one broken part must not cost the others
        made = {"not_made": type(error).__name__}
    if isinstance(made, str):
        return made.encode("utf-8", "replace")[-_MOST_LOG:]
    content = json.dumps(made, indent=1, default=str).encode()
    return content if len(content) <= _MOST else b'{"not_made": "it would be too large"}'


# --- each file ----------------------------------------------------------------------------------


def _status(config: Config | None, now: int) -> Any:
    if config is None:
        return {"not_made": "the configuration has mistakes"}
    station = observe(config, now)
    return kept(document(station, judge(station)))


def _configuration(config: Config | None, mistakes: list[str]) -> Any:
    if config is None:
        return {"mistakes_at": mistakes}
    sources = {key: veiled(source.partition(" ")[0]) for key, source in config.sources.items()}
    return {"settings": kept(tomllib.loads(show(config))), "sources": sources}


def _facts(path: Path | None) -> Any:
    if path is None:
        return {}
    with Reader.open(path) as reader:
        facts = reader.facts()
    told = {
        key: {"value": kept(one.value, key.rpartition(".")[2]), "at": one.at}
        for key, one in facts.items()
        if key.startswith(_FACTS)
    }
    return {veiled(key): value for key, value in told.items()} | {
        "others": {"value": len(facts) - len(told)}
    }


_GROUPS = {
    "inbound": "state", "raw_pdu": "state", "outbound": "status", "part": "state",
    "forwarding": "state", "status_update": "status",
}  # fmt: skip


def _store(path: Path | None) -> Any:
    if path is None:
        return {}
    files = {one.name[len(path.name) :] or "itself": one.stat().st_size
             for one in path.parent.glob(f"{path.name}*") if one.is_file()}  # fmt: skip
    told: dict[str, Any] = {
        "files": {veiled(name): size for name, size in files.items()},
        "held": is_held(path),
    }
    try:
        with Reader.open(path) as reader:
            return told | _looked_at(reader)
    except Exception as error:  # noqa: BLE001  # the sizes are worth something by themselves
        return told | {"not_read": type(error).__name__}


def _looked_at(reader: Reader) -> dict[str, Any]:
    schema = reader.query("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY 1")
    tables = [row["name"] for row in schema if row["sql"].startswith("CREATE TABLE")]
    return {
        "migrations": [
            row["name"] for row in reader.query("SELECT name FROM _sqlite_migrations ORDER BY 1")
        ],
        "rows": {one: reader.value(f"SELECT count(*) FROM {one}") for one in tables},  # noqa: S608  # of the schema
        "states": {
            table: {
                _code(row["word"]): row["n"]
                for row in reader.query(
                    f"SELECT {column} AS word, count(*) AS n FROM {table} GROUP BY 1"  # noqa: S608  # constants
                )
            }
            for table, column in _GROUPS.items()
        },
        "sound": veiled(str(reader.value("PRAGMA quick_check(1)")))[:200],
        "pages": reader.value("PRAGMA page_count"),
        "free_pages": reader.value("PRAGMA freelist_count"),
        "schema": {row["name"]: row["sql"] for row in schema},
    }


def _code(word: object) -> str:
    return str(word) if re.fullmatch("[A-Z_]{1,20}", str(word)) else "another"


def _system(path: Path | None) -> Any:
    unit = ("systemctl", "show", "relay", "-p",
            "ActiveState,SubState,Result,NRestarts,ExecMainStatus,MemoryCurrent")  # fmt: skip
    return {
        "relay": relay.__version__,
        "python": sys.version.split()[0],
        "kernel": platform.release(),
        "machine": platform.machine(),
        "system": _release(),
        "packages": {one.name: one.version for one in metadata.distributions() if one.name},
        "free": None if path is None else free_space(path.parent),
        "load": os.getloadavg(),
        "usb": _asked("lsusb"),
        "unit": _asked(*unit),
    }


def _release() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return ""


def _asked(*words: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """What a program of the system says; nothing where there is none."""
    try:
        done = subprocess.run(  # noqa: S603  # words of our own
            words, capture_output=True, text=True, timeout=_PATIENCE_S, check=False, env=environ
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [veiled(line)[:200] for line in done.stdout.splitlines()[:100]]
