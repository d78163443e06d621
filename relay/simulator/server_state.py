"""What a CHT server remembers: stored reports, and messages with their states. No HTTP here.

Every rule is one that was measured on cht-core 5.2.0, also those that hurt: they are what a
gateway has to live with.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

# sms-gateway.js:11-17
STATES = {
    "UNSENT": "received-by-gateway",
    "PENDING": "forwarded-by-gateway",
    "SENT": "sent",
    "DELIVERED": "delivered",
    "FAILED": "failed",
}
_HANDED_OUT = frozenset({"pending", "forwarded-to-gateway"})
FULL_HANDOUT = 25


class ServerTrouble(Exception):
    """The whole POST ends in a 500; what was stored before stays stored."""


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A document that one received SMS became; `sender` is the wire's `from`."""

    id: object
    sender: Any
    content: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of state_history."""

    state: str
    details: dict[str, Any] | None = None


@dataclass(slots=True)
class Task:
    """A message to send. Messages of one `task` share one state."""

    id: str
    to: object
    content: object
    task: str
    state: str = "pending"
    history: list[Change] = field(default_factory=list)

    def change(self, state: str, details: dict[str, Any] | None = None) -> None:
        """setTaskState of shared-libs/task-utils: a repetition without details is ignored."""
        if state == self.state and details is None:
            return
        self.state = state
        self.history.append(Change(state, details))


class CentralState:
    """Thread-safe. `pause` runs between looking for known ids and storing, once per message.

    `chokes` says of a content that the database refuses it, besides lone surrogates.
    """

    def __init__(
        self,
        pause: Callable[[], None] = lambda: None,
        chokes: Callable[[object], bool] = lambda content: False,
    ) -> None:
        self._lock = threading.Lock()
        self._pause = pause
        self._chokes = chokes
        self._reports: list[StoredReport] = []
        self._tasks: dict[str, Task] = {}

    # --- what the server is asked -----------------------------------------------------------

    def exchange(self, body: Any) -> dict[str, Any]:
        """One POST: messages, then updates, then the hand-out (sms-gateway.js:174-181)."""
        found = body if isinstance(body, dict) else {}
        self._store_messages(found.get("messages", []))
        self._apply_updates(found.get("updates"))
        return {"messages": self._hand_out()}

    def _store_messages(self, messages: Any) -> None:
        if not isinstance(messages, list) or None in messages:
            raise ServerTrouble("Server error")
        whole = [entry for entry in messages if _has_required(entry)]
        # Known ids are looked up once, before anything is stored: the same id twice in a POST,
        # or in two POSTs at a time, makes two documents.
        with self._lock:
            known = {report.id for report in self._reports}
        poisoned = False
        for entry in whole:
            if entry["id"] not in known:
                self._pause()
                poisoned |= not self._store(entry)
        if poisoned:
            raise ServerTrouble("Server error")

    def _store(self, entry: dict[str, Any]) -> bool:
        """False for what CouchDB calls invalid UTF-8 JSON; the others are stored all the same."""
        if any(_has_lone_surrogate(entry[key]) for key in ("id", "from", "content")):
            return False
        if self._chokes(entry["content"]):
            return False
        with self._lock:
            self._reports.append(StoredReport(entry["id"], entry["from"], entry["content"]))
        return True

    def _apply_updates(self, updates: Any) -> None:
        if updates is None:
            return
        if not isinstance(updates, list) or None in updates:
            raise ServerTrouble("Server error")
        with self._lock:
            for update in updates:
                self._apply(update if isinstance(update, dict) else {})

    def _apply(self, update: dict[str, Any]) -> None:
        """In order, with no look at what the state was before."""
        state = STATES.get(str(update.get("status")))
        details = {"reason": update["reason"]} if update.get("reason") else None
        if state is None:
            state, details = "unrecognised", {"gateway_status": update.get("status")}
        for task in self._siblings(update.get("id")):
            task.change(state, details)

    def _siblings(self, message_id: Any) -> list[Task]:
        named = self._tasks.get(message_id) if isinstance(message_id, str) else None
        if named is None:
            return []
        return [task for task in self._tasks.values() if task.task == named.task]

    def _hand_out(self) -> list[dict[str, object]]:
        """The first 25 that no status has acknowledged, again and again."""
        with self._lock:
            waiting = [task for task in self._tasks.values() if task.state in _HANDED_OUT]
            for task in waiting[:FULL_HANDOUT]:
                task.change("forwarded-to-gateway")
            return [
                {"id": task.id, "to": task.to, "content": task.content}
                for task in waiting[:FULL_HANDOUT]
            ]

    # --- what a test, a trainer or the demo does ---------------------------------------------

    def queue(self, message_id: str, to: object, content: object, *, task: str = "") -> None:
        with self._lock:
            self._tasks[message_id] = Task(message_id, to, content, task or message_id)

    def resend(self, message_id: str) -> None:
        """What a person at the server does to have a failed message sent once more."""
        with self._lock:
            self._tasks[message_id].change("pending")

    def state(self, message_id: str) -> str:
        with self._lock:
            return self._tasks[message_id].state

    def history(self, message_id: str) -> list[Change]:
        with self._lock:
            return list(self._tasks[message_id].history)

    def states(self) -> dict[str, str]:
        with self._lock:
            return {task.id: task.state for task in self._tasks.values()}

    def reports(self) -> list[StoredReport]:
        with self._lock:
            return list(self._reports)


def _has_required(entry: Any) -> bool:
    """Required and truthy, or dropped with a 200 (messaging.js:139-150)."""
    return isinstance(entry, dict) and all(entry.get(key) for key in ("id", "from", "content"))


def _has_lone_surrogate(value: Any) -> bool:
    return isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value)


def names(changes: Sequence[Change]) -> list[str]:
    return [change.state for change in changes]
