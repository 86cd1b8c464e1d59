"""Learning the first look: logistic regression on hashed pieces and pairs, by stochastic steps (AdaGrad, Duchi et al. 2011)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from extractors.tagger.firstlook import SIZE, slots
from extractors.tagger.train.data import Labelled
from extractors.tagger.wordpieces import Floats, Ints

KEPT = 0.995
"""Share of the core triggers whose sentences must be read."""


def learn_first_look(articles: Sequence[Labelled], passes: int = 3, seed: int = 1) -> Floats:
    """Weights [SIZE + 1] from coded articles and articles with soft labels: which sentences hold a trigger."""
    rows = [(ids, told) for a in articles for ids, told, _ in _sentences(a)]
    weights, seen = np.zeros(SIZE + 1, np.float64), np.full(SIZE + 1, 1e-3)
    random = np.random.default_rng(seed)
    for _ in range(passes):
        for n in random.permutation(len(rows)):
            ids, told = rows[n]
            scale = 1 / np.sqrt(len(ids))
            at = np.append(slots(ids).ravel(), SIZE)
            size = np.append(np.full(len(at) - 1, scale), 1.0)
            z = float((weights[at] * size).sum())
            step = (1 / (1 + np.exp(-np.clip(z, -30, 30))) - told) * size
            np.add.at(seen, at, step * step)
            np.add.at(weights, at, -0.2 * step / np.sqrt(seen[at]))
    return weights.astype(np.float32)


def _sentences(a: Labelled) -> list[tuple[Ints, float, bool]]:
    out = []
    for first, last in a.sentences:
        if last > first:
            inside = [t for t in a.triggers if first <= t.first < last]
            out.append((a.pieces.ids[first:last], float(bool(inside)), any(t.core > 0.5 for t in inside)))
    return out


def sums(weights: Floats, articles: Sequence[Labelled]) -> tuple[Floats, Floats, Floats]:
    """Of every sentence its sum, whether it holds a trigger, and whether a core one."""
    rows = [row for a in articles for row in _sentences(a)]
    values = [float(weights[slots(ids)].sum() / np.sqrt(len(ids)) + weights[-1]) for ids, _, _ in rows]
    return (
        np.array(values, np.float32),
        np.array([t for _, t, _ in rows], np.float32),
        np.array([c for *_, c in rows], np.float32),
    )


def threshold(weights: Floats, articles: Sequence[Labelled], kept: float = KEPT) -> tuple[float, float]:
    """The sum that keeps so many of the core sentences, and the share of all sentences that it lets through."""
    values, _, core = sums(weights, articles)
    least = float(np.quantile(values[core > 0], 1 - kept))
    return least, float((values >= least).mean())
