"""`relay send`, `relay inbox`, `relay outbox`: what a person does with messages."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from relay.cli.desk import Desk
from relay.cli.main import main
from relay.clock import local
from relay.core.outbound import Accepted, Event, NoAnswer, RefusedForGood, RefusedForNow
from relay.core.pdu import Submit, decode
from relay.errors import StoreError
from tests.air import NOON, NURSE, deliver, delivers
from tests.clinic import TOML, Clinic

Relay = Callable[..., Result]
Said = Callable[..., dict[str, Any]]
TO = "+254700000001"


def happens(clinic: Clinic, event: Event) -> None:
    """The modem takes the next part, and this comes of it."""
    part = clinic.outbox.claim(clinic.clock.now(), "usb1", "direct")
    assert part is not None
    clinic.outbox.record(clinic.clock.now(), part, event)


def status(clinic: Clinic, outbound_id: int = 1) -> str:
    return str(clinic.db.value("SELECT status FROM outbound WHERE id = ?", (outbound_id,)))


# --- send ---------------------------------------------------------------------------------------


def test_a_message_is_stored(clinic: Clinic, relay: Relay) -> None:
    """Its id, its parts, its alphabet; the number masked."""
    result = relay("send", TO, "Come to the clinic")
    assert result.exit_code == 0
    assert result.stdout == "out 1: to …001, 1 SMS (GSM 7-bit, 18 characters)\n"
    assert clinic.db.value("SELECT text FROM outbound") == "Come to the clinic"


def test_with_the_daemon_down_it_says_when(clinic: Clinic, relay: Relay) -> None:
    """Stored is not sent; with the daemon up there is nothing to say."""
    assert "not running" in relay("send", TO, "a").stderr
    clinic.starts()
    assert relay("send", TO, "b").stderr == ""


def test_a_long_message_says_what_it_costs(relay: Relay, said: Said) -> None:
    """In SMS, and why."""
    assert "3 SMS (GSM 7-bit, 400 characters)" in relay("send", TO, "x" * 400).stdout
    found = said("send", TO, "Снег " * 20)
    assert (found["sms"], found["alphabet"], found["id"]) == (2, "ucs2", 2)


def test_a_dry_run_stores_nothing(clinic: Clinic, relay: Relay, said: Said) -> None:
    """Only what would be sent."""
    assert relay("send", "--dry-run", TO, "x").stdout.startswith("Not sent: to …001, 1 SMS")
    assert said("send", "--dry-run", TO, "x")["id"] is None
    assert clinic.db.value("SELECT count(*) FROM outbound") == 0


def test_the_text_may_come_from_a_pipe(clinic: Clinic, relay: Relay) -> None:
    """With its lines, without the last line's end."""
    assert relay("send", TO, "-", stdin="Liebe Grüße\nzwei\n").exit_code == 0
    assert clinic.db.value("SELECT text FROM outbound") == "Liebe Grüße\nzwei"


def test_a_message_can_go_before_the_others(clinic: Clinic, relay: Relay) -> None:
    """The modem takes it first."""
    relay("send", TO, "later")
    relay("send", "--priority", TO, "now")
    part = clinic.outbox.claim(clinic.clock.now(), "usb1", "direct")
    assert part is not None
    assert part.outbound_id == 2


def test_a_priority_that_does_not_exist_is_named(clinic: Clinic, relay: Relay) -> None:
    refused = relay("send", "--priority", "urgent", TO, "now")
    assert refused.exit_code == 64
    assert "'urgent' is not one of 'alert'" in refused.output


@pytest.mark.parametrize(
    ("words", "priority"),
    [
        ((), 0),
        (("--priority",), 10),
        (("--priority", "alert"), 10),
        (("--priority=reminder",), -10),
        (("--priority", "broadcast"), -20),
    ],
)
def test_how_urgent_it_is(
    clinic: Clinic, relay: Relay, words: tuple[str, ...], priority: int
) -> None:
    """A step by its name; the bare option means what it always meant."""
    assert relay("send", *words, TO, "hi").exit_code == 0
    assert clinic.db.value("SELECT priority FROM part") == priority


