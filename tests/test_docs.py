"""The documents say what the program does: names, states, keys, commands, codes, links."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import click
import pytest

import relay.cli.desk
import relay.daemon
from relay.cli.main import main
from relay.config_keys import keys
from relay.config_sections import FAMILIES, SECTIONS
from relay.core.cause_tables import CME, CMS, TP_ST
from relay.core.inbound import InboundState
from relay.core.link import LinkState
from relay.core.outbound import PartState
from relay.core.verdict import Verdict

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
DIAGRAMS = runpy.run_path(str(ROOT / "docs/diagrams.py"))


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def code(page: str) -> str:
    """Only what a page shows as code: what a reader would type or look for."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    prose = re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", prose)])


# --- states -----------------------------------------------------------------------------------


def test_the_diagrams_show_the_state_tables() -> None:
    """`make docs` would change nothing."""
    page = text("docs/architecture.md")
    assert DIAGRAMS["redraw"](page) == page


@pytest.mark.parametrize("name", DIAGRAMS["TABLES"])
def test_every_table_is_drawn_and_every_state_explained(name: str) -> None:
    """Words stand beside the picture: each state has a meaning that can be read."""
    page = text("docs/architecture.md")
    prose = re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE)
    table, _ = DIAGRAMS["TABLES"][name]
    assert f"<!-- diagram: {name} -->" in page
    assert [state.value for state in table if f"`{state.value}`" not in prose] == []


@pytest.mark.parametrize("states", [PartState, InboundState, LinkState])
def test_a_technician_finds_every_state(states: type[PartState]) -> None:
    """Whatever state `relay status` shows, docs/operations.md says what to do."""
    page = text("docs/operations.md")
    assert [state.value for state in states if f"`{state.value}`" not in page] == []


def test_every_problem_has_an_action() -> None:
    """Each code that `relay status` can show is in docs/operations.md."""
    page = text("docs/operations.md")
    codes = {
        code
        for rules in (ROOT / "relay/core").glob("*_health.py")
        for code in re.findall(
            r'"((?!NET|TLS|AUTH|HTTP)[A-Z]+_[A-Z_]+)"', rules.read_text("utf-8")
        )
    }
    assert codes
    assert {code for code in codes if f"`{code}`" not in page} == set()


def test_every_failure_of_the_network_has_an_action() -> None:
    """Whatever code stands in the log or in status, docs/operations.md says what to do."""
    page = text("docs/operations.md")
    source = text("relay/servers/failures.py") + text("relay/core/outcome.py")
    codes = set(re.findall(r'"((?:NET|TLS|BAD)_[A-Z_]+)"', source))
    assert codes
    assert {code for code in codes if f"`{code}`" not in page} == set()


def test_every_kind_of_refusal_has_an_action() -> None:
    """The first word of each reason that a message can fail with is in docs/operations.md."""
    codes = [code for table in (CMS, CME, TP_ST) for code, _ in table.values()]
    kinds = {code.partition("_")[0] for code in codes}
    page = text("docs/operations.md")
    assert {kind for kind in kinds if f"`{kind}_" not in page} == set()


# --- configuration ----------------------------------------------------------------------------

_KEY = re.compile(r"(?:# )?([a-z][a-z0-9_]*) = ")


def reference() -> Iterator[tuple[str, str, bool]]:
    """Section, key and whether words stand above it, for each key of config/relay.toml."""
    section, above = "", 0
    for line in text("config/relay.toml").splitlines():
        if key := _KEY.match(line):
            # Two keys that belong together may share their words.
            yield section, key[1], above > 0
            above -= 1
        elif line.startswith("["):
            section, above = line.strip("[]").partition(".")[0], 0
        else:
            above = 2 if line.startswith("# ") else 0


def test_the_reference_has_every_key() -> None:
    """config/relay.toml names each key that relay knows, and no other."""
    known = {
        (name, key) for name, section in {**SECTIONS, **FAMILIES}.items() for key in keys(section)
    }
    assert {(section, key) for section, key, _ in reference()} == known


def test_every_key_is_explained() -> None:
    """Nobody has to guess what a key does."""
    assert [f"{section}.{key}" for section, key, explained in reference() if not explained] == []


def test_the_reference_is_toml() -> None:
    """It can be copied into place as it is."""
    assert tomllib.loads(text("config/relay.toml"))


# --- commands ---------------------------------------------------------------------------------


def commands() -> dict[str, click.Command]:
    """`relay …` as it is typed, with its command; groups that do nothing themselves left out."""
    return dict(walk("relay", main))


