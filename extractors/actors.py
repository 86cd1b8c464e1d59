"""Actors: from a noun chunk to somebody with a country and a sector, on the day of the event.

"Iranian Foreign Minister Mohammad Javad Zarif" is a country word, an agent noun and a name; "members of Hamas" a partitive and a
group; "Germans" a people. What the words do not say stays empty: a surname alone is never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from extractors.memory import Memory, again
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
from extractors.readings import AGENT_KINDS, BODIES, LAND_KINDS, Hit, Reading, capitalised, cut, folded
from extractors.records import Actor

__all__ = ["Memory", "Reading", "actors_of", "mentioned", "read_sentence"]

_OFFICIAL = frozenset(("GOV", "MIL", "LEG", "SPY", "JUD", "COP"))
_UNSURE = frozenset((None, "PTY", "OPP", "CVL", "ELI"))
_ARMED = frozenset(("REB", "PRM", "CRM", "UAF", "OPP"))
_INSTITUTES = frozenset(("EDU", "MED", "JUD", "REL"))
_TRADES = frozenset(("BUS", "EDU", "MED", "LAB", "CVL"))
_THINGS = frozenset(("country", "capital", "metonym", "partial", "actor", "body"))
_QUOTES = frozenset('"“”«»')


def read_sentence(reading: Reading, memory: Memory, given: Sequence[tuple[int, int]] = ()) -> None:
    """Resolve the noun phrases and pronouns of a sentence in order, so that memory grows as a reader's does.

    Args:
        given: token spans that a tagger says are somebody.
    """
    cut(reading, given)
    memory.told = False
    sentence, chunks = reading.sentence, reading.chunks
    possessives = memory.words["possessives"]
    _hear(reading, memory)
    last = -1
    for at, low in enumerate(sentence.lower):
        if chunks.letters[at] == "R" or low in possessives:
            _read_pronoun(reading, memory, at)
        index = chunks.at[at]
        if index >= 0:
            if index != last:
                actors_of(reading, memory, index)
                last = index
        elif sentence.words[at] == "(":
            _read_acronym(reading, memory, at)


def mentioned(reading: Reading) -> Iterator[Actor]:
    """Every actor of a sentence, pronouns too, as a reader of this sentence alone would have it.

    The sentence's only country is lent to an office or body that names none; a name nothing is known of keeps its words only.
    """
    yield from (a for k, a in reading.pronouns.items() if reading.chunks.letters[k] == "R")
    for chunk in reading.chunks.chunks:
        for actor in reading.cache.get(chunk.index, ()):
            if actor.how == "none" and actor.text.islower():
                continue  # "people", "a man": nobody a reader could name
            if actor.how == "none" and not actor.name and (actor.country or actor.sector):
                yield replace(actor, country=None, sector=None)
            elif actor.sector and not actor.country and actor.how == "phrase" and reading.sole:
                yield replace(actor, country=reading.sole, how="sentence")
            else:
                yield actor


def actors_of(reading: Reading, memory: Memory, index: int) -> tuple[Actor, ...]:
    """The actors of chunk `index`: none for a thing, several for "Israeli-Palestinian". Cached."""
    known = reading.cache.get(index)
    if known is None:
        known = reading.cache[index] = _resolve(reading, memory, index)
    return known


def _read_pronoun(reading: Reading, memory: Memory, at: int) -> None:
    """Note a pronoun with whom it means; he, she and they without anybody before are people unknown."""
    sentence = reading.sentence
    start, end, text = sentence.starts[at], sentence.ends[at], sentence.words[at]
    known = memory.pronoun(sentence.lower[at])
    if known is not None:
        reading.pronouns[at] = again(known, text, start, end, "pronoun")
    elif sentence.lower[at] in memory.words["people_unknown"]:
        reading.pronouns[at] = Actor(text, None, None, "UNK", start, end, (), "pronoun")


def _resolve(reading: Reading, memory: Memory, index: int) -> tuple[Actor, ...]:
    chunk, letters = reading.chunks.chunks[index], reading.chunks.letters
    start, end = chunk.start, chunk.end
    while start < end and letters[start] in "D#A" and start not in reading.hit_starts:
        start += 1
    while end > start and letters[end - 1] == "s":
        end -= 1
    if start >= end or _temporal(reading, start, end) or _is_law(reading, start, end):
        return ()
    hits = reading.within(start, end)
    if not hits:
        return hyphenated(reading, start, end) or _unknown(reading, memory, index, start, end)
    actor = _from_hits(reading, memory, index, start, end, hits)
    if actor is None:
        return _unknown(reading, memory, index, start, end)
    _remember(reading, memory, index, actor, start, end, hits)
    return (actor,)


def _temporal(reading: Reading, start: int, end: int) -> bool:
    """Whether all of it is words of time, numbers and determiners."""
    time, lower, letters = reading.lexicons.words["time"], reading.sentence.lower, reading.chunks.letters
    for k in range(start, end):  # noqa: SIM110 (asked of every chunk several times: all() takes twice as long)
        if lower[k] not in time and letters[k] not in "#D":
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


def _read_acronym(reading: Reading, memory: Memory, at: int) -> None:
    """ "the Workers' Party (PT)": the acronym stands for the party from here on."""
    words, chunks = reading.sentence.words, reading.chunks.chunks
    if words[at : at + 3 : 2] != ["(", ")"] or not words[at + 1].isupper() or len(words[at + 1]) < 2 or at == 0:
        return
    index = reading.chunks.at[at - 1]
    before = actors_of(reading, memory, index) if index >= 0 and chunks[index].end == at else ()
    if len(before) == 1 and (before[0].country or before[0].sector):
        memory.name(before[0], words[at + 1])


def _from_hits(reading: Reading, memory: Memory, index: int, start: int, end: int, hits: list[Hit]) -> Actor | None:
    persons = [h for h in hits if h[2].kind == "person"]
    agents = [h for h in hits if h[2].kind in AGENT_KINDS]
    bodies = [h for h in hits if h[2].kind == "actor"]
    lands = [h for h in hits if h[2].kind in LAND_KINDS]
    # "European nations", "Kurdish leaders": no country of the sentence or place may be lent to them
    how = "none" if lands and not any(h[2].country for h in lands) else "phrase"
    if persons:
        owned = [a for a in agents if a[0] >= persons[-1][1]]
        sentence = reading.sentence
        title = next((a[2] for a in agents if a[1] == persons[-1][0] and a[2].kind == "title"), None)
        entry = _titled(persons[-1][2], title, _former(reading, start, persons[-1][0] - 1))
        known = memory.names.get(folded(reading, persons[-1][0], persons[-1][1]))
        if known is not None and known.sector and title is None and not owned and known.country == entry.country:
            return again(known, sentence.span(start, end), sentence.starts[start], sentence.ends[end - 1], "short_name")
        return _person(reading, start, end, entry, strongest(owned), how)
    agent = strongest(agents)
    if bodies:
        return _body(reading, memory, index, start, end, bodies[-1], agent, lands, how)
    if agent is not None:
        return _agent(reading, memory, index, start, end, agent, agents, lands, how)
    return _land(reading, index, start, end, lands, how) if lands else None


def _titled(entry: Entry, title: Entry | None, former: bool) -> Entry:
    """A person with the role the words give: "President X" governs even where the lexicon knows X as a party's or nothing more."""
    if former and entry.sector in _OFFICIAL:
        return replace(entry, sector="ELI", others=(entry.sector, *entry.others))
    if title is not None and title.sector in _OFFICIAL and entry.sector in _UNSURE and not former:
        return replace(entry, sector=title.sector, others=tuple(x for x in (entry.sector, *entry.others) if x))
    return entry


