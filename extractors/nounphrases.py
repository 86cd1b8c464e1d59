"""Noun phrases: what stands around a head noun and says whose it is: "of France", "Name, the president of Chad,", "Israeli-Palestinian"."""

from __future__ import annotations

from extractors.matching import lookup
from extractors.readings import AGENT_KINDS, LAND_KINDS, Hit, Reading
from extractors.records import Actor, record

_CHAIN = 6
"""Phrases in "of" that are followed one into the other."""


@record
class Belonging:
    """The country and group something belongs to."""

    country: str | None
    sector: str | None
    others: tuple[str, ...] = ()
    body: bool = False
    """A named body, not a country: its president is its own, not a head of state."""


def strongest(agents: list[Hit]) -> Hit | None:
    """The head is the last agent noun; a weak one ("leader") yields to a telling one before it ("rebel leader")."""
    nouns = [a for a in agents if not a[2].modifier]
    if not agents or (nouns and not nouns[-1][2].weak and nouns[-1][2].sector):
        return nouns[-1] if nouns else None
    telling = [a for a in agents if not a[2].weak and a[2].sector]
    return (telling or agents)[-1]


def is_partitive(reading: Reading, end: int) -> bool:
    """Whether the last word heads a phrase whose "of" names those meant: "dozens", "members", "supporters"."""
    return reading.sentence.lower[end - 1] in reading.lexicons.words["partitives"]


def tail(reading: Reading, index: int, end: int, depth: int = 0) -> tuple[int, Belonging | None]:
    """ "of France", "of Hamas", "in Moscow" behind chunk `index`: where it ends, and whom the head belongs to.

    Args:
        depth: how many partitives lead here; "members of groups of members of …" ends after a few.
    """
    chunks = reading.chunks.chunks
    at = index + 1
    while at < len(chunks) and at <= index + 2:
        nxt = chunks[at]
        if nxt.start > end + 2 or nxt.prep not in ("of", "from", "in", "for"):
            return end, None
        if any(t in "Vw" for t in reading.chunks.letters[end : nxt.start]):
            return end, None  # "people died in Kashmir": the verb's place, not the noun's
        hits = reading.within(nxt.start, nxt.end)
        land = next((h[2] for h in hits if h[2].country), None)
        agent = strongest([h for h in hits if h[2].kind in AGENT_KINDS])
        if land is not None:
            named = land.kind in ("actor", "person", "partial", "metonym")
            sector = land.sector if named else (agent[2].sector if agent else None)
            body = land.kind == "actor" or (agent is not None and agent[2].kind == "body")
            return nxt.end, Belonging(land.country, sector, land.others, body)
        if nxt.prep == "of" and at == index + 1 and agent is not None and agent[1] == nxt.end:
            entry = agent[2]
            if depth < _CHAIN and (is_partitive(reading, end) or entry.kind == "body"):
                further_end, further = tail(reading, at, nxt.end, depth + 1)
                country = further.country if further else None
                return further_end, Belonging(country, entry.sector, entry.others, entry.kind == "body")
        end = nxt.end
        at += 1
    return end, None


def apposition(reading: Reading, index: int, end: int) -> Belonging | None:
    """ "the foreign minister, Hor Namhong of Cambodia," or "Name, the president of Chad,": the chunk behind the comma."""
    chunks, letters = reading.chunks.chunks, reading.chunks.letters
    links = reading.lexicons.words["linking"]
    if index + 1 >= len(chunks) or end >= len(letters) or reading.sentence.lower[end] not in links:
        return None
    nxt = chunks[index + 1]
    if nxt.start != end + 1:
        return None
    return _described(reading, nxt.index)


def apposed_before(reading: Reading, index: int) -> Belonging | None:
    """ "the president of Chad, Name,": the description before the comma, its tail included."""
    chunks, letters = reading.chunks.chunks, reading.chunks.letters
    start = chunks[index].start
    if start < 2 or reading.sentence.words[start - 1] != "," or chunks[index].prep:
        return None
    if chunks[index].end < len(letters) and letters[chunks[index].end] not in ',"':
        return None
    at = index - 1
    while at > 0 and chunks[at].prep in ("of", "for", "in") and chunks[at].end <= start - 1:
        at -= 1
    if at < 0 or any(t in ",CVw" for t in letters[chunks[at].end : start - 1]):
        return None
    return _described(reading, at)


def _described(reading: Reading, index: int) -> Belonging | None:
    """What a descriptive chunk says: its agent noun or body, and a country in it or behind it."""
    chunk = reading.chunks.chunks[index]
    hits = reading.within(chunk.start, chunk.end)
    agent = strongest([h for h in hits if h[2].kind in AGENT_KINDS])
    land = next((h[2] for h in hits if h[2].country), None)
    if agent is None and not (land and land.kind in ("actor", "person")):
        return None
    _, behind = tail(reading, index, chunk.end)
    country = land.country if land else (behind.country if behind else None)
    if agent is not None and (agent[2].sector and not agent[2].weak):
        return Belonging(country, agent[2].sector, agent[2].others)
    source = land if land and land.kind in ("actor", "person") else behind
    sector = source.sector if source else (agent[2].sector if agent else None)
    return Belonging(country, sector, source.others if source else ())


def personal_name(reading: Reading, last: int, end: int) -> str | None:
    """The capitalised words from token `last`, behind the last title or agent noun."""
    particles, sentence = reading.lexicons.words["particles"], reading.sentence
    names = [k for k in range(last, end) if sentence.words[k][0].isupper() or sentence.lower[k] in particles]
    if not names or names[0] != last:
        return None
    return " ".join(sentence.words[k] for k in names)


def hyphenated(reading: Reading, start: int, end: int) -> tuple[Actor, ...]:
    """ "Israeli-Palestinian", "U.S.-led": the parts of a compound that name countries or bodies."""
    actors: list[Actor] = []
    for k in range(start, end):
        word = reading.sentence.words[k]
        if "-" not in word:
            continue
        offset = reading.sentence.starts[k]
        for part in word.split("-"):
            if part[:1].isupper():
                for entry in lookup(reading.lexicons.phrases, part):
                    if entry.holds(reading.day) and entry.country and entry.kind in LAND_KINDS | {"actor"}:
                        sector = entry.sector if entry.kind == "actor" else None
                        actors.append(Actor(part, None, entry.country, sector, offset, offset + len(part)))
                        break
            offset += len(part) + 1
    return tuple(actors)
