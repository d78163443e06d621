"""`relay balance`: the airtime of each SIM, how far it reaches, and how relay knows."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit, note
from relay.core import plain
from relay.core.balance import BadPattern, Manner, check, match, tidy
from relay.core.money import money

if TYPE_CHECKING:
    from relay.config import Config
    from relay.core.station import AirtimeFacts

# A modem may be in the middle of a submission, and then of a dialogue.
_PATIENCE_S = 240
_LOOK_S = 0.3


@click.command(
    epilog=examples(
        "relay balance                what is known, and since when",
        "relay balance --check        ask the operator now",
        "relay balance --try 'balance is {amount}' 'Your balance is K38.20.'",
    )
)
@click.option("--check", "ask", is_flag=True, help="Ask the operator now; it costs nothing.")
@click.option(
    "--try",
    "trial",
    nargs=2,
    metavar="PATTERN ANSWER",
    help="Say what a balance_pattern finds in an operator's answer.",
)
@json_option
@config_option
@pass_desk
def balance(desk: Desk, ask: bool, trial: tuple[str, str] | None, as_json: bool) -> int:
    """Show the airtime of each SIM, how many SMS it pays for, and for how long.

    With relay running, its modem's thread asks the operator between two messages; without, this
    command opens the modem itself.
    """
    if trial is not None:
        return _try(*trial)
    config = desk.config()
    if ask:
        _ask(desk, config)
    from relay.status import observe

    station = observe(config, desk.clock.now())
    if as_json:
        emit({"modems": [_document(one) for one in station.airtime]})
    else:
        answers = _answers(desk)
        for one in station.airtime:
            _print(one, answers.get(one.modem, ""), station.now)
    return 0 if all(one.amount is not None or one.sms for one in station.airtime) else 1


def _try(pattern: str, answer: str) -> int:
    try:
        check(pattern)
    except BadPattern as error:
        raise click.UsageError(f"The pattern {error}.") from None
    found = match(pattern, tidy(answer), Manner())
    if found is None:
        note(
            "It does not fit. Copy the answer and put {amount} in the place of the number; "
            "where one mark could be a decimal point or set thousands apart, [airtime] currency "
            "and the operator decide, not the pattern."
        )
        return 1
    if found.amount is not None:
        data(f"amount  {money(found.amount, found.currency)}")
    if found.sms is not None:
        data(f"sms     {found.sms}")
    if found.until is not None:
        data(f"until   {found.until}")
    return 0


# --- asking -------------------------------------------------------------------------------------


def _ask(desk: Desk, config: Config) -> None:
    from relay.cli.asking import ask_daemon, ask_operator
    from relay.status import is_held

    if is_held(config.store.path):
        wait = threading.Event().wait
        if not ask_daemon(desk, config, lambda: wait(_LOOK_S), _PATIENCE_S):
            note("The operator has not answered yet. Look again in some minutes: relay balance")
    else:
        ask_operator(desk, config)


# --- showing ------------------------------------------------------------------------------------


def _answers(desk: Desk) -> dict[str, str]:
    """The operator's last words by modem: for the eyes of whoever sits at this machine."""
    with desk.reader() as reader:
        facts = reader.facts()
    end = ".balance_answer"
    return {
        key.removeprefix("modem.").removesuffix(end): str(fact.value)
        for key, fact in facts.items()
        if key.startswith("modem.") and key.endswith(end)
    }


def _print(one: AirtimeFacts, answer: str, now: int) -> None:
    data(f"{one.modem}: {one.words()}")
    if one.at is not None:
        data(f"  seen    {plain.age(one.at, now)}, by {one.via or 'the operator'}")
    if one.until:
        data(f"  until   {one.until}")
    if one.price is not None:
        data(f"  price   {money(one.price, one.currency)} for one SMS, {one.price_source}")
    if one.check:
        trouble = f": {one.check_error}" if one.check_error else ""
        by = "" if one.check == "impossible" else f"{one.ussd or 'SMS'}, "
        data(f"  asked   {plain.age(one.check_at, now)}, {by}{one.check}{trouble}")
    if answer:
        data(f"  answer  {answer}")


def _document(one: AirtimeFacts) -> dict[str, Any]:
    from relay.status_airtime import document

    return document(one)
