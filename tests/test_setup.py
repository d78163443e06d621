"""`relay setup` with a simulated modem on a pseudo-terminal and a real server, as a person and as
a script would use it."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from relay.cli.desk import Desk
from relay.cli.main import main
from relay.cli.setup_talk import bound
from relay.clock import SystemClock
from relay.config import load
from relay.holding import lock
from relay.setup.editing import Change, edited
from relay.simulator.modem import SimulatedModem
from relay.simulator.network import Network
from relay.simulator.server import CentralServer
from relay.simulator.stick import Stick
from relay.simulator.usb_tree import HUAWEI, UsbTree
from tests.station import GATEWAY, PASSWORD, imei, new_sim

pytestmark = pytest.mark.pty


class Desktop:
    """A laptop with a stick in a socket and a server on the network."""

    def __init__(self, folder: Path, modem: SimulatedModem, server: CentralServer) -> None:
        self.folder = folder
        self.modem = modem
        self.server = server
        self.path = folder / "etc" / "relay.toml"
        self.environ = {
            "RELAY_DEVICES": str(folder / "devices"),
            "STATE_DIRECTORY": str(folder / "state"),
        }

    def setup(self, *words: str, typed: str = "") -> Result:
        desk = Desk(clock=SystemClock(), environ=self.environ)
        command = ["setup", "--config", str(self.path), *words]
        return CliRunner().invoke(main, command, input=typed, obj=desk)

    def script(self, *words: str) -> Result:
        secret = self.file("password", PASSWORD)
        return self.setup(
            "--yes", "--server-url", self.server.url, "--user", "gateway",
            "--password-file", secret, *words,
        )  # fmt: skip

    def file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text + "\n", "utf-8")
        return str(path)

    @property
    def config(self):
        return load(self.path, self.environ)


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    network = Network(SystemClock().now)
    modem = SimulatedModem(
        network, GATEWAY, sim=new_sim(GATEWAY, "huawei-e17x"), imei=imei(GATEWAY)
    )
    stick = Stick(modem, UsbTree(tmp_path / "devices"), "1-1", HUAWEI)
    server = CentralServer(user="gateway", password=PASSWORD)
    with network, stick, server:
        yield Desktop(tmp_path, modem, server)


def test_a_script_sets_a_station_up(desktop):
    """By the modem's IMEI, the secrets in files of their own, and relay can read it all."""
    done = desktop.script("--modem", "auto")
    assert done.exit_code == 0, done.output
    config = desktop.config
    (modem,), (server,) = config.modems, config.servers
    assert (modem.imei, modem.port) == (imei(GATEWAY), "")
    assert (server.url, server.user) == (desktop.server.url, "gateway")
    assert server.password is not None
    assert server.password.reveal() == PASSWORD
    assert PASSWORD not in desktop.path.read_text("utf-8")
    secret = desktop.path.parent / "secrets" / "server-main-password"
    for path in (desktop.path, secret):
        assert stat.S_IMODE(path.stat().st_mode) in {0o600, 0o640}
    assert "it lets relay in" in done.output


def test_a_person_is_asked_and_can_take_what_is_proposed(desktop):
    """The number of the modem in the list, Enter for the rest; a wrong password is asked again."""
    typed = ["1", "", desktop.server.url, "gateway", "wrong", "y", "", "", PASSWORD, "y"]
    done = desktop.setup(typed="\n".join(typed) + "\n")
    assert done.exit_code == 0, done.output
    assert "AUTH_401" in done.output
    assert PASSWORD not in done.output
    assert desktop.config.servers[0].password.reveal() == PASSWORD


def test_a_number_without_its_country_is_asked_again(desktop):
    """At once: what was typed before it is not lost at the end."""
    typed = ["1", "0711000000", GATEWAY, "", "y"]
    done = desktop.setup(typed="\n".join(typed) + "\n")
    assert done.exit_code == 0, done.output
    assert '"0711000000" has no country in front' in done.output
    assert desktop.config.modems[0].number == GATEWAY
    refused = desktop.script("--modem", "auto", "--number", "0711000000")
    assert refused.exit_code == 1
    assert "Nothing was written" in refused.output


def test_a_program_reads_one_document_and_nothing_else(desktop):
    done = desktop.script("--modem", "auto", "--json")
    assert json.loads(done.stdout)["written"]


def test_a_second_run_proposes_what_holds_and_keeps_the_rest(desktop):
    assert desktop.script("--modem", "auto", "--number", GATEWAY).exit_code == 0
    text = desktop.path.read_text("utf-8") + "\n[sending]\n# by hand\nvalidity_h = 24\n"
    text = text.replace("\n[sending]\n", "\n[sending]\nmax_parts = 9\n", 1).rsplit(
        "\n[sending]", 1
    )[0]
    desktop.path.write_text(text, "utf-8")
    done = desktop.setup(typed="\n" * 8)
    assert done.exit_code == 0, done.output
    config = desktop.config
    assert config.modems[0].number == GATEWAY
    assert config.sending.max_parts == 9
    assert config.servers[0].password.reveal() == PASSWORD
    (kept,) = desktop.path.parent.glob("relay.toml.before-*")
    assert kept.read_text("utf-8") == text


