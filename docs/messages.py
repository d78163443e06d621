"""Gather what relay says to people, and make its catalogs of other languages: `make messages`.

`relay/locale/relay.pot` has every sentence, a `.po` file for each language its translations, and
the `.mo` file beside it is what relay reads. All are committed, so that relay installs without
Babel; tests fail when they are stale. A sentence that is new is left empty in the .po files, and a
changed one gets a guess that is marked fuzzy: relay says both in English until somebody translates
them. `make messages` with a language in ARGS begins the catalog of another one.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
LOCALE = ROOT / "relay/locale"
TEMPLATE = LOCALE / "relay.pot"
# What marks a sentence, and which of its arguments it is (relay/core/said.py).
KEYWORDS = {"say": (1,), "template": (1,), "some": (2, 3), "plural": (1, 2)}
# What rules say to people by SMS is in config/community/words; their `say` is another one.
_WORDED = ("flows/answering/", "community/")
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def extracted() -> Catalog:
    """Every sentence, with the files that say it."""
    catalog = Catalog(project="relay", fuzzy=False)
    found = sorted(
        (file, line, message)
        for file, line, message, _, _ in extract_from_dir(ROOT / "relay", keywords=KEYWORDS)
        if not file.startswith(_WORDED)
    )
    for file, _, message in found:
        catalog.add(message, None, [(f"relay/{file}", 0)])
    return catalog


def catalogs() -> Iterator[tuple[Path, Catalog]]:
    """The .po file of each language with what is in it."""
    for path in sorted(LOCALE.glob("*/LC_MESSAGES/relay.po")):
        with path.open("rb") as file:
            yield path, read_po(file, locale=path.parent.parent.name)


def compiled(catalog: Catalog) -> bytes:
    """The .mo file; what is fuzzy is left out. Its header has no time of the day in it."""
    catalog.creation_date = catalog.revision_date = _LONG_AGO
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def written(catalog: Catalog) -> bytes:
    """The .po file, without times and lines: it changes only when a sentence does."""
    out = io.BytesIO()
    write_po(out, catalog, width=95, omit_header=True, include_lineno=False, ignore_obsolete=True)
    return _header(catalog) + out.getvalue()


def _header(catalog: Catalog) -> bytes:
    fields = ["Project-Id-Version: relay", "Content-Type: text/plain; charset=utf-8"]
    fields += ["Content-Transfer-Encoding: 8bit"]
    if catalog.locale is not None:
        fields += [
            f"Language: {catalog.locale_identifier}",
            f"Plural-Forms: {catalog.plural_forms}",
        ]
    lines = "".join(f'"{field}\\n"\n' for field in fields)
    return f'msgid ""\nmsgstr ""\n{lines}\n'.encode()


def begin(language: str) -> None:
    path = LOCALE / language / "LC_MESSAGES/relay.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(written(Catalog(locale=language)))


def main() -> None:
    for language in sys.argv[1:]:
        begin(language)
    found = extracted()
    TEMPLATE.write_bytes(written(found))
    for path, catalog in catalogs():
        catalog.update(found)
        path.write_bytes(written(catalog))
        with path.open("rb") as file:  # what stands there is what is compiled
            path.with_suffix(".mo").write_bytes(
                compiled(read_po(file, locale=path.parent.parent.name))
            )


if __name__ == "__main__":
    main()
