"""The operators that relay knows by heart: relay/data/operators.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from relay.core.balance import Manner, Operator


@cache
def known() -> tuple[Operator, ...]:
    """Every operator of the file, in its order."""
    text = files("relay").joinpath("data", "operators.toml").read_text("utf-8")
    return tuple(_operator(table) for table in tomllib.loads(text)["operator"])


def _operator(table: dict[str, Any]) -> Operator:
    return Operator(
        name=table["name"],
        networks=tuple(table["networks"]),
        manner=Manner(
            currency=table["currency"],
            decimal=table["decimal"],
            patterns=tuple(table["patterns"]),
            top_ups=tuple(table["top_ups"]),
        ),
        ussd=table.get("ussd", ""),
        sms_to=table.get("sms_to", ""),
        sms_text=table.get("sms_text", ""),
        senders=tuple(table["senders"]),
    )
