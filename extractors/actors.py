"""Actors: from a noun chunk to somebody with a country and a sector, on the day of the event.

"Iranian Foreign Minister Mohammad Javad Zarif" is a country word, an agent noun and a name; "members of Hamas" a partitive and a
group; "Germans" a people. What the words do not say stays empty: a surname alone is never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from extractors.clauses import Parse
from extractors.lexicon import Lexicons
from extractors.matching import Match
from extractors.memory import FIRST_PERSON, Memory, again
from extractors.nounphrases import (
    Belonging,
    apposed_before,
    apposition,
    hyphenated,
    is_partitive,
    personal_name,
    strongest,
    tail,
)
from extractors.phrases import Entry
from extractors.readings import AGENT_KINDS, BODIES, LAND_KINDS, Hit, Reading, capitalised, folded, settle_hits
from extractors.records import Actor
from extractors.sentences import Sentence

__all__ = ["Memory", "Reading", "actors_of", "mentioned", "pronoun_of", "read_sentence"]

_FORMER = frozenset(("former", "ex", "ousted", "deposed", "exiled", "late", "ex-president", "ex-prime", "toppled"))
_OFFICIAL = frozenset(("GOV", "MIL", "LEG", "SPY", "JUD", "COP"))
_ARMED = frozenset(("REB", "PRM", "CRM", "UAF", "OPP"))
_HEADS = frozenset(
    (
        *(
            "president",
            "chairman",
            "chairwoman",
            "chair",
            "chairperson",
            "director",
            "chief",
            "head",
            "leader",
            "founder",
        ),
        *(
            "secretary-general",
            "secretary",
            "deputy",
            "vice-president",
            "official",
            "officials",
            "executive",
            "governor",
        ),
        *("spokesman", "spokeswoman", "spokesperson", "member", "members", "speaker", "co-founder", "director-general"),
    )
)
_STAFF = frozenset(
    ("officer", "official", "chief", "worker", "employee", "agent", "staff", "president", "minister", "executive")
)
_DEFINITE = frozenset(("the", "this", "that", "these", "those", "its", "their", "his", "her", "both"))
_INSTITUTES = frozenset(("EDU", "MED", "JUD", "REL"))
_DWELLINGS = frozenset(
    [
        "home",
        "homes",
        "house",
        "houses",
        "town",
        "towns",
        "village",
        "villages",
        "city",
        "cities",
        "neighbourhood",
        "neighborhood",
        "suburb",
    ]
)
_QUOTES = frozenset('"“”«»')
_LOCATIVE = frozenset(("in", "at", "near", "outside", "inside", "around", "across", "throughout"))


def read_sentence(
    sentence: Sentence,
    parse: Parse,
    found: list[Match],
    lexicons: Lexicons,
    day: date | None,
    memory: Memory,
) -> Reading:
    """Make a sentence ready for `actors_of`: its chunks are resolved in order, so that memory grows as a reader's does."""
    reading = Reading(sentence, parse, found, lexicons, day, memory)
    settle_hits(reading)
    _hear(reading)
    last = -1
    for at, index in enumerate(parse.chunk_at):
        if index >= 0:
            if index != last:
                actors_of(reading, index)
                last = index
        elif parse.tags[at] == "R":
            _read_pronoun(reading, at)
        elif sentence.words[at] == "(":
            _read_acronym(reading, at)
    return reading


def mentioned(reading: Reading) -> Iterator[Actor]:
    """Every actor of a sentence, pronouns too, as a reader of this sentence alone would have it.

    The sentence's only country is lent to an office or body that names none; a name nothing is known of keeps its words only.
    """
    yield from reading.pronouns
    for chunk in reading.parse.chunks:
        for actor in actors_of(reading, chunk.index):
            if actor.how == "none" and not actor.name and (actor.country or actor.sector):
                yield replace(actor, country=None, sector=None)
            elif actor.sector and not actor.country and actor.how == "phrase" and reading.sole:
                yield replace(actor, country=reading.sole, how="sentence")
            else:
                yield actor


def actors_of(reading: Reading, index: int) -> tuple[Actor, ...]:
    """The actors of chunk `index`: none for a thing, several for "Israeli-Palestinian". Cached."""
    known = reading.cache.get(index)
    if known is None:
        known = reading.cache[index] = _resolve(reading, index)
    return known


def pronoun_of(reading: Reading, at: int) -> Actor | None:
    """Whom the pronoun at token `at` means, None when nothing said so far fits."""
    low = reading.sentence.lower[at]
    known = reading.memory.pronoun(low, reading.speaker)
    if known is None:
        return None
    return again(known, reading.sentence.words[at], reading.sentence.starts[at], reading.sentence.ends[at], "pronoun")


