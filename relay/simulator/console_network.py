"""Verbs about the network: phones, airtime, reports, refusals, USSD."""

from __future__ import annotations

from relay.simulator.console import Misunderstood, Scene, Verb
from relay.simulator.handset import Handset, ReceivedSms
from relay.simulator.junk import BROADCAST, JUNK
from relay.simulator.junk import send as send_junk
from relay.simulator.rules import ReportRule
from relay.simulator.ussd import UssdAnswer

_STRANGER = "+254799000999"


_OPERATOR = "114"


def _handset(scene: Scene) -> str:
    if scene.word(0) == "list":
        return "\n".join(_line(handset) for handset in scene.network.handsets.values()) or "none"
    handset, act = scene.network.handset(scene.word(0)), scene.word(1, "inbox")
    if act == "send":
        parts = handset.send(scene.rest(2), to=scene.modem.number)
        return f"{handset.number} texts {scene.name}: {_parts(len(parts))}"
    if act == "flash":
        handset.send(scene.rest(2), to=scene.modem.number, flash=True)
        return f"{handset.number} sends {scene.name} a flash message"
    if act == "wap":
        handset.send_wap_push(to=scene.modem.number)
        return f"{scene.name} gets a notice of a picture message"
    if act == "pdu":
        handset.send_pdu(_hex(scene.word(2)), to=scene.modem.number)
        return f"{scene.name} gets these octets"
    return _about(scene, handset, act)


def _junk(scene: Scene) -> str:
    text = scene.rest(1) if len(scene.words) > 1 else "New message"
    kind = scene.choice(0, {name: name for name in (*JUNK, BROADCAST)})
    send_junk(scene.network, kind, text, scene.modem, _STRANGER)
    return f"{scene.name} gets {kind}"


def _about(scene: Scene, handset: Handset, act: str) -> str:
    if act == "inbox":
        return "\n".join(_message(message) for message in handset.inbox) or "empty"
    if act == "off":
        handset.switch_off()
    elif act == "on":
        handset.switch_on()
    elif act == "report":
        handset.reports = _rule(scene, 2)
    elif act == "answer":
        handset.answer(scene.word(2), scene.rest(3))
    else:
        raise Misunderstood(f"a handset cannot {act}")
    return _line(handset)


def _line(handset: Handset) -> str:
    state = "on" if handset.on else "off"
    return f"{handset.number} {state}, {len(handset.inbox)} received"


def _message(message: ReceivedSms) -> str:
    text = message.text if message.text is not None else (message.data or b"").hex()
    return f"{message.sender} ({_parts(message.parts)}): {text}"


def _parts(count: int) -> str:
    return "1 part" if count == 1 else f"{count} parts"


def _hex(word: str) -> str:
    try:
        return bytes.fromhex(word).hex().upper()
    except ValueError:
        raise Misunderstood("a PDU is hexadecimal") from None


def _rule(scene: Scene, place: int) -> ReportRule:
    modes = {
        "immediate": ReportRule.immediate,
        "delayed": lambda: ReportRule.delayed(scene.number(place + 1, 10)),
        "temporary": lambda: ReportRule.temporary(scene.number(place + 1, 10)),
        "failed": lambda: ReportRule.failed(int(scene.number(place + 1, 70))),
        "absent": ReportRule.absent,
    }
    return scene.choice(place, modes)()


def _report(scene: Scene) -> str:
    scene.network.reports = _rule(scene, 0)
    return f"status reports are {scene.word(0)} from now on"


def _credit(scene: Scene) -> str:
    account = scene.network.account(scene.modem.number)
    if scene.words:
        unlimited = scene.word(0) == "unlimited"
        account.credit = None if unlimited else scene.number(0)
        account.price = scene.number(1, account.price)
        scene.network.no_credit_code = int(scene.number(2, scene.network.no_credit_code))
    shown = "unlimited" if account.credit is None else f"{account.credit:.2f}"
    return f"{scene.name} has {shown}; an SMS costs {account.price:.2f}"


def _topup(scene: Scene) -> str:
    """The operator adds airtime and says so by SMS, as after a voucher."""
    account, amount = scene.network.account(scene.modem.number), scene.number(0)
    account.credit = (account.credit or 0.0) + amount
    said = scene.rest(1) if len(scene.words) > 1 else ""
    told = said or f"You have been recharged with {amount:.2f}. Thank you."
    scene.network.handset(_OPERATOR).send(told, to=scene.modem.number)
    return f"{scene.name} has {account.credit:.2f}; {_OPERATOR} says so by SMS"


def _refuse(scene: Scene) -> str:
    code, times = int(scene.number(0)), int(scene.number(1, 0)) or None
    scene.network.refuse(code, times=times)
    return f"+CMS ERROR: {code} for {'every' if times is None else f'the next {times}'} SMS"


def _relent(scene: Scene) -> str:
    scene.network.relent()
    scene.network.submit_delay_s = 0.0
    return "the network takes every SMS again, at once"


def _slow(scene: Scene) -> str:
    scene.network.submit_delay_s = scene.number(0)
    return f"the network takes {scene.network.submit_delay_s:g} s for an SMS"


def _submissions(scene: Scene) -> str:
    taken, last = scene.network.submissions, int(scene.number(0, 10))
    lines = [f"{one.sender} -> {one.recipient} mr={one.mr}" for one in taken[-last:]]
    return "\n".join([f"{len(taken)} accepted", *lines])


def _ussd(scene: Scene) -> str:
    if scene.word(0) == "push":
        scene.modem.ussd.push(scene.rest(1))
        return "said"
    code, *replies = scene.word(0).split(",")
    answer = UssdAnswer(scene.rest(1), ucs2=not scene.rest(1).isascii())
    for reply in reversed(replies):
        answer = UssdAnswer(f"{reply} Balance", options={reply: answer})
    scene.network.ussd_codes[code] = answer
    return f"{scene.word(0)} answers that from now on"


NETWORK_VERBS = {
    "handset": Verb(
        _handset,
        "handset NUMBER send|flash TEXT | wap | pdu HEX | inbox | on | off | report MODE [N] | "
        "answer PATTERN REPLY",
        "a phone on the network; `handset list` shows all",
    ),
    "junk": Verb(
        _junk,
        f"junk {' | '.join((*JUNK, BROADCAST))} [TEXT]",
        "what networks send that is no person's text",
    ),
    "credit": Verb(
        _credit,
        "credit [AMOUNT|unlimited [PRICE [CODE]]]",
        "airtime of the modem's SIM, and with which +CMS ERROR it ends",
    ),
    "topup": Verb(_topup, "topup AMOUNT [TEXT]", "add airtime; the operator (114) tells by SMS"),
    "report": Verb(
        _report,
        "report immediate | delayed S | temporary S | failed CODE | absent",
        "status reports of all phones",
    ),
    "refuse": Verb(_refuse, "refuse CODE [TIMES]", "refuse SMS with +CMS ERROR: CODE"),
    "slow": Verb(_slow, "slow SECONDS", "let the network think before it takes an SMS"),
    "relent": Verb(_relent, "relent", "end refuse and slow"),
    "submissions": Verb(_submissions, "submissions [N]", "what the network accepted"),
    "ussd": Verb(
        _ussd,
        "ussd CODE[,REPLY…] TEXT | ussd push TEXT",
        "what a USSD code answers, behind menus; {credit} is the airtime",
    ),
}
