"""The coder: a text in, its events and mentions out, the main event first.

The tagger reads the text and proposes; own rules add what it cannot know; lexicons, calendar and gazetteer say who, when, where and how
many; what tells one act again is merged; what is likely enough becomes a row.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from operator import attrgetter

import numpy as np

from extractors.confidence import STORED
from extractors.dateline import find_dateline
from extractors.dates import find_dates
from extractors.events import confidence, merge
from extractors.events.contexts import find_contexts
from extractors.events.likeness import FEATURES, Around, Telling, stems
from extractors.events.magnitudes import pooled, read_numbers, share_magnitudes
from extractors.events.roles import LONGEST, Cast, mentions, read_text
from extractors.events.speaker import find_speaker
from extractors.events.when import find_when, read_times, status_by_time, status_by_words
from extractors.events.where import find_where, read_setting
from extractors.lexicon import Lexicons
from extractors.ownrules import apply_rules, find
from extractors.places import article_places
from extractors.readings import Reading
from extractors.records import Event, Mention
from extractors.sentences import Sentence
from extractors.tagger import decode
from extractors.tagger.proposals import Proposal
from extractors.tagger.session import Session, load
from extractors.tagger.wordpieces import Floats

_AROUND = 12  # words on each side of a trigger that tell which act it is


@dataclass(frozen=True, slots=True)
class Coding:
    """What the coder found in one text."""

    events: tuple[Event, ...]
    mentions: tuple[Mention, ...]
    left_out: str | None = None
    """What of the text was not read, None when all was."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act with its tellings, the surest first, and how likely it is right."""

    tellings: tuple[Telling, ...]
    row: Floats
    """The features of its confidence."""
    confidence: float


@dataclass(frozen=True, slots=True)
class Read:
    """A text as read: everything from which its events are made, kept for `explain` and for measuring."""

    readings: list[Reading]
    acts: list[Act]
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
    session: Session | None = None,
) -> Coding:
    """Code a text.

    Args:
        text: sentences or a whole body, English.
        published: the day relative dates count from; None leaves them open.
        title: headline; offsets always refer to `text`.
        country: ISO alpha-3 of the source, for the order of day and month.
        source: its name, for the profile of where it is at home.
        version_id: the article version the event ids hang on.
        session: the tagger; the package's own when none is given.
    Returns:
        Events at least as likely as `STORED`, the main one first, and all mentions in order. Never raises on any text.
    """
    read = read_article(text, lexicons, published, country, source, session)
    events = tuple(event for _, event in rows_of(read, lexicons, published, version_id))
    cut = any(r.sentence.char_end - r.sentence.char_start >= LONGEST for r in read.readings)
    return Coding(events, read.mentions, f"sentence cut at {LONGEST} characters" if cut else None)


def rows_of(
    read: Read, lexicons: Lexicons, published: date | None = None, version_id: str = ""
) -> Iterator[tuple[Act, Event]]:
    """The acts of a text that are at least as likely as `STORED`, the main one first, each with its event. Arguments as `code`."""
    acts = [a for a in read.acts if a.confidence >= STORED and a.tellings[0].proposal.type != "other"]
    acts.sort(key=lambda a: -max(t.proposal.core * t.proposal.score for t in a.tellings))
    head, rest = acts[:1], sorted(acts[1:], key=lambda a: a.tellings[0].proposal.start)
    yield from ((a, event_of(a, read, lexicons, published, version_id)) for a in [*head, *rest])


