"""An answer that is still to come, from one or several threads of modems and servers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any

from relay.control.words import ControlRefused

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Promise:
    """What `compose` makes of the futures as soon as all are done, or after `limit_s`.

    Those that have not begun by then are cancelled: nothing is done for somebody who has gone.
    `compose` may raise `ControlRefused`.
    """

    futures: Sequence[Future[Any]]
    compose: Callable[[Sequence[Future[Any]]], Answer]
    limit_s: float

    @property
    def done(self) -> bool:
        return all(future.done() for future in self.futures)

    def when_done(self, ring: Callable[[], object]) -> None:
        for future in self.futures:
            future.add_done_callback(lambda _: ring())

    def give_up(self) -> None:
        """Cancel what has not begun."""
        for future in self.futures:
            future.cancel()

    def answer(self) -> Answer:
        """Raises `ControlRefused`."""
        return self.compose(self.futures)


def result(future: Future[Any], of: str) -> Any:
    """What became of one; raises `ControlRefused` where it is not done in time.

    `of` names in words who did not come to it. Else raises what the other thread raised.
    """
    if not future.done() or future.cancelled():
        begun = future.running()
        raise ControlRefused(
            "STILL_AT_IT" if begun else "BUSY",
            f"{of} has not finished in time." if begun else f"{of} had no time for it.",
            "It goes on; look again in a minute."
            if begun
            else "Nothing was done. Try again soon.",
        )
    try:
        return future.result()
    except CancelledError:
        raise ControlRefused("BUSY", f"{of} had no time for it.", "Try again soon.") from None
