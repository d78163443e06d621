"""What a message of many parts looks like to the server, and which changes it should hear of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from relay.core.outbound import Event, PartState, Retried


class ChtStatus(StrEnum):
    """The five statuses of the gateway protocol (`cht-gateway`, WoMessage.Status)."""

    UNSENT = "UNSENT"
    PENDING = "PENDING"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


RANK: Mapping[ChtStatus, int] = {
    ChtStatus.UNSENT: 0,
    ChtStatus.PENDING: 1,
    ChtStatus.SENT: 2,
    ChtStatus.DELIVERED: 3,
    ChtStatus.FAILED: 3,
}


def fold(states: Iterable[PartState]) -> ChtStatus:
    """The status of a message, from the states of all its parts."""
    seen = set(states)
    if PartState.FAILED in seen:
        return ChtStatus.FAILED
    if seen == {PartState.DELIVERED}:
        return ChtStatus.DELIVERED
    if seen <= {PartState.ACCEPTED, PartState.DELIVERED}:
        return ChtStatus.SENT
    if seen == {PartState.QUEUED}:
        return ChtStatus.UNSENT
    return ChtStatus.PENDING


def worth_telling(last: ChtStatus | None, status: ChtStatus, event: Event | None) -> bool:
    """Whether the server should hear of `status` after it heard `last`.

    CHT overwrites without checking, so a status may only climb. The two explicit ways down are
    a retry and a delivery report that comes after the failure was told.
    """
    if last is None:
        return True
    if isinstance(event, Retried):
        return status != last
    if last is ChtStatus.FAILED:
        return status is ChtStatus.DELIVERED
    return RANK[status] > RANK[last]
