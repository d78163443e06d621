"""The bundle for those who help: of use, small, and with nothing of anybody in it."""

from __future__ import annotations

import base64
import json
import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from relay.cli.desk import Desk
from relay.cli.main import main
from relay.core.redaction import kept, log_line
from relay.core.usb import check_digit
from tests.air import deliver
from tests.clinic import TOML, Clinic

NURSE, MOTHER = "+254733918273", "+254722645918"
NAME, TEXT = "Zawadi Kiprotich", "Quinine for Wanjiku at nine"
PASSWORD, PIN = "hunter2-Kilimanjaro", "7391"
IMSI, ICCID = "639027733918273", "8925402733918273645"
IMEI = f"35000073391827{check_digit('35000073391827')}"
CANARIES = (NURSE, MOTHER, NAME, "Zawadi", TEXT, "Wanjiku", PASSWORD, IMSI, ICCID, IMEI)
CONFIG = TOML.replace('"secret"', f'"{PASSWORD}"').replace("Mwase clinic", NAME) + "\n".join(
    ['[modem.usb2]', f'imei = "{IMEI}"', f'pin = "{PIN}"', f'number = "{MOTHER}"',
     f'call_reply = "{TEXT}"', "", "[log]", 'file = "relay.log"', ""]
)  # fmt: skip


def forms(secret: str) -> Iterator[bytes]:
    """All the ways in which it could be in a file."""
    octets = secret.encode()
    wide = secret.encode("utf-16-be")
    yield from (octets, octets.lower(), wide, base64.b64encode(octets)[:-3])
    for coded in (octets.hex(), wide.hex(), _packed(secret)):
        yield from (coded.encode(), coded.upper().encode())
    digits = secret.lstrip("+")
    if digits.isdigit():
        even = digits + "F" * (len(digits) % 2)
        swapped = "".join(b + a for a, b in zip(even[::2], even[1::2], strict=True))
        yield from (digits.encode(), swapped.encode(), digits[-9:].encode())


def _packed(text: str) -> str:
    """Seven bits a letter, as in a PDU."""
    from relay.core.gsm7 import pack

    try:
        return pack(text.encode("ascii")).hex()
    except (UnicodeError, ValueError):
        return text.encode().hex()


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic(tmp_path, CONFIG) as clinic:
        yield clinic


Bundle = Callable[..., dict[str, bytes]]


@pytest.fixture
def run(clinic: Clinic) -> Callable[..., Result]:
    def relay(*words: object) -> Result:
        desk = Desk(clock=clinic.clock, environ={"RELAY_CONFIG": str(clinic.path), "PATH": ""})
        return CliRunner().invoke(main, ["support-bundle", *map(str, words)], obj=desk)

    return relay


@pytest.fixture
def bundle(clinic: Clinic, run: Callable[..., Result], tmp_path: Path) -> Bundle:
    """Makes one, and unpacks it."""

    def make() -> dict[str, bytes]:
        result = run("--no-doctor", "--out", tmp_path, "--json")
        assert result.exit_code == 0, result.output
        path = Path(json.loads(result.stdout)["path"])
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.stat().st_size < 1_000_000
        with tarfile.open(path) as tar:
            members = [(one.name, tar.extractfile(one)) for one in tar.getmembers()]
            return {Path(name).name: file.read() for name, file in members if file}

    return make


def lives(clinic: Clinic) -> None:
    """Everything that a canary can be in: messages, facts, reasons, the log."""
    clinic.works()
    clinic.modem(detail=f"the SIM {ICCID} of {NAME}")
    clinic.put(
        modem__usb1__identity={"model": "E173", "imei": IMEI, "iccid": ICCID, "imsi": IMSI},
        server__main__outcome={"code": "HTTP_400", "detail": f"bad message {TEXT} from {NURSE}"},
        modem__usb1__ussd={"answer": f"Dear {NAME}, your number {MOTHER}"},
        store__backup_failed={"why": f"/home/{NAME}/x: no room"},
    )
    clinic.receives(deliver(TEXT, sender=NURSE), deliver(NAME, sender=NURSE))
    clinic.sends(TEXT, to=MOTHER, server="main", server_id=NAME)
    clinic.exchanges.park_report(clinic.clock.now(), 1, f"refused: {TEXT} {NURSE}")
    said = f'"{TEXT}"'
    wide = TEXT.encode("utf-16-be").hex()
    lines = (
        f"outbox.accepted part=7f3a/2 mr=41 to={MOTHER} text={said} tries=3 pin={PIN}",
        f'at modem=usb1 way=> line="AT+CPIN={PIN}"',
        f'at modem=usb1 way=> line="ATD{MOTHER};"',
        f'at modem=usb1 way=< line="+CMT: {deliver(TEXT, sender=NURSE)}"',
        f'at modem=usb1 way=< line="{wide}"',
        f"server.refused error={said} status=400",
        "Traceback (most recent call last):",
        '  File "/home/zawadi/relay/flows/sending.py", line 12, in turn',
        f"    send({NURSE!r}, {TEXT!r})",
        f"ValueError: {TEXT} {NURSE}",
        f"urllib3: Connection to https://gateway:{PASSWORD}@cht lost",
    )
    clinic.path.with_name("relay.log").write_text(
        "".join(f"2026-05-28 12:00:00 INFO    {line}\n" for line in lines), "utf-8"
    )