def read_article(
    text: str,
    lexicons: Lexicons,
    published: date | None = None,
    country: str | None = None,
    source: str | None = None,
    session: Session | None = None,
) -> Read:
    """Read a text: its acts in the order of the text, whatever their confidence. Arguments as `code`."""
    session = session or load()
    filed = find_dateline(text)
    lede = filed.end if filed else 0
    dates = find_dates(text, published, country)
    readings = read_text(text, lexicons, published)
    places = article_places(filed, readings, lexicons, source, country)
    proposals = _proposals(text, readings, lexicons, session)
    given = [(w.start, w.end) for p, _ in proposals for w in (*p.actors, *p.recipients)]
    cast = Cast(readings, lexicons, published, given, places)
    times = read_times(text, dates, published, lede)
    sentences = [r.sentence for r in readings]
    setting = read_setting(sentences, [r.found for r in readings], places, filed, lexicons.gazetteer)
    tellings: list[Telling] = []
    for at, some in groupby(proposals, key=lambda item: item[0].sentence):
        together = list(some)
        sentence = sentences[at]
        shares = share_magnitudes([p for p, _ in together], sentence, read_numbers(sentence))
        told = stems(sentence.lower), stems([w.lower() for w in sentence.words[1:] if w[0].isupper()])
        for (found, vector), numbers in zip(together, shares, strict=True):
            p = replace(found, status=status_by_words(found, sentence))
            when = find_when(p, sentence, times)
            actors, recipients = cast.sides(p, None, when.first)
            place = find_where(p, sentence, actors, recipients, setting)
            if place is not None and p.places:
                actors, recipients = cast.sides(p, place.country, when.first)
            around = _around(sentence, p, lexicons.words["pointing"])
            tellings.append(Telling(p, vector, actors, recipients, when, place, numbers, around, *told))
    return Read(
        readings,
        _acts(tellings, session),
        tuple(sorted([*dates, *places, *mentions(readings)], key=attrgetter("char_start", "char_end", "kind"))),
    )


def _proposals(
    text: str, readings: Sequence[Reading], lexicons: Lexicons, session: Session
) -> list[tuple[Proposal, Floats]]:
    """What the tagger proposes, and own rules beside it, in the order of the text."""
    spans = [(r.sentence.char_start, r.sentence.char_end) for r in readings]
    found = decode.propose(session, text, spans)
    hits = [hit for r in readings for hit in find(r.sentence, lexicons.own)]
    if not hits:
        return found
    vectors = {(p.start, p.end): v for p, v in found}

    def sides_for(start: int, end: int, kind: str) -> Proposal:
        (proposal, vector), *_ = decode.at(session, text, spans, [(start, end, kind)])
        vectors[start, end] = vector
        return proposal

    spoken = apply_rules([p for p, _ in found], hits, sides_for)
    blank = np.zeros(1, np.float32)
    return [(p, vectors.get((p.start, p.end), _covering(vectors, p, blank))) for p in spoken]


def _covering(vectors: dict[tuple[int, int], Floats], p: Proposal, blank: Floats) -> Floats:
    """The vector of a trigger that a rule's words replaced."""
    return next((v for (a, b), v in vectors.items() if a < p.end and p.start < b), blank)


def _around(sentence: Sentence, p: Proposal, pointing: frozenset[str]) -> Around:
    first, last = bisect_right(sentence.ends, p.start), bisect_left(sentence.starts, p.end)
    around = sentence.lower[max(0, first - _AROUND) : last + _AROUND]
    definite = 0 < first < last and sentence.lower[first - 1] in pointing
    return Around(stems(around), stems(sentence.lower[first:last]), definite)


def _acts(tellings: list[Telling], session: Session) -> list[Act]:
    """The tellings as acts, by the weights of the model's card."""
    return acts_of(
        tellings,
        confidence.card_weights(session.card, "merge", FEATURES),
        float(session.card.get("merge", {}).get("least", 2.0)),
        confidence.card_weights(session.card, "confidence", confidence.FEATURES),
    )


def acts_of(tellings: Sequence[Telling], merging: Floats, least: float, sure: Floats) -> list[Act]:
    """The tellings of an article as acts, each with its confidence.

    Args:
        merging: weights of `likeness.FEATURES`; `least`: how likely a telling must be of an act.
        sure: weights of `confidence.FEATURES`.
    """
    pairs = merge.likely(tellings, merging)
    groups = merge.group(tellings, pairs, least)
    retold = merge.retold(tellings, groups, pairs)
    together = [merge.best_first(tellings, numbers) for numbers in groups]
    rivals = Counter(told[0].proposal.sentence for told in together)
    acts = []
    for told, again in zip(together, retold, strict=True):
        p = told[0].proposal
        row = confidence.features(told, rivals[p.sentence] - 1, again)
        chance = confidence.confidence(sure, row) if p.rule_id == "tagger" else p.types[0][1]
        acts.append(Act(told, row, chance))
    return sorted(acts, key=lambda a: a.tellings[0].proposal.start)


