"""relay.toml: what it may say, what it gets told when it says something else."""

from __future__ import annotations

import copy
import itertools
import pickle
import re
import tempfile
import tomllib
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.config import Config, ConfigError, Secret, load, show
from relay.config_keys import keys
from relay.config_sections import FAMILIES, NATIONAL_LANGUAGES, SECTIONS

REFERENCE = Path(__file__).parent.parent / "config" / "relay.toml"
PORTED = '[modem.usb1]\nport = "/dev/ttyUSB0"\n'
SERVED = '[server.main]\nurl = "https://cht.example.org/api/sms"\nuser = "gateway"\n'
PASSWORD = 'password = "s3cret-péss"\n'


@pytest.fixture
def written(tmp_path):
    """Write a relay.toml and load it; keywords are the environment."""

    def read(text: str, **environ: str) -> Config:
        path = tmp_path / "relay.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return load(path, environ, hostname=lambda: "clinic")

    return read


@pytest.fixture
def problems(written):
    """The problems of a relay.toml, without the path of the file."""

    def read(text: str, **environ: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            written(text, **environ)
        return [re.sub(r"^\S*?relay\.toml:?", "", one) for one in caught.value.problems]

    return read


def uncommented(text: str) -> str:
    """The reference with all its keys switched on, but for what would contradict itself."""
    return re.sub(r"(?m)^# (\w+ = )", r"\1", text)


# --- the reference ------------------------------------------------------------------------------


def test_the_reference_has_every_key_and_no_other():
    """A key without an explanation in the reference is a key that nobody finds."""
    tables = tomllib.loads(uncommented(REFERENCE.read_text(encoding="utf-8")))
    expected = {label: set(keys(section)) for label, section in SECTIONS.items()}
    found = {label: set(tables[label]) for label in SECTIONS}
    assert found == expected
    assert set(tables["modem"]["usb1"]) == set(keys(FAMILIES["modem"]))
    assert set(tables["server"]["main"]) == set(keys(FAMILIES["server"]))


def test_the_reference_shows_exactly_the_defaults(written):
    """Uncommenting every line changes nothing."""
    text = REFERENCE.read_text(encoding="utf-8")
    assert written(uncommented(text)) == written(text)


def test_the_reference_shows_the_default_of_every_optional_key():
    """Each optional key is there as a comment, and so is not set by who copies the file."""
    set_in_it = tomllib.loads(REFERENCE.read_text(encoding="utf-8"))
    assert set_in_it["modem"]["usb1"].keys() == {"port"}
    assert set_in_it["server"]["main"].keys() == {"url", "user", "password"}
    assert all(not set_in_it[label] for label in SECTIONS)


def test_every_key_of_the_reference_is_explained():
    """Above each key stands a comment in words, or another key that it shares one with."""
    lines = REFERENCE.read_text(encoding="utf-8").splitlines()
    for above, line in itertools.pairwise(lines):
        if re.match(r"(# )?\w+ = ", line):
            assert above.startswith("# "), line


def test_the_reference_names_every_language():
    """The list in the comment is the list in the program."""
    text = REFERENCE.read_text(encoding="utf-8")
    assert all(f'"{language}"' in text for language in NATIONAL_LANGUAGES)


# --- what is read -------------------------------------------------------------------------------


def test_an_empty_file_is_a_gateway_without_modem_and_server(written):
    """Everything has a usual value."""
    config = written("")
    assert config.gateway.name == "clinic"
    assert config.modems == config.servers == ()
    assert config.store.path == Path("/var/lib/relay/relay.db")
    assert config.store.backup_dir == Path("/var/lib/relay/backups")


def test_several_modems_and_servers_keep_their_order_and_names(written):
    """Any number of both may be there."""
    config = written(
        '[modem.b]\nport="/dev/b"\n[modem.a]\nport="socket://10.0.0.9:2000"\n' + SERVED + PASSWORD
    )
    assert [(modem.name, modem.port) for modem in config.modems] == [
        ("b", "/dev/b"),
        ("a", "socket://10.0.0.9:2000"),
    ]
    assert config.servers[0].name == "main"


def test_a_gateway_without_a_host_name_is_called_relay(tmp_path):
    """Status always has a name to show."""
    path = tmp_path / "relay.toml"
    path.touch(mode=0o600)
    assert load(path, {}, hostname=lambda: "").gateway.name == "relay"


def test_a_file_from_a_windows_editor_is_read(tmp_path):
    """A byte order mark and CR LF are no mistakes."""
    path = tmp_path / "relay.toml"
    path.write_bytes(b'\xef\xbb\xbf[gateway]\r\nname = "Kisumu"\r\n')
    assert load(path, {}).gateway.name == "Kisumu"


def test_the_path_may_come_from_the_environment(tmp_path):
    """$RELAY_CONFIG is asked when no path is given."""
    path = tmp_path / "other.toml"
    path.write_text('[gateway]\nname = "other"\n')
    assert load(None, {"RELAY_CONFIG": str(path)}).gateway.name == "other"


def test_paths_are_filled_in(written, tmp_path):
    """Home, variables and the folder of the file."""
    config = written(
        '[store]\npath = "~/a/$NAME.db"\nbackup_dir = "copies"', HOME="/home/amina", NAME="x"
    )
    assert config.store.path == Path("/home/amina/a/x.db")
    assert config.store.backup_dir == tmp_path / "copies"


def test_systemd_says_where_state_lives(written):
    """STATE_DIRECTORY replaces the usual place, and backups follow."""
    config = written("", STATE_DIRECTORY="/var/lib/private/relay:/other")
    assert config.store.path == Path("/var/lib/private/relay/relay.db")
    assert config.store.backup_dir == Path("/var/lib/private/relay/backups")


def test_a_written_path_is_stronger_than_systemd(written):
    """Who writes a path means it."""
    config = written('[store]\npath = "/srv/relay.db"', STATE_DIRECTORY="/var/lib/relay")
    assert config.store.path == Path("/srv/relay.db")


def test_a_fingerprint_may_be_written_as_openssl_shows_it(written):
    """Capital letters and colons go."""
    shown = ":".join(["AB"] * 32)
    config = written(SERVED + PASSWORD + f'pin_sha256 = "{shown}"')
    assert config.servers[0].pin_sha256 == "ab" * 32


# --- mistakes -----------------------------------------------------------------------------------


def test_all_mistakes_are_told_at_once(problems):
    """Nobody wants to start a service seven times to find seven mistakes."""
    found = problems(
        '[modem.usb1]\nport = "COM3"\nbaud = "fast"\nsweep = 3\n'
        '[sending]\nvalidity_h = 0\n[servers.main]\nurl = "x"\n[log]\nlevel = "inof"\n'
    )
    assert len(found) == 6


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            PORTED + "sweeps_s = 3",
            "3: [modem.usb1] sweeps_s: is an unknown key; did you mean sweep_s?",
        ),
        ("[sendign]", "1: [sendign]: is an unknown section; did you mean sending?"),
        ("[modems.a]", "1: [modems]: is an unknown section; did you mean modem?"),
        ("colour = 3", "1: colour: stands outside of any section; remove it"),
        (
            "[gateway]\nvalidity_h = 3",
            "2: [gateway] validity_h: is an unknown key; it belongs into [sending]",
        ),
        (
            "poll_min_s = 3",
            "1: poll_min_s: stands outside of any section; it belongs into [server.NAME]",
        ),
        ("sending = 3", " [sending]: is the number 3; it must be a section in [ ]"),
        (
            '[modem]\nport = "/dev/x"',
            "2: [modem] port: a modem has a name of its own; write [modem.NAME] above it",
        ),
        (
            '[modem."Huawei E173"]',
            "1: [modem.Huawei E173]: a name has small letters, digits and hyphens, at most 31; "
            "write [modem.huawei-e173]",
        ),
        (
            "[modem.usb1]",
            '1: [modem.usb1]: does not say which modem it means; write imei = "…" (15 digits), '
            'port = "/dev/…", port = "auto" for the only modem there is, usb = "12d1:1436" or '
            'usb_path = "1-1.2"; `relay modems` prints the lines',
        ),
        (
            PORTED + "baud = true",
            "3: [modem.usb1] baud: is true; write a whole number from 1200 to 4000000",
        ),
        (
            '[sending]\nvalidity_h = "72"',
            '2: [sending] validity_h: is the text "72"; '
            "write a whole number from 1 to 10584 hours",
        ),
        (
            '[sending]\nrequest_reports = "yes"',
            '2: [sending] request_reports: is the text "yes"; write true or false, without quotes',
        ),
        (
            PORTED + 'submission = "stord"',
            '3: [modem.usb1] submission: is the text "stord"; write one of "auto", "stored", '
            '"direct"; did you mean stored?',
        ),
        (
            PORTED + "sweep_s = nan",
            "3: [modem.usb1] sweep_s: nan is out of range; "
            "write a number of seconds from 0.1 to 3600",
        ),
        (
            "[gateway]\nname = 1979-05-27",
            "2: [gateway] name: is a date or time; write a text in quotes",
        ),
        (
            '[housekeeping]\nbackup_at = "2:30"',
            '2: [housekeeping] backup_at: is the text "2:30"; '
            'write hours and minutes in quotes, such as "02:30"',
        ),
        (
            '[store]\npath = "$NOWHERE/x"',
            "2: [store] path: names the variable NOWHERE, which is not set; "
            "set it or write the path out",
        ),
        (
            SERVED + PASSWORD + 'ca_file = "/no/such.pem"',
            "5: [server.main] ca_file: cannot read /no/such.pem (No such file or directory); "
            "correct the path, or let the user that runs relay read it",
        ),
        (
            SERVED + PASSWORD + "poll_min_s = 400",
            "5: [server.main] poll_min_s: 400 is more than poll_max_s, 300; "
            "make it the smaller of the two",
        ),
        (
            SERVED,
            '1: [server.main] password: is missing; write password = "…" or password_file = "…", '
            "or set RELAY_SERVER_MAIN_PASSWORD, "
            "or let systemd load the credential server-main-password",
        ),
        (
            PORTED + '[modem.usb2]\nport = "/dev/../dev/ttyUSB0"',
            "4: [modem.usb2] port: is the port of [modem.usb1] too; "
            "give each modem a port of its own",
        ),
        (
            SERVED + PASSWORD + SERVED.replace("main", "again") + PASSWORD,
            "6: [server.again] url: is the server of [server.main] too; remove one of the two",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place_and_its_cure(problems, text, problem):
    """file:line: [section] key: what is wrong; what to write instead."""
    assert problems(text) == [problem]


@pytest.mark.parametrize(
    "text",
    [
        "[modem.usb1]\nport = 'ftp://x'",
        "[modem.usb1]\nport = 'socket://x'",
        "[modem.usb1]\nport = 'socket://x:99999'",
        "[modem.usb1]\nport = ''",
        PORTED + 'pin = "12"',
        PORTED + "pin = 1234",
        '[sending]\nnational = "urdu"',
        '[sending]\nnational = ["klingon"]',
        "[sending]\nmax_parts = 256",
        '[housekeeping]\ncheck_day = "Sunday"',
        '[store]\npath = "a\\u0000b"',
        '[store]\npath = "100$"',
        SERVED.replace("https", "gopher") + PASSWORD,
        SERVED.replace("/api/sms", "/api/sms?x=1") + PASSWORD,
        SERVED.replace("https", "http") + PASSWORD + f'pin_sha256 = "{"00" * 32}"',
        SERVED + PASSWORD + 'pin_sha256 = "00"',
        SERVED.replace("gateway", "a:b") + PASSWORD,
        f"{SERVED}{PASSWORD}ca_file = '{__file__}'",
        SERVED + "password = 12345",
    ],
)
def test_a_value_that_cannot_work_is_one_problem(problems, text):
    """Ranges, words, addresses and files are looked at before anything is started."""
    assert len(problems(text)) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[gateway\n", ":1: is not TOML: "),
        (b'a = 1\nb = "\n', ":2: is not TOML: "),
        (b'[gateway]\nname = "caf\xe9"\n', "is not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_toml_is_told_with_its_line(tmp_path, content, said):
    """A slip of the editor is found by its line."""
    path = tmp_path / "relay.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(said)):
        load(path, {})


def test_a_missing_file_says_how_to_get_one(tmp_path):
    """The first thing that a new user sees."""
    with pytest.raises(ConfigError, match="there is no such file; let `sudo relay setup`"):
        load(tmp_path / "relay.toml", {})


def test_a_folder_is_no_file(tmp_path):
    """An operating system's refusal is told in its words."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, {})


@given(st.text())
def test_no_text_is_too_odd(text):
    """Any text is either a configuration or a list of problems."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "relay.toml")
        path.write_text(text, encoding="utf-8")
        try:
            assert load(path, {}).gateway.name
        except ConfigError as error:
            assert error.problems


# --- secrets ------------------------------------------------------------------------------------


def test_a_secret_does_not_show_itself():
    """Not in a log line, a traceback, a format or a pickle."""
    secret = Secret("s3cret")
    assert "s3cret" not in f"{secret} {secret!r} {[secret]} %s" % secret
    assert secret.reveal() == "s3cret"
    assert secret == Secret("s3cret") != Secret("other")
    assert secret != "s3cret"
    assert len({secret, Secret("s3cret")}) == 1
    for written in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            written(secret)


def test_a_whole_configuration_can_be_printed(written):
    """The repr of a section has no secret in it."""
    assert "s3cret" not in repr(written(SERVED + PASSWORD))


@pytest.mark.parametrize(
    "text",
    [
        SERVED + "passwort = 's3cret'",
        SERVED + "password = ['s3cret']",
        PORTED + "pin = 's3cret'",
        "password = 's3cret'",
        SERVED.replace("https://", "htps://gateway:s3cret@"),
        SERVED.replace("https://", "https:/gateway:s3cret@"),
        SERVED.replace("https://", "gateway:s3cret@"),
        SERVED.replace("https://", "https://gateway:s3cret"),
        SERVED.replace("https://", "https://gateway:s3cret@").replace("sms", "sms?x"),
        SERVED.replace("https://", "https://gateway:s3cret@").replace("sms", "s ms"),
        "[server.main]\nurl = 'https://ga%3Ateway:s3cret@cht.example.org'",
        "[server.main]\nurl = 'https://:s3cret@cht.example.org'",
        "[server]\nurl = 'https://gateway:s3cret@cht.example.org'",
        "url = 'https://gateway:s3cret@cht.example.org'",
    ],
)
def test_no_problem_repeats_a_secret(problems, text):
    """Problems go to the journal, where many can read them."""
    assert "s3cret" not in "".join(problems(text))


def test_secrets_come_from_the_environment(written):
    """For containers, and for a single run."""
    config = written(SERVED + PASSWORD, RELAY_SERVER_MAIN_PASSWORD="variable")
    assert config.servers[0].password == Secret("variable")
    assert config.sources["server.main.password"] == (
        "environment variable RELAY_SERVER_MAIN_PASSWORD"
    )


def test_a_credential_of_systemd_is_stronger_than_the_environment(written, tmp_path):
    """It is the place that nobody else can see."""
    (tmp_path / "server-main-password").write_text("credential\n")
    config = written(
        SERVED, RELAY_SERVER_MAIN_PASSWORD="variable", CREDENTIALS_DIRECTORY=str(tmp_path)
    )
    assert config.servers[0].password == Secret("credential")


def test_a_command_of_root_finds_what_systemd_shows_to_the_service(written, tmp_path):
    """Else `sudo relay status` would miss a password that the service has."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "server-main-password").write_text("credential\n")
    assert written(SERVED).servers[0].password == Secret("credential")


@pytest.mark.parametrize("file", ["modem-usb-1-pin", "relay_modem-usb-1-pin"])
def test_secrets_come_from_systemd(written, tmp_path, file):
    """A single credential, or one of a folder that was loaded as `relay`."""
    (tmp_path / file).write_text("0042\n")
    config = written(
        PORTED.replace("usb1", "usb-1") + 'pin = "1111"', CREDENTIALS_DIRECTORY=str(tmp_path)
    )
    assert config.modems[0].pin == Secret("0042")
    assert config.sources["modem.usb-1.pin"] == f"systemd credential {file}"


def test_secrets_come_from_a_file(written, tmp_path):
    """Beside the configuration, here; the line's end is not part of it, a space is."""
    (tmp_path / "pw").write_bytes(b" pass word \r\n")
    config = written(SERVED + 'password_file = "pw"')
    assert config.servers[0].password == Secret(" pass word ")
    assert config.sources["server.main.password"] == "password_file"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty; write the secret on its first line"),
        (b"one\ntwo\n", "has several lines; leave only the one with the secret"),
        (b"\xff\xfe", "is no UTF-8 text; write plain text into it"),
    ],
)
def test_an_odd_secret_file_is_one_problem(problems, tmp_path, content, said):
    """What cannot be the secret is not tried as one: a PIN has three tries in all."""
    (tmp_path / "pin").write_bytes(content)
    (problem,) = problems(PORTED + 'pin_file = "pin"')
    assert problem == f"1: [modem.usb1] pin: {tmp_path / 'pin'} {said}"


def test_a_missing_secret_file_is_told_once(problems):
    """By the key that names it."""
    (problem,) = problems(SERVED + 'password_file = "/no/such"')
    assert problem.startswith("4: [server.main] password_file: cannot read /no/such")


def test_a_secret_in_two_places_is_a_mistake(problems, tmp_path):
    """Nobody could say which one holds."""
    (tmp_path / "pw").write_text("x")
    (problem,) = problems(SERVED + PASSWORD + 'password_file = "pw"')
    assert "stands beside password_file; keep only one of the two" in problem


def test_a_wrong_pin_from_the_environment_is_a_mistake(problems):
    """What is checked in the file is checked everywhere."""
    (problem,) = problems(PORTED, RELAY_MODEM_USB1_PIN="12a4")
    assert problem.endswith("is no PIN; write the four to eight digits in quotes")


# --- a login inside the URL ---------------------------------------------------------------------

HOST = "cht.example.org/api/sms"


def pasted(login: str) -> str:
    """A server that is named as cht-gateway names it, and by nothing else."""
    return f"[server.main]\nurl = 'https://{login}@{HOST}'\n"


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("gateway:s3cret", "s3cret"),
        ("gateway:a#b", "a#b"),
        ("gateway:a/b//c", "a/b//c"),
        ("gateway:a?b=c", "a?b=c"),
        ("gateway:a@b@", "a@b@"),
        ("gateway:a:b", "a:b"),
        ("gateway:$HOME", "$HOME"),
        ("gateway:100%", "100%"),
        ("gateway:two words", "two words"),
        ("gateway:two%20words%20", "two words "),
        ("gateway:p%40ss%C3%B6", "p@ssö"),
        ("gateway:pässwörd", "pässwörd"),
        ("gateway:पासवर्ड", "पासवर्ड"),
    ],
)
def test_the_address_of_cht_gateway_may_be_pasted(written, login, password):
    """The last @ ends the login; its password may stand raw or percent-encoded."""
    (server,) = written(pasted(login)).servers
    assert (server.url, server.user) == (f"https://{HOST}", "gateway")
    assert server.password == Secret(password)


