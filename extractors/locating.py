"""The place of an event: the one that governs it, never every place in the article.

"Police shot two men in Basra on Monday, the Foreign Ministry in Baghdad said": the shooting was in Basra. A place governs an event
when a locative preposition puts the event there, in its clause first, then in its sentence; what happens to a place happens in it;
failing all, the place the story has been in so far, and the dateline.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from extractors.dateline import Dateline
from extractors.gazetteer import Gazetteer
from extractors.placecues import load_cues
from extractors.records import Mention, Place
from extractors.sentences import Sentence

_GROUPS = load_cues().groups
_HAPPENINGS = _GROUPS["happenings"]
_LOCATIVE, _TOWARDS, _BETWEEN = _GROUPS["locative"], _GROUPS["towards"], _GROUPS["passed_over"]
_AT_HOME = frozenset(("ASSAULT", "CONSULT", "COERCE", "PROTEST"))
_SAID = frozenset(("ACCUSE", "REQUEST", "REJECT", "SUPPORT", "THREATEN"))
_SAID_REACH = 40
"""Characters behind a verb of saying within which a place is still the speaker's."""
_FINER_REACH = 20
_WALK = 9
"""Tokens looked back over for the preposition of "in the besieged northern Iraqi city of Mosul"."""
_SPECIFIC = {"point": 0, "city": 0, "region": 1, "country": 2, None: 3}


@dataclass(slots=True)
class Scene:
    """Where the story has been so far: the places of its dateline and of the last sentence that put something somewhere."""

    dateline: Mention | None = None
    focus: Place | None = None
    """The country the article is mostly about."""
    last: Mention | None = None

    def pass_by(self, sentence: Sentence, places: Sequence[Mention]) -> None:
        """Take note of where a sentence puts what it tells."""
        located = [p for p in places if preposition(sentence, p) in _LOCATIVE and p.country]
        if located:
            self.last = min(located, key=lambda p: (_SPECIFIC[p.precision], p.char_start))


def open_scene(line: Dateline | None, places: Sequence[Mention], focus: str | None, gazetteer: Gazetteer) -> Scene:
    """The scene before the first sentence.

    Args:
        line: the article's dateline.
        focus: the country the article is mostly about, ISO 3166-1 alpha-3.
    """
    filed = [p for p in places if line is not None and p.char_start < line.end and p.country]
    return Scene(filed[0] if filed else None, country_place(focus, places, gazetteer) if focus else None)


def country_place(country: str, places: Sequence[Mention], gazetteer: Gazetteer) -> Place | None:
    """A country as a place."""
    for p in places:
        if p.country == country and p.precision == "country":
            return _place(p)
    spot = gazetteer.country(country)
    return Place(spot.name, country, None, spot.lat, spot.lon, spot.geoname_id, "country") if spot else None


def event_place(
    kind: str,
    nominal: bool,
    sentence: Sentence,
    clause: tuple[int, int],
    trigger: tuple[int, int],
    recipients: Sequence[tuple[int, int]],
    places: Sequence[Mention],
    scene: Scene,
) -> Place | None:
    """The place that governs an event.

    Args:
        kind: event type; what is assaulted or visited is where the event is, what is said is said where the speaker is.
        nominal: whether the trigger is a noun: "the Basra bombing".
        clause: span of the event's clause; `trigger`: span of its trigger; `recipients`: spans of the recipients. Offsets of the article.
        places: place mentions of the sentence.
    Returns:
        None rather than a guess.
    """
    located = [p for p in places if preposition(sentence, p) in _LOCATIVE and p.country]
    inside = [p for p in located if clause[0] <= p.char_start < clause[1]]
    if kind in _SAID:
        # "accused China of imposing its will in the South China Sea" was not said at sea.
        inside = [p for p in inside if p.char_start < trigger[0] or p.char_start - trigger[1] < _SAID_REACH]
    choices = [inside]
    choices.append(
        _attributes(
            sentence, trigger if nominal else None, [p for p in places if clause[0] <= p.char_start < clause[1]]
        )
    )
    if kind in _AT_HOME:
        choices.append([p for p in places if p.country and any(a <= p.char_start < b for a, b in recipients)])
    if kind == "CONSULT":
        choices.append(
            [p for p in places if preposition(sentence, p) in _TOWARDS and clause[0] <= p.char_start < clause[1]]
        )
    if kind in _SAID:
        choices.append([scene.dateline] if scene.dateline else [])
    else:
        choices.append(located)
    for choice in choices:
        if choice:
            return _place(_finer(min(choice, key=lambda p: _reach(p, trigger)), located))
    return _place(scene.last or scene.dateline) or scene.focus


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


def _finer(pick: Mention, located: Sequence[Mention]) -> Mention:
    """ "in the West Bank city of Jenin": the town that the words behind a region or country name."""
    finer = [
        p
        for p in located
        if 0 < p.char_start - pick.char_end <= _FINER_REACH and _SPECIFIC[p.precision] < _SPECIFIC[pick.precision]
    ]
    return finer[0] if finer else pick


def _attributes(sentence: Sentence, trigger: tuple[int, int] | None, places: Sequence[Mention]) -> list[Mention]:
    """ "the Basra bombing", "Baghdad's worst bombing": the place right before a noun that happens, or before the trigger if that is one."""
    found = []
    for place in places:
        behind = sentence.text[place.char_end - sentence.char_start :].split(maxsplit=3)[:3]
        possessive = bool(behind) and behind[0] in ("'s", "’s")
        happens = [w.strip(".,;:").lower() in _HAPPENINGS for w in behind[: 3 if possessive else 1]]
        gap = trigger[0] - place.char_end if trigger is not None else -1
        near = 0 < gap <= (20 if possessive else 1)
        if place.country and (any(happens) or near):
            found.append(place)
    return found


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
