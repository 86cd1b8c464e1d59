"""A telling: a candidate set in its article: its words, its day and place, its numbers, its sides with what they borrow.

`events.py` says what a sentence claims; here the claim becomes an event as it is stored.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

from extractors.actors import Reading
from extractors.candidates import Candidate
from extractors.cues import find_cues
from extractors.lexicon import Lexicons
from extractors.locating import Scene, event_place
from extractors.records import Actor, Event, Magnitude, Mention, Place
from extractors.settling import implied_authority, settle, told_apart
from extractors.when import When, find_when

_MAGNITUDES = {
    "ASSAULT": {"killed", "injured", "missing", "displaced", "abducted", "arrested", "participants"},
    "COERCE": {"arrested", "killed", "injured", "displaced", "evacuated", "missing"},
    "PROTEST": {"participants", "killed", "injured", "arrested"},
    "SANCTION": {"arrested", "displaced", "money"},
    "AID": {"money", "evacuated", "displaced"},
    "RETREAT": {"abducted", "arrested"},
    "CONCEDE": {"abducted", "arrested", "money"},
    "AGREE": {"money"},
    "REQUEST": {"money"},
    "COOPERATE": {"money"},
    "THREATEN": {"money"},
    "x_disaster": {"killed", "injured", "missing", "displaced", "evacuated"},
    "x_accident": {"killed", "injured", "missing"},
}
_OLD = timedelta(days=365)
"""What ended longer than this before publication is background."""


@dataclass(slots=True)
class Read:
    """One sentence and all that was read off it: kept for the article-level pass and for `explain`."""

    reading: Reading
    found: list[Candidate]
    magnitudes: tuple[Magnitude, ...]
    topics: dict[str, float]
    veto: str
    contexts: tuple[str, ...] | None = None
    """What its events are about; None until one is told."""


@dataclass(slots=True)
class Story:
    """What the article lends to each of its sentences."""

    lexicons: Lexicons
    published: date | None
    version_id: str
    focus: str | None
    """The country it is mostly about."""
    scene: Scene
    inherited: Mention | None
    """The time spoken of last, for a sentence that names none."""


def tell(read: Read, c: Candidate, main: bool, times: list[Mention], places: list[Mention], story: Story) -> Event:
    """The event of a candidate.

    Args:
        main: whether it is the first of its sentence, to which the sentence's numbers belong.
        times: the time expressions of the sentence; `places`: its place mentions.
    """
    reading, sentence = read.reading, read.reading.sentence
    clause = reading.parse.clauses[c.clause]
    place = _place(read, c, places, story.scene)
    times = _own_times(read, c, times)
    when = find_when(sentence, c.first, (clause.start, clause.end), c.status, times, story.inherited, story.published)
    start, end = _support(read, c)
    magnitudes = _magnitudes(read, c, main, start, end)
    start = min([start, *(m.char_start for m in magnitudes)])
    end = max([end, *(m.char_end for m in magnitudes)])
    support = sentence.text[start - sentence.char_start : end - sentence.char_start]
    info = story.lexicons.rules.types.get(c.type, {})
    return Event(
        event_id=_event_id(story.version_id, start, end, c.type, support),
        event_type=c.type,
        event_mode=c.mode,
        contexts=_contexts(read, story.lexicons),
        quad_class=info.get("quad"),
        score=(info.get("modes", {}).get(c.mode) if c.mode else None) or info.get("score"),
        status=_status(c, when, story.published),
        attribution=c.attribution,
        actors=_settled(c.actors, read, c, place, places, story.focus)
        or implied_authority(c, reading, place, story.focus),
        recipients=_settled(c.recipients, read, c, place, places, story.focus),
        date_start=when.first,
        date_end=when.last,
        date_precision=when.precision,
        date_text=when.text,
        place=place,
        magnitudes=magnitudes,
        trigger=sentence.span(c.first, c.last),
        support=support,
        char_start=start,
        char_end=end,
        rule_id=c.rule.id,
        confidence=c.rule.confidence,
    )


def _settled(
    side: tuple[Actor, ...], read: Read, c: Candidate, place: Place | None, places: list[Mention], focus: str | None
) -> tuple[Actor, ...]:
    """A side with the countries its actors borrow."""
    return tuple(settle(told_apart(a, read.reading, places), read.reading, place, focus, c) for a in side)


def _status(c: Candidate, when: When, published: date | None) -> str:
    """The candidate's status; what happened more than a year ago is historical."""
    old = published is not None and when.last is not None and when.last < published - _OLD
    return "historical" if old and c.status == "actual" else c.status


