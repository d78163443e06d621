"""SMS as octets on their way through the service centre (3GPP TS 23.040 §9.2).

The network carries user data; it does not read it. So a SUBMIT becomes a DELIVER by moving its
octets, and what a sender wrote arrives byte for byte, sensible or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from relay.errors import PduError

# TS 23.040 §9.1.2.5: TON international and national-unknown with the ISDN plan, alphanumeric
INTERNATIONAL, UNKNOWN, ALPHANUMERIC = 0x91, 0x81, 0xD0
# TS 23.040 §9.2.3.1: TP-MTI; §9.2.3.23: TP-UDHI; §9.2.3.5: TP-SRR; §9.2.3.2: TP-MMS (inverted)
DELIVER, SUBMIT, STATUS_REPORT = 0, 1, 2
UDHI, SRR, NO_MORE_MESSAGES = 0x40, 0x20, 0x04
_DIGITS = "0123456789*#abc"
_SPOKEN = str.maketrans("abcde", _DIGITS[10:])


@dataclass(frozen=True, slots=True)
class WireSubmit:
    """An SMS-SUBMIT, taken apart no further than the network needs. `validity_s` is relative."""

    smsc: str
    mr: int
    recipient: str
    report: bool
    udhi: bool
    pid: int
    dcs: int
    validity_s: int | None
    udl: int
    user_data: bytes


def read_submit(pdu: str) -> WireSubmit:
    """Take an SMS-SUBMIT with its SMSC field apart. Raises `PduError`."""
    try:
        return _read_submit(bytes.fromhex(pdu))
    except (ValueError, IndexError) as error:
        raise PduError(pdu, f"no SMS-SUBMIT: {error}") from error


def _read_submit(octets: bytes) -> WireSubmit:
    start = 1 + octets[0]
    first, mr, digits = octets[start], octets[start + 1], octets[start + 2]
    if first & 0x03 != SUBMIT:
        raise ValueError(f"TP-MTI is {first & 0x03}")
    number_end = start + 4 + (digits + 1) // 2
    pid, dcs = octets[number_end], octets[number_end + 1]
    vp_size = (0, 7, 1, 7)[first >> 3 & 0x03]
    body = number_end + 2 + vp_size
    udl, user_data = octets[body], octets[body + 1 :]
    if len(user_data) != user_octets(dcs, udl):
        raise ValueError(f"TP-UDL is {udl}, but {len(user_data)} octets of user data follow")
    return WireSubmit(
        smsc=read_number(octets[1], octets[2:start]) if octets[0] else "",
        mr=mr,
        recipient=read_number(octets[start + 3], octets[start + 4 : number_end], digits),
        report=bool(first & SRR),
        udhi=bool(first & UDHI),
        pid=pid,
        dcs=dcs,
        validity_s=relative_validity(octets[number_end + 2]) if vp_size == 1 else None,
        udl=udl,
        user_data=user_data,
    )


def user_octets(dcs: int, udl: int) -> int:
    """How many octets TP-UDL means: septets in the default alphabet (TS 23.038 §4)."""
    return (udl * 7 + 7) // 8 if is_seven_bit(dcs) else udl


def is_seven_bit(dcs: int) -> bool:
    group = dcs >> 4
    if group <= 7:
        return dcs & 0x0C in (0x00, 0x0C)
    return group in (0xC, 0xD) or (group == 0xF and not dcs & 0x04)


def message_class(dcs: int) -> int | None:
    """Class 0 to 3, or None (TS 23.038 §4)."""
    if dcs >> 4 == 0xF or (dcs >> 4 <= 7 and dcs & 0x10):
        return dcs & 0x03
    return None


def relative_validity(vp: int) -> int:
    """TP-VP relative format in seconds (TS 23.040 §9.2.3.12.1)."""
    if vp <= 143:
        return (vp + 1) * 300
    if vp <= 167:
        return 43_200 + (vp - 143) * 1800
    return (vp - 166) * 86_400 if vp <= 196 else (vp - 192) * 604_800


def read_number(toa: int, octets: bytes, digits: int | None = None) -> str:
    """The digits of an address field, with + where TON says international."""
    semi = octets.hex().translate(_SPOKEN)
    semi = "".join(second + first for first, second in zip(semi[::2], semi[1::2], strict=True))
    number = (semi if digits is None else semi[:digits]).replace("f", "")
    return f"+{number}" if toa >> 4 & 0x07 == 1 else number


@lru_cache(maxsize=4096)
def address(number: str) -> bytes:
    """An address field of TS 23.040 §9.1.2.5: length in semi-octets, type, value."""
    digits = number.removeprefix("+")
    if all(digit in _DIGITS for digit in digits):
        toa = INTERNATIONAL if number.startswith("+") else UNKNOWN
        return bytes((len(digits), toa)) + _semi_octets(digits)
    packed = pack_septets([_letter(letter) for letter in number[:11]])
    return bytes(((len(number[:11]) * 7 + 3) // 4, ALPHANUMERIC)) + packed


def _letter(letter: str) -> int:
    # TS 23.038 §6.2.1 and ASCII agree here; @ and _ are moved, the rest has no place in a name.
    moved = {"@": 0x00, "_": 0x11, "$": 0x02}
    if letter in moved:
        return moved[letter]
    agrees = letter.isascii() and letter.isprintable() and letter not in "[\\]^`{|}~"
    return ord(letter) if agrees else ord("?")


def pack_septets(septets: list[int]) -> bytes:
    """7-bit packing of TS 23.038 §6.1.2.1."""
    bits = 0
    for place, septet in enumerate(septets):
        bits |= septet << 7 * place
    return bits.to_bytes((len(septets) * 7 + 7) // 8, "little")


def _semi_octets(digits: str) -> bytes:
    codes = [_DIGITS.index(digit) for digit in digits]
    if len(codes) % 2:
        codes.append(0x0F)
    return bytes(low | high << 4 for low, high in zip(codes[::2], codes[1::2], strict=True))


@lru_cache(maxsize=64)
def smsc_field(number: str) -> bytes:
    """The SMSC address in front of a PDU, its length in octets (TS 27.005 §3.1 <pdu>)."""
    if not number:
        return b"\x00"
    toa = INTERNATIONAL if number.startswith("+") else UNKNOWN
    value = _semi_octets(number.removeprefix("+"))
    return bytes((len(value) + 1, toa)) + value


def time_stamp(at: int, zone_quarters: int) -> bytes:
    """TP-SCTS: local time of the service centre with its zone (TS 23.040 §9.2.3.11)."""
    return _stamp_of_second(at // 1000, zone_quarters)


@lru_cache(maxsize=64)
def _stamp_of_second(second: int, zone_quarters: int) -> bytes:
    local = datetime.fromtimestamp(second, UTC) + timedelta(minutes=15 * zone_quarters)
    fields = (local.year % 100, local.month, local.day, local.hour, local.minute, local.second)
    zone = _swapped(abs(zone_quarters)) | (0x08 if zone_quarters < 0 else 0)
    return bytes((*(_swapped(number) for number in fields), zone))


def _swapped(number: int) -> int:
    return number % 10 << 4 | number // 10


def deliver_pdu(submit: WireSubmit, *, smsc: str, sender: str, scts: bytes) -> str:
    """The SMS-DELIVER that a submission becomes."""
    first = DELIVER | NO_MORE_MESSAGES | (UDHI if submit.udhi else 0)
    return (
        smsc_field(smsc)
        + bytes((first,))
        + address(sender)
        + bytes((submit.pid, submit.dcs))
        + scts
        + bytes((submit.udl,))
        + submit.user_data
    ).hex().upper()  # fmt: skip


def report_pdu(
    *, smsc: str, mr: int, recipient: str, sent: bytes, ended: bytes, tp_st: int
) -> str:
    """An SMS-STATUS-REPORT (TS 23.040 §9.2.2.3)."""
    first = STATUS_REPORT | NO_MORE_MESSAGES
    octets = smsc_field(smsc) + bytes((first, mr)) + address(recipient) + sent + ended
    return (octets + bytes((tp_st,))).hex().upper()


def submit_pdu(recipient: str, user_data: bytes, *, dcs: int, udhi: bool) -> str:
    """An SMS-SUBMIT of 8-bit or UCS2 octets, as a phone makes it."""
    first = SUBMIT | (UDHI if udhi else 0)
    head = bytes((0, first, 0)) + address(recipient) + bytes((0, dcs, len(user_data)))
    return (head + user_data).hex().upper()


def with_reference(pdu: str, mr: int) -> str:
    """The same SMS-SUBMIT with the modem's own TP-MR, as a modem puts it on the air."""
    place = 2 + 2 * int(pdu[:2], 16) + 2
    return f"{pdu[:place]}{mr:02X}{pdu[place + 2 :]}"


def tpdu_octets(pdu: str) -> int:
    """The <length> of +CMGL: octets without the SMSC field. Tolerates any hex."""
    return max(0, len(pdu) // 2 - 1 - int(pdu[:2] or "0", 16))


def kind_of(pdu: str) -> int:
    """TP-MTI of a PDU on its way to the mobile; 3 is read as DELIVER. Tolerates any hex."""
    place = 2 + 2 * int(pdu[:2] or "0", 16)
    return int(pdu[place : place + 2] or "0", 16) & 0x03


def class_of_deliver(pdu: str) -> int | None:
    """The message class of an SMS-DELIVER, or None; also None for what cannot be read."""
    try:
        octets = bytes.fromhex(pdu)
        start = 1 + octets[0]
        return message_class(octets[start + 4 + (octets[start + 1] + 1) // 2])
    except (ValueError, IndexError):
        return None
