"""Status: whether the act happened, is planned, asked for, denied or only imagined, read off tense, modality, negation and governor."""

from __future__ import annotations

from extractors import sides
from extractors.actors import Reading
from extractors.candidates import Candidate, State
from extractors.clauses import Clause, Group

_COOPERATIVE = frozenset(("AGREE", "CONSULT", "SUPPORT", "CONCEDE", "COOPERATE", "AID", "RETREAT"))
HYPOTHETICAL = frozenset(("could", "may", "might", "can"))
OUGHT = frozenset(("should", "must", "ought"))


def put_status(reading: Reading, clause: Clause, group: Group, candidate: Candidate, state: State, effect: str) -> None:
    """Write into a candidate whether its act happened; a future or refused act may change its type.

    Args:
        effect: what a governing verb makes of it: pass, planned, negated, hypothetical or ''.
    """
    rule, types = candidate.rule, reading.lexicons.rules.types
    opener = reading.sentence.lower[clause.start - 1] if clause.start else ""
    first_word = reading.sentence.lower[clause.start] if clause.start < len(reading.sentence.lower) else ""
    modal = group.modal or next((g.modal for g in clause.groups if g.modal), "")
    if effect == "negated" or group.negated or _nobody(reading, clause, group):
        if rule.refused and group.negated and modal not in HYPOTHETICAL:
            candidate.type, candidate.mode = rule.refused, None  # "did not accept the offer"
        elif (
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
    if modal and any(w in ("how", "why", "whether") for w in reading.sentence.lower[clause.start : group.start]):
        candidate.status = "hypothetical"  # "asked how Israel will respond"
        return
    future = group.future or 0 <= clause.future < group.head or effect == "planned"
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
        candidate.status = "planned" if not rule.governs or rule.type == "REQUEST" else "actual"
    elif modal in HYPOTHETICAL:
        candidate.status = "hypothetical"
    elif modal in OUGHT:
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
