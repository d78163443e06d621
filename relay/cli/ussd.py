"""`relay ussd`: dial a USSD code through the running relay."""

from __future__ import annotations

import click

from relay.cli.calling import call, modem_option
from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit

# A modem may be in the middle of a submission, and then of the dialogue.
_PATIENCE_S = 240.0


@click.command(
    epilog=examples(
        "relay ussd '*100#'",
        "relay ussd '*144#' 1 2           answers to the menus that follow",
        "relay ussd '*100#' --modem usb2",
    )
)
@click.argument("code")
@click.argument("replies", nargs=-1, metavar="[REPLY]…")
@modem_option
@json_option
@config_option
@pass_desk
def ussd(
    desk: Desk, code: str, replies: tuple[str, ...], modem: str | None, as_json: bool
) -> None:
    """Dial a USSD code and print what the network says.

    It may cost money, so it is written into the journal: relay journal. Messages wait until the
    network has answered, [airtime] ussd_timeout_s at most.
    """
    answer = call(
        desk, "ussd", timeout_s=_PATIENCE_S, code=code, replies=list(replies), modem=modem
    )
    if as_json:
        emit(answer)
    else:
        data(str(answer["text"]))
