"""Verbs about the local central server."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from relay.simulator.console import Misunderstood, Scene, Verb

if TYPE_CHECKING:
    from relay.simulator.server import CentralServer
    from relay.simulator.server_state import StoredReport

_ids = count(1)


def _server(scene: Scene) -> str:
    if scene.server is None:
        raise Misunderstood("there is no server")
    act = scene.word(0, "states")
    if act == "queue":
        message_id = f"console-{next(_ids)}"
        scene.server.queue(message_id, scene.word(1), scene.rest(2))
        return f"{message_id} waits for the next exchange"
    if act not in _ACTS:
        raise Misunderstood(f"the server cannot {act}")
    return _ACTS[act](scene.server)


def _reports(server: CentralServer) -> str:
    return "\n".join(map(told, server.reports)) or "none"


def told(report: StoredReport) -> str:
    return f"{report.sender}: {report.content} ({report.id})"


def _states(server: CentralServer) -> str:
    return "\n".join(f"{name}: {state}" for name, state in server.states.items()) or "none"


def _stop(server: CentralServer) -> str:
    server.stop()
    return "the server is down"


def _start(server: CentralServer) -> str:
    server.start()
    return f"the server is up at {server.url}"


_ACTS = {"reports": _reports, "states": _states, "stop": _stop, "start": _start}

SERVER_VERBS = {
    "server": Verb(
        _server,
        "server queue NUMBER TEXT | reports | states | stop | start",
        "the central server: what it wants sent, what it got; down and up",
    ),
}
