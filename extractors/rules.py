"""A rule says which words code which event, and which places of the clause hold its actor and its recipient.

Rules are data (`lexicons/rules/*.toml`, a file per event type). A pattern is written as it is read:

    "meet"                     a verb in any of its forms
    "call off ~ talks|visit"   a verb, its particle, and within a few words one of two nouns (in singular or plural)
    "suspend ~ @talks"         the nouns of a group (`groups.toml`)
    "air strike"               under `nouns`: a nominal event

Nothing here looks at text; `events.py` does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from extractors import inflection

DEFAULT_RECIPIENT = (
    "object",
    "with",
    "to",
    "against",
    "on",
    "from",
    "over",
    "toward",
    "towards",
    "at",
    "into",
    "for",
    "rest",
)
NOUN_RECIPIENT = ("on", "against", "with", "to", "from", "over", "toward", "towards", "for", "into", "in", "of")
_KNOWN = frozenset(
    [
        "id",
        "type",
        "mode",
        "verbs",
        "nouns",
        "actor",
        "noun_actor",
        "recipient",
        "reciprocal",
        "governs",
        "needs",
        "objects",
        "complement",
        "modes",
        "not_objects",
        "passive_alone",
        "transitive",
        "intransitive",
        "subjects",
        "not_after",
        "not_before",
        "codes",
        "skips",
        "confidence",
        "count",
        "status",
        "authority",
        "refused",
        "habitual",
        "note",
    ]
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `id` is stored with every event it codes."""

    id: str
    type: str
    mode: str | None
    verbs: tuple[str, ...]
    nouns: tuple[str, ...]
    actor: str
    """Slot of the actor: `subject`, a preposition ("fled from the rebels"), or `none`."""
    noun_actor: tuple[str, ...]
    """Prepositions behind which the actor of a nominal event stands ("the visit of the minister": of)."""
    recipient: tuple[str, ...]
    """Slots tried in order: object, indirect (before the pattern's noun), a preposition, subject, rest, cause."""
    reciprocal: bool
    """Both sides do it to each other (met, signed, clashed)."""
    governs: bool
    """Decides type and status of the verbs in its complement, which are then no events of their own."""
    needs: str
    """What must be known for the event to count: either, actor, recipient, both, actor_agent …"""
    objects: frozenset[str]
    not_objects: frozenset[str]
    subjects: frozenset[str]
    complement: frozenset[str]
    """One of these words must follow, in this clause or its complement, in any form."""
    modes: tuple[tuple[str, frozenset[str]], ...]
    """Mode → the words of the complement that give it; the first word found decides."""
    not_after: frozenset[str]
    not_before: frozenset[str]
    """Words which directly behind the trigger give it another sense ("clashed over the budget")."""
    passive_alone: bool
    """A past form without an object reads as passive ("soldiers killed in an ambush")."""
    transitive: bool
    """An object must stand directly behind the verb ("returned the statue to Congo", not "returned to Congo")."""
    intransitive: bool
    """No object may stand behind the verb ("demonstrated in Lima", not "demonstrated ways to save")."""
    codes: tuple[str, ...]
    skips: tuple[str, ...]
    confidence: float
    """How often it was right on hand-coded text, drawn toward its type's share (ten sentences' weight)."""
    count: int
    """How many of its events that share rests on; 0 for a rule never seen there."""
    status: str | None
    authority: str | None = None
    """Sector of who alone does this, where nobody is named: of the country in which it was done ("was arrested": COP)."""
    refused: str | None = None
    """The type that the negated act is ("did not accept the offer": REJECT), where it is more than nothing."""
    habitual: bool = False
    """The simple present below an article's lead states how things are ("sells more steel than it buys")."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One trigger of a rule. `rest` holds what follows the head word: None is a gap, a set is one word of it."""

    rule: Rule
    text: str
    rest: tuple[frozenset[str] | None, ...]

    @property
    def weight(self) -> int:
        return sum(r is not None for r in self.rest)


@dataclass(slots=True)
class RuleBook:
    """All rules, by the word that triggers them."""

    rules: dict[str, Rule]
    verbs: dict[str, tuple[Pattern, ...]]
    """Verb lemma → patterns, most specific first."""
    nouns: dict[str, tuple[tuple[tuple[str, ...], Rule], ...]]
    """First token → (all tokens, rule), longest first."""
    governors: dict[str, str]
    types: dict[str, dict[str, Any]] = field(default_factory=dict)

    def verb_lemmas(self) -> frozenset[str]:
        return frozenset(self.verbs)

    def noun_prone(self) -> frozenset[str]:
        """Words which trigger both as a verb and as a noun: the context must tell them apart."""
        return frozenset(w for w in self.verbs if w in self.nouns)


