"""`relay people` and `relay places`, as a nurse types them and as her spreadsheet writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relay.core.people import Consent
from relay.store import people
from tests.cli.conftest import Relay
from tests.clinic import Clinic

Said = Callable[..., dict[str, Any]]
ASHA = "+254700000001"
PLACES = """\
name,level,parent,aliases
Bura,village,Tana,Boora
Kibo,village,tana ,
Tana,ward,Garissa,
Garissa,district,,
"""


@pytest.fixture
def tree(relay: Relay, tmp_path: Path) -> None:
    (tmp_path / "places.csv").write_text(PLACES)
    assert relay("places", "import", tmp_path / "places.csv").exit_code == 0


def stop(clinic: Clinic, number: str) -> None:
    with clinic.db.transaction() as tx:
        person = people.ensure(tx, clinic.clock.now(), number, "sms in 3")
        people.set_consent(tx, clinic.clock.now(), person.id, Consent.STOPPED, "sms in 3")


# --- one by one ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("tree")
def test_a_person_is_added_changed_shown_and_forgotten(relay: Relay, said: Said) -> None:
    add = ("people", "add", ASHA, "--name", "Asha", "--place", "boora", "--tag", "chw")
    assert relay(*add, "--set", "blood=O-", "--consent", "given").stdout.startswith("1 added")
    assert (
        relay("people", "add", "0700000001", "--language", "sw", "--place", "Kibo").exit_code == 0
    )
    assert "1 as they were" in relay("people", "add", ASHA, "--language", "SW").stdout
    shown = said("people", "show", "254700000001")
    assert shown["number"] == "…001"
    assert (shown["name"], shown["places"], shown["tags"]) == ("Asha", ["Kibo"], ["chw"])
    assert shown["attributes"] == {"blood": "O-"}
    assert shown["consent"] == "GIVEN"
    assert {one["detail"].rpartition(" by ")[0] for one in shown["changes"]} == {"people add"}
    words = relay("people", "show", "#1", "--show-numbers").stdout
    assert ASHA in words
    assert "AttributeSet blood  (people add by" in words
    assert "O-" not in words.partition("AttributeSet")[2]
    assert relay("people", "remove", ASHA, stdin="n\n").exit_code == 130
    assert relay("people", "remove", ASHA, "--yes").exit_code == 0
    gone = relay("people", "show", ASHA)
    assert gone.exit_code == 1
    assert "nobody is known as …001" in gone.stderr


def test_tags(relay: Relay, said: Said) -> None:
    relay("people", "add", ASHA)
    assert said("people", "tag", ASHA, "CHW", "donor")["changed"] == ["chw", "donor"]
    assert said("people", "untag", "0700000001", "donor", "nurse") == {
        "schema": 1, "id": 1, "changed": ["donor"], "unchanged": ["nurse"],
    }  # fmt: skip
    assert relay("people", "tag", ASHA, "two words").exit_code == 64
    assert relay("people", "tag", "+254700000009", "chw").exit_code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("MPESA",), "is not a number"),
        ((ASHA, "--place", "Burra"), "no place 'Burra'. Nothing was changed; did you mean BURA?"),
        ((ASHA, "--set", "blood"), "name=value"),
        ((ASHA, "--language", "Swahili"), "en, fr"),
    ],
)
@pytest.mark.usefixtures("tree")
def test_a_slip_changes_nothing(
    relay: Relay, clinic: Clinic, words: tuple[str, ...], said: str
) -> None:
    result = relay("people", "add", *words)
    assert result.exit_code == 1
    assert said in result.stderr
    assert clinic.db.value("SELECT count(*) FROM person") == 0


def test_nobody_but_themselves_undoes_a_stop(relay: Relay, clinic: Clinic, said: Said) -> None:
    stop(clinic, ASHA)
    refused = relay("people", "add", "0700000001", "--consent", "given")
    assert refused.exit_code == 1
    assert "has sent STOP" in refused.stderr
    assert relay("people", "add", ASHA, "--name", "Asha").exit_code == 0
    relay("people", "remove", ASHA, "--yes")
    again = relay("people", "import", "-", stdin=f"number,consent\n{ASHA},given\n")
    assert again.exit_code == 0
    assert "1 of them has said STOP" in again.stderr
    assert said("people", "show", ASHA)["consent"] == "STOPPED"
    assert said("people", "list", "--stopped")["known"] == 1


# --- lists --------------------------------------------------------------------------------------

LIST = """\
number,name,language,places,tags,attributes,consent
+254700000001,Asha,sw,Bura,chw;donor,blood=O-,given
0700000002,Juma,en,Huruma,chw,,
+254700000003,Neema,fr,Kibo,donor,blood=A+;kg=61,stopped
254700000001,Asha again,,,,,
"""


@pytest.mark.usefixtures("tree")
def test_a_list_with_bad_rows_changes_nothing_unless_told_to(
    relay: Relay, said: Said, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text(LIST)
    refused = relay("people", "import", file)
    assert refused.exit_code == 65
    assert "line 3: there is no place 'Huruma'; see them: relay places list" in refused.stderr
    assert "line 5: line 2 has this number too; take one out" in refused.stderr
    assert "--good-rows" in refused.stderr
    assert said("people", "list")["known"] == 0
    would = said("people", "import", file, "--dry-run", "--good-rows")
    assert (would["added"], len(would["bad"]), would["applied"]) == (2, 2, False)
    assert said("people", "list")["known"] == 0
    assert relay("people", "import", file, "--good-rows").exit_code == 1
    assert said("people", "list")["known"] == 2
    assert said("people", "import", file, "--good-rows")["same"] == 2
    assert "people import" in relay("journal").stdout


@pytest.mark.usefixtures("tree")
def test_what_is_exported_is_imported_elsewhere(
    relay: Relay, clinic: Clinic, said: Said, tmp_path: Path
) -> None:
    relay("people", "import", "-", "--good-rows", stdin=LIST)
    file = tmp_path / "out.csv"
    assert relay("people", "export", file).exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().splitlines() == [
        "number,name,language,places,tags,attributes,consent",
        "+254700000001,Asha,sw,Bura,chw;donor,blood=O-,given",
        "+254700000003,Neema,fr,Kibo,donor,blood=A+;kg=61,stopped",
    ]
    shown = relay("people", "export", "--tag", "chw").stdout
    assert shown.splitlines()[1].startswith("…001,Asha")
    assert said("people", "export")["rows"][1]["number"] == "…003"
    assert said("people", "import", file)["same"] == 2
    relay("people", "remove", ASHA, "--yes")
    assert said("people", "import", file)["added"] == 1
    assert relay("people", "export", tmp_path / "nowhere" / "x.csv").exit_code == 73
    places = tmp_path / "tree.csv"
    relay("places", "export", places)
    assert said("places", "import", places)["same"] == 4
    clinic.db.check()


def test_what_is_no_list(relay: Relay, tmp_path: Path) -> None:
    file = tmp_path / "people.xlsx"
    file.write_bytes(b"PK\x03\x04\xff\xfe\xff")
    result = relay("people", "import", file)
    assert result.exit_code == 65
    assert "no text in UTF-8; save the list as CSV UTF-8" in result.stderr
    assert relay("people", "import", tmp_path / "none.csv").exit_code == 1


@pytest.mark.usefixtures("tree")
def test_lists_are_narrowed_by_tag_and_place(relay: Relay, said: Said) -> None:
    relay("people", "import", "-", "--good-rows", stdin=LIST)
    assert said("people", "list", "--place", "garissa")["known"] == 2
    assert said("people", "list", "--place", "Kibo", "--tag", "donor")["known"] == 1
    assert said("people", "list", "--tag", "nurse")["known"] == 0
    assert "…001" in relay("people", "list", "--limit", 1).stdout
    assert relay("people", "list", "--place", "Huruma").exit_code == 1


# --- places -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("tree")
def test_the_tree_is_shown(relay: Relay, said: Said) -> None:
    relay("people", "add", ASHA, "--place", "Bura")
    lines = relay("places").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["Garissa", "Tana", "Bura", "Kibo"]
    shown = said("places", "show", "TANA")
    assert (shown["in"], shown["has"]) == (["Garissa"], ["Bura", "Kibo"])
    assert (shown["people"], shown["people_within"]) == (0, 1)
    assert "(places import by" in relay("places", "show", "boora").stdout


@pytest.mark.usefixtures("tree")
def test_a_place_in_use_stays_with_what_to_do(relay: Relay) -> None:
    relay("people", "add", ASHA, "--place", "Bura")
    below = relay("places", "remove", "Tana")
    assert below.exit_code == 1
    assert "Nothing was removed. First put them into another" in below.stderr
    inside = relay("places", "remove", "Bura")
    assert "1 person is in Bura. Nothing was removed" in inside.stderr
    assert relay("places", "remove", "Bura", "--alias", "boora").exit_code == 0
    assert relay("places", "remove", "Bura", "--alias", "boora").exit_code == 1
    relay("people", "remove", ASHA, "--yes")
    assert relay("places", "remove", "Bura").exit_code == 0
    assert relay("places", "show", "Bura").exit_code == 1


@pytest.mark.usefixtures("tree")
def test_places_one_by_one(relay: Relay, said: Said) -> None:
    assert said("places", "add", "Mwea", "--level", "ward", "--in", "Garissa")["added"] == 1
    assert said("places", "add", "Bura", "--in", "Mwea", "--alias", "Buura")["changed"] == 1
    assert said("places", "show", "Buura")["in"] == ["Mwea", "Garissa"]
    for words, said_ in (
        (("Garissa", "--in", "Kibo"), "a district does not lie in a village"),
        (("Mwea", "--level", "zone", "--in", "Bura"), "would lie in itself"),
        (("Boora",), "is another name of bura"),
        (("Kibo", "--alias", "Tana"), "'tana' is tana already"),
        (("Wema", "--in", "Tanna"), "did you mean TANA?"),
    ):
        refused = relay("places", "add", *words)
        assert refused.exit_code == 1
        assert said_ in refused.stderr
    assert len(said("places", "list")["places"]) == 5


def test_a_list_of_places_names_what_is_wrong_with_its_tree(relay: Relay) -> None:
    result = relay(
        "places", "import", "-", "--good-rows",
        stdin="name,level,parent\nA1,ward,Nowhere\nB1,village,A1\nC1,zone,D1\nD1,zone,C1\nE1,,\n",
    )  # fmt: skip
    assert result.exit_code == 1
    assert "line 2: there is no place 'Nowhere'" in result.stderr
    assert "line 3: it lies in that of line 2; correct that one" in result.stderr
    assert "line 4: C1 would lie in itself" in result.stderr
    assert result.stdout.startswith("1 added")
