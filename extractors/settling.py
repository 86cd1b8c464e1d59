"""Settling: a country for those whose own words name none: the sentence's only country, the event's place, the article's focus.

"Police arrested six people" says nothing of the country; an article that speaks of Columbus, the FBI and Ohio does. What was
borrowed is marked in `Actor.how`, so that a reader can leave it out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from extractors.actors import Reading
from extractors.candidates import Candidate
from extractors.records import Actor, Mention, Place

_BODIES = frozenset(("UNO", "EUR", "IGO", "NGO", "MNC", "IMG", "ISM"))
_PLACED = frozenset(("country", "capital", "partial"))
# Below three mentions, or with another country named two thirds as often, an article has no focus.
_LEAST, _RIVAL = 3, 0.67
_TELLING = 3
_COMMON = ("tion", "tions", "ment", "ments", "ence", "ance", "ity", "ness", "ism", "ship")


def find_focus(readings: list[Reading], places: Iterable[Mention]) -> str | None:
    """The country an article of several sentences is mostly about; a name in its first sentences counts twice."""
    if len(readings) < 3:
        return None
    counts: Counter[str] = Counter()
    lead_end = max((r.sentence.char_end for r in readings if r.lead), default=0)
    for place in places:
        if place.country and place.country not in _BODIES:
            counts[place.country] += 2 if place.char_start < lead_end else 1
    for reading in readings:
        for _, _, entries in reading.found:
            entry = entries[0]
            if entry.sector == "BUS":
                continue  # "a Hyundai" is no Korea
            if entry.country and entry.country not in _BODIES and entry.kind not in _PLACED and not entry.ambiguous:
                counts[entry.country] += 2 if reading.lead else 1
    if not counts:
        return None
    (first, most), *rest = counts.most_common(2)
    return first if most >= _LEAST and (not rest or rest[0][1] <= _RIVAL * most) else None


def settle(actor: Actor, reading: Reading, place: Place | None, focus: str | None, c: Candidate) -> Actor:
    """The actor with a borrowed country, or as it is."""
    if actor.country:
        return actor
    if not actor.sector or actor.how == "none":
        if focus and _is_unknown_name(actor, reading):
            return replace(actor, country=focus, how="article")
        return actor
    if reading.sole:
        return replace(actor, country=reading.sole, how="sentence")
    if place is not None and place.country:
        return replace(actor, country=place.country, how="place")
    if focus:
        return replace(actor, country=focus, how="article")
    if c.type == "ASSAULT" and actor in c.recipients:  # "a Russian strike on Odesa killed two people"
        others = {e.country for _, _, e in reading.hits if e.country} - {a.country for a in c.actors}
        if len(others) == 1:
            return replace(actor, country=others.pop(), how="sentence")
    return actor


def told_apart(actor: Actor, reading: Reading, places: Iterable[Mention]) -> Actor:
    """The actor with the country that its place's name stands for in this article: "a Georgia man" beside Atlanta."""
    for place in places:
        inside = actor.char_start <= place.char_start and place.char_end <= actor.char_end
        shared = place.text.lower() in reading.lexicons.words["shared_names"]
        if inside and place.country and (shared or (actor.country is None and actor.sector)):
            return replace(actor, country=place.country)  # also "a Louisiana man", "Odesa residents"
    return actor


def implied_authority(c: Candidate, reading: Reading, place: Place | None, focus: str | None) -> tuple[Actor, ...]:
    """Who must have done what only an authority does ("was arrested"): that of the place, with the trigger as its words."""
    country = place.country if place is not None and place.country else focus
    if c.rule.authority is None or c.type != c.rule.type or c.status != "actual" or not country:
        return ()
    sentence = reading.sentence
    start, end = sentence.starts[c.first], sentence.ends[c.last - 1]
    words = sentence.span(c.first, c.last)
    return (Actor(words, None, country, c.rule.authority, start, end, how="implied"),)


def _is_unknown_name(actor: Actor, reading: Reading) -> bool:
    """A proper name no lexicon knows, not a people or region of no one country ("Arab states")."""
    sentence, words = reading.sentence, actor.text.split()
    if actor.sector or not actor.text[:1].isupper() or words[-1].lower() in reading.lexicons.words["regions"]:
        return False
    if words[-1].lower().endswith(_COMMON):
        return False  # "Evidence", "Organization": a capital makes no name of these
    return not any(
        sentence.starts[a] < actor.char_end and sentence.ends[b - 1] > actor.char_start for a, b, _ in reading.found
    )


def is_political(found: list[list[Candidate]]) -> bool:
    """Whether an article tells political events all along: at least three, and one in every six sentences."""
    telling = sum(any(not c.dropped for c in candidates) for candidates in found)
    return telling >= _TELLING and 6 * telling >= len(found)
