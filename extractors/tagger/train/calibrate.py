"""Fitting what stands behind the tagger: when two tellings are one act, how sure a row is, from where on rows are shown.

    python -m extractors.tagger.train.calibrate ARTICLES.jsonl.gz MODEL_FOLDER [--gazetteer FILE] [--articles 1000]

Merging is fitted on pairs of triggers from the split `train`, and so is from where on they are merged; confidence on the split `valid`,
which the tagger has not seen. Confidence
is fitted on one half of `valid` (by hash of the id), reported on the other, and the other way round; the card gets the fit on both.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tomlkit

from extractors.events import confidence, merge
from extractors.events.coder import Read, acts_of, event_of, read_article
from extractors.events.likeness import FEATURES, Telling
from extractors.gazetteer import Gazetteer, open_gazetteer
from extractors.lexicon import Lexicons, load_lexicons
from extractors.tagger.session import Session, load
from extractors.tagger.train.judge import Found, found_of, match, overlap, types_of
from extractors.tagger.train.lines import read_lines
from extractors.tagger.wordpieces import Floats

_RIDGE = 1.0
_RIDGE_OF_PAIRS = 10.0
_FOLDS = 5
_TRIED = tuple(round(0.3 + 0.025 * n, 3) for n in range(27))
_OTHERS = 0.03
"""Share of pairs of two acts that merging may take for one."""


def fit(rows: Floats, right: Floats, ridge: float = _RIDGE) -> Floats:
    """Logistic regression by Newton's method with a ridge on all weights but the first, the constant."""
    x, y = rows.astype(np.float64), right.astype(np.float64)
    weights = np.zeros(x.shape[1])
    keep = np.full(x.shape[1], ridge)
    keep[0] = 1e-6
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + np.diag(keep), x.T @ (y - p) - keep * weights)
        weights += step
        if np.abs(step).max() < 1e-8:
            break
    return weights.astype(np.float32)


def read_all(articles: Sequence[dict[str, Any]], lexicons: Lexicons, session: Session) -> list[Read]:
    """Read coded articles as the coder reads any."""
    began = time.monotonic()
    reads = []
    for n, a in enumerate(articles):
        reads.append(read_article(a["text"], lexicons, _day(a), session=session))
        if n % 100 == 99:
            print(f"read {n + 1} of {len(articles)} articles, {time.monotonic() - began:.0f} s", flush=True)
    return reads


def _day(article: dict[str, Any]) -> date | None:
    return date.fromisoformat(article["published"][:10]) if article.get("published") else None


def owner(telling: Telling, article: dict[str, Any]) -> int | None:
    """The coded event that a telling tells: by its trigger, else by the sentence or clause it stands in."""
    p, events, sentences = telling.proposal, article["events"], article["sentences"]
    fitting = [n for n, e in enumerate(events) if p.type in types_of(e)]
    for n in fitting:
        a, b = events[n]["trigger"]
        if a < p.end and p.start < b:
            return n
    again = [n for n in fitting if any(sentences[s][0] <= p.start < sentences[s][1] for s in events[n]["again"])]
    if len(again) == 1:
        return again[0]
    clause = [n for n in fitting if events[n]["clause"][0] <= p.start < events[n]["clause"][1]]
    return clause[0] if len(clause) == 1 and not again else None


Told = tuple[int, int, bool]
"""Two tellings by their numbers in the order of the text, and whether the coder holds them for one act."""


def told_pairs(tellings: Sequence[Telling], article: dict[str, Any]) -> list[tuple[Told, Floats]]:
    """The pairs of tellings that may be of one act, and of which the coder says whether they are, with their features."""
    owners = [owner(t, article) for t in tellings]
    known = [(m, n, row) for m, n, row in merge.pairs(tellings) if owners[m] is not None and owners[n] is not None]
    return [((m, n, owners[m] == owners[n]), row) for m, n, row in known]