def test_a_dry_run_tries_everything_and_writes_nothing(desktop):
    done = desktop.script("--modem", "auto", "--dry-run")
    assert done.exit_code == 0, done.output
    assert "it lets relay in" in done.output
    assert not desktop.path.parent.exists()


def test_an_interrupted_one_leaves_nothing(desktop):
    """The end of the input is Ctrl-D: nothing is half-written."""
    done = desktop.setup(typed=f"1\n\n{desktop.server.url}\n")
    assert done.exit_code != 0
    assert not desktop.path.parent.exists()


# --- what does not work -------------------------------------------------------------------------


def test_without_a_modem_a_script_writes_nothing_and_says_why(desktop):
    desktop.modem.unplug()
    done = desktop.script("--modem", "auto")
    assert done.exit_code == 1
    assert "--untested" in done.output
    assert not desktop.path.exists()
    assert desktop.script("--modem", "auto", "--untested").exit_code == 0
    assert desktop.config.modems[0].port == "auto"


def test_a_refused_login_is_not_written_by_a_script(desktop):
    done = desktop.script("--modem", "auto", "--password-file", desktop.file("other", "wrong"))
    assert done.exit_code == 1
    assert "AUTH_401" in done.output
    assert not desktop.path.exists()


def test_a_server_that_is_not_reached_is_written_with_a_warning(desktop):
    """There may be no internet on the day of the installation."""
    desktop.server.stop()
    done = desktop.script("--modem", "auto", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["written"]
    assert "NET_" in told["warnings"][0]
    assert desktop.config.servers[0].url == desktop.server.url


def test_a_wrong_pin_costs_one_try_and_the_right_one_opens(desktop):
    desktop.modem.sim.pin = "4812"
    typed = ["1", "0000", "y", "4812", "", "", "y"]
    done = desktop.setup(typed="\n".join(typed) + "\n")
    assert done.exit_code == 0, done.output
    assert "2 tries left" in done.output
    assert desktop.config.modems[0].pin.reveal() == "4812"
    assert "4812" not in done.output + desktop.path.read_text("utf-8")


def test_the_last_try_is_never_used(desktop):
    desktop.modem.sim.pin, desktop.modem.sim.pin_tries = "4812", 1
    done = desktop.script("--modem", "auto", "--pin-file", desktop.file("pin", "0000"))
    assert done.exit_code == 1
    assert "never uses the last one" in done.output
    assert desktop.modem.sim.pin_tries == 1


def test_a_refused_pin_is_not_written(desktop):
    """relay would try it once more."""
    desktop.modem.sim.pin = "4812"
    flags = ("--modem", "auto", "--untested", "--pin-file", desktop.file("pin", "0000"))
    assert desktop.script(*flags).exit_code == 0
    assert desktop.config.modems[0].pin is None


def test_while_relay_runs_nothing_is_touched(desktop):
    with lock(desktop.folder / "state" / "relay.db"):
        done = desktop.script("--modem", "auto")
    assert done.exit_code == 1
    assert "systemctl stop relay" in done.output
    assert not desktop.path.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(desktop):
    desktop.path.parent.mkdir(mode=0o500)
    done = desktop.script("--modem", "auto")
    assert done.exit_code == 1
    assert "sudo" in done.output


def test_a_config_that_is_no_toml_is_not_overwritten(desktop):
    desktop.path.parent.mkdir()
    desktop.path.write_text("[modem\n", "utf-8")
    assert desktop.script("--modem", "auto").exit_code == 65
    assert desktop.path.read_text("utf-8") == "[modem\n"


# --- editing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("which", "key"),
    [
        ("auto", "port"), ("/dev/ttyUSB0", "port"), ("socket://h:1", "port"),
        ("1-1.2", "usb_path"),
        ("12d1:1436", "usb"), ("353142030000000", "imei"),
    ],
)  # fmt: skip
def test_a_modem_may_be_called_in_many_ways(which, key):
    assert bound(which) == (key, which)


def test_only_the_keys_that_change_are_touched():
    before = "# mine\n[modem.a]\nport = 'auto' # x\n# imei = \"\"\n\n[store]\npath = 'x'\n"
    after = edited(
        before, [Change("modem.a", {"imei": "1"}, ["port"]), Change("server.m", {"u": "v"})]
    )
    assert after == (
        '# mine\n[modem.a]\nimei = "1"\n\n[store]\npath = \'x\'\n\n[server.m]\nu = "v"\n'
    )


@given(st.text(), st.text(max_size=30))
def test_whatever_stands_there_the_value_can_be_read_afterwards(text, value):
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    if "modem" in tables:
        return
    found = tomllib.loads(edited(text, [Change("modem.a", {"number": value})]))
    assert found["modem"]["a"]["number"] == value
