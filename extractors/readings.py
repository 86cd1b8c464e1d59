"""A reading: one sentence with its noun phrases and the lexicon entries its words stand for, each decided by date and neighbours."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from operator import attrgetter

from extractors.chunks import Chunks, find_chunks
from extractors.lexicon import Lexicons
from extractors.matching import Match, matches
from extractors.phrases import Entry, fold
from extractors.records import Actor
from extractors.sentences import Sentence

BODIES = frozenset(("UNO", "IGO", "NGO", "EUR", "MNC", "IMG", "ISM"))
"""Codes that stand in a country's place and are none."""
LAND_KINDS = frozenset(("country", "adjective", "plural", "capital", "city", "metonym", "people", "partial"))
AGENT_KINDS = frozenset(("agent", "title", "body"))
_ELECTED = frozenset(("president", "prime minister", "vice president", "chancellor", "governor", "lawmaker"))
"""Offices of `officeholders.tsv` that somebody stands for before holding them."""
_CANDIDACY = 2
"""Years before an office in which its holder is a candidate or a party's choice."""
_OFFICIAL = frozenset(("GOV", "MIL", "LEG", "SPY", "JUD", "COP"))

Hit = tuple[int, int, Entry]
"""First token, last token exclusive, the entry meant."""


@dataclass(slots=True)
class Reading:
    """One sentence with its matches, ready for actors to be asked for."""

    sentence: Sentence
    found: list[Match]
    lexicons: Lexicons
    day: date | None
    chunks: Chunks
    hits: list[Hit] = field(default_factory=list)
    """The matches that hold on the day and among their neighbours, in order."""
    hit_starts: list[int] = field(default_factory=list)
    """The first token of each."""
    sole: str | None = None
    """The only country named in the sentence, None when there are several or none."""
    lead: bool = True
    """Whether the sentence is among the first of its text, which tell the news."""
    given: set[int] = field(default_factory=set)
    """The tokens in which a tagger saw somebody."""
    cache: dict[int, tuple[Actor, ...]] = field(default_factory=dict)
    pronouns: dict[int, Actor] = field(default_factory=dict)
    """Token of a pronoun → whom it means."""

    def within(self, start: int, end: int) -> list[Hit]:
        """Hits inside tokens [start, end)."""
        found = []
        for hit in self.hits[bisect_left(self.hit_starts, start) :]:
            if hit[1] > end:
                break
            found.append(hit)
        return found


def read(sentence: Sentence, lexicons: Lexicons, day: date | None, lead: bool = True) -> Reading:
    """A sentence with its matches decided."""
    found = matches(sentence, lexicons)
    chunks = Chunks(
        [
            lexicons.letters.get(low, "N" if w[0].isupper() else "w")
            for low, w in zip(sentence.lower, sentence.words, strict=True)
        ]
    )
    reading = Reading(sentence, found, lexicons, day, chunks, lead=lead)
    covered = {k for a, b, _ in found for k in range(a, b)}
    for a, b, entries in found:
        entry = _of_country(reading, b, entries) or entry_on(entries, day)
        if b - a > 1 or not _somebody_else(reading, a, entry, covered):
            reading.hits.append((a, b, entry))
            reading.hit_starts.append(a)
    countries = {
        e.country
        for a, b, e in reading.hits
        if e.country
        and e.country not in BODIES
        and e.sector != "BUS"
        and (e.kind != "person" or b - a > 1)  # a surname alone may be anybody's
    }
    reading.sole = next(iter(countries)) if len(countries) == 1 else None
    return reading


def cut(reading: Reading, given: Sequence[tuple[int, int]] = ()) -> None:
    """Cut the sentence into noun phrases; `given` are token spans that a tagger says are somebody."""
    hits = [(a, b) for a, b, _ in reading.hits]
    reading.given = {k for a, b in given for k in range(a, b)}
    reading.chunks = find_chunks(
        reading.sentence, hits, reading.lexicons.letters, reading.lexicons.words["particles"], given
    )


