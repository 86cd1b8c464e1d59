"""A rule carries its own test: a sentence it must code and one it must not, both run through the whole coder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from extractors.coder import code
from extractors.lexicon import Lexicons
from extractors.rules import Rule


@dataclass(frozen=True, slots=True)
class Failure:
    """A sentence that a rule codes and should not, or should and does not."""

    rule: str
    sentence: str
    wanted: bool
    """Whether the rule was to code the sentence."""
    got: tuple[str, ...]
    """The rules which coded it instead, with the type, as `ASSAULT by assault.attack`."""

    def __str__(self) -> str:
        what = "does not code" if self.wanted else "codes"
        return f"{self.rule} {what}: {self.sentence}" + (f"  (coded: {', '.join(self.got)})" if self.got else "")


def check_rule(rule: Rule, lexicons: Lexicons) -> Iterator[Failure]:
    """Every sentence of a rule that goes wrong. A sentence it skips may still be coded by it as negated."""
    for text in rule.codes:
        events = code(text, lexicons=lexicons).events
        if not any(e.rule_id == rule.id and e.event_type == rule.type for e in events):
            yield Failure(rule.id, text, True, tuple(f"{e.event_type} by {e.rule_id}" for e in events))
    for text in rule.skips:
        events = code(text, lexicons=lexicons).events
        if any(e.rule_id == rule.id and e.status != "negated" for e in events):
            yield Failure(rule.id, text, False, tuple(f"{e.event_type} by {e.rule_id}" for e in events))
