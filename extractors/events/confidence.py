"""Confidence: how likely a row is right, as one number that means what it says.

A logistic regression over what the tagger says of an act's best telling, fitted on articles that it was not trained on, so that of rows
at .8 about .8 are right (Platt 1999; the weights and the table of what came of them stand in the model's card).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from extractors.events.likeness import Telling
from extractors.tagger.labels import TYPES
from extractors.tagger.wordpieces import Floats

FEATURES = (
    "constant", "score", "type", "core", "tellings", "words", "actor", "recipient", "unreal", "planned", "historical", "alone", "retold", *TYPES,
)  # fmt: skip


def features(tellings: Sequence[Telling], rivals: int, retold: float) -> Floats:
    """What speaks for an act; one number for each of `FEATURES`.

    Args:
        tellings: of the act, the surest first.
        rivals: how many other acts are told in the sentence of its best telling.
        retold: how likely it only tells another act again, from `merge.retold`.
    """
    best = tellings[0]
    p = best.proposal
    row = [
        1.0,
        _logit(max(t.proposal.score for t in tellings)),
        _logit(p.types[0][1] / max(p.score, 1e-6)),
        _logit(max(t.proposal.core for t in tellings)),
        np.log(len(tellings)),
        np.log1p((p.end - p.start) / 10),
        bool(best.actors),
        bool(best.recipients),
        p.status in ("hypothetical", "negated"),
        p.status in ("planned", "called_for", "threatened"),
        p.status == "historical",
        rivals == 0,
        retold,
        *(t == p.type for t in TYPES),
    ]
    return np.array(row, np.float32)


def confidence(weights: Floats, row: Floats) -> float:
    """The chance that the act is right, 0 to 1."""
    return float(1 / (1 + np.exp(-np.clip(weights @ row, -30, 30))))


def card_weights(card: Mapping[str, Any], name: str, order: Sequence[str]) -> Floats:
    """The weights of a table of the model's card in the order of the features; one that the card lacks is none."""
    table: dict[str, float] = card.get(name, {}).get("weights", {})
    return np.array([table.get(f, 0.0) for f in order], np.float32)


def _logit(p: float) -> float:
    p = min(max(p, 1e-4), 1 - 1e-4)
    return float(np.log(p / (1 - p)))