def test_a_pasted_login_says_where_it_came_from(written):
    """Who wonders about a user that is not in the file finds it."""
    sources = written(pasted("gateway:s3cret") + 'user = ""').sources
    assert sources["server.main.user"] == sources["server.main.password"] == "url"
    assert sources["server.main.url"] == "file"


def test_keys_beside_the_url_win_and_are_taken_as_they_are(written):
    """An old login that was left in the URL does no harm."""
    text = pasted("old:older") + 'user = "gateway"\npassword = "100%25"'
    (server,) = written(text).servers
    assert (server.user, server.password) == ("gateway", Secret("100%25"))
    assert server.url == f"https://{HOST}"


def test_a_password_from_elsewhere_wins_over_the_url(written, tmp_path):
    """From a file or the environment, and neither contradicts the URL."""
    (tmp_path / "pw").write_text("from a file")
    filed = written(pasted("gateway:s3cret") + 'password_file = "pw"')
    set_outside = written(pasted("gateway:s3cret"), RELAY_SERVER_MAIN_PASSWORD="outside")
    assert filed.servers[0].password == Secret("from a file")
    assert set_outside.servers[0].password == Secret("outside")


@pytest.mark.parametrize(
    ("login", "missing"),
    [("gateway", "password"), ("gateway:", "password"), (":s3cret", "user")],
)
def test_what_a_pasted_login_lacks_is_asked_for(problems, login, missing):
    """Half a login opens nothing."""
    (problem,) = problems(pasted(login))
    assert problem.startswith(f"1: [server.main] {missing}: is missing; write {missing} = ")


