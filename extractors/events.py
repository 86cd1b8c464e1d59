"""Events: from the clauses of one sentence to candidates: who did what to whom, how sure, and which rule says so.

The governing verb speaks first: "agreed to meet" is AGREE, not CONSULT; what it governs refines the sides and is no event of its own.
A noun is an event ("air strikes on …") only where no verb of its clause has spoken.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from extractors import sides
from extractors.actors import Reading, actors_of
from extractors.clauses import Chunk, Clause, Group
from extractors.records import Actor
from extractors.rules import NOUN_RECIPIENT, Pattern, Rule

_COOPERATIVE = frozenset(("AGREE", "CONSULT", "SUPPORT", "CONCEDE", "COOPERATE", "AID", "RETREAT"))
_VIOLENT = frozenset(("ASSAULT", "COERCE", "SANCTION"))
_RANK = {"main": 0, "comp": 0, "coord": 0, "resume": 0, "part": 1, "sub": 2, "rel": 2, "attrib": 3}
_HYPOTHETICAL = frozenset(("could", "may", "might", "can"))
_CIRCUMSTANCE = frozenset(("in", "at", "near", "on", "outside", "between", "by", "to"))
_OUGHT = frozenset(("should", "must", "ought"))


@dataclass(slots=True)
class Candidate:
    """One reading of one trigger."""

    rule: Rule
    type: str
    mode: str | None
    first: int
    last: int
    """Trigger tokens [first, last)."""
    clause: int
    rank: float
    status: str = "actual"
    actors: tuple[Actor, ...] = ()
    recipients: tuple[Actor, ...] = ()
    attribution: str | None = None
    nominal: bool = False
    dropped: str = ""
    """Why it is no event after all, for `explain`."""


@dataclass(slots=True)
class _State:
    """What the clauses read so far decide for the next ones."""

    sayer: tuple[Actor, ...] = ()
    attribution: str | None = None
    reported: bool = False
    suppressed: bool = False
    suppressed_from: int = -1
    found: list[Candidate] = field(default_factory=list)


def candidates(reading: Reading) -> list[Candidate]:
    """All candidates of a sentence, best first; those with `dropped` set are kept for the trace."""
    state = _State()
    clauses = reading.parse.clauses
    closing, closing_text = _closing_attribution(reading)
    for index, clause in enumerate(clauses):
        _enter(state, clause, index, clauses)
        if not state.attribution and closing_text:
            state.attribution, state.sayer = closing_text, closing
        before = len(state.found)
        _clause(reading, index, clause, state)
        if len(state.found) == before and not state.suppressed:
            _nominal(reading, index, clause, state)
        _remember_subject(reading, clause)
    good = [c for c in state.found if not c.dropped]
    good.sort(key=lambda c: (c.rank, c.first))
    return [*_distinct(good), *(c for c in state.found if c.dropped)]


def _enter(state: _State, clause: Clause, index: int, clauses: list[Clause]) -> None:
    if clause.kind not in ("comp",) and not (
        state.reported and clause.kind in ("coord", "rel", "part", "sub", "resume")
    ):
        state.reported = False
        state.attribution, state.sayer = None, ()
    if clause.kind in ("main", "resume", "rel") or (clause.kind in ("coord",) and not state.suppressed):
        state.suppressed = False


def _closing_attribution(reading: Reading) -> tuple[tuple[Actor, ...], str | None]:
    """ "…, police said on Tuesday" and "according to …": who says so, at the end or in the middle."""
    lower = reading.sentence.lower
    for index, clause in enumerate(reading.parse.clauses):
        if not index or clause.end - clause.start > 30:
            continue
        verbs = [g for g in clause.groups if g.form == "finite"]
        if len(verbs) == 1 and _says(reading, verbs[0]) and not _complement_follows(reading, index):
            actors = sides.subject(reading, clause)
            if clause.kind != "sub":
                clause.kind = "attrib"
            return actors, actors[0].text if actors else _words_before(reading, clause, verbs[0])
    for at in range(len(lower) - 2):
        if lower[at] == "according" and lower[at + 1] == "to":
            for chunk in reading.parse.chunks:
                if chunk.start >= at + 2:
                    actors = actors_of(reading, chunk.index)
                    return actors, actors[0].text if actors else reading.sentence.span(chunk.start, chunk.end)
    return (), None


def _says(reading: Reading, group: Group) -> bool:
    return any(lemma in reading.lexicons.words["saying"] for lemma in group.lemmas)


def _complement_follows(reading: Reading, index: int) -> bool:
    clauses = reading.parse.clauses
    return index + 1 < len(clauses) and clauses[index + 1].kind == "comp"


def _words_before(reading: Reading, clause: Clause, group: Group) -> str | None:
    return reading.sentence.span(clause.start, group.start) if group.start > clause.start else None


def _remember_subject(reading: Reading, clause: Clause) -> None:
    if clause.kind in ("main", "coord", "resume", "comp") and clause.groups:
        found = sides.subject(reading, clause)
        if found and found[0].how != "pronoun" and (found[0].country or found[0].sector or found[0].name):
            reading.memory.subject = found[0]


def _clause(reading: Reading, index: int, clause: Clause, state: _State) -> None:
    effect = ""
    if clause.kind == "comp" and state.suppressed:
        return
    for group in clause.groups:
        limit = clause.end
        pattern, end = _match(reading, clause, group, limit)
        if pattern is None:
            if _says(reading, group) and group.form == "finite" and not group.negated:
                state.sayer = sides.subject(reading, clause)
                state.attribution = state.sayer[0].text if state.sayer else _words_before(reading, clause, group)
                state.reported = True
                continue
            effect = _governed(reading, group) or effect
            continue
        candidate = _verbal(reading, index, clause, group, pattern, end, limit, state, effect)
        state.found.append(candidate)
        if pattern.rule.governs and not candidate.dropped:
            state.suppressed = True
        if candidate.dropped and not pattern.rule.governs:
            continue
        return


def _governed(reading: Reading, group: Group) -> str:
    for lemma in group.lemmas:
        effect = reading.lexicons.governors.get(lemma, "")
        if effect:
            if group.negated and effect == "pass":
                return "negated"
            return effect
    if group.negated:
        return "negated"
    return ""


def _reach(reading: Reading, index: int, rule: Rule, limit: int) -> int:
    """A governor's sides may stand in its complement: the clauses that follow without a new main clause."""
    if not rule.governs:
        return limit
    for following in reading.parse.clauses[index + 1 :]:
        if following.kind not in ("comp",) or following.start > limit + 1:
            break
        limit = following.end
    return limit


