"""What a command that was written collects until it is done."""

from __future__ import annotations

from relay.core.at import Final, Heard, Kind, Running, read_final
from relay.core.urc import result_name

# Ten times the longest listing there is. A modem that babbles is cut short; a sweep asks again.
_MOST_CHARACTERS = 4 * 1024 * 1024


class Answer:
    """One running command. Guarded by the wire's condition."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.lines: list[str] = []
        self._characters = 0
        self.final: Final | None = None
        self.prompted = False
        self.cut: str | None = None  # why no answer will come

    @property
    def done(self) -> bool:
        return self.final is not None or self.prompted or self.cut is not None

    def take(self, heard: Heard) -> None:
        if heard.kind is Kind.REPLY:
            self._collect(heard.line)
        elif heard.kind is Kind.FINAL:
            self.final = heard.final

    def _collect(self, line: str) -> None:
        self._characters += len(line)
        if self._characters <= _MOST_CHARACTERS:
            self.lines.append(line)


class Markers(Answer):
    """Counts the answers to a marker command, to get into step with the modem again.

    "Silence" would not do: notifications never stop on a busy modem. An answer counts when its
    own line (`+CMGF: …`) came before its final result; other final results belong to commands
    that were given up.
    """

    def __init__(self, marker: str) -> None:
        super().__init__(Running.of(marker))
        self.command = marker
        self.sent = 0
        self.answered = 0
        self.finals = 0
        self._named = False

    @property
    def done(self) -> bool:
        return 0 < self.sent <= self.answered or self.cut is not None

    def take(self, heard: Heard) -> None:
        if heard.kind is Kind.REPLY and result_name(heard.line) in self.running.names:
            self._named = True
        elif heard.kind is Kind.FINAL:
            self.finals += 1
            self.answered += self._named
            self._named = False


def is_stray(line: str) -> bool:
    """A final result that nobody waits for: the end of an answer that was given up."""
    return read_final(line) is not None


def masked(line: str) -> str:
    """A command, or its echo, without the PIN or the USSD code in it."""
    name, sign, _ = line.partition("=")
    return f"{name}=…" if sign and name in {"AT+CPIN", "AT+CUSD"} else line
