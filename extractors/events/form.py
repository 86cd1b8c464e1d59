"""The form of the coding guide: an article with its events in plain words, for people to correct.

Nobody counts characters: a form names numbers of sentences and words as they stand in them; `tagger/train/pack.py` finds them again.
What the coder read elsewhere than in the event's own sentence (a day inherited, a side only implied) has no words.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from extractors.events.coder import Act, Read
from extractors.records import Actor, Event
from extractors.sentences import Sentence
from extractors.tagger.labels import PLOVER
from extractors.tagger.proposals import Proposal, Words

_LIKELY = 0.25
"""A second type at least so likely is one that coders accept more often than not (.56 of 27 in sixty validation articles; at .15 .35 of 51)."""


def whole_words(words: str) -> re.Pattern[str]:
    """What finds words in a sentence, and not as part of longer words."""
    begin = r"(?<![^\W_])" if words[:1].isalnum() else ""
    end = r"(?![^\W_])" if words[-1:].isalnum() else ""
    return re.compile(begin + re.escape(words) + end)


def form_of(
    key: object, text: str, published: date | None, title: str | None, read: Read, rows: Iterable[tuple[Act, Event]]
) -> dict[str, Any]:
    """An article as a form, prefilled.

    Args:
        key: its id.
        text, published, title: of the article that was read.
        rows: from `coder.rows_of`, those that the form shall hold, in any order.
    Returns:
        {id, published, title, text, sentences, prefilled, events}, events in the order of the text.
    """
    ordered = sorted(rows, key=lambda row: row[0].tellings[0].proposal.start)
    sentences = [r.sentence for r in read.readings]
    return {
        "id": key,
        "published": published.isoformat() if published else None,
        "title": title,
        "text": text,
        "sentences": [s.text for s in sentences],
        "prefilled": True,
        "events": [_event(act, event, sentences) for act, event in ordered],
    }


def _event(act: Act, event: Event, sentences: Sequence[Sentence]) -> dict[str, Any]:
    first, *later = (t.proposal for t in act.tellings)
    sentence = sentences[first.sentence]
    plover = event.event_type in PLOVER
    return {
        "s": first.sentence,
        "trigger": event.trigger,
        "clause": _clause(event, first, sentence),
        "type": event.event_type if plover else None,
        "x": None if plover else (event.event_type or "other").removeprefix("x_"),
        "accept": [t for t, p in first.types if plover and p >= _LIKELY and t in PLOVER and t != event.event_type],
        "mode": event.event_mode if plover else None,
        "status": event.status,
        "pri": "core" if max(t.proposal.core for t in act.tellings) >= 0.5 else "optional",
        "actors": [_side(a, sentences) for a in event.actors],
        "recipients": [_side(a, sentences) for a in event.recipients],
        "date": _date(event, first, sentence),
        "start": event.date_start.isoformat() if event.date_start else None,
        "end": event.date_end.isoformat() if event.date_end else None,
        "place": _words(first.places, sentence),
        "pc": event.place.country if event.place else None,
        "by": event.attribution,
        "counts": {m.kind: m.value for m in event.magnitudes if m.kind != "money"},
        "again": sorted({p.sentence for p in later} - {first.sentence}),
    }


def _clause(event: Event, first: Proposal, sentence: Sentence) -> str:
    """The words that support an event, but none before its trigger that are the trigger's too: the first in the clause is meant."""
    start, end = min(event.char_start, first.start), max(event.char_end, first.end)
    clause = sentence.text[start - sentence.char_start : end - sentence.char_start]
    before = [m.end() for m in whole_words(event.trigger).finditer(clause) if start + m.end() <= first.start]
    return clause[before[-1] :].lstrip() if before else clause


def _date(event: Event, first: Proposal, sentence: Sentence) -> str | None:
    """The words that the tagger holds for the date, in full: where it gives "on" for "on Monday", the time that was read."""
    words = _words(first.dates, sentence)
    told = event.date_text if event.date_precision != "inherited" else None
    is_here = told is not None and whole_words(told).search(sentence.text) is not None
    return told if told and is_here and told not in (words or "") else words


def _side(actor: Actor, sentences: Sequence[Sentence]) -> dict[str, Any]:
    named = actor.how != "implied"
    return {
        "s": bisect_right(sentences, actor.char_start, key=lambda s: s.char_start) - 1 if named else None,
        "t": actor.text if named else None,
        "c": actor.country,
        "k": actor.sector,
    }


def _words(found: Sequence[Words], sentence: Sentence) -> str | None:
    """The likeliest words of a role in the event's own sentence."""
    here = [w for w in found if sentence.char_start <= w.start < w.end <= sentence.char_end]
    best = max(here, key=lambda w: w.probability, default=None)
    return sentence.text[best.start - sentence.char_start : best.end - sentence.char_start] if best else None
