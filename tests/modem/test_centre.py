"""The service centre of the configuration: on the SIM and read back, or in every PDU."""

from __future__ import annotations

import pytest

from relay.core.pdu import Submit, decode
from relay.core.replies import own_number, service_centre
from relay.core.segment import compose
from relay.modem.centre import with_centre
from tests.modem.peer import Peer, Reply

OURS, OTHER = "+254722500029", "+254700000000"
SET = f'AT+CSCA="{OURS}",145'
PDU = compose("+254700000001", "Come", concat_ref=0, validity_s=None, report=False)[0]


def on_a_sim(takes: bool, form: str = SET, shown: str = OURS) -> dict[str, Reply]:
    """A modem that keeps what it is told, or says OK and forgets it."""
    held = [OTHER]

    def keep(_: str) -> str:
        if takes:
            held[0] = shown
        return "OK"

    return {"AT+CSCA?": lambda _: f'+CSCA: "{held[0]}",145\r\nOK', form: keep}


@pytest.mark.pty
def test_it_is_set_once_and_read_back(opened) -> None:
    modem, gsm = opened(on_a_sim(takes=True), smsc=OURS)
    assert gsm.survey().smsc == OURS
    assert modem.count(SET) == 1
    gsm.close()


@pytest.mark.pty
def test_it_is_set_again_when_the_sim_has_lost_it(opened) -> None:
    modem, gsm = opened(on_a_sim(takes=True), smsc=OURS)
    modem.script |= on_a_sim(takes=True)
    assert gsm.survey().smsc == OURS
    assert modem.count(SET) == 2


@pytest.mark.pty
def test_a_modem_that_speaks_ucs2_is_told_in_ucs2(opened) -> None:
    wide = OURS.encode("utf-16-be").hex().upper()
    modem, _ = opened(on_a_sim(takes=True, form=f'AT+CSCA="{wide}",145', shown=wide), smsc=OURS)
    assert modem.heard.count(f'AT+CSCA="{wide}",145') == 1


@pytest.mark.pty
@pytest.mark.parametrize("script", [on_a_sim(takes=False), {}, {"AT+CSCA?": "ERROR"}])
def test_where_the_sim_does_not_take_it_it_goes_out_with_every_pdu(opened, script) -> None:
    script = {**script, "body": "+CMGS: 7\r\n\r\nOK"}
    modem: Peer
    modem, gsm = opened(script, smsc=OURS)
    assert gsm.survey().smsc == OURS  # what counts for status
    assert gsm.submit(PDU, lambda: None) == 7
    sent = decode(modem.heard[-1].rstrip("\x1a"))
    assert isinstance(sent, Submit)
    assert (sent.smsc, sent.text) == (OURS, "Come")


def test_only_a_pdu_that_names_none_gets_one() -> None:
    once = with_centre(PDU, OURS)
    assert once.startswith("0791527422050092")
    assert with_centre(once, OTHER) == once
    assert with_centre(PDU, "") == PDU


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ('+CSCA: "+254722500029",145', OURS),
        ('+CSCA: "254722500029",145', OURS),
        ("+CSCA: +254722500029,145", OURS),
        ('+CSCA: "002B003200350034003700320032003500300030003000320039",145', OURS),
        ('+CSCA: "0722500029",129', "0722500029"),
        ('+CSCA: "",129', ""),
        ('+CSCA: "",', ""),
        ("+CSCA:", ""),
        ('+CSCA: "+",145', ""),
        ('+CSCA: "000000000000",129', ""),
        ("+CSQ: 1,2", None),
    ],
)
def test_every_way_to_say_a_service_centre(line, number) -> None:
    assert service_centre([line]) == number


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ('+CNUM: "","+254711000000",145', "+254711000000"),
        ('+CNUM: "Own","254711000000",145,7,4', "+254711000000"),
        ('+CNUM: "","",129', ""),
        ("ERROR", ""),
    ],
)
def test_a_sims_own_number(line, number) -> None:
    assert own_number([line]) == number
