"""Merging: one act told several times in an article is one event, which remembers every telling.

A story tells its news in the lede, again with details, and once more as background. Whether two tellings are of one act is learnt from
coded articles that say which sentences tell an event again: a logistic regression over their `likeness` (the weights stand in the model's
card). A telling joins the act whose tellings it fits best on average; different acts of one type stay apart. What may be a retelling, but
is not sure enough to join, is an act of its own, and the less sure to be right (`retold`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from extractors.events.likeness import Telling, compatible, features, rarity, told_apart
from extractors.tagger.wordpieces import Floats

_WINDOW = 60
"""Tellings looked back at, so that a long text costs linear time."""


class Pair(NamedTuple):
    """Two tellings by their numbers, the earlier first, and how likely they are of one act."""

    earlier: int
    later: int
    chance: float


def pairs(tellings: Sequence[Telling]) -> Iterator[tuple[int, int, Floats]]:
    """Tellings that may be of one act by their types and distance: numbers of the earlier and the later, and one number for each of `FEATURES`."""
    rare = rarity(tellings)
    for n, later in enumerate(tellings):
        rivals = [m for m in range(max(0, n - _WINDOW), n) if compatible(tellings[m].proposal, later.proposal)]
        for k, m in enumerate(rivals):
            yield m, n, features(tellings[m], later, rare, len(rivals), len(rivals) - 1 - k)


def likely(tellings: Sequence[Telling], weights: Floats) -> list[Pair]:
    """The pairs of an article with their chances by weights for each of `FEATURES`."""
    return [Pair(m, n, chance(weights, row)) for m, n, row in pairs(tellings)]


def group(tellings: Sequence[Telling], told: Sequence[Pair], least: float) -> list[list[int]]:
    """Which tellings are of one act, as their numbers; acts in the order of their first telling.

    Args:
        told: from `likely`.
        least: how likely, on average, a telling must be of one act with those of it in reach.
    """
    near: list[list[Pair]] = [[] for _ in tellings]
    for pair in told:
        near[pair.later].append(pair)
    acts: list[list[int]] = []
    act_of: list[int] = []
    for n, later in enumerate(tellings):
        fits: dict[int, list[float]] = {}
        for m, _, fit in near[n]:
            fits.setdefault(act_of[m], []).append(-1.0 if told_apart(tellings[m], later) else fit)
        means = {act: sum(some) / len(some) for act, some in fits.items()}
        best = max(means, key=means.__getitem__, default=-1)
        if means.get(best, -1.0) < least:
            best = len(acts)
            acts.append([])
        acts[best].append(n)
        act_of.append(best)
    return acts


def retold(tellings: Sequence[Telling], acts: Sequence[Sequence[int]], told: Sequence[Pair]) -> list[float]:
    """For each act how likely one of its tellings is of another act that is surer to be an event."""
    act_of = {n: k for k, act in enumerate(acts) for n in act}
    sure = [max(tellings[n].proposal.score for n in act) for act in acts]
    most = [0.0] * len(acts)
    for pair in told:
        one, other = act_of[pair.earlier], act_of[pair.later]
        if one != other:
            weaker = other if sure[one] >= sure[other] else one
            most[weaker] = max(most[weaker], pair.chance)
    return most


def best_first(tellings: Sequence[Telling], act: Sequence[int]) -> tuple[Telling, ...]:
    """The tellings of an act: what a rule of one's own found or the tagger is surest of, then the others in the order of the text."""
    best = max(act, key=lambda n: (tellings[n].proposal.rule_id != "tagger", tellings[n].proposal.score, -n))
    return (tellings[best], *(tellings[n] for n in act if n != best))


def chance(weights: Floats, row: Floats) -> float:
    """How likely two tellings with these features are of one act."""
    return float(1 / (1 + np.exp(-np.clip(weights @ row, -30, 30))))