def _match(reading: Reading, clause: Clause, group: Group, limit: int) -> tuple[Pattern | None, int]:
    lemmas = (
        ("be",)
        if reading.parse.tags[group.head] == "B"
        else ("have",)
        if reading.parse.tags[group.head] == "H"
        else group.lemmas
    )
    for lemma in lemmas:
        for pattern in reading.lexicons.rules.verbs.get(lemma, ()):
            end = _fits(reading, clause, group, pattern, limit)
            if end and _constraints(reading, clause, group, pattern.rule, end, limit):
                return pattern, end
    return None, 0


def _fits(reading: Reading, clause: Clause, group: Group, pattern: Pattern, limit: int) -> int:
    """The token behind the pattern's last word, 0 where it does not fit."""
    lower, at = reading.sentence.lower, group.head + 1
    rest = pattern.rest
    if group.passive and len(rest) == 2 and rest[0] is None and rest[1] is not None:
        if any(lower[k] in rest[1] for k in range(clause.start, group.start)):
            return at
        return 0
    for n, part in enumerate(rest):
        if part is None:
            continue
        reach = 6 if n and rest[n - 1] is None else 0
        while at < limit and reach and lower[at] not in part:
            if lower[at] in (";", ".") or reading.parse.tags[at] in "VMB":
                return 0
            at += 1
            reach -= 1
        if at >= limit or lower[at] not in part:
            return 0
        at += 1
    return at


def _constraints(reading: Reading, clause: Clause, group: Group, rule: Rule, end: int, limit: int) -> bool:
    lower = reading.sentence.lower
    region = range(clause.start, group.start) if group.passive else range(end, min(end + 9, limit))
    if rule.objects and not any(lower[k] in rule.objects for k in region):
        return False
    if rule.not_objects and _head_among(reading, region, rule.not_objects):
        return False
    if rule.subjects:
        told = range(end, min(end + 12, limit)) if group.passive else range(clause.start, group.start)
        if not any(lower[k] in rule.subjects for k in told):
            return False
    return not (
        rule.not_after and group.start == group.head and group.head and lower[group.head - 1] in rule.not_after
    ) and not (rule.not_after and group.form == "infinitive" and "to" in rule.not_after)


