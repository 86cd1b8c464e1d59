"""Where an event happened: the place its own words tell, else a place told near it, else where its sides and its story are.

Of the coded countries (split train, `python -m extractors.tagger.train.evaluate_times`) right are: the event's words .95; without words
.90 with sides whose own words name a country, .94 with all sides resolved, .88 by the article's focus alone; all together .91.
What is not told in its words is known to the country, seldom to the town: a town is inherited by acts with bodies only.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from extractors.dateline import Dateline
from extractors.events.circumstances import apart, load_circumstances
from extractors.gazetteer import NONE, PRECISION, Gazetteer, Sense, Spot
from extractors.matching import Match
from extractors.placecues import load_cues
from extractors.records import Actor, Mention, Place
from extractors.sentences import Sentence
from extractors.tagger.proposals import Proposal, Words

_BODIES = frozenset(("UNO", "EUR", "IGO", "NGO", "MNC", "IMG", "ISM"))
_PLACED = frozenset(("country", "capital", "partial"))
"""Kinds of lexicon entries that the gazetteer has too: counted there."""
_LANDS = frozenset(("adjective", "country", "people", "plural"))
"""Kinds of lexicon entries that name a country inside the words for a place: "Syrian waters"."""
_LEAD, _LEAST, _RIVAL = 2, 3, 0.67
"""A country is surely in focus with three mentions, those of the first two sentences counted twice, and no other two thirds as often."""
_SPECIFIC = {"point": 0, "city": 0, "region": 1, "country": 2, None: 3}
_NEAR = 3
"""Places on each side of a trigger that are looked at."""
_WALK = 9
"""Tokens looked back over for the preposition of "in the besieged northern Iraqi city of Mosul"."""
_STORY_VOTE = 4.0
"""What the share of an article's places in a country adds to the prior of a name's reading there."""
_GREAT = 8.0
"""Prior of a place that is known in articles which do not name its country."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The places of an article, and which country it is about."""

    gazetteer: Gazetteer
    places: list[Mention]
    starts: list[int]
    ends: list[int]
    lands: list[tuple[int, int, str]]
    """Countries named as such or by their people: start, end, ISO 3166-1 alpha-3; in the order of the text."""
    land_starts: list[int]
    land_ends: list[int]
    shares: dict[str, float]
    """Share of each country in what is named."""
    focus: str | None
    """The country named most."""
    sure: bool
    """Whether no other is named nearly as often."""
    dateline: Mention | None
    located: list[Mention]
    """Places that a preposition puts something in."""
    located_starts: list[int]


def read_setting(
    sentences: Sequence[Sentence],
    found: Sequence[Sequence[Match]],
    places: Sequence[Mention],
    line: Dateline | None,
    gazetteer: Gazetteer,
) -> Setting:
    """What an article says of where it plays.

    Args:
        sentences: of the article.
        found: for each the matches of the lexicons.
        places: from `find_places`.
        line: the article's dateline.
    """
    counts: Counter[str] = Counter()
    lands = []
    lead_end = sentences[:_LEAD][-1].char_end if sentences else 0
    for place in places:
        if place.country:
            counts[place.country] += 2 if place.char_start < lead_end else 1
    for sentence, matches in zip(sentences, found, strict=True):
        for first, last, entries in matches:
            entry, start = entries[0], sentence.starts[first]
            if not entry.country or entry.country in _BODIES:
                continue
            if entry.kind in _LANDS:
                lands.append((start, sentence.ends[last - 1], entry.country))
            if entry.kind not in _PLACED and entry.sector != "BUS" and not entry.ambiguous:
                counts[entry.country] += 2 if start < lead_end else 1
    located = [p for s, row in _by_sentence(sentences, places) for p in row if p.country and is_located(s, p)]
    top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return Setting(
        gazetteer,
        list(places),
        [p.char_start for p in places],
        [p.char_end for p in places],
        lands,
        [start for start, _, _ in lands],
        [end for _, end, _ in lands],
        {country: n / counts.total() for country, n in counts.items()},
        top[0][0] if top else None,
        bool(top) and top[0][1] >= _LEAST and (len(top) < 2 or top[1][1] <= _RIVAL * top[0][1]),
        next((p for p in places if line is not None and p.char_start < line.end and p.country), None),
        located,
        [p.char_start for p in located],
    )