def _read_pronoun(reading: Reading, at: int) -> None:
    """Note a pronoun with whom it means; he, she and they without anybody before are people unknown."""
    actor = pronoun_of(reading, at)
    if actor is None and reading.sentence.lower[at] in ("he", "she", "they", "him", "them"):
        starts, ends = reading.sentence.starts, reading.sentence.ends
        actor = Actor(reading.sentence.words[at], None, None, "UNK", starts[at], ends[at], (), "pronoun")
    if actor is not None:
        reading.pronouns.append(actor)


def _resolve(reading: Reading, index: int) -> tuple[Actor, ...]:
    chunk, tags = reading.parse.chunks[index], reading.parse.tags
    start, end = chunk.start, chunk.end
    while start < end and tags[start] in "D#A" and start not in reading.hit_starts:
        start += 1
    while end > start and tags[end - 1] == "s":
        end -= 1
    if start >= end or _temporal(reading, start, end) or _is_law(reading, start, end):
        return ()
    hits = reading.within(start, end)
    if not hits:
        return hyphenated(reading, start, end) or _unknown(reading, index, start, end)
    actor = _from_hits(reading, index, start, end, hits)
    if actor is None:
        return _unknown(reading, index, start, end)
    _remember(reading, actor, start, end, hits)
    return (actor,)


def _temporal(reading: Reading, start: int, end: int) -> bool:
    """Whether all of it is words of time, numbers and determiners."""
    time, lower, tags = reading.lexicons.words["time"], reading.sentence.lower, reading.parse.tags
    for k in range(start, end):  # noqa: SIM110 (asked of every chunk several times: all() takes twice as long)
        if lower[k] not in time and tags[k] not in "#D":
            return False
    return True


def _is_law(reading: Reading, start: int, end: int) -> bool:
    """ "the Hong Kong Human Rights and Democracy Act": a name of a law names nobody."""
    last = end - 1
    return (
        reading.sentence.words[last][0].isupper()
        and end - start > 1
        and reading.sentence.lower[last] in reading.lexicons.words["acts"]
    )


def _read_acronym(reading: Reading, at: int) -> None:
    """ "the Workers' Party (PT)": the acronym stands for the party from here on."""
    words, chunks = reading.sentence.words, reading.parse.chunks
    if words[at : at + 3 : 2] != ["(", ")"] or not words[at + 1].isupper() or len(words[at + 1]) < 2 or at == 0:
        return
    index = reading.parse.chunk_at[at - 1]
    before = actors_of(reading, index) if index >= 0 and chunks[index].end == at else ()
    if len(before) == 1 and (before[0].country or before[0].sector):
        reading.memory.name(before[0], words[at + 1])


def _from_hits(reading: Reading, index: int, start: int, end: int, hits: list[Hit]) -> Actor | None:
    persons = [h for h in hits if h[2].kind == "person"]
    agents = [h for h in hits if h[2].kind in AGENT_KINDS]
    bodies = [h for h in hits if h[2].kind == "actor"]
    lands = [h for h in hits if h[2].kind in LAND_KINDS]
    # "European nations", "Kurdish leaders": no country of the sentence or place may be lent to them
    how = "none" if lands and not any(h[2].country for h in lands) else "phrase"
    if persons:
        owned = [a for a in agents if a[0] >= persons[-1][1]]
        title = next((a[2] for a in agents if a[1] == persons[-1][0] and a[2].kind == "title"), None)
        entry = _titled(persons[-1][2], title, _former(reading, start, persons[-1][0] - 1))
        return _person(reading, start, end, entry, strongest(owned), how)
    agent = strongest(agents)
    if bodies:
        return _body(reading, index, start, end, bodies[-1], agent, lands, how)
    if agent is not None:
        return _agent(reading, index, start, end, agent, agents, lands, how)
    return _land(reading, index, start, end, lands, how) if lands else None


def _titled(entry: Entry, title: Entry | None, former: bool) -> Entry:
    """A person with the role the words give: "President X" governs even where the lexicon knows X as a party's or nothing more."""
    if former and entry.sector in _OFFICIAL:
        return replace(entry, sector="ELI", others=(entry.sector, *entry.others))
    if title is not None and title.sector in _OFFICIAL and entry.sector in (None, "PTY", "OPP", "CVL") and not former:
        return replace(entry, sector=title.sector, others=tuple(x for x in (entry.sector, *entry.others) if x))
    return entry