def clean(files: dict[str, bytes]) -> None:
    for name, content in files.items():
        for canary in CANARIES:
            for form in forms(canary):
                assert form not in content, (name, canary)
        assert not re.search(rf"\b{PIN}\b".encode(), content), name


def test_no_canary_is_in_any_file(clinic: Clinic, bundle: Bundle) -> None:
    lives(clinic)
    files = bundle()
    clean(files)
    assert set(files) == {
        "README.txt", "status.json", "doctor.json", "config.json", "facts.json", "store.json",
        "survey.json", "system.json", "log.txt",
    }  # fmt: skip


def test_it_is_of_use(clinic: Clinic, bundle: Bundle) -> None:
    lives(clinic)
    files = bundle()
    told = {name: json.loads(text) for name, text in files.items() if name.endswith(".json")}
    assert "LOOK THROUGH THE FILES" in files["README.txt"].decode()
    assert {one["code"] for one in told["status.json"]["problems"]} >= {"BACKUP_FAILED"}
    assert told["config.json"]["settings"]["sending"]["validity_h"] == 72
    assert told["facts.json"]["modem.usb1.identity"]["value"]["model"] == "E173"
    assert told["store.json"]["rows"]["inbound"] == 2
    assert told["store.json"]["states"]["part"] == {"QUEUED": 1}
    assert told["store.json"]["sound"] == "ok"
    assert told["system.json"]["packages"]["click"]
    log = files["log.txt"].decode()
    assert "outbox.accepted part=7f3a/2 mr=41 to=… text=… tries=3 pin=…" in log
    assert "at > AT+CPIN …" in log
    assert "relay/flows/sending.py:12 turn" in log
    assert "ValueError" in log


def no_daemon(clinic: Clinic) -> None:
    clinic.dies()


def broken_store(clinic: Clinic) -> None:
    clinic.db.checkpoint()
    clinic.config.store.path.write_bytes(TEXT.encode() * 1000)


def no_store(clinic: Clinic) -> None:
    for one in clinic.config.store.path.parent.iterdir():
        one.unlink()


def broken_config(clinic: Clinic) -> None:
    clinic.path.write_text(f'[server.main]\npassword = 7\nurl = "{PASSWORD}"\n{NAME} = {TEXT}\n')


def wrong_config(clinic: Clinic) -> None:
    clinic.path.write_text(CONFIG + f'[sending]\nmax_parts = "{PASSWORD} {NURSE}"\n')


@pytest.mark.parametrize(
    "trouble", [no_daemon, broken_store, no_store, broken_config, wrong_config]
)
def test_it_is_made_in_any_trouble(
    clinic: Clinic, bundle: Bundle, trouble: Callable[[Clinic], None]
) -> None:
    lives(clinic)
    trouble(clinic)
    files = bundle()
    clean(files)
    assert len(files) == 9


def test_a_huge_log_stays_small(clinic: Clinic, bundle: Bundle) -> None:
    line = "2026-05-28 12:00:00 INFO    outbox.accepted part=1/1 mr=7\n"
    clinic.path.with_name("relay.log").write_text(line * 50_000)
    assert len(bundle()["log.txt"]) <= 300_000


def test_a_folder_that_is_not_there_is_said(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("--no-doctor", "--out", tmp_path / "gone")
    assert result.exit_code == 73
    assert "--out" in result.stderr


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("state", "READY", "READY"),
        ("model", "E173 350000733918273", "E173 (15 digits)"),
        ("detail", "SIM_ABSENT", "SIM_ABSENT"),
        ("detail", "call Amina", "(10 characters)"),
        ("password", "LIKE_A_CODE", "(11 characters)"),
        ("at", 1_780_000_000_000, 1_780_000_000_000),
        ("whom", 254_733_918_273, "(a large number)"),
        ("port", "/dev/by-id/usb-350000733918273-if00", "/dev/by-id/usb-(15 digits)-if00"),
    ],
)  # fmt: skip
def test_what_is_let_through(key: str, value: Any, shown: Any) -> None:
    assert kept({key: value}) == {key: shown}


def test_a_line_of_nobody_is_only_counted() -> None:
    assert log_line("Amina called +254733918273") == "(26 characters)"


def test_it_runs_no_program_of_the_folder_where_it_is_made(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root makes it, and anybody may put a `relay` into /tmp."""
    (tmp_path / "relay").mkdir()
    (tmp_path / "relay" / "__init__.py").write_text("open('was_run', 'w')", "ascii")
    monkeypatch.chdir(tmp_path)
    assert run().exit_code == 0
    assert not (tmp_path / "was_run").exists()
