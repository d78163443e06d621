"""What can be in the way between relay and a modem that is bound to a section.

The detail that goes with each code (who holds the port, which command mends it) comes from the
machine, see relay/modem/obstacles.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from relay.core.said import template

# What becomes of the messages, where there is one modem and where there are others.
WAITING = {
    False: template(
        "{what}; what comes for its SIM waits at the operator, what goes out waits here."
    ),
    True: template(
        "{what}; what comes for its SIM waits at the operator, what goes out waits here or goes "
        "by another."
    ),
}

# Code -> what happened.
IN_THE_WAY: Mapping[str, str] = {
    "PORT_BUSY": template("Another program uses the port of modem {modem}{lasted}"),
    "PORT_MODEMMANAGER": template("ModemManager has taken modem {modem}{lasted}"),
    "PORT_PERMISSION": template("relay may not open the port of modem {modem}{lasted}"),
    "PORT_MISSING": template("Modem {modem} is missing{lasted}"),
    "PORT_NO_DRIVER": template("Modem {modem} is there, without a driver{lasted}"),
    "USB_MASS_STORAGE": template("Modem {modem} still shows itself as a disk{lasted}"),
    "MODEM_OTHER_IMEI": template(
        "Another modem is where {modem} should be{lasted}; it is not used"
    ),
    "MODEM_AMBIGUOUS": template("Several modems may be {modem}{lasted}; none is used"),
    "MODEM_SILENT": template("Modem {modem} does not answer{lasted}"),
}

AFTERWARDS = template("relay tries again by itself, at least once a minute.")
