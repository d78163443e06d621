"""How long relay waits for a modem: every command has an end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """In seconds, but for `wake_tries`, the number of AT before a modem counts as silent.

    `prompt_s`: some firmware takes 20 s to a prompt under load. `answer_s`: networks take up to
    two minutes to take a message. `listing_s`: thirty messages at 9600 baud are 12 s;
    `quiet_s`: no modem reads its SIM for so long before it shows the first of them.
    `pause_s`: between two tries while the modem or its SIM is busy.
    """

    command_s: float = 10.0
    prompt_s: float = 30.0
    answer_s: float = 150.0
    listing_s: float = 90.0
    quiet_s: float = 25.0
    network_s: float = 45.0
    ussd_s: float = 60.0
    wake_s: float = 1.5
    wake_tries: int = 10
    resync_s: float = 3.0
    write_s: float = 10.0
    pause_s: float = 1.0
