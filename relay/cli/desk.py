"""What the commands share: the clock, the configuration, the store, and the words for failures."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from relay.clock import SystemClock, from_local

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from relay.config import Config
    from relay.flows.ports import Clock
    from relay.store.database import Database
    from relay.store.outbox import Outbox
    from relay.store.reading import Reader

EX_NOT_RUNNING = 3  # as systemctl says it
# sysexits.h
EX_USAGE = 64
EX_DATAERR = 65
EX_SOFTWARE = 70
EX_CANTCREAT = 73
EX_IOERR = 74
EX_CONFIG = 78


class MessageId(click.IntRange):
    """The number of a message in the inbox or the outbox."""

    name = "message id"

    def __init__(self) -> None:
        super().__init__(1, 2**63 - 1)  # what a column of SQLite holds

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from relay.cli.completing import message_ids

        return message_ids(ctx, incomplete)


class LocalTime(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.2 on
    """A moment of the clock on the wall, as epoch milliseconds."""

    name = "yyyy-mm-dd hh:mm"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return value if isinstance(value, int) else from_local(value)
        except (ValueError, OverflowError, OSError):
            self.fail(f"{value!r} is no time; write it as '2026-11-25 08:00'", param, ctx)


F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Desk:
    """One command's surroundings; tests bring their own clock and environment."""

    clock: Clock = field(default_factory=SystemClock)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    config_path: str | None = None

    def config(self) -> Config:
        """Raises `ConfigError`."""
        from relay.config import load

        return load(self.config_path, self.environ)

    def reader(self) -> Reader:
        """The store, read-only. Raises `StoreError`."""
        from relay.store.reading import Reader

        return Reader.open(self.config().store.path)

    def store(self, config: Config) -> Database:
        """The store, to write into, beside the daemon or without it. Raises `StoreError`."""
        from relay.cli.writing import open_store
        from relay.store.facts import Facts
        from relay.timekeeper import Kept, Timekeeper

        db = open_store(config.store.path)
        kept = Facts(db).get("clock")
        if kept is not None and isinstance(self.clock, SystemClock):
            # What is written beside the daemon is dated as the daemon would.
            keeper = Timekeeper(self.clock)
            keeper.resume(Kept.of(kept.at, kept.value))
            self.clock = keeper
        return db

    def outbox(self, config: Config, db: Database) -> Outbox:
        from relay.cli.writing import composition
        from relay.store.outbox import Outbox

        rules, limits = config.sending.rules, config.loops.limits
        return Outbox(db, composition(config.sending), rules, limits)


pass_desk = click.make_pass_decorator(Desk, ensure=True)


def _remember(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.ensure_object(Desk).config_path = value


def config_option(command: F) -> F:
    """--config, which is understood before and behind the name of a command."""
    return click.option(
        "--config",
        metavar="FILE",
        expose_value=False,
        callback=_remember,
        help="The configuration; else $RELAY_CONFIG, else /etc/relay/relay.toml.",
    )(command)


def program() -> str:
    """How this very relay is typed in another terminal, where no virtual environment is active."""
    own = Path(sys.argv[0]).absolute()
    if own.name != "relay":
        return f"{sys.executable} -m relay"
    return str(own) if own.is_relative_to(sys.prefix) else "relay"


def json_option(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="For programs; see docs/cli.md.")(
        command
    )


def yes_option(command: F) -> F:
    return click.option("--yes", is_flag=True, help="Do not ask.")(command)


def numbers_option(command: F) -> F:
    return click.option("--show-numbers", is_flag=True, help="Phone numbers in full.")(command)


def text_option(command: F) -> F:
    return click.option("--text", "show_text", is_flag=True, help="The texts as well.")(command)


def examples(*lines: str) -> str:
    """An epilog that keeps its lines."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
