"""The language that a person is spoken to: from the configuration, else from the environment.

`_` marks a sentence (it is `relay.core.said.say`); `tongue` is what says it. A language that relay
does not know, or a catalog that is damaged, is English.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from relay.core.said import ENGLISH, Tongue, say

__all__ = ["LANGUAGES", "language", "tongue"]

LANGUAGES = ("en", "fr", "sw", "es", "ne", "pt")
LOCALE = Path(__file__).with_name("locale")

_ = say
# What sets thousands apart: a blank that does not break, where a comma would be a decimal mark.
_THOUSANDS = {"fr": "\u00a0", "es": "\u00a0", "pt": "\u00a0"}
# In the order of setlocale(3); the first that is set decides, LANGUAGE of gettext before all.
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def language(wished: str, environ: Mapping[str, str]) -> str:
    """`wished` is that of the configuration, empty where it leaves it to the environment."""
    said = wished or next(filter(None, map(environ.get, _VARIABLES)), "")
    short = said.replace("-", "_").partition("_")[0].partition(".")[0].lower()
    return short if short in LANGUAGES else "en"


def tongue(wished: str, environ: Mapping[str, str]) -> Tongue:
    """Reads one catalog, and none for English. Raises nothing."""
    chosen = language(wished, environ)
    return ENGLISH if chosen == "en" else _read(chosen)


def _read(chosen: str) -> Tongue:
    import gettext  # not for English

    class Catalog(gettext.GNUTranslations):
        thousands = _THOUSANDS.get(chosen, ",")

    try:
        with (LOCALE / chosen / "LC_MESSAGES" / "relay.mo").open("rb") as file:
            return Catalog(file)
    except (OSError, ValueError, UnicodeError):
        return ENGLISH
