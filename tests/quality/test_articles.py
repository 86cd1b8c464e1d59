"""The shipped model on whole articles of ours, written by somebody who writes no code for it: floors on events and their sides.

`articles.jsonl` has a line an article: id, published, title, text and its events: `words` (the clause that tells it, exactly), type,
accept (further types), status, core, countries of actors and recipients, and `again` (clauses that tell it once more).
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from extractors.confidence import default_confidence
from extractors.events.coder import code
from extractors.lexicon import load_lexicons
from extractors.records import Event
from extractors.tagger.train.judge import found_of, match

HERE = Path(__file__).parent
FLOORS = HERE / "floors.json"


def articles() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / "articles.jsonl").read_text("utf-8").splitlines()]


def span(text: str, words: str) -> list[int]:
    at = text.index(words)
    return [at, at + len(words)]


def as_coded(article: dict[str, Any]) -> dict[str, Any]:
    """The article in the form that the judge takes."""
    text = article["text"]
    sentences = [span(text, words) for e in article["events"] for words in e.get("again", [])]
    events, at = [], 0
    for e in article["events"]:
        again = list(range(at, at + len(e.get("again", []))))
        at += len(again)
        events.append(
            {
                "type": e["type"],
                "accept": e.get("accept", []),
                "status": e["status"],
                "clause": span(text, e["words"]),
                "again": again,
            }
        )
    return {"events": events, "sentences": sentences}


def right_side(got: tuple[Any, ...], wanted: list[str]) -> bool:
    countries = {a.country for a in got if a.country}
    return not wanted or bool(countries & set(wanted))


def measure() -> dict[str, float]:
    """Precision, recall over core events, F1, and the share of right events whose sides are right."""
    lexicons, least = load_lexicons(), default_confidence()
    right = found = core = hit = sided = 0
    for article in articles():
        coding = code(article["text"], lexicons=lexicons, published=date.fromisoformat(article["published"]))
        events: list[Event] = [
            e for e in coding.events if e.confidence >= least and not (e.event_type or "").startswith("x_")
        ]
        pairs = match([found_of(e) for e in events], as_coded(article))
        right, found = right + len(pairs), found + len(events)
        wanted = {n for n, e in enumerate(article["events"]) if e["core"]}
        core, hit = core + len(wanted), hit + len(wanted & set(pairs.values()))
        for n, k in pairs.items():
            gold = article["events"][k]
            sided += right_side(events[n].actors, gold["actors"]) and right_side(
                events[n].recipients, gold["recipients"]
            )
    p, r = right / max(1, found), hit / max(1, core)
    return {"precision": p, "recall": r, "f1": 2 * p * r / max(1e-9, p + r), "sides": sided / max(1, right)}


def test_whole_articles_are_coded_no_worse_than_they_were() -> None:
    got = measure()
    print({k: round(v, 3) for k, v in got.items()})
    floors = json.loads(FLOORS.read_text())["articles"]
    for name, value in got.items():
        assert value >= floors[name], f"{name} {value:.3f} is under its floor {floors[name]}"


def test_there_are_enough_articles() -> None:
    assert len(articles()) >= 40
    assert sum(len(a["events"]) for a in articles()) >= 300