def fit_merge(reads: Sequence[Read], articles: Sequence[dict[str, Any]]) -> tuple[Floats, float]:
    """The weights of `likeness.FEATURES`, and how likely a telling must be of an act to join it.

    That is the least of `_TRIED` at which at most `_OTHERS` of the pairs that are two acts are merged in articles left out of the fit.
    """
    tellings = [_tellings(read) for read in reads]
    told = [told_pairs(t, a) for t, a in zip(tellings, articles, strict=True)]
    chances: list[list[merge.Pair]] = [[] for _ in told]
    for fold in range(_FOLDS):
        weights = _fit_pairs([t for n, t in enumerate(told) if n % _FOLDS != fold])
        for n in range(fold, len(told), _FOLDS):
            chances[n] = merge.likely(tellings[n], weights)
    for least in _TRIED:
        counts = np.zeros((2, 2), np.int64)
        for t, pairs, some in zip(tellings, chances, told, strict=True):
            counts += merged(merge.group(t, pairs, least), [pair for pair, _ in some])
        caught, others = shares(counts)
        print(
            f"merging from {least:.2f}: {caught:.3f} of {counts[1].sum()} pairs of one act, {others:.3f} of {counts[0].sum()} others"
        )
        if others <= _OTHERS:
            break
    return _fit_pairs(told), float(least)


def _fit_pairs(told: Sequence[Sequence[tuple[Told, Floats]]]) -> Floats:
    rows = [(row, same) for some in told for (_, _, same), row in some]
    return fit(np.stack([row for row, _ in rows]), np.array([same for _, same in rows], np.float32), _RIDGE_OF_PAIRS)


def merged(acts: Sequence[Sequence[int]], told: Sequence[Told]) -> npt.NDArray[np.int64]:
    """How many pairs stay apart and are merged [2], of two acts and of one [2, …]."""
    act_of = {n: k for k, act in enumerate(acts) for n in act}
    counts = np.zeros((2, 2), np.int64)
    for m, n, same in told:
        counts[int(same), int(act_of[m] == act_of[n])] += 1
    return counts


def shares(counts: npt.NDArray[np.int64]) -> tuple[float, float]:
    """What share is merged of the pairs of one act, and of the others; `counts` as of `merged`."""
    other, same = counts[:, 1] / np.maximum(1, counts.sum(1))
    return float(same), float(other)


def _tellings(read: Read) -> list[Telling]:
    return sorted((t for act in read.acts for t in act.tellings), key=lambda t: (t.proposal.start, t.proposal.end))


def half(article: dict[str, Any]) -> int:
    """0 or 1 by hash of the id."""
    return hashlib.sha256(article["id"].encode()).digest()[0] & 1


class Validation:
    """The validation articles as read, for any weights of merging and confidence."""

    def __init__(self, articles: Sequence[dict[str, Any]], reads: Sequence[Read], lexicons: Lexicons) -> None:
        self.articles, self.reads, self.lexicons = articles, reads, lexicons

    def judged(self, weights: Floats, least: float) -> list[tuple[int, Floats, bool, Found]]:
        """Every act of a PLOVER type: number of its article, features of its confidence, right or not, what was judged."""
        out = []
        none = np.zeros(len(confidence.FEATURES), np.float32)
        for k, (a, read) in enumerate(zip(self.articles, self.reads, strict=True)):
            acts = [
                x for x in acts_of(_tellings(read), weights, least, none) if x.tellings[0].proposal.rule_id == "tagger"
            ]
            acts = [x for x in acts if x.tellings[0].proposal.type != "other"]
            acts.sort(key=lambda x: -max(t.proposal.score for t in x.tellings))
            found = [found_of(event_of(x, read, self.lexicons, _day(a), "")) for x in acts]
            good = match(found, a)
            out += [(k, x.row, n in good, f) for n, (x, f) in enumerate(zip(acts, found, strict=True))]
        return out

    def score(
        self, judged: Sequence[tuple[int, Floats, bool, Found]], chance: Floats, least: float
    ) -> tuple[float, float, float]:
        """Precision, recall over core events and F1 of the acts at least so likely."""
        kept: dict[int, list[Found]] = {}
        for (k, _, _, f), p in zip(judged, chance, strict=True):
            if p >= least:
                kept.setdefault(k, []).append(f)
        right = total = core = hit = 0
        for k, a in enumerate(self.articles):
            found = sorted(kept.get(k, []), key=lambda f: f.start)
            good = match(found, a)
            right, total = right + len(good), total + len(found)
            wanted = {n for n, e in enumerate(a["events"]) if e["type"] and e["priority"] == "core"}
            core, hit = core + len(wanted), hit + len(wanted & set(good.values()))
        p, r = right / max(1, total), hit / max(1, core)
        return p, r, 2 * p * r / max(1e-9, p + r)


