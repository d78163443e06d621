"""`relay demo`: the whole road on one computer, without a modem, in under a minute."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from relay.cli.desk import program
from relay.cli.printing import emit

if TYPE_CHECKING:
    from relay.demo.dialogue import Check
    from relay.demo.ledger import Ledger, Line
    from relay.demo.stage import Stage

_WIDTH = 80
# As in relay/demo/stories.py, which is imported late.
_STORIES = ("care", "peace", "blood", "notices", "pledge")
_EX_SOFTWARE = 70


@click.command(
    "demo",
    epilog="""\b
Examples:
  relay demo                  the story and a checked table
  relay demo --keep-running   then it stays up to play with; Ctrl-C ends it
  relay demo --json           the table for programs
  relay demo --story peace    who texts what and gets what, without any server
""",
)
@click.option("--story", type=click.Choice(_STORIES), help="What relay does for the community.")
@click.option("--keep-running", is_flag=True, help="Leave modem, server and relay up afterwards.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def demo(story: str | None, keep_running: bool, as_json: bool) -> None:
    """Show what relay does: a simulated modem, network and server, with the real daemon between.

    Five health workers report, the internet goes away and returns, the power fails in the
    middle of sending. A table at the end proves that everything arrived exactly once, byte for
    byte. The exit code is 0 only if it did.

    With --story no server is there: health workers report and are reminded (care), a ward is
    calmed (peace), donors are found (blood), a noticeboard is read (notices), a sum is promised
    (pledge).
    """
    with _stage(story) as stage:
        right = _tell(story, stage, as_json) if story else _play(stage, as_json)
        if keep_running and right:
            _keep(stage)
    sys.exit(0 if right else 1)


def _stage(story: str | None) -> Stage:
    from relay.demo import stage, stories

    return stories.stage_for(story) if story else stage.Stage()


def _tell(story: str, stage: Stage, as_json: bool) -> bool:
    from relay.demo import stories

    began = stage.now()

    def say(line: str) -> None:
        click.echo(f"{stage.now() - began:5.1f} s  {line}", err=as_json)

    checks = stories.play(story, stage, say)
    right = all(check.right for check in checks)
    _checked(checks, right, as_json)
    if not right:
        click.echo(f"\nThe end of relay's log:\n{_tail(stage)}", err=True)
    elif not as_json:
        click.echo(f"\nEverything was as it should be. ({stage.now() - began:.0f} s)")
    return right


def _checked(checks: Sequence[Check], right: bool, as_json: bool) -> None:
    if as_json:
        from dataclasses import asdict

        emit({"right": right, "checks": [asdict(check) for check in checks]})
        return
    click.echo("\nWhat was expected, and what was seen")
    for check in checks:
        room = _WIDTH - len(check.what) - 8
        click.echo(f"  {'ok' if check.right else '! '}  {check.what}: {check.seen[:room]}")
        if not check.right:
            click.echo(f"      expected: {check.wanted}\n      seen:     {check.seen}")


def _play(stage: Stage, as_json: bool) -> bool:
    from relay.demo.stage import StageFright
    from relay.demo.story import Story

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
