"""Actors: from a noun chunk to somebody with a country and a sector, on the day of the event.

"Iranian Foreign Minister Mohammad Javad Zarif" is a country word, an agent noun and a name; "members of Hamas" a partitive and a
group; "Germans" a people. What the words do not say stays empty: a surname alone is never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from extractors.clauses import Parse
from extractors.lexicon import Lexicons
from extractors.matching import Match, lookup
from extractors.phrases import Entry, fold
from extractors.records import Actor
from extractors.sentences import Sentence

_COUNTRY_KINDS = frozenset(("country", "adjective", "plural", "capital", "metonym", "people", "partial"))
_AGENT_KINDS = frozenset(("agent", "title", "body"))
_FORMER = frozenset(("former", "ex", "ousted", "deposed", "exiled", "late", "ex-president", "ex-prime"))
_OPPOSED = frozenset(("opposition", "rebel", "separatist", "guerrilla", "insurgent", "dissident"))


@dataclass(slots=True)
class Memory:
    """What an article has said of its actors so far: names in full, and the last one a pronoun can mean."""

    names: dict[str, Actor] = field(default_factory=dict)
    """Folded last word of a name → the actor as first resolved."""
    subject: Actor | None = None
    focus: str | None = None
    """The country the article is mostly about, None while undecided."""


@dataclass(slots=True)
class Reading:
    """One sentence with its matches, ready for actors to be asked for."""

    sentence: Sentence
    parse: Parse
    found: list[Match]
    lexicons: Lexicons
    day: date | None
    memory: Memory
    cache: dict[int, tuple[Actor, ...]] = field(default_factory=dict)
    sole: str | None = None
    """The only country named in the sentence, None when there are several or none."""
    lead: bool = True
    """Whether the sentence is among the first of its text, which tell the news."""

    def within(self, start: int, end: int) -> list[tuple[int, int, Entry]]:
        """Matches inside [start, end), one entry each: the one valid on the day, else the first."""
        return [(a, b, _pick(entries, self.day)) for a, b, entries in self.found if a >= start and b <= end]


def read_sentence(
    sentence: Sentence,
    parse: Parse,
    found: list[Match],
    lexicons: Lexicons,
    day: date | None,
    memory: Memory,
) -> Reading:
    """Make a sentence ready for `actors_of`."""
    reading = Reading(sentence, parse, found, lexicons, day, memory)
    countries = {
        c
        for a, b, entries in found
        if (c := _pick(entries, day).country)
        and c not in ("UNO", "IGO", "NGO", "EUR", "MNC", "IMG")
        and (entries[0].kind != "person" or b - a > 1)  # a surname alone may be anybody's
    }
    reading.sole = next(iter(countries)) if len(countries) == 1 else None
    return reading


def _pick(entries: tuple[Entry, ...], day: date | None) -> Entry:
    valid = [e for e in entries if e.holds(day)]
    if valid:
        return valid[0]
    first = entries[0]
    if first.kind == "person":  # not in office on that day: known, and no longer speaking for the government
        later = day is not None and bool(first.valid_to) and day.isoformat() > first.valid_to
        return replace(first, sector="ELI" if later and first.sector == "GOV" else first.sector)
    return first


def actors_of(reading: Reading, index: int) -> tuple[Actor, ...]:
    """The actors of chunk `index`: none for a thing, several for "Israeli and Palestinian leaders"' parts. Cached."""
    known = reading.cache.get(index)
    if known is None:
        known = reading.cache[index] = _resolve(reading, index)
    return known


def _resolve(reading: Reading, index: int) -> tuple[Actor, ...]:
    chunk = reading.parse.chunks[index]
    start, end = chunk.start, chunk.end
    while start < end and (reading.parse.tags[start] in "D#A" and not _matched_at(reading, start)):
        start += 1
    while end > start and reading.parse.tags[end - 1] == "s":
        end -= 1
    if start >= end or _temporal(reading, start, end):
        return ()
    hits = reading.within(start, end)
    if not hits:
        hyphenated = _hyphenated(reading, start, end)
        return hyphenated or _unknown(reading, index, start, end)
    actor = _from_hits(reading, index, start, end, hits)
    if actor is None:
        return _unknown(reading, index, start, end)
    _remember(reading, actor, start, end, hits)
    return (actor,)


