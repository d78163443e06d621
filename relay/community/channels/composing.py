"""What somebody wrote behind POST, JOIN and RUMOR, taken apart; and what a reader gets of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

# "Bura Health Centre East" has four.
_MOST_WORDS = 4
_AT = ("@", "＠")
ANY = ""  # the language of a text that says none


def names(text: str) -> Iterator[tuple[str, str]]:
    """What may be the name of a place in front of a text, the longest first, and what is left."""
    words = list(re.finditer(r"\S+", text))
    for count in range(min(_MOST_WORDS, len(words)), 0, -1):
        yield (
            text[words[0].start() : words[count - 1].end()],
            text[words[count - 1].end() :].strip(),
        )


def addressed(text: str) -> str | None:
    """What stands behind the @ in front of a text; None where it names no place."""
    text = text.strip()
    return text[1:].strip() if text.startswith(_AT) else None


def texts_of(text: str, languages: Sequence[str]) -> Mapping[str, str]:
    """The texts by language, as in `en: Stay calm. sw: Tulieni.`; the first is for all others.

    A text that does not begin with one of the languages and a colon is one text for everybody:
    a colon within it is only a colon.
    """
    tag = rf"(?:{'|'.join(map(re.escape, languages))})\s*[:：]"
    if not languages or not re.match(tag, text, re.IGNORECASE):
        return {ANY: text.strip()} if text.strip() else {}
    found: dict[str, str] = {}
    marks = [*re.finditer(rf"(?:^|(?<=\s)){tag}", text, re.IGNORECASE)]
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        words = text[mark.end() : following.start() if following else len(text)].strip()
        language = mark[0].rstrip(":：").strip().lower()
        if words and language not in found:
            found[language] = words
    return found


def text_for(texts: Mapping[str, str], language: str) -> str:
    """What a reader of this language gets; the first one where there is none for him."""
    return texts.get(language) or next(iter(texts.values()), "")


def signed(texts: Mapping[str, str], name: str) -> Mapping[str, str]:
    """With the channel's name in front."""
    return {language: f"{name}: {text}" for language, text in texts.items()}
