"""Verbs about a modem: coverage, power, SIM, memory, faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from relay.simulator.console import Misunderstood, Scene, Verb
from relay.simulator.hangs import Cure, Hang
from relay.simulator.results import Fault
from relay.simulator.simcard import SimCard
from relay.simulator.stick import Stick

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem

REGISTRATION = {"none": 0, "home": 1, "searching": 2, "denied": 3, "unknown": 4, "roaming": 5}


def _status(scene: Scene) -> str:
    return "\n".join(_line(scene, name, modem) for name, modem in scene.modems.items())


def _line(scene: Scene, name: str, modem: SimulatedModem) -> str:
    stat = modem.radio.registration
    state = next(word for word, code in REGISTRATION.items() if code == stat)
    waiting = scene.network.smsc.waiting(modem.number)
    uses = [f"{memory} {_use(modem, memory)}" for memory in ("SM", *modem.profile.memories)]
    plugged = "plugged in" if modem.powered else "unplugged"
    silent = f", {modem.faults.hangs.kind}" if modem.faults.hangs.kind else ""
    return (
        f"{name} {modem.number} {modem.profile.name} at {scene.places.get(name, 'no port')}: "
        f"{plugged}{silent}, {modem.sim.state.value}, {state}, signal {modem.radio.signal}, "
        f"{', '.join(uses)}, {waiting} waiting in the network"
    )


def _use(modem: SimulatedModem, name: str) -> str:
    memory = modem.memory(name)
    return f"{memory.used}/{memory.capacity}"


def _register(scene: Scene) -> str:
    scene.modem.register(scene.choice(0, REGISTRATION))
    return f"{scene.name} is {scene.word(0)}"


def _signal(scene: Scene) -> str:
    rssi = int(scene.number(0))
    if rssi not in (*range(32), 99):
        raise Misunderstood("a signal is 0 to 31, or 99 for unknown")
    scene.modem.radio.rssi = rssi
    return f"{scene.name} has signal {rssi}"


def _unplug(scene: Scene) -> str:
    scene.modem.unplug()
    return f"{scene.name} is unplugged"


def _replug(scene: Scene) -> str:
    socket, line = scene.word(0, ""), scene.modem.outlet.line
    if socket:
        if not isinstance(line, Stick):
            raise Misunderstood("only a modem on the USB bus (--usb) has another socket")
        line.socket = socket
    scene.modem.replug()
    return f"{scene.name} is plugged in{_place(scene.modem)}"


def _place(modem: SimulatedModem) -> str:
    """Where it is on the bus by now."""
    line = modem.outlet.line
    return f" at {line.path}, socket {line.socket}" if isinstance(line, Stick) else ""


def _reboot(scene: Scene) -> str:
    scene.modem.restart(port_loss=scene.word(0, "") == "port")
    return f"{scene.name} restarts"


def _ring(scene: Scene) -> str:
    scene.modem.calls.ring(scene.word(0))
    return f"{scene.word(0)} calls {scene.name}; it rings until `hangup`"


def _hangup(scene: Scene) -> str:
    scene.modem.calls.give_up()
    return "the caller gave up"


def _sim(scene: Scene) -> str:
    if scene.word(0) == "remove":
        scene.modem.insert(SimCard.none())
        return f"{scene.name} has no SIM"
    number, pin = scene.network.canonical(scene.word(0)), scene.word(1, "") or None
    known = scene.modem.cards.get(number)
    digits = number.removeprefix("+")[-9:]
    card = known or SimCard(number, iccid=f"8925499{digits:0>12}", imsi=f"639990{digits:0>9}")
    if pin == "puk":
        card.pin, card.pin_tries = card.pin or "0000", 0
    else:
        card.pin = pin or card.pin
    scene.modem.insert(card)
    return f"{scene.name} has {'the' if known else 'another'} SIM, {number}"


def _storage(scene: Scene) -> str:
    name, act = scene.word(0, "SM").upper(), scene.word(1, "list")
    try:
        memory = scene.modem.memory(name)
    except Fault:
        raise Misunderstood(f"{scene.name} has no memory {name}") from None
    if act == "fill":
        scene.modem.faults.fill(name, leave=int(scene.number(2, 0)))
    elif act == "empty":
        memory.slots.clear()
        scene.network.available(scene.modem.number)
    elif act != "list":
        raise Misunderstood(f"a memory cannot {act}")
    lines = [f"  {index}: stat {sms.stat}, {sms.pdu}" for index, sms in memory.listed()]
    return "\n".join([f"{name}: {memory.used} of {memory.capacity} used", *lines])


def _fault(scene: Scene) -> str:
    scene.choice(0, FAULTS)(scene)
    return f"{scene.name}: {' '.join(scene.words)}"


_CURES = {name.lower(): cure for name, cure in Cure.__members__.items()}


def _silence(scene: Scene) -> None:
    word = scene.word(1, "cfun")
    if word in _CURES:
        scene.modem.faults.silence(cured_by=_CURES[word])
    else:
        scene.modem.faults.silence(scene.number(1))


def _hang(scene: Scene) -> str:
    kind = scene.choice(0, {hang.value: hang for hang in Hang})
    cure = scene.choice(1, _CURES) if scene.word(1, "") else Cure.CFUN
    scene.modem.faults.hang(kind, cured_by=cure, every_s=scene.number(2, 20))
    return f"{scene.name} is {kind} until: {cure.name.lower()}"


def _usb(scene: Scene) -> str:
    scene.modem.authorize(allowed=False)
    scene.modem.authorize(allowed=True)
    return f"{scene.name} was taken from USB and given back"


def _inside(scene: Scene) -> None:
    scene.modem.faults.inside(scene.word(1), scene.rest(2))


def _refused(scene: Scene) -> None:
    error = scene.word(2, "ERROR")
    times = int(scene.number(3, 1))
    scene.modem.faults.refuse(scene.word(1), int(error) if error.isdigit() else error, times)


FAULTS: dict[str, Callable[[Scene], None]] = {
    "silence": _silence,
    "garbage": lambda scene: scene.modem.faults.garbage(),
    "dribble": lambda scene: scene.modem.faults.dribble(1, scene.number(1, 0.01)),
    "lineends": lambda scene: scene.modem.faults.line_ends(),
    "cut": lambda scene: scene.modem.faults.cut(int(scene.number(1))),
    "refuse": _refused,
    "swallow": lambda scene: scene.modem.faults.swallow(scene.word(1)),
    "late": lambda scene: scene.modem.faults.answer_late(scene.word(1), scene.number(2)),
    "inside": _inside,
    "slowprompt": lambda scene: scene.modem.faults.slow_prompt(scene.number(1)),
    "noprompt": lambda scene: scene.modem.faults.no_prompt(),
    "bareprompt": lambda scene: scene.modem.faults.bare_prompt(),
    "simbusy": lambda scene: scene.modem.faults.sim_busy(int(scene.number(1, 0)) or None),
    "ringrefuse": lambda scene: scene.modem.faults.refuse_while_ringing(int(scene.number(1, 302))),
    "ringdeaf": lambda scene: scene.modem.faults.deaf_after_call(),
    "losesmsc": lambda scene: scene.modem.faults.lose_smsc(),
    "clear": lambda scene: scene.modem.faults.clear(),
}

MODEM_VERBS = {
    "status": Verb(_status, "status", "all modems at a glance"),
    "register": Verb(
        _register, f"register {'|'.join(REGISTRATION)}", "move in or out of coverage"
    ),
    "signal": Verb(_signal, "signal 0-31|99", "the strength that +CSQ tells"),
    "unplug": Verb(_unplug, "unplug", "pull the modem out; its port vanishes"),
    "replug": Verb(_replug, "replug [SOCKET]", "plug it in again, as another device, elsewhere"),
    "reboot": Verb(_reboot, "reboot [port]", "let it restart by itself, with its port or without"),
    "hang": Verb(
        _hang,
        f"hang {'|'.join(Hang)} [STEP [EVERY_S]]",
        "hang until escape, reopen, atz, cfun, usb or power helps",
    ),
    "usb": Verb(_usb, "usb", "take it from USB and give it back; its power stays on"),
    "ring": Verb(_ring, "ring NUMBER", "let somebody call"),
    "hangup": Verb(_hangup, "hangup", "let the caller give up"),
    "sim": Verb(_sim, "sim remove | sim NUMBER [PIN|puk]", "take the SIM out, or put one in"),
    "storage": Verb(
        _storage, "storage [SM|ME|SR] [list|empty|fill [LEAVE]]", "what lies in a memory"
    ),
    "fault": Verb(
        _fault,
        "fault silence [S|escape|reopen|atz|cfun|usb|power] | garbage | dribble [S] | lineends | "
        "cut BYTES | refuse CMD [ERROR [TIMES]] | swallow CMD | late CMD S | inside CMD URC | "
        "slowprompt S | noprompt | bareprompt | simbusy [TIMES] | losesmsc | "
        "ringrefuse [ERROR] | ringdeaf | clear",
        "what goes wrong from now on",
    ),
}