def test_a_message_may_have_a_beginning_an_end_and_a_key(clinic: Clinic, relay: Relay) -> None:
    """The times are those of the clock on the wall."""
    first = local(clinic.clock.now() + 3_600_000)[:16]
    last = local(clinic.clock.now() + 7_200_000)[:16]
    said = relay("send", "--at", first, "--useful-until", last, "--key", "stock", TO, "hi")
    assert said.exit_code == 0
    assert f"not before {first}, not after {last}" in said.stdout
    row = clinic.db.query("SELECT key, not_before, useful_until FROM outbound")[0]
    assert row["key"] == "stock"
    assert [local(at)[:16] for at in (row["not_before"], row["useful_until"])] == [first, last]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--at", "2001-01-01 08:00"), "--at lies in the past"),
        (("--useful-until", "2001-01-01 08:00"), "not after now"),
        (("--at", "2090-01-02 08:00", "--useful-until", "2090-01-02 08:00"), "not after --at"),
        (("--at", "tomorrow"), "write it as '2026-11-25 08:00'"),
        (("--key", ""), "1 to 100 characters"),
        (("--priority=soon",), "broadcast"),
    ],
)
def test_a_wish_that_cannot_come_true_is_refused(
    clinic: Clinic, relay: Relay, words: tuple[str, ...], complaint: str
) -> None:
    """Nothing is stored."""
    said = relay("send", *words, TO, "hi")
    assert said.exit_code == 64
    assert complaint in said.stderr
    assert clinic.db.value("SELECT count(*) FROM outbound") == 0


