"""What is known before anything is asked: the existing configuration, or the reference."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from relay.config_login import split_login
from relay.config_secrets import Unfit, outside, read_secret
from relay.setup.editing import Change, edited

BINDING = ("port", "imei", "usb", "usb_path")


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be written. `binding` is one key with its value; a secret is None where it stays
    as it is; `url` is empty for no server."""

    modem: str
    binding: tuple[str, str]
    number: str
    pin: str | None
    server: str
    url: str
    user: str
    password: str | None


class Known:
    """The values that are proposed; `text` is what is changed. Raises `Unfit` for no TOML."""

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self.path = path
        self._environ = environ
        self.exists = path.is_file()
        self.text = path.read_text("utf-8-sig", "surrogateescape") if self.exists else _reference()
        try:
            self._tables = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise Unfit(f"{path} is not TOML ({error}); correct it, or move it away") from None
        self.modem = self._first("modem", "usb1")
        self.server = self._first("server", "main")

    @property
    def binding(self) -> str:
        table = self._table("modem", self.modem)
        return next((str(table[key]) for key in reversed(BINDING) if table.get(key)), "auto")

    @property
    def number(self) -> str:
        return str(self._table("modem", self.modem).get("number", ""))

    @property
    def url(self) -> str:
        return split_login(self._written_url)[0] if self.exists else ""

    @property
    def user(self) -> str:
        table = self._table("server", self.server)
        return str(table.get("user") or split_login(self._written_url)[1] or "gateway")

    @property
    def pin(self) -> str:
        return self._secret("modem", self.modem, "pin")

    @property
    def password(self) -> str:
        inside = split_login(self._written_url)[2] if self.exists else ""
        return self._secret("server", self.server, "password") or inside

    @property
    def store(self) -> Path:
        """The database, as far as that can be told without reading all of the configuration."""
        state = self._environ.get("STATE_DIRECTORY", "/var/lib/relay").partition(":")[0]
        written = self._tables.get("store", {}).get("path") or f"{state}/relay.db"
        return self.path.parent / Path(str(written)).expanduser()

    def changed(self, choice: Choice) -> str:
        """The text with the choice in it; secrets leave it, as they have files of their own."""
        key, value = choice.binding
        modem: dict[str, str | bool] = {key: value, "number": choice.number}
        if not choice.number and not self.number:
            del modem["number"]
        others = [one for one in BINDING if one != key]
        changes = [Change(f"modem.{choice.modem}", modem, [*others, *_unless(choice.pin, "pin")])]
        if choice.url:
            login: dict[str, str | bool] = {"url": choice.url, "user": choice.user}
            secret = _unless(choice.password, "password")
            changes.append(Change(f"server.{choice.server}", login, secret))
        text = edited(self.text, changes)
        return text if choice.url or self.exists else _without_server(text, choice.server)

    # --- reading --------------------------------------------------------------------------------

    @property
    def _written_url(self) -> str:
        return str(self._table("server", self.server).get("url", ""))

    def _first(self, family: str, usual: str) -> str:
        found = self._tables.get(family)
        return next(iter(found), usual) if isinstance(found, dict) else usual

    def _table(self, family: str, name: str) -> Mapping[str, Any]:
        found = self._tables.get(family, {}).get(name, {})
        return found if isinstance(found, dict) else {}

    def _secret(self, family: str, name: str, key: str) -> str:
        folder = self.path.parent
        if (found := outside(f"{family}.{name}", key, self._environ, folder)) is not None:
            return found.text
        table = self._table(family, name) if self.exists else {}
        if file := table.get(f"{key}_file"):
            return read_secret(folder / Path(str(file)).expanduser())
        return str(table.get(key, ""))


def _unless(secret: str | None, key: str) -> list[str]:
    return [] if secret is None else [key, f"{key}_file"]


def _without_server(text: str, name: str) -> str:
    """The reference with its server commented out: messages stay on this computer."""
    lines, inside = [], False
    for line in text.splitlines():
        if line.startswith("["):
            inside = line == f"[server.{name}]"
        lines.append(f"# {line}" if inside and line and not line.startswith("#") else line)
    return "\n".join(lines) + "\n"


def _reference() -> str:
    return (resources.files("relay") / "data" / "relay.toml").read_text("utf-8")
