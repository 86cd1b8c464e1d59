"""Events: from the clauses of one sentence to candidates: who did what to whom, how sure, and which rule says so.

The governing verb speaks first: "agreed to meet" is AGREE, not CONSULT; what it governs refines the sides and is no event of its own.
A noun is an event ("air strikes on …") only where no verb of its clause has spoken.
"""

from __future__ import annotations

from extractors import sides
from extractors.actors import Reading, actors_of
from extractors.background import decided, unreal
from extractors.candidates import Candidate, State, check, distinct
from extractors.clauses import Chunk, Clause, Group
from extractors.nominal import RANK, nominal_events
from extractors.records import Actor
from extractors.rules import Pattern, Rule
from extractors.status import OUGHT, put_status
from extractors.triggers import complement_mode, match, noun_trigger

# What only an authority does: without a by-phrase, the country in which it was done is its actor ("was arrested in Lebanon").
_STATE_ACTS = frozenset(
    (
        ("COERCE", "arrest"),
        ("COERCE", "deport"),
        ("SANCTION", "convict"),
        ("ACCUSE", "investigate"),
        ("ACCUSE", "allege"),
        ("RETREAT", "release"),
    )
)


def candidates(reading: Reading) -> list[Candidate]:
    """All candidates of a sentence, best first; those with `dropped` set are kept for the trace."""
    state = State()
    clauses = reading.parse.clauses
    closing, closing_text = _closing_attribution(reading)
    for index, clause in enumerate(clauses):
        _enter(state, clause, index, clauses)
        if not state.attribution and closing_text:
            state.attribution, state.sayer = closing_text, closing
        before = len(state.found)
        _clause(reading, index, clause, state)
        if all(c.dropped for c in state.found[before:]) and not state.suppressed:
            nominal_events(reading, index, clause, state)
        _remember_subject(reading, clause)
    good = [c for c in state.found if not c.dropped]
    good.sort(key=lambda c: (c.rank, c.first))
    return [*distinct(good), *(c for c in state.found if c.dropped)]


def _enter(state: State, clause: Clause, index: int, clauses: list[Clause]) -> None:
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
    for at in range(len(lower) - 2) if "according" in lower else ():
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


def _clause(reading: Reading, index: int, clause: Clause, state: State) -> None:
    effect = ""
    if clause.kind == "attrib" or (clause.kind == "comp" and state.suppressed):
        return
    denied, state.denied = state.denied and clause.kind == "comp", False
    for group in clause.groups:
        limit = _own_end(reading, clause, group)
        pattern, end = match(reading, clause, group, limit)
        if pattern is None:
            if _says(reading, group) and group.form == "finite" and not group.negated:
                state.sayer = sides.subject(reading, clause)
                state.attribution = state.sayer[0].text if state.sayer else _words_before(reading, clause, group)
                state.reported = True
                continue
            obliged = _obliged(reading, index, clause, group, state)
            if obliged is not None:
                state.found.append(obliged)
                return
            effect = _governed(reading, group) or effect
            state.denied = "deny" in group.lemmas and not group.negated
            continue
        candidate = _verbal(reading, index, clause, group, pattern, end, limit, state, effect)
        if denied:  # "denied reports that it had offered asylum"
            candidate.status = "negated"
        candidate.dropped = unreal(reading, clause, group, candidate) or candidate.dropped
        state.found.append(candidate)
        if pattern.rule.governs and not candidate.dropped:
            state.suppressed = True
        if candidate.dropped and not pattern.rule.governs:
            continue
        _message(reading, index, clause, group, state, effect)
        if limit == clause.end or group.form not in ("infinitive", "participle"):
            return  # else it was part of the subject: "Israel's decision to ban the agency angered Norway"


