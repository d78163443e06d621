"""`relay channels`, as staff type it beside a running relay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relay.core.posts import PostState
from relay.store import people, posts, rumors
from tests.cli.conftest import Relay
from tests.clinic import TOML, Clinic

Said = Callable[..., dict[str, Any]]
ASHA, BEN = "+254700000001", "+254700000002"


@pytest.fixture
def clinic(tmp_path: Path) -> Any:
    toml = f'{TOML}[community]\nsets = ["peace", "notices"]\nquiet_from = ""\nquiet_until = ""\n'
    with Clinic(tmp_path, toml) as clinic:
        yield clinic


@pytest.fixture
def followed(relay: Relay, tmp_path: Path) -> None:
    assert relay("places", "add", "Huruma", "--level", "village").exit_code == 0
    (tmp_path / "list.csv").write_text(f"number,places\n{ASHA},Huruma\n{BEN},\n")
    done = relay("channels", "followers", "import", "PEACE", tmp_path / "list.csv")
    assert done.stdout == "2 added, 0 changed, 0 as they were.\n"


def approved_by(clinic: Clinic, code: int, number: str) -> None:
    """As the SMS of an approver does."""
    now = clinic.clock.now()
    with clinic.db.transaction() as tx:
        person = people.ensure(tx, now, number, "test")
        posts.approve(tx, now, code, number, person.id)
        post = posts.get(tx, code)
        assert post is not None
        posts.start(tx, now, post, 1, "test")


@pytest.mark.usefixtures("followed")
def test_a_post_is_told_its_cost_and_is_not_approved_by_its_author(
    relay: Relay, said: Said, clinic: Clinic
) -> None:
    post = ("channels", "post", "PEACE", "--place", "Huruma", "en: Stay calm. sw: Tulieni.")
    assert relay(*post, stdin="n\n").exit_code == 130
    done = relay(*post, "--yes")
    assert "Post 1 waits." in done.stdout
    assert "2 people, 2 SMS, about 1 min (12 SMS a minute, assumed" in done.stderr
    refused = relay("channels", "approve", 1)
    assert (refused.exit_code, "its author cannot approve it" in refused.stderr) == (1, True)
    approved_by(clinic, 1, "+254700009002")
    assert said("channels", "pause", 1)["state"] == PostState.PAUSED
    assert "is PAUSED" in relay("channels", "pause", 1).stderr
    assert said("channels", "resume", 1)["state"] == PostState.GOING
    assert said("channels", "cancel", 1)["state"] == PostState.CANCELLED
    shown = said("channels", "show", 1)
    assert (shown["place"], shown["people"]) == ("Huruma", 2)
    assert shown["texts"] == {"en": "Stay calm.", "sw": "Tulieni."}
    listed = relay("channels", "posts").stdout
    assert "CANCELLED" in listed
    assert "calm" not in listed
    assert relay("channels", "show", 9).exit_code == 1


@pytest.mark.usefixtures("followed")
def test_staff_approve_what_came_by_sms(relay: Relay, said: Said, clinic: Clinic) -> None:
    now = clinic.clock.now()
    with clinic.db.transaction() as tx:
        author = people.ensure(tx, now, "+254700009001", "test")
        posts.add(
            tx, now, 37, channel="PEACE", place_id=None, author=author.number,
            author_id=author.id, texts={"": "Stay calm."}, expires_at=now + 60_000,
            useful_until=None, followers_to=9, people=2, sms=2, source="test",
        )  # fmt: skip
    assert said("channels", "approve", 37)["state"] == PostState.GOING
    assert "it is going out already" in relay("channels", "approve", 37).stderr


def test_what_cannot_be_posted(relay: Relay) -> None:
    for words, why in (
        (("PEECE", "x"), "did you mean PEACE?"),
        (("PEACE", "x", "--place", "Bura"), "there is no place 'Bura'"),
        (("PEACE", "x"), "nobody would get it"),
        (("PEACE", "x" * 400), "it takes 3 SMS for each person, 2 is the most of PEACE"),
    ):
        done = relay("channels", "post", "--yes", *words)
        assert (done.exit_code, why in done.stderr) == (1, True), done.stderr


@pytest.mark.usefixtures("followed")
def test_followers_are_listed_added_removed_and_exported(
    relay: Relay, said: Said, tmp_path: Path
) -> None:
    assert said("channels", "list")["channels"][1]["followers"] == 2
    assert "…001    Huruma" in relay("channels", "followers", "list", "PEACE").stdout
    assert relay("people", "add", "+254700000003", "--tag", "chw").exit_code == 0
    add = ("channels", "followers", "add", "PEACE")
    assert said(*add, "--tag", "chw") == {"schema": 1, "added": 1, "already": 0}
    assert said(*add, ASHA, "--place", "Huruma") == {"schema": 1, "added": 0, "already": 1}
    assert relay("channels", "followers", "remove", "PEACE", "0700000003").exit_code == 0
    assert relay("channels", "followers", "remove", "PEACE", "0700000003").exit_code == 1
    whole = tmp_path / "out.csv"
    assert relay("channels", "followers", "export", "PEACE", whole).exit_code == 0
    assert whole.read_text() == f"number,places\n{ASHA},Huruma\n{BEN},\n"
    again = relay("channels", "followers", "import", "PEACE", whole)
    assert again.stdout == "0 added, 0 changed, 2 as they were.\n"


def test_a_list_with_a_bad_row_changes_nothing(relay: Relay, said: Said, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(f"number,places\n{ASHA},Nairobi\n{BEN},\n")
    done = relay("channels", "followers", "import", "PEACE", tmp_path / "list.csv")
    assert done.exit_code == 65
    assert "line 2: there is no place 'Nairobi'" in done.stderr
    assert said("channels", "followers", "list", "PEACE")["count"] == 0


def test_a_rumor_is_settled(relay: Relay, said: Said, clinic: Clinic) -> None:
    now = clinic.clock.now()
    with clinic.db.transaction() as tx:
        rumors.add(tx, now, inbound_id=None, sender=ASHA, place_id=None, text="shops burning",
                   source="test")  # fmt: skip
    assert "R1" in relay("channels", "rumors").stdout
    assert ASHA not in relay("channels", "rumors").stdout
    assert said("channels", "rumor", "R1", "false", "--note", "all quiet")["state"] == "FALSE"
    assert said("channels", "rumors") == {"schema": 1, "rumors": []}
    assert said("channels", "rumors", "--all")["rumors"][0]["note"] == "all quiet"
    assert relay("channels", "rumor", "R9", "true").exit_code == 1
