"""Sides: which chunks of a clause stand in the places a rule names (subject, object, with …, by …), and who they are.

Position, voice and preposition decide; a list shares its place; a clause without a subject takes that of the clause it hangs on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from extractors.actors import Reading, actors_of
from extractors.clauses import Chunk, Clause, Group
from extractors.memory import again
from extractors.records import Actor
from extractors.triggers import noun_trigger

_POSSESSIVES = frozenset(("its", "their", "his", "her"))
_GAP = frozenset('A"X')


def subject(reading: Reading, clause: Clause, depth: int = 0) -> tuple[Actor, ...]:
    """Who does it: the chunks before the first verb, else the antecedent, else the subject of the parent clause."""
    pronoun = _pronoun(reading, clause)
    if pronoun is not None:  # also in "told police he …": what stands next to the verb is its subject
        return pronoun
    chunks = subject_chunks(reading, clause)
    if chunks:  # "the plan of Hungary": whose it is
        return _actors(reading, chunks) or _belonging(reading, reading.parse.chunks, chunks[-1].index)
    said = _relative_said(reading, clause)
    if said >= 0:  # "attacks on the south, which officials say killed 30"
        return antecedent(reading, said)
    if clause.kind == "rel" or (clause.kind == "part" and clause.groups and clause.groups[0].form == "participle"):
        return antecedent(reading, clause.start)
    parse = reading.parse
    if 0 <= clause.parent < len(parse.clauses) and depth < 4 and parse.clauses[clause.parent] is not clause:
        return subject(reading, parse.clauses[clause.parent], depth + 1)
    return ()


def _relative_said(reading: Reading, clause: Clause) -> int:
    """The relative pronoun of a clause cut in two by who says so; -1 without one."""
    if clause.kind != "resume":
        return -1
    clauses = reading.parse.clauses
    index = next((n for n, c in enumerate(clauses) if c is clause), 0)
    before = clauses[index - 1] if index else clause
    relative = before.kind == "attrib" and before.start > 0 and reading.parse.tags[before.start - 1] == "W"
    return before.start - 1 if relative else -1


def subject_chunks(reading: Reading, clause: Clause) -> list[Chunk]:
    """The subject's chunks: the last one before the verb that no preposition governs, with the list it ends."""
    first = clause.groups[0].start if clause.groups else clause.end
    free = [c for c in reading.parse.within(clause.start, first) if not c.prep and not is_temporal(reading, c)]
    if not free:
        return []
    return _members(reading, clause.start, first) or _coordinated(reading, free)


def _members(reading: Reading, start: int, end: int) -> list[Chunk]:
    """ "several countries, including A, B and C": those named stand for the group."""
    chunks = reading.parse.within(start, end)
    at = next((n for n, c in enumerate(chunks) if c.prep == "including"), None)
    return [] if at is None else _listed(reading, chunks, at)


def _coordinated(reading: Reading, free: list[Chunk]) -> list[Chunk]:
    """From the last chunk leftwards over commas and "and"; commas alone mean an apposition, whose first chunk is the one."""
    group, joined = [free[-1]], False
    for left in reversed(free[:-1]):
        tags = reading.parse.tags[left.end : group[0].start]
        glue = [t for t in tags if t in ",C"]
        if not glue or any(t in "VBHMG" for t in tags) or len(tags) > 9:
            break
        joined = joined or "C" in glue
        group.insert(0, left)
    return group if joined else group[:1]


def is_temporal(reading: Reading, chunk: Chunk) -> bool:
    """Whether a chunk names a time and nobody: "Sunday", "last week", "two years"."""
    time = reading.lexicons.words["time"]
    if reading.sentence.lower[chunk.end - 1] in time:
        return True
    lower, tags = reading.sentence.lower, reading.parse.tags
    for k in range(chunk.start, chunk.end):  # noqa: SIM110 (asked of every chunk several times: all() takes twice as long)
        if tags[k] != "#" and lower[k] not in time:
            return False
    return True


def _actors(reading: Reading, chunks: Iterable[Chunk]) -> tuple[Actor, ...]:
    found: list[Actor] = []
    chunks = list(chunks)
    for n, chunk in enumerate(chunks):
        actors = _whole(reading, chunk)
        if len(actors) == 1 and actors[0].sector is None and actors[0].country and n + 1 < len(chunks):
            # "Israeli and Palestinian leaders": the bare adjective shares the noun of its partner
            following = actors_of(reading, chunks[n + 1].index)
            if following and following[0].sector and _bare_adjective(reading, chunk):
                a = actors[0]
                actors = (
                    Actor(
                        a.text,
                        a.name,
                        a.country,
                        following[0].sector,
                        a.char_start,
                        a.char_end,
                        following[0].other_sectors,
                        a.how,
                    ),
                )
        found.extend(actors)
    return tuple(dict.fromkeys(found))


