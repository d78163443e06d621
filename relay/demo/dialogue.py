"""What people text and what they get, as it happens; and whether it was what should happen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from relay.demo.stage import STATION, Stage, StageFright

Say = Callable[[str], None]
_BLANK = re.compile(r"\\\{([a-z_]+)\\\}")
_WIDE = 8
_STILL_S = 0.3
_UNDONE = (
    "SELECT count(*) FROM raw_pdu WHERE state = 'KEPT'",
    "SELECT count(*) FROM answer WHERE state = 'WAITING'",
    "SELECT count(*) FROM outbound WHERE status IN ('UNSENT', 'PENDING')",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation and what was seen."""

    what: str
    wanted: str
    seen: str
    right: bool


class Dialogue:
    """`cast` is number by name. Raises `StageFright` where something does not come about."""

    def __init__(self, stage: Stage, say: Say, cast: Mapping[str, str]) -> None:
        self.stage = stage
        self.checks: list[Check] = []
        self._say = say
        self._cast = dict(cast)
        self._names = {number: name for name, number in cast.items()}
        self._heard: dict[str, int] = {}

    # --- what happens ---------------------------------------------------------------------------

    def tell(self, line: str) -> None:
        """A word to whoever watches."""
        self._say(line)

    def texts(self, who: str, text: str, *, aloud: bool = True) -> None:
        """Somebody sends an SMS to the station. Not everything need be shown `aloud`."""
        if aloud:
            self._show(">>", who, text)
        self.stage.network.handset(self._cast[who]).send(text, to=STATION)

    def gets(
        self, who: str, said: str, *, seconds: float = 30, aloud: bool = True
    ) -> dict[str, str]:
        """The next SMS on this handset, which must be `said`; what stood in its {blanks}."""
        text = self.next(who, seconds=seconds)
        found = _pattern(said).fullmatch(text)
        if aloud or not found:
            self._show("<<", who, text)
            self.check(f"{who} gets", said, text, found is not None)
        if found is None:
            raise StageFright(f"{who} got something else")
        return found.groupdict()

    def asked(self, who: str, text: str, said: str) -> dict[str, str]:
        """An SMS and the answer to it."""
        self.texts(who, text)
        return self.gets(who, said)

    def got(self, who: str) -> list[str]:
        """Everything that ever came to this handset."""
        inbox = self.stage.network.handset(self._cast[who]).inbox
        return [sms.text or "" for sms in inbox]

    def read(self, who: str) -> list[str]:
        """What came since the last look, without a word on whether it was wanted."""
        unread = self.got(who)[self._heard.get(who, 0) :]
        self._heard[who] = self._heard.get(who, 0) + len(unread)
        for text in unread:
            self._show("<<", who, text)
        return unread

    def until(self, reached: Callable[[], bool], otherwise: str, seconds: float = 30) -> None:
        if not self.stage.wait_until(reached, seconds):
            raise StageFright(otherwise)

    def settle(self) -> None:
        """Until the station has read and answered everything, and has nothing to send."""
        for _ in range(2):  # what was read may have something to say
            self.until(self._still, "relay still had something to do")
            self.stage.pause(_STILL_S)

    def _still(self) -> bool:
        return self.stage.sim_is_empty() and not any(map(self.stage.count, _UNDONE))

    def waiting(self) -> int:
        """How many messages wait for a server."""
        return self.stage.count("SELECT count(*) FROM inbound WHERE state = 'WAITING'")

    # --- what is checked ------------------------------------------------------------------------

    def check(self, what: str, wanted: object, seen: object, right: bool | None = None) -> None:
        self.checks.append(
            Check(what, str(wanted), str(seen), wanted == seen if right is None else right)
        )

    def nothing_else(self) -> None:
        """Whatever came to a handset was expected above, and nobody else got anything."""
        strays = [
            f"{self._names.get(number, number)}: {sms.text}"
            for number, phone in self.stage.network.handsets.items()
            for sms in phone.inbox[self._heard.get(self._names.get(number, ""), 0) :]
        ]
        self.check("SMS that nobody expected", 0, len(strays))
        for stray in strays:
            self._say(f"   unexpected: {stray}")

    def next(self, who: str, *, seconds: float = 30, aloud: bool = False) -> str:
        """The next SMS on this handset, whatever it is."""
        seen = self._heard.get(who, 0)
        if not self.stage.wait_until(lambda: len(self.got(who)) > seen, seconds):
            self.check(f"{who} gets", "an SMS", "nothing", False)
            raise StageFright(f"nothing came to {who}")
        self._heard[who] = seen + 1
        text = self.got(who)[seen]
        if aloud:
            self._show("<<", who, text)
        return text

    def _show(self, way: str, who: str, text: str) -> None:
        self._say(f"{way} {self._cast[who]} {who:<{_WIDE}}  {text}")


def _pattern(said: str) -> re.Pattern[str]:
    """The text, with anything but a blank line where {name} stands."""
    return re.compile(_BLANK.sub(r"(?P<\1>[^\\n]+?)", re.escape(said)))
