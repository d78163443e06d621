"""Call the hooks: one call at a time, as rows say, until it succeeds or is given up."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence

from relay.core.backoff import delay_s
from relay.core.plain import DAY, printable
from relay.flows.ports import Chance, Clock
from relay.log import Repeated, event
from relay.store.hooks import Call, Hooks, ReceivedMessage

_log = logging.getLogger("relay.hooks")

# Ten tries take a day: a program that is being repaired misses nothing.
TRIES = 10
_BASE_S, _CAP_S = 30.0, 6 * 3600.0
_IDLE_S = 60.0

# (command, name of the hook, document) → why it failed, '' if it did not, and its first line.
Run = Callable[[Sequence[str], str, bytes], tuple[str, str]]


class Hooking:
    """Only used by the hooks thread."""

    def __init__(
        self,
        commands: Mapping[str, tuple[str, ...]],
        store: Hooks,
        clock: Clock,
        run: Run,
        chance: Chance,
    ) -> None:
        self._commands = {name: command for name, command in commands.items() if command}
        self._store = store
        self._clock = clock
        self._run = run
        self._chance = chance
        self._said = Repeated()

    def step(self) -> float:
        """One call; seconds until the next may be due."""
        now = self._clock.now()
        call = self._store.due(now, now + DAY)
        if call is None:
            due = self._store.next_due_at()
            return _IDLE_S if due is None else min(_IDLE_S, max(0.5, (due - now) / 1000))
        document = self._document(call)
        if document is None:  # its message was deleted
            self._store.done(call)
            return 0.0
        reason, said = self._run(self._commands[call.hook], call.hook, document)
        if reason.startswith("HOOK_STOPPED"):  # nobody's fault: it is called again at the start
            return 0.0
        if reason:
            self._failed(call, reason, said)
        else:
            self._succeeded(call)
        return 0.0

    def _document(self, call: Call) -> bytes | None:
        if call.document is not None:
            return call.document.encode()
        message = self._store.message(call.inbound_id or 0)
        return None if message is None else message_document(message)

    def _succeeded(self, call: Call) -> None:
        self._store.done(call)
        if times := self._said.over():
            _log.info(event("hook.recovered", hook=call.hook, failures=times))
        _log.debug(event("hook.done", hook=call.hook, inbound=call.inbound_id))

    def _failed(self, call: Call, reason: str, said: str) -> None:
        now = self._clock.now()
        tries = call.tries + 1
        wait_s = delay_s(tries, base_s=_BASE_S, cap_s=_CAP_S, chance=self._chance())
        again = None if tries >= TRIES else now + round(wait_s * 1000)
        self._store.failed(call, now, again, reason)
        if self._said.worth(f"{call.hook} {reason}", self._clock.monotonic()) or again is None:
            # A program may well repeat the message that it was given: its words are kept out.
            _log.warning(
                event(
                    "hook.failed", hook=call.hook, reason=reason, tries=tries,
                    given_up=again is None, said=len(said),
                )
            )  # fmt: skip
            _log.debug(event("hook.said", hook=call.hook, line=printable(said)))


def message_document(message: ReceivedMessage) -> bytes:
    """What `on_message` reads: JSON of schema 1, in ASCII."""
    return json.dumps(
        {
            "v": 1,
            "event": "message",
            "id": message.id,
            "uuid": message.uuid,
            "kind": message.kind,
            "from": message.sender,
            "text": message.text,
            "whole": message.whole,
            "sent_at": message.sc_time,
            "received_at": message.kept_at,
            "modem": message.modem,
            "answer": message.answer,
        }
    ).encode("ascii")
