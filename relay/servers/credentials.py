"""Where the server is and who we are to it. A password never shows in a repr or an error."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from relay.config_login import split_login
from relay.errors import ConfigError

_ADDRESS = re.compile(r"https?://.+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Credentials:
    """`url` has no login in it; the password is sent as UTF-8, which is what CouchDB decodes."""

    url: str
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def encrypted(self) -> bool:
        return self.url.startswith("https://")

    def authorization(self) -> str | None:
        """The value of the Authorization header, or None when there is no user."""
        if not self.user:
            return None
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


def read_credentials(
    url: str,
    *,
    user: str = "",
    password: str = "",
    password_file: Path | str | None = None,
    credential: str = "",
    environ: Mapping[str, str] | None = None,
) -> Credentials:
    """Split `https://user:password@host/path`; the keys beside the URL win over what is in it.

    In a URL the password may stand raw or percent-encoded; `password` is always taken as it is.
    Without one, the first line of `password_file` counts, then of the file `credential` in
    $CREDENTIALS_DIRECTORY (systemd.exec(5), LoadCredential). Raises `ConfigError`.
    """
    address, url_user, url_password = split_url(url)
    chosen = password or _from_file(password_file, credential, environ or {}) or url_password
    return Credentials(address, user or url_user, chosen)


def split_url(url: str) -> tuple[str, str, str]:
    """The URL without its login, the user and the password. Raises `ConfigError`."""
    address, user, password = split_login(url)
    if _ADDRESS.fullmatch(address) is None:
        raise ConfigError(
            ("the url of the server must look like https://cht.example.org/api/sms",)
        )
    return address, user, password


def _from_file(
    password_file: Path | str | None, credential: str, environ: Mapping[str, str]
) -> str:
    if password_file:
        return _first_line(Path(password_file))
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if folder and credential and Path(folder, credential).exists():
        return _first_line(Path(folder, credential))
    return ""


def _first_line(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise ConfigError((f"the password file {path} cannot be read: {cause}",)) from None
    if not lines or not lines[0]:
        raise ConfigError((f"the password file {path} is empty; write the password into it",))
    return lines[0]
