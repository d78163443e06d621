"""`relay …` as a person types it, with the clock and the clinic of the tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from relay.cli.desk import Desk
from relay.cli.main import main
from tests.clinic import Clinic

Relay = Callable[..., Result]


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic(tmp_path) as clinic:
        yield clinic


@pytest.fixture
def relay(clinic: Clinic) -> Relay:
    """Runs one command; `stdin` is what is typed into it."""

    def run(*words: object, stdin: str | None = None) -> Result:
        desk = Desk(clock=clinic.clock, environ={"RELAY_CONFIG": str(clinic.path)})
        return CliRunner().invoke(main, [str(word) for word in words], input=stdin, obj=desk)

    return run


@pytest.fixture
def said(relay: Relay) -> Callable[..., dict[str, Any]]:
    """What a command prints with --json, as an object."""

    def run(*words: object) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(relay(*words, "--json").stdout)
        assert found["schema"] == 1
        return found

    return run