def _of_country(reading: Reading, end: int, entries: tuple[Entry, ...]) -> Entry | None:
    """The person whom the words behind tell apart: "King Abdullah of Jordan"."""
    if entries[0].kind != "person" or reading.sentence.lower[end : end + 1] != ["of"]:
        return None
    land = next((es[0].country for a, _, es in reading.found if a == end + 1 and es[0].kind == "country"), None)
    fitting = tuple(e for e in entries if e.country == land)
    return entry_on(fitting, reading.day) if land and 0 < len(fitting) < len(entries) else None


def entry_on(entries: tuple[Entry, ...], day: date | None) -> Entry:
    """The entry that holds on the day, the latest term first; a person out of office keeps the country and not the office."""
    for entry in entries:
        if entry.holds(day):
            return entry
    if day is None or entries[0].kind != "person":
        return entries[0]
    iso = day.isoformat()
    past = next((e for e in entries if e.valid_to and e.valid_to < iso), None)
    if past is not None:
        return replace(past, sector="ELI", others=()) if past.sector in _OFFICIAL else past
    first = min(
        entries, key=attrgetter("valid_from")
    )  # not yet in office: what they were then is not known, unless they stand for it
    stands = first.office in _ELECTED and first.valid_from[:4] <= str(day.year + _CANDIDACY)
    return replace(first, sector="PTY" if stands else None, others=())


def _somebody_else(reading: Reading, at: int, entry: Entry, covered: set[int]) -> bool:
    """Whether one word is part of a name the lexicons lack ("Riad Maliki", "Michael Jordan", "Trump Tower"), or an ambiguous
    surname nothing vouches for ("in May")."""
    if entry.kind == "title" and _adjectival(reading, at):
        return True
    left = _foreign(reading, at - 1, covered) and not _honorific(reading, at - 1)
    if entry.kind == "person":
        if left or _foreign(reading, at + 1, covered):
            return True
        return entry.ambiguous and not _vouched(reading, at)
    if entry.kind == "city":
        return left or _foreign(reading, at + 1, covered)
    if entry.kind == "capital":
        return left
    if entry.ambiguous and entry.kind in ("country", "partial", "actor"):
        return left or _foreign(reading, at + 1, covered)
    return False


def _adjectival(reading: Reading, at: int) -> bool:
    """ "general election" has no general."""
    words, lower = reading.sentence.words, reading.sentence.lower
    return (
        lower[at] in reading.lexicons.words["adjectival"]
        and at + 1 < len(words)
        and words[at + 1].isalpha()
        and reading.chunks.letters[at + 1] == "w"
        and lower[at + 1] not in reading.lexicons.words["telling"]
    )


def _foreign(reading: Reading, at: int, covered: set[int]) -> bool:
    """A capitalised noun which no lexicon knows."""
    words, letters = reading.sentence.words, reading.chunks.letters
    return (
        0 <= at < len(words)
        and letters[at] == "N"
        and at not in covered
        and words[at][0].isupper()
        and _name(words[at])
        and reading.sentence.lower[at] not in reading.lexicons.words["time"]
    )


def _name(word: str) -> bool:
    return len(word) > 1 and not word.endswith(".") and word.isalpha()


def _honorific(reading: Reading, at: int) -> bool:
    return at >= 0 and reading.sentence.lower[at].rstrip(".") in reading.lexicons.words["honorifics"]


def _vouched(reading: Reading, at: int) -> bool:
    """A title, an office, a country word or an initial just before the surname."""
    if _honorific(reading, at - 1):
        return True
    return any(b == at and e.kind in AGENT_KINDS | LAND_KINDS for _, b, es in reading.found for e in es[:1])


def capitalised(reading: Reading, start: int, end: int) -> bool:
    """Whether any token of [start, end) begins with a capital."""
    return any(reading.sentence.words[k][0].isupper() for k in range(start, end))


def folded(reading: Reading, start: int, end: int) -> str:
    """Tokens [start, end) as the lexicons would have them."""
    lower = reading.sentence.lower
    return fold(lower[start]) if end - start == 1 else " ".join([fold(w) for w in lower[start:end]])
