"""Kinds of call-outs for tests: blood as a clinic writes it, and a collection."""

from __future__ import annotations

import tomllib

from relay.community.callouts.rules import Rule, read

BLOOD = """
[callout.BLOOD]
asked_by = ["nurse"]
confirmed_by = ["nurse"]
match = ["group"]
rest = "90d"
quiet_hours = false
[callout.BLOOD.register]
word = "DONOR"
tag = "donor"
[[callout.BLOOD.register.attributes]]
name = "group"
values = { "O-" = ["O neg", "O"], "O+" = ["O pos", "O"], "A+" = [] }
"""
FUND = """
[callout.FUND]
asked_by = ["chair"]
target = "sum"
pledge = "PLEDGE"
lasts = "30d"
"""


def rule(toml: str = BLOOD) -> Rule:
    (one,) = read(tomllib.loads(toml)["callout"]).values()
    return one
