"""Again or never, and the meaning of TP-ST."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.causes import Fate, Retry, cause, cause_of, delivery, number_of, refusal, status_of
from relay.core.outbound import ReportDelivered, ReportFailed, ReportTrying
from relay.errors import Refused


@pytest.mark.parametrize("code", [17, 38, 41, 42, 47, 192, 314, 322, 330, 331, 332, 500, 512, 515])
def test_passing_causes(code: int) -> None:
    """What the network, the SIM or the modem may get over is tried again."""
    assert refusal("CMS", code).again


@pytest.mark.parametrize("code", [1, 10, 27, 28, 69, 81, 96, 97, 195, 304])
def test_lasting_causes(code: int) -> None:
    """What lies in the message or its destination is not."""
    assert not refusal("CMS", code).again


@pytest.mark.parametrize(
    ("family", "text", "code"),
    [
        ("CMS", "SIM full", 322),
        ("CMS", "memory full", 322),
        ("CMS", "Network timeout", 332),
        ("CMS", "(U)SIM PIN required", 311),
        ("CME", "SIM not inserted", 10),
        ("CME", "sim busy", 14),
        ("CME", "Incorrect password", 16),
        ("CME", "something else", None),
    ],
)
def test_verbose_texts_have_numbers(family: str, text: str, code: int | None) -> None:
    """AT+CMEE=2 says it in words; capitals and hyphens differ between manufacturers."""
    assert number_of(family, text) == code
    assert refusal(family, None, text).code == code


@given(
    family=st.sampled_from(["CMS", "CME", "", "X"]),
    code=st.none() | st.integers(),
    text=st.text(),
)
def test_every_refusal_has_a_cause(family: str, code: int | None, text: str) -> None:
    """Unknown codes are tried again, and have a reason that can be stored."""
    found = cause_of(Refused(family, code, text))
    assert found.code
    assert found.words
    if found.code.startswith(("CMS_", "CME_")):
        assert found.retry is Retry.LATER


@pytest.mark.parametrize(
    ("family", "number", "code", "retry"),
    [
        ("CMS", 21, "NET_REJECTED", Retry.DAYS),
        ("CMS", 8, "SIM_BARRED", Retry.DAYS),
        ("CMS", 30, "SIM_UNKNOWN", Retry.DAYS),
        ("CMS", 330, "SMSC_UNKNOWN", Retry.HELD),
        ("CMS", 331, "NET_NO_SERVICE", Retry.HELD),
        ("CMS", 310, "SIM_ABSENT", Retry.HELD),
        ("CMS", 316, "PUK_BLOCKED", Retry.HELD),
        ("CME", 111, "NET_DENIED", Retry.HELD),
        ("CMS", 515, "MODEM_BUSY", Retry.SOON),
        ("CMS", 42, "NET_CONGESTION", Retry.LATER),
        ("CMS", 22, "DEST_FULL", Retry.LATER),
        ("CMS", 1, "DEST_UNASSIGNED", Retry.NEVER),
        ("CMS", 176, "MSG_TPDU", Retry.NEVER),
        ("CMS", 529, "CMS_529", Retry.LATER),
        ("", None, "MODEM_ERROR", Retry.LATER),
    ],
)
def test_the_class_follows_from_the_code(
    family: str, number: int | None, code: str, retry: Retry
) -> None:
    """A SIM that is not paid for must not fail a queue; an absent one is no try at all."""
    found = cause(family, number)
    assert (found.code, found.retry) == (code, retry)


def test_only_messages_and_destinations_are_to_blame_for_themselves() -> None:
    """What is nobody's fault in particular may hold the modem up; a wrong number may not."""
    assert cause("CMS", 1).of_one
    assert cause("CMS", 176).of_one
    assert not cause("CMS", 38).of_one


@pytest.mark.parametrize(
    ("tp_st", "fate"),
    [
        (0x00, Fate.DELIVERED), (0x02, Fate.DELIVERED), (0x1F, Fate.DELIVERED),
        (0x20, Fate.TRYING), (0x3F, Fate.TRYING), (0x40, Fate.FAILED), (0x46, Fate.FAILED),
        (0x7F, Fate.FAILED), (0x80, Fate.FAILED), (0xFF, Fate.FAILED),
    ],
)  # fmt: skip
def test_m11_fates(tp_st: int, fate: Fate) -> None:
    """Three ranges, three fates; reserved values are 'service rejected'."""
    assert status_of(tp_st).fate is fate


def test_deliveries_are_events() -> None:
    """A TP-ST becomes the event that moves its part."""
    assert delivery(0) == ReportDelivered(0)
    assert delivery(0x21) == ReportTrying(0x21)
    failed = delivery(0x46)
    assert isinstance(failed, ReportFailed)
    assert failed.tp_st == 0x46
    assert failed.reason