@pytest.mark.parametrize(
    ("number", "text", "reason"),
    [("MPESA", "hi", "destination.invalid"), (TO, "", "text.empty"), (TO, "a\0b", "text.nul"),
     (TO, "x" * 40_000, "text.too_long")],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused_at_the_door(
    clinic: Clinic, relay: Relay, number: str, text: str, reason: str
) -> None:
    """Exit 65, the reason on stderr, and nothing stored."""
    result = relay("send", number, text)
    assert (result.exit_code, result.stdout) == (65, "")
    assert reason in result.stderr
    assert clinic.db.value("SELECT count(*) FROM outbound") == 0


def test_a_refusal_says_what_to_write_instead(relay: Relay) -> None:
    """What happened, what became of the message, what to do."""
    assert "Nothing was stored. Write a phone number" in relay("send", "MPESA", "hi").stderr
    assert "there is no number" in relay("send", "", "hi").stderr
    assert "Nothing was stored" in relay("send", TO, "a\0b").stderr


def test_a_text_without_quotes_is_not_guessed(clinic: Clinic, relay: Relay) -> None:
    """The shell has cut it into words, and may have swallowed some."""
    result = relay("send", TO, "Come", "to", "the", "clinic")
    assert result.exit_code == 64
    assert "'quotes'" in result.stderr
    assert clinic.db.value("SELECT count(*) FROM outbound") == 0


def test_a_pipe_in_another_encoding_is_refused(clinic: Clinic) -> None:
    """Exit 65 and words, not a traceback."""
    desk = Desk(clock=clinic.clock, environ={"RELAY_CONFIG": str(clinic.path)})
    result = CliRunner().invoke(
        main, ["send", TO, "-"], input="Gr\u00fc\u00dfe".encode("latin-1"), obj=desk
    )
    assert result.exit_code == 65
    assert "not in UTF-8. Nothing was stored" in result.stderr


def test_the_configuration_shapes_the_message(tmp_path: Path) -> None:
    """Validity, reports and the most parts are those that the daemon uses."""
    toml = TOML + "[sending]\nvalidity_h = 24\nrequest_reports = false\nmax_parts = 2\n"
    with Clinic(tmp_path, toml) as clinic:
        desk = Desk(clinic.clock, {"RELAY_CONFIG": str(clinic.path)})
        assert CliRunner().invoke(main, ["send", TO, "hi"], obj=desk).exit_code == 0
        submit = decode(clinic.db.value("SELECT pdu FROM part"))
        long = CliRunner().invoke(main, ["send", TO, "x" * 400], obj=desk)
    assert isinstance(submit, Submit)
    assert (submit.validity_s, submit.report) == (24 * 3600, False)
    assert long.exit_code == 65
    assert "max_parts" in long.stderr


def test_the_first_message_may_come_before_the_daemon(clinic: Clinic, relay: Relay) -> None:
    """The store is made, and belongs to whom its folder belongs to."""
    clinic.db.close()
    path = clinic.config.store.path
    path.unlink()
    if os.geteuid() == 0:
        os.chown(path.parent, 12_345, 12_345)
    assert relay("send", TO, "hi").exit_code == 0
    assert path.stat().st_uid == path.parent.stat().st_uid
    assert path.stat().st_mode & 0o777 == 0o600


def test_without_a_folder_nothing_is_stored(clinic: Clinic, relay: Relay) -> None:
    """A mistake in the path must not make databases all over the disk."""
    clinic.db.close()
    clinic.path.write_text(TOML.replace("state/", "nowhere/"))
    result = relay("send", TO, "hi")
    assert result.exit_code == 73
    assert "Nothing was stored" in result.stderr


def test_a_running_relay_of_an_older_version_is_left_alone(clinic: Clinic, relay: Relay) -> None:
    """Its database must not change under it."""
    with clinic.db.transaction() as tx:
        tx.execute("DELETE FROM _sqlite_migrations WHERE name = 'm005_records'")
    clinic.starts()
    result = relay("send", TO, "hi")
    assert result.exit_code == 74
    assert "Restart relay" in result.stderr


def test_a_damaged_store_is_an_error_of_the_store(clinic: Clinic, relay: Relay) -> None:
    """Exit 74, and words instead of a traceback."""
    clinic.db.close()
    clinic.config.store.path.write_bytes(b"x" * 5000)
    for words in (["send", TO, "hi"], ["outbox"], ["inbox", "list"], ["outbox", "cancel", "1"]):
        result = relay(*words)
        assert result.exit_code == 74
        assert "damaged" in result.stderr


# --- inbox --------------------------------------------------------------------------------------


def test_a_list_shows_neither_numbers_nor_texts(clinic: Clinic, relay: Relay) -> None:
    """Until they are asked for."""
    clinic.receives(deliver("secret text"))
    plain = relay("inbox").stdout
    assert "…001" in plain
    assert "WAITING" in plain
    assert "secret" not in plain
    assert NURSE not in plain
    full = relay("inbox", "list", "--text", "--show-numbers").stdout
    assert "secret text" in full
    assert NURSE in full


def test_a_list_in_json_hides_the_same(clinic: Clinic, said: Said) -> None:
    """Programs do not see more than people."""
    clinic.receives(deliver("secret text"))
    (row,) = said("inbox", "list")["messages"]
    assert row["sender"] == "…001"
    assert "text" not in row
    (row,) = said("inbox", "list", "--text", "--show-numbers")["messages"]
    assert (row["sender"], row["text"]) == (NURSE, "secret text")


def test_the_inbox_can_be_asked_by_state(clinic: Clinic, relay: Relay, said: Said) -> None:
    """What waits for a part, for the server, for a person; what nobody can read."""
    first, _ = delivers(["one half", "other half"])
    clinic.receives(first, deliver("a"), deliver(""), "00FFFF")
    ids = {
        state: [row["id"] for row in said("inbox", "list", "--state", state)["messages"]]
        for state in ("parts", "waiting", "parked", "forwarded", "undecodable")
    }
    assert ids == {
        "parts": [1], "waiting": [2], "parked": [3], "forwarded": [], "undecodable": [4]
    }  # fmt: skip
    assert "00FFFF" not in relay("inbox", "list", "--state", "undecodable").stdout
    assert "00FFFF" in relay("inbox", "list", "--state", "undecodable", "--text").stdout


def test_an_empty_list_says_so_aside(relay: Relay) -> None:
    """Nothing on stdout for the next program in the pipe."""
    result = relay("inbox", "list")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "There are none.\n")


