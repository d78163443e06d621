"""Address fields: TP-OA, TP-DA, TP-RA and the service centre (3GPP TS 23.040 §9.1.2.5)."""

from __future__ import annotations

from dataclasses import dataclass

from relay.core import gsm7
from relay.core.number import dialable
from relay.core.octets import Octets
from relay.errors import NumberError

# Types of number.
UNKNOWN = 0
INTERNATIONAL = 1
NATIONAL = 2
ALPHANUMERIC = 5

# Numbering plans.
PLAN_UNKNOWN = 0
ISDN = 1

# Semi-octets 0xA to 0xE; 0xF fills up the last octet.
_DIGITS = "0123456789*#abc"
_SWAPPED = {f"{value:X}": digit for value, digit in enumerate(_DIGITS)} | {"F": ""}
_SHOWN = str.maketrans(_SWAPPED)
_SENT = str.maketrans({digit: f"{value:X}" for value, digit in enumerate(_DIGITS)})
# Ten octets is all that the standard allows an address value.
_MOST_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Address:
    """Who sent a message, or for whom it is.

    `number` begins with `+` where the type of number (`ton`) is international, is a name where
    it is alphanumeric, and may be a short code, or hold `*`, `#`, a, b, c. It is empty where the
    network gave none. `npi` is the numbering plan.
    """

    number: str
    ton: int = UNKNOWN
    npi: int = ISDN

    @classmethod
    def parse(cls, text: str) -> Address:
        """A recipient as people write it. Raises `NumberError` where it cannot be dialled."""
        number = dialable(text)
        return cls(number, INTERNATIONAL if number.startswith("+") else UNKNOWN)

    @classmethod
    def originator(cls, text: str) -> Address:
        """A sender: a number if it can be dialled, otherwise a name such as MPESA."""
        try:
            return cls.parse(text)
        except NumberError:
            return cls(text, ALPHANUMERIC, PLAN_UNKNOWN) if text else cls("", npi=PLAN_UNKNOWN)

    @property
    def type_octet(self) -> int:
        return 0x80 | self.ton << 4 | self.npi

    def encode(self) -> bytes:
        """Length in useful semi-octets, type, value. Raises `NumberError`."""
        if self.ton == ALPHANUMERIC:
            return self._encode_name()
        digits = self._digits()
        return bytes((len(digits), self.type_octet)) + swapped_digits(digits)

    def encode_smsc(self) -> bytes:
        """Length in octets (including the type), type, value (TS 24.011 §8.2.5.1)."""
        if not self.number:
            return b"\0"
        value = swapped_digits(self._digits())
        return bytes((len(value) + 1, self.type_octet)) + value

    def _digits(self) -> str:
        digits = self.number.removeprefix("+")
        if len(digits) > _MOST_DIGITS or digits.strip(_DIGITS):
            raise NumberError(detail=f"{len(digits)} characters that are not all digits")
        return digits

    def _encode_name(self) -> bytes:
        septets = gsm7.DEFAULT.encode(self.number)
        if septets is None or len(septets) * 7 > _MOST_DIGITS * 4:
            raise NumberError(detail="a name has at most 11 characters of the GSM alphabet")
        length = (len(septets) * 7 + 3) // 4
        return bytes((length, self.type_octet)) + gsm7.pack(septets)


def swapped_digits(digits: str) -> bytes:
    """Digits as semi-octets, the first in the lower half, filled up with 0xF."""
    nibbles = digits.translate(_SENT)
    if len(nibbles) % 2:
        nibbles += "F"
    return bytes.fromhex("".join(map("".join, zip(nibbles[1::2], nibbles[::2], strict=True))))


def read(octets: Octets) -> Address:
    """The address field at this place, whatever its type."""
    length = octets.byte("an address")
    kind = octets.byte("an address")
    return _address(kind, octets.take((length + 1) // 2, "an address"), length)


def read_smsc(octets: Octets) -> str:
    """The number of the service centre in front of the TPDU; empty where the modem left it out."""
    length = octets.byte("the service centre")
    if not length:
        return ""
    kind = octets.byte("the service centre")
    value = octets.take(length - 1, "the service centre")
    return _address(kind, value, len(value) * 2).number


def _address(kind: int, value: bytes, length: int) -> Address:
    ton, npi = kind >> 4 & 7, kind & 0xF
    if ton == ALPHANUMERIC:
        return Address(_name(value, length), ton, npi)
    hexed = value.hex().upper()
    nibbles = "".join(map("".join, zip(hexed[1::2], hexed[::2], strict=True)))
    number = nibbles[:length].translate(_SHOWN)
    return Address("+" + number if ton == INTERNATIONAL and number else number, ton, npi)


def _name(value: bytes, length: int) -> str:
    """A name. `length` counts semi-octets, but some networks round it up to whole octets.

    Then seven characters read as eight, and the eighth is '@' (septet 0), which ends no name.
    """
    septets = gsm7.unpack(value, length * 4 // 7)
    if len(septets) % 8 == 0 and septets.endswith(b"\0"):
        septets = septets[:-1]
    return gsm7.DEFAULT.decode(septets)
