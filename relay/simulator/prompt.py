"""The control prompt of the simulation: `Console.execute(line) -> str`.

A line is a verb and its words. Verbs about a modem may begin with its name (`modem2 unplug`);
without one they mean the first modem.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from relay.errors import RelayError
from relay.simulator.console import Misunderstood, Scene, Verb
from relay.simulator.console_modem import MODEM_VERBS
from relay.simulator.console_network import NETWORK_VERBS
from relay.simulator.console_server import SERVER_VERBS

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem
    from relay.simulator.network import Network
    from relay.simulator.server import CentralServer

VERBS = {**MODEM_VERBS, **NETWORK_VERBS, **SERVER_VERBS}
_END = {"quit", "exit"}


class Console:
    """Directs a network, its modems (modem1, modem2, …) and perhaps a server.

    `places` says where each modem is plugged in. `over` is true after `quit`.
    """

    def __init__(
        self,
        network: Network,
        modems: Sequence[SimulatedModem],
        *,
        places: Sequence[str] = (),
        server: CentralServer | None = None,
    ) -> None:
        self.over = False
        self._network = network
        self._modems: Mapping[str, SimulatedModem] = {
            f"modem{number}": modem for number, modem in enumerate(modems, 1)
        }
        self._places = dict(zip(self._modems, places, strict=False))
        self._server = server

    def execute(self, line: str) -> str:
        """Do what the line says; returns what there is to say about it, and never raises."""
        text = line.strip()
        if not text or text.startswith("#"):
            return ""
        name, (first, rest) = next(iter(self._modems)), _parted(text)
        if first in self._modems:
            name, (first, rest) = first, _parted(rest or "status")
        return self._obey(name, first, rest)

    def _obey(self, name: str, word: str, rest: str) -> str:
        if word in _END:
            self.over = True
            return "bye"
        if word == "help":
            return _help(rest.split())
        if word not in VERBS:
            return f"There is no {word!r} here; say help for what there is. Nothing was done."
        scene = Scene(self._network, self._modems, self._places, self._server, name, rest)
        try:
            return VERBS[word].say(scene)
        except (Misunderstood, RelayError) as error:
            return f"Nothing was done: {error}.\nUsage: {VERBS[word].usage}"


def _parted(text: str) -> tuple[str, str]:
    first, _, rest = text.partition(" ")
    return first, rest.strip()


def _help(words: list[str]) -> str:
    if chosen := [VERBS[word] for word in words if word in VERBS]:
        return "\n".join(_explained(verb) for verb in chosen)
    width = max(map(len, VERBS))
    meanings = {word: verb.meaning for word, verb in VERBS.items()} | {
        "quit": "end the simulation"
    }
    lines = [f"{word:<{width}}  {meaning}" for word, meaning in meanings.items()]
    return "\n".join([*lines, "How one of them is written: help WORD, such as  help handset"])


def _explained(verb: Verb) -> str:
    """Its meaning, and below it every way to write it; a long line is broken between two ways."""
    wide = [way.replace(" ", "\0") for way in verb.usage.split(" | ")]
    usage = textwrap.wrap(" | ".join(wide), 76, initial_indent="  ", subsequent_indent="    ")
    return "\n".join([verb.meaning, *(line.replace("\0", " ") for line in usage)])