def _head_among(reading: Reading, region: range, words: frozenset[str]) -> bool:
    """Whether the first chunk of the region ends in one of these words."""
    for chunk in reading.parse.chunks:
        if chunk.start in region:
            return reading.sentence.lower[chunk.end - 1] in words
    return False


def _verbal(
    reading: Reading,
    index: int,
    clause: Clause,
    group: Group,
    pattern: Pattern,
    end: int,
    limit: int,
    state: _State,
    effect: str,
) -> Candidate:
    rule = pattern.rule
    candidate = Candidate(
        rule,
        rule.type,
        rule.mode,
        group.start if group.start == group.head else _first_content(reading, group),
        end,
        index,
        float(_RANK[clause.kind]),
    )
    candidate.attribution = state.attribution
    limit = _reach(reading, index, rule, limit)
    _put_sides(reading, clause, group, pattern, end, limit, candidate)
    if rule.type == "ASSAULT" and rule.mode is None:
        _put_means(reading, clause, group, limit, candidate)
    _put_status(reading, clause, group, candidate, state, effect)
    if (
        not candidate.actors
        and state.sayer
        and candidate.type in ("THREATEN", "REQUEST", "AGREE")
        and clause.kind == "comp"
    ):
        candidate.actors = state.sayer
    _check(reading, candidate)
    return candidate


def _put_means(reading: Reading, clause: Clause, group: Group, limit: int, candidate: Candidate) -> None:
    """ "A drone strike killed two": the noun that did it, or in which it was done, gives the mode and its own actor."""
    means = (
        [
            c
            for c in reading.parse.chunks
            if group.head < c.start and c.end <= limit and c.prep in ("in", "by", "during")
        ]
        if group.passive
        else [c for c in reading.parse.chunks if clause.start <= c.start and c.end <= group.start and not c.prep]
    )
    for chunk in means:
        hit = _noun_trigger(reading, chunk)
        if hit is None or hit[0].type != "ASSAULT":
            continue
        candidate.rule, candidate.mode = hit[0], hit[0].mode
        inner = tuple(a for a in actors_of(reading, chunk.index) if a.country or a.sector)
        candidate.actors = sides.slot(reading, clause, hit[2], limit, "by") or candidate.actors or inner
        if not candidate.recipients:
            candidate.recipients = sides.slot(reading, clause, hit[2], limit, "on")
        return


def _first_content(reading: Reading, group: Group) -> int:
    at = group.start
    while at < group.head and reading.parse.tags[at] in "AT":
        at += 1
    return at


def _put_sides(
    reading: Reading, clause: Clause, group: Group, pattern: Pattern, end: int, limit: int, candidate: Candidate
) -> None:
    rule, subject = pattern.rule, sides.subject(reading, clause)
    alone = rule.passive_alone and not pattern.rest and group.form == "finite" and not group.modal
    passive = group.passive or (alone and _no_object(reading, group, limit))
    if passive:
        candidate.actors = sides.slot(reading, clause, group.head + 1, limit, "by")
        if group.form == "participle":
            subject = sides.antecedent(reading, group.start)
        candidate.recipients = subject
        if not rule.reciprocal and not candidate.recipients and not candidate.actors:
            candidate.recipients = _first(reading, clause, rule, end, limit, ())
        elif not any(a.country for a in subject):
            further = _first(reading, clause, rule, end, limit, candidate.actors)
            if further and not subject and rule.type not in ("ASSAULT", "COERCE"):
                candidate.recipients = further
        if rule.governs and not candidate.actors and rule.type == "AGREE":
            candidate.actors, candidate.recipients = candidate.recipients, ()
        return
    candidate.actors = subject
    candidate.recipients = _first(reading, clause, rule, end, limit, subject)
    if rule.reciprocal and len(subject) > 1 and not any(r.country for r in candidate.recipients):
        candidate.recipients = ()


def _no_object(reading: Reading, group: Group, limit: int) -> bool:
    at = group.head + 1
    while at < limit and reading.parse.tags[at] == "A":
        at += 1
    return (
        at < limit
        and reading.parse.tags[at] in "PS"
        and reading.sentence.lower[at]
        in ("in", "by", "when", "after", "during", "at", "near", "on", "since", "while", "as")
    )


def _first(
    reading: Reading, clause: Clause, rule: Rule, end: int, limit: int, taken: tuple[Actor, ...]
) -> tuple[Actor, ...]:
    """The first slot of the rule that holds somebody who is not already the actor."""
    spans = {(a.char_start, a.char_end) for a in taken}
    weak: tuple[Actor, ...] = ()
    for name in rule.recipient:
        found = tuple(
            a for a in sides.slot(reading, clause, end, limit, name) if (a.char_start, a.char_end) not in spans
        )
        if any(a.country or a.sector for a in found):
            return found
        weak = weak or found
    return weak


