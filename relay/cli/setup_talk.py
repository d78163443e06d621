"""What `relay setup` asks and says; with flags it asks nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from relay.cli.printing import note
from relay.core.usb import check_digit
from relay.errors import RelayError

if TYPE_CHECKING:
    from relay.core.usb import Binding
    from relay.modem.discovery import Bus
    from relay.modem.inventory import Found
    from relay.setup.known import Known
    from relay.setup.trying import Met, Tries


class DoesNotWork(RelayError):
    """What was said does not work, and nobody is there to say something else."""


class Talk:
    """Flags first, then questions; with `yes` what is proposed. `warnings` is what was written
    although it did not work."""

    def __init__(self, given: Mapping[str, str | None], *, yes: bool, untested: bool) -> None:
        self._given = dict(given)
        self._yes = yes
        self._untested = untested
        self.warnings: list[str] = []

    def ask(self, key: str, words: str, proposed: str = "", *, secret: bool = False) -> str:
        """An answer; an empty one is possible. A flag answers once: it is not asked again."""
        given = self._given.pop(key, None)
        if given is not None:
            return given.strip()
        if self._yes:
            return proposed
        shown = "as it is" if secret and proposed else proposed
        answer = str(
            click.prompt(
                words, default=shown, show_default=bool(shown), hide_input=secret, err=True
            )
        )
        return proposed if secret and answer == shown else answer.strip()

    def agree(self, words: str) -> bool:
        return self._yes or click.confirm(words, default=True, err=True)

    def again(self, problem: str, *, mild: bool = False) -> bool:
        """Something did not work: whether it is to be asked again. If not, it is written all the
        same, with a warning. Raises `DoesNotWork` where nobody can answer; `mild` is what may
        work another day."""
        if self._yes and not (mild or self._untested):
            raise DoesNotWork(
                f"{problem} Nothing was written. Correct it, or write it all the same: --untested"
            )
        note(problem)
        if not self._yes and click.confirm("Say it again?", default=not mild, err=True):
            return True
        self.warnings.append(problem)
        return False

    def warn(self, words: str) -> None:
        note(words)
        self.warnings.append(words)

    # --- the modem ------------------------------------------------------------------------------

    def number(self, proposed: str) -> str:
        """The SIM's own; what the configuration would refuse is asked again."""
        from relay.config_network import own_number
        from relay.config_secrets import Unfit
        from relay.config_values import Place

        while True:
            written = self.ask("number", "The SIM's own number, if known", proposed)
            try:
                return own_number(written, Place(Path(), {}))
            except Unfit:
                problem = f'"{written}" has no country in front; write it as "+254711000000".'
            if self._yes:
                raise DoesNotWork(f"{problem} Nothing was written.")
            note(problem)

    def modem(self, bus: Bus, proposed: str) -> str:
        """Which modem is meant, of those that are plugged in."""
        from relay.modem.inventory import inventory

        if self._given.get("modem") is not None:
            return self.ask("modem", "")
        note("Looking for modems …")
        found = [one for one in inventory(bus.tree) if one.ports]
        for number, one in enumerate(found, start=1):
            note(f"  {number}  {_named(one)}")
        if not found:
            note("  none. Plug it in, or name its port (/dev/…) or address (socket://host:port).")
        usual = proposed if proposed != "auto" or not found else "1"
        answer = self.ask("modem", "Which one (number, IMEI or port)", usual)
        if answer.isdecimal() and 0 < int(answer) <= len(found):
            return _meant(found[int(answer) - 1])
        return answer


def _named(one: Found) -> str:
    who = " ".join(filter(None, (one.model or one.name, one.imei and f"IMEI {one.imei}")))
    state = "" if one.state == "free" else f": {one.state} {one.detail}".rstrip()
    return f"{who or one.usb} at {one.port or one.socket}{state}"


def _meant(one: Found) -> str:
    if one.imei:
        return f"{one.imei[:14]}{check_digit(one.imei)}"
    return one.socket or one.port


