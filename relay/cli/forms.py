"""`relay forms`: the forms that are switched on, and those of a CHT app as a rule set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relay.cli.desk import (
    EX_DATAERR,
    Desk,
    config_option,
    examples,
    json_option,
    numbers_option,
    pass_desk,
)
from relay.cli.lists import viewed
from relay.cli.printing import data, emit, note, number, table
from relay.cli.writing import NoPlace
from relay.clock import local
from relay.core.plain import DAY, many

if TYPE_CHECKING:
    from relay.community.forms.app_settings import Imported
    from relay.community.forms.form import Form

_WEEK = 7 * DAY
_LATEST = 10


@click.group(
    invoke_without_command=True,
    epilog=examples(
        "relay forms                    which forms there are",
        "relay forms show ORPT          how it is sent, and its last reports",
        "relay forms import app_settings.json --dry-run",
    ),
)
@config_option
@click.pass_context
def forms(context: click.Context) -> None:
    """Forms: reports that people send by SMS, and that relay reads and answers at once.

    They stand in rule sets (see docs/community.md). The server gets every report as it was sent,
    whatever becomes of it here.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_)


@forms.command("list", epilog=examples("relay forms list", "relay forms list --json"))
@json_option
@config_option
@pass_desk
def list_(desk: Desk, as_json: bool = False) -> None:
    """List the forms that are switched on, with the reports of the last seven days."""
    from relay.store import form_lists

    known = _switched_on(desk)
    with viewed(desk) as view:
        week = form_lists.counts(view, desk.clock.now() - _WEEK)
    if as_json:
        emit({"forms": [_document(one) | {"week": week.get(one.code, {})} for one in known]})
    elif known:
        table(
            ("form", "title", "answered by", "received", "wrong", "again"),
            [_row(one, week.get(one.code, {})) for one in known],
        )
    else:
        note('No form is switched on. Write [community] sets = ["antenatal"], or import some: '
             "relay forms import app_settings.json")  # fmt: skip


def _row(form: Form, week: dict[str, int]) -> list[str]:
    good, again = week.get("RECEIVED", 0), week.get("DUPLICATE", 0)
    wrong = sum(week.values()) - good - again
    who = "relay" if form.reply_owner == "local" else "the server"
    return [form.code, form.title("en"), who, str(good), str(wrong), str(again)]


def _document(form: Form) -> dict[str, Any]:
    from relay.community.forms.checking import right_form

    return {
        "form": form.code,
        "title": form.title("en"),
        "send": right_form(form, "en"),
        "reply_owner": form.reply_owner,
        "senders": list(form.senders),
        "registers": form.registers,
        "fields": [{"name": f.name, "type": f.type, "required": f.required} for f in form.fields],
    }


def _switched_on(desk: Desk) -> list[Form]:
    """Also names the rule sets that do not hold."""
    from relay import assembly_community

    rules = assembly_community.rules(desk.config())
    for fault in rules.faults:
        note(f"The rule set {fault.name} does not hold: {fault}")
    found = rules.book.rules("form")
    return [found[code] for code in sorted(found)]


@forms.command(epilog=examples("relay forms show ORPT"))
@click.argument("code", metavar="CODE")
@numbers_option
@json_option
@config_option
@pass_desk
def show(desk: Desk, code: str, show_numbers: bool, as_json: bool) -> None:
    """Show one form: how it is sent, its fields, and its last reports without their content."""
    from relay.store import form_lists

    form = next((one for one in _switched_on(desk) if one.code == code.upper()), None)
    if form is None:
        raise click.ClickException(f"there is no form {code.upper()}. See: relay forms list")
    with viewed(desk) as view:
        latest = form_lists.latest(view, form.code, _LATEST)
    reports = [
        {"ref": one.ref, "at": one.reported_at, "number": number(one.number, show_numbers),
         "outcome": outcome}
        for one, outcome in latest
    ]  # fmt: skip
    if as_json:
        emit(_document(form) | {"reports": reports})
        return
    _print(form)
    for one in reports:
        data(f"  {local(int(str(one['at'])))}  {one['ref']:6} {one['number']}  {one['outcome']}")


def _print(form: Form) -> None:
    from relay.community.forms.checking import right_form

    data(f"form {form.code}: {form.title('en')}")
    data(f"  send        {right_form(form, 'en')}")
    data(f"  senders     {' '.join(form.senders) or 'anyone'}")
    data(f"  answered by {'relay' if form.reply_owner == 'local' else 'the server'}")
    for one in form.fields:
        limits = one.range or one.length
        said = f"{one.type}{'' if one.required else ', may be left out'}"
        said += f", {limits[0]} to {limits[1]}" if limits else ""
        said += f", one of {', '.join(one.choices)}" if one.choices else ""
        data(f"  {one.name:11} {said}")


