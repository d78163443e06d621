"""A few cases of the campaign `cut`, drawn by a seed; and that it would find what it looks for."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial

import pytest

from relay.flows.receiving import Receiving
from relay.store.outbox import Outbox
from tests.campaign.cut import OF_RELAY, STRIKES, Cases, Setup, campaign, setups
from tests.campaign.tally import Choice

SEED = 1
CASES = 12  # of each strike
SETUPS = {setup.name: setup for setup in setups()}
STORED = SETUPS["huawei-e17x stored"]
DIALOGUES = [(name, dialogue) for name, setup in SETUPS.items() for dialogue in setup.dialogues]


def moments(setup: Setup, dialogue: str) -> int:
    """How many there are; nothing happens at any of them."""
    cases = Cases(setup, dialogue, wanted=lambda *_: False)
    ((_, _, verdict),) = cases.run()
    assert not verdict.broken
    return cases.moments


def only(moment: int, _: str, at: int) -> bool:
    return at == moment


@pytest.mark.slow
@pytest.mark.parametrize("strike", STRIKES)
def test_nothing_is_lost_at_any_byte(strike: str):
    """Nor doubled where somebody could know; statuses climb, references stay, the SIM is empty."""
    chance = random.Random(f"{SEED} {strike}")
    for name, dialogue in chance.sample(DIALOGUES, CASES):
        at = chance.randint(1, moments(SETUPS[name], dialogue))
        cases = Cases(SETUPS[name], dialogue, (strike,), wanted=partial(only, at))
        assert [case for case in cases.run() if case[2].broken] == [], (name, dialogue)


# --- the campaign can say no --------------------------------------------------------------------


def all_kills(dialogue: str) -> list[str]:
    cases = Cases(STORED, dialogue, OF_RELAY[:1], lambda _, at: at % 9 == 0, limit_s=100)
    return [verdict.broken for _, _, verdict in cases.run()]


def test_a_relay_that_frees_before_it_keeps_is_found_out(monkeypatch: pytest.MonkeyPatch):
    """Some moment is between the two."""

    def take(self, listed, **_):
        for one in listed:
            self._free(one)
        if listed:
            self._keep([(one.pdu, "SM:1") for one in listed], live=False)
        return []

    monkeypatch.setattr(Receiving, "_take", take)
    undisturbed, *killed = all_kills("one in")
    assert not undisturbed
    assert any("lost" in words for words in killed)


def test_a_relay_that_sends_again_what_it_finds_is_found_out(monkeypatch: pytest.MonkeyPatch):
    """Instead of asking the modem's memory."""

    def recover(self, now, modems=()):
        with self._db.transaction() as tx:
            tx.execute("UPDATE part SET state = 'QUEUED' WHERE state = 'SUBMITTING'")
        return 0

    monkeypatch.setattr(Outbox, "recover", recover)
    undisturbed, *killed = all_kills("one out")
    assert not undisturbed
    assert any("doubled on a handset" in words for words in killed)


def test_a_campaign_tells_what_it_drew(monkeypatch: pytest.MonkeyPatch):
    """One row for each way of a message and each blow; a share of nothing is the calm alone."""
    one = replace(STORED, dialogues={"one in": STORED.dialogues["one in"]})
    monkeypatch.setattr("tests.campaign.cut.setups", lambda: [one])
    (row,) = campaign(Choice(share=0.0))
    assert row.what == "cut: receiving: nothing happens"
    assert (row.cases, row.broken) == (1, ())
