"""What a message of many parts looks like to the server, and what the server hears."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.fold import RANK, ChtStatus, fold, worth_telling
from relay.core.outbound import Accepted, PartState, ReportDelivered, Retried

Q, S, U = PartState.QUEUED, PartState.SUBMITTING, PartState.UNCERTAIN
A, D, F = PartState.ACCEPTED, PartState.DELIVERED, PartState.FAILED
UNSENT, PENDING, SENT, DELIVERED, FAILED = ChtStatus


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ([Q], UNSENT), ([S], PENDING), ([U], PENDING), ([A], SENT), ([D], DELIVERED),
        ([F], FAILED), ([Q, Q], UNSENT), ([A, Q], PENDING), ([A, S], PENDING), ([A, U], PENDING),
        ([D, U], PENDING), ([D, Q], PENDING), ([A, A], SENT), ([D, A], SENT), ([D, D], DELIVERED),
        ([D, F], FAILED), ([Q, F], FAILED), ([U, F], FAILED),
    ],
)  # fmt: skip
def test_a_message_is_what_its_parts_are(states, status):
    assert fold(states) is status


@given(states=st.lists(st.sampled_from(PartState), min_size=1))
def test_the_order_of_the_parts_does_not_matter(states):
    assert fold(states) is fold(reversed(states))


def test_the_first_status_is_always_told():
    """It is the acknowledgement that makes the server's queue move."""
    assert worth_telling(None, UNSENT, None)


@pytest.mark.parametrize(("last", "status"), list(pairwise([UNSENT, PENDING, SENT, DELIVERED])))
def test_a_step_up_is_told(last, status):
    assert worth_telling(last, status, Accepted(1))


@pytest.mark.parametrize("last", ChtStatus)
def test_a_status_is_told_once(last):
    assert not worth_telling(last, last, Accepted(1))


@given(last=st.sampled_from(ChtStatus), status=st.sampled_from(ChtStatus))
def test_a_status_never_goes_down_by_itself(last, status):
    """The one exception is a report of delivery that comes after the failure was told."""
    if RANK[status] < RANK[last]:
        assert not worth_telling(last, status, Accepted(1))


def test_a_late_delivery_corrects_a_failure():
    assert worth_telling(FAILED, DELIVERED, ReportDelivered(0))


def test_a_delivery_is_not_corrected_to_a_failure():
    assert not worth_telling(DELIVERED, FAILED, None)


@pytest.mark.parametrize("status", [UNSENT, PENDING])
def test_a_retry_goes_down_openly(status):
    assert worth_telling(FAILED, status, Retried())


def test_a_failed_message_does_not_climb_without_a_retry():
    assert not worth_telling(FAILED, SENT, Accepted(1))
