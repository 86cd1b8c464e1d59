"""Rows like those of a real warehouse, by the column: texts that zstd packs about 2.7 times, five events an article, two years in order.

Words are drawn by Zipf's law from an invented vocabulary, sentences from a pool larger than the compressor's window.
"""

from __future__ import annotations

import hashlib
import random
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pyarrow as pa

from warehouse.parts import in_schema
from warehouse.schema import TABLES

START = datetime(2025, 1, 1)
COUNTRIES = [
    "USA",
    "CHN",
    "RUS",
    "UKR",
    "ISR",
    "PSE",
    "IRN",
    "IRQ",
    "SYR",
    "TUR",
    "FRA",
    "DEU",
    "GBR",
    "IND",
    "PAK",
    "AFG",
    "EGY",
    "SDN",
    "ETH",
    "NGA",
    "ZAF",
    "BRA",
    "MEX",
    "COL",
    "VEN",
    "JPN",
    "KOR",
    "PRK",
    "IDN",
    "PHL",
]
TYPES = [
    "CONSULT",
    "SUPPORT",
    "AGREE",
    "REQUEST",
    "ACCUSE",
    "REJECT",
    "THREATEN",
    "PROTEST",
    "SANCTION",
    "MOBILIZE",
    "COERCE",
    "ASSAULT",
    "AID",
    "RETREAT",
    "CONCEDE",
    "COOPERATE",
]
SECTORS = ["GOV", "MIL", "CVL", "REB", "LEG", "OPP", None]
SOURCES = [f"source-{i}" for i in range(40)]
EVENTS_PER_ARTICLE = 5


def digest(text: str) -> str:
    """32 hexadecimal characters."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@cache
def _sentences(count: int = 120_000) -> list[str]:
    chance = random.Random(1)
    syllables = [
        a + b
        for a in ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "st", "tr"]
        for b in ["a", "e", "i", "o", "u", "an", "en", "or"]
    ]
    words = ["".join(chance.choices(syllables, k=chance.randint(1, 3))) for _ in range(20_000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    drawn = iter(chance.choices(words, weights, k=count * 24))
    return [" ".join(next(drawn) for _ in range(24)).capitalize() + "." for _ in range(count)]


def tables(first: int, count: int, load_id: str, of: int) -> dict[str, pa.Table]:
    """The tables of one load.

    Args:
        first: number of its first article, counted over the whole warehouse.
        of: articles in the whole warehouse, which spreads them over two years.
    """
    chance = random.Random(first)
    numbers = range(first, first + count)
    pool = _sentences()
    versions = [digest(f"v{n}") for n in numbers]
    days = [START + timedelta(days=730 * n / of, seconds=chance.randrange(3600)) for n in numbers]
    texts = [" ".join(chance.choices(pool, k=chance.randint(14, 40))) for _ in numbers]
    article: dict[str, list[Any]] = {
        "article_id": [digest(f"a{n}") for n in numbers],
        "version_id": versions,
        "title": [chance.choice(pool)[:70] for _ in numbers],
        "url": [f"https://news.example/{day:%Y/%m/%d}/story-{n}" for n, day in zip(numbers, days, strict=True)],
        "source": [chance.choice(SOURCES) for _ in numbers],
        "published_at": days,
        "language": ["en"] * count,
        "coded": [True] * count,
        "authors": [[] for _ in numbers],
        "text": texts,
        "paragraphs": [[{"char_start": 0, "char_end": len(t)}] for t in texts],
        "word_count": [t.count(" ") + 1 for t in texts],
        "text_hash": [digest(t) for t in texts],
        "extract_method": ["scored_block"] * count,
        "extract_confidence": [0.9] * count,
        "capture_id": [digest(f"c{n}") * 2 for n in numbers],
    }
    return {"articles": _table("articles", article, load_id), "events": _events(article, chance, load_id)}


def _events(article: dict[str, list[Any]], chance: random.Random, load_id: str) -> pa.Table:
    rows = [i for i in range(len(article["version_id"])) for _ in range(EVENTS_PER_ARTICLE)]
    actors = chance.choices(COUNTRIES, [1 / (r + 2) for r in range(len(COUNTRIES))], k=len(rows))
    recipients = chance.choices([*COUNTRIES, None], k=len(rows))
    happened = [article["published_at"][i].date() - timedelta(days=chance.randrange(3)) for i in rows]
    columns: dict[str, list[Any]] = {
        "event_id": [digest(f"{article['version_id'][i]}{k}") for k, i in enumerate(rows)],
        "event_type": chance.choices(TYPES, [1 / (r + 2) for r in range(len(TYPES))], k=len(rows)),
        "contexts": [["diplomatic"]] * len(rows),
        "quad_class": chance.choices([1, 2, 3, 4], k=len(rows)),
        "score": chance.choices([-9.0, -5.0, -2.0, 2.5, 5.0], k=len(rows)),
        "status": chance.choices(
            ["actual", "planned", "historical", "called_for", "negated"], [80, 8, 5, 5, 2], k=len(rows)
        ),
        "actor_name": [f"{c} minister {chance.randrange(30)}" for c in actors],
        "actor_country": actors,
        "actor_sector": chance.choices(SECTORS, k=len(rows)),
        "recipient_name": [c and f"{c} minister {chance.randrange(30)}" for c in recipients],
        "recipient_country": recipients,
        "recipient_sector": chance.choices(SECTORS, k=len(rows)),
        "actor_countries": [[c] for c in actors],
        "recipient_countries": [[c] if c else [] for c in recipients],
        "date_start": happened,
        "date_end": happened,
        "date_precision": ["day"] * len(rows),
        "place_name": [f"Town {chance.randrange(900)}" for _ in rows],
        "place_country": chance.choices(COUNTRIES, k=len(rows)),
        "lat": [chance.uniform(-50, 60) for _ in rows],
        "lon": [chance.uniform(-150, 150) for _ in rows],
        "killed": [chance.randrange(20) if chance.random() < 0.05 else None for _ in rows],
        "support": [article["text"][i][: chance.randint(90, 200)] for i in rows],
        "trigger": ["met"] * len(rows),
        "char_start": [0] * len(rows),
        "char_end": [150] * len(rows),
        "rule_id": [f"rule.{chance.randrange(300)}" for _ in rows],
        "confidence": [0.8] * len(rows),
    }
    for name in ("article_id", "version_id", "title", "url", "source", "published_at"):
        columns[name] = [article[name][i] for i in rows]
    return _table("events", columns, load_id)


def _table(name: str, columns: dict[str, list[Any]], load_id: str) -> pa.Table:
    rows = len(columns["version_id"])
    columns |= {
        "load_id": [load_id] * rows,
        "run_id": ["bench"] * rows,
        "extractor_version": ["e1"] * rows,
        "lexicon_version": ["l1"] * rows,
        "loaded_at": [START] * rows,
    }
    schema = TABLES[name]
    return in_schema(name, pa.table({c: pa.array(v, schema.field(c).type) for c, v in columns.items()}))
