"""The coder: a text in, its events and mentions out, the main event first.

Sentence by sentence: lexicon matches, word classes, clauses, candidates (`events.py`); then what only the article knows: dates,
places and actors inherited, one event not told twice, the sentences of sport and markets left out.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from extractors.actors import Memory, Reading, mentioned, read_sentence
from extractors.candidates import Candidate
from extractors.clauses import parse
from extractors.cues import find_cues
from extractors.dateline import find_dateline
from extractors.dates import find_dates
from extractors.events import candidates
from extractors.lexicon import Lexicons
from extractors.locating import Scene, event_place, open_scene
from extractors.magnitudes import find_magnitudes
from extractors.matching import matches
from extractors.merging import merge
from extractors.places import article_places
from extractors.records import Event, Magnitude, Mention, Place
from extractors.sentences import Sentence, sentence_spans, tokenize
from extractors.settling import find_focus, implied_authority, is_political, settle, told_apart
from extractors.tagging import tag
from extractors.vetoes import article_topic, survives, topics, veto
from extractors.when import find_when, spoken_of

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
_LEAD = 2  # sentences: the lede and the one that completes it


@dataclass(frozen=True, slots=True)
class Coding:
    """What the coder found in one text."""

    events: tuple[Event, ...]
    mentions: tuple[Mention, ...]


@dataclass(slots=True)
class Read:
    """One sentence and all that was read off it: kept for the article-level pass and for `explain`."""

    reading: Reading
    found: list[Candidate]
    magnitudes: tuple[Magnitude, ...]
    topics: dict[str, float]
    veto: str
    contexts: tuple[str, ...] = ()
    """What its events are about; of a sentence without events nobody asks."""


def code(
    text: str,
    *,
    lexicons: Lexicons,
    published: date | None = None,
    title: str | None = None,
    country: str | None = None,
    source: str | None = None,
    version_id: str = "",
) -> Coding:
    """Code a text.

    Args:
        text: sentences or a whole body, English.
        published: the day relative dates count from; None leaves them open.
        title: headline, for the article's focus only; offsets always refer to `text`.
        country: ISO alpha-3 of the source, for the order of day and month.
        source: its name, for the profile of where it is at home.
        version_id: the article version the event ids hang on.
    Returns:
        Events, the main one first, and all mentions in order. Never raises on any text.
    """
    filed = find_dateline(text)
    lede = filed.end if filed else 0
    dates = find_dates(text, published, country)
    sentences = read_text(text, lexicons, published, title)
    places = article_places(filed, [r.reading for r in sentences], lexicons, source, country)
    events: list[Event] = []
    focus = find_focus([r.reading for r in sentences], places)
    scene = open_scene(filed, places, focus, lexicons.gazetteer)
    off_topic = article_topic(r.topics for r in sentences)
    vouching = focus is not None and is_political([r.found if not r.veto else [] for r in sentences])
    inherited = next((d for d in dates if d.char_end <= lede), None)
    spans = [(r.reading.sentence.char_start, r.reading.sentence.char_end) for r in sentences]
    timed = _by_sentence([d for d in dates if d.char_start >= lede], spans)
    placed = _by_sentence(places, spans)
    for read, own, here in zip(sentences, timed, placed, strict=True):
        live = [
            c
            for c in read.found
            if not c.dropped or (vouching and c.vouched) or (c.placeable and (focus or any(p.country for p in here)))
        ]
        if off_topic or read.veto:
            live = [c for c in live if survives(c, read.veto or off_topic, lexicons)]
        if live:
            read.contexts = _contexts(read.reading.sentence, lexicons)
        for n, candidate in enumerate(live):
            events.append(
                _event(read, candidate, n == 0, own, inherited, here, scene, published, focus, lexicons, version_id)
            )
        scene.pass_by(read.reading.sentence, here)
        inherited = spoken_of(own, published, inherited)
    kept = merge(events)
    return Coding(tuple(kept), _mentions(sentences, dates, places))


def _by_sentence(mentions: Iterable[Mention], spans: list[tuple[int, int]]) -> list[list[Mention]]:
    """The mentions that begin in each span, in their order."""
    starts = [begin for begin, _ in spans]
    rows: list[list[Mention]] = [[] for _ in spans]
    for mention in mentions:
        at = bisect_right(starts, mention.char_start) - 1
        if at >= 0 and mention.char_start < spans[at][1]:
            rows[at].append(mention)
    return rows


def read_text(text: str, lexicons: Lexicons, published: date | None, title: str | None = None) -> list[Read]:
    """Read every sentence: matches, clauses, candidates, magnitudes, vetoes."""
    memory = Memory()
    dateline = find_dateline(text)
    story = dateline.end if dateline else 0
    words = lexicons.words
    result: list[Read] = []
    for begin, end in sentence_spans(text, words["abbreviations"], words["sentence_starts"]):
        sentence = tokenize(text, begin, min(end, begin + 4000))
        found = matches(sentence, lexicons)
        nominal = frozenset(
            k
            for a, b, entries in found
            for k in range(a, b)
            if b - a > 1 or entries[0].kind not in ("agent", "title", "body") or sentence.lower[a] not in lexicons.verbs
        )
        tags = tag(sentence, lexicons, nominal, story)
        reading = read_sentence(sentence, parse(sentence, tags, lexicons), found, lexicons, published, memory)
        reading.lead = len(result) < _LEAD
        weights = topics(sentence, lexicons)
        result.append(Read(reading, candidates(reading), find_magnitudes(sentence), weights, veto(weights)))
    return result


def _event(
    read: Read,
    c: Candidate,
    main: bool,
    dates: list[Mention],
    inherited: Mention | None,
    places: list[Mention],
    scene: Scene,
    published: date | None,
    focus: str | None,
    lexicons: Lexicons,
    version_id: str,
) -> Event:
    reading, sentence = read.reading, read.reading.sentence
    clause = reading.parse.clauses[c.clause]
    opening = clause.start
    while opening < c.first and reading.parse.tags[opening] in "Z;":
        opening += 1  # the dateline and its dash carry no claim
    start, end = _support(sentence, opening, clause.end, c)
    place = _place(read, c, places, scene)
    when = find_when(sentence, c.first, (clause.start, clause.end), c.status, dates, inherited, published)
    actors = tuple(settle(told_apart(a, reading, places), reading, place, focus, c) for a in c.actors)
    recipients = tuple(settle(told_apart(a, reading, places), reading, place, focus, c) for a in c.recipients)
    actors = actors or implied_authority(c, reading, place, focus)
    magnitudes = (
        tuple(m for m in read.magnitudes if m.kind in _MAGNITUDES.get(c.type, ()))
        if main or len([x for x in read.found if not x.dropped]) == 1
        else _near(read, c, start, end)
    )
    start, end = _with_magnitudes(start, end, magnitudes)
    status = c.status
    if (
        status == "actual"
        and published is not None
        and when.last is not None
        and when.last < published - timedelta(days=365)
    ):
        status = "historical"
    info = lexicons.rules.types.get(c.type, {})
    support = sentence.text[start - sentence.char_start : end - sentence.char_start]
    return Event(
        event_id=_event_id(version_id, start, end, c.type, support),
        event_type=c.type,
        event_mode=c.mode,
        contexts=read.contexts,
        quad_class=info.get("quad"),
        score=(info.get("modes", {}).get(c.mode) if c.mode else None) or info.get("score"),
        status=status,
        attribution=c.attribution,
        actors=actors,
        recipients=recipients,
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


def _event_id(version_id: str, start: int, end: int, kind: str, support: str) -> str:
    return hashlib.sha256(f"{version_id}\0{start}\0{end}\0{kind}\0{support}".encode()).hexdigest()[:32]


def _support(sentence: Sentence, first: int, last: int, c: Candidate) -> tuple[int, int]:
    """The clause that carries the claim, stretched over its sides, without the marks at its ends."""
    begin, end = sentence.starts[first], sentence.ends[last - 1]
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


def _with_magnitudes(start: int, end: int, magnitudes: tuple[Magnitude, ...]) -> tuple[int, int]:
    return min([start, *(m.char_start for m in magnitudes)]), max([end, *(m.char_end for m in magnitudes)])


def _near(read: Read, c: Candidate, start: int, end: int) -> tuple[Magnitude, ...]:
    kinds = _MAGNITUDES.get(c.type, set())
    return tuple(m for m in read.magnitudes if m.kind in kinds and start <= m.char_start and m.char_end <= end)


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


def _contexts(sentence: Sentence, lexicons: Lexicons) -> tuple[str, ...]:
    return tuple(sorted({cue.topic for cue in find_cues(sentence.lower, lexicons.contexts)}))


def _mentions(sentences: list[Read], dates: tuple[Mention, ...], places: tuple[Mention, ...]) -> tuple[Mention, ...]:
    found: list[Mention] = [*dates, *places]
    for read in sentences:
        for actor in mentioned(read.reading):
            found.append(
                Mention(
                    "actor",
                    actor.char_start,
                    actor.char_end,
                    actor.text,
                    actor.name,
                    actor.country,
                    actor.sector,
                    actor.other_sectors,
                    actor.how,
                )
            )
    return tuple(sorted(found, key=lambda m: (m.char_start, m.char_end, m.kind)))