def _magnitudes(read: Read, c: Candidate, main: bool, start: int, end: int) -> tuple[Magnitude, ...]:
    """The numbers of the sentence that its main or only event carries, those inside its own words for another."""
    kinds = _MAGNITUDES.get(c.type, set())
    alone = main or len([x for x in read.found if not x.dropped]) == 1
    return tuple(
        m for m in read.magnitudes if m.kind in kinds and (alone or (start <= m.char_start and m.char_end <= end))
    )


def _own_times(read: Read, c: Candidate, times: list[Mention]) -> list[Mention]:
    """The times of a sentence without those of a participle behind the trigger: "condemned the move announced on Monday"."""
    clause, sentence = read.reading.parse.clauses[c.clause], read.reading.sentence
    other = next((g for g in clause.groups if g.form == "participle" and g.start >= c.last), None)
    if other is None:
        return times
    begin, end = sentence.ends[other.head], sentence.ends[clause.end - 1]
    return [t for t in times if not begin <= t.char_start < end]


def _support(read: Read, c: Candidate) -> tuple[int, int]:
    """The clause that carries the claim, stretched over its sides, without the marks at its ends."""
    sentence, clause = read.reading.sentence, read.reading.parse.clauses[c.clause]
    first = clause.start
    while first < c.first and read.reading.parse.tags[first] in "Z;":
        first += 1  # the dateline and its dash carry no claim
    begin, end = sentence.starts[first], sentence.ends[clause.end - 1]
    begin = min(
        [
            begin,
            sentence.starts[c.first],
            *(a.char_start for a in (*c.actors, *c.recipients) if a.char_start >= sentence.char_start),
        ]
    )
    end = max(
        [
            end,
            sentence.ends[c.last - 1],
            *(a.char_end for a in (*c.actors, *c.recipients) if a.char_end <= sentence.char_end),
        ]
    )
    text = sentence.text[begin - sentence.char_start : end - sentence.char_start]
    left = len(text) - len(text.lstrip(" ,;:“\"'—–-"))
    right = len(text.rstrip(' ,;:”"—–-'))
    return begin + left, begin + max(right, left + 1)


def _place(read: Read, c: Candidate, places: list[Mention], scene: Scene) -> Place | None:
    sentence, clause = read.reading.sentence, read.reading.parse.clauses[c.clause]
    return event_place(
        c.type,
        c.nominal,
        sentence,
        (sentence.starts[clause.start], sentence.ends[clause.end - 1]),
        (sentence.starts[c.first], sentence.ends[c.last - 1]),
        [(a.char_start, a.char_end) for a in c.recipients],
        places,
        scene,
    )


def _contexts(read: Read, lexicons: Lexicons) -> tuple[str, ...]:
    """What the sentence is about, found once for all of its events."""
    if read.contexts is None:
        read.contexts = tuple(sorted({cue.topic for cue in find_cues(read.reading.sentence.lower, lexicons.contexts)}))
    return read.contexts


def _event_id(version_id: str, start: int, end: int, kind: str, support: str) -> str:
    return hashlib.sha256(f"{version_id}\0{start}\0{end}\0{kind}\0{support}".encode()).hexdigest()[:32]
