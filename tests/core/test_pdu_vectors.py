"""39 messages from open test suites, bug reports and the standard, field by field."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from relay.core.pdu import Deliver, StatusReport, Submit, decode

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "data" / "pdu.json").read_text(encoding="utf-8")
)
# What these networks wrote is not what the standard would: relay reads it and writes it properly.
NOT_CANONICAL = {
    "ofono MWI C8 empty": "TP-UDL counts 128 septets where there is one",
    "ESC + undefined (must show base char)": "the escape code had no effect",
    "reserved MTI=3 (treat as DELIVER)": "3 is reserved",
    "gammu 36: status report": "an empty TP-PI",
    "status report, no SMSC, babca#15": "a zone with 12 units",
    "truncated PDU (short UD)": "the end is missing",
    "odd UCS2 length (faucamp#102)": "half a character at the end",
}
# Here octets behind the end would become text.
CUT_SHORT = {"ofono MWI C8 empty", "truncated PDU (short UD)"}
every_vector = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
messages = pytest.mark.parametrize(
    "vector", [v for v in VECTORS if v["type"] != "report"], ids=lambda vector: vector["name"]
)
reports = pytest.mark.parametrize(
    "vector", [v for v in VECTORS if v["type"] == "report"], ids=lambda vector: vector["name"]
)


def iso(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC).isoformat()


@every_vector
def test_says_who_the_message_is_from_or_for(vector):
    """The number or name comes out as people write it, whatever the type of the address."""
    read = decode(vector["pdu"])
    party = read.sender if isinstance(read, Deliver) else read.recipient
    assert party.number == vector["number"]


@every_vector
def test_reads_the_time_of_the_service_centre(vector):
    """Zones count, and a date that is none is no date."""
    read = decode(vector["pdu"])
    if not isinstance(read, Submit):
        assert iso(read.sc_time) == vector["sc_time"]


@messages
def test_reads_text_and_data(vector):
    """Every alphabet, shift table and header gives the very characters that were sent."""
    read = decode(vector["pdu"])
    assert isinstance(read, Deliver if vector["type"] == "deliver" else Submit)
    assert read.text == vector.get("text")
    assert read.data == (bytes.fromhex(vector["data"]) if "data" in vector else None)
    assert read.dcs == vector["dcs"]
    assert read.encoding == vector["enc"].replace("gsm", "gsm7")


@messages
def test_reads_the_place_in_a_long_message_and_the_ports(vector):
    """Reference, total and number of the part; destination and source port."""
    read = decode(vector["pdu"])
    concat = read.concat and [read.concat.ref, read.concat.total, read.concat.seq]
    assert concat == vector.get("concat")
    assert read.ports == (tuple(vector["port"]) if "port" in vector else None)


@reports
def test_reads_what_became_of_a_message(vector):
    """A status report names the message by TP-MR and says how it ended and when."""
    read = decode(vector["pdu"])
    assert isinstance(read, StatusReport)
    assert (read.mr, read.tp_st) == (vector["ref"], vector["st"])
    assert iso(read.discharge_time) == vector["discharge_time"]


@every_vector
def test_writes_what_it_read(vector):
    """Reading and writing again gives the same octets, or at least the same meaning."""
    read = decode(vector["pdu"])
    written = read.encode()
    assert (written == vector["pdu"]) == (vector["name"] not in NOT_CANONICAL)
    assert decode(written) == read


@every_vector
def test_case_of_the_digits_does_not_matter(vector):
    """Some modems write hexadecimal in lower case."""
    assert decode(vector["pdu"].lower()) == decode(vector["pdu"])


@messages
def test_octets_behind_the_end_change_nothing(vector):
    """Some modems and SIMs pad what they list."""
    if vector["name"] not in CUT_SHORT:
        assert decode(vector["pdu"] + "5A" * 20) == decode(vector["pdu"])