def _person(reading: Reading, start: int, end: int, entry: Entry, owned: Hit | None, how: str) -> Actor:
    """A known person, or somebody of theirs: "Putin's spokesman"."""
    if owned is None:
        return _actor(reading, start, end, entry.name, entry.country, entry.sector, entry.others, how)
    own = owned[2].sector if not owned[2].weak or owned[2].sector == "PTY" else None  # "the Trump campaign"
    sector = own or entry.sector
    name = personal_name(reading, owned[1], end)
    return _actor(reading, start, end, name, entry.country, sector, owned[2].others, how)


def _body(
    reading: Reading,
    memory: Memory,
    index: int,
    start: int,
    end: int,
    body: Hit,
    agent: Hit | None,
    lands: list[Hit],
    how: str,
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
        known = memory.names.get(folded(reading, body[1] - 1, body[1]))
        if known is not None and known.country and known.name == entry.name:
            country, how = known.country, "short_name"
    name = personal_name(reading, agent[1], end) if agent and agent[0] > body[0] else None
    return _actor(reading, start, end, name or entry.name, country, sector, others, how)


def _agent(
    reading: Reading,
    memory: Memory,
    index: int,
    start: int,
    end: int,
    agent: Hit,
    agents: list[Hit],
    lands: list[Hit],
    how: str,
) -> Actor | None:
    """Somebody called by a noun or title; the country from the phrase, its tail, an apposition, or the article so far."""
    entry, text_end = agent[2], end
    sector, others = _combined(reading, agent, agents)
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
    owner = memory.pronoun(reading.sentence.lower[reading.chunks.chunks[index].start])
    if country is None and owner is not None and owner.country and agent[1] == end:  # "his administration"
        country, how = owner.country, "pronoun"
    if country is None and name:
        known = memory.names.get(folded(reading, end - 1, end))
        if known is not None and known.country:
            country, how = known.country, "short_name"
    if country is None and how != "none" and not name:
        known = _taken_up(reading, memory, index, agent)
        if known is not None:
            country, how = known.country, "definite"
            if entry.weak or sector is None or entry.kind == "body":
                sector, others, name = known.sector or sector, known.other_sectors or others, known.name
    if country is None and entry.weak and not capitalised(reading, start, end) and reading.sole is None:
        # "the team", "people": an actor only beside a country or in a one-country sentence; "two men" are men unknown
        if "UNK" in entry.others:
            return _actor(reading, start, end, None, None, "UNK", (), "phrase")
        return _actor(reading, start, end, None, None, sector, others, "none")
    if _former(reading, start, agent[0]) and sector in _OFFICIAL:
        sector, others = "ELI", (sector, *others)
    return _actor(reading, start, text_end, name, country, sector, tuple(o for o in others if o != "UNK"), how)


def _combined(reading: Reading, agent: Hit, agents: list[Hit]) -> tuple[str | None, tuple[str, ...]]:
    """The head's sector with those of the nouns before it: "opposition lawmaker" LEG and OPP, "rebel commander" REB and MIL."""
    sector, others = agent[2].sector, agent[2].others
    for _, end, entry in agents:
        serves = agent[2].sector in _TRADES or agent[2].phrase in reading.lexicons.words["staff"]
        if entry.kind == "body" and end == agent[0] and entry.sector and serves:
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
    return (
        behind.body
        and behind.sector is not None
        and reading.sentence.lower[head[1] - 1] in reading.lexicons.words["heading"]
    )


def _shared(reading: Reading, index: int, end: int) -> tuple[str | None, bool]:
    """The country before a compound's hyphen: "the Chinese-backed rebels" are not Chinese, "UK-based group" is British."""
    for k in range(reading.chunks.chunks[index].start, end):
        word = reading.sentence.words[k]
        low = word.lower()
        if low.endswith(("-based", "-born", "-controlled")) or low.startswith("ex-"):
            parts = hyphenated(reading, k, k + 1)
            if parts:
                return parts[0].country, True
    return None, False


def _taken_up(reading: Reading, memory: Memory, index: int, agent: Hit) -> Actor | None:
    """ "the minister", "the group": whom the article last called so."""
    chunk = reading.chunks.chunks[index]
    if reading.sentence.lower[chunk.start] not in reading.lexicons.words["pointing"] or agent[1] < chunk.end:
        return None
    heads = memory.heads
    return heads.get(folded(reading, agent[0], agent[1])) or heads.get(folded(reading, agent[1] - 1, agent[1]))


def _former(reading: Reading, start: int, before: int) -> bool:
    lower, former = reading.sentence.lower, reading.lexicons.words["former"]
    return any(lower[k] in former or lower[k].startswith("ex-") for k in range(start, before + 1))


def _land(reading: Reading, index: int, start: int, end: int, lands: list[Hit], how: str) -> Actor:
    """A country, capital, city or people by itself; a capital that acts is its government, one that is a scene its people."""
    first = lands[-1] if lands[-1][1] == end else lands[0]
    entry = first[2]
    alone = first[1] == end
    last = end if alone else first[1]
    sector = entry.sector
    if entry.kind == "capital" and alone:
        scene = (
            reading.chunks.chunks[index].prep in reading.lexicons.words["locatives"] and first[0] not in reading.given
        )
        sector = "CVL" if scene else "GOV"
    elif (entry.kind == "city" and alone) or (
        entry.kind in ("adjective", "country")
        and not alone
        and reading.sentence.lower[end - 1] in reading.lexicons.words["dwellings"]
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
    chunks, letters = reading.chunks.chunks, reading.chunks.letters
    at = index
    while at + 1 < len(chunks) and at < index + 6:
        between = letters[chunks[at].end : chunks[at + 1].start]
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


def _unknown(reading: Reading, memory: Memory, index: int, start: int, end: int) -> tuple[Actor, ...]:
    """A proper name the lexicons lack: resolved by apposition or from memory, else kept with its words only."""
    sentence = reading.sentence
    words = [k for k in range(start, end) if sentence.words[k][0].isupper()]
    if not words or sentence.lower[end - 1] in reading.lexicons.words["time"]:
        return ()
    first = (
        reading.chunks.chunks[index].start == 0 and end - start == 1
    )  # "Asked what he thought": a capital by its place alone
    if first and memory.named(folded(reading, start, end)) is None:
        return ()
    if sentence.lower[end - 1] in reading.lexicons.words["polities"]:  # "the Republic of Kazakhstan"
        tail_end, behind = tail(reading, index, end)
        if behind is not None and behind.country:
            return (_actor(reading, start, tail_end, None, behind.country, None, (), "phrase"),)
    apposed = apposition(reading, index, reading.chunks.chunks[index].end) or apposed_before(reading, index)
    if apposed is not None:
        name = sentence.span(words[0], words[-1] + 1)
        actor = _actor(reading, start, end, name, apposed.country, apposed.sector, apposed.others, "apposition")
        memory.name(actor, sentence.words[words[-1]])
        memory.person = actor
        return (actor,)
    if words[-1] != end - 1:
        return ()
    known = memory.named(folded(reading, end - 1, end))
    if known is not None:
        memory.person = known
        return (again(known, sentence.span(start, end), sentence.starts[start], sentence.ends[end - 1], "short_name"),)
    _, behind = tail(reading, index, end)
    belongs = behind if behind and behind.sector else Belonging(None, None)
    how = "phrase" if behind and behind.sector and is_partitive(reading, end) else "none"  # "Thousands of students"
    actor = _actor(reading, start, end, None, belongs.country, belongs.sector, (), how)
    if end - 1 in reading.given:  # somebody, even if nobody knows who
        memory.see(
            replace(actor, name=sentence.span(words[0], end)), False, False, bool(reading.chunks.chunks[index].prep)
        )
    return (actor,)


def _remember(
    reading: Reading, memory: Memory, index: int, actor: Actor, start: int, end: int, hits: list[Hit]
) -> None:
    """Keep what later sentences may take up: the surname, the noun or title, the body."""
    sentence = reading.sentence
    last_hit = hits[-1][2]
    persons = [h[2] for h in hits if h[2].kind == "person"]
    agents = [h for h in hits if h[2].kind in AGENT_KINDS]
    named = actor.name is not None or hits[-1][1] < end
    land_last = hits[-1][1] == end and last_hit.kind in LAND_KINDS
    if named and sentence.words[end - 1][0].isupper() and (actor.country or actor.sector) and not land_last:
        memory.name(actor, sentence.words[end - 1])
    if persons and persons[-1].name and persons[-1].name == actor.name:
        first = persons[-1].name.partition(" ")[0]
        memory.name(actor, persons[-1].name.rsplit(" ", 1)[-1])
        memory.given_name(actor, first)
    heads = [f for a, b, _ in agents[-1:] for f in (folded(reading, a, b), folded(reading, b - 1, b))]
    if persons and persons[-1].office and actor.sector != "ELI":
        heads += [persons[-1].office, persons[-1].office.rsplit(" ", 1)[-1]]
    body = last_hit.kind == "actor" and not agents
    if body and actor.name:
        heads.append(actor.name.lower().rsplit(" ", 1)[-1])
    if actor.how != "definite":
        memory.mention(actor, tuple(heads), reading.lexicons.definites, body)
    head = agents[-1][2] if agents else last_hit
    plural = bool(agents) and not persons and sentence.lower[end - 1].endswith(("s", "men", "people", "police"))
    aside = bool(reading.chunks.chunks[index].prep)
    memory.see(actor, plural or head.kind in ("plural", "people"), head.kind in _THINGS, aside)


def _hear(reading: Reading, memory: Memory) -> None:
    """Find who speaks: whoever stands beside a verb of telling outside the quotation marks; a quotation may run on without."""
    sentence, telling, quoted = reading.sentence, memory.words["telling"], False
    if _QUOTES.isdisjoint(sentence.words):
        return
    for k, word in enumerate(sentence.words):
        if word in _QUOTES:
            quoted = not quoted
        elif not quoted and sentence.lower[k] in telling:
            speaker = _beside(reading, memory, k)
            if speaker is not None:
                memory.speaker = speaker
                return


def _beside(reading: Reading, memory: Memory, at: int) -> Actor | None:
    """The actor next to a verb of telling: "X said" or "said X", or the pronoun there."""
    chunks, lower = reading.chunks, reading.sentence.lower
    for k in (at - 1, at + 1):
        if 0 <= k < len(lower):
            if chunks.at[k] >= 0:
                actors = actors_of(reading, memory, chunks.at[k])
                if actors and (actors[0].country or actors[0].sector or actors[0].name):
                    return actors[0]
            elif chunks.letters[k] == "R" and lower[k] not in memory.words["speaking"]:
                known = memory.pronoun(lower[k])
                if known is not None:
                    return replace(known, how="pronoun")
    return None
