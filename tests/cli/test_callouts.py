"""`relay callouts`, as staff type it at the laptop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from relay.core.callouts import Accepted
from relay.store import callouts, people, places
from tests.cli.conftest import Relay
from tests.clinic import TOML, Clinic

Said = Callable[..., dict[str, Any]]
NURSE, SECOND, ASHA = "+254700008001", "+254700008002", "+254700005001"
VOLUNTEERS = ("callouts", "volunteers")
LIST = f"""\
number,name,group,places,gave
{ASHA},Asha,O neg,Bura,2025-12-01
+254700005002,Juma,o+,Bura,
"""


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic(tmp_path, TOML + '[community]\nsets = ["blood"]\n') as clinic:
        with clinic.db.transaction() as tx:
            bura = places.add(tx, 0, "Bura", "bura", "village", None, "test").id
            for number in (NURSE, SECOND):
                one = people.ensure(tx, 0, number, "test").id
                people.tag(tx, 0, one, "nurse", "test")
                people.put_in(tx, 0, one, bura, "test")
        yield clinic


@pytest.fixture
def donors(relay: Relay, tmp_path: Path) -> Path:
    """A list that was imported."""
    file = tmp_path / "donors.csv"
    file.write_text(LIST)
    assert relay(*VOLUNTEERS, "import", "blood", file).exit_code == 0
    return file


# --- by hand ------------------------------------------------------------------------------------


def ask(relay: Relay, *words: object, by: str = NURSE) -> Any:
    return relay("callouts", "ask", "blood", *words, "--by", by)


@pytest.mark.usefixtures("donors")
def test_two_of_the_staff_ask_and_confirm_at_the_laptop(
    relay: Relay, said: Said, clinic: Clinic
) -> None:
    """The same words as by SMS, the same second person, and no SMS to those who typed."""
    asked = ask(relay, "o", "neg", 2, "maternity")
    assert asked.exit_code == 0
    assert asked.stdout == ("Request 1: 2 x O-, 1 donor. A second staff member must send OK 1\n")
    own = relay("callouts", "confirm", 1, "--by", NURSE)
    assert own.exit_code == 65
    assert "The author cannot confirm" in own.stderr
    assert relay("callouts", "confirm", 1, "--by", ASHA).exit_code == 65
    assert relay("callouts", "confirm", 1, "--by", SECOND).stdout == "1 is asking.\n"
    (one,) = said("callouts", "list")["callouts"]
    assert (one["state"], one["for"], one["place"], one["spot"]) == (
        "ASKING", "O-", "Bura", "maternity",
    )  # fmt: skip
    assert clinic.db.query("SELECT 1 FROM outbound") == []
    assert "Request 1 is closed" in relay("callouts", "close", 1, "--by", SECOND).stdout
    assert relay("callouts", "close", 1, "--by", SECOND).exit_code == 65
    assert "closed" in relay("callouts").stdout


@pytest.mark.parametrize(
    ("words", "by", "says"),
    [
        (("O", 2), NURSE, "O+ or O-?"),
        (("Z",), NURSE, "Please send: BLOOD group number"),
        (("O-", 99), NURSE, "At most 10"),
        (("O-",), ASHA, "Please call the clinic."),
    ],
)
@pytest.mark.usefixtures("donors")
def test_what_is_refused_says_why_and_changes_nothing(
    relay: Relay, said: Said, words: tuple[object, ...], by: str, says: str
) -> None:
    asked = ask(relay, *words, by=by)
    assert asked.exit_code == 65
    assert says in asked.stderr
    assert said("callouts", "list")["callouts"] == []


def test_a_kind_or_a_number_that_is_not_there_is_named(relay: Relay) -> None:
    wrong = relay("callouts", "ask", "food", 2, "--by", NURSE)
    assert "there are BLOOD" in wrong.stderr
    assert "no call-out 7" in relay("callouts", "show", 7).stderr
    assert relay("callouts", "confirm", 7, "--by", NURSE).exit_code == 1
    assert "relay callouts ask" in relay("callouts").stderr


@pytest.mark.usefixtures("donors")
def test_only_who_said_yes_is_shown(relay: Relay, clinic: Clinic, said: Said) -> None:
    """Who was asked is a number; who comes has a name, and a number for those who ask for it."""
    ask(relay, "O-")
    relay("callouts", "confirm", 1, "--by", SECOND)
    with clinic.db.transaction() as tx:
        call = callouts.get(tx, 1)
        asha, juma = (people.by_number(tx, f"+25470000500{n}") for n in (1, 2))
        assert call
        assert asha
        assert juma
        appeal = callouts.asked(tx, 1, call, asha.id)
        callouts.asked(tx, 1, call, juma.id)
        callouts.answer(tx, 1, call, appeal, Accepted())
    shown = relay("callouts", "show", 1)
    assert "1-1  …001 Asha  coming" in shown.stdout
    assert "Juma" not in shown.stdout
    assert ASHA in relay("callouts", "show", 1, "--show-numbers").stdout
    document = said("callouts", "show", 1)
    assert document["appeals"] == {"coming": 1, "asked": 1}
    assert [one["event"] for one in document["changes"]] == ["Asked", "Confirmed"]


# --- registers ----------------------------------------------------------------------------------


def test_a_register_goes_out_as_it_came_in(relay: Relay, donors: Path, said: Said) -> None:
    exported = donors.with_name("out.csv")
    assert relay(*VOLUNTEERS, "export", "blood", exported).exit_code == 0
    assert exported.stat().st_mode & 0o777 == 0o600
    assert exported.read_text().splitlines() == [
        "number,name,language,places,group,gave,consent",
        f"{ASHA},Asha,,Bura,O-,2025-12-01,",
        "+254700005002,Juma,,Bura,O+,,",
    ]
    again = relay(*VOLUNTEERS, "import", "BLOOD", exported)
    assert "2 as they were" in again.stdout
    assert ASHA not in relay(*VOLUNTEERS, "export", "blood").stdout
    listed = said(*VOLUNTEERS, "list", "blood")["volunteers"]
    assert [(one["name"], one["attributes"]) for one in listed] == [
        ("Asha", {"group": "O-"}),
        ("Juma", {"group": "O+"}),
    ]


def test_a_dry_run_and_a_bad_row_change_nothing(relay: Relay, tmp_path: Path, said: Said) -> None:
    file = tmp_path / "donors.csv"
    file.write_text(LIST + "+254700005003,Otis,O,Bura,\n+254700005004,Ann,A+,Bura,yesterday\n")
    assert "2 added" in relay(*VOLUNTEERS, "import", "blood", file, "--dry-run").stdout
    bad = relay(*VOLUNTEERS, "import", "blood", file)
    assert bad.exit_code == 65
    assert "line 4: 'O' is no group; write one of O+, O-" in bad.stderr
    assert "line 5: 'yesterday' is no day; write it as 2026-11-25" in bad.stderr
    assert said(*VOLUNTEERS, "list", "blood")["volunteers"] == []
    assert relay(*VOLUNTEERS, "import", "blood", file, "--good-rows").exit_code == 1
    assert len(said(*VOLUNTEERS, "list", "blood")["volunteers"]) == 2


def test_one_is_added_and_taken_out(relay: Relay, said: Said) -> None:
    add = (*VOLUNTEERS, "add", "blood", ASHA, "--name", "Asha", "--set", "group=o neg")
    assert relay(*add, "--place", "bura", "--gave", "2025-12-01").stdout.startswith("1 added")
    (one,) = said(*VOLUNTEERS, "list", "blood")["volunteers"]
    assert (one["attributes"], one["consent"], one["places"]) == (
        {"group": "O-"}, "GIVEN", ["Bura"],
    )  # fmt: skip
    assert one["rested_at"] is not None
    assert "Asha" in relay(*VOLUNTEERS, "list", "blood").stdout
    assert "is not called any more" in relay(*VOLUNTEERS, "remove", "blood", ASHA).stdout
    assert "was not in it" in relay(*VOLUNTEERS, "remove", "blood", ASHA).stdout
    assert "DONOR" in relay(*VOLUNTEERS, "list", "blood").stderr
    wrong = relay(*VOLUNTEERS, "add", "blood", ASHA, "--set", "group=O")
    assert "'O' is no group. Nothing was changed" in wrong.stderr
    assert "no kind 'food' has a register" in relay(*VOLUNTEERS, "list", "food").stderr