def calibration_error(chance: Floats, right: Floats, bins: int = 10) -> float:
    """Mean distance of confidence and share right over bins of equal count."""
    order = np.argsort(chance, kind="stable")
    return float(
        sum(len(b) * abs(chance[b].mean() - right[b].mean()) for b in np.array_split(order, bins)) / len(order)
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Fit all on a model's folder and write its card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--gazetteer", type=Path)
    parser.add_argument(
        "--articles", dest="count", type=int, default=1000, help="articles of `train` that merging is fitted on"
    )
    o = parser.parse_args(argv)
    gazetteer: Gazetteer | None = open_gazetteer(o.gazetteer) if o.gazetteer else None
    calibrate(list(read_lines(o.articles)), o.model, load_lexicons(None, gazetteer), o.count)


def calibrate(articles: Sequence[dict[str, Any]], folder: Path, lexicons: Lexicons, count: int) -> dict[str, Any]:
    """Fit merging, confidence and threshold for the model in `folder`; returns what it wrote into the card."""
    session = load(folder)
    session = replace(session, card={k: v for k, v in session.card.items() if k != "merge"})  # every telling apart
    train = [a for a in articles if a["split"] == "train"]
    valid = [a for a in articles if a["split"] == "valid"]
    chosen = sorted(random.Random(1).sample(range(len(train)), min(count, len(train))))
    train = [train[n] for n in chosen]
    weights, least = fit_merge(read_all(train, lexicons, session), train)
    data = Validation(valid, read_all(valid, lexicons, session), lexicons)
    judged = data.judged(weights, least)
    rows, right = np.stack([r for _, r, _, _ in judged]), np.array([g for *_, g, _ in judged], np.float32)
    halves = np.array([half(valid[k]) for k, *_ in judged])
    chance = np.zeros(len(rows), np.float32)
    for h in (0, 1):
        chance[halves == h] = _chances(fit(rows[halves != h], right[halves != h]), rows[halves == h])
    _, shown = max((data.score(judged, chance, t)[2], t) for t in np.arange(0.3, 0.71, 0.025))
    error = calibration_error(chance, right)
    p, r, f1 = data.score(judged, chance, shown)
    print(
        f"merge from {least}: F1 {f1:.3f} (precision {p:.3f}, recall {r:.3f}) shown from {shown:.3f}; calibration error {error:.3f}",
        flush=True,
    )
    told = {
        "merge": {"least": least, "weights": _table(FEATURES, weights)},
        "confidence": {"shown": round(float(shown), 3), "weights": _table(confidence.FEATURES, fit(rows, right))},
        "figures": {
            "valid": {
                "f1": round(f1, 3),
                "precision": round(p, 3),
                "recall": round(r, 3),
                "calibration_error": round(error, 3),
                "articles": len(valid),
            }
        },
    }
    _write(folder / "card.toml", told)
    return told


def _chances(weights: Floats, rows: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30))), np.float32)


def _table(names: Sequence[str], weights: Floats) -> dict[str, float]:
    return {name: round(float(w), 5) for name, w in zip(names, weights, strict=True)}


def _write(path: Path, tables: dict[str, Any]) -> None:
    card = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
    for name, table in tables.items():
        card[name] = tomlkit.item(json.loads(json.dumps(table)))
    path.write_text(tomlkit.dumps(card), "utf-8")


if __name__ == "__main__":
    main()


__all__ = ["calibrate", "calibration_error", "fit", "overlap"]