def test_a_limit_keeps_the_newest(clinic: Clinic, said: Said) -> None:
    """Of three, the last two."""
    clinic.receives(*(deliver(name, at=NOON + n * 1000) for n, name in enumerate("abc")))
    rows = said("inbox", "list", "--limit", "2")["messages"]
    assert [row["id"] for row in rows] == [3, 2]


def test_one_message_is_shown_whole(clinic: Clinic, relay: Relay, said: Said) -> None:
    """Text, parts, and what each server says."""
    clinic.receives(*delivers(["one ", "two"]))
    clinic.exchanges.park_report(clinic.clock.now(), 1, "the server refuses it: HTTP 400: no")
    text = relay("inbox", "show", "1").stdout
    assert text.startswith("in 1 from …001: PARKED\n")
    assert "part    2 of 2, usb1 SM:1" in text
    assert "server  main: PARKED: the server refuses it: HTTP 400: no" in text
    assert text.endswith("\none two\n")
    found = said("inbox", "show", "1")
    assert found["text"] == "one two"
    assert [part["seq"] for part in found["parts"]] == [1, 2]
    assert found["servers"][0]["state"] == "PARKED"


def test_a_text_cannot_steer_the_terminal(clinic: Clinic, relay: Relay) -> None:
    """An SMS is written by strangers."""
    clinic.receives(deliver("\x1b]0;owned\x07 \u202etxt"))
    shown = relay("inbox", "show", "1").stdout + relay("inbox", "list", "--text").stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_a_parked_message_is_released(clinic: Clinic, relay: Relay) -> None:
    """It goes to the server again; one that is not parked stays, and that is exit 1."""
    clinic.receives(deliver("a"), deliver("b", at=NOON + 1000))
    clinic.exchanges.park_report(clinic.clock.now(), 1, "no")
    result = relay("inbox", "release", "1", "2")
    assert (result.exit_code, result.stdout) == (1, "in 1: released\n")
    assert "in 2: it is WAITING, and no server has refused it" in result.stderr
    assert [report.inbound_id for report in clinic.exchanges.waiting(9)] == [1, 2]


def test_a_release_in_json(clinic: Clinic, said: Said) -> None:
    """Which ones, and which not."""
    clinic.receives(deliver("a"))
    clinic.exchanges.park_report(clinic.clock.now(), 1, "no")
    found = said("inbox", "release", "1", "9")
    assert (found["released"], found["not_parked"]) == ([1], [9])


# --- outbox -------------------------------------------------------------------------------------


def test_the_outbox_can_be_asked_by_state(clinic: Clinic, said: Said) -> None:
    """Waiting, uncertain, sent, failed."""
    for text in "abcd":
        clinic.sends(text)
    happens(clinic, Accepted(1))
    happens(clinic, NoAnswer("silence"))
    happens(clinic, RefusedForGood("NET_REJECTED: +CMS ERROR: 21"))
    ids = {
        state: [row["id"] for row in said("outbox", "list", "--state", state)["messages"]]
        for state in ("waiting", "uncertain", "sent", "delivered", "failed")
    }
    assert ids == {
        "waiting": [4, 2], "uncertain": [2], "sent": [1], "delivered": [], "failed": [3]
    }  # fmt: skip
    assert [row["id"] for row in said("outbox", "list", "--failed")["messages"]] == [3]


