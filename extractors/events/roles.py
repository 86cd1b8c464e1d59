"""Roles: from the words that a tagger says are a side of an event to somebody with a country and a sector.

A side is resolved by its own words on the event's day, by what stands around them, or by another mention; a country that all of that
leaves open is lent by the event's place or the article's setting, a sector by the act. `Actor.how` says which.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from extractors.actors import Memory, actors_of, mentioned, read_sentence
from extractors.lexicon import Lexicons
from extractors.memory import again
from extractors.phrases import fold, phrase_key
from extractors.readings import BODIES, Reading, entry_on, read
from extractors.records import Actor, Mention, record
from extractors.sentences import sentence_spans, tokenize
from extractors.tagger.proposals import Proposal, Words

_UNTOLD = frozenset(("none", "short_name", "pronoun"))
_LEAD = 2  # sentences: the lede and the one that completes it
LONGEST = 4000  # code points of a sentence that are read


def read_text(text: str, lexicons: Lexicons, published: date | None) -> list[Reading]:
    """The sentences of a text with their lexicon matches, in order. Linear; never raises on any text."""
    words = lexicons.words
    spans = sentence_spans(text, words["abbreviations"], words["sentence_starts"])
    return [
        read(tokenize(text, begin, min(end, begin + LONGEST)), lexicons, published, n < _LEAD)
        for n, (begin, end) in enumerate(spans)
    ]


@record
class Act:
    """What an actor is asked for as a side of."""

    type: str
    mode: str | None
    role: str
    """`actors` or `recipients`."""
    country: str | None = None
    """Where it happened, if the article says so."""
    day: date | None = None

    @property
    def named(self) -> str:
        """Type and mode as `implied.toml` writes them."""
        return f"{self.type} {self.mode}" if self.mode else self.type


class Cast:
    """The actors of one article, asked for by the words that name them."""

    def __init__(
        self,
        readings: Sequence[Reading],
        lexicons: Lexicons,
        published: date | None = None,
        given: Iterable[tuple[int, int]] = (),
        places: Iterable[Mention] = (),
    ) -> None:
        """Resolve everybody the article names, sentence by sentence.

        Args:
            readings: its sentences, from `read_text`.
            published: the day on which they are read.
            given: the words in which a tagger saw somebody, [start, end) in the text, of all its proposals.
            places: the places it names, in order.
        """
        self.readings = readings
        self.lexicons = lexicons
        self.published = published
        self.places = list(places)
        self.memory = Memory(lexicons.words)
        self._told: dict[str, tuple[Actor, ...]] = {}
        self._begins = [r.sentence.char_start for r in readings]
        self._place_begins = [p.char_start for p in self.places]
        spans: dict[int, list[tuple[int, int]]] = {}
        for start, end in sorted(set(given)):
            at, first, last = self._tokens(start, end)
            if first < last:
                spans.setdefault(at, []).append(self._whole(at, first, last))
        for at, reading in enumerate(readings):
            read_sentence(reading, self.memory, spans.get(at, ()))
        self.setting = find_setting(readings, self.places)

    def _whole(self, at: int, first: int, last: int) -> tuple[int, int]:
        """The tokens with the rest of a name that they are in, and with a determiner: "the group" is somebody named before."""
        sentence, letters = self.readings[at].sentence, self.lexicons.letters

        def named(k: int) -> bool:
            return sentence.words[k][0].isupper() and sentence.lower[k] not in letters

        while first > 0 and named(first) and named(first - 1):
            first -= 1
        while last < len(sentence.words) and named(last - 1) and named(last):
            last += 1
        if letters.get(sentence.lower[last - 1]) == "D" and last < len(sentence.words):
            last += 1
        for back in (1, 2):  # "the group", "the ousted Malian president"
            if first >= back and letters.get(sentence.lower[first - back]) == "D":
                plain = back == 1 or (sentence.words[first - 1].isalpha() and sentence.lower[first - 1] not in letters)
                return (first - back if plain else first), last
        return first, last

    def sides(
        self, proposal: Proposal, place_country: str | None = None, day: date | None = None
    ) -> tuple[tuple[Actor, ...], tuple[Actor, ...]]:
        """Who did it, and to whom. Asked in the order of the text: "the attack" points back to the sides of the one told before.

        Args:
            place_country: where it happened, ISO 3166-1 alpha-3, if the article says so.
            day: when; offices are those of that day, None is the day of publication.
        """
        act = Act(proposal.type, proposal.mode, "actors", place_country, day)
        actors = self._side(proposal.actors, act)
        if not actors:
            known, implied = self._told.get(act.type, ()), self._implied(proposal, act)
            back = tuple(replace(a, how="definite") for a in known) if self._points(proposal.start) else ()
            # Who did the last act of the type did this one too, unless it happened in a country of none of them.
            near = not act.country or any(a.country == act.country for a in known)
            actors = back or implied or tuple(replace(a, how="article") for a in known if near)
        elif any(a.country for a in actors):
            self._told[act.type] = actors
        return actors, self._side(proposal.recipients, replace(act, role="recipients"))

    def _points(self, start: int) -> bool:
        """Whether a trigger is a noun that points back: "the talks", "that decision"."""
        at, first, last = self._tokens(start, start + 1)
        return 0 < first < last and self.readings[at].sentence.lower[first - 1] in self.lexicons.words["pointing"]

    def who(self, start: int, end: int, act: Act) -> tuple[Actor, ...]:
        """Whom the words [start, end) of the text mean as a side of an act: one for each member of a list."""
        at, first, last = self._tokens(start, end)
        if first >= last:
            return ()
        reading = self.readings[at]
        found = list(self._named(reading, first, last))
        if not found:
            sentence = reading.sentence
            text = sentence.span(first, last)
            found = [Actor(text, None, None, None, sentence.starts[first], sentence.ends[last - 1], (), "none")]
        return tuple(self._settle(actor, reading, act) for actor in found)

    def _side(self, spans: Iterable[Words], act: Act) -> tuple[Actor, ...]:
        found = [a for w in spans for a in self.who(w.start, w.end, act)]
        return tuple({(a.char_start, a.char_end, a.country): a for a in found}.values())

    def _implied(self, proposal: Proposal, act: Act) -> tuple[Actor, ...]:
        """Who must have done what only they do ("was arrested"), with the trigger as their words."""
        table = self.lexicons.implied["doer"]
        sector = table.get(act.named) or (table.get(act.type) if act.mode is None else None)
        country = act.country or self.setting
        at, first, last = self._tokens(proposal.start, proposal.end)
        if not sector or not country or first >= last:
            return ()
        sentence = self.readings[at].sentence
        text = sentence.span(first, last)
        return (Actor(text, None, country, sector, sentence.starts[first], sentence.ends[last - 1], (), "implied"),)

    def _sentence(self, start: int) -> int:
        return max(0, bisect_right(self._begins, start) - 1)

    def _tokens(self, start: int, end: int) -> tuple[int, int, int]:
        """Number of the sentence, and the tokens of it that the words cover."""
        at = self._sentence(start)
        if not self.readings:
            return 0, 0, 0
        sentence = self.readings[at].sentence
        return at, bisect_right(sentence.ends, start), bisect_right(sentence.starts, end - 1)

    def _named(self, reading: Reading, first: int, last: int) -> Iterator[Actor]:
        """Those named by the tokens: the head phrase of each member of a list, else a pronoun."""
        chunks = reading.chunks
        if last - first == 1 and first in reading.pronouns:
            yield reading.pronouns[first]
            return
        indices = sorted({chunks.at[k] for k in range(first, last)} - {-1})
        listed = any(chunks.letters[k] == "C" for k in range(first, last))
        found: list[Actor] = []
        for index in indices:
            chunk = chunks.chunks[index]
            before = chunks.letters[chunk.start - 1] if chunk.start else ""
            member = listed and before in "C," and not chunk.prep
            if member or not any(a.country or a.sector for a in found):
                found += actors_of(reading, self.memory, index)
        known = [a for a in found if a.country or a.sector]
        yield from known or found[:1]
        if not indices:
            yield from (reading.pronouns[k] for k in range(first, last) if k in reading.pronouns)

    def _settle(self, actor: Actor, reading: Reading, act: Act) -> Actor:
        """The actor as of the event's day, with what the words leave out lent by whoever or whatever is nearest."""
        actor = self._placed(self._told_later(self._on_day(actor, act.day)))
        actor = self._by_act(actor, act)
        if actor.country and self._of_others(actor, reading):
            return replace(actor, country=None, how="none")
        if (
            actor.country
            or not (actor.sector or (actor.name or actor.text)[:1].isupper())
            or self._is_foreign(actor, reading)
        ):
            return actor
        if act.country:
            return replace(actor, country=act.country, how="place")
        if self.setting and actor.sector != "REB":  # an article's rebels are as often another country's
            return replace(actor, country=self.setting, how="article")
        return actor

    def _on_day(self, actor: Actor, day: date | None) -> Actor:
        """Somebody known in the office of that day, not of the article's."""
        entries = self.lexicons.phrases.entries(phrase_key(actor.name)) if actor.name and day else ()
        if not entries or entries[0].kind != "person" or actor.sector != entry_on(entries, self.published).sector:
            return actor
        entry = entry_on(entries, day)
        return replace(actor, sector=entry.sector, other_sectors=entry.others)

    def _by_act(self, actor: Actor, act: Act) -> Actor:
        """What the act says of a side: authorities that arrest are police; two men that were killed are civilians."""
        words = self.lexicons.words
        if actor.sector == "GOV" and actor.text.split()[-1].lower() in words["authorities"]:
            doer = self.lexicons.implied["doer"].get(act.named)
            return replace(actor, sector=doer) if act.role == "actors" and doer in ("COP", "JUD") else actor
        table = self.lexicons.implied[act.role]
        mostly = table.get(act.named) or table.get(act.type)
        if actor.sector == "UNK":
            return replace(actor, sector=mostly if mostly in ("CVL", "CRM") else "CVL")
        if actor.sector is None and actor.how in _UNTOLD:
            if (actor.name or actor.text)[:1].isupper():
                return replace(actor, sector=mostly)
            if actor.text.split()[0].lower() in words["anybody"]:
                return replace(actor, sector="CVL")
        return actor

    def _told_later(self, actor: Actor) -> Actor:
        """A name that the article explains only further on: what it says there."""
        name = actor.name or actor.text
        if actor.sector or not name[:1].isupper():
            return actor
        known = self.memory.named(fold(name.split()[-1]))
        if known is None or not known.sector:
            return actor
        how = "pronoun" if actor.how == "pronoun" else "short_name"
        return again(known, actor.text, actor.char_start, actor.char_end, how)

    def _is_foreign(self, actor: Actor, reading: Reading) -> bool:
        """Whether it is of no one country by its words: "Western leaders", "other nations", people who flee, gunmen unknown."""
        _, first, last = self._tokens(actor.char_start, actor.char_end)
        abroad = self.lexicons.words["abroad"]
        return actor.sector in ("REF", "UAF") or any(w in abroad for w in reading.sentence.lower[first:last])

    def _of_others(self, actor: Actor, reading: Reading) -> bool:
        """ "U.S. allies", "its neighbours": whose they are is whom they are not."""
        _, first, last = self._tokens(actor.char_start, actor.char_end)
        return reading.sentence.lower[last - 1] in self.lexicons.words["others"] if first < last else False

    def _placed(self, actor: Actor) -> Actor:
        """The actor with the country that a place's name in its words stands for: "Odesa residents", "a Georgia man" beside Atlanta."""
        first, last = (bisect_right(self._place_begins, at - 1) for at in (actor.char_start, actor.char_end))
        for place in self.places[first:last]:
            if place.char_end > actor.char_end:
                break
            if place.text == actor.text and place.precision == "region" and actor.sector is None:
                actor = replace(actor, sector="GOV")  # "California sued": a division that acts is its government
            shared = place.text.lower() in self.lexicons.words["shared_names"]
            if place.country and (shared or (actor.country is None and actor.sector)):
                return replace(actor, country=place.country)
        return actor


