"""A local central server that behaves like a real CHT server: for the demo, training and tests.

with CentralServer(user="gateway", password="secret") as server:
    server.queue("id-1", "+254700000001", "Karibu")
    print(server.url, server.reports)
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from urllib.parse import quote

from relay.simulator.server_demo import DemoFront, DemoState
from relay.simulator.server_faults import Faults
from relay.simulator.server_http import WebServer
from relay.simulator.server_journal import Journal, Logged
from relay.simulator.server_rules import ChtFront, Front, Rules
from relay.simulator.server_state import CentralState, Change, StoredReport

_HOST = "127.0.0.1"


class CentralServer:
    """Speaks cht-core's gateway API, or with `demo_server` that of cht-gateway's demo-server.

    It keeps its port and all that it has stored over `stop` and `start`. `now` (epoch ms) sets
    its clock, which shows in the Date header. With `certificate` and `key` (PEM files) it
    speaks https. All public attributes may be used from any thread.
    """

    def __init__(
        self,
        *,
        user: str = "gateway",
        password: str = "gateway",  # noqa: S107  # a server of this computer only
        port: int = 0,
        demo_server: bool = False,
        certificate: str = "",
        key: str = "",
        now: Callable[[], int] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.faults = Faults()
        self.rules = Rules(user, password)
        kind = DemoState if demo_server else CentralState
        self._state = kind(self._work, self.faults.chokes)
        self._front: Front = (
            DemoFront(self._state, self.rules)
            if isinstance(self._state, DemoState)
            else ChtFront(self._state, self.rules, monotonic)
        )
        self._tls = _tls(certificate, key)
        self._now = now
        self._journal = Journal()
        self._port = port
        self._web: WebServer | None = None
        self._thread: threading.Thread | None = None
        self._working = threading.Event()  # never set: waited for instead of sleeping

    def __enter__(self) -> CentralServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- up and down ----------------------------------------------------------------------------

    def start(self) -> None:
        """Listen, on the same port as before. Raises OSError when someone else took it."""
        if self._web is not None:
            return
        web = WebServer((_HOST, self._port), self._front, self.faults, self._journal, self._date())
        if self._tls is not None:
            web.encrypt(self._tls)
        self._port = web.server_address[1]
        self._web = web
        self._thread = threading.Thread(
            target=web.serve_forever, args=(0.02,), name="central-server", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Break all connections and refuse new ones, as if the server were switched off."""
        web, thread = self._web, self._thread
        if web is None or thread is None:
            return
        web.shutdown()
        web.hang_up()
        web.server_close()
        thread.join()
        self._web = self._thread = None

    def restart(self) -> None:
        self.stop()
        self.start()

    # --- to look at -----------------------------------------------------------------------------

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        """Where a gateway finds it, without a login."""
        return f"{'https' if self._tls else 'http'}://{_HOST}:{self._port}{self._front.path}"

    @property
    def url_with_login(self) -> str:
        login = f"{quote(self.rules.user, safe='')}:{quote(self.rules.password, safe='')}"
        return self.url.replace("://", f"://{login}@", 1)

    @property
    def reports(self) -> list[StoredReport]:
        """The documents that reports became, in order; a duplicate shows as one more."""
        return self._state.reports()

    @property
    def states(self) -> dict[str, str]:
        """The state of every queued message by its id, in CHT's words."""
        return self._state.states()

    def state(self, message_id: str) -> str:
        return self._state.state(message_id)

    def history(self, message_id: str) -> list[Change]:
        """Every change of state, as state_history of the task keeps it."""
        return self._state.history(message_id)

    @property
    def requests(self) -> list[Logged]:
        """Every request since the start or `forget_requests`, with its bytes both ways."""
        return self._journal.entries()

    def wait_for_request(self, count: int = 1, timeout_s: float = 5.0) -> bool:
        """Until `count` requests have come in since the start; False when time is up."""
        return self._journal.wait_for(count, timeout_s)

    def forget_requests(self) -> None:
        self._journal.clear()

    # --- to act on ------------------------------------------------------------------------------

    def queue(self, message_id: str, to: object, text: object, *, task: str = "") -> None:
        """A message for the gateway to send. Messages of one `task` share their state."""
        self._state.queue(message_id, to, text, task=task)

    def resend(self, message_id: str) -> None:
        """Set a message back to pending, as someone does who wants it sent once more."""
        self._state.resend(message_id)

    def refuse_next(self, words: object) -> None:
        """The demo-server's POST /error: its next POST fails with 500. Not for CHT."""
        if not isinstance(self._state, DemoState):
            raise TypeError("only the demo-server has /error; use `faults`")
        self._state.errors.append(words)

    def _work(self) -> None:
        if self.faults.work_s > 0:
            self._working.wait(self.faults.work_s)

    def _date(self) -> Callable[[], str] | None:
        now = self._now
        return None if now is None else lambda: formatdate(now() / 1000, usegmt=True)


def _tls(certificate: str, key: str) -> ssl.SSLContext | None:
    if not certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
