"""Lists as spreadsheets write them, and what is said of a row that cannot be used."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.community import lists
from relay.community.lists import BadRow, PersonRow, PlaceRow
from relay.core.people import Consent

HEAD = ",".join(lists.PEOPLE)


def one(row: str, head: str = HEAD) -> PersonRow | BadRow:
    [found] = lists.people(f"{head}\n{row}\n")
    return found


def test_a_row_with_everything_in_it() -> None:
    row = one('+254 700-000001, Asha  Ali ,SW,"Bura; Kibo",chw;Donor,blood=O-; kg=61,Given')
    assert row == PersonRow(
        line=2,
        number="+254700000001",
        name="Asha Ali",
        language="sw",
        places=("Bura", "Kibo"),
        tags=("chw", "donor"),
        attributes=(("blood", "O-"), ("kg", "61")),
        consent=Consent.GIVEN,
    )


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffName;Number\r\n\r\nAsha;0700000001\r\n;;\r\n",
        "number\tname\n0700000001\tAsha\n",
        'number,name,,\n"0700000001","Asha",,\n',
        "NUMBER , name\n0700 000 001,Asha",
    ],
)
def test_what_spreadsheets_make_of_it(text: str) -> None:
    [row] = lists.people(text)
    assert isinstance(row, PersonRow)
    assert (row.number, row.name) == ("0700000001", "Asha")


@pytest.mark.parametrize(
    ("row", "cause", "remedy"),
    [
        ("MPESA", "is not a number", "+254700000001"),
        (",Asha", "there is no number", "+254700000001"),
        ("2.547E+11", "shortened the number", "column a text"),
        ("0700000001,,Swahili", "'Swahili' is no code", "en, fr"),
        ("0700000001,,,,two words", "'two words' is no tag", "such as chw"),
        ("0700000001,,,,,blood", "'blood' is no attribute", "name=value"),
        ("0700000001,,,,,,yes", "'yes' is no consent", "given, stopped or none"),
        (f"0700000001,{'x' * 200}", "the name has 200 characters", "shorten"),
        ("0700000001,As\x07ha", "cannot be seen", "type it anew"),
    ],
)
def test_a_bad_row_says_where_why_and_what_to_do(row: str, cause: str, remedy: str) -> None:
    found = one(row)
    assert isinstance(found, BadRow)
    assert found.line == 2
    assert cause in found.cause
    assert remedy in found.remedy
    assert "0700000001" not in str(found)


def test_the_line_is_that_of_the_file_also_behind_cells_of_several_lines() -> None:
    found = lists.people('number,name\n\n0700000001,"A\nB"\nMPESA,C\n')
    assert [one.line for one in found] == [3, 5]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the list is empty"),
        ("\n\n", "the list is empty"),
        ("name\nAsha\n", "no column 'number'"),
        ("number,naame\n", "no column 'naame'; did you mean name?"),
        ("number,shoe size\n", "no column 'shoe size'; the columns are number"),
        ('number\n"0700000001\n' + "x" * 200_000, "it is no CSV"),
    ],
)
def test_what_is_no_list_at_all(text: str, said: str) -> None:
    with pytest.raises(BadRow, match=said.replace("?", r"\?")):
        lists.people(text)


@given(st.text(max_size=300))
def test_whatever_a_file_holds_it_is_read_or_refused(text: str) -> None:
    for read in (lists.people, lists.places):
        for start in ("", "number,tags,attributes,consent\n", "name,level,parent,aliases\n"):
            try:
                read(start + text)
            except BadRow as error:
                assert error.remedy


def test_places() -> None:
    good, bad = lists.places("name,level,parent,aliases\nBura,Village,Tana,Boora; BU-RA\n ,ward\n")
    assert good == PlaceRow(2, "Bura", "village", "Tana", ("boora", "bu-ra"))
    assert isinstance(bad, BadRow)
    assert bad.cause == "the place has no name"


def test_what_is_written_is_what_is_read() -> None:
    row = ("+254700000001", 'Asha "A", B', "sw", "Bura;Kibo", "chw", "blood=O-", "given")
    [found] = lists.people("".join(lists.written(lists.PEOPLE, [row])))
    assert isinstance(found, PersonRow)
    assert (found.name, found.places) == ('Asha "A", B', ("Bura", "Kibo"))
