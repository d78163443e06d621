"""Every error of relay, named by who must act on it. Each carries data; the words come from `str`.

RelayError
├── ConfigError                     the person who wrote the configuration (exit 78)
├── RuleError                       the person who wrote a rule set: it alone is not used
├── StoreError
│   ├── CorruptDatabase             set aside and salvaged, never deleted
│   ├── SchemaTooNew                an older relay must not touch a newer database
│   ├── StoreMoved                  the file was deleted or replaced under the running relay
│   ├── StoreFull                   nothing can be written, so nothing may be deleted from the SIM
│   └── StoreBusy                   another process holds the database
├── ModemError
│   ├── PortLost                    the port is gone or was never there
│   │   └── PortShut                it cannot even be opened
│   ├── NoReply                     the modem is silent
│   ├── SimProblem                  no SIM, PIN, PUK
│   ├── Ailing                      it answers, and does not do its work
│   ├── CannotCure                  a step of recovery that this modem does not have
│   ├── NotSubmitted                nothing was sent: the part is QUEUED again
│   ├── Refused                     +CMS ERROR / +CME ERROR / ERROR
│   └── OutcomeUnknown              Ctrl-Z was written, no +CMGS came back
├── ServerError
│   ├── Unreachable                 no answer; `maybe_processed` when the request had left
│   ├── Unauthorised                401 or 403
│   ├── Rejected                    any other refusal by status code
│   └── BadReply                    a 2xx that is not the protocol
├── PduError                        bytes that we cannot read (it keeps them)
├── TextError                       text that no SMS can carry
├── NumberError                     a recipient that cannot be dialled
└── IllegalTransition               a bug in relay
"""

from __future__ import annotations

from dataclasses import dataclass, field


class RelayError(Exception):
    """The root: catching it catches everything that relay raises on purpose."""


@dataclass(eq=False)
class ConfigError(RelayError):
    """The configuration cannot be used; `problems` holds every mistake at once."""

    problems: tuple[str, ...]

    def __str__(self) -> str:
        return "; ".join(self.problems)


@dataclass(eq=False)
class RuleError(RelayError):
    """A mistake in a rule set. `keys` is the way to it in the TOML; it finishes with a remedy."""

    keys: tuple[str, ...]
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{'.'.join(self.keys)}: {self.what}; {self.remedy}"


class StoreError(RelayError):
    """The database cannot do what was asked."""


@dataclass(eq=False)
class CorruptDatabase(StoreError):
    path: str
    detail: str

    def __str__(self) -> str:
        return f"the database {self.path} is damaged: {self.detail}"


@dataclass(eq=False)
class SchemaTooNew(StoreError):
    path: str
    unknown: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"the database {self.path} was written by a newer relay "
            f"(it has {', '.join(self.unknown)}). Nothing was changed. "
            "Install the newer relay again, or put back the copy that was kept before the upgrade "
            f"({self.path}.before-…) or another one of this version: relay restore FILE"
        )


@dataclass(eq=False)
class StoreMoved(StoreError):
    """`how` is "deleted or moved away" or "replaced by another file"; `copy` is where what relay
    held until then was saved, once it is."""

    path: str
    how: str
    copy: str = ""

    def __str__(self) -> str:
        return (
            f"the database {self.path} was {self.how} while relay was running. Nothing is deleted "
            "from the SIM and nothing is sent until relay has saved what it holds and opened the "
            "database again, which it does by itself."
        )


@dataclass(eq=False)
class StoreFull(StoreError):
    """Nothing can be written: the disk is full, read-only or failing."""

    path: str
    cause: str = "no room left on the disk"

    def __str__(self) -> str:
        return (
            f"{self.cause} ({self.path}). Nothing was stored. Nothing is deleted from the SIM and "
            f"nothing is sent until relay can write again. {self._remedy()}"
        )

    def _remedy(self) -> str:
        if "permission" in self.cause.lower():
            return "This user may not write there: try it with sudo."
        return "Free some space on the disk; if there is enough, it is read-only or failing."


@dataclass(eq=False)
class StoreBusy(StoreError):
    """`holder` names the process that holds it, where the system tells."""

    path: str
    holder: str = ""

    def __str__(self) -> str:
        return (
            f"another relay or another program holds the database {self.path}"
            f"{self.holder and f': {self.holder}'}. Nothing was changed; messages wait on the SIM "
            "and here. Is relay running already? See: relay status"
        )


