"""What the shipped model is worth on coded articles: events, sides, merging, and how well confidence means what it says.

    python -m extractors.tagger.train.evaluate ARTICLES.jsonl.gz [--split valid] [--gazetteer FILE] [--least F1]

Precision counts rows that a coder has too, core or optional; recall is over core events. `--least` fails below that F1.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from extractors.confidence import default_confidence
from extractors.events.coder import Read, event_of
from extractors.gazetteer import open_gazetteer
from extractors.lexicon import Lexicons, load_lexicons
from extractors.records import Event
from extractors.tagger.session import load
from extractors.tagger.train.calibrate import calibration_error, merged, read_all, shares, told_pairs
from extractors.tagger.train.judge import found_of, match
from extractors.tagger.train.lines import read_lines


def main(argv: Sequence[str] | None = None) -> None:
    """Print the figures of one split."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--split", default="valid")
    parser.add_argument("--gazetteer", type=Path, help="a compiled one; without it countries and capitals are known")
    parser.add_argument("--least", type=float, default=0.0, help="exit with 1 below this F1")
    o = parser.parse_args(argv)
    lexicons = load_lexicons(None, open_gazetteer(o.gazetteer) if o.gazetteer else None)
    articles = [a for a in read_lines(o.articles) if a["split"] == o.split]
    reads = read_all(articles, lexicons, load())
    f1 = 0.0
    for name in ("all", "world", "home", "rest"):
        chosen = [n for n, a in enumerate(articles) if name in ("all", _group(a))]
        figures = score([articles[n] for n in chosen], [reads[n] for n in chosen], lexicons)
        f1 = figures["f1"] if name == "all" else f1
        print(f"{name} ({len(chosen)} articles): " + ", ".join(f"{k} {v:.3f}" for k, v in figures.items()))
    told = merging(articles, reads)
    print(f"merging: {told[0]:.3f} of {told[1]} pairs of one act, {told[2]:.3f} of {told[3]} other pairs of like type")
    for line in reliability(articles, reads, lexicons):
        print(line)
    if f1 < o.least:
        sys.exit(f"F1 {f1:.3f} is under {o.least}")


def _group(article: dict[str, Any]) -> str:
    return article["kind"] if article["kind"] in ("world", "home") else "rest"


def events_of(article: dict[str, Any], read: Read, lexicons: Lexicons, least: float) -> list[Event]:
    """The events of PLOVER types at least so sure, in the order of the text."""
    day = date.fromisoformat(article["published"][:10]) if article.get("published") else None
    acts = [a for a in read.acts if a.confidence >= least and a.tellings[0].proposal.type != "other"]
    events = [event_of(a, read, lexicons, day, "") for a in acts]
    return [e for e in events if not (e.event_type or "x_").startswith("x_")]


def score(articles: Sequence[dict[str, Any]], reads: Sequence[Read], lexicons: Lexicons) -> dict[str, float]:
    """Events, and of the matched ones how often sides, place and status are right."""
    right = found = core = hit = 0
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for a, read in zip(articles, reads, strict=True):
        events = events_of(a, read, lexicons, default_confidence())
        good = match([found_of(e) for e in events], a)
        right, found = right + len(good), found + len(events)
        wanted = {n for n, e in enumerate(a["events"]) if e["type"] and e["priority"] == "core"}
        core, hit = core + len(wanted), hit + len(wanted & set(good.values()))
        for n, k in good.items():
            _judge(events[n], a["events"][k], sums)
    p, r = right / max(1, found), hit / max(1, core)
    figures = {"precision": p, "recall": r, "f1": 2 * p * r / max(1e-9, p + r)}
    return figures | {name: good / total for name, (total, good) in sorted(sums.items())}


def _judge(event: Event, gold: dict[str, Any], sums: dict[str, list[int]]) -> None:
    def add(name: str, right: bool) -> None:
        sums[name][0] += 1
        sums[name][1] += right

    for name, got in (("actors", event.actors), ("recipients", event.recipients)):
        wanted = {s["country"] for s in gold[name] if s["country"]}
        if wanted:
            add(name, bool({a.country for a in got} & wanted))
    if gold["place_country"]:
        add("place", event.place is not None and event.place.country == gold["place_country"])
    if gold["mode"]:
        add("mode", event.event_mode == gold["mode"])
    if gold["by"]:
        add("speaker", event.attribution is not None)


def merging(articles: Sequence[dict[str, Any]], reads: Sequence[Read]) -> tuple[float, int, float, int]:
    """Of pairs that retell one act the share merged, and how many; the same of other pairs of like type."""
    counts = np.zeros((2, 2), np.int64)
    for a, read in zip(articles, reads, strict=True):
        told = sorted(
            ((t, k) for k, act in enumerate(read.acts) for t in act.tellings), key=lambda item: item[0].proposal.start
        )
        acts = [[n for n, (_, k) in enumerate(told) if k == act] for act in range(len(read.acts))]
        counts += merged(acts, [pair for pair, _ in told_pairs([t for t, _ in told], a)])
    same, other = shares(counts)
    return same, int(counts[1].sum()), other, int(counts[0].sum())


def reliability(articles: Sequence[dict[str, Any]], reads: Sequence[Read], lexicons: Lexicons) -> list[str]:
    """Mean confidence and share right by tenth, and by type."""
    rows: list[tuple[float, bool, str]] = []
    for a, read in zip(articles, reads, strict=True):
        events = events_of(a, read, lexicons, 0.0)
        good = match([found_of(e) for e in sorted(events, key=lambda e: -e.confidence)], a)
        rows += [
            (e.confidence, n in good, e.event_type or "")
            for n, e in enumerate(sorted(events, key=lambda e: -e.confidence))
        ]
    sure, right = np.array([r[0] for r in rows], np.float32), np.array([r[1] for r in rows], np.float32)
    lines = [
        f"calibration error {calibration_error(sure, right):.3f} over {len(rows)} rows (of articles that confidence was fitted on)"
    ]
    for part in np.array_split(np.argsort(sure, kind="stable"), 10):
        lines.append(f"  confidence {sure[part].mean():.2f}: {right[part].mean():.2f} right")
    for kind in sorted({r[2] for r in rows}):
        mine = [n for n, r in enumerate(rows) if r[2] == kind and r[0] >= default_confidence()]
        if mine:
            lines.append(f"  {kind}: confidence {sure[mine].mean():.2f}, {right[mine].mean():.2f} right of {len(mine)}")
    return lines


if __name__ == "__main__":
    main()
