"""Ages, counts, sizes and signals in words that a person can read out on the phone."""

from __future__ import annotations

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s"))


def duration(ms: int) -> str:
    """A length of time (milliseconds) in its two largest units: `2 d 4 h`, `6 min`, `0 s`.

    Seconds are only told of less than two minutes; nobody acts on them later.
    """
    rest = abs(ms)
    units = _UNITS if rest < 2 * MINUTE else _UNITS[:-1]
    parts: list[str] = []
    for length, name in units:
        whole, rest = divmod(rest, length)
        if whole or parts:
            parts.append(f"{whole} {name}" if whole else "")
        if len(parts) == 2:
            break
    words = " ".join(filter(None, parts)) or "0 s"
    return f"-{words}" if ms < 0 and words != "0 s" else words


def age(at: int | None, now: int) -> str:
    """How long ago `at` was (both epoch ms); None is `never`.

    A time that lies ahead means that a clock was set, and is said as such.
    """
    if at is None:
        return "never"
    if at - now > MINUTE:
        return "in the future (clock?)"
    return f"{duration(max(0, now - at))} ago"


def count(n: int | None) -> str:
    """A number with its thousands set apart; None is `?`, never 0."""
    return "?" if n is None else f"{n:,}"


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


def signal(dbm: int | None) -> str:
    """The strength that +CSQ tells (TS 27.007 §8.5), as a phone's bars would show it."""
    if dbm is None:
        return "signal not known"
    for least, words in ((-77, "good"), (-91, "fair"), (-103, "weak")):
        if dbm >= least:
            return f"{words} signal ({dbm} dBm)"
    return f"very weak signal ({dbm} dBm)"


def sentence(words: str) -> str:
    """With a capital in front and a full stop behind."""
    words = words.strip()
    if not words:
        return ""
    return words[0].upper() + words[1:] + ("" if words[-1] in ".!?…" else ".")


# Joiners shape letters in Indic and Arabic scripts and hold emoji together.
_KEPT = "\n\u200c\u200d"


def printable(text: str) -> str:
    """Text from outside as a terminal may be given it: nothing in it can steer the terminal, or
    turn the direction of what stands behind it."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _KEPT else "\ufffd" for c in text)
