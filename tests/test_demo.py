"""The demonstration's ledger: what it calls right must be right."""

from __future__ import annotations

from relay.demo.ledger import Ledger, Sent, reconcile

REPORT = Sent("Amina", "+1001", "a pregnancy", "P 23456 21")
REPLY = Sent("Amina", "+1001", "to Amina", "Asante", id="r1")


def ledger(
    *,
    reports: tuple[Sent, ...] = (REPORT,),
    at_server: tuple[tuple[str, str], ...] = (("+1001", "P 23456 21"),),
    on_handsets: tuple[tuple[str, str], ...] = (("+1001", "Asante"),),
    state: str = "delivered",
) -> Ledger:
    return reconcile(reports, at_server, (REPLY,), on_handsets, {"r1": state})


def test_everything_once_is_right() -> None:
    assert ledger().right


def test_a_report_twice_at_the_server_is_wrong() -> None:
    assert not ledger(at_server=(("+1001", "P 23456 21"),) * 2).right


def test_a_report_texted_twice_must_be_there_twice() -> None:
    assert not ledger(reports=(REPORT, REPORT)).right
    twice = ledger(reports=(REPORT, REPORT), at_server=(("+1001", "P 23456 21"),) * 2)
    assert twice.right
    assert len(twice.reports) == 1


def test_a_changed_byte_is_wrong_and_a_stray() -> None:
    changed = ledger(at_server=(("+1001", "P 23456 22"),))
    assert not changed.right
    assert changed.strays == 1


def test_a_reply_that_never_came_is_wrong() -> None:
    assert not ledger(on_handsets=()).right


def test_a_reply_twice_on_the_handset_is_wrong() -> None:
    assert not ledger(on_handsets=(("+1001", "Asante"),) * 2).right


def test_a_reply_of_which_the_server_knows_nothing_is_wrong() -> None:
    assert not ledger(state="sent").right
