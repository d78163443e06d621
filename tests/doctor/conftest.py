"""Stations with a relay that seems to run, and with one that was stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.doctor.ward import Ward
from tests.servers.conftest import Certificate, certificate

__all__ = ["certificate"]


@pytest.fixture(scope="session")
def own(certificate: Callable[..., Certificate]) -> Certificate:  # a fixture
    """The certificate that the server shows as a rule."""
    return certificate(name="DNS:localhost,IP:127.0.0.1")


@pytest.fixture
def ward(tmp_path: Path, own: Certificate) -> Iterator[Callable[..., Ward]]:
    """Makes a station; closes it."""
    with ExitStack() as stack:
        yield lambda *, runs=True: stack.enter_context(Ward(tmp_path, own, runs=runs))