# --- to and from files --------------------------------------------------------------------------


@forms.command(
    "import",
    epilog=examples(
        "relay forms import app_settings.json --dry-run",
        "relay forms import app_settings.json --to /etc/relay/cht.toml",
        "relay forms import app_settings.json --good     those that are good",
    ),
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--to", metavar="FILE", type=click.Path(path_type=Path),
              help="The rule set to write; else forms.toml beside the configuration.")  # fmt: skip
@click.option("--good", is_flag=True, help="Take over those that are good.")
@click.option("--replace", is_flag=True, help="Also where the rule set is there already.")
@click.option("--dry-run", is_flag=True, help="Only say what it would do.")
@json_option
@config_option
@pass_desk
def import_(
    desk: Desk, file: Path, to: Path | None, good: bool, replace: bool, dry_run: bool,
    as_json: bool,
) -> int:  # fmt: skip
    """Write the forms of a CHT app_settings.json as a rule set, to be switched on by one line.

    A form for which CHT has answers configured stays the server's to answer; change reply_owner
    in the rule set where relay is to answer at once.
    """
    found = _read(file)
    target = to or desk.config().path.parent / "forms.toml"
    refused = bool(found.problems) and not good
    for problem in found.problems:
        note(f"{file}: {problem}")
    for code in _words_of_others(found):
        note(f"{code} is also a command of relay, which comes first. Give the form another code.")
    if not (dry_run or refused):
        _write(target, _rule_set(file, found), replace)
    if as_json:
        emit({"forms": [_document(one) for one in found.forms.values()], "file": str(target),
              "problems": list(found.problems), "applied": not (dry_run or refused)})  # fmt: skip
    else:
        _say(found, target, dry_run, refused)
    return (EX_DATAERR if refused else 1) if found.problems else 0


def _say(found: Imported, target: Path, dry_run: bool, refused: bool) -> None:
    table(
        ("form", "title", "answered by", "fields"),
        [[one.code, one.title("en"), "relay" if one.reply_owner == "local" else "the server",
          str(len(one.fields))] for one in found.forms.values()],
    )  # fmt: skip
    if refused:
        bad = many(len(found.problems), "form")
        data(f"Nothing was written: {bad} cannot be taken. Take the others with --good.")
    elif dry_run:
        data(f"It would write {many(len(found.forms), 'form')} into {target}.")
    else:
        data(f"{target}: {many(len(found.forms), 'form')}. Switch them on with this line:")
        data(f'  [community] sets = ["{target}"]')
        data("and then: relay reload")


def _read(file: Path) -> Imported:
    from relay.community.forms.app_settings import forms_of

    try:
        document = json.loads(file.read_text("utf-8-sig"))
    except OSError as error:
        raise click.ClickException(
            f"{file}: {error.strerror or error}. Give the path of an app_settings.json."
        ) from error
    except (ValueError, RecursionError) as error:
        raise click.ClickException(
            f"{file} is no JSON ({error}). Nothing was changed. Export it again from CHT."
        ) from error
    return forms_of(document)


def _words_of_others(found: Imported) -> list[str]:
    from relay.community_words import wording

    words = wording()
    return [code for code in found.forms if words.command(code) is not None]


def _rule_set(file: Path, found: Imported) -> str:
    from relay.community.forms.writing import rule_set

    head = f"# The forms of {file.name}, as relay forms import has read them.\n\n"
    return head + rule_set(found.forms.values())


def _write(target: Path, text: str, replace: bool) -> None:
    from relay.whole_file import written_whole

    if target.exists() and not replace:
        raise NoPlace(
            f"{target} is there already. Nothing was written. Give another file with --to, or "
            "--replace."
        )
    try:
        with written_whole(target) as out:
            out.write(text.encode())
    except OSError as error:
        raise NoPlace(
            f"{target}: {error.strerror or error}. Nothing was written. Give another path."
        ) from error


@forms.command(epilog=examples("relay forms export forms.toml", "relay forms export"))
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Also where the file is there already.")
@json_option
@config_option
@pass_desk
def export(desk: Desk, file: Path | None, replace: bool, as_json: bool) -> None:
    """Write the forms that are switched on as one rule set, to a file or to the screen."""
    from relay.community.forms.writing import rule_set

    known = _switched_on(desk)
    if file is not None:
        _write(file, rule_set(known), replace)
        emit({"file": str(file), "forms": len(known)}) if as_json else data(
            f"{file}: {many(len(known), 'form')}"
        )
    elif as_json:
        emit({"forms": [_document(one) for one in known]})
    else:
        click.echo(rule_set(known), nl=False)
