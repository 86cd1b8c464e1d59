"""Triggers: which rule a verb group or a noun phrase sets off, and the words that belong to it."""

from __future__ import annotations

from extractors.actors import Reading
from extractors.clauses import Chunk, Clause, Group
from extractors.rules import Pattern, Rule

_GAP = 8  # words between a verb and the noun of its pattern: "imposed a set of new sanctions"
_OBJECT_REACH = 9
_COMPLEMENT_REACH = 30
_BREAKS_GAP = frozenset("VMBTWS;.,")
_SMALL = frozenset(
    ("of", "by", "on", "in", "for", "out", "up", "off", "down", "over", "back", "away")
)  # prepositions that may stand inside a gap: "sent on Monday a set of tents"
_TO = frozenset(("to", "tos"))
_PARTICLES = frozenset(
    form for w in ("in", "out", "up", "down", "off", "over", "back", "away", "home") for form in (w, w + "s")
)
_REFLEXIVES = frozenset(("himself", "herself", "itself", "themselves", "myself", "ourselves", "yourself"))


def match(reading: Reading, clause: Clause, group: Group, limit: int) -> tuple[Pattern | None, int]:
    """The most specific pattern a verb group sets off and the token behind its words, (None, 0) without one."""
    letter = reading.parse.tags[group.head]
    lemmas = ("be",) if letter == "B" else ("have",) if letter == "H" else group.lemmas
    behind: list[str] | None = None
    for lemma in lemmas:
        for pattern in reading.lexicons.rules.verbs.get(lemma, ()):
            if pattern.rest:
                if behind is None:
                    behind = _behind(reading, group, limit)
                if not _may_fit(pattern, behind, group.passive):
                    continue
            end = _fits(reading, clause, group, pattern, limit)
            if end and _constraints(reading, clause, group, pattern.rule, end, limit):
                return pattern, end
    return None, 0


def _behind(reading: Reading, group: Group, limit: int) -> list[str]:
    """The words behind the verb, those set aside right behind it passed over."""
    at, tags = group.head + 1, reading.parse.tags
    while at < limit and tags[at] == "Z":
        at += 1
    return reading.sentence.lower[at:limit]


def _may_fit(pattern: Pattern, behind: list[str], passive: bool) -> bool:
    """Whether the pattern's first words are there at all: most of a verb's patterns fail here."""
    first = pattern.rest[0]
    if first is not None:
        return bool(behind) and behind[0] in first
    # The noun of "the visit was called off" stands before the verb.
    return passive or pattern.rest[1] is None or not pattern.rest[1].isdisjoint(behind)


def _fits(reading: Reading, clause: Clause, group: Group, pattern: Pattern, limit: int) -> int:
    """The token behind the pattern's last word, 0 where it does not fit."""
    rest = pattern.rest
    if not rest:
        return group.head + 1
    if group.passive and len(rest) > 1 and rest[-2] is None:
        # "the visit was called off": the particle behind the verb, the noun before it
        nouns = rest[-1] or frozenset()
        end = _follow(reading, group.head + 1, rest[:-2], limit)
        if end and _heads(reading, _subject_start(clause, group), group.start) & nouns:
            return end
    if (
        rest[0] is not None
        and "to" in rest[0]
        and not pattern.rule.governs
        and reading.parse.tags[group.head + 1 : group.head + 2] == ["T"]
    ):
        return 0  # "going to meet" is no journey
    return _follow(reading, group.head + 1, rest, limit)


def _subject_start(clause: Clause, group: Group) -> int:
    return clause.start if group.form != "participle" else max(clause.start, group.start - _GAP)


def _heads(reading: Reading, begin: int, end: int) -> set[str]:
    """The last words of the chunks in [begin, end)."""
    return {reading.sentence.lower[c.end - 1] for c in reading.parse.within(begin, end)}


def _follow(reading: Reading, at: int, rest: tuple[frozenset[str] | None, ...], limit: int) -> int:
    lower, tags, begin, reach = reading.sentence.lower, reading.parse.tags, at, 0
    for n, part in enumerate(rest):
        if part is None:
            reach = _GAP
            continue
        while at < limit and tags[at] == "Z":
            at += 1
        while at < limit and reach and not _is_among(reading, at, part):
            if tags[at] in _BREAKS_GAP or (tags[at] == "P" and lower[at] not in _SMALL and "as" not in part):
                return 0
            at += 1
            reach -= 1
        if at >= limit or not _is_among(reading, at, part):
            return 0
        at += 1
        if reach and n == len(rest) - 1 and not _ends_well(reading, begin, at, part, limit):
            return 0
        reach = 0
    return at


