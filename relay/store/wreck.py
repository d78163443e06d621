"""Reading what can be read of a damaged database file, without changing a bit of it.

Three ways, each for a worse case: the file as it is; a copy with its log folded in and a header
of our own (the first hundred octets are the same in every store); and, where the list of tables
is gone, a copy for each table with a first page that names this table alone. For that the pages
at which the tables begin are written down beside the store at every start.

File format: https://www.sqlite.org/fileformat2.html
"""

from __future__ import annotations

import shutil
import sqlite3
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from relay.store import kinship

_PAGE = 4096  # SQLite's own choice, which relay has never changed
_HEADER = 100
_FRAME = 24  # the octets before each page in the log
_LOG_HEADER = 32


@contextmanager
def sources(
    damaged: Path, tables: Sequence[str], schema: Mapping[str, str]
) -> Iterator[dict[str, sqlite3.Connection]]:
    """For each table a connection that may be able to read it.

    `schema` has the statement that makes each table. Raises OSError where there is no room for
    a copy.
    """
    plain = _open(damaged, "mode=ro")
    if plain is not None:
        with closing(plain):
            yield dict.fromkeys(tables, plain)
        return
    prefix = f"{damaged.name}.mending-"
    for left in damaged.parent.glob(f"{prefix}*"):  # by a power cut
        shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix=prefix, dir=damaged.parent) as folder:
        copy = Path(folder) / "mended"
        shutil.copyfile(damaged, copy)
        _fold(copy, damaged.with_name(damaged.name + "-wal"))
        _mend_header(copy)
        found = _open(copy, "immutable=1")
        if found is not None:
            with closing(found):
                yield dict.fromkeys(tables, found)
            return
        opened = _one_by_one(copy, tables, schema, _roots(damaged))
        try:
            yield opened
        finally:
            for one in opened.values():
                one.close()


def _open(path: Path, how: str) -> sqlite3.Connection | None:
    """A connection that sees the list of tables, or None."""
    conn = sqlite3.connect(f"file:{quote(str(path.absolute()))}?{how}", uri=True)
    conn.row_factory = sqlite3.Row
    try:
        conn.execute("PRAGMA writable_schema = ON")  # a damaged entry hides no other
        conn.execute("SELECT name, sql FROM sqlite_master").fetchall()
        conn.execute("SELECT 1 FROM meta LIMIT 0")
    except (sqlite3.Error, UnicodeDecodeError):  # the latter for a name in the schema
        conn.close()
        return None
    return conn


# --- the header ---------------------------------------------------------------------------------


def _mend_header(copy: Path) -> None:
    """The header of every store: WAL, pages of 4096 octets, UTF-8, as many as there are."""
    with copy.open("r+b") as file:
        file.write(
            b"SQLite format 3\0"
            + struct.pack(">HBBBBBB", _PAGE, 1, 1, 0, 64, 32, 32)
            + bytes(20)  # change counter, size and free pages: not known, not needed
            + struct.pack(">III", 1, 4, 0)  # schema cookie and format, cache size
            + struct.pack(">IIII", 0, 1, 0, 0)  # vacuum, UTF-8, user version
            + bytes(28)
        )


# --- the log ------------------------------------------------------------------------------------


def _fold(copy: Path, log: Path) -> None:
    """Write the committed pages of the log into the copy, up to the first that is damaged."""
    try:
        found = log.read_bytes()
    except OSError:
        return
    pages: dict[int, bytes] = {}
    with copy.open("r+b") as file:
        for number, page, commits in _frames(found):
            pages[number] = page
            if commits:
                for at, content in pages.items():
                    file.seek((at - 1) * _PAGE)
                    file.write(content)
                pages.clear()


def _frames(log: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Each valid frame: its page number, the page, and whether it ends a transaction."""
    if len(log) < _LOG_HEADER or struct.unpack(">I", log[8:12])[0] != _PAGE:
        return
    order = ">" if struct.unpack(">I", log[:4])[0] & 1 else "<"
    salts, sums = log[16:24], _sums(order, (0, 0), log[:24])
    for at in range(_LOG_HEADER, len(log) - _FRAME - _PAGE + 1, _FRAME + _PAGE):
        head, page = log[at : at + _FRAME], log[at + _FRAME : at + _FRAME + _PAGE]
        sums = _sums(order, _sums(order, sums, head[:8]), page)
        if head[8:16] != salts or struct.unpack(">II", head[16:24]) != sums:
            return
        number, size = struct.unpack(">II", head[:8])
        yield number, page, size > 0


def _sums(order: str, sums: tuple[int, int], octets: bytes) -> tuple[int, int]:
    one, two = sums
    words = struct.unpack(f"{order}{len(octets) // 4}I", octets)
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two


# --- the list of tables -------------------------------------------------------------------------


def _roots(store: Path) -> dict[str, int]:
    found = kinship.notes(store).get("roots")
    return {str(name): int(page) for name, page in found.items()} if found else {}


def _one_by_one(
    copy: Path, tables: Sequence[str], schema: Mapping[str, str], begin: Mapping[str, int]
) -> dict[str, sqlite3.Connection]:
    opened = {}
    for table in tables:
        if table in begin and table in schema:
            own = copy.with_name(table)
            shutil.copyfile(copy, own)
            with own.open("r+b") as file:
                file.write(_first_page(copy.parent, schema[table], table, begin[table]))
            found = sqlite3.connect(f"file:{quote(str(own))}?immutable=1", uri=True)
            found.row_factory = sqlite3.Row
            opened[table] = found
    return opened


def _first_page(folder: Path, statement: str, table: str, root: int) -> bytes:
    """The first page of a database that has this table only, which begins at page `root`."""
    template = folder / "template"
    template.unlink(missing_ok=True)
    with closing(sqlite3.connect(template, isolation_level=None)) as conn:
        conn.execute(statement)
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute("UPDATE sqlite_master SET rootpage = ? WHERE name = ?", (root, table))
    page = bytearray(template.read_bytes()[:_PAGE])
    page[28:32] = bytes(4)  # as many pages as the file has
    return bytes(page)
