"""Forms as a rule set: what `relay forms import` and `export` write, and a person then edits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from relay.community.forms.form import Field, Form, ReplyOwner, Stock, Texts

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def rule_set(forms: Iterable[Form]) -> str:
    """TOML that `rules.read` reads as the same forms."""
    return "\n\n".join("\n".join(_form(form)) for form in forms) + "\n"


def _form(form: Form) -> Iterator[str]:
    name = f"form.{_key(form.code)}"
    yield f"[{name}]"
    yield from _dotted("title", form.titles)
    if form.fields:
        yield "fields = ["
        for one in form.fields:
            yield f"  {{ {', '.join(_field(one))} }},"
        yield "]"
    if form.senders:
        yield f"senders = {_list(form.senders)}"
    yield f"reply_owner = {_text(form.reply_owner)}" + (
        "  # it has its own answers" if form.reply_owner is ReplyOwner.SERVER else ""
    )
    if form.registers:
        yield f"registers = {_text(form.registers)}"
    yield from _dotted("received", form.received)
    if form.stock is not None:
        yield f"[{name}.stock]"
        yield from _stock(form.stock)


def _field(one: Field) -> Iterator[str]:
    yield f"name = {_text(one.name)}"
    yield f"type = {_text(one.type)}"
    if one.required:
        yield "required = true"
    for key, limits in (("length", one.length), ("range", one.range)):
        if limits is not None:
            yield f"{key} = [{limits[0]}, {limits[1]}]"
    if one.choices:
        listed = (f"{_key(short)} = {_texts(means)}" for short, means in one.choices.items())
        yield f"choices = {{ {', '.join(listed)} }}"
    # Without a label the name is one: CHT's forms may have fields that can only be sent in order.
    if one.label != {"en": one.name}:
        yield f"label = {_texts(one.label)}"
    if one.title:
        yield f"title = {_texts(one.title)}"


def _stock(stock: Stock) -> Iterator[str]:
    yield f"items = {_list(stock.items)}"
    yield f"received = {_list(stock.received)}"
    if stock.low:
        levels = ", ".join(f"{_key(item)} = {level}" for item, level in stock.low.items())
        yield f"low = {{ {levels} }}"
    yield from _dotted("low_text", stock.low_text)


def _dotted(key: str, texts: Texts) -> Iterator[str]:
    for language, text in texts.items():
        yield f"{key}.{_key(language)} = {_text(text)}"


def _texts(texts: Mapping[str, str]) -> str:
    inside = ", ".join(f"{_key(language)} = {_text(text)}" for language, text in texts.items())
    return f"{{ {inside} }}" if inside else '""'


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _list(words: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, words))}]"


def _text(text: str) -> str:
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")
