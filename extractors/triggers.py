"""Triggers: which rule a verb group or a noun phrase sets off, and the words that belong to it."""

from __future__ import annotations

from extractors.actors import Reading
from extractors.clauses import Chunk, Clause, Group
from extractors.rules import Pattern, Rule


def match(reading: Reading, clause: Clause, group: Group, limit: int) -> tuple[Pattern | None, int]:
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


def noun_trigger(reading: Reading, chunk: Chunk) -> tuple[Rule, int, int] | None:
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
