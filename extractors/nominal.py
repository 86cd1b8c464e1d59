"""Events told by a noun ("air strikes on …", "talks between …"), in a clause whose verbs have coded nothing."""

from __future__ import annotations

from extractors import sides
from extractors.actors import Reading, actors_of
from extractors.background import in_passing
from extractors.candidates import Candidate, State, check
from extractors.clauses import Chunk, Clause, Group
from extractors.rules import NOUN_RECIPIENT, Rule
from extractors.status import HYPOTHETICAL
from extractors.triggers import noun_trigger

RANK = {"main": 0, "comp": 0, "coord": 0, "resume": 0, "part": 1, "sub": 2, "rel": 2, "attrib": 3}
_MET_WITH = frozenset(("ASSAULT", "COERCE", "SANCTION", "ACCUSE", "THREATEN", "PROTEST"))
_BEFALLS = frozenset(("see", "suffer", "face", "undergo", "witness", "experience", "endure", "sustain", "draw"))
_BESIDE = frozenset(("after", "following", "since", "before", "despite", "amid"))
_CIRCUMSTANCE = frozenset(("in", "at", "near", "on", "outside", "between", "by", "to"))


def nominal_events(reading: Reading, index: int, clause: Clause, state: State) -> None:
    """Events told by a noun, in a clause whose verbs have coded nothing."""
    lower = reading.sentence.lower
    for chunk in reading.parse.within(clause.start, clause.end):
        hit = noun_trigger(reading, chunk)
        if hit is None:
            continue
        chunk = sides.governed(reading, chunk)
        rule, first, last = hit
        candidate = Candidate(
            rule,
            rule.type,
            rule.mode,
            first,
            last,
            index,
            RANK[clause.kind] + 1.0,
            attribution=state.attribution,
            nominal=True,
        )
        _noun_sides(reading, clause, chunk, rule, first, last, candidate)
        # "may have been involved in the attack": the attack itself is no conjecture
        if not chunk.prep and clause.groups and (clause.groups[0].future or clause.groups[0].modal in HYPOTHETICAL):
            candidate.status = "planned" if clause.groups[0].future else "hypothetical"
        if chunk.start and lower[chunk.start] in ("no", "any"):
            candidate.status = "negated"
        if not candidate.dropped:
            check(reading, candidate)
        if not candidate.dropped and not any(a.country for a in (*candidate.actors, *candidate.recipients)):
            candidate.dropped = "a noun alone needs a country"
        candidate.dropped = candidate.dropped or in_passing(reading, clause, chunk, candidate)
        state.found.append(candidate)
        if not candidate.dropped:
            return


def _noun_sides(
    reading: Reading, clause: Clause, chunk: Chunk, rule: Rule, first: int, last: int, candidate: Candidate
) -> None:
    """Sides of an event told by a noun: its possessor or adjective, by …, its verb's subject where the verb is a light one."""
    limit = clause.end
    before = next((g for g in reversed(clause.groups) if g.head < chunk.start), None)
    if before is not None and before.copula and not chunk.prep and rule.type == "THREATEN":
        candidate.dropped = "said to be one"  # "the battles are a threat to the regime"
    inner = tuple(a for a in actors_of(reading, chunk.index) if a.char_end <= reading.sentence.starts[first] + 1)
    between = sides.slot(reading, clause, last, limit, "between")
    if between or (rule.reciprocal and len(inner) > 1):
        candidate.actors = between or inner
        return
    verb = next((g for g in reversed(clause.groups) if g.head < chunk.start), None)
    if verb is not None and not chunk.prep and any(v in reading.lexicons.words["ending"] for v in verb.lemmas):
        candidate.status = "negated"
    if chunk.prep == "under":  # "came under attack": who stands there meets with it
        candidate.recipients = sides.subject(reading, clause) if verb is not None else ()
        return
    reach = _noun_reach(reading, last, limit, rule.noun_actor)
    named = (sides.slot(reading, clause, last, reach, name) for name in rule.noun_actor)
    candidate.actors = next((found for found in named if found), inner)
    if not candidate.actors and verb is not None:
        if verb.passive:
            candidate.actors = sides.slot(reading, clause, verb.head + 1, limit, "by")
        elif rule.type in _MET_WITH and not chunk.prep and any(v in _BEFALLS for v in verb.lemmas):
            candidate.recipients = sides.subject(reading, clause)  # "the city has seen five attacks"
            return
        elif chunk.prep in _BESIDE:
            # "met after the attack": whose attack is not said; "died after torture": who met with it is
            candidate.recipients = sides.subject(reading, clause) if "die" in verb.lemmas else ()
        elif chunk.prep or any(v in reading.lexicons.words["light"] for v in verb.lemmas) or _links(reading, verb):
            candidate.actors = sides.subject(reading, clause)
    slots = (
        NOUN_RECIPIENT
        if "for" in rule.recipient
        else tuple(p for p in rule.recipient if p not in ("object", "rest", "cause", "indirect"))
    )
    spans = {(a.char_start, a.char_end) for a in candidate.actors}
    reach = _noun_reach(reading, last, limit, slots)
    for name in slots:
        found = tuple(
            a for a in sides.slot(reading, clause, last, reach, name) if (a.char_start, a.char_end) not in spans
        )
        if found and (name != "in" or any(a.country for a in found)):
            candidate.recipients = found
            return


def _links(reading: Reading, verb: Group) -> bool:
    return reading.parse.tags[verb.head] in "BH"


def _noun_reach(reading: Reading, last: int, limit: int, slots: tuple[str, ...]) -> int:
    """How far a noun's own prepositions reach: "battle for control of X" is no battle of X."""
    for chunk in reading.parse.starting(last, limit):
        if sides.is_temporal(reading, chunk):
            continue
        if chunk.prep and chunk.prep not in slots and chunk.prep not in _CIRCUMSTANCE:
            return chunk.start
    return limit
