"""The format of the pages, and what a page that goes otherwise says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialogues import script
from tests.dialogues.play import Otherwise, play

ROOT = Path(__file__).parents[2]


def page(folder: Path, *lines: str) -> Path:
    path = folder / "page.txt"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def went(folder: Path, *lines: str) -> str:
    with pytest.raises(Otherwise) as caught:
        play(page(folder, *lines))
    return str(caught.value)


def test_what_was_not_said_is_named(tmp_path):
    said = went(tmp_path, "server sends +1001 Come", "nothing", "clock +1d")
    assert said.startswith("page.txt:2: +1001 got what was not said:\n    Come\n")
    assert "   1  server sends +1001 Come" in said
    assert "   ?  << +1001 Come" in said


def test_other_words_are_shown_beside_those_that_were_meant(tmp_path):
    said = went(tmp_path, "server sends +1001 Come", "<< +1001 Go")
    assert "page.txt:2: +1001 was to get\n    Go\nand got\n    Come\n" in said


def test_what_does_not_come_is_missed(tmp_path):
    assert "and got\n    (nothing)" in went(tmp_path, "<< +1001 Come")


def test_what_came_at_the_end_was_said(tmp_path):
    assert "page.txt:1: +1001 got what was not said" in went(tmp_path, "server sends +1001 Come")


def test_to_one_number_the_order_counts_and_among_several_it_does_not(tmp_path):
    both = ("server sends +1001 one", "server sends +1002 two", "server sends +1001 three")
    play(page(tmp_path, *both, "<< +1002 two", "<< +1001 one", "<< +1001 three"))
    assert "was to get" in went(tmp_path, *both, "<< +1001 three")


def test_a_name_stands_for_one_thing(tmp_path):
    sent = ("server sends +1001 Ref {word}", "server sends +1002 Ref other")
    assert "Ref other" in went(tmp_path, *sent, "<< +1001 Ref {ref}", "<< +1002 Ref {ref}")


def test_many_people_are_counted(tmp_path):
    sent = [f"server sends +100{n} Come" for n in range(4)]
    play(page(tmp_path, *sent, "<< 4 people Come"))
    assert "and got it\n    4 people" in went(tmp_path, *sent, "<< 5 people Come")


def test_a_kill_in_the_middle_doubles_nothing(tmp_path):
    sent = [f"server sends +10{n} Come" for n in range(10, 16)]
    play(page(tmp_path, *sent, "until 3 sent", "kill -9", "<< 6 people Come", "nothing"))


def test_a_phone_that_is_off_gets_it_later(tmp_path):
    off = ("phone +1001 off", "server sends +1001 Come", "clock +2h", "phone +1001 on")
    play(page(tmp_path, *off, "<< +1001 Come", "between 11:00 and 11:05"))
    assert "it came to +1001 at Mon 23 Nov 11:0" in went(
        tmp_path, *off, "<< +1001 Come", "between 09:00 and 10:00"
    )


def test_reports_are_compared_with_what_was_said(tmp_path):
    play(
        page(
            tmp_path, ">> +1001 a", ">> +1001 b", ">> 40404 offer", "server has 3 reports as sent"
        )
    )
    assert "the server has 1 reports" in went(tmp_path, ">> +1001 a", "server has 2 reports")


def test_commands_are_run_and_read(tmp_path):
    play(
        page(
            tmp_path,
            ">> +1001 report",
            "relay inbox list",
            "= FORWARDED",
            "refused relay trace in 99",
        )
    )
    assert "this is not in what relay said" in went(tmp_path, "relay inbox list", "= nonsense")
    assert "ended with" in went(tmp_path, "relay trace in 99")


def test_people_and_places_are_in_the_store(tmp_path):
    play(
        page(
            tmp_path,
            "place Garissa level district",
            "place Bura in Garissa level ward also Bura town, BRA",
            "person +2001 Wanjiru supervisor blood=O- speaks sw at Bura town",
            "people 3 from +5008 donor at BRA",
        )
    )
    assert "there is no place 'Nowhere'" in went(tmp_path, "person +1 at Nowhere")


def test_a_line_that_is_none_is_named_with_its_place(tmp_path):
    with pytest.raises(script.Mistake, match=r"page\.txt:2: this is no line of a dialogue: 'say"):
        play(page(tmp_path, "nothing", "say hello"))


def test_a_comment_is_none_in_a_text(tmp_path):
    (line,) = script.read(page(tmp_path, "# all of it", ">> +1001 1!ANCR!v1#v2 # kept  # dropped"))
    assert line.words["text"] == "1!ANCR!v1#v2 # kept"


def test_a_block_is_what_is_indented(tmp_path):
    rules, nothing = script.read(
        page(tmp_path, "rules own.toml", "  [form.X]", "    a = 1", "", "  b = 2", "nothing")
    )
    assert rules.block == "[form.X]\n  a = 1\n\nb = 2\n"
    assert nothing.number == 6


def test_the_page_about_the_format_knows_every_line():
    told = (ROOT / "docs/dialogues.md").read_text("utf-8")
    assert [word for word in script.beginnings() if f"`{word}" not in told] == []
