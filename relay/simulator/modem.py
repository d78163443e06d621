"""A GSM modem with a SIM in it: give it bytes, it answers with bytes.

`feed` is the whole interface of the host side; a port (`relay.simulator.port`) carries the bytes.
Everything else here is what a person does to a modem: plug, unplug, swap the SIM, go out of
coverage, ring it up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from relay.simulator.calls import Calls
from relay.simulator.commands import TABLE
from relay.simulator.faults import Faults
from relay.simulator.hangs import Cure, Hang
from relay.simulator.incoming import Incoming
from relay.simulator.interpreter import Interpreter
from relay.simulator.memory import Memory
from relay.simulator.outlet import Direction, Line, Outlet
from relay.simulator.phrases import phrase
from relay.simulator.profiles import Profile, profile_named
from relay.simulator.radio import HOME, Radio, registration_fields
from relay.simulator.results import Cme, Cms, Family, cme, cms
from relay.simulator.rules import Verdict
from relay.simulator.settings import Settings
from relay.simulator.simcard import SimCard, SimState
from relay.simulator.ussd_session import UssdSession

if TYPE_CHECKING:
    from relay.simulator.network import Network

_SIM_FAULTS = {
    SimState.ABSENT: (Cme.NO_SIM, Cms.NO_SIM),
    SimState.BLOCKED: (Cme.SIM_FAILURE, Cms.NO_SIM),
    SimState.PIN: (Cme.SIM_PIN, Cms.SIM_PIN),
    SimState.PUK: (Cme.SIM_PUK, Cms.SIM_PUK),
}


class SimulatedModem:
    """A modem. It is made running and registered, and says nothing until it is asked.

    `boot_s` is how long a restart takes; real modems need the 4 to 12 s of `profile.boot_s`.
    """

    def __init__(
        self,
        network: Network,
        number: str,
        *,
        profile: str | Profile = "huawei-e17x",
        pin: str | None = None,
        sim: SimCard | None = None,
        boot_s: float = 0.0,
        imei: str | None = None,
    ) -> None:
        self.network = network
        self.lock: threading.RLock = network.lock
        self.profile = profile_named(profile) if isinstance(profile, str) else profile
        self.imei = imei or self.profile.imei
        self.boot_s = boot_s
        self.radio = Radio()
        self.settings = Settings.fresh(self.profile)
        self.outlet = Outlet(network.scheduler)
        self.faults = Faults(self)
        self.interpreter = Interpreter(self, TABLE)
        self.incoming = Incoming(self)
        self.calls = Calls(self)
        self.ussd = UssdSession(self)
        self.powered, self.booted = True, True
        self.started_at = network.scheduler.timer()
        self._own = {
            name: Memory(capacity, self.profile.first_index)
            for name, capacity in self.profile.memories.items()
        }
        self._reference = 0
        self.power_ups = 0  # what an earlier run of the modem planned is void
        self.cards: dict[str, SimCard] = {}  # which were in it before, by number
        card = sim or SimCard(network.canonical(number), pin=pin, capacity=self._sim_capacity)
        self._place(card)
        self._begin_chatter()

    @property
    def _sim_capacity(self) -> int:
        return self.profile.sim_capacity

    # --- the host's side --------------------------------------------------------------------

    def connect(self, line: Line | None) -> None:
        """Plug a cable in; the port at its other end gets what the modem says."""
        with self.lock:
            self.outlet.line = line

    def feed(self, data: bytes, aside: Line | None = None) -> None:
        """Bytes from the host, in pieces of any size; `aside` is a second port they came by."""
        with self.lock:
            self.outlet.aside = aside
            if self.outlet.cuts:
                self.outlet.meter(Direction.TO_MODEM, data, self._hear)
            else:
                self._hear(data)

    def reopened(self) -> None:
        """The host closed the port and opened it again."""
        with self.lock:
            hung = self.faults.hangs.deaf_to_commands
            if self.faults.hangs.step_taken(Cure.REOPEN) and hung:
                self.interpreter.reset()

    def _hear(self, data: bytes) -> None:
        if not self.powered:
            return
        if self.faults.hangs.kind is not None:
            data = self.faults.hangs.hear(data)
        if data:
            self.interpreter.accept(data)

    # --- power ------------------------------------------------------------------------------

    def unplug(self) -> None:
        """Pull it out: the port goes, the settings go, what lies in the memories stays."""
        with self.lock:
            self.power_off()
            if self.outlet.line:
                self.outlet.line.hang_up()

    def replug(self) -> None:
        """Put it back: the port comes again, elsewhere perhaps, and the modem starts."""
        with self.lock:
            if self.powered:
                return
            self.faults.hangs.step_taken(Cure.POWER)
            self._come_back()

    def _come_back(self) -> None:
        if self.outlet.line:
            self.outlet.line.come_back()
        self.power_on()

    def authorize(self, *, allowed: bool) -> None:
        """The host takes it from its USB, or gives it back; it keeps its power and settings."""
        with self.lock:
            if not self.powered or self.outlet.line is None:
                return
            if not allowed:
                self.outlet.line.hang_up()
                return
            if self.faults.hangs.step_taken(Cure.USB):
                self.interpreter.reset()
            self.outlet.line.come_back()

    def restart(self, *, port_loss: bool) -> None:
        """AT+CFUN=1,1, a brown-out or a watchdog; with `port_loss` USB enumerates anew."""
        with self.lock:
            if port_loss:
                self.unplug()
                self._plan(self.boot_s / 2, self._come_back)
            else:
                self.power_off()
                self.power_on()

    def power_off(self) -> None:
        with self.lock:
            self.power_ups += 1
            self.powered = self.booted = False
            self.outlet.forget()
            self.interpreter.reset()
            self.incoming.reset()
            self.calls.reset()
            self.calls.deaf = False
            self.ussd.reset()

    def power_on(self) -> None:
        """Start anew: every setting is forgotten, the SIM asks for its PIN again."""
        with self.lock:
            self.powered = True
            self.settings = Settings.fresh(self.profile)
            self.radio.function, self.radio.deregistered = 1, False
            self.started_at = self.network.scheduler.timer()
            if not self.profile.reference_survives:
                self._reference = 0
            self.sim.power_up()
            self.say(*self.profile.boot)
            self._plan(self.boot_s, self._sim_ready)

    def sim_unlocked(self) -> None:
        """The PIN was right: the SIM can be used from now on."""
        self.interpreter.afterwards(self._announce)

    def _sim_ready(self) -> None:
        self.booted = True
        if self.sim.state is SimState.READY:
            self._announce()
        self._begin_chatter()

    def _announce(self) -> None:
        self.say(*self.profile.ready)
        self.announce_registration()
        self.network.available(self.number)

    def _begin_chatter(self) -> None:
        for chatter in self.profile.chatter:
            self._chat(chatter.period_s, chatter.line)

    def _chat(self, period_s: float, line: str) -> None:
        def again() -> None:
            if self.settings.chatter:
                self.say(line)
            self._chat(period_s, line)

        self._plan(period_s, again)

    def _plan(self, seconds: float, action: Callable[[], None]) -> None:
        """Do it after `seconds`, unless the modem lost power meanwhile; at once if that is 0."""
        mine = self.power_ups
        if seconds <= 0:
            action()
        else:
            self.network.scheduler.after(
                seconds, lambda: action() if mine == self.power_ups else None
            )

    # --- SIM --------------------------------------------------------------------------------

    @property
    def number(self) -> str:
        return self.sim.number

    def insert(self, sim: SimCard) -> None:
        """Swap the SIM; the modem starts anew, as everyone has to take it out for that."""
        with self.lock:
            self.power_off()
            self.network.detach(self.number)
            self.cards[self.number] = self.sim
            self._place(sim)
            self.power_on()

    def _place(self, sim: SimCard) -> None:
        self.sim = sim
        sim.smsc = sim.smsc or self.network.smsc.number
        sim.memory.rebase(self.profile.first_index)
        self.network.attach(sim.number, self)

    def need_sim(self, family: Family) -> None:
        """Raises the `Fault` of a command that needs a SIM and has none, or not yet."""
        if not self.booted or self.faults.commands.sim_is_busy():
            raise cme(Cme.SIM_BUSY) if family is Family.CME else cms(Cms.SIM_BUSY)
        if self.sim.state in _SIM_FAULTS:
            of_cme, of_cms = _SIM_FAULTS[self.sim.state]
            raise cme(of_cme) if family is Family.CME else cms(of_cms)

    def memory(self, name: str) -> Memory:
        """A message memory by its name. Raises `Fault` if this family has no such."""
        name = self.profile.memory_alias.get(name, name)
        if name == "SM":
            return self.sim.memory
        if name not in self._own:
            raise cms(Cms.NOT_ALLOWED)
        return self._own[name]

    @property
    def memory_names(self) -> list[str]:
        return ["SM", *self._own, *self.profile.memory_alias]

    # --- radio ------------------------------------------------------------------------------

    def register(self, stat: int = HOME) -> None:
        """Move in or out of coverage: <stat> of +CREG (1 home, 2 searching, 3 denied, …)."""
        with self.lock:
            self.radio.stat = stat
            self.register_again()

    def register_again(self) -> None:
        """The host switched the radio off or on."""
        self.announce_registration()
        self.network.available(self.number)

    def announce_registration(self) -> None:
        """The URCs of a change, where AT+CREG=1 or 2 asked for them."""
        for name in self.profile.registration:
            if mode := self.settings.registration.get(name, 0):
                access = self.profile.access
                self.say(f"{name}: {registration_fields(self.radio, mode, access)}")

    def reachable(self) -> bool:
        """Whether the network can hand it a message."""
        usable = self.booted and self.sim.state is SimState.READY and not self.calls.deaf
        deaf = self.faults.hangs.kind is Hang.DEAF
        return self.powered and usable and self.radio.registered and not deaf

    def receive(self, pdu: str) -> Verdict:
        """A message from the network."""
        return self.incoming.receive(pdu)

    def next_reference(self) -> int:
        """TP-MR for the next submission: counts to 255 and starts over (TS 23.040 §9.2.3.6)."""
        reference, self._reference = self._reference, (self._reference + 1) % 256
        return reference

    # --- output -----------------------------------------------------------------------------

    def say(self, *lines: str) -> None:
        """Unsolicited lines, in which names in braces are filled in."""
        with self.lock:
            for line in lines:
                if self.powered:
                    self.interpreter.urc(phrase(self, line))

    def intrude(self, what: str | Callable[[], object]) -> None:
        """Something that gets into a reply."""
        if isinstance(what, str):
            self.outlet.write(f"\r\n{what}\r\n")
        else:
            what()