def _is_among(reading: Reading, at: int, part: frozenset[str]) -> bool:
    """Whether token `at` is one of the words; "March 30" is no march."""
    low = reading.sentence.lower[at]
    return low in part and not (low in reading.lexicons.words["time"] and reading.sentence.words[at][0].isupper())


def _ends_well(reading: Reading, begin: int, at: int, part: frozenset[str], limit: int) -> bool:
    """ "told him to", not "wanted to"; "turned the rebels in", not "turned up in the capital"."""
    if part <= _TO:
        return at > begin + 1
    if part <= _PARTICLES:
        return at >= limit or reading.parse.tags[at] not in "DN#"
    return True


def _constraints(reading: Reading, clause: Clause, group: Group, rule: Rule, end: int, limit: int) -> bool:
    lower = reading.sentence.lower
    if end < limit and lower[end] in _REFLEXIVES:
        return False  # "he hanged himself"
    if rule.not_before and end < limit and lower[end] in rule.not_before and not group.passive:
        return False
    before = range(_subject_start(clause, group), group.start)
    behind = range(group.head + 1, min(group.head + 1 + _OBJECT_REACH, limit))
    region = before if group.passive else behind
    if rule.objects and not any(lower[k] in rule.objects for k in region):
        return False
    if rule.not_objects and _head_among(reading, region, rule.not_objects):
        return False
    if (
        rule.transitive
        and not group.passive
        and not any(not c.prep for c in reading.parse.starting(group.head + 1, group.head + 2))
    ):
        return False
    if rule.intransitive and not group.passive and _has_object(reading, group.head + 1, limit):
        return False
    if rule.subjects:
        told = range(end, min(end + 12, limit)) if group.passive else range(clause.start, group.start)
        named = (k for k in told if lower[k] in rule.subjects)
        if not any(lower[k - 1] not in reading.lexicons.words["guns"] for k in named) and not _parent_subject(
            reading, clause, group, rule
        ):
            return False
    if rule.complement and not any(
        word in rule.complement for word in lower[end : min(end + _COMPLEMENT_REACH, len(lower))]
    ):
        return False
    return not (
        rule.not_after and group.start == group.head and group.head and lower[group.head - 1] in rule.not_after
    ) and not (rule.not_after and group.form == "infinitive" and "to" in rule.not_after)


def _has_object(reading: Reading, at: int, limit: int) -> bool:
    """Whether a noun phrase or pronoun stands right behind the verb, adverbs and particles passed over."""
    tags = reading.parse.tags
    while at < limit and (tags[at] in "AZ" or reading.sentence.lower[at] in ("down", "up", "out")):
        at += 1
    return at < limit and tags[at] in "DN#R"


def _parent_subject(reading: Reading, clause: Clause, group: Group, rule: Rule) -> bool:
    """Whether a clause without a subject of its own hangs on one whose subject fits."""
    if group.passive or (clause.groups[0] is not group and clause.groups[0].finite):
        return False
    if 0 <= clause.parent < len(reading.parse.clauses):
        parent = reading.parse.clauses[clause.parent]
        if parent is not clause and parent.groups:
            return any(w in rule.subjects for w in reading.sentence.lower[parent.start : parent.groups[0].start])
    return False


def _head_among(reading: Reading, region: range, words: frozenset[str]) -> bool:
    """Whether the first chunk of the region ends in one of these words."""
    first = reading.parse.starting(region.start, region.stop)[:1]
    return any(reading.sentence.lower[c.end - 1] in words for c in first)


def complement_mode(rule: Rule, lower: list[str], begin: int, end: int) -> str | None:
    """The mode which the first telling word of a complement gives ("asked for aid": assist)."""
    for word in lower[begin:end]:
        for mode, words in rule.modes:
            if word in words:
                return mode
    return None


def noun_trigger(reading: Reading, chunk: Chunk) -> tuple[Rule, int, int] | None:
    """The rule whose noun phrase stands at the end of the chunk."""
    lower, nouns = reading.sentence.lower, reading.lexicons.rules.nouns
    for at in range(chunk.start, chunk.end):
        if (
            reading.parse.tags[at] != "N"
            or lower[at] not in nouns
            or not _is_among(reading, at, frozenset((lower[at],)))
        ):
            continue
        for tokens, rule in nouns[lower[at]]:
            size = len(tokens)
            if at + size <= chunk.end and tuple(lower[at : at + size]) == tokens and at + size >= chunk.end - 1:
                return rule, at, at + size
    return None