# A country named once, or with another named two thirds as often, is no setting: of 1 to 4 and .5 to .85 the best on coded articles.
_LEAST, _RIVAL = 2, 0.67
_PLACED = frozenset(("country", "capital", "partial"))


def find_setting(readings: Sequence[Reading], places: Iterable[Mention]) -> str | None:
    """The country an article of several sentences is mostly about; a name in its first sentences counts twice."""
    if len(readings) < 3:
        return None
    counts: Counter[str] = Counter()
    lead_end = max((r.sentence.char_end for r in readings if r.lead), default=0)
    for place in places:
        if place.country and place.country not in BODIES:
            counts[place.country] += 2 if place.char_start < lead_end else 1
    for reading in readings:
        for _, _, entry in reading.hits:
            if entry.sector == "BUS":
                continue  # "a Hyundai" is no Korea
            if entry.country and entry.country not in BODIES and entry.kind not in _PLACED and not entry.ambiguous:
                counts[entry.country] += 2 if reading.lead else 1
    if not counts:
        return None
    (first, most), *rest = counts.most_common(2)
    return first if most >= _LEAST and (not rest or rest[0][1] <= _RIVAL * most) else None


def mentions(readings: Iterable[Reading]) -> Iterator[Mention]:
    """The actor mentions of a text whose readings a `Cast` has resolved."""
    for reading in readings:
        for a in mentioned(reading):
            yield Mention(
                "actor", a.char_start, a.char_end, a.text, a.name, a.country, a.sector, a.other_sectors, a.how
            )