def test_the_outbox_shows_neither_numbers_nor_texts(clinic: Clinic, relay: Relay) -> None:
    """Until they are asked for."""
    clinic.sends("secret text")
    plain = relay("outbox").stdout
    assert ("secret" in plain, TO in plain) == (False, False)
    full = relay("outbox", "list", "--text", "--show-numbers").stdout
    assert ("secret text" in full, TO in full) == (True, True)
    assert relay("outbox", "list", "--failed").stderr == "There are none.\n"


def test_one_outgoing_message_is_shown_whole(clinic: Clinic, relay: Relay, said: Said) -> None:
    """Where it came from, and where each part stands."""
    clinic.sends("x" * 200, server="main", server_id="wo-1")
    happens(clinic, Accepted(41))
    text = relay("outbox", "show", "1").stdout
    assert "from    server main, id wo-1" in text
    assert "part    1 of 2: ACCEPTED, tried once, modem usb1, mr 41" in text
    assert "part    2 of 2: QUEUED" in text
    assert [part["state"] for part in said("outbox", "show", "1")["parts"]] == [
        "ACCEPTED",
        "QUEUED",
    ]


def test_a_failed_message_is_queued_again(clinic: Clinic, relay: Relay) -> None:
    """Only that one; one that did not fail is exit 1 and stays."""
    for text in "ab":
        clinic.sends(text)
    happens(clinic, RefusedForGood("NET_REJECTED"))
    result = relay("outbox", "retry", "1", "2")
    assert (result.exit_code, result.stdout) == (1, "out 1: queued again\n")
    assert "out 2: it is UNSENT, nothing of it failed" in result.stderr
    assert status(clinic) == "UNSENT"


def test_all_that_failed_is_queued_again(clinic: Clinic, relay: Relay, said: Said) -> None:
    """After the airtime was topped up."""
    for text in "ab":
        clinic.sends(text)
        happens(clinic, RefusedForGood("NET_REJECTED"))
    assert said("outbox", "retry", "--all-failed")["changed"] == [1, 2]
    assert relay("outbox", "list", "--failed").stdout == ""


@pytest.mark.parametrize("words", [[], ["--all-failed", "1"]])
def test_a_retry_wants_either_ids_or_all(relay: Relay, words: list[str]) -> None:
    """Neither nothing nor both."""
    assert relay("outbox", "retry", *words).exit_code == 64


def test_doubt_is_only_sent_again_when_it_is_said(clinic: Clinic, relay: Relay) -> None:
    """It may arrive twice, so a plain retry leaves it."""
    clinic.sends()
    happens(clinic, NoAnswer("silence"))
    assert relay("outbox", "retry", "1").exit_code == 1
    assert status(clinic) == "PENDING"
    assert relay("outbox", "retry", "--uncertain", "1").stdout == "out 1: queued again\n"
    assert clinic.db.value("SELECT state FROM part") == "QUEUED"


def test_a_message_that_has_not_left_is_cancelled(clinic: Clinic, relay: Relay) -> None:
    """One that has left is exit 1 and goes on."""
    clinic.sends("a")
    happens(clinic, Accepted(1))
    clinic.sends("b")
    result = relay("outbox", "cancel", "1", "2")
    assert (result.exit_code, result.stdout) == (1, "out 2: cancelled\n")
    assert "out 1: it is SENT, nothing of it waits" in result.stderr
    assert (status(clinic, 1), status(clinic, 2)) == ("SENT", "FAILED")


@pytest.mark.parametrize("side", ["inbox", "outbox"])
def test_a_message_that_is_not_there(relay: Relay, side: str) -> None:
    """Exit 1, and how to see those that are."""
    result = relay(side, "show", "99")
    assert result.exit_code == 1
    assert f"relay {side} list" in result.stderr


