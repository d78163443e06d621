"""The demo-server of cht-gateway, with its oddities (demo-server/index.js). No HTTP here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from relay.simulator.server_rules import Request, Response, Rules, right_login
from relay.simulator.server_state import CentralState, StoredReport


class DemoState(CentralState):
    """No ids are compared, and every message is handed out once: lost if the answer is lost.

    The real one forgets `updates`; here they are kept, so that one can look at them.
    """

    def __init__(
        self,
        pause: Callable[[], None] = lambda: None,
        chokes: Callable[[object], bool] = lambda content: False,
    ) -> None:
        super().__init__(pause, chokes)
        self.errors: list[Any] = []

    def exchange(self, body: Any) -> dict[str, Any]:
        for entry in body.get("messages") or ():
            self._pause()
            with self._lock:
                self._reports.append(
                    StoredReport(entry.get("id"), entry.get("from"), entry.get("content"))
                )
        self._apply_updates(body.get("updates"))
        return {"messages": self._hand_out()}

    def _hand_out(self) -> list[dict[str, object]]:
        with self._lock:
            waiting = [task for task in self._tasks.values() if task.state == "pending"]
            for task in waiting:
                task.change("passed-to-gateway")
            return [{"id": task.id, "to": task.to, "content": task.content} for task in waiting]


class DemoFront:
    """Strict about five headers, and deaf to gzip."""

    path = "/app"

    _WANTED = (
        ("Accept", "application/json"),
        ("Accept-Charset", "utf-8"),
        ("Accept-Encoding", "gzip"),
        ("Cache-Control", "no-cache"),
        ("Content-Type", "application/json"),
    )

    def __init__(self, state: DemoState, rules: Rules) -> None:
        self._state = state
        self._rules = rules

    def answer(self, request: Request) -> Response:
        try:
            if request.path == "/error" and request.method == "POST":
                self._state.errors.append(json.loads(request.body))
                return _bare(200, {"ok": True})
            if request.path != self.path:
                return _bare(500, {"err": "Path not found for URL: "})
            return self._app(request)
        except ValueError as error:
            return _bare(500, {"err": str(error), "method": request.method})

    def _app(self, request: Request) -> Response:
        if self._rules.user and not right_login(request, self._rules):
            return _bare(401, {"err": "Unauthorized"})
        if request.method == "GET":
            return _bare(200, {"medic-gateway": True, "ok": True})
        if request.method != "POST":
            raise ValueError("Unhandled method.")
        for name, wanted in self._WANTED:
            if request.headers.get(name.lower()) != wanted:
                raise ValueError(f'Bad value for header "{name}": expected "{wanted}"')
        if self._state.errors:
            raise ValueError(str(self._state.errors.pop(0)))
        # It knows nothing of Content-Encoding: gzipped bytes are bad JSON to it.
        return _bare(200, self._state.exchange(json.loads(request.body.decode(errors="replace"))))


def _bare(status: int, body: dict[str, Any]) -> Response:
    """It names no Content-Type."""
    return Response(status, json.dumps(body).encode(), {})
