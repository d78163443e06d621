"""From TOML tables to sections: one pass that collects every problem instead of stopping."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from relay.config_keys import keys
from relay.config_lines import Lines
from relay.config_login import split_login
from relay.config_secrets import Found, Secret, Unfit, credential, outside, read_secret, variable
from relay.config_sections import (
    FAMILIES,
    SECTIONS,
    Config,
    ModemConfig,
    ServerConfig,
)
from relay.config_values import Place, Reader, kind, nearest, readable_file

# Also the name of a thread, of an environment variable and of a credential.
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")

S = TypeVar("S")
Table = Mapping[str, Any]
Rule = Mapping[Any, Any]


@dataclass
class Reading:
    """What was found out so far. A value with a problem is replaced by its default.

    `wronged` are the (label, key) that have one already.
    `holds_secret`: a password or a PIN stands in the file itself, whether it counts or not.
    """

    path: Path
    place: Place
    at: Lines
    problems: list[str] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    wronged: set[tuple[str, str]] = field(default_factory=set)
    holds_secret: bool = False

    def wrong(self, label: str, key: str, what: str) -> None:
        """Note a problem as `file:line: [section] key: what is wrong; what to write instead`."""
        self.wronged.add((label, key))
        line = self.at.get((label, key)) or self.at.get((label, ""))
        where = f"{self.path}:{line}" if line else str(self.path)
        named = " ".join(filter(None, (label and f"[{label}]", key)))
        self.problems.append(f"{where}: {named}: {what}")

    def whole(self, tables: Table) -> Config:
        for label in tables:
            self._known(label, tables[label])
        single: dict[str, Any] = {
            label: self._section(label, section, _table(tables, label))
            for label, section in SECTIONS.items()
        }
        return Config(
            path=self.path,
            modems=tuple(self._family("modem", ModemConfig, _table(tables, "modem"))),
            servers=tuple(self._family("server", ServerConfig, _table(tables, "server"))),
            **single,
        )

    def _known(self, label: str, table: object) -> None:
        known = [*SECTIONS, *FAMILIES]
        if label in known:
            if not isinstance(table, dict):
                self.wrong(label, "", f"is {kind(table)}; it must be a section in [ ]")
        elif isinstance(table, dict):
            self.wrong(label, "", f"is an unknown section{nearest(label, known) or '; remove it'}")
        else:
            self.wrong(
                "", label, f"stands outside of any section{_elsewhere(label) or '; remove it'}"
            )

    def _family(self, label: str, section: type[S], tables: Table) -> Iterable[S]:
        for name, table in tables.items():
            member = f"{label}.{name}"
            if not isinstance(table, dict):
                self.wrong(
                    label, name, f"a {label} has a name of its own; write [{label}.NAME] above it"
                )
            elif _NAME.fullmatch(name):
                yield self._section(member, section, table, name=name)
            else:
                rule = "a name has small letters, digits and hyphens, at most 31"
                self.wrong(member, "", f"{rule}; write [{label}.{_like(name)}]")

    def _section(self, label: str, section: type[S], table: Table, **given: str) -> S:
        for key in [key for key in table if key not in keys(section)]:
            near = nearest(key, keys(section)) or _elsewhere(key) or "; remove it"
            self.wrong(label, key, f"is an unknown key{near}")
        lent = self._login(table) if section is ServerConfig else {}
        whole = {**table, **lent}
        found = {key: self._key(label, section, key, whole) for key in keys(section)}
        for key in lent.keys() - {"url"}:
            if self.sources[f"{label}.{key}"] == "file":
                self.sources[f"{label}.{key}"] = "url"
        return section(**given, **found)

    def _login(self, table: Table) -> Table:
        """The URL without its login, and of that login what no key beside the URL says."""
        if not isinstance(table.get("url"), str):
            return {}
        address, user, password = split_login(table["url"])
        self.holds_secret |= bool(password)
        lent = {"url": address}
        if user and not table.get("user"):
            lent["user"] = user
        if password and not (table.get("password") or table.get("password_file")):
            lent["password"] = password
        return lent

    def _key(self, label: str, section: type, key: str, table: Table) -> Any:
        declared = keys(section)[key]
        self.sources[f"{label}.{key}"] = "file" if key in table else "default"
        default = "" if declared.default is MISSING else declared.default
        if declared.metadata.get("secret"):
            return self._secret(label, key, declared.metadata, table)
        if key in table:
            return self._value(label, key, declared.metadata["read"], table[key], default)
        if declared.default is MISSING:
            self.wrong(label, key, f"is missing; write {key} = {declared.metadata['example']}")
        return default

    def _value(self, label: str, key: str, read: Reader, raw: object, default: object) -> Any:
        try:
            return read(raw, self.place)
        except Unfit as error:
            self.wrong(label, key, str(error))
            return default

    def _secret(self, label: str, key: str, rule: Rule, table: Table) -> Secret | None:
        if table.get(key) and table.get(f"{key}_file"):
            self.wrong(label, key, f"stands beside {key}_file; keep only one of the two")
        self.holds_secret |= bool(table.get(key))
        try:
            found = outside(label, key, self.place.environ, self.place.folder) or self._in_file(
                key, table
            )
            secret: Secret | None = rule["read"](
                found.text if found else table.get(key, ""), self.place
            )
        except Unfit as error:
            self.wrong(label, key, str(error))
            return None
        if found:
            self.sources[f"{label}.{key}"] = found.source
        elif secret is None and rule["needed"] and not table.get(f"{key}_file"):
            self.wrong(label, key, _missing_secret(label, key))
        return secret

    def _in_file(self, key: str, table: Table) -> Found | None:
        """The secret in `<key>_file`; a path that is wrong is the problem of that key alone."""
        try:
            path = readable_file(table.get(f"{key}_file", ""), self.place)
        except Unfit:
            return None
        return Found(read_secret(path), f"{key}_file") if path else None


def _table(tables: Table, label: str) -> Table:
    table = tables.get(label, {})
    return table if isinstance(table, dict) else {}


def _missing_secret(label: str, key: str) -> str:
    return (
        f'is missing; write {key} = "…" or {key}_file = "…", or set {variable(label, key)}, '
        f"or let systemd load the credential {credential(label, key)}"
    )


def _elsewhere(key: str) -> str:
    """Where a key would be at home, if it is a key at all."""
    homes = [f"[{label}]" for label, section in SECTIONS.items() if key in keys(section)]
    homes += [f"[{label}.NAME]" for label, section in FAMILIES.items() if key in keys(section)]
    return f"; it belongs into {' or '.join(homes)}" if homes else ""


def _like(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:31]
    return plain if _NAME.fullmatch(plain) else "NAME"