def _person(reading: Reading, start: int, end: int, entry: Entry, owned: Hit | None, how: str) -> Actor:
    """A known person, or somebody of theirs: "Putin's spokesman"."""
    if owned is None:
        return _actor(reading, start, end, entry.name, entry.country, entry.sector, entry.others, how)
    sector = entry.sector if owned[2].weak or owned[2].sector is None else owned[2].sector
    name = personal_name(reading, owned[1], end)
    return _actor(reading, start, end, name, entry.country, sector, owned[2].others, how)


def _body(
    reading: Reading, index: int, start: int, end: int, body: Hit, agent: Hit | None, lands: list[Hit], how: str
) -> Actor:
    """A named body, or its people: "Hamas official", "UN peacekeepers", "Labour MP"."""
    entry = body[2]
    country = entry.country or next((h[2].country for h in lands if h[2].country), None)
    if country is None:
        behind = tail(reading, index, end)[1]
        country = behind.country if behind else None
    sector, others = entry.sector, entry.others
    if agent is not None and agent[2].sector and not agent[2].weak:
        own = agent[2].sector
        if (
            agent[2].kind == "body" and agent[0] == body[1] and own in _INSTITUTES
        ):  # "Cumhuriyet University" is no newspaper
            entry, sector, others = replace(entry, name=None), None, ()
        holds_office = sector in ("PTY", "OPP") and own in ("GOV", "LEG", "ELI")
        serves = entry.country in BODIES and own in ("MIL", "COP", "MED", "JUD", "LEG")
        if sector is None or holds_office or serves:
            sector, others = own, tuple(x for x in (sector, *agent[2].others, *others) if x)
    if agent is not None and _former(reading, start, body[0]) and sector in _OFFICIAL:
        sector, others = "ELI", (sector, *others)
    if country is None:
        known = reading.memory.names.get(folded(reading, body[1] - 1, body[1]))
        if known is not None and known.country and known.name == entry.name:
            country, how = known.country, "short_name"
    name = personal_name(reading, agent[1], end) if agent and agent[0] > body[0] else None
    return _actor(reading, start, end, name or entry.name, country, sector, others, how)


def _agent(
    reading: Reading, index: int, start: int, end: int, agent: Hit, agents: list[Hit], lands: list[Hit], how: str
) -> Actor | None:
    """Somebody called by a noun or title; the country from the phrase, its tail, an apposition, or the article so far."""
    entry, text_end = agent[2], end
    sector, others = _combined(agent, agents)
    country = next((h[2].country for h in lands if h[2].country), None)
    partial = next((h[2].sector for h in lands if h[2].sector == "PRE"), None)
    if partial and (sector is None or sector in ("GOV", "MIL", "LEG")):
        sector, others = partial, tuple(x for x in (sector, *others) if x)
    name = personal_name(reading, agents[-1][1], end)
    if country is None:
        behind_end, behind = tail(reading, index, end)
        if behind is not None:
            country, text_end = behind.country, behind_end
            if entry.weak or sector is None or is_partitive(reading, end) or _heads(reading, agents[-1], behind):
                sector, others = behind.sector or sector, behind.others or others
        else:
            apposed = apposition(reading, index, end)
            if apposed is not None and apposed.country:
                country, how = apposed.country, "apposition"
                sector = apposed.sector if entry.weak and apposed.sector else sector
            elif name and (before := apposed_before(reading, index)) and before.country:
                country, how = before.country, "apposition"
    if country is None:
        country, shared = _shared(reading, index, end)
        how = "phrase" if shared else how
    if country is None and name:
        known = reading.memory.names.get(folded(reading, end - 1, end))
        if known is not None and known.country:
            country, how = known.country, "short_name"
    if country is None and how != "none" and not name:
        known = _taken_up(reading, index, agent)
        if known is not None:
            country, how = known.country, "definite"
            if entry.weak or sector is None or entry.kind == "body":
                sector, others, name = known.sector or sector, known.other_sectors or others, known.name
    if country is None and entry.weak and not capitalised(reading, start, end) and reading.sole is None:
        # "the team", "people": an actor only beside a country or in a one-country sentence; "two men" are men unknown
        return _actor(reading, start, end, None, None, "UNK", (), "phrase") if "UNK" in entry.others else None
    if _former(reading, start, agent[0]) and sector in _OFFICIAL:
        sector, others = "ELI", (sector, *others)
    return _actor(reading, start, text_end, name, country, sector, tuple(o for o in others if o != "UNK"), how)


