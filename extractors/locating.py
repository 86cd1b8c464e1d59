"""The place of an event: the one that governs it, never every place in the article.

"Police shot two men in Basra on Monday, the Foreign Ministry in Baghdad said": the shooting was in Basra. A place governs an event
when a locative preposition puts the event there, in its clause first, then in its sentence; what happens to a place happens in it;
failing all, the place the story has been in so far, and the dateline.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from extractors.records import Mention, Place
from extractors.sentences import Sentence
from extractors.toponyms import load_cues

_GROUPS = load_cues().groups
_LOCATIVE, _TOWARDS, _BETWEEN = _GROUPS["locative"], _GROUPS["towards"], _GROUPS["passed_over"]
_AT_HOME = frozenset(("ASSAULT", "CONSULT", "COERCE", "PROTEST"))
_WALK = 9
"""Tokens looked back over for the preposition of "in the besieged northern Iraqi city of Mosul"."""
_SPECIFIC = {"point": 0, "city": 0, "region": 1, "country": 2, None: 3}


@dataclass(slots=True)
class Scene:
    """Where the story has been so far: the places of its dateline and of the last sentence that put something somewhere."""

    dateline: Mention | None = None
    last: Mention | None = None
    focus: str | None = None
    """The country the article is mostly about."""

    def pass_by(self, sentence: Sentence, places: Sequence[Mention]) -> None:
        """Take note of where a sentence puts what it tells."""
        located = [p for p in places if preposition(sentence, p) in _LOCATIVE and p.country]
        if located:
            self.last = min(located, key=lambda p: (_SPECIFIC[p.precision], p.char_start))


def event_place(
    kind: str,
    sentence: Sentence,
    clause: tuple[int, int],
    trigger: tuple[int, int],
    recipients: Sequence[tuple[int, int]],
    places: Sequence[Mention],
    scene: Scene,
) -> Place | None:
    """The place that governs an event.

    Args:
        kind: event type; what is assaulted or visited is where the event is.
        clause: span of the event's clause; `trigger`: span of its trigger; `recipients`: spans of the recipients. Offsets of the article.
        places: place mentions of the sentence.
    Returns:
        None rather than a guess.
    """
    located = [p for p in places if preposition(sentence, p) in _LOCATIVE]
    inside = [p for p in located if clause[0] <= p.char_start < clause[1]]
    pick = min(inside, key=lambda p: _reach(p, trigger), default=None)
    if pick is None:
        pick = _attribute(sentence, trigger, places)
    if pick is None and kind in _AT_HOME:
        held = [p for p in places if any(a <= p.char_start < b for a, b in recipients)]
        pick = min(held, key=lambda p: _reach(p, trigger), default=None)
    if pick is None and kind == "CONSULT":
        moved = [p for p in places if preposition(sentence, p) in _TOWARDS and clause[0] <= p.char_start < clause[1]]
        pick = min(moved, key=lambda p: _reach(p, trigger), default=None)
    if pick is None:
        pick = min(located, key=lambda p: _reach(p, trigger), default=None)
    if pick is None:
        pick = scene.last or scene.dateline
    return _place(pick)


def _place(mention: Mention | None) -> Place | None:
    if mention is None:
        return None
    return Place(
        mention.name or mention.text,
        mention.country,
        mention.admin1,
        mention.lat,
        mention.lon,
        mention.geoname_id,
        mention.precision or "region",
    )


def _reach(place: Mention, trigger: tuple[int, int]) -> int:
    """How far a place is from the trigger in characters; what stands before it counts double."""
    if place.char_start >= trigger[0]:
        return place.char_start - trigger[0]
    return 2 * (trigger[0] - place.char_start)


def _attribute(sentence: Sentence, trigger: tuple[int, int], places: Sequence[Mention]) -> Mention | None:
    """ "the Basra bombing", "Baghdad's protests": the place right before the trigger."""
    for place in places:
        if 0 < trigger[0] - place.char_end <= 12:
            between = sentence.text[place.char_end - sentence.char_start : trigger[0] - sentence.char_start]
            if between.strip() in ("", "'s", "’s") or between.strip().split(" ")[0] in ("'s", "’s"):
                return place
    return None


def preposition(sentence: Sentence, mention: Mention) -> str:
    """The preposition that governs a mention, over determiners, adjectives and "city of"; '' without one."""
    at = bisect_left(sentence.starts, mention.char_start) - 1
    for k in range(at, max(at - _WALK, -1), -1):
        low = sentence.lower[k]
        if low in _LOCATIVE or low in _TOWARDS:
            return low
        if low == "of" and (k == 0 or sentence.lower[k - 1] not in _BETWEEN):
            return "of"
        if low not in _BETWEEN and not (k < at and sentence.words[k][0].isupper() and low not in ("monday", "tuesday")):
            return ""
    return ""
