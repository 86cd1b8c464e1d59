"""Why a sentence was coded as it was: the words with their classes, the clauses, the rule that fired and the ones that did not.

`explain` gives plain data, `render` the same as text for a terminal. Both follow the coder's own readings, nothing is re-told.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from extractors.candidates import Candidate
from extractors.coder import code, read_text
from extractors.lexicon import Lexicons
from extractors.records import Actor, Event
from extractors.rules import Rule
from extractors.telling import Read

_CLASSES = {
    "D": "determiner", "N": "noun", "#": "number", "P": "preposition", "T": "to", "V": "verb", "E": "participle", "G": "gerund",
    "B": "be", "H": "have", "O": "do", "M": "modal", "X": "not", "A": "adverb", "R": "pronoun", "W": "relative", "S": "subordinator",
    "C": "conjunction", "s": "possessive",
}  # fmt: skip


def explain(text: str, lexicons: Lexicons, published: date | None = None) -> list[dict[str, Any]]:
    """Every sentence of a text with its reading.

    Returns:
        One dictionary a sentence: text, char_start, words (each with its class), phrases (lexicon matches), clauses, veto, coded
        (events with rule and reason), not_coded (candidates with why not).
    """
    events = code(text, lexicons=lexicons, published=published).events
    answers = []
    for read in read_text(text, lexicons, published):
        sentence = read.reading.sentence
        end = sentence.ends[-1] if sentence.ends else sentence.char_start
        mine = [e for e in events if sentence.char_start <= e.char_start < max(end, sentence.char_start + 1)]
        answers.append(
            {
                "text": text[sentence.char_start : end],
                "char_start": sentence.char_start,
                "words": [
                    [w, _CLASSES.get(t, "mark")] for w, t in zip(sentence.words, read.reading.parse.tags, strict=True)
                ],
                "phrases": list(_phrases(read)),
                "clauses": list(_clauses(read)),
                "veto": read.veto or None,
                "coded": [_coded(e, lexicons) for e in mine],
                "not_coded": [_dropped(c, read) for c in read.found if c.dropped or read.veto or not mine],
            }
        )
    return answers


def _phrases(read: Read) -> Iterator[dict[str, Any]]:
    sentence = read.reading.sentence
    for start, end, entry in read.reading.hits:
        yield {
            "text": sentence.span(start, end),
            "kind": entry.kind,
            "name": entry.name,
            "country": entry.country,
            "sector": entry.sector,
            "lexicon": entry.file,
            "valid": " to ".join(x or "…" for x in (entry.valid_from, entry.valid_to))
            if entry.valid_from + entry.valid_to
            else "",
        }


def _clauses(read: Read) -> Iterator[dict[str, Any]]:
    sentence = read.reading.sentence
    for clause in read.reading.parse.clauses:
        verbs = [
            "/".join(g.lemmas) + (" (passive)" if g.passive else "") + (" (not)" if g.negated else "")
            for g in clause.groups
        ]
        yield {"kind": clause.kind, "text": sentence.span(clause.start, clause.end), "verbs": verbs}


def _sides(actors: tuple[Actor, ...]) -> list[dict[str, Any]]:
    return [{"text": a.text, "name": a.name, "country": a.country, "sector": a.sector, "how": a.how} for a in actors]


def _coded(event: Event, lexicons: Lexicons) -> dict[str, Any]:
    rule = lexicons.rules.rules.get(event.rule_id)
    return {
        "event_type": event.event_type,
        "event_mode": event.event_mode,
        "status": event.status,
        "actors": _sides(event.actors),
        "recipients": _sides(event.recipients),
        "attribution": event.attribution,
        "trigger": event.trigger,
        "support": event.support,
        "rule_id": event.rule_id,
        "rule_codes": _example(rule),
        "confidence": event.confidence,
        "rule_seen": rule.count if rule else 0,
        "magnitudes": [
            {"kind": m.kind, "value": m.value, "qualifier": m.qualifier, "text": m.text} for m in event.magnitudes
        ],
        "date": [str(event.date_start or ""), str(event.date_end or ""), event.date_precision],
        "place": event.place.name if event.place else None,
    }


def _example(rule: Rule | None) -> str | None:
    return next(iter(rule.codes), None) if rule else None


def _dropped(c: Candidate, read: Read) -> dict[str, Any]:
    why = c.dropped or (f"the sentence is about {read.veto}" if read.veto else "told already")
    return {
        "rule_id": c.rule.id,
        "event_type": c.type,
        "trigger": read.reading.sentence.span(c.first, c.last),
        "why_not": why,
    }


def render(answers: list[dict[str, Any]]) -> str:
    """The explanation as text, one block a sentence."""
    return "\n\n".join("\n".join(_block(a)) for a in answers)


def _block(answer: dict[str, Any]) -> Iterator[str]:
    yield answer["text"]
    for p in answer["phrases"]:
        known = " ".join(str(x) for x in (p["name"], p["country"], p["sector"]) if x)
        yield f"  phrase   {p['text']!r}: {p['kind']}{' → ' + known if known else ''}  [{p['lexicon']}{', ' + p['valid'] if p['valid'] else ''}]"
    for c in answer["clauses"]:
        yield f"  clause   {c['kind']}: {c['text']!r}{'  verbs: ' + ', '.join(c['verbs']) if c['verbs'] else ''}"
    for e in answer["coded"]:
        mode = f"/{e['event_mode']}" if e["event_mode"] else ""
        yield f"  event    {e['event_type']}{mode} ({e['status']}) by rule {e['rule_id']}, words {e['trigger']!r}"
        yield f"             actor      {_who(e['actors'])}"
        yield f"             recipient  {_who(e['recipients'])}"
        yield f"             when       {' … '.join(dict.fromkeys(d for d in e['date'][:2] if d)) or '?'} ({e['date'][2]})"
        if e["place"]:
            yield f"             where      {e['place']}"
        for m in e["magnitudes"]:
            yield f"             how many   {m['kind']} {m['value']:,} ({m['qualifier']}): {m['text']!r}"
        if e["attribution"]:
            yield f"             according to {e['attribution']}"
        yield f"             support    {e['support']!r}"
        yield f"             confidence {e['confidence']:.2f}, measured on {e['rule_seen']} events of this rule"
        if e["rule_codes"]:
            yield f"             the rule's example: {e['rule_codes']!r}"
    for c in answer["not_coded"]:
        yield f"  not      {c['event_type']} by rule {c['rule_id']}, words {c['trigger']!r}: {c['why_not']}"
    if not answer["coded"]:
        yield "  no event" + (f": the sentence is about {answer['veto']}" if answer["veto"] else "")


def _who(sides: list[dict[str, Any]]) -> str:
    if not sides:
        return "–"
    return "; ".join(
        f"{s['text']!r} = {s['name'] or ''} {s['country'] or '?'} {s['sector'] or ''} ({s['how']})".replace("  ", " ")
        for s in sides
    )