def _whole(reading: Reading, chunk: Chunk) -> tuple[Actor, ...]:
    """The actors of a chunk; of "thousands of Nigerians", the Nigerians."""
    actors = actors_of(reading, chunk.index)
    if any(a.country or a.sector for a in actors):
        owner = reading.memory.subject
        if owner is None or not owner.country or reading.sentence.lower[chunk.start] not in _POSSESSIVES:
            return actors
        return tuple(a if a.country else replace(a, country=owner.country, how="pronoun") for a in actors)
    chunks, at = reading.parse.chunks, chunk.index + 1
    if (
        at < len(chunks)
        and chunks[at].prep == "of"
        and chunks[at].start - chunk.end <= 2
        and reading.sentence.lower[chunk.end - 1] in reading.lexicons.words["partitives"]
    ):
        return actors_of(reading, at) or actors
    return actors


def _bare_adjective(reading: Reading, chunk: Chunk) -> bool:
    hits = reading.within(chunk.start, chunk.end)
    return bool(hits) and hits[-1][2].kind == "adjective" and hits[-1][1] == chunk.end


def _pronoun(reading: Reading, clause: Clause) -> tuple[Actor, ...] | None:
    if not clause.groups:
        return None
    at = clause.groups[0].start - 1
    while at >= clause.start and reading.parse.tags[at] in "AX":
        at -= 1
    if at < clause.start or reading.parse.tags[at] != "R":
        return None
    low, start = reading.sentence.lower[at], reading.sentence.starts[at]
    last = reading.memory.subject
    if low not in ("he", "she", "they", "it", "i", "we") or last is None:
        return ()
    person = last.char_start in reading.memory.persons
    here = reading.sentence.char_start <= last.char_start < start
    known = next((p for p in reading.pronouns if p.char_start == start and p.country), None)
    if low in ("he", "she") and not person:  # no ministry is a he
        return (known,) if known is not None else ()
    if low in ("they", "it") and person and not here and known is not None:  # "its spokesman said it …" is the ministry
        return (known,)
    if here:
        return (replace(last, how="pronoun"),)  # its own words stand in the sentence
    return (again(last, reading.sentence.words[at], start, reading.sentence.ends[at], "pronoun"),)


def antecedent(reading: Reading, at: int) -> tuple[Actor, ...]:
    """The actors of the chunk just before token `at` (commas and the relative pronoun passed over)."""
    index = at - 1
    chunk_at = reading.parse.chunk_at
    while index >= 0 and chunk_at[index] < 0:
        index -= 1
        if at - index > 5:
            return ()
    if index < 0:
        return ()
    chunk = reading.parse.chunks[chunk_at[index]]
    deed = _deed(reading, chunk)
    if deed is not None:
        return deed
    head_end = reading.sentence.ends[chunk.end - 1]
    # "the Palestinian issue, which …" is a thing, whatever adjective it has
    actors = tuple(a for a in actors_of(reading, chunk.index) if a.char_end >= head_end or a.sector)
    if chunk.prep in ("of", "in", "from") and chunk.index > 0:
        head = actors_of(reading, chunk.index - 1)
        if head and (head[0].sector or not actors):
            return head
    return actors


def _deed(reading: Reading, chunk: Chunk) -> tuple[Actor, ...] | None:
    """Who did the deed whose phrase a chunk ends: "a Russian strike on a market in Kharkiv, which killed five" was Russian; None without a deed."""
    chunks, at = reading.parse.chunks, chunk
    for _ in range(3):
        if not at.index:
            return None
        before = chunks[at.index - 1]
        goes_on = not at.prep and before.prep in ("in", "at", "near") and reading.parse.tags[at.start - 1] == ","
        if (at.prep not in ("on", "against", "in", "at", "of", "near") and not goes_on) or at.start - before.end > 2:
            return None
        hit = noun_trigger(reading, before)
        if hit is not None and hit[0].type in ("ASSAULT", "PROTEST"):
            end = reading.sentence.starts[hit[1]] + 1
            return tuple(a for a in actors_of(reading, before.index) if a.char_end <= end)
        at = before
    return None


def after(reading: Reading, group_end: int, limit: int) -> list[Chunk]:
    """Chunks between the verb and `limit`, in order."""
    return reading.parse.within(group_end, limit)


