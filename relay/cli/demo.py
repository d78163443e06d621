"""`relay demo`: the whole road on one computer, without a modem, in under a minute."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import click

from relay.cli.desk import program
from relay.cli.printing import emit

if TYPE_CHECKING:
    from relay.demo.ledger import Ledger, Line
    from relay.demo.stage import Stage

_WIDTH = 80
_EX_SOFTWARE = 70


@click.command(
    "demo",
    epilog="""\b
Examples:
  relay demo                  the story and a checked table
  relay demo --keep-running   then it stays up to play with; Ctrl-C ends it
  relay demo --json           the table for programs
""",
)
@click.option("--keep-running", is_flag=True, help="Leave modem, server and relay up afterwards.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def demo(keep_running: bool, as_json: bool) -> None:
    """Show what relay does: a simulated modem, network and server, with the real daemon between.

    Five health workers report, the internet goes away and returns, the power fails in the
    middle of sending. A table at the end proves that everything arrived exactly once, byte for
    byte. The exit code is 0 only if it did.
    """
    from relay.demo.stage import Stage

    with Stage() as stage:
        right = _play(stage, as_json)
        if keep_running and right:
            _keep(stage)
    sys.exit(0 if right else 1)


def _play(stage: Stage, as_json: bool) -> bool:
    from relay.demo.story import StageFright, Story

    began = stage.now()

    def say(line: str) -> None:
        click.echo(f"{stage.now() - began:5.1f} s  {line}", err=as_json)

    story = Story(stage, say)
    try:
        ledger = story.play()
    except StageFright as fright:
        say(f"The story broke off: {fright}.")
        ledger = story.ledger()
        _show(ledger, as_json)
        click.echo(f"\nThe end of relay's log:\n{_tail(stage)}", err=True)
        return False
    took = stage.now() - began
    _show(ledger, as_json)
    if not as_json:
        click.echo(_verdict(ledger, took))
    return ledger.right


def _verdict(ledger: Ledger, took: float) -> str:
    if ledger.right:
        return f"\nEverything arrived exactly once, byte for byte. ({took:.0f} s)"
    return "\nNOT RIGHT: see the lines marked with !"


def _show(ledger: Ledger, as_json: bool) -> None:
    if as_json:
        from dataclasses import asdict

        emit({"right": ledger.right, **asdict(ledger)})
        return
    _table("Reports: health worker to server", "at server", ledger.reports)
    _table("Replies: server to handset", "on handset", ledger.replies)
    if ledger.strays:
        click.echo(f"! {ledger.strays} messages arrived that nobody sent")


def _table(title: str, arrived: str, lines: tuple[Line, ...]) -> None:
    click.echo(f"\n{title}")
    click.echo(f"  {'':<12}{'':<16}{'bytes':>6}{'sent':>6}{arrived:>12}  ")
    for line in lines:
        mark = "ok" if line.right else "!"
        size = len(line.text.encode())
        state = f"{line.state} " if line.state else ""
        click.echo(
            f"  {line.who:<12}{line.what:<16}{size:>6}{line.sent:>6}{line.arrived:>12}"
            f"  {state}{mark}"
        )


def _tail(stage: Stage, lines: int = 15) -> str:
    return "\n".join(stage.log.read_text(errors="replace").splitlines()[-lines:])


def _keep(stage: Stage) -> None:
    """Until Ctrl-C; the commands to play with are for another terminal."""
    relay = program()
    click.echo(
        f"""
Everything stays up. In another terminal:
  {relay} status --config {stage.config}
  {relay} inbox  --config {stage.config}
  {relay} send +254700000001 "Hello" --config {stage.config}
  tail -f {stage.log}
Here you speak to the virtual network: help shows how. Ctrl-C or quit ends it."""
    )
    try:
        if sys.stdin.isatty():
            _console(stage)
        else:
            while not threading.Event().wait(1):  # at most so long after a signal
                pass
    except (KeyboardInterrupt, EOFError):
        click.echo("\nTaken down.")


def _console(stage: Stage) -> None:
    from relay.simulator.prompt import Console

    console = Console(stage.network, [stage.modem], server=stage.server)
    while not console.over:
        click.echo(console.execute(input("network> ")))