def _combined(agent: Hit, agents: list[Hit]) -> tuple[str | None, tuple[str, ...]]:
    """The head's sector with those of the nouns before it: "opposition lawmaker" LEG and OPP, "rebel commander" REB and MIL."""
    sector, others = agent[2].sector, agent[2].others
    for _, end, entry in agents:
        if entry.kind == "body" and end == agent[0] and entry.sector and agent[2].phrase in _STAFF:
            sector, others = entry.sector, entry.others  # "intelligence agency officer"
            continue
        if entry is agent[2] or entry.weak or not entry.sector or entry.sector == sector:
            continue
        if entry.sector in _ARMED and sector in ("MIL", "GOV", "CVL", None):
            sector, others = entry.sector, tuple(x for x in (sector, *others) if x and x != "CVL")
        else:
            others = (*others, entry.sector)
    return sector, tuple(dict.fromkeys(others))


def _heads(reading: Reading, head: Hit, behind: Belonging) -> bool:
    """ "president of the Riigikogu": head of a body, so of its sector; of a country, it is the head of state."""
    return behind.body and behind.sector is not None and reading.sentence.lower[head[1] - 1] in _HEADS


def _shared(reading: Reading, index: int, end: int) -> tuple[str | None, bool]:
    """The country before a compound's hyphen: "the Chinese-backed rebels" are not Chinese, "UK-based group" is British."""
    for k in range(reading.parse.chunks[index].start, end):
        word = reading.sentence.words[k]
        low = word.lower()
        if low.endswith(("-based", "-born", "-controlled")) or low.startswith("ex-"):
            parts = hyphenated(reading, k, k + 1)
            if parts:
                return parts[0].country, True
    return None, False


def _taken_up(reading: Reading, index: int, agent: Hit) -> Actor | None:
    """ "the minister", "the group": whom the article last called so."""
    chunk = reading.parse.chunks[index]
    if reading.sentence.lower[chunk.start] not in _DEFINITE or agent[1] < chunk.end:
        return None
    heads = reading.memory.heads
    return heads.get(folded(reading, agent[0], agent[1])) or heads.get(folded(reading, agent[1] - 1, agent[1]))


def _former(reading: Reading, start: int, before: int) -> bool:
    lower = reading.sentence.lower
    return any(lower[k] in _FORMER or lower[k].startswith("ex-") for k in range(start, before + 1))


def _land(reading: Reading, index: int, start: int, end: int, lands: list[Hit], how: str) -> Actor:
    """A country, capital, city or people by itself; a capital that acts is its government, one that is a scene its people."""
    first = lands[-1] if lands[-1][1] == end else lands[0]
    entry = first[2]
    alone = first[1] == end
    last = end if alone else first[1]
    sector = entry.sector
    if entry.kind == "capital" and alone:
        sector = "CVL" if reading.parse.chunks[index].prep in _LOCATIVE else "GOV"
    elif (entry.kind == "city" and alone) or (
        entry.kind in ("adjective", "country") and not alone and reading.sentence.lower[end - 1] in _DWELLINGS
    ):
        sector = "CVL"
    elif entry.kind == "adjective" and alone:
        shared = _partner(reading, index)
        if shared is not None:
            sector = shared.sector
            return _actor(reading, first[0], last, None, entry.country, sector, shared.others, how)
    if not alone and entry.kind not in ("capital", "city") and capitalised(reading, first[1], end):
        return _actor(reading, start, end, None, entry.country, sector, (), how)
    return _actor(reading, first[0], last, None, entry.country, sector, (), how)


def _partner(reading: Reading, index: int) -> Entry | None:
    """ "Hungarian and Romanian officials": the noun a bare adjective shares with its partner behind "and"."""
    chunks, tags = reading.parse.chunks, reading.parse.tags
    at = index
    while at + 1 < len(chunks) and at < index + 6:
        between = tags[chunks[at].end : chunks[at + 1].start]
        if not between or any(t not in ",CD" for t in between):
            return None
        at += 1
        agent = strongest([h for h in reading.within(chunks[at].start, chunks[at].end) if h[2].kind in AGENT_KINDS])
        if agent is not None:
            return agent[2]
    return None


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