def _by_sentence(
    sentences: Sequence[Sentence], places: Sequence[Mention]
) -> Iterable[tuple[Sentence, Iterable[Mention]]]:
    starts = [s.char_start for s in sentences]
    for n, row in groupby(places, key=lambda p: bisect_right(starts, p.char_start) - 1):
        if n >= 0:
            yield sentences[n], row


def find_where(
    proposal: Proposal, sentence: Sentence, actors: Sequence[Actor], recipients: Sequence[Actor], setting: Setting
) -> Place | None:
    """The place of one event.

    Args:
        proposal: with the words that the tagger holds for its place.
        sentence: in which its trigger stands.
        actors, recipients: its sides, as far as their countries are known without it.
        setting: of its article.
    Returns:
        None where nothing tells.
    """
    told = _told(proposal, sentence, setting) or _near(proposal, sentence, setting)
    if told is not None:
        return told
    country = _of_sides(proposal, actors, recipients, setting) or _of_story(sentence, setting)
    return _inherited(country, proposal, sentence, setting) if country else None


def _told(proposal: Proposal, sentence: Sentence, setting: Setting) -> Place | None:
    """The place that the event's own words tell: a place of the article, a country's people, a name of the gazetteer."""
    for words in sorted(proposal.places, key=lambda w: -w.probability):
        over = setting.places[bisect_right(setting.ends, words.start) : bisect_left(setting.starts, words.end)]
        known = [p for p in over if p.lat is not None]
        if known:
            return _place(min(known, key=lambda p: (_SPECIFIC[p.precision], p.char_start)))
        named = _named(words, sentence, setting)
        if named is not None:
            return named
    return None


def _named(words: Words, sentence: Sentence, setting: Setting) -> Place | None:
    """A name of the gazetteer that no word around marks as a place, else the country of a people: "the Syrian border"."""
    lands = setting.lands[bisect_right(setting.land_ends, words.start) : bisect_left(setting.land_starts, words.end)]
    first, last = bisect_left(sentence.starts, words.start), bisect_left(sentence.starts, words.end)
    for is_name, run in groupby(range(first, last), key=lambda k: sentence.words[k][0].isupper()):
        tokens = list(run)
        if is_name and not any(a <= sentence.starts[k] < b for k in tokens for a, b, _ in lands):
            spot = _likeliest(sentence.span(tokens[0], tokens[-1] + 1), setting)
            if spot is not None:
                return _spot_place(spot, setting.gazetteer)
    return country_place(lands[0][2], setting.gazetteer) if lands else None


def _likeliest(name: str, setting: Setting) -> Spot | None:
    """The place of a name that the article's countries and its fame speak for; None for a small one in a country the article does not name."""
    groups, low = load_cues().groups, name.lower()
    if low in groups["refused"] or low.replace(" ", "_") in groups["not_places"]:
        return None

    def value(sense: Sense) -> float:
        return sense.prior + _STORY_VOTE * setting.shares.get(sense.spot.country or "", 0.0)

    best = max(setting.gazetteer.named(name, True), key=lambda s: (value(s), -s.spot.index), default=None)
    fits = best is not None and (best.prior >= _GREAT or best.spot.country in setting.shares)
    return best.spot if best is not None and fits else None


