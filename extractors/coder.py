"""The coder: a text in, its events and mentions out, the main event first.

Sentence by sentence: lexicon matches, word classes, clauses, candidates (`events.py`); then what only the article knows: dates,
places and actors inherited, one event not told twice, the sentences of sport and markets left out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from extractors.actors import Memory, mentioned, read_sentence
from extractors.clauses import parse
from extractors.dateline import find_dateline
from extractors.dates import find_dates
from extractors.events import candidates
from extractors.lexicon import Lexicons
from extractors.locating import open_scene
from extractors.magnitudes import find_magnitudes
from extractors.matching import matches
from extractors.merging import merge
from extractors.places import article_places
from extractors.records import Event, Mention
from extractors.sentences import sentence_spans, tokenize
from extractors.settling import find_focus, is_political
from extractors.tagging import tag
from extractors.telling import Read, Story, tell
from extractors.vetoes import article_topic, survives, topics, veto
from extractors.when import spoken_of

_LEAD = 2  # sentences: the lede and the one that completes it


@dataclass(frozen=True, slots=True)
class Coding:
    """What the coder found in one text."""

    events: tuple[Event, ...]
    mentions: tuple[Mention, ...]


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
    focus = find_focus([r.reading for r in sentences], places)
    scene = open_scene(filed, places, focus, lexicons.gazetteer)
    off_topic = article_topic(r.topics for r in sentences)
    vouching = focus is not None and is_political([r.found if not r.veto else [] for r in sentences])
    inherited = next((d for d in dates if d.char_end <= lede), None)
    story = Story(lexicons, published, version_id, focus, scene, inherited)
    spans = [(r.reading.sentence.char_start, r.reading.sentence.char_end) for r in sentences]
    timed = _by_sentence([d for d in dates if d.char_start >= lede], spans)
    placed = _by_sentence(places, spans)
    events: list[Event] = []
    for read, own, here in zip(sentences, timed, placed, strict=True):
        live = [
            c
            for c in read.found
            if not c.dropped or (vouching and c.vouched) or (c.placeable and (focus or any(p.country for p in here)))
        ]
        if off_topic or read.veto:
            live = [c for c in live if survives(c, read.veto or off_topic, lexicons)]
        events.extend(tell(read, c, n == 0, own, here, story) for n, c in enumerate(live))
        scene.pass_by(read.reading.sentence, here)
        story.inherited = spoken_of(own, published, story.inherited)
    return Coding(tuple(merge(events)), _mentions(sentences, dates, places))


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