def _own_end(reading: Reading, clause: Clause, group: Group) -> int:
    """Where a verb's words end: with its clause, before "according to", or before the verb whose subject it stands in."""
    lower, end = reading.sentence.lower, clause.end
    if group.form in ("infinitive", "participle"):
        end = min([end, *(g.start for g in clause.groups if g.start > group.head and g.form == "finite")])
    for k in range(group.head + 1, end - 1) if "according" in lower else ():
        if lower[k] == "according" and lower[k + 1] == "to":
            return k
    return end


def _message(reading: Reading, index: int, clause: Clause, sent: Group, state: State, effect: str) -> None:
    """ "sent a letter demanding answers", "issued a statement condemning the raid": the message's participle tells the act."""
    lower, messages = reading.sentence.lower, reading.lexicons.words["messages"]
    for group in clause.groups:
        if group.start <= sent.head or group.form != "gerund":
            continue
        if any(sent.head < g.head < group.start for g in clause.groups):
            return
        if not any(lower[k] in messages for k in range(sent.head + 1, group.start)):
            continue
        pattern, end = match(reading, clause, group, clause.end)
        if pattern is None or pattern.rule.type not in ("REQUEST", "ACCUSE", "REJECT", "THREATEN", "SUPPORT"):
            continue
        told = _verbal(reading, index, clause, group, pattern, end, clause.end, state, effect)
        if not told.dropped and state.found and state.found[-1].type == "CONSULT":
            told.recipients = told.recipients or state.found[-1].recipients
            state.found[-1].dropped = "a message, told by its participle"
        state.found.append(told)
        return


def _obliged(reading: Reading, index: int, clause: Clause, group: Group, state: State) -> Candidate | None:
    """ "Sweden said Belarus must …", whatever it must do: a request to Belarus, if the verb itself codes nothing."""
    rule = reading.lexicons.rules.rules.get("request.must")
    if (
        rule is None
        or group.modal not in OUGHT
        or not state.reported
        or not any(a.country or a.sector for a in state.sayer)
    ):
        return None
    asked = tuple(a for a in sides.subject(reading, clause) if a.country or a.sector)
    if not asked or asked[0] in state.sayer or asked[0].how == "pronoun":
        return None
    candidate = Candidate(rule, rule.type, rule.mode, group.start, group.head + 1, index, float(RANK[clause.kind]))
    candidate.actors, candidate.recipients = state.sayer, asked
    candidate.mode = complement_mode(rule, reading.sentence.lower, group.head, clause.end)
    check(reading, candidate)
    return candidate


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
    if rule.type == "PROTEST":
        for following in reading.parse.clauses[index + 1 :]:
            if following.kind != "part" or following.start > limit + 1:
                break
            limit = following.end
        return limit
    if not rule.governs:
        return limit
    for following in reading.parse.clauses[index + 1 :]:
        conditional = following.kind == "sub" and reading.sentence.lower[following.start - 1] in ("if", "unless")
        if (following.kind != "comp" and not conditional) or following.start > limit + 1:
            break
        limit = following.end
    return limit


def _verbal(
    reading: Reading,
    index: int,
    clause: Clause,
    group: Group,
    pattern: Pattern,
    end: int,
    limit: int,
    state: State,
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
        float(RANK[clause.kind]),
    )
    candidate.attribution = state.attribution
    if "X" in reading.parse.tags[group.head + 1 : end]:  # "is not willing"
        group.negated = True
    limit = _reach(reading, index, rule, limit)
    _put_sides(reading, clause, group, pattern, end, limit, candidate)
    if rule.type == "ASSAULT":
        victims = sides.victims(reading, clause, group, limit)
        if victims and not any(
            victims[0].char_start <= a.char_start < victims[0].char_end for a in candidate.recipients
        ):
            candidate.recipients = victims
    if rule.type == "ASSAULT" and rule.mode is None:
        _put_means(reading, clause, group, limit, candidate)
    put_status(reading, clause, group, candidate, state, effect)
    if rule.modes and candidate.type == rule.type:
        candidate.mode = complement_mode(rule, reading.sentence.lower, end, limit) or candidate.mode
    if (
        not candidate.actors
        and state.sayer
        and candidate.type in ("THREATEN", "REQUEST", "AGREE")
        and clause.kind == "comp"
    ):
        candidate.actors = state.sayer
    check(reading, candidate)
    return candidate


