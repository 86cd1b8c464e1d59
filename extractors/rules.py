"""A rule says which words code which event, and which places of the clause hold its actor and its recipient.

Rules are data (`lexicons/rules/*.toml`, a file per event type). A pattern is written as it is read:

    "meet"                     a verb in any of its forms
    "call off ~ talks|visit"   a verb, its particle, and within a few words one of two nouns (in singular or plural)
    "air strike"               under `nouns`: a nominal event

Nothing here looks at text; `events.py` does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
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
        "not_objects",
        "passive_alone",
        "subjects",
        "not_after",
        "codes",
        "skips",
        "confidence",
        "count",
        "status",
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
    """Slot of the actor: `subject`, or a preposition, or `object`."""
    noun_actor: tuple[str, ...]
    """Prepositions behind which the actor of a nominal event stands ("the visit of the minister": of)."""
    recipient: tuple[str, ...]
    """Slots tried in order: object, a preposition, possessor, subject, complement, rest."""
    reciprocal: bool
    """Both sides do it to each other (met, signed, clashed)."""
    governs: bool
    """Decides type and status of the verbs in its complement, which are then no events of their own."""
    needs: str
    """What must be known for the event to count: either, actor, recipient, both, actor_agent …"""
    objects: frozenset[str]
    not_objects: frozenset[str]
    subjects: frozenset[str]
    not_after: frozenset[str]
    passive_alone: bool
    """A past form without an object reads as passive ("soldiers killed in an ambush")."""
    codes: tuple[str, ...]
    skips: tuple[str, ...]
    confidence: float
    status: str | None


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


def read_rules(folders: Iterable[Path]) -> RuleBook:
    """Read every rule file of the folders; a rule of a later folder replaces the earlier one of the same id.

    Raises:
        ValueError: unknown key, missing field or unknown type; the message names file and rule.
    """
    rules: dict[str, Rule] = {}
    governors: dict[str, str] = {}
    types: dict[str, dict[str, Any]] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            with open(path, "rb") as file:
                raw = tomllib.load(file)
            for effect, lemmas in raw.get("governors", {}).items():
                governors.update(dict.fromkeys(lemmas.split(), effect))
            types.update(raw.get("types", {}))
            for item in raw.get("rule", []):
                rule = _rule(item, path.name)
                rules[rule.id] = rule
    unknown = {r.type for r in rules.values()} - types.keys()
    if types and unknown:
        raise ValueError(f"rules name types which types.toml lacks: {', '.join(sorted(unknown))}")
    return RuleBook(rules, _verb_index(rules), _noun_index(rules), governors, types)


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
        not_after=frozenset(raw.get("not_after", "").split()),
        passive_alone=raw.get("passive_alone", False),
        codes=tuple(raw.get("codes", ())),
        skips=tuple(raw.get("skips", ())),
        confidence=raw.get("confidence", 0.5),
        status=raw.get("status"),
    )


def _nouns(words: str) -> frozenset[str]:
    return frozenset(form for w in words.split() for form in (w, inflection.plural(w)))


def _verb_index(rules: dict[str, Rule]) -> dict[str, tuple[Pattern, ...]]:
    index: dict[str, list[Pattern]] = {}
    for rule in rules.values():
        for text in rule.verbs:
            heads, *rest = text.split()
            parts = tuple(None if r == "~" else _alternatives(r) for r in rest)
            for head in heads.split("|"):
                index.setdefault(head, []).append(Pattern(rule, text, parts))
    return {
        k: tuple(sorted(v, key=lambda p: (-p.weight, -bool(p.rule.subjects), -len(p.rule.objects), p.rule.id)))
        for k, v in index.items()
    }


def _alternatives(part: str) -> frozenset[str]:
    return frozenset(form for w in part.split("|") for form in (w, inflection.plural(w)))


def _noun_index(rules: dict[str, Rule]) -> dict[str, tuple[tuple[tuple[str, ...], Rule], ...]]:
    index: dict[str, list[tuple[tuple[str, ...], Rule]]] = {}
    for rule in rules.values():
        for text in rule.nouns:
            for form in (text, inflection.plural(text)):
                tokens = tuple(form.split())
                index.setdefault(tokens[0], []).append((tokens, rule))
    return {k: tuple(sorted(v, key=lambda pair: (-len(pair[0]), pair[1].id))) for k, v in index.items()}