def test_a_pasted_login_does_not_hide_that_a_server_is_there_twice(problems):
    """Both spellings mean one account of one server."""
    again = SERVED.replace("main", "again") + PASSWORD
    (problem,) = problems(pasted("gateway:s3cret") + again)
    assert "is the server of [server.main] too" in problem


@pytest.mark.parametrize("password", ["s3cret", "s3cret#/?@", "s3cret%20word", "s3cret-ü"])
def test_a_pasted_password_does_not_show_itself(written, password):
    """Not in the repr, in what `relay config show` prints, or in a warning."""
    config = written(pasted(f"gateway:{password}").replace("https", "http"))
    assert "s3cret" not in repr(config) + show(config) + "".join(config.warnings)
    assert len(config.warnings) == 2, "no modem, and plain http"


@given(st.text(min_size=1).filter(lambda text: text.strip()))
def test_any_password_may_be_pasted_percent_encoded(password):
    """As every tool that makes such an address writes it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "relay.toml")
        path.write_text(pasted(f"gateway:{quote(password, safe='')}"), encoding="utf-8")
        assert load(path, {}).servers[0].password == Secret(password)


# --- warnings -----------------------------------------------------------------------------------


def test_a_proper_configuration_has_no_warnings(written):
    """So that a warning is worth reading."""
    assert written(PORTED + SERVED + PASSWORD).warnings == ()


def test_a_file_with_secrets_that_all_may_read_is_a_warning(tmp_path):
    """Not a reason to leave a clinic without its gateway."""
    path = tmp_path / "relay.toml"
    path.write_text(PORTED + SERVED + PASSWORD)
    path.chmod(0o644)
    (warning,) = load(path, {}).warnings
    assert warning == f"{path}: holds a secret and is open to every user; run chmod 640 {path}"


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        (pasted("gateway:s3cret"), {}),
        (pasted("gateway:s3cret"), {"RELAY_SERVER_MAIN_PASSWORD": "outside"}),
        (pasted("gateway:s3cret") + "password_file = 'pw'", {}),
        (SERVED + PASSWORD, {"RELAY_SERVER_MAIN_PASSWORD": "outside"}),
    ],
)
def test_a_password_in_an_open_file_is_a_warning_wherever_it_stands(tmp_path, text, environ):
    """Inside the URL too, and even if another password wins: it may still open the server."""
    for name, content in (("relay.toml", PORTED + text), ("pw", "other")):
        (tmp_path / name).write_text(content, encoding="utf-8")
        (tmp_path / name).chmod(0o644 if name == "relay.toml" else 0o600)
    (warning,) = load(tmp_path / "relay.toml", environ).warnings
    assert warning.startswith(f"{tmp_path / 'relay.toml'}: holds a secret")


def test_an_open_file_without_secrets_is_no_warning(tmp_path):
    """The secret came from elsewhere."""
    path = tmp_path / "relay.toml"
    path.write_text(PORTED + SERVED)
    path.chmod(0o644)
    assert load(path, {"RELAY_SERVER_MAIN_PASSWORD": "x"}).warnings == ()


def test_an_open_password_file_is_a_warning(written, tmp_path):
    """The same holds for the file that the configuration names."""
    (tmp_path / "pw").write_text("x")
    (tmp_path / "pw").chmod(0o604)
    (warning,) = written(PORTED + SERVED + 'password_file = "pw"').warnings
    assert warning.startswith(f"{tmp_path / 'pw'}: holds a secret")


@pytest.mark.parametrize(
    ("host", "count"), [("cht.example.org", 1), ("localhost", 0), ("127.0.0.1", 0), ("[::1]", 0)]
)
def test_a_password_in_the_clear_is_a_warning(written, host, count):
    """Plain http is for this computer only."""
    served = SERVED.replace("https://cht.example.org", f"http://{host}:5988")
    assert len(written(PORTED + served + PASSWORD).warnings) == count


# --- which modem is meant -----------------------------------------------------------------------

IMEI = "490154203237518"  # the example of TS 23.003


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("imei = '490154203237519'", "2: [modem.a] imei: 490154203237519 is mistyped"),
        ("imei = '4901542032375'", "2: [modem.a] imei: is the text"),
        ("imei = '4901542032375181'", "write the 15 digits of the IMEI in quotes (16 are an"),
        (f"imei = {IMEI}", "2: [modem.a] imei: "),
        ("usb = '12d1'", '2: [modem.a] usb: is the text "12d1"; write vendor:product'),
        ("usb_path = 'ttyUSB0'", "2: [modem.a] usb_path: is the text"),
        ("port = 'auto'\n[modem.b]\nport = '/dev/b'", '2: [modem.a] port: "auto" is for the only'),
        ("port = 'socket://h:1'\nusb = '12d1:1001'", "3: [modem.a] usb: says nothing about"),
        (f"imei = '{IMEI}'\n[modem.b]\nimei = '49-015420-323751-8'", "the imei of [modem.a] too"),
        ("usb_path = '1-1'\n[modem.b]\nusb_path = '1-1'", "is the usb_path of [modem.a] too"),
        ("usb = '12d1:1001'\n[modem.b]\nusb = '12d1:1001'", "so that they can be told apart"),
    ],
)  # fmt: skip
def test_a_binding_that_means_no_modem_or_two_is_named(problems, text, problem):
    """Each with what to write instead."""
    (found,) = problems(f"[modem.a]\n{text}\n")
    assert problem in found


@pytest.mark.parametrize(
    "text",
    [
        f"imei = '{IMEI}'",
        "port = 'auto'",
        f"port = '/dev/a'\nimei = '{IMEI}'",
        f"port = 'rfc2217://h:1'\nimei = '{IMEI}'",
        "usb = '12D1:1436'\nusb_path = '3-1.4.2'",
        f"imei = '{IMEI}'\n[modem.b]\nimei = '353142039999993'",
        f"imei = '{IMEI}'\n[modem.b]\nusb = '12d1:1001'",
        "usb = '12d1:1001'\nusb_path = '1-1'\n[modem.b]\nusb = '12d1:1001'\nusb_path = '1-2'",
        f"port = 'auto'\nimei = '{IMEI}'\n[modem.b]\nport = '/dev/b'",
    ],
)
def test_bindings_that_mean_one_modem_each(written, text):
    assert written(f"[modem.a]\n{text}\n").modems[0].binding


def test_a_modem_knows_which_numbers_belong_to_others(written):
    """So that one that is bound by its kind leaves them alone."""
    first, second = written(f"[modem.a]\nimei='{IMEI}'\n[modem.b]\nusb='12d1:1001'\n").modems
    assert (first.binding.foreign, second.binding.foreign) == (frozenset(), frozenset({IMEI}))


def test_the_reference_as_it_stands_is_a_warning():
    """It is a proper configuration, and yet nobody has filled it in."""
    reference = Path(__file__).parents[1] / "config" / "relay.toml"
    assert any(
        "still that of the reference" in warning for warning in load(reference, {}).warnings
    )


def test_nothing_to_do_is_a_warning(written):
    """A gateway without modem or server does less than its owner thinks."""
    assert len(written("").warnings) == 2


ANY_KEY = [
    (f"{label}.x" if label in FAMILIES else label, key)
    for label, section in {**SECTIONS, **FAMILIES}.items()
    for key in keys(section)
]


@given(st.sets(st.sampled_from(ANY_KEY), min_size=1))
def test_every_one_of_many_mistakes_is_named(wrong):
    """Nobody likes to find the next mistake only after the last one."""
    labels = {label for label, _ in wrong}
    text = "".join(
        f"[{label}]\n" + "".join(f"{key} = 1979-05-27\n" for at, key in wrong if at == label)
        for label in sorted(labels)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "relay.toml")
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            load(path, {})
    named = {
        match[0] for one in caught.value.problems for match in re.finditer(r"\[.*?\] \w+", one)
    }
    assert {f"[{label}] {key}" for label, key in wrong} <= named


# --- found by fuzzing ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5000 + "]" * 5000,
        "a = " + "{a = " * 3000 + "1" + "}" * 3000,
        "[housekeeping]\nkeep_finished_days = " + "9" * 5000,
    ],
    ids=["arrays", "tables", "digits"],
)
def test_what_toml_itself_cannot_take_is_a_problem_in_words(problems, text):
    """tomllib ends in errors of its own there."""
    (problem,) = problems(text)
    assert "thousands of" in problem


@pytest.mark.parametrize("path", ["/dev/zero", "/"])
def test_a_device_is_no_file_with_a_secret(problems, path):
    """/dev/zero was read for ever."""
    said = problems(f'{PORTED}pin_file = "{path}"')
    assert said == [f"3: [modem.usb1] pin_file: {path} is no plain file; name one that is"]


def test_a_header_of_blanks_is_read_in_no_time(problems):
    """Its line was looked for in every way there is, which takes minutes."""
    assert problems("[" + " " * 4000)


# --- show ---------------------------------------------------------------------------------------


def test_show_masks_secrets_and_names_sources(written):
    """`relay config show` may be pasted into a question to others."""
    text = show(
        written(
            "[sending]\nvalidity_h = 24\n" + PORTED + SERVED + PASSWORD,
            RELAY_MODEM_USB1_PIN="1234",
        )
    )
    assert "s3cret" not in text
    assert "1234" not in text
    assert re.search(r"(?m)^validity_h = 24 +# file$", text)
    assert re.search(r"(?m)^baud = 115200 +# default$", text)
    assert re.search(r"(?m)^pin = \"\*+\" +# environment variable RELAY_MODEM_USB1_PIN$", text)


def test_show_can_be_read_back(written):
    """It is TOML, and says the same."""
    text = PORTED + SERVED + PASSWORD + '[sending]\nnational = ["urdu", "hindi"]'
    again = re.sub(r'password = "\*+"', PASSWORD.strip(), show(written(text)))
    assert written(again) == written(text)
