"""Merging: one act told several times in an article is one event, which remembers every telling.

A story tells its news in the lede, again with details, and once more as background. Whether two tellings are of one act is learnt from
coded articles that say which sentences tell an event again: a logistic regression over what the pair have in common (the weights stand
in the model's card). A telling joins the act whose telling it fits best; different acts of one type stay apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from extractors.events.when import When
from extractors.phrases import fold
from extractors.records import Actor, Magnitude, Place
from extractors.tagger.proposals import Proposal
from extractors.tagger.wordpieces import Floats

_WINDOW = 60
"""Tellings looked back at, so that a long text costs linear time."""
_LIKELY = 0.15
"""A type that a trigger has at least so likely is one it may be told by again."""
_STEM = 5
_LENT = frozenset(("article", "place", "sentence", "implied", "none"))

FEATURES = (
    "constant", "same type", "same trigger", "cosine", "same actor", "other actor", "actor untold", "same recipient", "other recipient",
    "recipient untold", "same day", "other day", "same place", "other place", "same mode", "other mode", "same number", "other number",
    "words shared", "same sentence", "next sentence", "distance", "same status", "other is core", "earlier score", "later score",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Telling:
    """A proposal with all that was found out about it."""

    proposal: Proposal
    vector: Floats
    """What the encoder makes of the trigger: the mean over its pieces, of length one."""
    actors: tuple[Actor, ...]
    recipients: tuple[Actor, ...]
    when: When
    place: Place | None
    magnitudes: tuple[Magnitude, ...]
    words: frozenset[str]
    """Stems of the content words around the trigger."""
    trigger: frozenset[str]
    """Stems of the trigger."""


def group(tellings: Sequence[Telling], weights: Floats, least: float) -> list[list[int]]:
    """Which tellings are of one act, as their numbers; acts in the order of their first telling.

    Args:
        weights: one for each of `FEATURES`.
        least: how likely two tellings must be of one act.
    """
    acts: list[list[int]] = []
    act_of: list[int] = []
    for n, later in enumerate(tellings):
        best, joined = least, -1
        for m in range(max(0, n - _WINDOW), n):
            if compatible(tellings[m].proposal, later.proposal) and not told_apart(tellings[m], later):
                likely = chance(weights, features(tellings[m], later))
                if likely > best:
                    best, joined = likely, act_of[m]
        if joined < 0:
            joined = len(acts)
            acts.append([])
        acts[joined].append(n)
        act_of.append(joined)
    return acts


def compatible(one: Proposal, other: Proposal) -> bool:
    """Whether two triggers may be of one act by their types."""
    if one.type == other.type:
        return True
    return any(t == other.type and p > _LIKELY for t, p in one.types) or any(
        t == one.type and p > _LIKELY for t, p in other.types
    )


def told_apart(one: Telling, other: Telling) -> bool:
    """Whether the words of two tellings say that they are two acts: other countries on a side or of the place, or other days."""
    sides = ((one.actors, other.actors), (one.recipients, other.recipients))
    if any(_lands(a) and _lands(b) and not _lands(a) & _lands(b) for a, b in sides):
        return True
    if one.proposal.places and other.proposal.places and _places(one.place, other.place)[1] == 1.0:
        return True
    return one.when.precision == other.when.precision == "day" and _days(one.when, other.when)[1] > 0


def _lands(side: tuple[Actor, ...]) -> set[str]:
    """Countries that the words of a side say; what was lent to them tells nothing apart."""
    return {a.country for a in side if a.country and a.how not in _LENT}


def features(one: Telling, other: Telling) -> Floats:
    """What two tellings, the earlier first, have in common; one number for each of `FEATURES`."""
    a, b = one.proposal, other.proposal
    far = b.sentence - a.sentence
    day, other_day = _days(one.when, other.when)
    place, other_place = _places(one.place, other.place)
    number, other_number = _numbers(one.magnitudes, other.magnitudes)
    return np.array(
        [
            1.0,
            a.type == b.type,
            bool(one.trigger & other.trigger),
            float(one.vector @ other.vector),
            *_sides(one.actors, other.actors),
            *_sides(one.recipients, other.recipients),
            day,
            other_day,
            place,
            other_place,
            bool(a.mode) and a.mode == b.mode,
            bool(a.mode and b.mode) and a.mode != b.mode,
            number,
            other_number,
            len(one.words & other.words) / (1 + min(len(one.words), len(other.words))),
            far == 0,
            far == 1,
            math.log1p(far),
            a.status == b.status,
            b.core,
            a.score,
            b.score,
        ],
        np.float32,
    )


def chance(weights: Floats, row: Floats) -> float:
    """How likely two tellings with these features are of one act."""
    return float(1 / (1 + np.exp(-np.clip(weights @ row, -30, 30))))


def _sides(one: tuple[Actor, ...], other: tuple[Actor, ...]) -> tuple[float, float, float]:
    """Whether two sides share somebody, are told apart, or one is not told."""
    if not one or not other:
        return 0.0, 0.0, 1.0
    if _names(one) & _names(other):
        return 1.0, 0.0, 0.0
    lands, others = {a.country for a in one if a.country}, {a.country for a in other if a.country}
    if lands and others and not lands & others:
        return 0.0, 1.0, 0.0
    sectors, other_sectors = {a.sector for a in one if a.sector}, {a.sector for a in other if a.sector}
    if lands & others and (sectors == other_sectors):
        return 0.5, 0.0, 0.0
    return 0.0, 0.5, 0.0


def _names(side: tuple[Actor, ...]) -> set[str]:
    """Last words of the names, or of the phrases, of a side."""
    return {fold((a.name or a.text).split()[-1]) for a in side if (a.name or a.text).split()}


_STATED = frozenset(("day", "month", "year", "interval"))


def _days(one: When, other: When) -> tuple[float, float]:
    if one.precision not in _STATED or other.precision not in _STATED or one.first is None or other.first is None:
        return 0.0, 0.0
    meets = one.first <= (other.last or other.first) and other.first <= (one.last or one.first)
    return float(meets), float(not meets)


def _places(one: Place | None, other: Place | None) -> tuple[float, float]:
    if one is None or other is None:
        return 0.0, 0.0
    if one.country != other.country:
        return 0.0, 1.0
    if "country" in (one.precision, other.precision):
        return 0.3, 0.0
    return (1.0, 0.0) if one.name == other.name else (0.0, 0.5)


def _numbers(one: tuple[Magnitude, ...], other: tuple[Magnitude, ...]) -> tuple[float, float]:
    values = {m.kind: m.value for m in one}
    both = [values[m.kind] == m.value for m in other if m.kind in values]
    return float(any(both)), float(bool(both) and not any(both))


def stems(words: Sequence[str]) -> frozenset[str]:
    """Content words by their beginnings: "arrested" and "arrests" are one."""
    return frozenset(w[:_STEM] for w in words if len(w) > 3 and w[0].isalpha())
