"""A toponym is a name used for a place. Which capitalised words are toponyms is told by the gazetteer and by the words around them.

"in Jackson", "Jackson, Mississippi", "the town of Jackson" and "Jackson County" are places; "Mr Jackson", "Jackson said" and
"Jackson State University" are not. Every name of the gazetteer in a sentence gets a score: how well known the place is, and what
its neighbours say. What reaches the threshold is a toponym; a name that is one somewhere in the article is one elsewhere in it.
"""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from extractors.gazetteer import Gazetteer, Sense, Spot, place_key
from extractors.sentences import Sentence

DATA = Path(__file__).parent / "lexicons" / "places"
THRESHOLD = 2.0
LONGEST = 6
"""Tokens of the longest name looked up."""


@dataclass(frozen=True, slots=True)
class Cues:
    """The word groups of `cues.toml` and the lists beside it."""

    groups: dict[str, frozenset[str]]
    forenames: frozenset[str]
    surnames: frozenset[str]
    words: frozenset[str]
    abbreviations: dict[str, tuple[str, str, bool]]
    """As written → name and country of the division, whether it may stand without a town before it."""


@lru_cache(maxsize=1)
def load_cues() -> Cues:
    """Read the cue words, once."""
    with open(DATA / "cues.toml", "rb") as file:
        groups = {k: frozenset(v.split()) for k, v in tomllib.load(file).items()}
    lists = [
        frozenset(w for w in (DATA / f"{name}.txt").read_text(encoding="utf-8").split("\n")[1:] if w)
        for name in ("forenames", "surnames", "words")
    ]
    with open(DATA / "abbreviations.tsv", encoding="utf-8", newline="") as file:
        short = {
            r["abbreviation"]: (r["name"], r["country"], r["note"] == "alone")
            for r in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        }
    groups["types"] = frozenset().union(
        *(groups[f"{k}_types"] for k in ("region", "district", "area", "city", "water", "other"))
    )
    return Cues(groups, lists[0], lists[1], lists[2], short)


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


def find_toponyms(
    sentences: Sequence[Sentence], taken: Sequence[Iterable[tuple[int, int]]], gazetteer: Gazetteer
) -> list[Toponym]:
    """The toponyms of an article, in order.

    Args:
        taken: for each sentence the token spans of persons and organisations that the lexicons know.
    Returns:
        Those with a score of at least THRESHOLD. Never raises.
    """
    cues = load_cues()
    readers = [_Reader(n, s, spans, gazetteer, cues) for n, (s, spans) in enumerate(zip(sentences, taken, strict=True))]
    people = frozenset().union(*(r.surnames for r in readers)) if readers else frozenset()
    read = [r.read(people) for r in readers]
    unlisted = {
        r.sentence.words[t.first]: t
        for r, row in zip(readers, read, strict=True)
        for t in row
        if t.sure and not t.senses
    }
    if unlisted:
        read = [
            sorted([*row, *r.again(unlisted, row)], key=lambda t: t.first) for r, row in zip(readers, read, strict=True)
        ]
    found = [t for row in read for t in row]
    _agree(found, people)
    return [t for t in found if t.score >= THRESHOLD and not t.barred]


def _agree(found: list[Toponym], people: frozenset[str]) -> None:
    """One name in one article is mostly one thing: what is surely a place once lends its other mentions weight, also in lists."""
    sure = {t.key for t in found if t.sure and t.score >= THRESHOLD + 1}
    for t in found:
        if not t.barred and t.key in sure:
            t.score += 1.0 if t.key in people else 2.0
    for one, two in pairwise(found):
        # "Leeds, Bradford and York": neighbours in a list are of one kind.
        if one.at == two.at and two.first - one.last in (1, 2) and not one.barred and not two.barred:
            if one.score >= THRESHOLD > two.score:
                two.score += 1.2
            elif two.score >= THRESHOLD > one.score:
                one.score += 1.0


