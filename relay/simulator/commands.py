"""The table of all commands that every family has; a family's own are in its profile."""

from __future__ import annotations

from relay.simulator.command import Table
from relay.simulator.commands_general import GENERAL
from relay.simulator.commands_network import NETWORK
from relay.simulator.commands_send import SENDING
from relay.simulator.commands_sim import SIM
from relay.simulator.commands_sms import SMS
from relay.simulator.commands_storage import STORAGE
from relay.simulator.commands_voice import VOICE

TABLE: Table = {**GENERAL, **SIM, **NETWORK, **VOICE, **SMS, **STORAGE, **SENDING}
