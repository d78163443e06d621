"""`relay explain`: what a code means, what became of the messages, and what to do."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from importlib import resources

import click

from relay.cli.completing import codes
from relay.cli.desk import EX_DATAERR, examples, json_option
from relay.cli.printing import data, emit, note
from relay.core.cause_tables import CME, CMS
from relay.core.causes import retry_of
from relay.core.explained import FATES, Meaning, meanings

Page = Mapping[str, Mapping[str, str]]

_REFUSALS = frozenset(code for table in (CMS, CME) for code, _ in table.values())
_OWN_NUMBER = {"what": "The maker of the modem has given this number a meaning of its own."}
_UNKNOWN_REPORT = {"same": "REPORT_SERVICE_REJECTED"}


@click.command(
    epilog=examples(
        "relay explain NET_REJECTED",
        'relay explain "+CMS ERROR: 38"',
        "relay explain 38                what +CMS and +CME mean by it",
        "relay explain TP-ST 46          of a delivery report",
        "relay explain --list            every code there is",
    )
)
@click.argument("words", metavar="CODE", nargs=-1, shell_complete=codes)
@click.option("--list", "list_all", is_flag=True, help="All codes, one a line.")
@json_option
@click.pass_context
def explain(
    context: click.Context, words: tuple[str, ...], list_all: bool, as_json: bool
) -> int | None:
    """Explain a code: the cause, what became of the messages, the next step.

    CODE is what status, a list, a trace or the server shows, or what a modem said. Needs neither
    a configuration nor a running relay.
    """
    page = explanations()
    if list_all:
        for code in page:
            data(f"{code:32}{_entry(page, code)['what']}")
        return None
    if not words:
        raise click.UsageError("Which code? See them all: relay explain --list", context)
    found = [meaning for meaning in meanings(" ".join(words)) if known(page, meaning)]
    if not found:
        return _stranger(page, " ".join(words))
    documents = [document(page, meaning) for meaning in found]
    if as_json:
        emit({"codes": documents})
        return None
    data("\n\n".join(_paragraphs(one) for one in documents))
    return None


def explanations() -> Page:
    """relay/data/codes.toml, by code."""
    text = resources.files("relay").joinpath("data/codes.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def known(page: Page, meaning: Meaning) -> bool:
    return meaning.code in page or _general(meaning.code) is not None


def document(page: Page, meaning: Meaning) -> dict[str, str]:
    """The code with all there is to say about it, for people and programs."""
    entry = _entry(page, meaning.code)
    retry = meaning.retry or (retry_of(meaning.code) if meaning.code in _REFUSALS else None)
    fate = FATES[retry] if retry is not None else ""
    return {
        "code": meaning.code,
        "said": meaning.said,
        "what": entry["what"],
        "messages": entry.get("messages") or fate,
        "do": entry.get("do", ""),
    }


def _entry(page: Page, code: str) -> Mapping[str, str]:
    entry = page.get(code) or _general(code) or {}
    return _entry(page, entry["same"]) if "same" in entry else entry


def _general(code: str) -> Mapping[str, str] | None:
    """For numbers that nobody can list: those of manufacturers, of web servers, reserved ones."""
    kind, _, number = code.partition("_")
    if kind in {"CMS", "CME"} and number.isdigit():
        return _OWN_NUMBER
    if kind == "HTTP" and number.isdigit():
        return {"same": "HTTP_…"}
    return _UNKNOWN_REPORT if kind == "REPORT" and len(number) == 2 else None


def _paragraphs(one: Mapping[str, str]) -> str:
    lines = [one["code"] + (f"   {one['said']}" if one["said"] else ""), one["what"]]
    if one["messages"]:
        lines.append(f"Messages: {one['messages']}")
    steps = [step for step in one["do"].split("\n") if step]
    lines += [f"{number}. {step}" for number, step in enumerate(steps, 1)]
    if not steps:
        lines.append("Nothing to do.")
    return "\n".join(map(_wrapped, lines))


def _wrapped(line: str) -> str:
    numbered = line[:1].isdigit()
    return click.wrap_text(line, 80, subsequent_indent="   " if numbered else "")


def _stranger(page: Page, words: str) -> int:
    near = difflib.get_close_matches(words.upper(), page, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    note(f"relay has no code {words}.{hint} All codes: relay explain --list")
    return EX_DATAERR
