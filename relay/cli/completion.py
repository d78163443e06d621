"""`relay completion`: what makes a shell complete the commands of relay at the TAB key."""

from __future__ import annotations

import click

from relay.cli.desk import examples

SHELLS = ("bash", "zsh", "fish")


@click.command(
    epilog=examples(
        "relay completion bash | sudo tee /etc/bash_completion.d/relay",
        "relay completion zsh > ~/.zfunc/_relay",
        "relay completion fish > ~/.config/fish/completions/relay.fish",
    )
)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion of relay for a shell.

    `relay install` and the Debian package have put it into place already; this is for a relay
    that runs from a folder of its own. It completes commands, options, codes, the names of modems
    and, for who may read the database, the numbers of the latest messages.
    """
    click.echo(script(shell), nl=False)


def script(shell: str) -> str:
    """As it belongs into a file of its own."""
    from click.shell_completion import BashComplete, FishComplete, ZshComplete

    from relay.cli.main import main

    dialect = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}[shell]
    complete = dialect(main, {}, "relay", "_RELAY_COMPLETE")
    # click's own source() of bash first runs a bash to ask for its version.
    return f"{(complete.source_template % complete.source_vars()).rstrip()}\n"
