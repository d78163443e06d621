"""What the modem's share of the chain means: from the socket of the USB to an open SIM."""

from __future__ import annotations

from relay.core import plain
from relay.core.doctor.graph import Finding, Mark, fail, ok, skip, unknown, warn
from relay.core.doctor.seen import PortSeen, RadioSeen, UsbSeen
from relay.core.link import READABLE, LinkState

_ALL_TRIES = 3
_RESTART = "sudo systemctl restart relay"

# What a person does, by what is in the way of a port; where its cause says more, that is added.
_IN_THE_WAY = {
    "PORT_MISSING": "Plug the modem in; try another socket, a shorter lead, a hub with power of "
    "its own. What is there: relay modems",
    "PORT_NO_DRIVER": "sudo modprobe option",
    "PORT_BUSY": "Stop that program, or give relay another modem",
    "PORT_MODEMMANAGER": "Keep ModemManager off it: relay doctor --fix modemmanager",
    "PORT_PERMISSION": "sudo usermod -aG dialout relay, then: sudo systemctl restart relay",
    "USB_MASS_STORAGE": "sudo apt install usb-modeswitch, then unplug the stick, count to ten, "
    "plug it in again",
    "MODEM_OTHER_IMEI": "Plug in the right one, or correct imei (relay modems prints the lines)",
    "MODEM_AMBIGUOUS": "Say which one with imei (relay modems prints the lines)",
    "MODEM_SILENT": "Unplug it, count to ten, plug it in again",
}


def in_the_way(code: str, detail: str) -> Finding:
    """A port that is not there or cannot be used. The cause may bring its own remedy along."""
    words, _, rest = detail.partition(". ")
    action = rest.strip() or _IN_THE_WAY.get(code, _IN_THE_WAY["MODEM_SILENT"])
    fix = "modemmanager" if code == "PORT_MODEMMANAGER" else ""
    return fail(code or "MODEM_LOST", words, plain.sentence(action), fix)


# --- USB and port -------------------------------------------------------------------------------


def usb(seen: UsbSeen) -> Finding:
    if seen.network:
        return skip(f"{seen.binding} is not on this computer's USB")
    if seen.code:
        return in_the_way(seen.code, seen.detail)
    if seen.sleeps:
        return warn(
            "USB_AUTOSUSPEND",
            f"the kernel may put {_device(seen)} to sleep, and some modems do not wake up",
            "relay doctor --fix usb",
            "usb",
        )
    return ok(_device(seen))


def _device(seen: UsbSeen) -> str:
    if not seen.usb:
        return seen.binding
    named = f"{seen.name or 'a modem'} {seen.usb}"
    return f"{named} in socket {seen.socket}, {plain.many(seen.ports, 'port')}"


def port(seen: PortSeen) -> Finding:
    if seen.by_relay:
        return ok(f"{seen.path or 'its port'} is relay's own")
    if seen.code:
        return in_the_way(seen.code, seen.detail)
    return ok(f"{seen.path} is free")


# --- modem and SIM ------------------------------------------------------------------------------

_SIM_STATES = frozenset(
    {
        LinkState.SIM_ABSENT,
        LinkState.PIN_REQUIRED,
        LinkState.PIN_REFUSED,
        LinkState.PUK_BLOCKED,
    }
)


def at(seen: RadioSeen) -> Finding:
    """Whether it answers at all."""
    if seen.state in READABLE or seen.state in _SIM_STATES:
        took = f" in {seen.took_ms} ms" if seen.took_ms is not None else ""
        model = " ".join(filter(None, (seen.identity.manufacturer, seen.identity.model)))
        return ok(f"{model or 'a modem'} answers{took}{when(seen)}")
    if seen.code.startswith(("PORT_", "USB_", "MODEM_")):
        return in_the_way(seen.code, seen.detail)
    if seen.state in {LinkState.OPENING, LinkState.INITIALISING}:
        return unknown("it is just being set up", "MODEM_UNKNOWN", "Ask again in a minute.")
    if seen.state is None:
        what = seen.detail or "nobody has asked the modem yet"
        return unknown(what, "MODEM_UNKNOWN", "Ask again in a minute. If it stays: " + _RESTART)
    return fail(
        "MODEM_SILENT",
        seen.detail or "the modem does not answer",
        "Unplug it, count to ten, plug it in again. If it stays: another socket, another modem",
    )


def when(seen: RadioSeen) -> str:
    """How old the news is, where it was not asked for just now."""
    if seen.asked or seen.at is None:
        return ""
    return f", {plain.age(seen.at, seen.now)}"


def pin(seen: RadioSeen) -> Finding:
    """Whether the SIM is open. Doctor never enters a PIN."""
    left = "" if seen.tries is None else f"; {plain.many(seen.tries, 'try', 'tries')} left"
    if seen.state is LinkState.SIM_ABSENT:
        return fail(
            "SIM_ABSENT",
            "no SIM answers",
            "Take the modem out, put the SIM in again, plug the modem in.",
        )
    if seen.state is LinkState.PUK_BLOCKED:
        return fail(
            "PUK_BLOCKED",
            "the SIM is blocked and asks for its PUK",
            "Put it into a phone and type the PUK that came with the card. relay never tries one.",
        )
    if seen.state is LinkState.PIN_REFUSED:
        return fail("PIN_REFUSED", f"the SIM refused the configured PIN{left}", _PIN_REFUSED)
    if seen.state is LinkState.PIN_REQUIRED:
        return _locked(seen, left)
    if seen.tries is not None and seen.tries < _ALL_TRIES:
        return warn(
            "PIN_TRIES_FEW",
            f"the SIM is open, with {plain.many(seen.tries, 'PIN try', 'PIN tries')} left",
            "Enter the right PIN in a phone once: then it has all three again.",
        )
    return ok(f"SIM is open{left}")


_PIN_REFUSED = (
    "Correct pin in the configuration, then: sudo systemctl restart relay. relay does not try "
    "the old one again"
)


def _locked(seen: RadioSeen, left: str) -> Finding:
    if seen.detail.startswith("the modem asks for"):
        return fail(
            "MODEM_NETWORK_LOCKED",
            seen.detail.partition(". ")[0],
            "Use a modem that is not locked, or a SIM of the operator to which it is locked.",
        )
    if not seen.pin_set:
        return fail(
            "PIN_REQUIRED",
            f"the SIM asks for a PIN, and the configuration has none{left}",
            "Write pin into the section of this modem, then: sudo systemctl restart relay",
        )
    words = f"the SIM waits for its PIN; relay enters it when it starts{left}"
    return Finding(Mark.SKIP, words, because="service")


def sim(seen: RadioSeen) -> Finding:
    """Whether it is the SIM that belongs here."""
    if seen.held_sim:
        was = f", it was {seen.sim_accepted}" if seen.sim_accepted else ""
        return fail(
            "SIM_CHANGED",
            f"another SIM is in it: {seen.sim}{was}; nothing goes out by it",
            f"If that is meant: sudo relay sim accept --modem {seen.name}\n"
            "If not, put the old SIM back: relay goes on by itself.",
        )
    return ok(f"SIM {seen.sim}" if seen.sim else "a SIM that does not say its number")
