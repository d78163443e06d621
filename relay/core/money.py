"""Amounts of money as operators write them, and as people read them.

relay keeps prices and balances as whole *micros*, millionths of the currency: an SMS may cost
0.0267 of it, and sums must come out to the last digit.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

MICROS = 1_000_000
# A balance has no more digits before its point; a phone number or a reference has.
_MOST_DIGITS = 9

# Blanks only in front of three digits: "1 234,50" is one number, "20 12 Dec" is not.
NUMBER = r"\d+(?:(?:[.,'’٬٫]|[ \u00a0\u2009\u202f](?=\d{3}(?!\d)))\d+)*"
_THOUSANDS_ONLY = " '’٬\u00a0\u2009\u202f"

# How operators write the name of their currency, and its code where there is only one meaning.
_SPELLINGS: dict[str, str] = {
    "zmw": "ZMW", "zmk": "ZMW", "mk": "MWK", "mwk": "MWK", "k": "",
    "kes": "KES", "ksh": "KES", "kshs": "KES", "ugx": "UGX", "ush": "UGX", "ushs": "UGX",
    "shs": "", "sh": "", "tzs": "TZS", "tsh": "TZS", "tshs": "TZS", "rwf": "RWF", "frw": "RWF",
    "bif": "BIF", "fbu": "BIF", "ghs": "GHS", "ghc": "GHS", "gh¢": "GHS", "gh₵": "GHS",
    "₵": "GHS", "ngn": "NGN", "₦": "NGN", "n": "", "naira": "NGN", "fcfa": "", "f cfa": "",
    "cfa": "", "xof": "XOF", "xaf": "XAF", "f": "", "fc": "CDF", "cdf": "CDF", "gnf": "GNF",
    "fg": "GNF", "ar": "MGA", "mga": "MGA", "le": "SLE", "sle": "SLE", "nle": "SLE", "lrd": "LRD",
    "gmd": "GMD", "d": "", "etb": "ETB", "birr": "ETB", "br": "ETB", "sos": "SOS", "ssp": "SSP",
    "sdg": "SDG", "usd": "USD", "us$": "USD", "$": "", "zwg": "ZWG", "zig": "ZWG", "zwl": "ZWL",
    "mzn": "MZN", "mt": "MZN", "mts": "MZN", "aoa": "AOA", "kz": "AOA", "bwp": "BWP", "p": "",
    "zar": "ZAR", "r": "", "e": "", "szl": "SZL", "lsl": "LSL", "m": "", "nad": "NAD",
    "inr": "INR", "₹": "INR", "rs": "", "rs.": "", "₨": "", "रु": "", "रु.": "", "रू": "",
    "pkr": "PKR", "lkr": "LKR", "npr": "NPR", "bdt": "BDT", "tk": "BDT", "tk.": "BDT",
    "taka": "BDT", "৳": "BDT", "টাকা": "BDT", "vnd": "VND", "đ": "VND", "đồng": "VND",
    "dong": "VND", "lak": "LAK", "khr": "KHR", "៛": "KHR", "mmk": "MMK", "ks": "MMK",
    "php": "PHP", "₱": "PHP", "idr": "IDR", "rp": "IDR", "afn": "AFN", "afs": "AFN",
    "yer": "YER", "eur": "EUR", "€": "EUR", "egp": "EGP", "mad": "MAD", "dh": "MAD", "htg": "HTG",
    "pgk": "PGK",
}  # fmt: skip
CURRENCY = "|".join(re.escape(one) for one in sorted(_SPELLINGS, key=len, reverse=True))


def read_amount(shown: str, decimal: str = "") -> Decimal | None:
    """The number that an operator wrote, or None where it may mean two things.

    `decimal` is the operator's decimal mark, '.' or ',': without it '1,234' is not understood.
    Digits may be of any script.
    """
    text = "".join(_digit(character) for character in shown.strip())
    if not re.fullmatch(NUMBER, text):
        return None
    mark = _decimal_mark(text, decimal)
    if mark is None:
        return None
    whole, _, rest = text.rpartition(mark) if mark else (text, "", "")
    groups = re.split(r"\D", whole)
    if not (_well_grouped(groups) and rest.isdigit() | (not mark)):
        return None
    digits = "".join(groups)
    if len(digits) > _MOST_DIGITS or len(rest) > _MOST_DIGITS:
        return None
    return Decimal(f"{digits}.{rest}" if rest else digits)


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def _decimal_mark(text: str, decimal: str) -> str | None:
    """The decimal mark in `text`, '' if it has none; None if nobody can tell."""
    if "٫" in text:
        return "٫"
    marks = [character for character in text if character in ".,"]
    if not marks:
        return ""
    if len(set(marks)) == 2:
        return marks[-1]
    if len(marks) > 1:
        return ""
    whole, _, rest = text.partition(marks[0])
    if len(rest) != 3 or whole == "0" or any(one in whole for one in _THOUSANDS_ONLY):
        return marks[0]
    if not decimal:
        return None
    return marks[0] if decimal == marks[0] else ""


def _well_grouped(groups: list[str]) -> bool:
    """1,234,567, or 12,34,567 as in South Asia."""
    first, *rest = groups
    if not rest:
        return bool(first)
    inner = {len(group) for group in rest[:-1]}
    return 1 <= len(first) <= 3 and len(rest[-1]) == 3 and (inner <= {3} or inner <= {2})


def currency_of(spelling: str, usual: str = "") -> str:
    """The code of a currency as an operator spells it; where that is nobody's own, `usual`."""
    plain = spelling.strip().lower()
    return _SPELLINGS.get(plain, "") or usual or spelling.strip()


def micros(amount: Decimal | float | str) -> int:
    """An amount in millionths."""
    return round(Decimal(str(amount)) * MICROS)


def money(amount: int, currency: str = "") -> str:
    """Micros in words: `ZMW 38.20`, `XOF 1,250`, `USD 0.0267`."""
    value = Decimal(abs(amount)) / MICROS
    digits = 0 if value == value.to_integral() and value >= 100 else 2
    rounded = value.quantize(Decimal(1).scaleb(-digits))
    shown = f"{rounded:,}" if rounded == value else f"{value.normalize():,f}"
    return f"{currency} {'-' * (amount < 0)}{shown}".strip()