def read_rules(folders: Sequence[Path]) -> RuleBook:
    """Read every rule file of the folders; a rule of a later folder replaces the earlier one of the same id.

    Raises:
        ValueError: unknown key, missing field or unknown type; the message names file and rule.
    """
    rules: dict[str, Rule] = {}
    governors: dict[str, str] = {}
    types: dict[str, dict[str, Any]] = {}
    files = [path for folder in folders for path in sorted(folder.glob("*.toml"))]
    loaded = [(path, _load(path)) for path in files]
    groups = {name: words for _, raw in loaded for name, words in raw.get("groups", {}).items()}
    measured = {folder: dict(_measured(folder / "confidence.tsv")) for folder in folders}
    for path, raw in loaded:
        for effect, lemmas in raw.get("governors", {}).items():
            governors.update(dict.fromkeys(lemmas.split(), effect))
        types.update(raw.get("types", {}))
        for item in raw.get("rule", []):
            if "words" in item:  # a rule of `ownrules`
                continue
            rule = _rule(item, path.name)
            confidence, count = measured[path.parent].get(rule.id, (rule.confidence, rule.count))
            rules[rule.id] = replace(rule, confidence=confidence, count=count)
    unknown = {r.type for r in rules.values()} - types.keys()
    if types and unknown:
        raise ValueError(f"rules name types which types.toml lacks: {', '.join(sorted(unknown))}")
    return RuleBook(rules, _verb_index(rules, groups), _noun_index(rules), governors, types)


def _measured(path: Path) -> Iterator[tuple[str, tuple[float, int]]]:
    """Rule id → (confidence, events seen), from a table made by measuring."""
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            rule, _, seen, confidence = line.split("\t")
            yield rule, (float(confidence), int(seen))


def _load(path: Path) -> dict[str, Any]:
    with open(path, "rb") as file:
        try:
            return tomllib.load(file)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{path.name}: {error}") from error


def _rule(raw: dict[str, Any], file: str) -> Rule:
    strange = raw.keys() - _KNOWN
    if strange or not raw.get("id") or not raw.get("type"):
        raise ValueError(
            f"{file}: rule {raw.get('id', '?')}: {'unknown key ' + ', '.join(sorted(strange)) if strange else 'id and type are needed'}"
        )
    return Rule(
        id=raw["id"],
        type=raw["type"],
        mode=raw.get("mode"),
        verbs=tuple(raw.get("verbs", ())),
        nouns=tuple(raw.get("nouns", ())),
        actor=raw.get("actor", "subject"),
        noun_actor=tuple(raw.get("noun_actor", "by").split()),
        recipient=tuple(raw["recipient"].split()) if "recipient" in raw else DEFAULT_RECIPIENT,
        reciprocal=raw.get("reciprocal", False),
        governs=raw.get("governs", False),
        needs=raw.get("needs", "either"),
        objects=_nouns(raw.get("objects", "")),
        not_objects=_nouns(raw.get("not_objects", "")),
        subjects=_nouns(raw.get("subjects", "")),
        complement=_forms(raw.get("complement", "")),
        modes=tuple((mode, _forms(words)) for mode, words in raw.get("modes", {}).items()),
        not_after=frozenset(raw.get("not_after", "").split()),
        not_before=frozenset(raw.get("not_before", "").split()),
        passive_alone=raw.get("passive_alone", False),
        transitive=raw.get("transitive", False),
        intransitive=raw.get("intransitive", False),
        codes=tuple(raw.get("codes", ())),
        skips=tuple(raw.get("skips", ())),
        confidence=raw.get("confidence", 0.5),
        count=raw.get("count", 0),
        status=raw.get("status"),
        authority=raw.get("authority"),
        refused=raw.get("refused"),
        habitual=raw.get("habitual", False),
    )


def _nouns(words: str) -> frozenset[str]:
    return frozenset(form for w in words.split() for form in (w, inflection.plural(w)))


def _forms(words: str) -> frozenset[str]:
    """Every word with its regular forms, as noun and as verb."""
    return frozenset(
        form
        for w in words.split()
        for form in (w, inflection.plural(w), inflection.third_person(w), inflection.past(w), inflection.gerund(w))
    )


def _verb_index(rules: dict[str, Rule], groups: dict[str, str]) -> dict[str, tuple[Pattern, ...]]:
    index: dict[str, list[Pattern]] = {}
    for rule in rules.values():
        for text in rule.verbs:
            heads, *rest = text.split()
            parts = tuple(None if r == "~" else _alternatives(r, groups, rule.id) for r in rest)
            for head in heads.split("|"):
                index.setdefault(head, []).append(Pattern(rule, text, parts))
    return {k: tuple(sorted(v, key=_precedence)) for k, v in index.items()}


def _precedence(pattern: Pattern) -> tuple[int, int, int, int, int, str]:
    """More words first, then words side by side before words with a gap, then the narrower choice of words."""
    return (
        -pattern.weight,
        sum(part is None for part in pattern.rest),
        -bool(pattern.rule.subjects),
        -bool(pattern.rule.objects),
        min((len(part) for part in pattern.rest if part is not None), default=0),
        pattern.rule.id,
    )


def _alternatives(part: str, groups: dict[str, str], rule_id: str) -> frozenset[str]:
    words = []
    for word in part.split("|"):
        if word.startswith("@"):
            if word[1:] not in groups:
                raise ValueError(f"rule {rule_id}: no group {word}")
            words += groups[word[1:]].split()
        else:
            words.append(word)
    return frozenset(form for w in words for form in (w, inflection.plural(w)))


def _noun_index(rules: dict[str, Rule]) -> dict[str, tuple[tuple[tuple[str, ...], Rule], ...]]:
    index: dict[str, list[tuple[tuple[str, ...], Rule]]] = {}
    for rule in rules.values():
        for text in rule.nouns:
            for form in (text, inflection.plural(text)):
                tokens = tuple(form.split())
                index.setdefault(tokens[0], []).append((tokens, rule))
    return {k: tuple(sorted(v, key=lambda pair: (-len(pair[0]), pair[1].id))) for k, v in index.items()}
