"""What is known of a station at one moment: frozen facts, each with its time.

None always means "not known"; it is never 0 and never "fine". Times are epoch milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from relay.core.airtime import Forecast, forecast, in_words
from relay.core.community_facts import CommunityFacts
from relay.core.credit import Purse, spent
from relay.core.held import HeldFacts
from relay.core.hooks import HookFacts
from relay.core.ladder import Ladder, Step
from relay.core.link import LinkState
from relay.core.power import Dark, PowerFacts
from relay.core.rhythm import Quiet
from relay.core.said import Said
from relay.core.working import PauseFacts, WorkerFacts


class Running(StrEnum):
    """Whether the daemon runs, as far as a reader can tell."""

    YES = "yes"
    NO = "no"
    SILENT = "silent"  # it holds its lock, and has not moved for too long
    NEVER = "never"  # it has not run on this database


@dataclass(frozen=True, slots=True)
class DaemonFacts:
    running: Running = Running.NEVER
    pid: int | None = None
    version: str | None = None
    started_at: int | None = None
    beat_at: int | None = None
    stopped_cleanly: bool | None = None


@dataclass(frozen=True, slots=True)
class MemoryFacts:
    """How full one message memory (SM, ME, …) of a modem is."""

    memory: str
    used: int
    total: int


@dataclass(frozen=True, slots=True)
class CureFacts:
    """One step of recovery that was taken; `worked` is None while that is not known."""

    at: int
    step: Step
    worked: bool | None = None


@dataclass(frozen=True, slots=True)
class ModemFacts:
    """`since` is when the state began, `seen_at` when it was last confirmed, `answered_at` when
    the modem last answered a survey, `opened_at` when its port was last opened; `code` names what
    is in the way of a port (PORT_BUSY, …). `cures` are the steps of recovery that were taken
    lately, the oldest first."""

    name: str
    state: LinkState | None = None
    detail: str = ""
    code: str = ""
    since: int | None = None
    seen_at: int | None = None
    opened_at: int | None = None
    answered_at: int | None = None
    signal_dbm: int | None = None
    registration: int | None = None
    operator: str | None = None
    access: str | None = None
    smsc: str | None = None
    memories: tuple[MemoryFacts, ...] = ()
    model: str = ""
    imei: str = ""
    sim: str = ""
    survey_s: float = 60.0
    ladder: Ladder = field(default_factory=Ladder)
    cures: tuple[CureFacts, ...] = ()
    quiet: Quiet = Quiet()  # noqa: RUF009  # frozen
    held_since: int | None = None  # a SIM that nobody has accepted sits in it
    held_sim: str = ""  # masked, and so are the next three
    accepted_sim: str = ""
    smsc_shown: str = ""
    smsc_before_shown: str = ""
    smsc_before: bool = False  # whether the SIM had another service centre, until `smsc_at`
    smsc_at: int | None = None
    smsc_set: bool = False  # by the configuration
    stuck: tuple[tuple[str, int, str], ...] = ()  # memory, slots that cannot be freed, why
    pin_tries: int | None = None  # what the SIM's counter said last


@dataclass(frozen=True, slots=True)
class AirtimeFacts:
    """The airtime of one modem's SIM. Amounts are in micros, `amount` as of `at`.

    `sms` are messages that are paid for already, `until` an ISO date; `check` is how the last
    question to the operator went, at `check_at`. `daily` is the average of SMS in recent days,
    `queued` how many wait for any modem, `sent` how many this one has sent since `at`.

    `out_since` is when its credit ran out, `why` in the network's words; one message probes it at
    `probe_at`. `reserve` says that only urgent ones go, `held` how many others wait; `capped`
    that the day has cost as much as it may.
    """

    modem: str
    amount: int | None = None
    currency: str = ""
    sms: int | None = None
    until: str | None = None
    at: int | None = None
    via: str = ""
    price: int | None = None
    price_source: str = ""
    check: str = ""
    check_error: str = ""
    check_at: int | None = None
    ussd: str = ""
    daily: float | None = None
    queued: int | None = None
    sent: int = 0
    out_since: int | None = None
    why: str = ""
    probe_at: int | None = None
    reserve: bool = False
    held: int = 0
    capped: bool = False

    @property
    def purse(self) -> Purse:
        """What should be left by now."""
        return spent(Purse(self.amount, self.sms, self.price), self.sent)

    @property
    def reach(self) -> Forecast:
        left = 0 if self.out_since is not None else self.purse.sms_left
        return forecast(left, self.daily, self.queued)

    @property
    def known(self) -> bool:
        return self.amount is not None or self.sms is not None

    def words(self) -> Said:
        """`ZMW 38.20, about 190 SMS, 11 days; queue needs 46`."""
        return in_words(self.amount, self.currency, self.sms, self.reach, self.queued)


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """`code` and `detail` are the last outcome, which began at `since`; OK is a good one.

    `waiting` and `parked` count messages that came in, `untold` statuses of those that went out.
    `on_stick` of the waiting ones have been exported, the first of them at `on_stick_since`.
    """

    name: str
    code: str | None = None
    detail: str = ""
    since: int | None = None
    last_ok: int | None = None
    clock_offset_s: int | None = None
    waiting: int = 0
    parked: int = 0
    parked_ids: tuple[int, ...] = ()
    untold: int = 0
    on_stick: int = 0
    on_stick_since: int | None = None
    forwarded: int = 0
    forwarded_today: int = 0
    poll_max_s: float = 300.0


@dataclass(frozen=True, slots=True)
class InwardFacts:
    """`here_only` are safe on this computer and not yet at every server.

    `set_aside` cannot be forwarded at all: data, empty or repeated messages; `aside` says by
    their reasons how many, the most frequent first.
    """

    received_today: int = 0
    waiting_parts: int = 0
    oldest_part_at: int | None = None
    unread: int = 0
    undecodable: int = 0
    undecodable_at: int | None = None
    here_only: int = 0
    oldest_here_at: int | None = None
    set_aside: int = 0
    aside: tuple[tuple[str, int], ...] = ()
    calls_today: int = 0


@dataclass(frozen=True, slots=True)
class Reason:
    """Why messages wait or failed: a code, its words, and how many there are of it."""

    code: str
    words: str
    n: int


@dataclass(frozen=True, slots=True)
class OutwardFacts:
    """Messages, except `backoff` and `uncertain`, which are parts. `oldest_at` is when the
    oldest one might have gone; what was replaced by a newer one did not fail. `refused_people` are
    those whose SMS was refused since the network took the last one of all."""

    waiting: int = 0
    urgent: int = 0
    oldest_at: int | None = None
    backoff: int = 0
    backoff_reasons: tuple[Reason, ...] = ()
    refused_people: int = 0
    uncertain: int = 0
    uncertain_at: int | None = None
    uncertain_ids: tuple[int, ...] = ()
    restored: int = 0  # messages that may have gone out since the copy was made
    restored_ids: tuple[int, ...] = ()
    awaiting_report: int = 0
    sent_today: int = 0
    delivered_today: int = 0
    failed_today: int = 0
    failed: tuple[Reason, ...] = ()
    failed_ids: tuple[int, ...] = ()
    held: HeldFacts = HeldFacts()  # noqa: RUF009  # frozen
    expired_today: int = 0
    superseded_today: int = 0
    looping: int = 0
    looping_at: int | None = None
    looping_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """The database and what stands around it. `trouble` is a code when it cannot be read.

    `mount` is the top of the disk that it is on, `days_left` how long `free` lasts at the rate
    of the last days; with a `reserve` relay has some megabytes of its own beyond it. Where the
    disk is `read_only`, none of that helps. `lost_in` and `lost_out` name messages that a
    salvage could not save, `holder` another program that keeps relay from writing. `custody` is
    what the weekly walk along the chain of custody found wrong, at `custody_at`.
    """

    path: str = ""
    mount: str = "/"
    exists: bool = True
    trouble: str | None = None
    detail: str = ""
    custody: str = ""
    custody_at: int | None = None
    free: int | None = None
    read_only: bool = False
    reserve: bool = False
    days_left: int | None = None
    backup_at: int | None = None
    backup_path: str | None = None
    backup_there: bool | None = None
    backup_failed_at: int | None = None
    backup_trouble: str = ""
    copied_at: int | None = None  # by hand
    restored_at: int | None = None
    restored_from_at: int | None = None  # when the copy was made that was restored
    damaged: str | None = None
    salvaged_at: int | None = None
    salvaged_aside: str | None = None
    salvaged_in: int | None = None
    salvaged_out: int | None = None
    lost_in: tuple[int, ...] = ()
    lost_out: tuple[int, ...] = ()
    moved_at: int | None = None
    moved_how: str = ""
    moved_copy: str = ""
    holder: str = ""

    @property
    def last_copy_at(self) -> int | None:
        """Of the night or by hand."""
        made = [at for at in (self.backup_at, self.copied_at) if at is not None]
        return max(made, default=None)


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """How far the computer's clock is ahead of relay's own time, whether that is `known` to be
    right, and who bears it out or speaks against it."""

    ahead_s: int = 0
    known: bool = True
    by: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Station:
    """Everything that a verdict is made of. `inward` and `outward` are None when unreadable.

    `now` is relay's own time, which need not be what the clock of the computer shows.
    """

    now: int
    name: str = ""
    on_uncertain: str = "resend"
    daemon: DaemonFacts = DaemonFacts()
    store: StoreFacts = StoreFacts()
    modems: tuple[ModemFacts, ...] = ()
    airtime: tuple[AirtimeFacts, ...] = ()
    servers: tuple[ServerFacts, ...] = ()
    inward: InwardFacts | None = None
    outward: OutwardFacts | None = None
    workers: tuple[WorkerFacts, ...] = ()
    clock: ClockFacts | None = None
    hooks: tuple[HookFacts, ...] = ()
    clock_step_s: float | None = None
    clock_step_at: int | None = None
    power: PowerFacts = field(default_factory=PowerFacts)
    battery_low: int = 0  # percent
    dark: tuple[Dark, ...] = ()  # the times of the last day that relay was off
    pauses: tuple[PauseFacts, ...] = ()
    community: CommunityFacts = field(default_factory=CommunityFacts)
    config_problems: tuple[str, ...] = field(default=())
