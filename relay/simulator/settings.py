"""What a modem has been told since it started; a reset forgets all of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from relay.simulator.profiles import Profile


@dataclass(slots=True)
class Settings:
    """The volatile settings, with the values of a modem that has just started."""

    echo: bool = True
    verbose: bool = True
    quiet: bool = False
    cmee: int = 0
    text_mode: bool = False
    charset: str = "IRA"
    cnmi: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    service: int = 0  # AT+CSMS
    memories: tuple[str, str, str] = ("SM", "SM", "SM")
    registration: dict[str, int] = field(default_factory=dict)
    clip: bool = False
    extended_ring: bool = False
    operator_format: int = 0
    ussd: int = 0
    chatter: bool = True

    @classmethod
    def fresh(cls, profile: Profile) -> Settings:
        return cls(
            cmee=profile.default_cmee,
            cnmi=profile.cnmi,
            service=profile.services[0],
            memories=profile.default_memories,
        )
