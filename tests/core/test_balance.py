"""Balances as operators write them: what is read, and what is left alone."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay import operators
from relay.core.balance import (
    BadPattern,
    Balance,
    Manner,
    check,
    is_sender,
    is_top_up,
    operator_of,
    read_balance,
    read_date,
)
from relay.core.money import currency_of, micros, money, read_amount

ANSWERS = [
    # network, answer, amount, currency, sms, until
    ("64502", "Your main balance is K38.20 and is valid until 31/12/2026.", "38.20", "ZMW", None,
     "2026-12-31"),
    ("64502", "Y'ello. Your balance is ZMW 0.00. You have 25 free SMS", "0", "ZMW", 25, None),
    ("64501", "Your Airtime Balance is K 1,038.25. Exp: 12-01-2027", "1038.25", "ZMW", None,
     "2027-01-12"),
    ("64110", "Your airtime balance is UGX 1,250. It expires on 31 Dec 2026 23:59", "1250", "UGX",
     None, "2026-12-31"),
    ("64101", "Main Balance: Ush 500\nBonus: Ush 100 valid 01/12/2026", "500", "UGX", None,
     "2026-12-01"),
    ("63510", "Main account: 1,200 RWF, valid till 2027-02-01", "1200", "RWF", None, "2027-02-01"),
    ("62001", "Main Balance: GHS 4.06\nExpiry 05/03/2027\nData: 300MB", "4.06", "GHS", None,
     "2027-03-05"),
    ("62130", "Main Balance: N1,234.50. SMS 10. Expires: 24-12-2026", "1234.50", "NGN", None,
     "2026-12-24"),
    ("63902", "Airtime Balance: Ksh 12.40 Expiry: 20/05/2027", "12.40", "KES", None, "2027-05-20"),
    ("63902", "Bal:38.20Ksh,Expiry date:12-05-2027.Dial *544#", "38.20", "KES", None, None),
    ("63903", "Main Balance: KES 0.55, valid 2027-01-31", "0.55", "KES", None, "2027-01-31"),
    ("65010", "Your balance is MK 2,350.00", "2350", "MWK", None, None),
    ("64004", "Salio lako kuu ni TSh 3,400.00 litatumika mpaka 30/11/2026", "3400", "TZS", None,
     "2026-11-30"),
    ("63001", "Votre solde est de 1.234,50 FC", "1234.50", "CDF", None, None),
    ("61002", "Votre solde est de 1.234,50 FCFA. Valable jusqu'au 31/12/2026", "1234.50", "XOF",
     None, "2026-12-31"),
    ("60801", "Votre crédit est de 0 XOF", "0", "XOF", None, None),
    ("60801", "Votre solde est de 12\u00a0500 F CFA jusqu'au 1 fév 2027", "12500", "XOF", None,
     "2027-02-01"),
    ("64804", "Your balance is USD 0.45. It expires on 2027-03-01", "0.45", "USD", None,
     "2027-03-01"),
    ("42902", "Main balance: Rs. 1,234.50, valid till 31-12-2026", "1234.50", "NPR", None,
     "2026-12-31"),
    ("42902", "तपाईंको मौज्दात रु. १२३.४५ छ", "123.45", "NPR", None, None),
    ("42901", "Your current balance is Rs 87.30. Validity 01/01/2028", "87.30", "NPR", None,
     "2028-01-01"),
    ("47001", "Dear Sir, your balance is Tk. 25.53, valid till 31 Dec 2026", "25.53", "BDT", None,
     "2026-12-31"),
    ("47001", "আপনার ব্যালেন্স ৳২৫.৫০", "25.50", "BDT", None, None),
    ("47002", "Main Balance: BDT -12.50", "-12.50", "BDT", None, None),
    ("41001", "Your remaining balance is Rs.5.63", "5.63", "PKR", None, None),
    ("41001", "آپ کا بیلنس ۱۲۳٫۵۰ Rs", "123.50", "PKR", None, None),
    ("41006", "Dear customer, Your Balance is Rs. 38/-", "38", "PKR", None, None),
    ("40410", "Main Bal: Rs.1,23,456.78 Val: 31-Mar-2027", "123456.78", "INR", None, "2027-03-31"),
    ("41302", "Your account balance is Rs. 152.30 until 30-11-2026", "152.30", "LKR", None,
     "2026-11-30"),
    ("45204", "TK goc: 38.500d. HSD: 31/12/2026", "38500", "VND", None, "2026-12-31"),
    ("51010", "Sisa pulsa Anda Rp 12.500 aktif sampai 31/12/2026", "12500", "IDR", None,
     "2026-12-31"),
    ("63601", "Your balance is 38.20 Birr.", "38.20", "ETB", None, None),
    ("64304", "O seu saldo é 38,20 MT válido até 31-12-2026", "38.20", "MZN", None, "2026-12-31"),
]  # fmt: skip


@pytest.mark.parametrize(("network", "answer", "amount", "currency", "sms", "until"), ANSWERS)
def test_the_answers_of_known_operators(
    network: str, answer: str, amount: str, currency: str, sms: int | None, until: str | None
) -> None:
    operator = operator_of(network + "0000000001", operators.known())
    assert operator.name
    found = read_balance(answer, operator.manner)
    assert found == Balance(micros(amount), currency, sms, until)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Welcome. 1 Airtime 2 Data 3 Help",
        "Your data balance is 300 MB",
        "Your balance is 300MB",
        "Your bonus balance is K5.00",
        "Your balance enquiry 4512 failed",
        "Your SMS balance is 20",
        "Dear 260971234567, your request is being processed. You will receive an SMS.",
        "Your balance is low. Dial *113# to recharge K10",
        "Your loan balance is K10",
        "Your previous balance was K10",
        "Your balance is 1,234",  # one thousand, or one and a bit? Nobody said
        "Balance: K5.00. Balance: K7.00",
        "Your voice balance is 20 min",
    ],
)
def test_what_is_not_certain_is_not_read(answer: str) -> None:
    assert read_balance(answer, Manner()) is None


@pytest.mark.parametrize(
    ("answer", "amount", "currency"),
    [
        ("Your balance is 38.20.", "38.20", ""),
        ("Balance: $12.00", "12", "$"),
        ("Votre solde est de 38,20 EUR", "38.20", "EUR"),
        ("Your main balance is K38.20 and your bonus balance is K2.00", "38.20", "K"),
        ("رصيدك ١٢٫٥", "12.5", ""),
    ],
)
def test_plain_words_need_no_pattern(answer: str, amount: str, currency: str) -> None:
    assert read_balance(answer, Manner()) == Balance(micros(amount), currency)


@pytest.mark.parametrize(
    ("shown", "decimal", "amount"),
    [
        ("38.20", "", "38.20"), ("38,2", "", "38.2"), ("1,234.50", "", "1234.50"),
        ("1.234,50", "", "1234.50"), ("1 234,50", "", "1234.50"), ("1'234.50", "", "1234.50"),
        ("1,234,567", "", "1234567"), ("12,34,567.5", "", "1234567.5"), ("0.125", "", "0.125"),
        ("1,234", "", None), ("1,234", ".", "1234"), ("1,234", ",", "1.234"),
        ("1.234", ",", "1234"), ("١٬٢٣٤٫٥٠", "", "1234.50"), ("१२३", "", "123"), ("0", "", "0"),
        ("12.12.2026", "", None), ("260971234567", "", None), ("1,2,3", "", None), ("", "", None),
        ("1.", "", None), ("²", "", None),
    ],
)  # fmt: skip
def test_numbers(shown: str, decimal: str, amount: str | None) -> None:
    assert read_amount(shown, decimal) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("shown", "day"),
    [
        ("31/12/2026", "2026-12-31"), ("31-12-26", "2026-12-31"), ("2026-12-31", "2026-12-31"),
        ("31 Dec 2026", "2026-12-31"), ("Dec 31, 2026", "2026-12-31"), ("1 août 26", "2026-08-01"),
        ("03/04/2026", "2026-04-03"), ("31/02/2026", None), ("yesterday", None), ("", None),
        ("99 99 99", None),
    ],
)  # fmt: skip
def test_dates(shown: str, day: str | None) -> None:
    assert read_date(shown) == day


def test_a_pattern_of_ones_own_goes_first() -> None:
    manner = Manner("ZMW", ".", ("Reste {amount} et {sms} messages*au {until}",))
    found = read_balance("Reste  ZK 7.50 et 12 messages\nvalables au 01/02/2027", manner)
    assert found is None or found.amount == micros("7.50")
    found = read_balance("Reste K7.50 et 12 messages\nvalables au 01/02/2027", manner)
    assert found == Balance(micros("7.50"), "ZMW", 12, "2027-02-01")


def test_a_pattern_may_ask_for_messages_only() -> None:
    assert read_balance("You have 12 SMS left", Manner(patterns=("have {sms} SMS",))) == Balance(
        sms=12
    )


@pytest.mark.parametrize("pattern", ["", "balance", "{amuont}", "{amount} or {amount}", "{"])
def test_a_pattern_that_can_find_nothing_is_named(pattern: str) -> None:
    with pytest.raises(BadPattern):
        check(pattern)


def test_every_shipped_pattern_is_sound() -> None:
    for operator in operators.known():
        assert operator.networks and operator.senders and operator.manner.patterns
        assert operator.manner.decimal in (".", ",")
        for pattern in operator.manner.patterns:
            check(pattern)
    networks = [network for operator in operators.known() for network in operator.networks]
    assert len(networks) == len(set(networks))


def test_top_ups_and_senders() -> None:
    mtn = operator_of("645020000000001", operators.known())
    assert is_top_up("You have been recharged with K20.00. Thank you", mtn.manner)
    assert not is_top_up("Win a car with MTN!", mtn.manner)
    assert is_sender("mtn", mtn.senders)
    assert is_sender("MTN-Zambia", mtn.senders)
    assert not is_sender("+260977000001", mtn.senders)
    assert operator_of("", operators.known()).name == ""


@given(st.text(max_size=300), st.sampled_from([one.manner for one in operators.known()]))
def test_no_answer_can_hurt(answer: str, manner: Manner) -> None:
    read_balance(answer, manner)
    is_top_up(answer, manner)
    read_date(answer)
    read_amount(answer, manner.decimal)


@given(
    st.text(alphabet="balance is K0123456789.,: -MB/*#solde ", max_size=120),
    st.sampled_from([one.manner for one in operators.known()]),
)
def test_no_digit_is_made_up(answer: str, manner: Manner) -> None:
    """What is read stands in the answer, digit by digit."""
    found = read_balance(answer, manner)
    if found is None or found.amount is None:
        return
    digits = str(abs(found.amount)).rstrip("0") if found.amount else "0"
    shown = "".join(one for one in answer if one.isdigit())
    assert digits.strip("0") in shown


@given(
    amount=st.decimals(min_value=-99_999, max_value=999_999, places=2),
    wording=st.sampled_from(["Your balance is {}.", "Main balance: {}, valid until 1/1/2027"]),
)
def test_what_is_written_is_what_is_read(amount: Decimal, wording: str) -> None:
    mtn = operator_of("645020000000001", operators.known())
    found = read_balance(wording.format(f"K{amount:,}"), mtn.manner)
    assert found is not None
    assert found.amount == micros(amount)


def test_money_in_words() -> None:
    assert money(micros("38.2"), "ZMW") == "ZMW 38.20"
    assert money(micros(1250), "XOF") == "XOF 1,250"
    assert money(micros("0.0267"), "USD") == "USD 0.0267"
    assert money(-micros("1.5")) == "-1.50"
    assert money(0, "KES") == "KES 0.00"
    assert currency_of("Rs.", "NPR") == "NPR"
    assert currency_of("Ksh", "UGX") == "KES"
