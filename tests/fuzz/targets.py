"""All targets by name, each with the seeds that it starts from."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from relay import community_rules
from relay.operators import known
from tests.fuzz import answers, community, files, lines, pdus, shelf

_DATA = Path(__file__).parent.parent / "data"
_REFERENCE = Path(__file__).parents[2] / "config" / "relay.toml"


@dataclass(frozen=True, slots=True)
class Target:
    """`share`: how many of a thousand inputs of a campaign are for it; slow ones get fewer."""

    name: str
    run: Callable[[bytes], None]
    seeds: Callable[[], Sequence[bytes]]
    share: int
    longest: int = 1024


def _pdus() -> list[bytes]:
    vectors = json.loads((_DATA / "pdu.json").read_text("utf-8"))
    return [bytes.fromhex(vector["pdu"]) for vector in vectors]


def _characters() -> list[bytes]:
    return [pdu.hex().encode() for pdu in _pdus()]


def _choices() -> list[bytes]:
    """For inputs that are choices any bytes are as good as any other."""
    return [bytes(range(at, at + 64)) for at in range(0, 192, 16)] + _pdus()[:20]


def _balances() -> list[bytes]:
    """What the operators' own patterns stand for, and texts that look like it."""
    filled = {"{amount}": "KES 1,234.50", "{sms}": "20", "{until}": "31/12/2026", "*": " of "}
    texts = [one for operator in known()[:20] for one in operator.manner.patterns]
    for place, value in filled.items():
        texts = [one.replace(place, value) for one in texts]
    return [b"\0" + one.encode() for one in texts]


SAID = (
    b'\r\n+CMTI: "SM",3\r\n', b"\r\nRING\r\n", b'+CUSD: 0,"Your balance is\n12', b"\r\n> ",
    b"\r\n+CMT: ,23\r\n0791", b"\r\nOK\r\n", b"\r\n+CMS ERROR: 38\r\n", b"\r\nRDY\r\n",
    b'+CMGL: 1,0,,24\r\n0791527400009099040C91\r\n', b'+CPMS: ("SM","ME"),("SM")',
    b"+CMGD: (1-3,7),(0-4)", b'+CREG: 2,1,"2E81","06B4A101",7', b"+CSQ: 18,0",
    b'+COPS: 0,0,"Virtual",7', b"^CPIN: READY,,10,3,10,3", b'+CRSM: 144,0,"98520994"',
    b"^SMMEMFULL: \"SM\"", b"+CMGS: 12", b"\xff\x00\xfe noise", b'+CSCA: "+254700000999",145',
)  # fmt: skip


def _said() -> list[bytes]:
    return [*SAID, b"\n".join(SAID), *(b"\0\1\2" + one for one in SAID)]


def _answers() -> list[bytes]:
    handout = {"id": "a1", "to": "+254700000042", "content": "Come 😀"}
    found: tuple[dict[str, object], ...] = (
        {"messages": [handout, handout]}, {"medic-gateway": True}, {"error": "no"},
        {"messages": None},
    )  # fmt: skip
    pages = [b"<title>Login</title>", b"\xef\xbb\xbf{}"]
    return [json.dumps(one).encode() for one in found] + pages


def _responses() -> list[bytes]:
    head = b"HTTP/1.1 200 OK\r\nDate: Wed, 21 Oct 2026 07:28:00 GMT\r\nKeep-Alive: timeout=5\r\n"
    return [
        *(head + b"Content-Length: %d\r\n\r\n" % len(one) + one for one in _answers()),
        head + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: y\r\n\r\n",
        head + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"{}", mtime=0),
        b"HTTP/1.1 429 No\r\nRetry-After: 17\r\n\r\n",
        b"HTTP/1.0 302 F\r\nLocation: http://a@b/\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + head + b"\r\n{}",
        b'HTTP/1.1 401 X\r\n\r\n{"error": "who"}',
        b"HTTP/1.1 204 N\r\n\r\n",
        b"SSH-2.0-x\r\n",
    ]


def _configs() -> list[bytes]:
    reference = _REFERENCE.read_bytes()
    bare = b"\n".join(line for line in reference.splitlines() if not line.startswith(b"# "))
    switched = b"\n".join(
        line[2:] if b" = " in line else line for line in reference.splitlines() if line != b"#"
    )
    return [bare, switched, b'[modem.usb1]\nport = "/dev/null"\n', b"a = [[1]]\n", b"[a.b.c]\n"]


TEXTS = (
    "STOP", "arrêt.", "ＪＯＩＮ peace", "JOIN PEACE HURUMA", "YES ३१", "OK 37", "HELP",
    "DONOR O neg Bura", "BLOOD O- 2 maternity", "CAME 31-1", "POST PEACE @HURUMA calm",
    "RUMOR HURUMA x", "PLEDGE pump 25", "ORPT Amina 12", "1!ORPT!Amina#12",
    "J1!ORPT!NAME#Amina#WEEKS#12", 'ORPT "Amina B" 12', "ORPT NAME Amina#WEEKS 12", "OANC 84217",
    "ODGR 84217 bleeding", "SOH LA 20 R LA 30", "AT Bura", "LANG sw", "\u200bST\u200bOP", "ठीक छ",
)  # fmt: skip


def _texts() -> list[bytes]:
    return [text.encode() for text in TEXTS]


def _sets() -> list[bytes]:
    return [path.read_bytes() for path in sorted(community_rules.shipped().glob("*.toml"))]


TARGETS = {
    target.name: target
    for target in (
        Target("pdu", pdus.any_octets, _pdus, 130),
        Target("cell broadcast", pdus.page, _pdus, 25),
        Target("balance", lines.balance, _balances, 25),
        Target("pdu, not hexadecimal", pdus.any_characters, _characters, 50),
        Target("pdu, shaped", pdus.shaped, _choices, 130),
        Target("text", pdus.text, _choices, 40, 200),
        Target("lines", lines.feed, _said, 130, 4096),
        Target("modem's reader", lines.stream, _said, 80, 4096),
        Target("replies", lines.readers, _said, 150),
        Target("inbox", shelf.kept, _choices, 30),
        Target("server's body", answers.body, _answers, 60),
        Target("server's body, nested", answers.nested, _choices, 30),
        Target("server's handouts", answers.settled, _answers, 10),
        Target("server's bytes", answers.wire, _responses, 20),
        Target("configuration", files.any_file, _configs, 15, 8192),
        Target("words", community.words, _texts, 40, 400),
        Target("rule set", community.rules_file, _sets, 8, 8192),
        Target("rule set, keys", community.rules_keys, _choices, 7),
        Target("answers to people", community.answered, _texts, 5, 200),
        Target("configuration, keys", files.any_keys, _choices, 15),
    )
}
assert sum(target.share for target in TARGETS.values()) == 1000