@dataclass(slots=True)
class _Reader:
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
    loud: bool = False
    """Whether all of it is written in capitals, or each word with one, as headlines are."""

    def __post_init__(self) -> None:
        words = self.sentence.words
        self.upper = [_capital(w) for w in words]
        long = [u for w, u in zip(words, self.upper, strict=True) if len(w) > 3 and w[0].isalpha()]
        self.loud = len(long) >= 4 and all(long)
        for a, b in self.spans:
            if any(s.spot.kind == "country" for s in self._senses(a, b)):
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
        self._people()

    # People

    def _people(self) -> None:
        """Mark the tokens of names of people: an honorific or a given name, then capitalised words."""
        lower, words, groups = self.sentence.lower, self.sentence.words, self.cues.groups
        i, count = 0, len(words)
        while i < count:
            end = 0
            if self.upper[i] and words[i][0].isalpha():
                if lower[i] in groups["honorifics"] and not (
                    words[i].isupper() and len(words[i]) > 1 and not self.loud
                ):
                    end = self._name_end(i + 1)
                    if end > i + 1 and (self._is_place_run(i + 1, end) or self._place_ahead(i)):
                        end = 0
                elif place_key(words[i]) in self.cues.forenames and not words[i].isupper():
                    end = self._name_end(i + 1, after_forename=True)
                    if end <= i + 1 or self._is_place_run(i, end) or (end == i + 2 and self._is_place_like(i + 1)):
                        end = 0
                elif self._aged(i):
                    end = i + 2
            if end > i + 1:
                first = i + 1 if lower[i] in groups["honorifics"] else i
                self.person.update(range(first, end))
                self.surnames.add(place_key(words[end - 1]))
                i = end
            else:
                i += 1

    def _name_end(self, i: int, after_forename: bool = False) -> int:
        """The end of the capitalised words that go on a name of a person from token i."""
        words, lower = self.sentence.words, self.sentence.lower
        groups = self.cues.groups
        end = i
        while end < len(words) and end - i < 4:
            word = words[end]
            initial = len(word) <= 2 and word[0].isupper() and (word.endswith(".") or len(word) == 1)
            if initial and end + 1 < len(words) and words[end + 1] == ".":
                end += 2
                continue
            particle = lower[end] in ("bin", "al", "van", "von", "de", "der", "la", "da", "dos", "el", "ben") and (
                end + 1 < len(words) and self.upper[end + 1]
            )
            if not (self.upper[end] or particle) or not word[0].isalpha() or lower[end] in groups["months"]:
                break
            if after_forename and (lower[end] in groups["organisations"] or lower[end] in groups["types"]):
                return i
            end += 1
        while end > i and words[end - 1] == ".":
            end -= 1
        return end

    def _is_place_run(self, a: int, b: int) -> bool:
        """Whether the very words are a well-known place: "Virginia Beach", "San Jose"; "King George" is not."""
        return b - a > 1 and any(
            s.spot.kind != "city" or s.spot.population >= (30_000 if s.alternate else 20_000)
            for s in self._senses(a, b)
        )

    def _place_ahead(self, i: int) -> bool:
        """ "Prince Edward Island", "Queen Anne's County": the title is part of the place's name."""
        return any(
            self._is_place_run(i, j)
            for j in range(i + 2, min(i + 6, len(self.sentence.words) + 1))
            if self.upper[j - 1]
        )

    def _is_place_like(self, i: int) -> bool:
        """Whether token i is a country, a division with a name of its own, or a very big city: nobody's surname by rule."""
        if place_key(self.sentence.words[i]) in self.cues.surnames:
            return False
        return any(s.spot.kind in ("country", "continent") and not s.alternate for s in self._senses(i, i + 1))

    def _aged(self, i: int) -> bool:
        """ "Xxx Yyy, 34," is a person whatever the words."""
        words = self.sentence.words
        return (
            i + 4 < len(words)
            and self.upper[i + 1]
            and words[i + 2] == ","
            and words[i + 3].isdigit()
            and len(words[i + 3]) <= 2
            and words[i + 4] in (",", ".", "and")
            and self.sentence.lower[i] not in self.cues.groups["months"]
        )

    # Names

    def _senses(self, a: int, b: int) -> tuple[Sense, ...]:
        text = self._text(a, b)
        capitals = text.replace(".", "").isupper()
        if capitals and b - a == 1 and len(text) <= 4 and not self.loud and not (self.at == 0 and a == 0):
            return self.gazetteer.acronyms(place_key(text))  # "HIV", "FAO" are no towns
        return self.gazetteer.senses(place_key(text), capitals)

    def _text(self, a: int, b: int) -> str:
        s = self.sentence
        return s.text[s.starts[a] - s.char_start : s.ends[b - 1] - s.char_start]

    def read(self, people: frozenset[str]) -> list[Toponym]:
        """Every name in the sentence that may be a place's, scored."""
        found: list[Toponym] = []
        i, count = 0, len(self.sentence.words)
        while i < count:
            new = self._at(i) if self.upper[i] else []
            if not new:
                i += 1
                continue
            found.extend(new)
            i = max(t.last for t in new)
        self._qualify(found)
        for t in found:
            self._score(t, people)
        for t in found:
            if t.inside is not None and not t.barred and t.inside.score < THRESHOLD:
                t.inside.score = THRESHOLD
        return found

    def _at(self, i: int) -> list[Toponym]:
        """The longest name that begins at token i; both halves of "India-Pakistan"."""
        words, groups = self.sentence.words, self.cues.groups
        end = i + 1
        while end < len(words) and end - i < LONGEST:
            if not (
                self.upper[end] or words[end] in ("'s", "’s", "&") or self.sentence.lower[end] in groups["connectors"]
            ):
                break
            end += 1
        for j in range(end, i, -1):
            if not self.upper[j - 1] or (j - i > 1 and words[j - 1] == "I"):
                continue
            senses = self._senses(i, j)
            if senses:
                return [self._made(i, j, senses)]
            if j - i > 1 and (found := self._suffixed(i, j)):
                return found
        if words[i] in self.cues.abbreviations and self.cues.abbreviations[words[i]][2]:
            return [self._made(i, i + 1, self._abbreviated(words[i]))]
        if "-" in words[i] and (found := self._hyphened(i)):
            return found
        return self._typed(i, end) or self._unlisted(i)

    def _made(self, a: int, b: int, senses: tuple[Sense, ...], hint: str = "") -> Toponym:
        s, groups = self.sentence, self.cues.groups
        last = b
        if not hint:
            hint = self._hint(s.lower[b - 1]) if b - a > 1 else ""
            if b < len(s.words) and self.upper[b] and s.lower[b] in groups["types"] and not self._goes_on(b + 1):
                hint, last = self._hint(s.lower[b]), b + 1
        return Toponym(self.at, a, last, s.starts[a], s.ends[last - 1], place_key(self._text(a, b)), senses, hint)

    def _hint(self, word: str) -> str:
        for kind in ("region", "district", "city", "water", "area", "other"):
            if word in self.cues.groups[f"{kind}_types"]:
                return kind
        return ""

    def _goes_on(self, i: int) -> bool:
        """Whether an organisation's word follows: "Orange County Register"."""
        s = self.sentence
        return i < len(s.words) and self.upper[i] and s.lower[i] in self.cues.groups["organisations"]

    def _abbreviated(self, word: str) -> tuple[Sense, ...]:
        name, country, _ = self.cues.abbreviations[word]
        senses = self.gazetteer.senses(place_key(name))
        return tuple(s for s in senses if s.spot.kind == "region" and s.spot.country == country)

    def _suffixed(self, i: int, j: int) -> list[Toponym]:
        """ "Fort Lauderdale-based": a name of several words before a suffix."""
        s = self.sentence
        stem, _, tail = s.words[j - 1].rpartition("-")
        if not stem or tail not in self.cues.groups["suffixes"]:
            return []
        text = self._text(i, j)[: -len(tail) - 1]
        senses = self.gazetteer.senses(place_key(text), text.isupper())
        if not senses:
            return []
        return [
            Toponym(self.at, i, j, s.starts[i], s.starts[i] + len(text), place_key(text), senses, score=2.0, sure=True)
        ]

    def _hyphened(self, i: int) -> list[Toponym]:
        s = self.sentence
        word, start = s.words[i], s.starts[i]
        found = []
        cut = 0
        for part in word.split("-"):
            if part[:1].isupper() and len(part) > 1:
                senses = self.gazetteer.senses(place_key(part), part.replace(".", "").isupper())
                if senses:
                    found.append(
                        Toponym(self.at, i, i + 1, start + cut, start + cut + len(part), place_key(part), senses)
                    )
            cut += len(part) + 1
        if word[:2] in ("R-", "D-", "I-") and len(found) == 1:
            found[0].score, found[0].sure = 2.0, True  # "Rep. Lloyd Doggett, D-Texas"
            return found
        tail = word.rsplit("-", 1)[1]
        if tail in self.cues.groups["suffixes"]:
            for t in found:
                t.sure = tail in ("based", "born", "area")
                t.score = 2.0 if t.sure else 0.5
            return found[:1]
        # "Israel-Gaza": only where both sides are places; "Coca-Cola" and "Jean-Paul" are not.
        whole = len(found) == word.count("-") + 1
        return found if whole and all(_known(t.senses) >= 2.5 for t in found) else []

    def _typed(self, i: int, end: int) -> list[Toponym]:
        """ "Conewago Township", "Lake Wallenpaupack": a name with a place's word that the gazetteer does not have."""
        s, groups = self.sentence, self.cues.groups
        for j in range(i + 1, min(end, i + 4)):
            low = s.lower[j]
            if not self.upper[j] or low in groups["organisations"] or s.lower[j - 1] in groups["offices"]:
                return []
            if low in _TYPES_ALONE:
                if s.lower[i] in groups["types"] or s.lower[i] in groups["refused"] or self._goes_on(j + 1):
                    return []
                return [
                    Toponym(
                        self.at,
                        i,
                        j + 1,
                        s.starts[i],
                        s.ends[j],
                        place_key(self._text(i, j + 1)),
                        (),
                        self._hint(low),
                        0.0,
                        True,
                    )
                ]
        if s.lower[i] in ("lake", "mount", "cape") and i + 1 < end and self.upper[i + 1] and not self._goes_on(i + 2):
            return [
                Toponym(self.at, i, i + 2, s.starts[i], s.ends[i + 1], place_key(self._text(i, i + 2)), (), "water")
            ]
        return []

    def _unlisted(self, i: int) -> list[Toponym]:
        """A name the gazetteer lacks, which the words around it call a place: "the village of Kesra", "Kesra district"."""
        s, groups = self.sentence, self.cues.groups
        if (
            i in self.person
            or i in self.adjectives
            or i in self.body
            or self.loud
            or (i and self.upper[i - 1] and s.lower[i - 1] not in groups["function"])
        ):
            return []
        end = i
        while end < len(s.words) and end - i < 4 and s.words[end][0].isalpha():
            low = s.lower[end]
            if not self.upper[end]:
                if end > i and low in groups["particles"] and end + 1 < len(s.words) and self.upper[end + 1]:
                    end += 1
                    continue
                break
            if (
                low in groups["organisations"]
                or low in groups["months"]
                or low in groups["offices"]
                or low in groups["refused"]
            ):
                return []
            end += 1
        if end == i or end - i == 4 or (end == i + 1 and (len(s.words[i]) < 4 or s.words[i].isupper())):
            return []
        called = i > 1 and s.lower[i - 1] in ("of", "called", "named") and s.lower[i - 2] in groups["settlements"]
        after = s.lower[end] if end < len(s.words) else ""
        noun = after in groups["settlements"] and not (
            end + 1 < len(s.words) and s.lower[end + 1] in ("attorney", "court", "council")
        )
        if after == "," and i and self._holder(end + 1):
            called = called or s.lower[i - 1] in groups["sure"] | groups["likely"] or s.words[i - 1] in (";", "and")
        placed = i > 0 and end == i + 1 and s.lower[i - 1] in ("in", "near", "outside") and after not in ("'s", "’s")
        if not (called or placed or (noun and i)):
            return []
        if place_key(s.words[i]) in self.cues.forenames and not called:
            return []
        known = Toponym(self.at, i, end, s.starts[i], s.ends[end - 1], place_key(self._text(i, end)), ())
        known.hint = self._hint(after) if noun else self._hint(s.lower[i - 2]) if called else ""
        known.sure = called or noun
        return [known]

    def _holder(self, k: int) -> bool:
        """Whether token k names a country or division that a town before it may lie in."""
        s = self.sentence
        if k >= len(s.words) or not self.upper[k] or (k + 1 < len(s.words) and s.words[k + 1] in ("'s", "’s")):
            return False
        return any(x.spot.kind in ("country", "region") and not x.alternate for x in self._senses(k, k + 1))

    def again(self, names: dict[str, Toponym], found: list[Toponym]) -> list[Toponym]:
        """Other mentions of unlisted names."""
        s = self.sentence
        taken = {k for t in found for k in range(t.first, t.last)}
        more = []
        for i, word in enumerate(s.words):
            model = names.get(word) if self.upper[i] and i not in taken and i not in self.person else None
            if model is None:
                continue
            end = i + model.last - model.first
            if end <= len(s.words) and place_key(self._text(i, end)) == model.key:
                more.append(Toponym(self.at, i, end, s.starts[i], s.ends[end - 1], model.key, (), score=THRESHOLD))
        return more

    # Qualifiers

    def _qualify(self, found: list[Toponym]) -> None:
        """ "Reston, Va.", "Toulouse, France", "Mosul in Iraq": link a name to the division or country named behind it."""
        s = self.sentence
        by_first = {t.first: t for t in found}
        for t in list(found):
            after = t.last
            if after + 1 >= len(s.words) or s.lower[t.first] in self.cues.groups["months"]:
                continue
            two = by_first.get(after + 1)
            if s.words[after] in (",", "("):
                short = self._short(after + 1)
                if short is not None and (two is None or not _divides(two)):
                    if two is None:
                        two = by_first[after + 1] = short
                        found.append(short)
                    else:
                        two.senses, two.last = short.senses, short.last
                if (
                    two is not None
                    and _divides(two)
                    and self._ends_qualifier(two)
                    and _may_lie(t, two, by_first, s.words)
                ):
                    t.inside, two.holds = two, True
            elif (
                s.lower[after] == "in"
                and two is not None
                and _known(t.senses) < 2.0
                and _is_division(two)
                and self._is_name(t)
            ):
                t.inside = two
            if t.inside is None and t.first > 1 and s.words[t.first - 1] in ("'s", "’s"):
                owner = next((o for o in found if o.last == t.first - 1), None)
                if owner is not None and any(x.spot.kind == "city" for x in owner.senses) and _known(t.senses) < 1.5:
                    t.inside = owner  # "Nairobi's Westlands district"
        found.sort(key=lambda t: t.first)

    def _is_name(self, t: Toponym) -> bool:
        """ "Police in New South Wales" is no Police, New South Wales."""
        return t.key not in self.cues.words and t.key not in self.cues.groups["refused"]

    def _short(self, k: int) -> Toponym | None:
        """The abbreviated division at token k: "Va.", "Pa", "N.Y."."""
        s = self.sentence
        word = s.words[k]
        stop = k + 1 < len(s.words) and s.words[k + 1] == "." and f"{word}." in self.cues.abbreviations
        short = f"{word}." if stop else word
        if short not in self.cues.abbreviations:
            return None
        last = k + 2 if stop else k + 1
        return Toponym(self.at, k, last, s.starts[k], s.ends[last - 1], place_key(word), self._abbreviated(short))

    def _ends_qualifier(self, t: Toponym) -> bool:
        """ "Leeds, York and Hull" is a list; a qualifier is followed by a mark, a small word, or nothing."""
        s = self.sentence
        return t.last >= len(s.words) or not self.upper[t.last] or s.words[t.last][0] in ",;.)"

    # Scores

    def _score(self, t: Toponym, people: frozenset[str]) -> None:
        a, b = t.first, t.last
        if self._phrase(a, b) in self.cues.groups["not_places"]:
            t.barred = True
        if any(k in self.person for k in range(a, b)):
            t.barred = True
        if any(k in self.body for k in range(a, b)) and not t.inside:
            t.barred = True
        if b - a == 1 and a in self.adjectives and "-" not in self.sentence.words[a] and not t.inside:
            t.barred = True
        score = t.score + self._bare(t)
        if t.hint and b - a > 1:
            score += 2.0
        before = self._before(t)
        after = self._after(t)
        score += before + after
        if t.inside is not None:
            score += 4.0
        if t.holds:
            score += 2.0
        if t.key in people and _known(t.senses) < 3.0 and t.inside is None:
            score -= 1.0 if before >= 2.0 else 2.5
        if before <= -3.0 or after <= -4.0:
            t.barred = t.barred or t.inside is None
        if before >= 2.0 or t.inside is not None or t.holds:
            t.sure = True
        t.score = score

    def _phrase(self, a: int, b: int) -> str:
        return "_".join(self.sentence.lower[a:b])

    def _bare(self, t: Toponym) -> float:
        """The name by itself: how well known, and what else it may be."""
        s, groups = self.sentence, self.cues.groups
        if not t.senses:
            return 2.0 if t.sure else 0.8
        score = _known(t.senses)
        if t.last - t.first == 1 and (s.lower[t.first] in groups["refused"] or s.lower[t.first] in groups["months"]):
            t.barred = t.inside is None or s.lower[t.first] in groups["months"]
            return score - 3.0
        if all(w in groups["directions"] or w in groups["types"] for w in s.lower[t.first : t.last]):
            return 0.3
        first = t.first == 0
        town = score < 2.55 and _best_kind(t.senses) in ("city", "district")
        if t.last - t.first == 1:
            if t.key in self.cues.words:
                return score - (2.5 if town else 0.5 if score >= 2.55 else 1.2) - 0.3 * first
            if t.key in self.cues.forenames:
                return score - (2.0 if town else 0.3) - 0.3 * first
            if t.key in self.cues.surnames:
                return score - (0.8 if town and score < 2.2 else 0.3 if town else 0.0) - 0.3 * first
        elif town and place_key(s.words[t.first]) not in self.cues.forenames:
            return score + 0.6  # two words are rarely both a town and something else
        return score

    def _before(self, t: Toponym) -> float:
        """What the words before say."""
        s, groups = self.sentence, self.cues.groups
        k = t.first - 1
        gain = 0.0
        while k >= 0 and (
            s.lower[k] in groups["directions"] or s.lower[k] in ("the", "capital", "city", "town", "village")
        ):
            if s.lower[k] in groups["directions"] or s.lower[k] in groups["before_nouns"]:
                gain = 1.5 if not self.upper[k] else 0.8
            k -= 1
            if t.first - k > 4:
                break
        if k >= 0 and s.words[k] == "$":
            return -6.0
        if k < 0:
            return gain
        low = s.lower[k]
        if low in groups["sure"]:
            return gain + (3.5 if t.key in self.cues.words else 2.5)
        if low == "of":
            return gain + self._of(k, t)
        if low in groups["likely"] or low in groups["motion"]:
            return gain + 1.3
        if low in groups["weak"]:
            return gain + 0.5
        if low in groups["before_nouns"]:
            return gain + 1.5
        if low in ("called", "named", "dubbed") and k and s.lower[k - 1] in groups["settlements"]:
            return gain + 3.0
        if s.words[k] in (",", "and", "or", "(", "—", "–", ":", '"', "“", "”", "'", "’", "‘", ";", "/"):
            return gain
        if k == t.first - 1 and self.upper[k] and not self.loud and low not in groups["function"]:
            return gain + self._name_before(k, t)
        return gain

    def _of(self, k: int, t: Toponym) -> float:
        s, groups = self.sentence, self.cues.groups
        j = k - 1
        while j >= 0 and s.lower[j] in ("city", "capital") and s.lower[j] not in groups["place_of"]:
            j -= 1
        if j < 0:
            return 0.5
        if s.lower[j] in groups["place_of"] and not t.hint:
            t.hint = self._hint(s.lower[j])
        if s.lower[j] in groups["other_of"]:
            return -3.0 if self.upper[j] or s.lower[j] in ("university", "college") else 0.5
        return 2.5 if s.lower[j] in groups["place_of"] else 0.8

    def _name_before(self, k: int, t: Toponym) -> float:
        """A capitalised word right before the name."""
        s, groups = self.sentence, self.cues.groups
        low = s.lower[k]
        if low in groups["honorifics"] or low in groups["clubs"]:
            return -4.0
        if low in groups["types"] or low in groups["offices"]:
            return -0.5
        if k == 0 or s.words[k - 1] in ('"', "“", "‘", ".", ":"):
            return -0.5 if place_key(low) not in self.cues.forenames else -3.0
        if low in groups["months"] or s.words[k].isupper():
            return -0.5
        return -3.0

    def _after(self, t: Toponym) -> float:
        """What the words behind say."""
        s, groups = self.sentence, self.cues.groups
        k = t.last
        if k >= len(s.words):
            return 0.3
        low = s.lower[k]
        if s.words[k] in ("'s", "’s"):
            after = s.lower[k + 1] if k + 1 < len(s.words) else ""
            return 1.0 if after in groups["directions"] or after in groups["before_nouns"] else 0.6
        if low in groups["place_nouns"] and not self.upper[k]:
            if not t.hint and t.last - t.first < 3:
                t.hint = self._hint(low)
            return 1.5
        if low in ("virus", "fever", "disease", "syndrome", "flu", "strain"):
            return -3.0
        if low == "$":
            return -6.0
        if low in groups["speech"] and len(s.words[t.first]) > 2 and _known(t.senses) < 3.0:
            return -1.5
        if self.upper[k] and s.words[k][0].isalpha() and not self.loud and t.char_end == s.ends[t.last - 1]:
            return self._name_after(k, t)
        return 0.0

    def _name_after(self, k: int, t: Toponym) -> float:
        """A capitalised word right behind the name."""
        s, groups = self.sentence, self.cues.groups
        low = s.lower[k]
        ahead = s.lower[k + 1] if k + 1 < len(s.words) and self.upper[k + 1] else ""
        if low in groups["months"] or (t.key in ("us", "uk") and low not in ("airways", "open", "steel", "today")):
            return 0.3
        if low in groups["organisations"] or (ahead in groups["organisations"] and ahead not in groups["offices"]):
            return -5.0
        if low in groups["townhall"]:
            return 1.8 if _known(t.senses) >= 0.5 else 0.0
        if low in groups["offices"] or low in groups["honorifics"]:
            return 0.8 if _known(t.senses) >= 1.5 else -0.5
        if ahead in groups["offices"]:
            return 0.0
        return -1.8 if _known(t.senses) >= 3.0 else -2.8


