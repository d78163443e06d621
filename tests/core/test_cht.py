"""The CHT protocol as bytes: what relay says, and what it understands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.cht import (
    Answer,
    Handout,
    read_answer,
    read_check,
    request_body,
    server_words,
    unsendable,
    well_formed,
)
from relay.errors import BadReply
from tests.cht_rows import REPORT_TEXTS, report, update

ANY_TEXT = st.text(st.characters())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
)
HANDOUT = {"id": "m1", "to": "+254700000001", "content": "Karibu"}


def said(*reports: Any, updates: Any = ()) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(request_body(reports, updates))
    return found


def answer(messages: object) -> Answer:
    return read_answer(json.dumps({"messages": messages}).encode())


# --- the request --------------------------------------------------------------------------------


def test_both_arrays_are_there_when_there_is_nothing_to_say() -> None:
    """core answers 500 to `messages: null`."""
    assert request_body((), ()) == b'{"messages":[],"updates":[]}'


def test_a_report_has_the_five_keys_of_the_android_gateway() -> None:
    assert said(report(7, "N Jane"))["messages"] == [
        {
            "id": "uuid-7",
            "from": "+254700000001",
            "content": "N Jane",
            "sms_sent": 1_780_000_000_000,
            "sms_received": 1_780_000_001_000,
        }
    ]


@pytest.mark.parametrize("text", REPORT_TEXTS)
def test_every_known_report_is_carried_byte_for_byte(text: str) -> None:
    (message,) = said(report(1, text))["messages"]
    assert message["content"].encode() == text.encode()


def test_an_unknown_sending_time_is_zero_as_with_the_android_gateway() -> None:
    timeless = type(report())(1, "u", "+1", "x", None, 5)
    assert said(timeless)["messages"][0]["sms_sent"] == 0


def test_a_reason_goes_with_failed_only() -> None:
    updates = [update("a", "SENT", "left over"), update("b", "FAILED", "no-service")]
    assert said(updates=updates)["updates"] == [
        {"id": "a", "status": "SENT"},
        {"id": "b", "status": "FAILED", "reason": "no-service"},
    ]


def test_updates_keep_their_order_and_may_repeat_an_id() -> None:
    told = said(updates=[update("a", "UNSENT"), update("b", "UNSENT"), update("a", "PENDING")])
    assert [(u["id"], u["status"]) for u in told["updates"]] == [
        ("a", "UNSENT"),
        ("b", "UNSENT"),
        ("a", "PENDING"),
    ]


def test_no_report_id_stands_twice_in_one_request() -> None:
    """core would make two documents of it."""
    twice = said(report(1, "first"), report(2), report(1, "first"))
    assert [message["id"] for message in twice["messages"]] == ["uuid-1", "uuid-2"]


def test_a_lone_surrogate_never_leaves() -> None:
    """CouchDB refuses the whole request for one, for ever."""
    (message,) = said(report(1, "smile \ud83d"))["messages"]
    assert message["content"] == "smile \ufffd"


def test_a_surrogate_pair_that_was_split_is_healed() -> None:
    assert well_formed("\ud83d\ude00") == "😀"


@given(ANY_TEXT, ANY_TEXT)
def test_whatever_was_received_becomes_valid_utf8_json(text: str, sender: str) -> None:
    (message,) = said(report(1, text, sender=sender))["messages"]
    message["content"].encode()
    if not any("\ud800" <= char <= "\udfff" for char in text):
        assert message["content"] == text


@pytest.mark.parametrize(
    ("text", "sender", "code"), [("", "+1", "empty.content"), ("hello", "", "empty.sender")]
)
def test_what_core_would_silently_drop_is_named(text: str, sender: str, code: str) -> None:
    assert (unsendable(report(1, text, sender=sender)) or "").startswith(code)


def test_blanks_are_a_text_to_core() -> None:
    assert unsendable(report(1, "   ")) is None


# --- the answer ---------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"{}", b'{"messages":null}', b'{"messages":[]}', b'{"x":1}'])
def test_absent_null_and_empty_messages_all_mean_none(body: bytes) -> None:
    assert read_answer(body, 5) == Answer((), 5)


def test_a_handed_out_message_is_read_as_it_is() -> None:
    assert answer([HANDOUT | {"extra": 1}]).messages == (Handout("m1", "+254700000001", "Karibu"),)


@pytest.mark.parametrize(
    "broken", ["text", 5, None, [], {"id": "x", "to": "y"}, HANDOUT | {"id": ""}]
)
def test_a_malformed_entry_is_skipped_and_counted_and_the_others_are_kept(broken: object) -> None:
    got = answer([broken, HANDOUT])
    assert ([message.id for message in got.messages], got.skipped) == (["m1"], 1)


@pytest.mark.parametrize(
    ("value", "text"),
    [(12, "12"), (1.50, "1.5"), (True, "true"), (None, "null"), (10**30, "1" + "0" * 30)],
)
def test_values_are_coerced_as_android_does(value: object, text: str) -> None:
    """JSONObject.getString: numbers become text, null becomes "null"."""
    assert answer([HANDOUT | {"content": value}]).messages[0].content == text


def test_a_number_as_id_is_echoed_digit_for_digit() -> None:
    body = b'{"messages":[{"id":1.10,"to":254700000001,"content":"x"}]}'
    assert read_answer(body).messages == (Handout("1.10", "254700000001", "x"),)


def test_a_lone_surrogate_in_a_text_is_kept_for_the_outbox_to_refuse() -> None:
    body = rb'{"messages":[{"id":"m1","to":"+1","content":"a\ud83d"}]}'
    assert read_answer(body).messages[0].content == "a\ud83d"


def test_bytes_that_are_no_utf8_fail_only_their_own_message() -> None:
    body = (
        b'{"messages":[{"id":"a","to":"+1","content":"\xff"},{"id":"b","to":"+1","content":"x"}]}'
    )
    bad, good = read_answer(body).messages
    assert (bad.content, good.content) == ("\udcff", "x")


def test_an_id_that_cannot_be_echoed_is_skipped() -> None:
    assert read_answer(rb'{"messages":[{"id":"\ud83d","to":"+1","content":"x"}]}').skipped == 1


def test_the_answer_of_a_check_to_a_post_is_an_error() -> None:
    """A followed redirect turns a POST into a GET; taking it for success would lose everything."""
    with pytest.raises(BadReply, match="redirect"):
        read_answer(b'{"medic-gateway":true}')


@pytest.mark.parametrize(
    "body",
    [b"", b"  ", b"[]", b'"x"', b"5", b"null", b"<html></html>", b'{"messages":[', b"\xff\xfe",
     b'{"messages":{}}', b'{"messages":"none"}', b'{"messages":false}', b'{"error":"no"}',
     b"[" * 100_000],
)  # fmt: skip
def test_anything_else_is_a_bad_reply(body: bytes) -> None:
    with pytest.raises(BadReply):
        read_answer(body)


def test_a_bad_reply_quotes_no_text_of_a_message() -> None:
    with pytest.raises(BadReply) as caught:
        read_answer(b'{"messages":[{"id":"m1","to":"+254700000001","content":"your res')
    assert "254" not in str(caught.value)
    assert "res" not in str(caught.value).split("answer")[1]


@given(st.binary())
def test_arbitrary_bytes_raise_nothing_but_bad_reply(body: bytes) -> None:
    try:
        read_answer(body)
    except BadReply:
        return


@given(JSON | st.fixed_dictionaries({"messages": st.lists(JSON | st.just(HANDOUT))}))
def test_arbitrary_json_raises_nothing_but_bad_reply(value: object) -> None:
    try:
        got = read_answer(json.dumps(value).encode())
    except BadReply:
        return
    for message in got.messages:
        message.id.encode()
        message.to.encode()


# --- the check ----------------------------------------------------------------------------------


def test_only_a_gateway_endpoint_passes_the_check() -> None:
    read_check(b'{"medic-gateway": true, "ok": true}')


@pytest.mark.parametrize(
    "body", [b"{}", b'{"medic-gateway":false}', b'{"medic-gateway":"true"}', b"[]", b"<html>", b""]
)
def test_anything_else_fails_the_check(body: bytes) -> None:
    with pytest.raises(BadReply):
        read_check(body)


# --- the server's words -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"code":401,"error":"unauthorized"}', "unauthorized"),
        (b'{"error":true,"message":"no such thing"}', "no such thing"),
        (b'{"err":"Bad value for header"}', "Bad value for header"),
        (b'{"type":"ERROR","error":"502 Bad Gateway","server":"nginx"}', "502 Bad Gateway"),
        (b"<html><title>\n Log  in</title>", 'a web page, "Log in"'),
        (b"  <p>hm", "a web page"),
        (b"not logged in", "not logged in"),
        (b"", ""),
        (b'{"error":true,"message":" "}', '{"error":true,"message":" "}'),
        (b'{"error":"no space for +254700000123"}', "no space for …123"),
    ],
)
def test_the_words_of_a_refusal_are_found_in_every_form(body: bytes, words: str) -> None:
    assert server_words(body) == words


@given(st.binary())
def test_the_words_are_one_short_printable_line(body: bytes) -> None:
    words = server_words(body)
    assert len(words) < 150
    assert words.isprintable()
