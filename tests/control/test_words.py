"""Requests and answers of the control socket: whatever comes in is understood or refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.control.words import (
    ASKS,
    LINE_LIMIT,
    ControlRefused,
    Lines,
    Request,
    answered,
    parse,
    read_answer,
    refused,
    request,
)

WRONG = (
    (b"", "BAD_LINE"),
    (b"hello", "BAD_LINE"),
    (b"\xff\xfe\x00", "BAD_LINE"),
    (b"[1]", "BAD_LINE"),
    (b"[" * 60_000, "BAD_LINE"),
    (b'{"v":' + b"9" * 5000 + b"}", "BAD_LINE"),
    (b"{}", "BAD_VERSION"),
    (b'{"v":2,"ask":"ping"}', "BAD_VERSION"),
    (b'{"v":true,"ask":"ping"}', "BAD_VERSION"),
    (b'{"v":1}', "BAD_ASK"),
    (b'{"v":1,"ask":"pimg"}', "BAD_ASK"),
    (b'{"v":1,"ask":["ping"]}', "BAD_ASK"),
    (b'{"v":1,"ask":"__init__"}', "BAD_ASK"),
    (b'{"v":1,"ask":"ping","with":[]}', "BAD_VALUE"),
    (b'{"v":1,"ask":"ping","with":{"x":1}}', "BAD_VALUE"),
    (b'{"v":1,"ask":"ussd","with":{}}', "BAD_VALUE"),
    (b'{"v":1,"ask":"ussd","with":{"code":""}}', "BAD_VALUE"),
    (b'{"v":1,"ask":"ussd","with":{"code":"*1\\r2#"}}', "BAD_VALUE"),
    (b'{"v":1,"ask":"ussd","with":{"code":"*1#","replies":["1",2]}}', "BAD_VALUE"),
    (b'{"v":1,"ask":"retry","with":{"id":true}}', "BAD_VALUE"),
    (b'{"v":1,"ask":"retry","with":{"id":0}}', "BAD_VALUE"),
)


@pytest.mark.parametrize(("line", "code"), WRONG)
def test_a_bad_request_is_told_what_is_wrong_and_what_to_send(line, code):
    with pytest.raises(ControlRefused) as error:
        parse(line)
    assert error.value.code == code
    assert error.value.what
    assert error.value.next


def test_a_near_miss_is_named():
    with pytest.raises(ControlRefused, match="Did you mean survey"):
        parse(b'{"v":1,"ask":"servey"}')


def test_a_request_comes_through_with_its_values():
    line = request("ussd", {"code": "*100#", "replies": ["1"]})
    assert parse(line) == Request("ussd", {"code": "*100#", "replies": ["1"]})


@given(st.binary(max_size=300))
def test_no_line_does_more_than_be_refused(line):
    """Whatever bytes come: a request of the table, or a refusal."""
    try:
        found = parse(line)
    except ControlRefused as error:
        assert json.loads(refused(error))["ok"] is False
    else:
        assert found.ask in ASKS


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(
    st.sampled_from(sorted(ASKS)),
    st.dictionaries(
        st.sampled_from(sorted({name for fields in ASKS.values() for name in fields})), _JSON
    ),
)
def test_what_is_let_through_is_of_the_kind_that_the_table_says(ask, given_):
    """Nobody behind the door looks at a value again."""
    try:
        found = parse(json.dumps({"v": 1, "ask": ask, "with": given_}).encode())
    except ControlRefused:
        return
    assert set(found.given) <= set(ASKS[ask])
    for name, field in ASKS[ask].items():
        assert type(found.given.get(name)) in {field.kind, type(None)}
        assert name in found.given or not field.needed


@given(
    st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"")), max_size=8), st.data()
)
def test_lines_are_the_same_however_they_are_cut(lines, data):
    whole = b"".join(line + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    feed = Lines()
    found: list[bytes] = []
    for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        found += feed.push(whole[begin:end])
    assert found == [line for line in lines if line.strip()]
    assert not feed.open


def test_a_line_without_an_end_is_not_gathered():
    """A client that never ends its line costs no more than one line."""
    feed = Lines()
    with pytest.raises(ControlRefused, match="octets"):
        for _ in range(LINE_LIMIT // 1000 + 2):
            feed.push(b"x" * 1000)
    assert not feed.open


def test_an_answer_comes_through():
    assert read_answer(answered({"text": "K 5.00 \ud800"})) == {"text": "K 5.00 \ud800"}


@pytest.mark.parametrize("line", [b"", b"HTTP/1.1 400", b"{}", b'{"ok":true}', b'{"ok":false}'])
def test_a_stranger_at_the_socket_is_recognised(line):
    with pytest.raises(ControlRefused) as error:
        read_answer(line)
    assert error.value.code == "BAD_ANSWER"