_TYPES_ALONE = frozenset(
    ("county", "township", "province", "prefecture", "oblast", "governorate", "parish", "borough", "river", "creek", "valley",
     "island", "islands", "mountains", "peninsula", "bay", "lake", "district", "municipality", "canyon", "sound", "strait", "raion")
)  # fmt: skip


def _capital(word: str) -> bool:
    """Whether it is written as a name: "Raqqa", "al-Raqqa", "d'Ivoire"."""
    return word[0].isupper() or (len(word) > 3 and any(word[k] in "-'’" and word[k + 1].isupper() for k in (1, 2)))


def _is_division(t: Toponym) -> bool:
    return any(s.spot.kind in ("country", "region") and not s.alternate for s in t.senses)


def _may_lie(t: Toponym, two: Toponym, by_first: dict[int, Toponym], words: list[str]) -> bool:
    """Whether "t, two" is a place and what it lies in, and not a list: "Ohio, Oregon and Utah", "Mali, Niger"."""
    if not t.senses:
        return True
    big = [s for s in t.senses if s.spot.kind in ("country", "continent", "region") and not s.alternate]
    divisions = {s.spot.index for s in two.senses if s.spot.kind == "region"}
    countries = {s.spot.country for s in two.senses if s.spot.kind == "country"}
    lies = any(
        s.spot.region in divisions or (s.spot.country in countries and s.spot.kind != "country")
        for s in t.senses
        if s.spot.kind in ("city", "district") or s.spot.region not in divisions
    )
    known = _fame(max(t.senses, key=_fame)) >= 2.0
    if not big:
        return lies or not known or any(s.spot.kind not in ("country", "region") for s in two.senses)
    if any(s.spot.kind == "country" for s in big) and countries and not divisions:
        return False
    before = by_first_ending(by_first, t.first - 1)
    after = by_first.get(two.last + 1)
    listed = (before is not None and words[t.first - 1] == "," and _divides(before)) or (
        after is not None and words[two.last] in (",", "and", "or") and _divides(after)
    )
    return lies and not listed