def slot(reading: Reading, clause: Clause, group_end: int, limit: int, name: str) -> tuple[Actor, ...]:
    """The actors in one slot behind the trigger: `object`, a preposition's name, `rest` (anyone known), `cause` (anyone but a place)."""
    chunks = after(reading, group_end, limit)
    if name in ("rest", "cause"):
        for chunk in chunks:
            if chunk.prep in ("by", "during", "since", "after", "before", "until") or (
                name == "cause" and chunk.prep in ("in", "at", "near", "on", "through", "across", "into")
            ):
                continue
            known = tuple(a for a in actors_of(reading, chunk.index) if a.country or a.sector)
            if known:
                return known
        return ()
    for n, chunk in enumerate(chunks):
        # a particle of the trigger ("beat up detainees") is no preposition of its object
        prep = chunk.prep if chunk.start - 1 >= group_end else ""
        if name == "object":
            if prep or is_temporal(reading, chunk):
                if n:
                    return ()
                continue
            between = reading.parse.tags[group_end : chunk.start]
            if n == 0 and any(t in "PVBHMW" for t in between):
                return ()
        elif prep != name:
            continue
        listed = _listed(reading, chunks, n)
        named = _members(reading, listed[-1].end, min(listed[-1].end + 4, limit)) and _members(
            reading, listed[-1].end, limit
        )
        actors = _actors(reading, named or listed)
        if actors:
            return actors
        if name == "object":
            return _belonging(reading, chunks, n)
    return ()


def victims(reading: Reading, clause: Clause, group: Group, limit: int) -> tuple[Actor, ...]:
    """ "killed at least 12 people", "another five were wounded": those in the object's or the passive subject's place, counted or called people."""
    if group.passive:
        chunks = subject_chunks(reading, clause)[-1:]
    else:
        chunks = [c for c in after(reading, group.head + 1, limit)[:1] if not c.prep]
    for chunk in chunks:
        last = chunk.end - 1
        if reading.sentence.lower[chunk.end : chunk.end + 1] == ["of"]:
            continue  # "dozens of rebels": the rebels
        counted = reading.parse.tags[last] == "#" or reading.sentence.lower[last] in reading.lexicons.words["numerals"]
        if counted or any(b == chunk.end and e.sector == "CVL" for _, b, e in reading.hits):
            starts, ends = reading.sentence.starts, reading.sentence.ends
            words = reading.sentence.span(chunk.start, chunk.end)
            return (Actor(words, None, None, "CVL", starts[chunk.start], ends[last]),)
    return ()


def governed(reading: Reading, chunk: Chunk) -> Chunk:
    """The chunk with the preposition it shares: "during a drone and missile attack"."""
    if chunk.prep or not chunk.index or reading.parse.tags[chunk.start - 1] != "C":
        return chunk
    before = reading.parse.chunks[chunk.index - 1]
    return replace(chunk, prep=before.prep) if before.end == chunk.start - 1 else chunk


def _belonging(reading: Reading, chunks: list[Chunk], n: int) -> tuple[Actor, ...]:
    """Whose the object is: "the withdrawal of Serbian forces", "a decision by Malta"."""
    if n + 1 < len(chunks) and chunks[n + 1].prep in ("of", "by") and chunks[n + 1].start - chunks[n].end <= 2:
        return _actors(reading, _listed(reading, chunks, n + 1))
    return ()


def owners(reading: Reading, chunk: Chunk) -> tuple[Actor, ...]:
    """Whose a decision is: "Israel's decision", "the vote of the assembly"."""
    own = tuple(a for a in actors_of(reading, chunk.index) if a.country or a.sector)
    return own or _belonging(reading, reading.parse.chunks, chunk.index)


def inside(reading: Reading, begin: int, end: int) -> tuple[Actor, ...]:
    """Known actors of the chunks that start in [begin, end) with no preposition before them; the last noun itself needs a country."""
    for chunk in reading.parse.starting(begin, end):
        particle = chunk.start == begin + 1  # "shot down two Syrian planes"
        if (particle or not chunk.prep) and not is_temporal(reading, chunk):
            itself = chunk.end >= end
            actors = tuple(a for a in actors_of(reading, chunk.index) if a.country or (a.sector and not itself))
            if actors:
                return actors
    return ()


def _listed(reading: Reading, chunks: list[Chunk], n: int) -> list[Chunk]:
    """Chunk n and those a list joins to it."""
    group = [chunks[n]]
    tags = reading.parse.tags
    for right in chunks[n + 1 :]:
        between = tags[group[-1].end : right.start]
        if right.prep == "of" and len(between) == 1:  # "the government of X and the army of Y"
            continue
        last_end = max(c.end for c in reading.parse.chunks[group[-1].index : right.index])
        between = tags[last_end : right.start]
        if right.prep or not between or any(t not in ",CDZ" for t in between):
            break
        group.append(right)
    if len(group) > 1 and not any("C" in tags[a.end : b.start] for a, b in pairwise(group)):
        return group[:1]
    return group
