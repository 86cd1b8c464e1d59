"""Place mentions: every name an article uses for a place, with the place it stands for.

`toponyms.py` tells which words are names of places, `resolution.py` which place each one means; here they become mentions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from extractors.dateline import Dateline
from extractors.gazetteer import NONE, PRECISION, Gazetteer
from extractors.lexicon import Lexicons
from extractors.phrases import Entry
from extractors.placeline import Toponym
from extractors.readings import Reading
from extractors.records import Mention
from extractors.resolution import resolve
from extractors.sentences import Sentence
from extractors.toponyms import find_toponyms

_PEOPLES = frozenset(("adjective", "plural", "people"))


def article_places(
    filed: Dateline | None, readings: Sequence[Reading], lexicons: Lexicons, source: str | None, country: str | None
) -> tuple[Mention, ...]:
    """The place mentions of an article, told the persons, organisations and peoples that the lexicons know in it.

    Args:
        filed: its dateline.
        readings: its sentences with their lexicon matches.
        source: name of the outlet, for its profile; `country`: where it is, ISO 3166-1 alpha-3.
    """
    peoples = [
        entries[0].country
        for reading in readings
        for _, _, entries in reading.found
        if entries[0].country and entries[0].kind in _PEOPLES
    ]
    return find_places(
        [reading.sentence for reading in readings],
        lexicons.gazetteer,
        taken=[[(a, b) for a, b, entries in reading.found if is_no_place(entries[0], b - a)] for reading in readings],
        adjectives=[*peoples, country] if country else peoples,
        home=lexicons.homes.get(source or ""),
        dateline=(0, filed.end) if filed and filed.place else None,
    )


def find_places(
    sentences: Sequence[Sentence],
    gazetteer: Gazetteer,
    *,
    taken: Sequence[Iterable[tuple[int, int]]] | None = None,
    adjectives: Iterable[str] = (),
    home: Mapping[str, float] | None = None,
    dateline: tuple[int, int] | None = None,
) -> tuple[Mention, ...]:
    """The places an article names, in order.

    Args:
        sentences: tokenised; offsets count from the start of the article.
        taken: for each sentence the token spans of known persons and organisations.
        adjectives: the country of every adjective or people in the text, ISO 3166-1 alpha-3.
        home: what the outlet usually writes about: shares by country and by "country/division".
        dateline: span of the dateline.
    Returns:
        Mentions of kind `place`. Coordinates are None for a name that nothing resolves; a village the gazetteer does not
        have stands at the division named behind it, with that division's precision. Never raises.
    """
    toponyms = find_toponyms(sentences, taken or [()] * len(sentences), gazetteer)
    resolve(toponyms, gazetteer, adjectives, home, dateline)
    return tuple(_mention(t, sentences[t.at], gazetteer) for t in toponyms)


def is_no_place(entry: Entry, size: int) -> bool:
    """Whether a match of the actor lexicons cannot hold a place: a person or an organisation of several words, an adjective, a people."""
    return entry.kind in _PEOPLES or (size > 1 and entry.kind in ("person", "actor"))


def _mention(t: Toponym, sentence: Sentence, gazetteer: Gazetteer) -> Mention:
    text = sentence.text[t.char_start - sentence.char_start : t.char_end - sentence.char_start]
    spot = t.spot
    if spot is None:
        return Mention("place", t.char_start, t.char_end, text, text, precision=None)
    region = gazetteer.spot(spot.region) if spot.region != NONE else None
    return Mention(
        "place",
        t.char_start,
        t.char_end,
        text,
        text if t.within else spot.name,
        spot.country,
        admin1=region.name if region else None,
        lat=spot.lat,
        lon=spot.lon,
        geoname_id=None if t.within else spot.geoname_id,
        precision=PRECISION[spot.kind],
    )
