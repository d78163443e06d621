"""Reports and updates as the store would give them to a server client."""

from __future__ import annotations

import json
from pathlib import Path

from relay.store.exchanges import Report, Update

NURSE = "+254700000001"
VECTORS = json.loads((Path(__file__).parent / "data" / "reports.json").read_text())
REPORT_TEXTS = [vector["text"] for vector in VECTORS]


def report(number: int = 1, text: str = "N Jane", *, sender: str = NURSE) -> Report:
    return Report(number, f"uuid-{number}", sender, text, 1_780_000_000_000, 1_780_000_001_000)


def reports(*texts: str) -> list[Report]:
    return [report(number, text) for number, text in enumerate(texts, 1)]


def update(
    server_id: str = "m1", status: str = "UNSENT", reason: str | None = None, *, number: int = 1
) -> Update:
    return Update(number, server_id, status, reason)
