"""The live screen: all that relay knows of Textual.

It reads the store every two seconds in a thread of its own, so that a database that is locked
does not stop the keys, and acts only through the running relay.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Footer, Static

from relay.monitor import acts, panes
from relay.monitor.glance import Glance

_REFRESH_S = 2.0
_ENDINGS = (signal.SIGTERM, signal.SIGHUP)

HELP = """\
r  failed messages are sent again, after you press r twice
p  pause sending, and go on with it; receiving never stops
b  ask the operator for the balance of each SIM
s  speak with the server now
n  phone numbers in full (only if started with --show-numbers)
t  texts of the messages (only if started with --text)
h  this help, and back
q  quit; relay itself runs on

The first word is the verdict: OK nothing to do, WARN look this week,
CRIT a person must act, UNKNOWN relay does not run. Everything is read
every two seconds from the database; nothing here disturbs the modem."""


class Monitor(App[None]):
    """`look` makes a glance, `ask` has the running relay do something; both may block."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "relay monitor"
    CSS = """
    #headline { height: auto; max-height: 3; text-style: bold; }
    #body { height: 1fr; }
    #problems, #facts { height: auto; margin-bottom: 1; }
    #messages { height: auto; }
    #said { height: auto; max-height: 3; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "retry", "Retry"),
        Binding("p", "act('pause')", "Pause"),
        Binding("b", "act('balance')", "Balance"),
        Binding("s", "act('sync')", "Sync"),
        Binding("n", "numbers", "Numbers"),
        Binding("t", "texts", "Texts"),
        Binding("h,question_mark", "explain", "Help"),
        Binding("q,ctrl+c,escape", "quit", "Quit"),
    ]

    def __init__(
        self,
        look: Callable[[], Glance],
        ask: acts.Ask,
        *,
        may_show_numbers: bool = False,
        may_show_texts: bool = False,
    ) -> None:
        super().__init__()
        self._look_at = look
        self._ask = ask
        self._may = {"numbers": may_show_numbers, "texts": may_show_texts}
        self._shown = {"numbers": False, "texts": False}
        self._glance: Glance | None = None
        self._armed = False  # r was pressed once
        self._helping = False

    def compose(self) -> ComposeResult:
        yield Static("relay monitor: looking …", id="headline", markup=False)
        with VerticalScroll(id="body"):
            yield Static("", id="problems", markup=False)
            yield Static("", id="facts", markup=False)
            yield Static("", id="messages", markup=False)
        yield Static("", id="said", markup=False)
        yield Footer()

    # --- seeing ---------------------------------------------------------------------------------

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _ENDINGS:  # so that the terminal is given back as it was
            loop.add_signal_handler(number, self.exit)
        self.query_one("#body").focus()
        self.set_interval(_REFRESH_S, self.refresh_glance)
        self.refresh_glance()

    def on_unmount(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _ENDINGS:
            loop.remove_signal_handler(number)

    def on_resize(self) -> None:
        self._show()

    def refresh_glance(self) -> None:
        """Unless the last look still waits for the database."""
        if not any(worker.group == "look" and not worker.is_finished for worker in self.workers):
            self._look()

    @work(thread=True, group="look")
    def _look(self) -> None:
        glance = self._look_at()
        self.call_from_thread(self._seen, glance)

    def _seen(self, glance: Glance) -> None:
        self._glance = glance
        self._show()

    def _show(self) -> None:
        glance, width = self._glance, max(40, self.size.width - 2)
        if glance is None or not self.is_running:
            return
        first, *rest = panes.headline(glance, width)
        self._put("#headline", first, *rest)
        self._put("#problems", *([HELP] if self._helping else panes.problems(glance, width)))
        self._put("#facts", *(() if self._helping else panes.facts(glance, width)))
        lines = panes.messages(glance, width, **self._shown)
        self._put("#messages", *(() if self._helping else lines))

    def _put(self, name: str, *lines: str) -> None:
        self.query_one(name, Static).update(Text("\n".join(lines)))

    def say(self, words: str) -> None:
        """On the line above the keys."""
        self._put("#said", words)

    # --- acting ---------------------------------------------------------------------------------

    def action_retry(self) -> None:
        failed = len(self._glance.failed) if self._glance else 0
        if not failed:
            self.say(
                "No message has failed that would still be of use. Held ones need your word:"
                " relay outbox list --held"
            )
        elif self._armed:
            self._act(acts.retry)
        else:
            self.say(f"This sends {failed} failed messages again, and costs. Press r once more.")
        self._armed = bool(failed) and not self._armed

    def action_act(self, name: str) -> None:
        self._armed = False
        self._act({"pause": acts.pause, "balance": acts.balance, "sync": acts.sync}[name])

    @work(thread=True, group="act", exclusive=True)
    def _act(self, act: acts.Act) -> None:
        if self._glance is None:
            return
        self.call_from_thread(self.say, "relay is asked …")
        words = acts.outcome(act, self._ask, self._glance)
        self.call_from_thread(self.say, words)
        self.call_from_thread(self.refresh_glance)

    def action_numbers(self) -> None:
        self._toggle("numbers", "--show-numbers")

    def action_texts(self) -> None:
        self._toggle("texts", "--text")

    def _toggle(self, what: str, option: str) -> None:
        self._armed = False
        if not self._may[what]:
            self.say(f"Start relay monitor with {option} to see {what}.")
            return
        self._shown[what] = not self._shown[what]
        self._show()

    def action_explain(self) -> None:
        self._armed = False
        self._helping = not self._helping
        self._show()


def lines(app: App[None]) -> list[str]:
    """What stands on the screen, as text: for the documents and the tests."""
    strips = app.screen._compositor.render_strips()  # Textual draws, and does not tell
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]