def bound(which: str) -> tuple[str, str]:
    """The key of the configuration for what a person calls a modem."""
    if re.fullmatch(r"[0-9]{14,17}", which):
        return "imei", which
    if re.fullmatch(r"[0-9a-fA-F]{4}:[0-9a-fA-F]{4}", which):
        return "usb", which.lower()
    if re.fullmatch(r"[0-9]+-[0-9.]+", which):
        return "usb_path", which
    return "port", which or "auto"


def meet_modem(talk: Talk, bus: Bus, binding: tuple[str, str], known_pin: str) -> tuple[Met, str]:
    """Try the modem, and its PIN where it wants one; what it said, and the PIN, unless it is one
    that the SIM has refused."""
    from relay.setup.trying import Tries, binding_of, meet, wants_pin

    meant, tries, pin = binding_of(*binding), Tries(), ""
    met = meet(bus, meant, None, tries)
    while met.problem:
        if wants_pin(met):
            met, pin, over = _try_pin(talk, bus, meant, tries, known_pin)
            if over:
                break
        elif talk.again(f"The modem cannot be used: {met.problem}."):
            met = meet(bus, meant, pin or None, tries)
        else:
            break
    if not met.problem:
        _introduce(met)
    return met, pin


def _try_pin(
    talk: Talk, bus: Bus, meant: Binding, tries: Tries, known_pin: str
) -> tuple[Met, str, bool]:
    """What the modem says after the PIN, the PIN, and whether it is over. Never the last try."""
    from relay.setup.trying import PIN_WANTED, last_try, meet

    if words := last_try(tries):
        return PIN_WANTED, "", not talk.again(words)
    left = "" if tries.left is None else f" ({tries.left} tries left)"
    pin = talk.ask("pin", f"The SIM asks for its PIN{left}", known_pin, secret=True)
    if not pin:
        return PIN_WANTED, "", not talk.again("The SIM asks for a PIN, and there is none.")
    if tries.left is None:
        talk.warn(
            "The modem does not tell how many PIN tries are left, so the PIN is not tried now: "
            "relay tries it once when it starts."
        )
        return PIN_WANTED, pin, True
    met = meet(bus, meant, pin, tries)
    if met.problem and not talk.again(f"The modem cannot be used: {met.problem}."):
        return met, "", True
    return met, pin, False


def _introduce(met: Met) -> None:
    who, survey = met.identity, met.survey
    note(f"Modem    {who.manufacturer} {who.model}, IMEI {who.imei or 'not told'}")
    if survey is not None:
        where = " ".join(filter(None, (survey.operator, survey.access)))
        signal = "unknown" if survey.signal_dbm is None else f"{survey.signal_dbm} dBm"
        note(f"Network  {met.state}{f', {where}' if where else ''}, signal {signal}")


# --- the server ---------------------------------------------------------------------------------


def meet_server(talk: Talk, known: Known) -> tuple[str, str, str]:
    """Address, user and password, tried; an empty address for no server."""
    from relay.config_login import split_login
    from relay.core.outcome import OK
    from relay.setup.trying import knock

    url, user, password = known.url, known.user, known.password
    while True:
        written = talk.ask("server_url", "The server's address (empty: none)", url)
        url, inside, secret = split_login(written)
        if not url:
            return "", "", ""
        user = talk.ask("user", "The gateway's user there", inside or user)
        password = talk.ask("password", "Its password", secret or password, secret=True)
        outcome = knock(url, user, password)
        if outcome == OK:
            note("Server   it lets relay in")
            return url, user, password
        mild = outcome.code.startswith(("NET_", "TLS_", "HTTP_5"))
        words = f"The server does not let relay in: {outcome.code}, {outcome.detail}."
        if mild:
            words = (
                f"The server is not reached: {outcome.code}, {outcome.detail}. relay goes on "
                "trying when it runs, and keeps what comes in."
            )
        if not talk.again(words, mild=mild):
            return url, user, password
