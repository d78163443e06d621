"""What a key has the running relay do, and how it went, in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from relay.errors import RelayError
from relay.monitor.glance import Glance

# `relay.control.client.ask` without the path. Raises `RelayError` in words for a person.
Ask = Callable[..., Mapping[str, Any]]
Act = Callable[[Ask, Glance], str]


def retry(ask: Ask, glance: Glance) -> str:
    """Every message that has failed and would still be of use."""
    again = [bool(ask("retry", id=one).get("retried")) for one in glance.failed]
    return f"{sum(again)} of {len(again)} failed messages are in the queue again."


def pause(ask: Ask, glance: Glance) -> str:
    """Sending, or on with it. What comes in is received all the same."""
    if "sending" in glance.paused:
        ask("resume", what="sending")
        return "Sending goes on."
    ask("pause", what="sending")
    return "Sending is paused; what comes in is received. Press p again to go on."


def balance(ask: Ask, _: Glance) -> str:
    names = ask("balance").get("asked", ())
    return f"The operator is asked for the balance of {', '.join(names) or 'no modem'}."


def sync(ask: Ask, _: Glance) -> str:
    found = ask("sync", timeout_s=60.0).get("servers", ())
    said = [f"{one.get('server')} {one.get('code')}" for one in found]
    return f"relay has spoken with the server: {', '.join(said) or 'there is none'}."


def outcome(act: Act, ask: Ask, glance: Glance) -> str:
    """How it went; in the words of the error where it did not."""
    try:
        return act(ask, glance)
    except RelayError as error:
        return str(error)
