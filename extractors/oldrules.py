"""Rules as they were written for the coder of old: patterns of verbs and nouns, with the places of their sides in the clause.

The tagger finds the sides now, so a rule's words are all that is left of it. What narrowed the words to some subject or object
becomes a gap and a choice of words; what cannot be said by words is not guessed at: the rule is refused, and shown as it may be written.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_GROUPS = Path(__file__).parent / "lexicons" / "rules" / "groups.toml"
_SIDES = ("actor", "noun_actor", "recipient", "reciprocal", "needs", "authority", "count", "passive_alone", "governs")
"""Keys that said where sides stand, or whose words a clause is: the tagger's business now."""
_PATTERNS = ("verbs", "nouns")
_WORDS = ("subjects", "objects", "complement")
"""Keys that named words which must stand beside the trigger."""


def rewritten(raw: dict[str, Any], file: str) -> dict[str, Any]:
    """What a rule file says, its rules in the form of today; a file that is in it already is given back as it is.

    Raises:
        ValueError: a rule says what words cannot; the message shows it rewritten as far as that goes.
    """
    if not any(_is_old(item) for item in raw.get("rule", [])):
        return {key: value for key, value in raw.items() if key not in ("groups", "governors")}
    groups = _groups() | raw.get("groups", {})
    found = [_rule(item, groups, file) if _is_old(item) else item for item in raw["rule"]]
    return {"rule": found} | ({"types": raw["types"]} if "types" in raw else {})


def as_toml(item: Mapping[str, Any]) -> str:
    """A rule as it stands in a file.

    >>> print(as_toml({"id": "own.sail", "type": "MOBILIZE", "mode": None, "words": ["sail ~ fleet"]}))
    [[rule]]
    id = "own.sail"
    type = "MOBILIZE"
    words = ["sail ~ fleet"]
    """
    # A JSON string or list of strings is written as TOML writes it, but for the delete character.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in item.items() if value]
    return "\n".join(["[[rule]]", *lines]).replace("\x7f", "\\u007f")


def _is_old(item: Any) -> bool:
    return isinstance(item, dict) and not item.keys().isdisjoint(_PATTERNS)


def _rule(item: dict[str, Any], groups: Mapping[str, str], file: str) -> dict[str, Any]:
    problems: list[str] = []
    rule: dict[str, Any] = {key: item[key] for key in ("id", "type", "mode") if key in item}
    words = dict.fromkeys(_patterns(item))
    rule["words"] = [" ".join(_spelt(part, groups, problems) for part in text.split()) for text in words]
    rule |= {key: _sentence(item.get(key, "")) for key in ("codes", "skips")}
    rule |= {key: item[key] for key in ("confidence", "note") if key in item}
    problems += [f"{key} is needed: a sentence" for key in ("codes", "skips") if not rule[key]]
    problems += [f"{key} has no counterpart" for key in item if key not in (*rule, *_SIDES, *_PATTERNS, *_WORDS)]
    if problems:
        raise ValueError(
            f"{file}: rule {item.get('id', '?')} is written for the coder of old, and {'; '.join(problems)}. "
            f"Written for today's it is, to be looked over and put in its place:\n\n{as_toml(rule)}"
        )
    return rule


def _patterns(item: Mapping[str, Any]) -> Iterator[str]:
    """The rule's patterns with the words that had to stand beside them: the subject's before, others behind.

    What is done to something is also said the other way round: "call off ~ visit" was "the visit was called off" too.
    """
    before = f"{_choice(item['subjects'])} ~ " if item.get("subjects") else ""
    behind = "".join(f" ~ {_choice(item[key])}" for key in ("objects", "complement") if item.get(key))
    for text in item.get("verbs", []):
        yield before + text + behind
        act, gap, done_to = (text + behind).partition(" ~ ")
        if gap and not before and " " not in done_to:
            yield f"{done_to} ~ be {act}"
    for text in item.get("nouns", []):
        yield before + text + behind


def _choice(words: str) -> str:
    return "|".join(words.split())


def _spelt(part: str, groups: Mapping[str, str], problems: list[str]) -> str:
    """A part of a pattern with its groups written out."""
    words: list[str] = []
    for word in part.split("|"):
        if word.startswith("@") and word[1:] not in groups:
            problems.append(f"there is no group {word}")
        words += groups.get(word[1:], word).split() if word.startswith("@") else [word]
    return "|".join(dict.fromkeys(words))


def _sentence(given: Any) -> str:
    """One sentence of those that a rule had."""
    found: Iterable[str] = [given] if isinstance(given, str) else given
    return next(iter(found), "")


@cache
def _groups() -> dict[str, str]:
    """The words that patterns of old named together."""
    groups: dict[str, str] = tomllib.loads(_GROUPS.read_text(encoding="utf-8"))["groups"]
    return groups
