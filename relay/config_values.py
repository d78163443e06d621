"""How each kind of value in relay.toml is read: what may stand there, and what it becomes.

A reader takes the TOML value and the `Place` it was found in, and returns the checked value.
It raises `Unfit` with words that finish the sentence 'this key …': what is wrong, then what
to write instead.
"""

from __future__ import annotations

import contextlib
import difflib
import re
import stat
import string
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from relay.config_secrets import Secret, Unfit


@dataclass(frozen=True, slots=True)
class Place:
    """Relative paths start at `folder`, the one that holds the file; `environ` fills `$NAME`."""

    folder: Path
    environ: Mapping[str, str]


Reader = Callable[[object, Place], Any]


def kind(value: object) -> str:
    """What a TOML value is, in the words of someone who has never heard of TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return f'the text "{shortened(value)}"'
    if isinstance(value, list):
        return "a list"
    return "a section" if isinstance(value, dict) else "a date or time"


def shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def nearest(word: str, known: Collection[str]) -> str:
    """` (did you mean …?)`, or nothing when no known word is near."""
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


# --- numbers and words --------------------------------------------------------------------------


def whole(low: int, high: int, unit: str = "") -> Reader:
    """A whole number from `low` to `high`."""
    wanted = f"write a whole number from {low} to {high}{unit and ' ' + unit}"

    def read(value: object, _: Place) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Unfit(f"is {kind(value)}; {wanted}")
        if not low <= value <= high:
            raise Unfit(f"{value} is out of range; {wanted}")
        return value

    return read


def seconds(low: float, high: float) -> Reader:
    """A duration in seconds; fractions are allowed."""
    wanted = f"write a number of seconds from {low:g} to {high:g}"

    def read(value: object, _: Place) -> float:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise Unfit(f"is {kind(value)}; {wanted}")
        if not low <= value <= high:  # which nan does not fulfil either
            raise Unfit(f"{value} is out of range; {wanted}")
        return float(value)

    return read


def yes_or_no(value: object, _: Place) -> bool:
    if not isinstance(value, bool):
        raise Unfit(f"is {kind(value)}; write true or false, without quotes")
    return value


def text(value: object, _: Place) -> str:
    if not isinstance(value, str):
        raise Unfit(f"is {kind(value)}; write a text in quotes")
    if any(not character.isprintable() for character in value):
        raise Unfit("has a line break or another character that cannot be seen; remove it")
    return value


def one_of(*words: str) -> Reader:
    wanted = "write one of " + ", ".join(f'"{word}"' for word in words)

    def read(value: object, _: Place) -> str:
        if value not in words:
            near = nearest(value, words) if isinstance(value, str) else ""
            raise Unfit(f"is {kind(value)}; {wanted}{near}")
        return str(value)

    return read


def list_of(*words: str) -> Reader:
    """A list of some of `words`, each once, in the order in which they were written."""
    one = one_of(*words)

    def read(value: object, place: Place) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise Unfit(f'is {kind(value)}; write a list, such as ["{words[0]}"] or []')
        return tuple(dict.fromkeys(one(word, place) for word in value))

    return read


def texts(value: object, place: Place) -> tuple[str, ...]:
    """A list of texts; a single one may stand for itself."""
    if isinstance(value, str):
        value = [value] if value else []
    if not isinstance(value, list):
        raise Unfit(f'is {kind(value)}; write a list of texts, such as ["MTN", "114"]')
    return tuple(dict.fromkeys(text(one, place) for one in value))


def command(value: object, place: Place) -> tuple[str, ...]:
    """A program and its arguments, as a list of texts; no shell reads it. Empty for none."""
    if not isinstance(value, list):
        raise Unfit(f'is {kind(value)}; write a list, such as ["/usr/bin/uhubctl", "-a", "cycle"]')
    words = tuple(text(word, place) for word in value)
    if words and not words[0].startswith("/"):
        raise Unfit("begins with no full path; write where the program lies, from / on")
    return words


# --- times --------------------------------------------------------------------------------------


def time_of_day(value: object, _: Place) -> str:
    """`HH:MM`, local time."""
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise Unfit(f'is {kind(value)}; write hours and minutes in quotes, such as "02:30"')
    return value


def time_of_day_or_none(value: object, place: Place) -> str:
    """`HH:MM`, local time; empty is none."""
    return "" if value == "" else time_of_day(value, place)


# --- files --------------------------------------------------------------------------------------


def path(value: object, place: Place) -> Path:
    """A full path: `~` and `$NAME` are filled in, and relative paths start at `place.folder`.

    Empty gives `Path()`, which stands for 'the usual place'.
    """
    written = text(value, place)
    if not written:
        return Path()
    return place.folder / _at_home(_filled(written, place), place)


def path_or_none(value: object, place: Place) -> Path | None:
    """The same; empty gives None."""
    found = path(value, place)
    return None if found == Path() else found


def _filled(written: str, place: Place) -> str:
    try:
        return string.Template(written).substitute(place.environ)
    except KeyError as missing:
        raise Unfit(
            f"names the variable {missing.args[0]}, which is not set; set it or write the path out"
        ) from None
    except ValueError:
        raise Unfit("has a $ that names no variable; write $$ for the sign itself") from None


def _at_home(written: str, place: Place) -> Path:
    home = place.environ.get("HOME")
    if home and (written == "~" or written.startswith("~/")):
        return Path(home + written[1:])
    try:
        return Path(written).expanduser()
    except RuntimeError:
        raise Unfit("begins with ~, and there is no such home; write the path out") from None


def readable_file(value: object, place: Place) -> Path | None:
    """A file that can be read now; empty gives None."""
    found = path(value, place)
    if found == Path():
        return None
    try:
        if not stat.S_ISREG(found.stat().st_mode):  # a device could be read for ever
            raise Unfit(f"{found} is no plain file; name one that is")
        with found.open("rb"):
            return found
    except OSError as error:
        raise Unfit(
            f"cannot read {found} ({error.strerror}); correct the path, "
            "or let the user that runs relay read it"
        ) from None


def certificates(value: object, place: Place) -> Path | None:
    """A PEM file of certificate authorities; empty gives None."""
    found = readable_file(value, place)
    if found is not None:
        import ssl  # which costs every command a fiftieth of a second

        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(found)
        except (ssl.SSLError, OSError):
            raise Unfit(
                f"{found} holds no certificate; give a PEM file (-----BEGIN CERTIFICATE-----)"
            ) from None
    return found


# --- addresses ----------------------------------------------------------------------------------

_PORT_WANTED = (
    'write "auto", a device path such as "/dev/serial/by-id/…", '
    'or "socket://host:port" or "rfc2217://host:port"'
)


def port(value: object, place: Place) -> str:
    """A serial port: auto, a device path, or the URL of one on the network; '' is none.

    The schemes are those of pySerial.
    """
    written = text(value, place)
    if written in {"", "auto"}:
        return written
    if written.startswith("/") and len(written) > 1:
        return written
    parts = _split(written)
    if parts is None or parts.scheme not in {"socket", "rfc2217"} or not parts.port:
        raise Unfit(f"is {kind(value)}; {_PORT_WANTED}")
    return written


def web_address(value: object, place: Place) -> str:
    """An http or https URL, after `split_login`.

    Never repeated in a message: where an @ was forgotten, the password is still in it.
    """
    written = text(value, place)
    parts = _split(written)
    wanted = 'write the whole address, such as "https://cht.example.org/api/sms"'
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Unfit(f"is no web address; {wanted}")
    if parts.query or parts.fragment or re.search(r"\s", written):
        raise Unfit(f"has a space or something after ? or #; {wanted}")
    return written


def _split(written: str) -> SplitResult | None:
    """The parts of a URL with a host, or None. Only reading `port` shows whether it is one."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(written)
        if parts.hostname and parts.port != 0:
            return parts
    return None


