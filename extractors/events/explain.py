"""Why a text was coded as it was: each trigger with what the tagger holds it for, each side with its words and the row that resolved it.

`explain` gives plain data, `render` the same as text for a terminal. Both follow the coder's own reading, nothing is told anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from extractors.confidence import STORED
from extractors.events.coder import Act, Read, event_of, read_article
from extractors.events.likeness import Telling
from extractors.lexicon import Lexicons
from extractors.readings import Reading
from extractors.records import Actor, Event
from extractors.tagger.proposals import Words


def explain(
    text: str,
    lexicons: Lexicons,
    published: date | None = None,
    *,
    country: str | None = None,
    source: str | None = None,
    version_id: str = "",
) -> list[dict[str, Any]]:
    """Every sentence of a text with its reading. Arguments as of `coder.code`.

    Returns:
        One dictionary a sentence: text, char_start, phrases (lexicon matches), acts (first told there; with types, sides, day, place,
        confidence, whether stored and the event as stored).
    """
    read = read_article(text, lexicons, published, country, source)
    acts: dict[int, list[dict[str, Any]]] = {}
    for act in read.acts:
        event = event_of(act, read, lexicons, published, version_id)
        acts.setdefault(act.tellings[0].proposal.sentence, []).append(_act(act, event, read))
    return [
        {
            "text": r.sentence.text,
            "char_start": r.sentence.char_start,
            "phrases": list(_phrases(r)),
            "acts": acts.get(n, []),
        }
        for n, r in enumerate(read.readings)
    ]


def _phrases(reading: Reading) -> Iterator[dict[str, Any]]:
    sentence = reading.sentence
    for first, last, entry in reading.hits:
        valid = f"{entry.valid_from or '…'} to {entry.valid_to or '…'}" if entry.valid_from + entry.valid_to else ""
        yield {
            "text": sentence.span(first, last),
            "kind": entry.kind,
            "name": entry.name,
            "country": entry.country,
            "sector": entry.sector,
            "lexicon": entry.file,
            "valid": valid,
        }


def _act(act: Act, event: Event, read: Read) -> dict[str, Any]:
    first = act.tellings[0]
    p = first.proposal
    stored = act.confidence >= STORED and p.type != "other"
    return {
        "event_id": event.event_id,
        "event_type": event.event_type,
        "event_mode": event.event_mode,
        "status": event.status,
        "trigger": event.trigger,
        "types": [[name, round(chance, 3)] for name, chance in p.types],
        "score": round(p.score, 3),
        "core": round(p.core, 3),
        "confidence": round(act.confidence, 3),
        "stored": stored,
        "why_not": "" if stored else _why_not(act),
        "rule_id": event.rule_id,
        "actors": _sides(event.actors, p.actors, read),
        "recipients": _sides(event.recipients, p.recipients, read),
        "attribution": event.attribution,
        "date": [str(event.date_start or ""), str(event.date_end or ""), event.date_precision, event.date_text],
        "date_words": _words(p.dates, read),
        "place": [event.place.name, event.place.country, event.place.precision] if event.place else None,
        "place_words": _words(p.places, read),
        "magnitudes": [
            {"kind": m.kind, "value": m.value, "qualifier": m.qualifier, "text": m.text} for m in event.magnitudes
        ],
        "support": event.support,
        "told_again": [_again(t, read) for t in act.tellings[1:]],
    }


def _why_not(act: Act) -> str:
    if act.tellings[0].proposal.type == "other":
        return "PLOVER has no type for it, and no rule of ours"
    return f"less sure than {STORED}"


def _sides(actors: tuple[Actor, ...], words: tuple[Words, ...], read: Read) -> list[dict[str, Any]]:
    return [
        {
            "text": a.text,
            "name": a.name,
            "country": a.country,
            "sector": a.sector,
            "how": a.how,
            "probability": max(
                (round(w.probability, 3) for w in words if w.start < a.char_end and a.char_start < w.end), default=None
            ),
            "lexicon": _row(a, read),
        }
        for a in actors
    ]


def _row(actor: Actor, read: Read) -> str:
    """The lexicon rows in an actor's own words, file and line."""
    files = [
        entry.file
        for r in read.readings
        if r.sentence.char_start <= actor.char_start < r.sentence.char_end
        for a, b, entry in r.hits
        if actor.char_start <= r.sentence.starts[a] and r.sentence.ends[b - 1] <= actor.char_end
    ]
    return " ".join(files)


def _words(words: tuple[Words, ...], read: Read) -> list[list[Any]]:
    return [[_text(w.start, w.end, read), round(w.probability, 3)] for w in words]


def _text(start: int, end: int, read: Read) -> str:
    for r in read.readings:
        s = r.sentence
        if s.char_start <= start < s.char_end:
            return s.text[start - s.char_start : end - s.char_start]
    return ""


def _again(t: Telling, read: Read) -> str:
    return read.readings[t.proposal.sentence].sentence.text


def render(answers: list[dict[str, Any]]) -> str:
    """The explanation as text, one block a sentence."""
    return "\n\n".join("\n".join(_block(a)) for a in answers)


def _block(answer: dict[str, Any]) -> Iterator[str]:
    yield answer["text"]
    for p in answer["phrases"]:
        known = " ".join(str(x) for x in (p["name"], p["country"], p["sector"]) if x)
        yield f"  phrase   {p['text']!r}: {p['kind']}{' → ' + known if known else ''}  [{p['lexicon']}{', ' + p['valid'] if p['valid'] else ''}]"
    for act in answer["acts"]:
        yield from _lines(act)
    if not answer["acts"]:
        yield "  no event"


def _lines(e: dict[str, Any]) -> Iterator[str]:
    mode = f"/{e['event_mode']}" if e["event_mode"] else ""
    head = "event   " if e["stored"] else "not     "
    said = f"  {head} {e['event_type']}{mode} ({e['status']}) by {e['rule_id']}, words {e['trigger']!r}"
    yield said + (f": {e['why_not']}" if e["why_not"] else "")
    yield f"             confidence {e['confidence']:.2f}; types {', '.join(f'{t} {p:.2f}' for t, p in e['types'])}; core {e['core']:.2f}"
    yield f"             actor      {_who(e['actors'])}"
    yield f"             recipient  {_who(e['recipients'])}"
    days = " … ".join(dict.fromkeys(d for d in e["date"][:2] if d)) or "?"
    yield f"             when       {days} ({e['date'][2]}{', ' + _said(e['date_words']) if e['date_words'] else ''})"
    if e["place"]:
        yield f"             where      {' '.join(str(x) for x in e['place'][:2] if x)} ({e['place'][2]}{', ' + _said(e['place_words']) if e['place_words'] else ''})"
    for m in e["magnitudes"]:
        yield f"             how many   {m['kind']} {m['value']:,} ({m['qualifier']}): {m['text']!r}"
    if e["attribution"]:
        yield f"             according to {e['attribution']}"
    yield f"             support    {e['support']!r}"
    for sentence in e["told_again"]:
        yield f"             told again {sentence!r}"


def _said(words: list[list[Any]]) -> str:
    return ", ".join(f"{text!r} {chance:.2f}" for text, chance in words)


def _who(sides: list[dict[str, Any]]) -> str:
    if not sides:
        return "–"
    return "; ".join(
        f"{s['text']!r}{'' if s['probability'] is None else format(s['probability'], ' .2f')} = "
        + " ".join(str(x) for x in (s["name"], s["country"] or "?", s["sector"]) if x)
        + f" ({s['how']}{', ' + s['lexicon'] if s['lexicon'] else ''})"
        for s in sides
    )
