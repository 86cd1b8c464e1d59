"""Likeness: what two tellings have in common that may be of one act: sides, day, place, numbers, rarer words, and the encoder's vectors.

Every feature is a plain number; what each weighs is learnt from coded articles (`extractors.tagger.train.calibrate`). None is the
tagger's own score, which is higher on the articles it was trained on.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from extractors.events.when import When
from extractors.phrases import fold
from extractors.records import Actor, Magnitude, Place
from extractors.tagger.proposals import Proposal
from extractors.tagger.wordpieces import Floats

_LIKELY = 0.15
"""A type that a trigger has at least so likely is one it may be told by again."""
_STEM = 5
_LEAD = 2  # sentences
_LENT = frozenset(("article", "place", "sentence", "implied", "none"))

FEATURES = (
    "constant", "same type", "types alike", "types sure", "trigger of the other", "same trigger", "trigger in its sentence",
    "cosine", "cosine squared", "cosine of one type", "cosine in a sentence",
    "actor's name", "actor's land", "actor's other land", "actor untold",
    "recipient's name", "recipient's land", "recipient's other land", "recipient's other sector", "recipient untold",
    "both names", "anybody", "same day", "other day", "earlier dated", "later dated", "same place", "other place",
    "same number", "other number", "words shared", "sentence shared", "names shared",
    "same sentence", "next sentence", "distance", "gap", "gap in a sentence", "earlier in lead", "later in lead",
    "same status", "one historical", "one planned", "one by a speaker", "earlier definite", "later definite", "rivals", "rivals between",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Around:
    """A trigger and the words around it."""

    words: frozenset[str]
    """Stems of the content words around it."""
    trigger: frozenset[str]
    """Stems of its own."""
    definite: bool
    """Whether a word that points back stands before it: "the attack"."""


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
    around: Around
    sentence: frozenset[str]
    """Stems of the content words of its sentence."""
    names: frozenset[str]
    """Stems of the words of its sentence that are written large, the first apart."""


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


def rarity(tellings: Sequence[Telling]) -> dict[str, float]:
    """What a word that two tellings share says: the more, the fewer sentences of the article's acts have it."""
    sentences = {t.proposal.sentence: t.sentence for t in tellings}
    counts = Counter(w for words in sentences.values() for w in words)
    return {w: math.log((1 + len(sentences)) / n) for w, n in counts.items()}


def features(one: Telling, other: Telling, rare: Mapping[str, float], rivals: int, between: int) -> Floats:
    """What two tellings, the earlier first, have in common; one number for each of `FEATURES`.

    Args:
        rare: from `rarity`.
        rivals: how many tellings before the later one may be of its act; `between`: how many of them stand between the two.
    """
    a, b = one.proposal, other.proposal
    far, gap, cosine = b.sentence - a.sentence, math.log1p(max(0, b.start - a.end)), float(one.vector @ other.vector)
    types, others = dict(a.types), dict(b.types)
    actor, recipient = _sides(one.actors, other.actors), _sides(one.recipients, other.recipients)
    day, other_day = _days(one.when, other.when)
    place, other_place = _places(one.place, other.place)
    number, other_number = _numbers(one.magnitudes, other.magnitudes)
    return np.array(
        [
            1.0,
            a.type == b.type,
            sum(min(p, others.get(t, 0.0)) for t, p in types.items()),
            sum(p * others.get(t, 0.0) for t, p in types.items()),
            max(types.get(b.type, 0.0), others.get(a.type, 0.0)),
            _shared(one.around.trigger, other.around.trigger, rare),
            bool(one.around.trigger & other.sentence or other.around.trigger & one.sentence),
            cosine,
            cosine * abs(cosine),
            cosine * (a.type == b.type),
            cosine * (far == 0),
            *actor[:4],
            recipient[0],
            *recipient[1:3],
            _others(_sectors(one.recipients), _sectors(other.recipients)),
            recipient[3],
            bool(actor[0] and recipient[0]),
            bool(_names((*one.actors, *one.recipients)) & _names((*other.actors, *other.recipients))),
            day,
            other_day,
            bool(a.dates),
            bool(b.dates),
            place,
            other_place,
            number,
            other_number,
            _shared(one.around.words, other.around.words, rare),
            _shared(one.sentence, other.sentence, rare),
            _shared(one.names, other.names, rare),
            far == 0,
            far == 1,
            math.log1p(far),
            gap,
            gap * (far == 0),
            a.sentence < _LEAD,
            b.sentence < _LEAD,
            a.status == b.status,
            (a.status == "historical") != (b.status == "historical"),
            (a.status == "planned") != (b.status == "planned"),
            bool(a.speakers) != bool(b.speakers),
            one.around.definite,
            other.around.definite,
            math.log1p(rivals),
            math.log1p(between),
        ],
        np.float32,
    )


def _shared(one: frozenset[str], other: frozenset[str], rare: Mapping[str, float]) -> float:
    """What the words that two sets share say, of what those of the smaller say."""
    both, first, second = (sum(rare.get(w, 0.0) for w in sorted(words)) for words in (one & other, one, other))
    return both / (1 + min(first, second))


def _sides(one: tuple[Actor, ...], other: tuple[Actor, ...]) -> tuple[float, float, float, float]:
    """Of two sides: names shared of all, a land in common, other lands, and whether one of them is not told."""
    names, others = _names(one), _names(other)
    lands, other_lands = _lands(one), _lands(other)
    shared = len(names & others) / max(1, len(names | others))
    return shared, float(bool(lands & other_lands)), _others(lands, other_lands), float(not one or not other)


def _others(one: set[str], other: set[str]) -> float:
    return float(bool(one and other) and not one & other)


def _sectors(side: tuple[Actor, ...]) -> set[str]:
    return {a.sector for a in side if a.sector}


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