def user_name(value: object, place: Place) -> str:
    """RFC 7617 §2: the colon ends the user's name in the Authorization header."""
    written = text(value, place)
    if ":" in written:
        raise Unfit("has a colon, which no user name may have; correct it")
    return written


def fingerprint(value: object, place: Place) -> str:
    """The SHA-256 of a certificate as 64 lower-case hex digits; empty for none."""
    digits = text(value, place).replace(":", "").replace(" ", "").lower()
    if digits and not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise Unfit(
            f"has {len(digits)} characters that should be 64 hex digits; write the SHA-256 "
            "fingerprint as `openssl x509 -noout -fingerprint -sha256` shows it"
        )
    return digits


# --- secrets ------------------------------------------------------------------------------------


def password(value: object, _: Place) -> Secret | None:
    """Never repeated in a message. Empty gives None."""
    if not isinstance(value, str):
        raise Unfit("is not in quotes; put quotes around it")
    return Secret(value) if value else None


def pin_code(value: object, place: Place) -> Secret | None:
    """A SIM's PIN: four to eight digits (3GPP TS 51.011 §9.3). Never repeated in a message."""
    secret = password(value, place)
    if secret and not re.fullmatch(r"[0-9]{4,8}", secret.reveal()):
        raise Unfit("is no PIN; write the four to eight digits in quotes")
    return secret
