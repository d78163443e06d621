"""Ages, counts, sizes and signals in words that a person can read out on the phone."""

from __future__ import annotations

from relay.core.said import Said, figure, joined, say, template

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNITS = (
    (DAY, template("{n} d")),
    (HOUR, template("{n} h")),
    (MINUTE, template("{n} min")),
    (SECOND, template("{n} s")),
)


def duration(ms: int) -> Said:
    """A length of time (milliseconds) in its two largest units: `2 d 4 h`, `6 min`, `0 s`.

    Seconds are only told of less than two minutes; nobody acts on them later.
    """
    rest = abs(ms)
    units = _UNITS if rest < 2 * MINUTE else _UNITS[:-1]
    parts: list[str] = []
    for length, words in units:
        whole, rest = divmod(rest, length)
        if whole or parts:
            parts.append(say(words, n=str(whole)) if whole else "")
        if len(parts) == 2:
            break
    said = joined(parts, " ") if any(parts) else say("{n} s", n=0)
    return joined(["-", said], "") if ms < 0 and any(parts) else said


def age(at: int | None, now: int) -> Said:
    """How long ago `at` was (both epoch ms); None is `never`.

    A time that lies ahead means that a clock was set, and is said as such.
    """
    if at is None:
        return say("never")
    if at - now > MINUTE:
        return say("in the future (clock?)")
    return say("{time} ago", time=duration(max(0, now - at)))


def count(n: int | None) -> Said:
    """A number with its thousands set apart; None is `?`, never 0."""
    return joined(["?"]) if n is None else figure(n)


def many(n: int, one: str, more: str | None = None) -> str:
    """`1 message`, `2,000 messages`."""
    return f"{n:,} {one if n == 1 else more or one + 's'}"


def size(octets: int | None) -> str:
    """Bytes as disks are sold: `640 MB`, `18 GB`."""
    if octets is None:
        return "?"
    amount, unit = float(octets), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}" if unit != "bytes" and amount < 10 else f"{amount:.0f} {unit}"


_BARS = (
    (-77, template("good signal ({dbm} dBm)")),
    (-91, template("fair signal ({dbm} dBm)")),
    (-103, template("weak signal ({dbm} dBm)")),
)


def signal(dbm: int | None) -> Said:
    """The strength that +CSQ tells (TS 27.007 §8.5), as a phone's bars would show it."""
    if dbm is None:
        return say("signal not known")
    for least, words in _BARS:
        if dbm >= least:
            return say(words, dbm=dbm)
    return say("very weak signal ({dbm} dBm)", dbm=dbm)


def sentence(words: str) -> str:
    """With a capital in front and a full stop behind."""
    words = words.strip()
    if not words:
        return ""
    return words[0].upper() + words[1:] + ("" if words[-1] in ".!?…" else ".")


# Joiners shape letters in Indic and Arabic scripts and hold emoji together; a blank that does not
# break sets thousands apart.
_KEPT = "\n\u200c\u200d\u00a0"


def printable(text: str) -> str:
    """Text from outside as a terminal may be given it: nothing in it can steer the terminal, or
    turn the direction of what stands behind it."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _KEPT else "\ufffd" for c in text)