class ModemError(RelayError):
    """The modem or its SIM did not do what was asked."""


@dataclass(eq=False)
class PortLost(ModemError):
    """The port vanished, could not be opened, or is held by someone else.

    `code` says why in one stable word where that is known (PORT_BUSY, USB_MASS_STORAGE, …).
    """

    port: str
    cause: str
    code: str = ""

    def __str__(self) -> str:
        place = f"the modem ({self.port})" if " = " in self.port else f"port {self.port}"
        return f"{place} cannot be used: {self.cause}"


@dataclass(eq=False)
class PortShut(PortLost):
    """The port cannot even be opened: unplugged, forbidden, or held by another program."""

    @classmethod
    def of(cls, error: PortLost) -> PortShut:
        return cls(error.port, error.cause, error.code)


@dataclass(eq=False)
class Ailing(ModemError):
    """The modem answers commands and does not do its work; `trouble` is a word of the ladder."""

    trouble: str
    cause: str

    def __str__(self) -> str:
        return self.cause


@dataclass(eq=False)
class CannotCure(ModemError):
    """A step of recovery that this modem does not have, or that relay may not take."""

    step: str
    cause: str

    def __str__(self) -> str:
        return f"{self.step}: {self.cause}"


@dataclass(eq=False)
class NoReply(ModemError):
    """The modem did not finish its answer in time; `partial` is what it did say."""

    command: str
    waited_s: float
    partial: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"no answer to {self.command} within {self.waited_s:g} s"


@dataclass(eq=False)
class SimProblem(ModemError):
    """`kind` is SIM_ABSENT, SIM_FAILURE, SIM_WRONG, PIN_REQUIRED, PIN_REFUSED or PUK_BLOCKED."""

    kind: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}" if self.detail else self.kind


@dataclass(eq=False)
class NotSubmitted(ModemError):
    """The submission certainly did not start: no Ctrl-Z was written."""

    cause: str

    def __str__(self) -> str:
        return f"not submitted: {self.cause}"


@dataclass(eq=False)
class Refused(ModemError):
    """A final error result. `family` is CMS, CME or '' (plain ERROR, NO CARRIER, …)."""

    family: str
    code: int | None
    text: str = ""
    again: bool = True

    def __str__(self) -> str:
        if not self.family:
            return self.text or "ERROR"
        return f"+{self.family} ERROR: {self.text if self.code is None else self.code}"


@dataclass(eq=False)
class OutcomeUnknown(ModemError):
    """The PDU and its Ctrl-Z were written, and no final result came back."""

    cause: str

    def __str__(self) -> str:
        return f"outcome unknown: {self.cause}"


class ServerError(RelayError):
    """An exchange with a server failed. Nothing of it may be marked as done."""


@dataclass(eq=False)
class Unreachable(ServerError):
    """No usable answer. `maybe_processed`: the request may have reached the server."""

    cause: str
    maybe_processed: bool = False

    def __str__(self) -> str:
        return self.cause


@dataclass(eq=False)
class Unauthorised(ServerError):
    status: int
    text: str = ""

    def __str__(self) -> str:
        return f"HTTP {self.status}: {self.text or 'the server does not accept the credentials'}"


@dataclass(eq=False)
class Rejected(ServerError):
    """`retry_after_s` is the server's own wish (Retry-After), when it had one."""

    status: int
    text: str = ""
    retry_after_s: float | None = None

    def __str__(self) -> str:
        return f"HTTP {self.status}: {self.text}" if self.text else f"HTTP {self.status}"


@dataclass(eq=False)
class BadReply(ServerError):
    """A success status with a body that is not the protocol (a captive portal, a cut answer)."""

    detail: str
    maybe_processed: bool = True

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class PduError(RelayError):
    """A PDU that cannot be read; the bytes stay with the error."""

    pdu: str = field(repr=False)
    reason: str = ""

    def __str__(self) -> str:
        return self.reason


@dataclass(eq=False)
class TextError(RelayError):
    """A text that no SMS can carry. `code` is stable: it goes to the server as the reason."""

    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


@dataclass(eq=False)
class NumberError(RelayError):
    """A recipient that cannot be dialled."""

    code: str = "destination.invalid"
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}" if self.detail else self.code


@dataclass(eq=False)
class IllegalTransition(RelayError):
    """A row was asked to make a move that its table does not have: a bug in relay."""

    state: str
    event: str

    def __str__(self) -> str:
        return f"no way from {self.state} on {self.event}"