def by_first_ending(by_first: dict[int, Toponym], last: int) -> Toponym | None:
    return next((t for t in by_first.values() if t.last == last), None)


def _divides(t: Toponym) -> bool:
    """Whether the name may be that of a country or a division that towns are named with."""
    return any(s.spot.kind in ("country", "region", "district", "island", "area") for s in t.senses)


def _known(senses: tuple[Sense, ...]) -> float:
    """How surely a bare name is a place: countries 3.2, great cities 2.6, hamlets 0.2."""
    return max((_fame(s) for s in senses), default=0.0)


def _best_kind(senses: tuple[Sense, ...]) -> str:
    return max(senses, key=_fame).spot.kind if senses else ""


def _fame(sense: Sense) -> float:
    spot = sense.spot
    if spot.kind in ("country", "continent"):
        value = 3.2
    elif spot.kind == "region":
        value = 2.7 if spot.country in _STATES else 2.1
    elif spot.kind == "city":
        value = 3.0 if spot.capital else min(2.6, max(0.2, 0.9 * (math.log10(spot.population + 1) - 3.0)))
    elif spot.kind == "district":
        value = 1.7
    else:
        value = 2.3
    return value - (0.9 if sense.alternate else 0.0)


_STATES = frozenset(("USA", "CAN", "AUS", "GBR", "IND", "MEX", "BRA", "DEU", "CHN"))