@pytest.mark.parametrize(
    "words", [("outbox", "retry"), ("outbox", "cancel"), ("inbox", "release")], ids=" ".join
)
def test_nothing_can_be_done_with_a_message_that_is_not_there(
    relay: Relay, words: tuple[str, ...]
) -> None:
    """Exit 1; a number that no database can hold is a mistake in typing."""
    result = relay(*words, "99")
    assert result.exit_code == 1
    assert "99: there is no such message; nothing was changed" in result.stderr
    assert relay(*words, 2**63).exit_code == 64
    assert "not a valid message id" in relay(*words, "abc").stderr


def test_an_error_of_the_store_is_no_traceback(clinic: Clinic, relay: Relay) -> None:
    """A database that has not been made yet."""
    clinic.db.close()
    clinic.config.store.path.unlink()
    result = relay("outbox", "list")
    assert isinstance(result.exception, SystemExit)
    assert not isinstance(result.exception, StoreError)
    assert "start relay once" in result.stderr


# --- what a message waits for -------------------------------------------------------------------


def test_a_list_says_what_each_message_waits_for(clinic: Clinic, relay: Relay, said: Said) -> None:
    """A later time, the next try, an earlier message to the same number, its turn."""
    clinic.works()
    now = clinic.clock.now()
    clinic.sends(to="+254700000001")
    happens(clinic, RefusedForNow("NET_CONGESTION: busy", now + 600_000))
    clinic.sends(to="+254700000001")
    clinic.sends(to="+254700000002", not_before=now + 7_200_000)
    clinic.sends(to="+254700000003")
    text = " ".join(relay("outbox", "list").stdout.split())
    assert f"tried again {local(now + 600_000)[:16]}: NET_CONGESTION" in text
    assert "behind out 1 to the same number" in text
    assert f"for {local(now + 7_200_000)[:16]}" in text
    waits = {row["id"]: row["waits"] for row in said("outbox", "list")["messages"]}
    assert {id_: wait["why"] for id_, wait in waits.items()} == {
        1: "backoff", 2: "behind", 3: "later", 4: "turn",
    }  # fmt: skip
    shown = relay("outbox", "show", "3").stdout
    assert f"waits   for {local(now + 7_200_000)[:16]}" in shown
    assert "of use  until" in shown


def test_what_keeps_all_of_them_here_is_named(clinic: Clinic, relay: Relay, said: Said) -> None:
    """By the code of status, and in words."""
    clinic.works()
    clinic.sends()
    assert said("outbox", "show", "1")["waits"]["why"] == "turn"
    clinic.put(pause__sending={"who": "anna", "since": clinic.clock.now()})
    assert said("outbox", "show", "1")["waits"] == {
        "why": "standstill", "until": None, "of": "PAUSED",
    }  # fmt: skip
    assert "PAUSED" in relay("outbox", "list").stdout
    shown = relay("outbox", "show", "1").stdout
    assert "waits   Somebody has paused sending" in shown
    assert "relay explain PAUSED" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80


def test_what_is_over_waits_for_nothing(clinic: Clinic, relay: Relay, said: Said) -> None:
    """Cancelled, it keeps its reason."""
    id_ = clinic.sends()
    relay("outbox", "cancel", id_)
    (row,) = said("outbox", "list")["messages"]
    assert row["waits"] is None
    assert "cancelled" in relay("outbox", "list").stdout


def test_all_that_failed_leaves_out_what_is_of_no_use(clinic: Clinic, said: Said) -> None:
    """Too old, or replaced by a newer one: only by its id."""
    clinic.sends("a", key="stock")
    clinic.sends("b", key="stock")
    clinic.sends("c", useful_until=clinic.clock.now() + 1)
    clinic.clock.advance(1)
    clinic.outbox.expire(clinic.clock.now(), clinic.clock.now())
    clinic.sends("d", to="+254700000009")
    clinic.outbox.cancel(clinic.clock.now(), 4)
    assert said("outbox", "retry", "--all-failed")["changed"] == [4]
    assert said("outbox", "retry", 3)["changed"] == [3]