def _put_means(reading: Reading, clause: Clause, group: Group, limit: int, candidate: Candidate) -> None:
    """ "A drone strike killed two": the noun that did it, or in which it was done, gives the mode and its own actor."""
    means = (
        [c for c in reading.parse.within(group.head + 1, limit) if c.prep in ("in", "by", "during")]
        if group.passive
        else [c for c in reading.parse.within(clause.start, group.start) if not c.prep]
    )
    for chunk in means:
        hit = noun_trigger(reading, chunk)
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
    decision = decided(reading, group)
    if decision is not None:  # whose decision it was does it
        subject = sides.owners(reading, decision) or subject
    if rule.actor != "subject":  # "fled from the rebels": who stands in the subject meets with it
        candidate.recipients = subject
        candidate.actors = sides.slot(reading, clause, end, limit, rule.actor) if rule.actor != "none" else ()
        return
    alone = rule.passive_alone and not pattern.rest and group.form == "finite" and not group.modal
    if group.passive or (alone and _no_object(reading, group, limit)):
        _passive_sides(reading, clause, group, pattern, end, limit, candidate, subject)
        return
    candidate.actors = subject
    candidate.recipients = _first(reading, clause, group, pattern, end, limit, subject)
    if rule.reciprocal and len(subject) > 1 and not any(r.country for r in candidate.recipients):
        candidate.recipients = ()
    elif not candidate.recipients:
        candidate.recipients = _participle_side(reading, clause, rule, subject)


def _participle_side(reading: Reading, clause: Clause, rule: Rule, taken: tuple[Actor, ...]) -> tuple[Actor, ...]:
    """ "carried out a raid, targeting rebels": the participle of the same type names whom the act met."""
    clauses = reading.parse.clauses
    index = next((n for n, c in enumerate(clauses) if c is clause), -1)
    if index + 1 >= len(clauses) or clauses[index + 1].kind != "part" or not clauses[index + 1].groups:
        return ()
    part, group = clauses[index + 1], clauses[index + 1].groups[0]
    pattern, end = match(reading, part, group, part.end)
    if pattern is None or pattern.rule.type != rule.type or group.passive:
        return ()
    return _first(reading, part, group, pattern, end, part.end, taken, inner=False)


def _passive_sides(
    reading: Reading,
    clause: Clause,
    group: Group,
    pattern: Pattern,
    end: int,
    limit: int,
    candidate: Candidate,
    subject: tuple[Actor, ...],
) -> None:
    rule = pattern.rule
    candidate.actors = sides.slot(reading, clause, group.head + 1, limit, "by")
    if group.form == "participle":
        subject = sides.antecedent(reading, group.start)
    candidate.recipients = subject
    if not candidate.actors and subject and (act := _own_act(reading, clause)):
        # "the Swedish inquiry into a bank was dropped": by Sweden, and the bank met with it
        candidate.actors = subject
        met = (
            sides.slot(reading, clause, act.end, group.start, p) for p in ("to", "against", "into", "on", "for", "of")
        )
        candidate.recipients = next((m for m in met if m), ()) or _first(
            reading, clause, group, pattern, end, limit, subject
        )
    elif not rule.reciprocal and not candidate.recipients and not candidate.actors:
        candidate.recipients = _first(reading, clause, group, pattern, end, limit, ())
    elif not any(a.country for a in subject):
        further = _first(reading, clause, group, pattern, end, limit, candidate.actors)
        if further and not subject and rule.type not in ("ASSAULT", "COERCE"):
            candidate.recipients = further
    if not candidate.actors and (rule.type, rule.mode) in _STATE_ACTS:
        where = "from" if rule.mode == "deport" else "in"
        candidate.actors = tuple(a for a in sides.slot(reading, clause, group.head + 1, limit, where) if a.country)
    if rule.governs and not candidate.actors and rule.type == "AGREE":
        candidate.actors, candidate.recipients = candidate.recipients, ()


