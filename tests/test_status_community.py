"""What status says of the community rules."""

from __future__ import annotations

from relay.core.health import judge
from relay.status import observe
from relay.status_json import document
from relay.status_screen import screen
from tests.village import Village

AMINA = "+254700000001"


def seen(village: Village):
    return observe(village.config, village.clock.now())


def codes(village: Village) -> set[str]:
    return {problem.code for problem in judge(seen(village)).problems}


def test_the_sets_that_hold_stand_with_their_people(tmp_path):
    """One line; without a set there is none."""
    with Village(tmp_path, primitives=lambda _: []) as village:
        village.holds()
        village.says(AMINA, "STOP")
        station = seen(village)
        assert station.community.sets == ("own",)
        text = "\n".join(screen(station, judge(station)))
        assert "own; 1 person; 1 SMS today" in text
        assert document(station, judge(station))["community"]["people"] == 1


def test_a_broken_set_is_named_with_its_line_and_its_remedy(tmp_path):
    """And the technician hears that no report is lost by it."""
    with Village(tmp_path, rules="[set]\n[fromage.brie]\n", primitives=lambda _: []) as village:
        village.holds()
        (broken,) = [one for one in judge(seen(village)).problems if one.code == "RULES_BROKEN"]
        assert "own.toml:2: fromage: is an unknown section" in broken.what
        assert "kept and passed" in broken.what
        assert broken.action.endswith("relay reload")


def test_the_days_cap_is_told(tmp_path):
    """Otherwise nobody knows why health workers get no receipts."""
    settings = "max_per_day = 1"
    with Village(tmp_path, settings=settings, primitives=lambda _: []) as village:
        village.holds()
        assert "RULES_CAPPED" not in codes(village)
        village.says(AMINA, "STOP")
        assert "RULES_CAPPED" in codes(village)
