"""Write docs/cli.md from the commands themselves: `make docs`. A test fails when it is stale."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from relay.cli.main import main

PAGE = Path(__file__).with_name("cli.md")
WIDTH = 80

HEAD = """\
# Commands

Made by `make docs` from the commands' own help; change it there.

Data goes to the standard output, everything said about it to the standard error. Output is plain
text where nobody looks at it or `NO_COLOR` is set, and never says anything by colour alone.
Phone numbers show their last three digits unless `--show-numbers` is given; lists hold no texts
unless `--text` is given. Exit codes are in [operations.md](operations.md#exit-codes).

`--json` prints one object on one line. Its `schema` is 1: keys may be added under the same number,
and none changes its meaning. Times are epoch milliseconds; `null` is "not known". In
`relay status --json`, `problems` is ordered by what blocks most, and each `code` is stable;
`verdict` is `ok`, `warn`, `crit` or `unknown` and `exit` the exit code; `modems`, `servers` and
`airtime` have the time of their facts (`seen_at`, `last_ok`, `at`), `in`, `out`, `store` and
`power` are of the moment `at`; `off` is when relay was off in the last day. Its words are English.
"""


def page() -> str:
    """The whole of docs/cli.md."""
    return "\n".join([HEAD, *_sections(main, None, "relay")])


def _sections(command: click.Command, parent: click.Context | None, path: str) -> Iterator[str]:
    name = path.rpartition(" ")[2]
    settings = {**command.context_settings, "max_content_width": WIDTH, "terminal_width": WIDTH}
    context = click.Context(command, parent=parent, info_name=name, **settings)
    yield f"## {path}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for child_name in command.list_commands(context):
            child = command.get_command(context, child_name)
            if child is not None and not child.hidden:
                yield from _sections(child, context, f"{path} {child_name}")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
