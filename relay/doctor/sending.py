"""The one thing of doctor's that costs money, and only when it is asked for: a test SMS.

Its text is one that the station knows for its own when it comes back, so it goes to no server.
"""

from __future__ import annotations

from contextlib import closing
from threading import Event

from relay.assembly import outbox_of
from relay.config import Config
from relay.core.causes import cause_of
from relay.core.doctor.seen import SendSeen
from relay.core.fold import ChtStatus
from relay.core.priority import Priority
from relay.core.segment import compose
from relay.doctor.examination import Patient
from relay.errors import ModemError, NotSubmitted, OutcomeUnknown, Refused, StoreError
from relay.store.canaries import Canaries
from relay.store.database import Database
from relay.store.reading import Reader
from relay.store.sims import looked_up

_LOOK_S = 0.5
_PATIENCE_S = 90.0
_USEFUL_MS = 10 * 60_000
_OUTCOMES = {
    ChtStatus.SENT: "accepted",
    ChtStatus.DELIVERED: "delivered",
    ChtStatus.FAILED: "refused",
}


class TestSend:
    """`number` is where the SMS goes; the first modem of the configuration is meant."""

    __test__ = False  # for pytest: its name is a person's word

    def __init__(self, number: str, patience_s: float = _PATIENCE_S) -> None:
        self._number = number
        self._patience_s = patience_s

    def __call__(self, patient: Patient, modem: str) -> SendSeen:
        """Once, by the first modem; through relay where it runs."""
        config = patient.config
        assert config is not None  # `send` rests on `config`
        if modem != config.modems[0].name:
            return SendSeen()
        if not patient.station.store.exists or patient.station.store.trouble:
            return self._seen("silent", detail="there is no database yet; start relay once")
        try:
            with closing(Database.open(config.store.path, check=False)) as db:
                now = patient.world.clock.now()
                text = Canaries(db, modem).hatch(now, self._number).text
                if patient.taken:
                    return self._directly(patient, modem, text)
                return self._through_relay(patient, config, db, text)
        except (ModemError, StoreError, OSError) as error:
            return self._seen("silent", detail=str(error))

    def _directly(self, patient: Patient, modem: str, text: str) -> SendSeen:
        (pdu,) = compose(self._number, text, concat_ref=0, validity_s=3600, report=False)
        driver = patient.radios[modem].driver()
        try:
            driver.open()
            driver.submit(pdu, lambda: None)
        except Refused as error:
            cause = cause_of(error)
            return self._seen("refused", cause.code, cause.words)
        except (NotSubmitted, OutcomeUnknown) as error:
            return self._seen("silent", detail=str(error))
        finally:
            driver.close()
        return self._seen("accepted")

    def _through_relay(
        self, patient: Patient, config: Config, db: Database, text: str
    ) -> SendSeen:
        clock, pause = patient.world.clock, Event()
        now = clock.now()
        id_ = outbox_of(db, config.sending, config.loops).enqueue(
            now, recipient=self._number, text=text, priority=Priority.ALERT,
            useful_until=now + _USEFUL_MS, may_loop=True,
        )  # fmt: skip
        ends_at = clock.monotonic() + self._patience_s
        while clock.monotonic() < ends_at:
            (row,) = db.query("SELECT status, reason FROM outbound WHERE id = ?", (id_,))
            if (outcome := _OUTCOMES.get(row["status"])) is not None:
                code, _, words = (row["reason"] or "").partition(" ")
                return self._seen(outcome, code, words or code)
            pause.wait(_LOOK_S)
        return self._seen("silent", detail=f"it waits in the outbox as number {id_}")

    def _seen(self, outcome: str, code: str = "", detail: str = "") -> SendSeen:
        return SendSeen(True, self._number, outcome, code, detail)


def own_number(config: Config) -> str:
    """The number of the first modem's SIM, from the configuration or as the SIM told it."""
    if not config.modems:
        return ""
    first = config.modems[0]
    if first.number:
        return first.number
    try:
        with Reader.open(config.store.path) as reader:
            sim = looked_up(reader, first.name)
            return str(reader.value("SELECT number FROM sim WHERE id = ?", (sim.id,)) or "")
    except StoreError:
        return ""
