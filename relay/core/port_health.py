"""What can be in the way between relay and a modem that is bound to a section.

The detail that goes with each code (who holds the port, which command mends it) comes from the
machine, see relay/modem/obstacles.py.
"""

from __future__ import annotations

from collections.abc import Mapping

_WAIT = "what comes for its SIM waits at the operator, what goes out waits here{spare}"

# Code -> what happened, and what becomes of the messages.
IN_THE_WAY: Mapping[str, str] = {
    "PORT_BUSY": f"Another program uses the port of modem {{modem}}{{lasted}}; {_WAIT}.",
    "PORT_MODEMMANAGER": f"ModemManager has taken modem {{modem}}{{lasted}}; {_WAIT}.",
    "PORT_PERMISSION": f"relay may not open the port of modem {{modem}}{{lasted}}; {_WAIT}.",
    "PORT_MISSING": f"Modem {{modem}} is missing{{lasted}}; {_WAIT}.",
    "PORT_NO_DRIVER": f"Modem {{modem}} is there, without a driver{{lasted}}; {_WAIT}.",
    "USB_MASS_STORAGE": f"Modem {{modem}} still shows itself as a disk{{lasted}}; {_WAIT}.",
    "MODEM_OTHER_IMEI": f"Another modem is where {{modem}} should be{{lasted}}; it is not used, "
    f"{_WAIT}.",
    "MODEM_AMBIGUOUS": f"Several modems may be {{modem}}{{lasted}}; none is used, {_WAIT}.",
    "MODEM_SILENT": f"Modem {{modem}} does not answer{{lasted}}; {_WAIT}.",
}

AFTERWARDS = "relay tries again by itself, at least once a minute."