def _matched_at(reading: Reading, at: int) -> bool:
    return any(a == at for a, _, _ in reading.found)


def _temporal(reading: Reading, start: int, end: int) -> bool:
    time = reading.lexicons.words["time"]
    return all(reading.sentence.lower[k] in time or reading.parse.tags[k] in "#D" for k in range(start, end))


def _from_hits(reading: Reading, index: int, start: int, end: int, hits: list[tuple[int, int, Entry]]) -> Actor | None:
    sentence = reading.sentence
    persons = [h for h in hits if h[2].kind == "person" and not _other_forename(reading, h, start, hits)]
    hits = [h for h in hits if h[2].kind != "person" or h in persons]
    bodies = [h for h in hits if h[2].kind == "actor"]
    agents = [h for h in hits if h[2].kind in _AGENT_KINDS]
    lands = [h for h in hits if h[2].kind in _COUNTRY_KINDS]
    stateless = any(not h[2].country for h in lands) and not any(h[2].country for h in lands)
    text_end = end
    former = any(sentence.lower[k] in _FORMER for k in range(start, end))
    # "European nations", "Kurdish leaders": no country of the sentence or place may be lent to them
    how = "none" if stateless else "phrase"
    if persons:
        entry = persons[-1][2]
        return _actor(reading, start, end, entry.name, entry.country, entry.sector, entry.others, how)
    agent = _strongest(agents)
    country = lands[0][2].country if lands else None
    tail_end, tail = (end, None) if (country and agent) else _tail(reading, index, end)
    if bodies:
        body = bodies[-1]
        entry = body[2]
        if agent is not None and body[0] < agent[0] and entry.country is None:
            return _actor(reading, start, end, entry.name, country, agent[2].sector, agent[2].others, how)
        land = entry.country or country or (tail.country if tail else None)
        return _actor(
            reading,
            start,
            end,
            entry.name,
            land,
            entry.sector or (agent[2].sector if agent else None),
            entry.others,
            how,
        )
    if agent is not None:
        sector, others = agent[2].sector, agent[2].others
        if tail is not None and country is None:
            country, text_end = tail.country, tail_end
            if agent[2].weak or sector is None or _is_partitive(reading, start, end):
                sector, others = tail.sector or sector, tail.others or others
        elif tail is None and country is None:
            apposed = _apposition(reading, index, end)
            if apposed is not None:
                country, how = apposed.country, "apposition"
        if country is None and agent[2].weak and not _proper(reading, start, end) and reading.sole is None:
            return None  # "the team", "people": an actor only beside a country or in a one-country sentence
        if former and sector in ("GOV", "MIL", "LEG"):
            sector, others = "ELI", (sector, *others)
        name = _personal_name(reading, agents, start, end)
        if country is None and name:
            known = reading.memory.names.get(fold(name.split()[-1]))
            if known is not None and known.country:
                country, how = known.country, "short_name"
        return _actor(reading, start, text_end, name, country, sector, others, how)
    if lands:
        first = lands[-1] if lands[-1][1] == end else lands[0]
        entry = first[2]
        if entry.ambiguous and _proper_beside(reading, first, start, end):
            return None
        last = end if first[1] == end else first[1]
        head_follows = first[1] < end
        if entry.kind == "capital" and head_follows:
            return _actor(reading, first[0], last, None, entry.country, None, (), how)
        sector = {"capital": "GOV", "metonym": "GOV", "partial": "PRE", "plural": None}.get(entry.kind)
        if head_follows and _proper(reading, first[1], end):
            return _actor(reading, start, end, None, entry.country, sector, (), how)
        return _actor(reading, first[0], last, None, entry.country, sector, (), how)
    return None