def _own_act(reading: Reading, clause: Clause) -> Chunk | None:
    """The subject, if it is something that its owner does, so that who is named in it is the one who acts."""
    chunks = sides.subject_chunks(reading, clause)
    if chunks and reading.sentence.lower[chunks[-1].end - 1] in reading.lexicons.words["own_acts"]:
        return chunks[-1]
    return None


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
    reading: Reading,
    clause: Clause,
    group: Group,
    pattern: Pattern,
    end: int,
    limit: int,
    taken: tuple[Actor, ...],
    inner: bool = True,
) -> tuple[Actor, ...]:
    """The first slot of the rule that holds somebody who is not already the actor.

    Somebody named between the verb and the noun of its pattern comes first: "rejected a U.S. proposal", "gave Tanzania a grant".
    A governor's complement has sides of its own: "threatened to attack Iran", "demanded that Iran leave".
    """
    rule = pattern.rule
    spans = {(a.char_start, a.char_end) for a in taken}
    lands = {a.country for a in taken if a.country}
    between = sides.inside(reading, group.head + 1, end)
    if any(a.country not in lands for a in between if a.country) or any(a.sector for a in between if not a.country):
        follows = reading.sentence.lower[end] if end < limit else ""
        if follows not in ("on", "against", "with") or "indirect" in rule.recipient:
            return between
    if between and rule.governs and pattern.rest and pattern.rest[-1] is not None and "to" in pattern.rest[-1]:
        return between  # "want Japan to take part"
    weak: tuple[Actor, ...] = ()
    gapped = None in pattern.rest
    for name in rule.recipient:
        if name == "object" and gapped:
            continue  # the pattern's noun is the object
        if name == "rest" and rule.governs and inner:
            found = _complement_side(reading, clause, group, limit, taken)
            if found:
                return found
        found = tuple(
            a for a in sides.slot(reading, clause, end, limit, name) if (a.char_start, a.char_end) not in spans
        )
        if rule.governs and inner and name not in ("object", "rest") and not _adjacent(reading, found, end):
            weak = weak or found
            continue
        if any((a.country or a.sector) and not (a.how == "pronoun" and a.country in lands) for a in found):
            return found
        weak = weak or found
    return weak or between


def _adjacent(reading: Reading, found: tuple[Actor, ...], end: int) -> bool:
    """Whether the first of the actors stands right behind the trigger ("agreed with Iran", not "agreed to a ceasefire with Iran")."""
    limit = min(end + 4, len(reading.sentence.starts)) - 1
    return bool(found) and found[0].char_start <= reading.sentence.starts[limit]


def _complement_side(
    reading: Reading, clause: Clause, group: Group, limit: int, taken: tuple[Actor, ...]
) -> tuple[Actor, ...]:
    """Whom the complement of a governor names: the subject of a that-clause, or the recipient of the verb governed."""
    clauses = reading.parse.clauses
    index = next((n for n, c in enumerate(clauses) if c is clause), -1)
    spans = {(a.char_start, a.char_end) for a in taken}
    inner_clause, rest = clause, [g for g in clause.groups if g.start > group.head]
    if not rest and index + 1 < len(clauses) and clauses[index + 1].kind == "comp":
        inner_clause, rest = clauses[index + 1], clauses[index + 1].groups
        found = tuple(
            a
            for a in sides.subject(reading, inner_clause)
            if (a.char_start, a.char_end) not in spans and a.how != "pronoun"
        )
        if any(a.country or a.sector or a.text[:1].isupper() for a in found):
            return found
    for other in rest[:1]:
        pattern, end = match(reading, inner_clause, other, limit)
        if pattern is not None:
            found = _first(reading, inner_clause, other, pattern, end, limit, taken, inner=False)
            if any(a.country or a.sector for a in found):
                return found
    return ()
