"""Reports as health workers write them: no two alike, so that gzip is not flattered."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from random import Random

from relay.store.exchanges import Report

_KNOWN = Path(__file__).parents[1] / "data" / "reports.json"
_FIRST = (
    "Achieng", "Wanjiku", "Nekesa", "Amina", "Fatuma", "Halima", "Grace", "Mercy", "Janet",
    "Beatrice", "Sarah", "Esther", "Zainab", "Mariam", "Sita", "Gita", "Laxmi", "Sunita",
    "Kamala", "Aminata", "Kadiatou", "Fanta", "Oumou", "Chipo", "Rudo", "Tendai",
)  # fmt: skip
_LAST = (
    "Otieno", "Odhiambo", "Kamau", "Mwangi", "Barasa", "Wekesa", "Hassan", "Abdi", "Mutua",
    "Kiprono", "Cheruiyot", "Thapa", "Gurung", "Tamang", "Shrestha", "Traore", "Keita",
    "Coulibaly", "Diallo", "Moyo", "Ncube", "Banda", "Phiri", "Juma", "Omondi", "Njoroge",
)  # fmt: skip
_REMARKS = (
    "no problems, heartbeat ok", "reduced fetal movements", "swollen feet and headache",
    "referred to the dispensary", "mother well, baby feeding", "fever since two days",
    "needs iron tablets", "moved to her mother's home", "not at home, will visit again",
    "bleeding, sent to hospital", "husband informed", "net given", "cough and fast breathing",
    "vaccinated at the market", "twins", "first visit",
)  # fmt: skip


def reports(count: int, seed: int = 1) -> list[Report]:
    """All known reports of CHT's own tests, the rest made up; `count` in a mixed order.

    The same in every run.
    """
    rng = Random(seed)
    texts = dict.fromkeys(one["text"] for one in json.loads(_KNOWN.read_text("utf-8")))
    while len(texts) < count:
        texts.setdefault(_form(rng))
    mixed = list(texts)[:count]
    rng.shuffle(mixed)
    senders = [f"+2547{rng.randrange(10**8):08d}" for _ in range(30)]
    at = 1_790_000_000_000
    rows = []
    for n, text in enumerate(mixed):
        at += rng.randrange(1_000, 900_000, 1_000)
        name = str(uuid.UUID(int=rng.getrandbits(128), version=5))
        rows.append(
            Report(n, name, rng.choice(senders), text, at, at + rng.randrange(2_000, 9_000))
        )
    return rows


def _form(rng: Random) -> str:
    name = f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
    patient = f"{rng.randrange(10_000, 99_999)}"
    remark = rng.choice(_REMARKS)
    kinds = (
        f"N {patient} F {rng.randrange(15, 45)} {name}",
        f"P {patient} {rng.randrange(4, 36)} {_date(rng)}",
        f"V {patient} {remark}",
        f"D {patient} {_date(rng)} {rng.choice('FM')} {rng.randrange(19, 45) / 10} {remark}",
        f'ANCR "{name}" {rng.randrange(4, 40)} {_date(rng)} {remark}',
        f"REG 07{rng.randrange(10**8):08d} {name}",
        f"STK {rng.randrange(60)} {rng.randrange(400)} ORS {rng.randrange(90)}",
        f"BP {rng.randrange(90, 170)}/{rng.randrange(55, 110)} HB "
        f"{rng.randrange(70, 140) / 10} WT {rng.randrange(400, 900) / 10} {name}, {remark}",
    )
    return rng.choice(kinds)


def _date(rng: Random) -> str:
    return f"{rng.choice((2025, 2026))}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"
