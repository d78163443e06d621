"""Mutations of the seeds, in plain Python, by a seeded chance: the same on any machine."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic

from tests.fuzz.targets import Target


@dataclass(frozen=True, slots=True)
class Found:
    """`inputs` were tried in `seconds`; `defects` are what they found, each with its input."""

    inputs: int
    seconds: float
    defects: tuple[str, ...] = ()


def search(target: Target, inputs: int, seed: int) -> Found:
    """Try so many inputs. Stops at the first defect: what comes after may follow from it."""
    began = monotonic()
    for number, data in enumerate(mutations(target, inputs, seed)):
        try:
            target.run(data)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is what was looked for
            words = f"{target.name}: {type(error).__name__}: {error}; input {data.hex()}"
            return Found(number + 1, monotonic() - began, (words,))
    return Found(inputs, monotonic() - began)


def mutations(target: Target, count: int, seed: int) -> Iterator[bytes]:
    """The seeds themselves, then seeds with a few things changed, some of them again."""
    chance, seeds = random.Random(f"{seed} {target.name}"), list(target.seeds())
    yield from seeds[:count]
    pool = list(seeds)
    for _ in range(count - len(seeds)):
        data = bytearray(chance.choice(pool))
        for _ in range(1 << chance.randrange(5)):
            _change(data, chance, pool)
        del data[target.longest :]
        if chance.random() < 0.02:
            pool[chance.randrange(len(pool))] = bytes(data)
            pool[chance.randrange(len(pool))] = chance.choice(seeds)
        yield bytes(data)


def _change(data: bytearray, chance: random.Random, pool: list[bytes]) -> None:
    at = chance.randrange(len(data) + 1)
    match chance.randrange(8):
        case 0 if data:
            data[at % len(data)] ^= 1 << chance.randrange(8)
        case 1 if data:
            data[at % len(data)] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        case 2:
            data[at:at] = chance.randbytes(chance.randrange(1, 9))
        case 3:
            del data[at : at + chance.randrange(1, 9)]
        case 4:
            other = chance.choice(pool)
            start = chance.randrange(len(other) + 1)
            data[at:at] = other[start : start + chance.randrange(1, 64)]
        case 5:
            piece = data[at : at + chance.randrange(1, 9)]
            data[at:at] = piece * chance.choice((1, 2, 8, 100))
        case 6:
            data[at:at] = chance.choice((b"\r\n", b'"', b",", b"{", b"[", b"\0", b"+", b":", b" "))
        case _:
            del data[at:]
