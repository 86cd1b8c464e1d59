"""Cleaning on our own synthetic pages, pinned: the story's words, headline, day and writer, found again in every shape."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path

from extractors.article import read_article
from extractors.records import Capture
from tests.quality import shapes

HERE = Path(__file__).parent


def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return Counter(tuple(words[at : at + 4]) for at in range(len(words) - 3))


def body_f1(text: str) -> float:
    want, got = shingles(" ".join(shapes.STORY)), shingles(text)
    return 2 * (want & got).total() / (want.total() + got.total())


def measure() -> dict[str, float]:
    read = {name: read_article(Capture(page.encode(), name)) for name, page in shapes.SHAPES.items()}
    bodies = {name: body_f1(article.text) for name, article in read.items()}
    wrong = {
        "pages_title": [n for n, a in read.items() if a.title != shapes.TITLE],
        "pages_date": [
            n for n, a in read.items() if a.published_at and a.published_at.date().isoformat() != shapes.DAY
        ],
        "pages_author": [n for n, a in read.items() if a.authors not in ((), (shapes.AUTHOR,))],
        "pages_date_found": [n for n, a in read.items() if not a.published_at],
    }
    print(bodies, wrong)
    return {"pages_body": sum(bodies.values()) / len(bodies)} | {k: 1 - len(v) / len(read) for k, v in wrong.items()}


def test_no_measure_of_cleaning_is_under_its_floor() -> None:
    floors = json.loads((HERE / "floors.json").read_text())
    digest = hashlib.sha256((HERE / "shapes.py").read_bytes()).hexdigest()[:16]
    assert digest == floors["shapes.py"], "the pages changed: measure again and write floors.json anew"
    for name, value in measure().items():
        assert value >= floors[name], f"{name} {value:.3f} is under its floor {floors[name]}"
