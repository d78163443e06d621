"""A long message goes by one SIM; when that stays away, another sends all of it."""

from __future__ import annotations

import pytest

from relay.core.outbound import Accepted, NoAnswer, Part, PartState, ReportDelivered
from relay.core.queueing import Selection
from relay.store.outbox import Outbox
from relay.store.takeover import Takeover
from tests.air import NOON as NOW

MOTHER = "+254700000042"
LONG = "Your next visit is on Monday. " * 12  # three parts
FIRST, SECOND = "639021", "639022"


@pytest.fixture
def takeover(db):
    return Takeover(db)


def claim(outbox: Outbox, sim: str, modem: str = "usb") -> Part | None:
    return outbox.claim(NOW, modem, "direct", selection=Selection(sim=sim))


def accept(outbox: Outbox, sim: str, mr: int = 1) -> Part:
    part = claim(outbox, sim)
    assert part is not None
    return outbox.record(NOW, part, Accepted(mr))


def states(outbox: Outbox, db, message: int) -> list[str]:
    rows = db.query("SELECT state FROM part WHERE outbound_id = ? ORDER BY seq", (message,))
    return [row["state"] for row in rows]


def test_what_one_sim_has_begun_no_other_goes_on_with(outbox):
    """A handset would wait for ever for the parts of each sender."""
    outbox.enqueue(NOW, recipient=MOTHER, text=LONG)
    accept(outbox, FIRST)
    assert claim(outbox, SECOND, "usb2") is None
    assert claim(outbox, FIRST, "usb2") is not None  # the SIM counts, not the modem


def test_a_modem_whose_sim_is_not_known_is_not_held_up(outbox):
    """Better than never; most modems tell their IMSI."""
    outbox.enqueue(NOW, recipient=MOTHER, text=LONG)
    accept(outbox, "")
    assert claim(outbox, "") is not None


def test_a_message_of_one_part_goes_by_any_sim(outbox):
    message = outbox.enqueue(NOW, recipient=MOTHER, text="Come")
    part = claim(outbox, FIRST)
    outbox.record(NOW, part, NoAnswer("silence"))
    assert outbox.retry(NOW, message) is False
    assert claim(outbox, SECOND) is None  # it is in doubt, not queued


def test_all_of_it_is_sent_anew_and_counted(outbox, takeover, db):
    """Also what was delivered; the status that the server heard does not fall."""
    message = outbox.enqueue(NOW, recipient=MOTHER, text=LONG)
    outbox.record(NOW, accept(outbox, FIRST), ReportDelivered(0))
    accept(outbox, FIRST, 2)
    assert takeover.stranded([FIRST, SECOND], NOW) == []
    assert takeover.stranded([SECOND], NOW - 1) == []
    assert takeover.stranded([SECOND], NOW) == [message]
    assert takeover.send_anew(NOW, message, [SECOND])
    assert not takeover.send_anew(NOW, message, [SECOND])
    assert states(outbox, db, message) == ["QUEUED"] * 3
    assert [accept(outbox, SECOND, mr).seq for mr in (1, 2, 3)] == [1, 2, 3]
    assert states(outbox, db, message) == ["ACCEPTED"] * 3
    assert db.value("SELECT n FROM tally WHERE what = 'sent_anew'") == 1
    assert db.value("SELECT count(*) FROM segment WHERE outbound_id = ?", (message,)) == 5


def test_a_message_in_doubt_is_settled_first(outbox, takeover):
    """Perhaps its last part has gone, and nothing is missing."""
    outbox.enqueue(NOW, recipient=MOTHER, text=LONG)
    accept(outbox, FIRST)
    outbox.record(NOW, claim(outbox, FIRST), NoAnswer("silence"))
    assert takeover.stranded([SECOND], NOW) == []


def test_a_message_that_is_whole_is_left_alone(outbox, takeover, db):
    message = outbox.enqueue(NOW, recipient=MOTHER, text=LONG)
    for mr in (1, 2, 3):
        accept(outbox, FIRST, mr)
    assert takeover.stranded([SECOND], NOW) == []
    assert states(outbox, db, message) == [PartState.ACCEPTED] * 3
