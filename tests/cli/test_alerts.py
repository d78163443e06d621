"""`relay alerts`: what is told, what is wrong now, and a try that asks first."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from relay.core.alerts import Told, Watch
from relay.store.alerts import Alerts
from tests.cli.conftest import Relay
from tests.clinic import TOML, Clinic

TECHNICIAN = "+260970000001"


def told_to(clinic: Clinic, *numbers: str) -> None:
    clinic.path.write_text(f"{TOML}\n[alerts]\nto = {json.dumps(numbers)}\nsignal_h = 0\n")


def test_the_rules_and_what_is_followed(
    relay: Relay, clinic: Clinic, said: Callable[..., dict[str, Any]]
) -> None:
    told_to(clinic, TECHNICIAN)
    now = clinic.clock.now()
    watch = Watch("modem", "usb1", "MODEM_LOST", now - 7_200_000, now, 7_200_000,
                  raised_at=now - 6_600_000, told=Told.BEGUN, told_at=now - 6_600_000)  # fmt: skip
    Alerts(clinic.db, clinic.outbox).save(now, [watch])
    listed = relay("alerts").stdout
    assert "SMS go to …001." in listed
    assert TECHNICIAN not in listed
    assert "usb1 MODEM_LOST since 2 h, told 1 h 50 min ago" in listed
    lines = {line.partition("  ")[0]: line for line in listed.splitlines()}
    assert "never" in lines["signal of … weak"]
    assert "at once" in lines["battery nearly empty"]
    document = said("alerts", "list")
    assert document["to"] == ["…001"]
    assert [one["code"] for one in document["problems"]] == ["MODEM_LOST"]


def test_a_try_is_asked_for_and_is_one_sms(relay: Relay, clinic: Clinic) -> None:
    assert relay("alerts", "test", "--yes").exit_code == 1  # nobody to write to
    told_to(clinic, TECHNICIAN)
    assert relay("alerts", "test", stdin="n\n").exit_code == 1
    assert clinic.db.value("SELECT count(*) FROM outbound") == 0
    assert relay("alerts", "test", stdin="y\n").exit_code == 0
    (row,) = clinic.db.query("SELECT recipient, text, priority FROM outbound")
    assert tuple(row) == (
        TECHNICIAN,
        "Mwase clinic: this is a test of relay's alerts.",
        10,
    )


def test_the_station_is_not_its_own_technician(relay: Relay, clinic: Clinic) -> None:
    clinic.path.write_text(
        f'{TOML}\n[loops]\nown_numbers = ["{TECHNICIAN}"]\n[alerts]\nto = ["{TECHNICIAN}"]\n'
    )
    assert "has the number of this station" in relay("config", "check").output


def test_the_address_of_the_heartbeat_is_a_secret(
    relay: Relay, clinic: Clinic, tmp_path: Path
) -> None:
    secret = "https://hc-ping.com/11111111-2222"
    clinic.path.write_text(f'{TOML}\n[alerts]\nheartbeat_url = "{secret}"\n')
    assert "11111111" not in relay("config", "show").output
    clinic.path.write_text(f'{TOML}\n[alerts]\nheartbeat_url = "{secret} x"\n')
    shown = relay("config", "check").output
    assert "heartbeat_url" in shown
    assert "11111111" not in shown
