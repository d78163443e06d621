"""The story: five health workers, a lost line, a power cut, and everything arrives once."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from relay.demo.ledger import Ledger, Sent, reconcile
from relay.demo.stage import STATION, Stage, StageFright

Say = Callable[[str], None]

_LONG = (
    "V 00371 Mother well, blood pressure 118/76, weight 61 kg, baby moves, heartbeat 142. "
    "Iron and folic acid given for 30 days. Danger signs explained. She walks two hours to us, "
    "so please send the tetanus vaccine with the next visit of the team. [Ward 4] {ok} ~"
)


class Story:
    """Raises `StageFright` where a step does not come about; the ledger says the rest."""

    def __init__(self, stage: Stage, say: Say) -> None:
        self._stage = stage
        self._say = say
        self._reports: list[Sent] = []
        self._replies: list[Sent] = []
        self._ids = (f"reply-{n}" for n in count(1))

    def play(self) -> Ledger:
        self._open()
        self._reports_come_in()
        self._the_line_is_down()
        self._the_line_is_back()
        self._power_fails_while_sending()
        return self.ledger()

    def ledger(self) -> Ledger:
        stage = self._stage
        handsets = stage.network.handsets.values()
        return reconcile(
            self._reports,
            [(report.sender, report.content) for report in stage.server.reports],
            self._replies,
            [(phone.number, sms.text or "") for phone in handsets for sms in phone.inbox],
            stage.server.states,
        )

    # --- acts -----------------------------------------------------------------------------------

    def _open(self) -> None:
        pid = self._stage.start_relay()
        self._say(f"relay runs (process {pid}): a modem on a serial line, a server on the web.")
        self._must(lambda: bool(self._stage.server.requests), "relay never called the server")

    def _reports_come_in(self) -> None:
        self._say("Amina reports a pregnancy. The network delivers her SMS twice.")
        (pdu,) = self._text("Amina", "+254700000001", "a pregnancy", "P 23456 21")
        self._stage.network.carry_raw(pdu, STATION)
        self._say("Baraka writes so much that his phone cuts it into two SMS.")
        self._text("Baraka", "+254700000002", "a long visit", _LONG)
        self._all_at_server("Both reports are at the server.")

    def _the_line_is_down(self) -> None:
        self._stage.server.stop()
        self._say("The internet goes away. Three more health workers report all the same:")
        self._say("  Chandra in Devanagari, David with an emoji, Esther twice to be sure.")
        self._text("Chandra", "+254700000003", "in Devanagari", "NP 20 ९८४१२३२३२३ आमा स्वस्थ")
        self._text("David", "+254700000004", "with an emoji", "1!a!twins born, all well 👶🏽👶🏽")
        self._text("Esther", "+254700000005", "texted twice", "OFF ID 12345")
        self._stage.next_second()
        self._text("Esther", "+254700000005", "texted twice", "OFF ID 12345")
        self._must(self._stage.sim_is_empty, "the SIM was not emptied")
        self._say("Their SMS are off the SIM and safe on the disk. `relay status -q` says:")
        self._say("  " + self._stage.ask("status", "-q").strip())

    def _the_line_is_back(self) -> None:
        self._stage.server.start()
        self._say("The internet is back.")
        self._all_at_server("All reports are at the server now.")

    def _power_fails_while_sending(self) -> None:
        network, server = self._stage.network, self._stage.server
        network.submit_delay_s = 0.5
        before = len(network.submissions)
        for report in self._reports[:5]:
            self._reply(report, f"Asante {report.name}. Received: {report.text}")
        self._reply(self._reports[2], "धन्यवाद। अर्को भेट सोमबार।")
        self._say(f"The server answers everyone: {len(self._replies)} replies on their way.")
        self._must(lambda: len(network.submissions) >= before + 3, "no reply was sent")
        self._stage.pause(network.submit_delay_s / 2)  # until the next one is under way
        self._stage.kill_relay()
        self._say("Power cut! The daemon is killed (kill -9) while an SMS is on the air.")
        pid = self._stage.start_relay()
        self._say(f"It starts again (process {pid}) and asks the modem what had left.")
        self._must(
            lambda: all(server.states.get(reply.id) == "delivered" for reply in self._replies),
            "not every reply was delivered",
        )
        self._say("Every reply is delivered, and the server knows it.")

    # --- steps ----------------------------------------------------------------------------------

    def _text(self, name: str, number: str, what: str, text: str) -> tuple[str, ...]:
        self._reports.append(Sent(name, number, what, text))
        return self._stage.network.handset(number).send(text, to=STATION)

    def _reply(self, report: Sent, text: str) -> None:
        reply = Sent(report.name, report.who, f"to {report.name}", text, next(self._ids))
        self._replies.append(reply)
        self._stage.server.queue(reply.id, reply.who, reply.text)

    def _all_at_server(self, then: str) -> None:
        self._must(
            lambda: len(self._stage.server.reports) >= len(self._reports),
            "not every report reached the server",
        )
        self._say(then)

    def _must(self, reached: Callable[[], bool], otherwise: str) -> None:
        if not self._stage.wait_until(reached):
            raise StageFright(otherwise)
