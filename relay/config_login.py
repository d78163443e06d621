"""The login inside a URL, as technicians paste it from cht-gateway's settings."""

from __future__ import annotations

import re
from urllib.parse import unquote

# As the Android app reads it (SimpleJsonClient2.java:39): greedy, so the last @ splits, and a
# password may hold any @ : / # ? of its own.
_URL = re.compile(r"(?P<scheme>[A-Za-z]+)://(?:(?P<login>.*)@)?(?P<rest>[^@]*)", re.DOTALL)
_ESCAPED = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*")


def split_login(url: str) -> tuple[str, str, str]:
    """`https://user:password@host/path` → the URL without its login, the user, the password.

    The password may stand raw or percent-encoded. What is no URL comes back as it is.
    """
    found = _URL.fullmatch(url.strip())
    if found is None:
        return url, "", ""
    user, _, password = (found["login"] or "").partition(":")
    return f"{found['scheme'].lower()}://{found['rest']}", decoded(user), decoded(password)


def decoded(text: str) -> str:
    """Percent-decoded if it is a whole percent-encoding of UTF-8, else as it stands."""
    if "%" not in text or _ESCAPED.fullmatch(text) is None:
        return text
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text