def event_of(act: Act, read: Read, lexicons: Lexicons, published: date | None, version_id: str) -> Event:
    """The record of an act: its surest telling, with what another adds."""
    first, *others = act.tellings
    p = first.proposal
    sentence = read.readings[p.sentence].sentence
    told = next((t for t in act.tellings if t.when.text), first)
    placed = next((t for t in act.tellings if t.proposal.places and t.place), None) or next(
        (t for t in act.tellings if t.place), first
    )
    magnitudes = pooled(t.magnitudes for t in act.tellings)
    start, end = support_of(first, read)
    support = sentence.text[start - sentence.char_start : end - sentence.char_start]
    info = lexicons.own.types.get(p.type, {})
    status = status_by_time(p.status, told.when, published)
    return Event(
        event_id=hashlib.sha256(
            f"{version_id}\0{start}\0{end}\0{p.type}\0{support}".encode("utf-8", "replace")
        ).hexdigest()[:32],
        event_type=p.type,
        event_mode=p.mode,
        contexts=find_contexts(sentence, lexicons.contexts),
        quad_class=info.get("quad"),
        score=(info.get("modes", {}).get(p.mode) if p.mode else None) or info.get("score"),
        status=status,
        attribution=find_speaker(p, sentence),
        actors=first.actors or next((t.actors for t in others if t.actors), ()),
        recipients=first.recipients or next((t.recipients for t in others if t.recipients), ()),
        date_start=told.when.first,
        date_end=told.when.last,
        date_precision=told.when.precision,
        date_text=told.when.text,
        place=placed.place,
        magnitudes=magnitudes,
        trigger=sentence.text[p.start - sentence.char_start : p.end - sentence.char_start],
        support=support,
        char_start=start,
        char_end=end,
        rule_id=p.rule_id,
        confidence=round(act.confidence, 4),
        tellings=tuple(support_of(t, read) for t in others),
    )


def support_of(t: Telling, read: Read) -> tuple[int, int]:
    """The shortest stretch of the sentence that holds the trigger, its sides, date, place and numbers, and where it is short its clause."""
    sentence = read.readings[t.proposal.sentence].sentence
    p = t.proposal
    spans = [(p.start, p.end), *_inside(t, sentence.char_start, sentence.char_end)]
    start, end = min(a for a, _ in spans), max(b for _, b in spans)
    if end - start < _SHORT:
        start, end = sentence.char_start, sentence.char_end
        marks = [k for k, w in enumerate(sentence.lower) if w in (",", ";", ":", "—", "–")]
        before = [sentence.ends[k] for k in marks if sentence.ends[k] <= min(a for a, _ in spans)]
        behind = [sentence.starts[k] for k in marks if sentence.starts[k] >= max(b for _, b in spans)]
        start, end = (before[-1] if before else start), (behind[0] if behind else end)
    text = sentence.text[start - sentence.char_start : end - sentence.char_start]
    left = len(text) - len(text.lstrip(" ,;:“\"'—–-"))
    right = len(text.rstrip(' ,;:”"—–-'))
    return start + left, start + max(right, left + 1)


_SHORT = 25


def _inside(t: Telling, begin: int, end: int) -> Iterator[tuple[int, int]]:
    p = t.proposal
    for w in (*p.actors, *p.recipients, *p.dates, *p.places):
        if begin <= w.start and w.end <= end:
            yield w.start, w.end
    for m in t.magnitudes:
        if begin <= m.char_start and m.char_end <= end:
            yield m.char_start, m.char_end
    for a in (*t.actors, *t.recipients):
        if begin <= a.char_start and a.char_end <= end:
            yield a.char_start, a.char_end


__all__ = ["Act", "Coding", "Read", "code", "read_article", "rows_of"]
