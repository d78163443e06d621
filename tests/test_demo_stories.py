"""The stories of the community: their checks must be right, and one of them is played."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from relay.cli.demo import demo
from relay.community_rules import shipped_sets
from relay.demo.dialogue import _pattern
from relay.demo.stage import zone_in_which
from relay.demo.stories import STORIES


def test_every_story_can_be_asked_for_and_shows_sets_that_exist() -> None:
    (option,) = (one for one in demo.params if one.name == "story")
    assert set(getattr(option.type, "choices", ())) == set(STORIES)
    assert {name for story in STORIES.values() for name in story.sets} <= set(shipped_sets())


@pytest.mark.parametrize("name", STORIES)
def test_nobody_in_a_story_has_the_number_of_another(name: str) -> None:
    cast = STORIES[name].cast
    assert len(set(cast.values())) == len(cast)


@pytest.mark.parametrize("wall", ["07:59:20", "00:00:00", "23:59:59", "12:00:00"])
@pytest.mark.parametrize("now_s", [0, 1_790_000_000, 1_790_043_199])
def test_the_clock_on_the_wall_shows_what_the_story_wants(
    wall: str, now_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone_in_which(wall, now_s))
        time.tzset()
        shown = time.strftime("%H:%M:%S", time.localtime(now_s))
    time.tzset()
    assert shown == wall


def test_what_was_expected_is_compared_letter_by_letter() -> None:
    """A blank is filled by something, and nothing else may differ."""
    found = _pattern("ID is {id}. Ref {ref}").fullmatch("ID is 84217. Ref 3-01")
    assert found is not None
    assert found.groupdict() == {"id": "84217", "ref": "3-01"}
    assert _pattern("ID is {id}. Ref {ref}").fullmatch("ID is . Ref 3-01") is None
    assert _pattern("1.").fullmatch("1!") is None


@pytest.mark.slow
@pytest.mark.pty
def test_a_story_is_told_to_its_end() -> None:
    """The shortest one, as `relay demo` plays it: real processes, a kill, and no server."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("RELAY_")}
    done = subprocess.run(
        [sys.executable, "-m", "relay", "demo", "--story", "pledge"],
        capture_output=True,
        env=environ,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert "Everything was as it should be." in done.stdout.decode()
