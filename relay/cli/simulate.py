"""`relay simulate`: modems, a network and a server to learn with and to test against."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path

import click

from relay.cli.desk import EX_CANTCREAT, EX_USAGE, Desk, examples, pass_desk, program

_PROFILES = ("huawei-e17x", "sim800", "quectel-ec2x")


def _folder() -> Path:
    """The same at every start, so that a configuration that was named once stays good."""
    return Path(tempfile.gettempdir()) / f"relay-simulate-{os.getuid()}"


@click.command(
    "simulate",
    epilog=examples(
        "relay simulate",
        "relay simulate --modems 2 --profile sim800 --baud 115200",
        "relay simulate --tcp 7000 --no-server",
        "relay simulate --usb --modems 2",
        "relay simulate --control /run/user/1000/network.sock < /dev/null &",
    ),
)
@click.option("--modems", default=1, type=click.IntRange(1, 32), show_default=True)
@click.option("--profile", default=_PROFILES[0], type=click.Choice(_PROFILES), show_default=True)
@click.option(
    "--number",
    default="+254711000000",
    metavar="NUMBER",
    show_default=True,
    help="Of the first modem; the others count on from there.",
)
@click.option(
    "--link",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=_folder,
    metavar="DIR",
    help="For the ports (modem1, …), relay.toml and the database; else one in /tmp.",
)
@click.option(
    "--baud", type=click.IntRange(300), metavar="N", help="Line speed; else as fast as can be."
)
@click.option(
    "--control",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="SOCKET",
    help="A Unix socket that takes the same lines as the prompt, or JSON.",
)
@click.option(
    "--tcp",
    type=click.IntRange(0, 65500),
    metavar="PORT",
    help="Put the modems on TCP ports from here on (0: any), not on ptys.",
)
@click.option(
    "--usb",
    is_flag=True,
    help="Put the modems on a USB bus, each with several ports; relay finds them by IMEI.",
)
@click.option("--server/--no-server", default=True, help="With a local central server, or not.")
@pass_desk
def simulate(  # one argument for each option
    desk: Desk,
    modems: int,
    profile: str,
    number: str,
    folder: Path,
    baud: int | None,
    control: Path | None,
    tcp: int | None,
    usb: bool,
    server: bool,
) -> int:
    """Simulate modems, a network and a server, to learn and to test.

    Prints the ports, the server and a configuration for `relay run`. Then it takes commands:
    texts from handsets, faults of modems, what the network refuses. `help` lists them, `quit`
    or Ctrl-C ends it. At the end of a piped input it goes on until it is terminated.
    """
    from relay.simulator.simulation import Options, run

    if usb and tcp is not None:
        click.echo(
            "A modem is on the USB bus or on a TCP port: leave out --usb or --tcp.", err=True
        )
        return EX_USAGE
    if not number.removeprefix("+").isdigit():
        click.echo(f"{number} is no phone number: write it as +254711000000.", err=True)
        return EX_USAGE
    options = Options(
        folder, modems, profile, number, baud=baud, tcp=tcp, control=control, server=server,
        relay=program(), usb=usb,
    )  # fmt: skip
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run(options, desk.clock.now, person=sys.stdin.fileno(), say=_say, ask=_ask)
    except KeyboardInterrupt:
        click.echo("Taken down.", err=True)
    except OSError as error:
        click.echo(f"The simulation cannot be put up: {error}.", err=True)
        return EX_CANTCREAT
    return 0


def _say(text: str) -> None:
    if text:
        click.echo(text)


def _ask() -> None:
    if sys.stdin.isatty():
        click.echo("network> ", nl=False)
