"""What a refusal means where the SIM has no service centre."""

from __future__ import annotations

from relay.core.causes import Cause, cause, cause_of
from relay.errors import Refused

# +CMS ERROR: SMSC address unknown; and what families say instead: network out of order, unknown.
_ADDRESS_UNKNOWN = 330
_FOR_WANT_OF_IT = frozenset({38, _ADDRESS_UNKNOWN, 500})


def cause_behind(refused: Refused, *, lacks_centre: bool) -> Cause:
    """The cause of a refusal; the missing service centre where that explains it."""
    if lacks_centre and refused.family == "CMS" and refused.code in _FOR_WANT_OF_IT:
        return cause("CMS", _ADDRESS_UNKNOWN)
    return cause_of(refused)