def _put_status(
    reading: Reading, clause: Clause, group: Group, candidate: Candidate, state: _State, effect: str
) -> None:
    rule, types = candidate.rule, reading.lexicons.rules.types
    opener = reading.sentence.lower[clause.start - 1] if clause.start else ""
    first_word = reading.sentence.lower[clause.start] if clause.start < len(reading.sentence.lower) else ""
    modal = group.modal or next((g.modal for g in clause.groups if g.modal), "")
    if effect == "negated" or group.negated or _nobody(reading, clause, group):
        if (
            rule.type in _COOPERATIVE
            and (effect == "negated" or modal or "not" in reading.sentence.lower[group.start : group.head])
            and modal in ("will", "would", "wo", "'d", "'ll")
        ) or (effect == "negated" and rule.type in _COOPERATIVE):
            candidate.type, candidate.mode = "REJECT", None
        else:
            candidate.status = "negated"
        return
    if opener in ("if", "unless", "whether", "lest") or first_word in ("if", "whether"):
        candidate.status = "hypothetical"
        return
    future = group.future or any(g.future and g.head < group.head for g in clause.groups) or effect == "planned"
    if modal in ("would", "'d") and not state.reported:
        candidate.status = "hypothetical"
    elif future and types.get(rule.type, {}).get("future"):
        future_type = types[rule.type]["future"]
        if future_type == "THREATEN" and not candidate.actors:
            candidate.status = "planned"
            return
        candidate.mode = rule.mode if future_type == rule.type else None
        candidate.type = future_type
        candidate.status = "planned" if future_type == "AGREE" else "actual"
    elif future:
        candidate.status = "planned" if not rule.governs else "actual"
    elif modal in _HYPOTHETICAL:
        candidate.status = "hypothetical"
    elif modal in _OUGHT:
        if state.sayer and not rule.governs:
            candidate.recipients, candidate.actors = candidate.actors, state.sayer
            candidate.type, candidate.mode = "REQUEST", None
        else:
            candidate.status = "called_for"
    if rule.status:
        candidate.status = rule.status


def _nobody(reading: Reading, clause: Clause, group: Group) -> bool:
    """Whether the subject is denied: "no shots were fired", "none of the soldiers fired"."""
    chunks = sides.subject_chunks(reading, clause)
    first = chunks[0].start if chunks else max(clause.start, group.start - 1)
    return reading.sentence.lower[first] in ("no", "none", "neither", "nobody")


def _nothing_follows(reading: Reading, candidate: Candidate) -> bool:
    """Whether the trigger stands alone at the end of its clause, with no complement behind it."""
    clauses = reading.parse.clauses
    clause = clauses[candidate.clause]
    if any(t not in '.,;"A' for t in reading.parse.tags[candidate.last : clause.end]):
        return False
    return candidate.clause + 1 >= len(clauses) or clauses[candidate.clause + 1].kind != "comp"


def _are_things(candidate: Candidate) -> bool:
    """Whether the recipients of a passive ("photos released by …") are among what the rule excludes as objects."""
    heads = [a.text.lower().rsplit(None, 1)[-1] for a in candidate.recipients if not a.country and not a.sector]
    return bool(heads) and all(h in candidate.rule.not_objects for h in heads)


def _is_political(reading: Reading, candidate: Candidate) -> bool:
    """Whether a country is named beside a side or in the sentence, or a side is political by itself."""
    if reading.sole or candidate.rule.type == "PROTEST":
        return True
    political = reading.lexicons.words["political"]
    return any(a.country or (a.sector or "").lower() in political for a in (*candidate.actors, *candidate.recipients))


