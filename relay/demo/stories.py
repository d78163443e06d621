"""The stories of the community, by name: which rule sets they show, and who is in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from relay.demo import blood, care, notices, peace, pledge
from relay.demo.dialogue import Check, Dialogue, Say
from relay.demo.stage import Stage, StageFright


@dataclass(frozen=True, slots=True)
class CommunityStory:
    """`wall` is what the clinic's clock shows when the story begins."""

    sets: tuple[str, ...]
    wall: str
    cast: Mapping[str, str]
    play: Callable[[Dialogue], None]


STORIES: Mapping[str, CommunityStory] = {
    "care": CommunityStory(care.SETS, care.WALL, care.CAST, care.play),
    "peace": CommunityStory(peace.SETS, peace.WALL, peace.CAST, peace.play),
    "blood": CommunityStory(blood.SETS, blood.WALL, blood.CAST, blood.play),
    "notices": CommunityStory(notices.SETS, notices.WALL, notices.CAST, notices.play),
    "pledge": CommunityStory(pledge.SETS, pledge.WALL, pledge.CAST, pledge.play),
}


def stage_for(name: str) -> Stage:
    story = STORIES[name]
    return Stage(sets=story.sets, wall=story.wall)


def play(name: str, stage: Stage, say: Say) -> list[Check]:
    """Play it to its end, or to where it breaks off; the last check then says why."""
    story = STORIES[name]
    dialogue = Dialogue(stage, say, story.cast)
    try:
        story.play(dialogue)
        dialogue.nothing_else()
    except StageFright as fright:
        say(f"The story broke off: {fright}.")
        dialogue.check("the story was told to its end", "yes", str(fright), False)
    return dialogue.checks
