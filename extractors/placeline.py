"""A sentence made ready for the search of place names: which words are capitalised, and which belong to people and organisations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter

from extractors.gazetteer import Gazetteer, Sense, Spot
from extractors.placecues import Cues
from extractors.sentences import Sentence

THRESHOLD = 2.0
"""Score from which on a name is a toponym."""


@dataclass(slots=True)
class Toponym:
    """A name in a sentence that may be a place's: tokens [first, last) of sentence `at`, and what was found out about it."""

    at: int
    first: int
    last: int
    char_start: int
    char_end: int
    key: str
    senses: tuple[Sense, ...]
    hint: str = ""
    """The kind of place its own words say: region, district, city, water …"""
    score: float = 0.0
    sure: bool = False
    """Marked by a cue so strong that other mentions of the name follow it."""
    doubt: bool = False
    """A capitalised neighbour speaks against it."""
    barred: bool = False
    """Part of the name of a person or an organisation."""
    inside: Toponym | None = None
    """The division or country named right behind it: "Reston, Virginia"."""
    holds: bool = False
    """Whether it is such a division itself."""
    spot: Spot | None = None
    listed: bool = False
    """It stands in a list of divisions."""
    within: bool = False
    """The gazetteer does not have it: `spot` is what it lies in."""


@dataclass(slots=True)
class Line:
    """One sentence while its toponyms are sought."""

    at: int
    sentence: Sentence
    spans: Iterable[tuple[int, int]]
    gazetteer: Gazetteer
    cues: Cues
    surnames: set[str] = field(default_factory=set)
    person: set[int] = field(default_factory=set)
    """Tokens inside names of people."""
    body: set[int] = field(default_factory=set)
    """Tokens inside names of organisations of the lexicons."""
    adjectives: set[int] = field(default_factory=set)
    """Tokens that are adjectives of countries or peoples by themselves; "Indian Ocean" is a place all the same."""
    upper: list[bool] = field(default_factory=list)
    """Which words are written as names: "Raqqa", "al-Raqqa", "d'Ivoire"."""
    capitals: list[int] = field(default_factory=list)
    """The tokens that are."""
    loud: bool = False
    """Whether all of it is written in capitals, or each word with one, as headlines are."""

    def __post_init__(self) -> None:
        words = self.sentence.words
        self.upper = [w[0].isupper() or (len(w) > 3 and not w.isalpha() and _has_inner_capital(w)) for w in words]
        self.capitals = [n for n, capital in enumerate(self.upper) if capital]
        self.loud = _is_loud(words, self.upper)
        for a, b in self.spans:
            if any(s.spot.kind == "country" for s in self.senses(a, b)):
                continue  # "New Zealand" and "U.S." are adjectives too
            if b - a == 1:
                self.adjectives.add(a)
            else:
                # "U.S. Department of …" and "Ministry of Uganda" hold a place, "Bank of America" holds none we could tell.
                first = a + (words[a] in ("U.S.", "US", "UK", "U.K."))
                last = b - (
                    self.sentence.lower[b - 2] == "of" and self.sentence.lower[a] not in self.cues.groups["other_of"]
                )
                self.body.update(range(first, last))

    def senses(self, a: int, b: int) -> tuple[Sense, ...]:
        """What tokens [a, b) may stand for as a place."""
        s = self.sentence
        text = s.text[s.starts[a] - s.char_start : s.ends[b - 1] - s.char_start]
        return self.gazetteer.named(text, b - a == 1 and not self.loud and (a > 0 or self.at > 0))

    def text(self, a: int, b: int) -> str:
        s = self.sentence
        return s.text[s.starts[a] - s.char_start : s.ends[b - 1] - s.char_start]

    def hint(self, word: str) -> str:
        for kind in ("region", "district", "city", "water", "area", "other"):
            if word in self.cues.groups[f"{kind}_types"]:
                return kind
        return ""

    def goes_on(self, i: int) -> bool:
        """Whether an organisation's word follows: "Orange County Register"."""
        s = self.sentence
        return i < len(s.words) and self.upper[i] and s.lower[i] in self.cues.groups["organisations"]


def _has_inner_capital(word: str) -> bool:
    return any(word[k] in "-'’" and word[k + 1].isupper() for k in (1, 2))


def _is_loud(words: list[str], upper: list[bool]) -> bool:
    """Whether every long word has a capital, and there are some."""
    long = 0
    for word, capital in zip(words, upper, strict=True):
        if len(word) > 3 and word[0].isalpha():
            if not capital:
                return False
            long += 1
    return long >= 4


def divides(t: Toponym) -> bool:
    """Whether the name may be that of a country or a division that towns are named with."""
    return any(s.spot.kind in ("country", "region", "district", "island", "area") for s in t.senses)


def is_division(t: Toponym) -> bool:
    return any(s.spot.kind in ("country", "region") and not s.alternate for s in t.senses)


def known(senses: tuple[Sense, ...]) -> float:
    """How surely a bare name is a place: countries 3.2, great cities 2.6, hamlets 0.2."""
    return max([s.fame for s in senses], default=0.0)


def best_kind(senses: tuple[Sense, ...]) -> str:
    return max(senses, key=attrgetter("fame")).spot.kind if senses else ""