def _other_forename(
    reading: Reading, hit: tuple[int, int, Entry], start: int, hits: list[tuple[int, int, Entry]]
) -> bool:
    """A surname alone behind somebody else's forename: "Riad Maliki" is not the Maliki of the lexicon."""
    at = hit[0] - 1
    if hit[1] - hit[0] > 1 or at < start or not reading.sentence.words[at][0].isupper():
        return False
    low = reading.sentence.lower[at]
    return low not in reading.lexicons.words["honorifics"] and not any(a <= at < b for a, b, _ in hits)


def _strongest(agents: list[tuple[int, int, Entry]]) -> tuple[int, int, Entry] | None:
    """The head is the last agent noun; a weak one ("leader") yields to a telling one before it ("rebel leader")."""
    if not agents:
        return None
    last = agents[-1]
    if last[2].weak or last[2].sector is None:
        telling = [a for a in agents if not a[2].weak and a[2].sector]
        if telling:
            return telling[-1]
    return last


def _is_partitive(reading: Reading, start: int, end: int) -> bool:
    return reading.sentence.lower[end - 1] in reading.lexicons.words["partitives"]


@dataclass(frozen=True, slots=True)
class _Tail:
    country: str | None
    sector: str | None
    others: tuple[str, ...]


def _tail(reading: Reading, index: int, end: int) -> tuple[int, _Tail | None]:
    """ "of France", "of Hamas", "in Moscow" behind the chunk: the country and group the head belongs to."""
    chunks = reading.parse.chunks
    at = index + 1
    while at < len(chunks) and at <= index + 2:
        nxt = chunks[at]
        if nxt.start > end + 2 or nxt.prep not in ("of", "from", "in", "for"):
            return end, None
        hits = reading.within(nxt.start, nxt.end)
        land = next((h[2] for h in hits if h[2].country), None)
        if land is not None:
            agent = _strongest([h for h in hits if h[2].kind in _AGENT_KINDS])
            sector = (
                land.sector if land.kind in ("actor", "person", "partial") else (agent[2].sector if agent else None)
            )
            return nxt.end, _Tail(land.country, sector, land.others)
        if (
            nxt.prep == "of"
            and hits
            and hits[-1][2].kind in _AGENT_KINDS
            and at == index + 1
            and _is_partitive(reading, chunks[index].start, end)
        ):
            further_end, further = _tail(reading, at, nxt.end)
            entry = hits[-1][2]
            return (further_end, _Tail(further.country if further else None, entry.sector, entry.others))
        end = nxt.end
        at += 1
    return end, None


def _apposition(reading: Reading, index: int, end: int) -> _Tail | None:
    """ "the foreign minister, Hor Namhong of Cambodia," or "Name, the president of Chad,": the chunk between two commas."""
    chunks, tags = reading.parse.chunks, reading.parse.tags
    if index + 1 >= len(chunks) or end >= len(tags) or tags[end] != ",":
        return None
    nxt = chunks[index + 1]
    if nxt.start != end + 1:
        return None
    hits = reading.within(nxt.start, nxt.end)
    agents = [h for h in hits if h[2].kind in _AGENT_KINDS]
    land = next((h[2] for h in hits if h[2].country), None)
    _, tail = _tail(reading, index + 1, nxt.end)
    country = land.country if land else (tail.country if tail else None)
    agent = _strongest(agents)
    if agent is None and not (land and land.kind in ("actor", "person")):
        return None
    sector = agent[2].sector if agent else (land.sector if land else None)
    return _Tail(country, sector, agent[2].others if agent else ())


def _proper(reading: Reading, start: int, end: int) -> bool:
    return any(reading.sentence.words[k][0].isupper() for k in range(start, end))


def _proper_beside(reading: Reading, hit: tuple[int, int, Entry], start: int, end: int) -> bool:
    """An ambiguous name next to another capitalised unknown word is rather a person ("Michael Jordan", "Georgia Smith")."""
    words = reading.sentence.words
    left = hit[0] - 1 >= start and words[hit[0] - 1][0].isupper()
    right = hit[1] < end and words[hit[1]][0].isupper()
    return left or right


