"""What the world may know of one server: facts in the store, and lines in the log.

A failure is logged when it begins or changes, then once an hour. No number and no text of a
message is ever written here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from relay.core.batching import Batching, Load
from relay.core.cht import Answer
from relay.core.outcome import OK, Outcome
from relay.flows.ports import Clock
from relay.log import Repeated, event
from relay.store.exchanges import Settled
from relay.store.facts import Facts

_log = logging.getLogger("relay.flows.syncing")

# `last_ok` may be this old (milliseconds): it is not worth a commit for each exchange.
_LAST_OK_MS = 60_000
# The Date header counts whole seconds, and an answer takes some.
_OFFSET_STEP_S = 5


class ServerJournal:
    """Writes `server.NAME.last_ok`, `.outcome`, `.batch`, `.clock_offset_s` and `.skipped`.

    `outcome` is {code, detail, since}, `since` in epoch ms; `batch` is {reports, updates, stage}.
    """

    def __init__(self, server: str, facts: Facts, clock: Clock) -> None:
        self._server = server
        self._facts = facts
        self._clock = clock
        self._outcome = self._last_outcome()
        self._failure = Repeated()
        self._last_ok = 0
        self._written: dict[str, object] = {}

    def _key(self, name: str) -> str:
        return f"server.{self._server}.{name}"

    def _last_outcome(self) -> Outcome | None:
        found = self._facts.get(self._key("outcome"))
        if found is None or not isinstance(found.value, Mapping):
            return None
        return Outcome(str(found.value.get("code")), str(found.value.get("detail")))

    # --- outcomes -------------------------------------------------------------------------------

    def succeeded(self, sent: Load, answer: Answer, settled: Settled, took_s: float) -> None:
        moved = not sent.empty or bool(settled.new)
        if moved:
            _log.info(
                event(
                    "sync.exchanged",
                    server=self._server,
                    reports=settled.forwarded,
                    updates=settled.told,
                    new=settled.new,
                    known=settled.known,
                    took_s=round(took_s, 1),
                )
            )
        now = self._clock.now()
        fresh: dict[str, object] = {}
        if self._outcome is None or self._outcome.code != OK.code:
            fresh |= self._change(OK, now)
            failures = self._failure.over()
            _log.info(event("sync.works", server=self._server, failures=failures))
        if fresh or not 0 <= now - self._last_ok < _LAST_OK_MS:
            self._last_ok = now
            fresh[self._key("last_ok")] = now
        fresh |= self._clock_offset(answer, now) | self._changed("skipped", answer.skipped)
        self._put(now, fresh)
        if answer.skipped:
            _log.debug(event("sync.skipped", server=self._server, malformed=answer.skipped))

    def failed(self, outcome: Outcome) -> None:
        now = self._clock.now()
        if self._outcome is None or self._outcome.code != outcome.code:
            self._put(now, self._change(outcome, now))
        if self._failure.worth(outcome.code, self._clock.monotonic()):
            # A refused login needs a person: nothing of it heals by itself.
            level = logging.ERROR if outcome.code.startswith("AUTH_") else logging.WARNING
            line = event(
                "sync.failed", server=self._server, code=outcome.code, detail=outcome.detail
            )
            _log.log(level, line)

    def parked(self, what: str, row_id: int, outcome: Outcome) -> None:
        """Set aside for a person; the others go on."""
        _log.warning(
            event("sync.parked", server=self._server, what=what, id=row_id, code=outcome.code)
        )

    def sized(self, batching: Batching) -> None:
        shape = {
            "reports": batching.reports,
            "updates": batching.updates,
            "stage": batching.stage.value,
        }
        self._put(self._clock.now(), self._changed("batch", shape))

    # --- what is new of it ----------------------------------------------------------------------

    def _change(self, outcome: Outcome, now: int) -> dict[str, object]:
        self._outcome = outcome
        value = {"code": outcome.code, "detail": outcome.detail, "since": now}
        return {self._key("outcome"): value}

    def _clock_offset(self, answer: Answer, now: int) -> dict[str, object]:
        if answer.server_time is None:
            return {}
        self._clock.heard(f"server {self._server}", answer.server_time)
        offset = round((answer.server_time - now) / 1000)
        before = self._written.get("clock_offset_s")
        if isinstance(before, int) and abs(offset - before) < _OFFSET_STEP_S:
            return {}
        return self._changed("clock_offset_s", offset)

    def _changed(self, name: str, value: object) -> dict[str, object]:
        """The fact if it differs from what this process wrote last."""
        if name in self._written and self._written[name] == value:
            return {}
        self._written[name] = value
        return {self._key(name): value}

    def _put(self, now: int, values: dict[str, object]) -> None:
        if values:
            self._facts.put_all(now, values, source="sync")
