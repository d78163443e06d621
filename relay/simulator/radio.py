"""How a modem sees the network: registration and signal (TS 27.007 §7.2, §8.5)."""

from __future__ import annotations

from dataclasses import dataclass

HOME, SEARCHING, DENIED, ROAMING = 1, 2, 3, 5
_REGISTERED = (HOME, ROAMING)
UNKNOWN_SIGNAL = 99


@dataclass(slots=True)
class Radio:
    """`stat` is what the network would say; AT+CFUN and AT+COPS=2 can hide it."""

    function: int = 1  # AT+CFUN: 0 minimum, 1 full, 4 radio off
    stat: int = HOME
    rssi: int = 18
    ber: int = 0
    area: str = "2E81"
    cell: str = "06B4A101"
    deregistered: bool = False  # AT+COPS=2

    @property
    def registration(self) -> int:
        return self.stat if self.function == 1 and not self.deregistered else 0

    @property
    def registered(self) -> bool:
        return self.registration in _REGISTERED

    @property
    def signal(self) -> int:
        return self.rssi if self.function == 1 else UNKNOWN_SIGNAL


def registration_fields(radio: Radio, mode: int, access: int | None) -> str:
    """What follows <n> in +CREG? and the name in the URC: 1, 3 or 4 fields."""
    if mode < 2 or not radio.registered:
        return str(radio.registration)
    fields = f'{radio.registration},"{radio.area}","{radio.cell}"'
    return fields if access is None else f"{fields},{access}"
