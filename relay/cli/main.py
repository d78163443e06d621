"""`relay`: a group that imports a command only when it is called.

`relay status` must answer in a blink on an old laptop, so it may not pay for the modem's or the
server's libraries.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import keyword
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

from relay import __version__
from relay.cli.desk import (
    EX_CANTCREAT,
    EX_CONFIG,
    EX_DATAERR,
    EX_IOERR,
    EX_NOT_RUNNING,
    EX_USAGE,
    config_option,
    examples,
)
from relay.errors import ConfigError, NumberError, RelayError, StoreError, TextError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# In the order of a technician's day, as `relay --help` shows them.
_GROUPS = {
    "How it is": (
        "status", "monitor", "doctor", "explain", "log", "history", "alerts",
    ),
    "Messages": ("send", "inbox", "outbox", "trace"),
    "Modem, SIM and airtime": (
        "modems", "survey", "sim", "balance", "airtime", "ussd", "at",
    ),
    "The running relay": ("sync", "pause", "resume", "reload", "loglevel", "journal"),
    "Community": (
        "people", "places", "forms", "channels", "callouts", "reminders", "try", "report",
    ),
    "Setting up": (
        "setup", "config", "install", "uninstall", "upgrade-check", "completion", "run", "version",
    ),
    "Keeping and handing over": (
        "backup", "restore", "audit", "export", "import", "purge", "erase", "support-bundle",
    ),
    "Learning and trying": ("demo", "simulate"),
}  # fmt: skip


def _module(name: str) -> str:
    return f"relay.cli.{_identifier(name)}"


def _identifier(name: str) -> str:
    """`relay import` is in import_.py, since Python has that word for itself."""
    return f"{name}_" if keyword.iskeyword(name) else name.replace("-", "_")


class Commands(click.Group):
    """Finds `relay NAME` in the module relay.cli.NAME, under the same name."""

    def list_commands(self, _: click.Context) -> list[str]:
        names = (name for group in _GROUPS.values() for name in group)
        return [name for name in names if importlib.util.find_spec(_module(name))]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(context):
            return None
        module = importlib.import_module(_module(name))
        command = getattr(module, _identifier(name))
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """In their groups, all in one column."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        width = max(len(name) for name in commands)
        for title, names in _GROUPS.items():
            rows = [
                (name.ljust(width), command.get_short_help_str(formatter.width - width - 6))
                for name in names
                if (command := commands.get(name)) is not None
            ]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names alone: to say what each does would import them all, at each TAB."""
        from relay.cli.completing import beginning

        names = beginning(self.list_commands(ctx), incomplete)
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(context, args)
        except click.UsageError as error:
            if near := difflib.get_close_matches(args[0], self.list_commands(context), n=1):
                raise click.UsageError(
                    f"{error.message} Did you mean {near[0]}?", context
                ) from None
            raise

    def main(  # type: ignore[override]  # it always exits, with a code of ours
        self, args: Sequence[str] | None = None, **extra: Any
    ) -> NoReturn:
        """Run one command and exit with its code, in the words of sysexits.h."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # a terminal that knows no umlauts
        extra["standalone_mode"] = False
        sys.exit(_run(super().main, args, extra))


def _run(run: Any, args: Sequence[str] | None, extra: dict[str, Any]) -> int:
    try:
        code = run(args, **extra)
    except click.UsageError as error:
        error.show()
        return EX_USAGE
    except click.ClickException as error:
        error.show()
        return 1
    except click.Abort:
        return 130  # 128 + SIGINT, as shells say
    except RelayError as error:
        return complain(error)
    return code if isinstance(code, int) else 0


def complain(error: RelayError) -> int:
    """Say on stderr what went wrong; the exit code that stands for it."""
    from relay.cli.printing import note

    for problem in error.problems if isinstance(error, ConfigError) else (str(error),):
        note(problem)
    return _code(error)


def _code(error: RelayError) -> int:
    from relay.cli.writing import NoPlace
    from relay.control.client import NobodyThere

    if isinstance(error, ConfigError):
        return EX_CONFIG
    if isinstance(error, NobodyThere):
        return EX_NOT_RUNNING
    if isinstance(error, NumberError | TextError):
        return EX_DATAERR
    if isinstance(error, NoPlace):
        return EX_CANTCREAT
    return EX_IOERR if isinstance(error, StoreError) else 1


@click.command(
    "relay",
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog=examples("relay status", "relay send +254700000001 'Come to the clinic today'"),
)
@click.version_option(__version__, message="relay %(version)s", help="Say which relay this is.")
@config_option
def main() -> None:
    """An SMS gateway for a clinic's laptop: a USB modem, a database, a central server."""