def _near(proposal: Proposal, sentence: Sentence, setting: Setting) -> Place | None:
    """The place that a preposition puts near the trigger of an act with bodies, without a word that gives it to another act.

    Where the tagger finds no words though there are some (one time in six) it is right for .94; where there are none for .65.
    """
    if proposal.type not in load_circumstances().places["bodily"]:
        return None
    starts = setting.located_starts
    begin, end = bisect_left(starts, sentence.char_start), bisect_left(starts, sentence.char_end)
    at = bisect_left(starts, proposal.start, begin, end)
    near = [
        p
        for p in setting.located[max(begin, at - _NEAR) : min(end, at + _NEAR)]
        if not apart(sentence, (proposal.start, proposal.end), (p.char_start, p.char_end))
    ]
    return _place(min(near, key=lambda p: _reach(p, proposal))) if near else None


def _reach(place: Mention, proposal: Proposal) -> int:
    """How far a place is from the trigger in characters; what stands before it counts double."""
    if place.char_start >= proposal.start:
        return place.char_start - proposal.start
    return 2 * (proposal.start - place.char_start)


def _of_sides(proposal: Proposal, actors: Sequence[Actor], recipients: Sequence[Actor], setting: Setting) -> str | None:
    """The country that both sides share, else that of the side where acts of the type take place."""
    doers, done_to = _countries(actors), _countries(recipients)
    shared = [c for c in doers if c in done_to]
    there = proposal.type in load_circumstances().places["at_recipient"]
    for side in (shared, done_to if there else doers, doers if there else done_to):
        if side:
            return setting.focus if setting.focus in side else side[0]
    return None


def _countries(side: Sequence[Actor]) -> list[str]:
    return [a.country for a in side if a.country and a.country not in _BODIES]


def _of_story(sentence: Sentence, setting: Setting) -> str | None:
    """The country surely in focus, else the only one of the sentence's places, else the one named most."""
    if setting.sure:
        return setting.focus
    begin, end = (bisect_left(setting.starts, at) for at in (sentence.char_start, sentence.char_end))
    own = {p.country for p in setting.places[begin:end] if p.country}
    return own.pop() if len(own) == 1 else setting.focus


def _inherited(country: str, proposal: Proposal, sentence: Sentence, setting: Setting) -> Place | None:
    """The country, or for an act with bodies the place in it where the story was last, else where it was filed."""
    if proposal.type in load_circumstances().places["bodily"]:
        at = bisect_left(setting.located_starts, sentence.char_start)
        for place in (setting.located[at - 1] if at else None, setting.dateline):
            if place is not None and place.country == country:
                return _place(place)
    return country_place(country, setting.gazetteer)


def _place(mention: Mention) -> Place:
    country = mention.country or ""
    return Place(
        mention.name or mention.text,
        load_circumstances().sovereigns.get(country, mention.country),
        mention.admin1,
        mention.lat,
        mention.lon,
        mention.geoname_id,
        mention.precision or "region",
    )


def _spot_place(spot: Spot, gazetteer: Gazetteer) -> Place:
    region = gazetteer.spot(spot.region).name if spot.region != NONE else None
    country = load_circumstances().sovereigns.get(spot.country or "", spot.country)
    return Place(spot.name, country, region, spot.lat, spot.lon, spot.geoname_id, PRECISION[spot.kind])


def country_place(country: str, gazetteer: Gazetteer) -> Place | None:
    """A country as a place; a dependency as its sovereign's."""
    spot = gazetteer.country(country)
    return _spot_place(spot, gazetteer) if spot is not None else None


def is_located(sentence: Sentence, mention: Mention) -> bool:
    """Whether a preposition puts something in a place, over determiners, adjectives and "city of"."""
    groups = load_cues().groups
    at = bisect_left(sentence.starts, mention.char_start) - 1
    for k in range(at, max(at - _WALK, -1), -1):
        low = sentence.lower[k]
        if low in groups["locative"]:
            return True
        named = k < at and sentence.words[k][0].isupper()
        if low in groups["towards"] or not (low in groups["passed_over"] or named):
            return False
    return False