def _unknown(reading: Reading, index: int, start: int, end: int) -> tuple[Actor, ...]:
    """A proper name the lexicons lack: resolved by apposition or from memory, else kept with its words only."""
    sentence, memory = reading.sentence, reading.memory
    words = [k for k in range(start, end) if sentence.words[k][0].isupper()]
    if not words or sentence.lower[end - 1] in reading.lexicons.words["time"]:
        return ()
    if start == 0 and len(words) == 1 and end - start == 1 and sentence.lower[start] in reading.lexicons.verbs:
        return ()
    if sentence.lower[end - 1] in reading.lexicons.words["polities"]:  # "the Republic of Kazakhstan"
        tail_end, behind = tail(reading, index, end)
        if behind is not None and behind.country:
            return (_actor(reading, start, tail_end, None, behind.country, None, (), "phrase"),)
    apposed = apposition(reading, index, reading.parse.chunks[index].end) or apposed_before(reading, index)
    if apposed is not None:
        name = sentence.span(words[0], words[-1] + 1)
        actor = _actor(reading, start, end, name, apposed.country, apposed.sector, apposed.others, "apposition")
        memory.name(actor, sentence.words[words[-1]])
        memory.person = actor
        return (actor,)
    if words[-1] != end - 1:
        return ()
    known = memory.names.get(folded(reading, end - 1, end))
    if known is not None:
        memory.person = known
        return (again(known, sentence.span(start, end), sentence.starts[start], sentence.ends[end - 1], "short_name"),)
    _, behind = tail(reading, index, end)
    belongs = behind if behind and behind.sector else Belonging(None, None)
    how = "phrase" if behind and behind.sector and is_partitive(reading, end) else "none"  # "Thousands of students"
    return (_actor(reading, start, end, None, belongs.country, belongs.sector, (), how),)


def _remember(reading: Reading, actor: Actor, start: int, end: int, hits: list[Hit]) -> None:
    """Keep what later sentences may take up: the surname, the noun or title, the body."""
    sentence, memory = reading.sentence, reading.memory
    last_hit = hits[-1][2]
    persons = [h[2] for h in hits if h[2].kind == "person"]
    agents = [h for h in hits if h[2].kind in AGENT_KINDS]
    named = actor.name is not None or hits[-1][1] < end
    land_last = hits[-1][1] == end and last_hit.kind in LAND_KINDS
    if named and sentence.words[end - 1][0].isupper() and (actor.country or actor.sector) and not land_last:
        memory.name(actor, sentence.words[end - 1])
    if persons and persons[-1].name:
        memory.name(actor, persons[-1].name.rsplit(" ", 1)[-1])
    heads = [f for a, b, _ in agents[-1:] for f in (folded(reading, a, b), folded(reading, b - 1, b))]
    if persons and persons[-1].office and actor.sector != "ELI":
        heads += [persons[-1].office, persons[-1].office.rsplit(" ", 1)[-1]]
    body = last_hit.kind == "actor" and not agents
    if body and actor.name:
        heads.append(actor.name.lower().rsplit(" ", 1)[-1])
    if actor.how != "definite":
        memory.mention(actor, tuple(heads), reading.lexicons.definites, body)
    plural = bool(agents) and not persons and sentence.lower[end - 1].endswith(("s", "men", "people", "police"))
    memory.see(actor, last_hit if not agents else agents[-1][2], plural or last_hit.kind in ("plural", "people"))


def _hear(reading: Reading) -> None:
    """Find who speaks: the side of a saying verb outside the quotation marks; in a quotation that runs on, the speaker before."""
    sentence, tags = reading.sentence, reading.parse.tags
    if _QUOTES.isdisjoint(sentence.words):
        return
    saying, quoted = reading.lexicons.words["saying"], False
    for k, word in enumerate(sentence.words):
        if word in _QUOTES:
            quoted = not quoted
        elif (
            not quoted
            and tags[k] in "VEN"
            and any(x in saying for x, _ in reading.lexicons.verbs.get(sentence.lower[k], ()))
        ):
            speaker = _beside(reading, k)
            if speaker is not None:
                reading.memory.speaker = reading.speaker = speaker
                return
    reading.speaker = reading.memory.speaker


def _beside(reading: Reading, at: int) -> Actor | None:
    """The actor next to the saying verb: "X said" or "said X", or the pronoun there."""
    chunk_at, tags = reading.parse.chunk_at, reading.parse.tags
    for k in (at - 1, at + 1):
        if 0 <= k < len(tags):
            if chunk_at[k] >= 0:
                actors = actors_of(reading, chunk_at[k])
                if actors and (actors[0].country or actors[0].sector or actors[0].name):
                    return actors[0]
            elif tags[k] == "R" and reading.sentence.lower[k] not in FIRST_PERSON:
                known = pronoun_of(reading, k)
                if known is not None:
                    return replace(known, how="pronoun")
    return None
