"""`relay config check` and the rule sets of the community."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from relay.cli.main import main

CONFIG = """\
[gateway]
name = "Bura"
[store]
path = "relay.db"
[modem.usb]
port = "auto"
[community]
sets = ["own.toml"]
"""


def check(folder: Path, rules: str) -> str:
    (folder / "own.toml").write_text(rules, "utf-8")
    config = folder / "relay.toml"
    config.write_text(CONFIG, "utf-8")
    config.chmod(0o600)
    done = CliRunner().invoke(main, ["config", "check", "--config", str(config)])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_broken_set_is_named_with_line_and_remedy(tmp_path: Path) -> None:
    """And relay would start all the same."""
    said = check(tmp_path, '\n[words.text.help]\nen = "Help"\nfr.x = "{n}"\n')
    assert "own.toml:4: words.text.help.fr" in said
    said = check(tmp_path, '[words.text]\nhelp.en = "{n}"\n')
    assert "own.toml:2: words.text.help.en: {n} is not known here; it can have no field" in said


def test_a_text_that_one_sms_is_too_short_for_is_named(tmp_path: Path) -> None:
    said = check(tmp_path, f'[words.text.help]\nen = "Help"\nne = "{"मद्दत " * 15}"\n')
    assert "own.toml:3: words.text.help.ne takes 2 SMS" in said
    assert "words.text.help.en" not in said


def test_what_fits_is_not_mentioned(tmp_path: Path) -> None:
    assert "SMS" not in check(tmp_path, '[words.text.help]\nen = "Call the clinic."\n')