def _check(reading: Reading, candidate: Candidate) -> None:
    """Say why a candidate is no event, if it is none."""
    actor = any(a.country or a.sector for a in candidate.actors)
    recipient = any(a.country or a.sector for a in candidate.recipients)
    if candidate.rule.governs and candidate.rule.type in ("REQUEST", "REJECT") and not candidate.nominal:
        passive_side = candidate.recipients and candidate.actors
        if _nothing_follows(reading, candidate) and not passive_side:
            candidate.dropped = "nothing is asked for"
            return
    if not _is_political(reading, candidate):
        candidate.dropped = "no country and nobody political in it"
        return
    anyone = candidate.actors or candidate.recipients
    named = any(a.text[:1].isupper() for a in candidate.actors) or any(
        a.text[:1].isupper() for a in candidate.recipients
    )
    needs = candidate.rule.needs
    mutual = candidate.rule.reciprocal and len({a.country for a in candidate.actors if a.country}) > 1
    if needs == "both" and not mutual and not (candidate.recipients and candidate.actors and (actor or recipient)):
        candidate.dropped = "both sides are needed"
    elif needs == "actor" and not actor:
        candidate.dropped = "nobody is known to have done it"
    elif candidate.rule.not_objects and _are_things(candidate):
        candidate.dropped = "it was done to a thing the rule excludes"
    elif needs == "recipient" and not recipient:
        candidate.dropped = "nobody is known to have met with it"
    elif not anyone or not (actor or recipient or (named and needs != "magnitude")):
        candidate.dropped = "neither side is known"


def _nominal(reading: Reading, index: int, clause: Clause, state: _State) -> None:
    """Events told by a noun, in a clause whose verbs have coded nothing."""
    lower = reading.sentence.lower
    for chunk in reading.parse.chunks:
        if chunk.start < clause.start or chunk.end > clause.end:
            continue
        hit = _noun_trigger(reading, chunk)
        if hit is None:
            continue
        rule, first, last = hit
        candidate = Candidate(
            rule,
            rule.type,
            rule.mode,
            first,
            last,
            index,
            _RANK[clause.kind] + 1.0,
            attribution=state.attribution,
            nominal=True,
        )
        _noun_sides(reading, clause, chunk, rule, first, last, candidate)
        if clause.groups and (clause.groups[0].future or clause.groups[0].modal in _HYPOTHETICAL):
            candidate.status = "planned" if clause.groups[0].future else "hypothetical"
        if chunk.start and lower[chunk.start] in ("no", "any"):
            candidate.status = "negated"
        _check(reading, candidate)
        if not candidate.dropped and not any(a.country for a in (*candidate.actors, *candidate.recipients)):
            candidate.dropped = "a noun alone needs a country"
        state.found.append(candidate)
        if not candidate.dropped:
            return


def _noun_trigger(reading: Reading, chunk: Chunk) -> tuple[Rule, int, int] | None:
    """The rule whose noun phrase stands at the end of the chunk."""
    lower, nouns = reading.sentence.lower, reading.lexicons.rules.nouns
    for at in range(chunk.start, chunk.end):
        if reading.parse.tags[at] != "N" or lower[at] not in nouns:
            continue
        for tokens, rule in nouns[lower[at]]:
            size = len(tokens)
            if at + size <= chunk.end and tuple(lower[at : at + size]) == tokens and at + size >= chunk.end - 1:
                return rule, at, at + size
    return None


def _noun_sides(
    reading: Reading, clause: Clause, chunk: Chunk, rule: Rule, first: int, last: int, candidate: Candidate
) -> None:
    """Sides of an event told by a noun: its possessor or adjective, by …, its verb's subject where the verb is a light one."""
    limit = clause.end
    inner = tuple(a for a in actors_of(reading, chunk.index) if a.char_end <= reading.sentence.starts[first] + 1)
    between = sides.slot(reading, clause, last, limit, "between")
    if between or (rule.reciprocal and len(inner) > 1):
        candidate.actors = between or inner
        return
    verb = next((g for g in clause.groups if g.head < chunk.start), None)
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
        elif chunk.prep or any(v in reading.lexicons.words["light"] for v in verb.lemmas) or _links(reading, verb):
            candidate.actors = sides.subject(reading, clause)
    slots = (
        NOUN_RECIPIENT if "for" in rule.recipient else tuple(p for p in rule.recipient if p not in ("object", "rest"))
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
    for chunk in reading.parse.chunks:
        if not last <= chunk.start < limit or sides.is_temporal(reading, chunk):
            continue
        if chunk.prep and chunk.prep not in slots and chunk.prep not in _CIRCUMSTANCE:
            return chunk.start
    return limit


def _distinct(found: list[Candidate]) -> list[Candidate]:
    """The same type with the same sides once a sentence."""
    seen: set[tuple[str, frozenset[str | None], frozenset[str | None]]] = set()
    kept = []
    for c in found:
        key = (c.type, frozenset(a.country for a in c.actors), frozenset(a.country for a in c.recipients))
        if key not in seen:
            seen.add(key)
            kept.append(c)
    return kept
