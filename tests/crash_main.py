"""relay as it is shipped, except that it dies at a named point: `python -m tests.crash_main`.

Arguments: the configuration, and the point (none: it does not die). Death is `os._exit(9)`:
like a power cut, no buffer is flushed and no `finally` runs. The points are laid around methods
from outside, so that relay itself knows nothing of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial, wraps
from pathlib import Path
from typing import Any, NoReturn

from relay import config, daemon
from relay.core.outbound import Accepted
from relay.errors import ConfigError
from relay.modem.driver import GsmDriver
from relay.modem.wire import Wire
from relay.servers.cht import ChtServer
from relay.store.exchanges import Exchanges
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox

DEAD = 9

Lay = Callable[[], None]


def _die(*_: object, **__: object) -> NoReturn:
    os._exit(DEAD)


def _after(
    owner: type, name: str, when: Callable[..., object] = lambda result, *_: result
) -> None:
    """Die when the method has returned something; `when` gets the result and the arguments."""
    original = getattr(owner, name)

    @wraps(original)
    def dying(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if when(result, *args):
            _die()
        return result

    setattr(owner, name, dying)


def _on_air(claimed: bool) -> None:
    """Die while the modem sends; with `claimed`, after the next part was claimed."""
    for name in ("submit", "submit_stored"):
        _wrap_on_air(name, claimed)


def _wrap_on_air(name: str, claimed: bool) -> None:
    original = getattr(GsmDriver, name)

    def dying(driver: GsmDriver, what: object, on_air: Callable[[], None], *more: object) -> int:
        def die() -> None:
            if claimed:
                on_air()
            _die()

        return int(original(driver, what, die, *more))

    setattr(GsmDriver, name, dying)


def _submitted() -> None:
    for name in ("submit", "submit_stored"):
        _after(GsmDriver, name, lambda *_: True)


def _always(*_: object) -> bool:
    return True


POINTS: Mapping[str, Lay] = {
    # inward
    "after the listing": partial(_after, GsmDriver, "list_pdus"),
    "after a slot was read": partial(_after, GsmDriver, "read_pdu"),
    "after keep": partial(_after, Inbox, "keep", _always),
    "after a slot was freed": partial(_after, GsmDriver, "delete"),
    "after digest": partial(_after, Inbox, "digest", lambda done, *_: done.raws),
    # outward
    "after claim": partial(_after, Outbox, "claim"),
    "in the prompt": lambda: setattr(Wire, "_launch", _die),
    "after the modem stored it": partial(_after, GsmDriver, "store"),
    "after the slot was noted": partial(_after, Outbox, "place", _always),
    "on the air": partial(_on_air, False),
    "on the air, the next one claimed": partial(_on_air, True),
    "after the modem accepted": _submitted,
    "after the acceptance was recorded": partial(
        _after, Outbox, "record", lambda _, *args: isinstance(args[-1], Accepted)
    ),
    # between relay and the server
    "before the request": partial(
        _after, Exchanges, "begin", lambda _, *args: args[-1] or args[-2]
    ),
    "after the answer": partial(
        _after, ChtServer, "exchange", lambda answer, *args: any(args[1:]) or answer.messages
    ),
    "after the answer was settled": partial(
        _after, Exchanges, "settle",
        lambda settled, *_: settled.forwarded or settled.told or settled.new,
    ),
}  # fmt: skip


def main(path: str, point: str = "") -> int:
    try:
        settings = config.load(Path(path), os.environ)
    except ConfigError as error:
        sys.stderr.write("\n".join(error.problems) + "\n")
        return 78
    if point:
        POINTS[point]()
    return daemon.main(settings, os.environ)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