def walk(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            if not child.hidden:
                yield from walk(f"{path} {name}", child)
    else:
        yield path, command


def test_the_screens_are_those_of_the_code() -> None:
    """In a process of its own: times of day are those of Lusaka. `make docs` draws them."""
    drawn = subprocess.run(
        [sys.executable, "docs/screens.py", "--print"], cwd=ROOT, capture_output=True, check=True
    )
    assert drawn.stdout.decode() == text("docs/screens.md")


def test_every_command_has_help_with_an_example() -> None:
    """`--help` shows how the command is typed, not only what it takes."""
    silent = [
        path
        for path, command in commands().items()
        if not command.help or path not in f"{command.help} {command.epilog or ''}"
    ]
    assert silent == []


def test_every_command_is_in_the_documents() -> None:
    """A command that no page names is one that nobody finds."""
    shown = "\n".join(code(page.read_text(encoding="utf-8")) for page in PAGES)
    missing = [path for path in commands() if not re.search(rf"\b{path}\b", shown)]
    assert missing == []


def test_the_documents_show_only_commands_that_exist() -> None:
    """What a page tells a person to type can be typed."""
    known = commands()
    words = {word for path in known for word in path.split()[1:]}
    typed = {
        (page.name, match[1])
        for page in PAGES
        if page.name != "cli.md"  # made from the commands
        for match in re.finditer(
            r"^\s*relay ([a-z][a-z-]*)", code(page.read_text(encoding="utf-8")), re.MULTILINE
        )
    }
    assert {(page, word) for page, word in typed if word not in words} == set()


def exit_codes() -> set[int]:
    named = {
        code
        for module in (relay.daemon, relay.cli.desk)
        for name, code in vars(module).items()
        if name.startswith("EX_")
    }
    return named | {verdict.exit_code for verdict in Verdict}


def test_every_exit_code_is_documented() -> None:
    """A program that watches relay can rely on the table."""
    table = text("docs/operations.md").partition("## Exit codes")[2]
    assert {code for code in exit_codes() if f"| {code} |" not in table} == set()


# --- the project itself -----------------------------------------------------------------------


def test_the_changelog_has_the_current_version() -> None:
    """Whoever upgrades finds out what is new."""
    assert re.search(
        rf"^## \[{re.escape(relay.__version__)}\]", text("CHANGELOG.md"), re.MULTILINE
    )


def test_make_can_do_what_the_documents_say() -> None:
    """Each `make …` that a page shows is a target."""
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    shown = {
        target
        for page in PAGES
        for target in re.findall(
            r"^\s*make ([a-z]+)", code(page.read_text(encoding="utf-8")), re.MULTILINE
        )
    }
    assert shown <= targets
    assert {"demo", "test"} <= shown


def test_the_checks_run_what_the_readme_says() -> None:
    """.ci/run and a newcomer type the same two commands."""
    script = text(".ci/run")
    assert re.search(r"^make test$", script, re.MULTILINE)
    assert re.search(r"^(timeout \d+ )?make demo$", script, re.MULTILINE)


def requirements() -> list[str]:
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    listed = setup["options"]["install_requires"].splitlines()
    for extra in setup["options.extras_require"].values():
        listed += extra.splitlines()
    return [re.split(r"[<>=]", line)[0].strip() for line in listed if line.strip()]


def test_every_requirement_has_an_exact_version() -> None:
    """Two machines that are set up in different months get the same."""
    pins = [line for line in text("constraints.txt").splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    pinned = {pin.partition("==")[0].lower() for pin in pins}
    assert set(requirements()) <= pinned


def test_every_requirement_has_a_reason() -> None:
    """docs/dependencies.md says what each package is for."""
    page = text("docs/dependencies.md").lower()
    assert [name for name in requirements() if name not in page] == []


def links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                yield page, target


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize(
    ("page", "target"), [pytest.param(*link, id=f"{link[0].name}:{link[1]}") for link in links()]
)
def test_links_lead_somewhere(page: Path, target: str) -> None:
    """A link within the documents finds its file and its heading."""
    name, _, anchor = target.partition("#")
    path = (page.parent / name).resolve() if name else page
    assert path.exists()
    assert not anchor or anchor in anchors(path)


def named_tests(text_: str) -> Iterator[tuple[str, str]]:
    """`test_x.py::test_y`, `test_x.py`, or `::test_y` of the file that was named last."""
    last = ""
    for file, name in re.findall(r"`(?:[\w/]*?(test_\w+\.py))?(?:::(\w+))?`", text_):
        last = file or last
        if file or name:
            yield last, name


def is_there(file: str, name: str) -> bool:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob(file)]
    return any(not name or re.search(rf"\b{name}\b", one) for one in texts)


def test_every_test_that_the_reliability_page_names_exists() -> None:
    """A promise whose proof was renamed is no longer proven."""
    page = text("docs/reliability.md")
    table = page.partition("## Failures and their tests")[2].partition("## What")[0]
    assert [named for named in named_tests(table) if not is_there(*named)] == []


def test_every_pain_of_the_field_has_a_test() -> None:
    """docs/pains.md: a row without a proof is a wish."""
    rows = [line for line in text("docs/pains.md").splitlines() if line.startswith("| ")]
    pains = [row for row in rows if not row.startswith(("| pain ", "|---"))]
    assert len(pains) >= 70
    assert [row for row in pains if not list(named_tests(row))] == []
    assert [one for row in pains for one in named_tests(row) if not is_there(*one)] == []


def test_every_threat_has_a_test() -> None:
    """docs/security.md: what nothing shows is not promised."""
    page = text("docs/security.md")
    rows = [line for line in page.partition("## Who might")[2].splitlines() if line[:2] == "| "]
    threats = [row for row in rows if not row.startswith("| threat ")]
    assert len(threats) >= 25
    assert [row for row in threats if not list(named_tests(row))] == []
    assert [one for one in named_tests(page) if not is_there(*one)] == []
