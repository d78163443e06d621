"""Why a modem could not be opened, where the machine knows it better than the error does."""

from __future__ import annotations

from relay.core.link import LinkState
from relay.errors import Ailing, NoReply, PortLost, PortShut, Refused
from relay.modem.discovery import Finder
from relay.modem.port import held, holder_of


def blame(error: BaseException, reached: LinkState, port: str, finder: Finder) -> None:
    """Raises a better error than this one, if there is one.

    `PortShut` where the port could not be opened or another program reads our answers; `Ailing`
    where PDU mode is refused. `reached` is how far the opening had come.
    """
    if isinstance(error, NoReply) and (holder := holder_of(port)):
        raise PortShut.of(finder.explain(held(port, holder))) from error
    if isinstance(error, PortLost):
        more = finder.explain(error)
        if reached is LinkState.OPENING:
            raise PortShut.of(more) from error
        if more is not error:
            raise more from error
    if isinstance(error, Refused):
        raise Ailing("MAD", f"the modem refuses PDU mode ({error})") from error