def _personal_name(reading: Reading, agents: list[tuple[int, int, Entry]], start: int, end: int) -> str | None:
    """The capitalised words behind the last title or agent noun."""
    last = agents[-1][1]
    names = [
        k
        for k in range(last, end)
        if reading.sentence.words[k][0].isupper()
        or reading.sentence.lower[k] in ("al", "bin", "de", "van", "von", "ben", "abu")
    ]
    if not names or names[0] != last:
        return None
    return " ".join(reading.sentence.words[k] for k in names)


def _actor(
    reading: Reading,
    start: int,
    end: int,
    name: str | None,
    country: str | None,
    sector: str | None,
    others: tuple[str, ...],
    how: str,
) -> Actor:
    sentence = reading.sentence
    return Actor(
        sentence.span(start, end),
        name,
        country,
        sector,
        sentence.starts[start],
        sentence.ends[end - 1],
        tuple(o for o in others if o != sector),
        how,
    )


def _hyphenated(reading: Reading, start: int, end: int) -> tuple[Actor, ...]:
    """ "Israeli-Palestinian", "U.S.-led": the parts of a compound that name countries."""
    actors: list[Actor] = []
    for k in range(start, end):
        word = reading.sentence.words[k]
        if "-" not in word:
            continue
        offset = reading.sentence.starts[k]
        for part in word.split("-"):
            entry = _land(reading, part)
            if entry is not None:
                actors.append(
                    Actor(
                        part,
                        None,
                        entry.country,
                        entry.sector if entry.kind == "actor" else None,
                        offset,
                        offset + len(part),
                    )
                )
            offset += len(part) + 1
    return tuple(actors)


def _land(reading: Reading, word: str) -> Entry | None:
    if not word[:1].isupper():
        return None
    for entry in lookup(reading.lexicons.phrases, word):
        if entry.holds(reading.day) and entry.country and (entry.kind in _COUNTRY_KINDS or entry.kind == "actor"):
            return entry
    return None


def _unknown(reading: Reading, index: int, start: int, end: int) -> tuple[Actor, ...]:
    """A proper name the lexicons lack: resolved by apposition or from memory, else kept with its words only."""
    sentence = reading.sentence
    words = [k for k in range(start, end) if sentence.words[k][0].isupper()]
    if not words or sentence.lower[end - 1] in reading.lexicons.words["time"]:
        return ()
    if start == 0 and len(words) == 1 and end - start == 1 and sentence.lower[start] in reading.lexicons.verbs:
        return ()
    if sentence.lower[end - 1] in reading.lexicons.words["polities"]:  # "the Republic of Kazakhstan"
        tail_end, tail = _tail(reading, index, end)
        if tail is not None and tail.country:
            return (_actor(reading, start, tail_end, None, tail.country, None, (), "phrase"),)
    apposed = _apposition(reading, index, reading.parse.chunks[index].end)
    if apposed is not None:
        actor = _actor(
            reading,
            start,
            end,
            sentence.span(words[0], words[-1] + 1),
            apposed.country,
            apposed.sector,
            apposed.others,
            "apposition",
        )
        reading.memory.names.setdefault(fold(sentence.words[words[-1]]), actor)
        return (actor,)
    if words[-1] != end - 1:
        return ()
    known = reading.memory.names.get(fold(sentence.words[end - 1]))
    if known is None:
        _, tail = _tail(reading, index, end)
        return (
            _actor(
                reading,
                start,
                end,
                None,
                tail.country if tail and tail.sector else None,
                tail.sector if tail else None,
                (),
                "none",
            ),
        )
    return (
        _actor(
            reading,
            start,
            end,
            known.name or known.text,
            known.country,
            known.sector,
            known.other_sectors,
            "short_name",
        ),
    )


def _remember(reading: Reading, actor: Actor, start: int, end: int, hits: list[tuple[int, int, Entry]]) -> None:
    last = reading.sentence.words[end - 1]
    named = actor.name is not None or (hits and hits[-1][1] < end)
    if (
        named
        and last[0].isupper()
        and (actor.country or actor.sector)
        and not any(h[1] == end and h[2].kind in _COUNTRY_KINDS for h in hits)
    ):
        reading.memory.names.setdefault(fold(last), actor)
